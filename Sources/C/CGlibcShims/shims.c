#include "CGlibcShims.h"
#include <malloc.h>
#include <stddef.h>
void shim_use_one_heap(void) {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TOP_PAD, 1 << 20);
}

static int argument_count;
static char **arguments;

/* The C library hands every constructor what it hands main. */
__attribute__((constructor)) static void keep_arguments(int count, char **values, char **environment) {
  (void)environment;
  argument_count = count;
  arguments = values;
}

const char *shim_argument(int index) {
  return index >= 0 && index < argument_count ? arguments[index] : NULL;
}
