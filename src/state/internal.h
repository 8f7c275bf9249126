/* What the files of src/state/ share. */
#ifndef BAILEY_STATE_INTERNAL_H
#define BAILEY_STATE_INTERNAL_H

#include "state/state.h"

enum hold {
	HOLD_GONE, /* no such directory (any more) */
	HOLD_TAKEN, /* its launcher lives, or somebody is removing it */
	HOLD_OURS, /* nobody had it: `fd` holds it now */
};

/* Opens the directory of that name in `place` and tries to take its lock. -errno for what is no directory or not the user's. */
int entry_hold(int place, const char *name, int *ret_fd);

/* The description in an open directory. 0, -ENOENT when it has none yet, -EINVAL or another -errno with `e`. */
int entry_read(struct state_record *ret, struct arena *a, int directory, struct err *e);

/* Replaces the description by way of a file beside it. 0 or -errno. */
int entry_write(int directory, const char *text, size_t len);

/*
 * Waits for a lock on the description and holds it: with it, nobody but the sandbox's launcher replaces the description.  The
 * lock's descriptor, to be closed, or -errno.
 */
int entry_lock(int directory);

/*
 * Removes what a launcher has left, whose directory is held as `fd`: its cgroup, the directory itself. 0 or -errno with `e`; then the
 * directory stays. Closes `fd`.
 */
int entry_clear(struct arena *a, int place, const char *name, int fd, struct err *e);

/* Removes the journal of listeners that were killed. */
void journal_sweep(int place);

/* Sends a signal to that very process. 0, -ESRCH when it is gone, or -errno. */
int task_signal(const struct state_task *t, int sig);

#endif
