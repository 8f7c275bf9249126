/*
 * Whole writes.  Neither allocates nor takes a lock: usable between clone3(2) and execve(2).
 */
#ifndef BAILEY_BASE_WRITE_H
#define BAILEY_BASE_WRITE_H

#include <stddef.h>

/*
 * All `len` bytes, in as many calls of write(2) as it takes; begins again when a signal came in between.  0, or -errno, -EIO when
 * nothing is taken; some of the bytes may be written then.
 */
int write_all(int fd, const void *bytes, size_t len);

/*
 * `text` into a file that is there, in one write(2), as the files of /proc want it (user_namespaces(7)).  0, or -errno, -EIO when
 * only a part was taken.
 */
int write_to_file(const char *path, const char *text);

#endif
