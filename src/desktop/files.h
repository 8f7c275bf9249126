/*
 * Files of the desktop: written as a whole or not at all, and never over something that bailey did not write.  Directories are reached
 * one name at a time from a base directory, without symlinks; the base itself is where its owner says, symlinks or not.
 */
#ifndef BAILEY_DESKTOP_FILES_H
#define BAILEY_DESKTOP_FILES_H

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* A directory: `below` is "" or names with slashes between them. */
struct files_dir {
	const char *base, *below;
};

/* Directories that were made, in that order. */
struct files_made {
	struct arena *arena;
	const char **paths;
	size_t count, cap;
	mode_t mode; /* of those to be made */
};

/*
 * Opens the directory.  With `made` those that are absent are made, and added to it.  A descriptor, or -errno (-ENOENT without `made`;
 * -ELOOP or -ENOTDIR where a symlink or something else is in the way).
 */
int files_open(const struct files_dir *dir, struct arena *a, struct files_made *made);

/* What tells the content of a file from others: its length and a sum. */
const char *files_sum(struct arena *a, const char *text, size_t len);

/*
 * Reads a regular file, 1 MiB at most; `dir` AT_FDCWD and an absolute path follow symlinks, names in a directory do not.
 * 0 with text and length (a NUL stands behind them), -ELOOP for a symlink, -EFBIG, -EINVAL for what is no file, or -errno.
 */
int files_read(int dir, const char *name, struct arena *a, const char **ret_text, size_t *ret_len);

/* The sum of the file of that name; "" when there is none; "other" for what is no file that can be read. */
const char *files_sum_of(int dir, const char *name, struct arena *a);

/* Makes a new file. -EEXIST when there is something of that name. 0 or -errno. */
int files_create(int dir, const char *name, const char *text, size_t len, mode_t mode);

/* Puts a text into the place of the file with that sum. -EEXIST, and all is as it was, when another one is there. 0 or -errno. */
int files_replace(int dir, const char *name, const char *sum, const char *text, size_t len, mode_t mode, struct arena *a);

/* Removes the file with that sum. -EEXIST, and all is as it was, when it is another one. 0 or -errno. */
int files_remove(int dir, const char *name, const char *sum, struct arena *a);

/* Gives what is there another name, whatever it is; -EEXIST when that is taken. 0 or -errno. */
int files_rename(int dir, const char *from, const char *to);

#endif
