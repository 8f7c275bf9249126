/* What is in a directory. */
#ifndef BAILEY_BASE_DIR_H
#define BAILEY_BASE_DIR_H

#include <stddef.h>

#include "base/arena.h"

/*
 * The names in the directory behind `fd` (open for reading, at its beginning), sorted, without "." and "..".  They live in the arena;
 * malloc(3) is not used, as readdir(3) would. 0 or -errno.
 */
int dir_names(int fd, struct arena *a, const char ***ret_names, size_t *ret_count);

#endif
