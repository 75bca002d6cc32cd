#ifndef CGLIBC_SHIMS_H
#define CGLIBC_SHIMS_H
/* What Swift's module of the C library leaves out. */

/* One heap for all threads, which grows by a mebibyte at a time. Called before there is a second thread. */
void shim_use_one_heap(void);

/* An argument of the command line, 0 being the program; NULL past the last. Swift itself reads them from /proc, which need not
   be there. */
const char *shim_argument(int index);
#endif
