/* Directories: what is in one, and making those on the way to one. */
#ifndef BAILEY_BASE_DIR_H
#define BAILEY_BASE_DIR_H

#include <stddef.h>

#include "base/arena.h"

/*
 * The names in the directory behind `fd` (open for reading, at its beginning), sorted, without "." and "..".  They live in the arena;
 * malloc(3) is not used, as readdir(3) would. 0 or -errno.
 */
int dir_names(int fd, struct arena *a, const char ***ret_names, size_t *ret_count);

/*
 * Opens the directory at the absolute normal path `path`, for reading or (`flags` O_PATH) as a place only; each one on the way that
 * is absent is made, mode 0700.  A symlink on the way is refused. A descriptor, or -errno (-ELOOP, -ENOTDIR, ...).
 */
int dir_make(const char *path, int flags);

#endif
