/* What bailey has put into the desktop, so that all of it can be taken back: DATA/bailey/desktop/manifest.json. */
#ifndef BAILEY_DESKTOP_MANIFEST_H
#define BAILEY_DESKTOP_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "desktop/entry.h"
#include "desktop/files.h"

struct override {
	enum desktop_kind kind;
	const char *name; /* below the directory of its kind: "firefox.desktop", "kde/x.desktop" */
	const char *profile;
	const char *program; /* its path */
	const char *source; /* the file it was made from; NULL: from the one that was there and is kept beside it */
	const char *sum; /* of what was written: files_sum() */
	bool all; /* made with --profile: for every command of it */
	bool gone; /* not to be saved any more */
};

struct manifest {
	struct arena *arena;
	int dir; /* its directory; -1: there is none */
	int lock; /* held for as long as it is open; -1: whoever asks may only read */
	struct override **records;
	size_t count, cap;
	const char *cache_sum; /* of the mimeinfo.cache that bailey wrote, or NULL */
	bool cache_kept; /* one that was there before is kept beside it */
	struct files_made made; /* directories to be removed when nothing is left */
};

/*
 * Opens it and waits for other commands that have it open.  Without one it is empty: with `make` its directory is made then, else dir is
 * -1.  0, or -errno with `e`.
 */
int manifest_open(struct manifest *ret, struct arena *a, const struct files_dir *dir, bool make, mode_t mode, struct err *e);

/* The record of that file, or NULL. */
struct override *manifest_find(const struct manifest *m, enum desktop_kind kind, const char *name);

/* Adds a copy; the pointer stays valid. */
struct override *manifest_add(struct manifest *m, const struct override *r);

/* Writes it. 0, or -errno with `e`. */
int manifest_save(struct manifest *m, struct err *e);

/* Ends the work: with no record left, it and the directories that bailey made go, as far as they are empty. */
void manifest_close(struct manifest *m);

/* "application", "autostart", "service", "command". */
const char *desktop_kind_word(enum desktop_kind kind);

#endif
