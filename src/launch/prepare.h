/* What the launcher does on the host before the clone, and how failures become words. */
#ifndef BAILEY_LAUNCH_PREPARE_H
#define BAILEY_LAUNCH_PREPARE_H

#include <stddef.h>

#include "base/err.h"
#include "host/facts.h"
#include "launch/below.h"
#include "launch/child.h"
#include "launch/message.h"
#include "launch/undo.h"
#include "plan/plan.h"

/*
 * Makes the directories of plan->creates that are absent, mode 0700, without following a symlink on the way. 0 or -errno with
 * `e`. They stay: they are the user's.
 */
int prepare_creates(const struct plan *plan, struct err *e);

/* Makes a directory and those that lead to it, as prepare_creates() does. 0 or -errno. */
int prepare_directory(const char *path);

/*
 * Takes a lock, until `undo` runs, on each directory that keeps changes: two overlays over one would destroy it; and a shared one on
 * the tree of an archive, so that nobody removes it. 0 or -errno with `e`.
 */
int prepare_locks(const struct plan *plan, struct undo *undo, struct err *e);

/* Started by root: becomes plan->uid, gid and groups for good. 0 or -errno with `e`. */
int prepare_become(const struct plan *plan, struct err *e);

/* Once the maps are written: what of root's privileges was left for that is given up for good. 0 or -errno with `e`. */
int prepare_settle(const struct plan *plan, struct err *e);

/*
 * Refuses directories behind the descriptors that are passed on: with openat(2) and ".." the program would walk out through them,
 * whatever is mounted inside.  Notes in args->files what the program may do when it opens one of them again: no more than it can
 * do with the descriptor.  0 or -errno with `e` (also for a descriptor that was asked for and is not open).
 */
int prepare_descriptors(struct child_args *args, struct err *e);

/* Fills in the texts of `args` that the child writes: id maps, host name, machine id. 0 or -errno with `e`. */
int prepare_texts(struct child_args *args, const struct plan *plan, const struct below *below, struct err *e);

/* "cannot enter the Landlock domain": what a step that failed could not do. */
const char *prepare_words(enum step step);

/* The words for a step of the sandbox that failed: profile line, what, why, what to do. Returns e's -errno. */
int prepare_failure(struct err *e, const struct plan *plan, struct facts *facts, enum step step, int error, size_t index);

#endif
