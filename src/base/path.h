/* Paths as text. Nothing here touches the file system. */
#ifndef BAILEY_BASE_PATH_H
#define BAILEY_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * The one spelling of an absolute path: single slashes, no ".", no trailing slash; ".." is NOT folded (it depends on
 * symlinks) and gives -EINVAL, as do a relative path, an empty one and one longer than PATH_MAX (-ENAMETOOLONG).
 */
int path_normal(struct arena *a, const char *path, const char **ret);

/* `dir`/`name`, with exactly one slash. */
const char *path_join(struct arena *a, const char *dir, const char *name);

/* True when `path` is `dir` itself or lies below it; both normal. */
bool path_within(const char *path, const char *dir);

/* True when `path` lies below `dir` and is not `dir` itself. */
bool path_below(const char *path, const char *dir);

/* The directory part of a normal path ("/" for "/x"), and the last component. */
const char *path_parent(struct arena *a, const char *path);
const char *path_base(const char *path);

/* Order of a walk: parents before children, siblings by name ("/a" < "/a/b" < "/a-b"). For qsort on normal paths. */
int path_compare(const char *a, const char *b);

#endif
