#include "CGlibcShims.h"
#include <malloc.h>
void shim_use_one_heap(void) {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TOP_PAD, 1 << 20);
}
