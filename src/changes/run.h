/*
 * A run whose changes went elsewhere (filesystem.changes): its directory in bailey's state, which holds a description and, for
 * each granted directory, an upper and a work directory of overlayfs.  The directory is locked while somebody uses it.
 */
#ifndef BAILEY_CHANGES_RUN_H
#define BAILEY_CHANGES_RUN_H

#include <stdbool.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

struct run_layer {
	unsigned number; /* the directory's name */
	const char *source; /* on the host */
	const char *file; /* only this file of it is granted; or NULL */
	ino_t inode; /* of the source when the run began; 0: it was absent */
	const char **covered; /* host names that were something else inside */
	size_t covered_count, covered_cap;
};

struct run {
	int parent, dir; /* -1 when not open */
	bool busy; /* somebody else has the lock: the program runs */
	const char *name, *profile, *command;
	enum choice_value end; /* what was to become of the changes */
	struct timespec began;
	struct run_layer *layers;
	size_t layer_count, layer_cap;
	struct plan_changes guards; /* of which only these are filled in */
};

/*
 * Makes the run's directory, which must not be there, locks it, writes the description and copies single files into it.  `command` is what was started, for
 * people.  Only `ret->parent`, `dir` and `name` are set, and the name is `c`'s.  On failure nothing is left.
 */
int run_begin(struct run *ret, const struct plan_changes *c, const char *profile, const char *command, struct err *e);

/* Opens the run of that name below `directory` and reads its description into `a`; run_close() ends it. */
int run_open(struct run *ret, struct arena *a, const char *directory, const char *name, struct err *e);

/* Reads the description of a run that run_begin() made. */
int run_read(struct run *r, struct arena *a, struct err *e);

/* Removes the run with all changes that are in it, and closes it. */
int run_remove(struct run *r, struct err *e);

/* Lets others have it. */
void run_close(struct run *r);

/* Names of the runs there are, sorted; none when the directory is absent. */
int run_names(struct arena *a, const char *directory, const char ***ret, size_t *ret_count, struct err *e);

/*
 * Runs that were to throw their changes away but were killed: removes those that began more than a week ago, and counts the others.
 * What cannot be read is left alone.
 */
void run_sweep(const char *directory, size_t *ret_left, size_t *ret_removed);

/* A new name: the program's, and something drawn: "make-k3v9". */
const char *run_new_name(struct arena *a, const char *program);

#endif
