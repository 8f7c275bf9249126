/* Copies of files. */
#ifndef BAILEY_CHANGES_COPY_H
#define BAILEY_CHANGES_COPY_H

#include <sys/stat.h>

/*
 * Copies `size` bytes from one descriptor to another, which is empty and open for writing; shared by the file system where that
 * can be.  Holes stay holes: a file of a terabyte may hold nothing.  0 or -errno.
 */
int copy_content(int from, int to, off_t size);

/* A new file at `name` below `dir` with the content, permission bits and times of `from`, whose fstat(2) is `st`. 0 or -errno. */
int copy_new_file(int from, const struct stat *st, int dir, const char *name);

#endif
