/*
 * Programs that run on without a terminal and without the command that started them (run --detach).
 *
 *     the command (waits until the program was executed) ── manager ── launcher ── pid 1 of the sandbox ── program
 *
 * The manager leads a session of its own without a controlling terminal.  It holds the sandbox's name, writes the log, shows the
 * program's terminal to those who attach, and starts the launcher again where that was asked for.  The launcher is the same as in the
 * foreground; it dies with the manager, and the sandbox with the launcher.
 */
#ifndef BAILEY_BACKGROUND_BACKGROUND_H
#define BAILEY_BACKGROUND_BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "background/restart.h"
#include "base/arena.h"
#include "base/err.h"
#include "host/facts.h"
#include "launch/launch.h"

struct background {
	struct arena *arena; /* with all that a launch needs; the manager gives it back when there is no other one to come */
	struct facts *facts;
	const char *name; /* or NULL: made of the profile's */
	const char *profile;
	uint64_t log_size;
	bool terminal; /* the program gets one (plan_streams: STREAMS_ARE_TERMINAL) */
	struct winsize size; /* that it begins with */
	struct restart_policy restart;
	int *lock; /* a descriptor that the first launcher alone gives back (struct launch_instance), or NULL */
	/* In the launcher's process: launches, says on standard error why it failed if it did. Its exit status, or it dies of a signal. */
	int (*launch)(void *data, struct launch_background *b);
	void *data;
};

/*
 * Starts the program in the background and returns when it was executed: 0 with its sandbox's name (in the arena), or the exit status
 * of the launcher, which has said why; or -errno with `e`.  Returns in the calling process alone.
 */
int background_start(const struct background *b, const char **ret_name, struct err *e);

#endif
