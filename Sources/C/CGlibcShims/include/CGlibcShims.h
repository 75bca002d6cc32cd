#ifndef CGLIBC_SHIMS_H
#define CGLIBC_SHIMS_H
/* What Swift's module of the C library leaves out. */

/* One heap for all threads, which grows by a mebibyte at a time. Called before there is a second thread. */
void shim_use_one_heap(void);

/* How many files this process may have open at once, raised towards `wanted` where it may raise it itself; -1 where nothing
   tells. */
long shim_open_files(long wanted);
#endif
