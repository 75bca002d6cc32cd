// What the libraries that a release carries take from glibc 2.32 and newer, in terms of glibc 2.31.
//
// Only ci/release-libraries compiles this: a release is linked against an old glibc, so that it runs on old systems.

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

// glibc 2.36. Bytes that nobody can guess, or no process: a caller has no way to hear of a failure.
void arc4random_buf(void *bytes, size_t count) {
  unsigned char *next = bytes;
  while (count > 0) {
    ssize_t got = getrandom(next, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      abort();
    }
    next += got;
    count -= (size_t)got;
  }
}

// glibc 2.35 gave it a new version that reports no errors through matherr.
float hypotf(float x, float y) { return (float)sqrt((double)x * x + (double)y * y); }

// glibc 2.35, for unwinding, which nothing in the executables does: no object is found.
int _dl_find_object(void *address, void *result) {
  (void)address;
  (void)result;
  return -1;
}

// glibc 2.32: whether there is one thread only. "No" is always safe.
char __libc_single_threaded = 0;
