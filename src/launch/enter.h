/* A command that enters a running sandbox, as whoever calls it sees it: bailey enter. */
#ifndef BAILEY_LAUNCH_ENTER_H
#define BAILEY_LAUNCH_ENTER_H

#include <stdbool.h>

#include "base/err.h"
#include "launch/entrance.h"
#include "launch/launch.h"
#include "state/state.h"

struct enter_options {
	char *const *words; /* the command and its arguments, NULL-terminated; none: a shell */
	const char *directory; /* inside; NULL: where the program was started */
	const char *term; /* TERM of the caller, or NULL */
	bool need_root; /* only where it is uid 0 inside */
};

/*
 * Runs the command with descriptors 0 to 2 of this process, of which those that are a terminal become a pseudo terminal of the sandbox's;
 * signals, job control, window size and the end are as for a program of the caller's own.  Blocks signals for good.  0 with `ret`,
 * or -errno with `e`, and ret->status 125, 126 or 127.
 */
int enter(struct outcome *ret, const struct state_sandbox *s, const struct enter_options *o, struct err *e);

/* A way in that is open: somebody inside reads from the channel's other end. */
struct entrance {
	int channel; /* -1: none */
	int connection; /* to the launcher, which has what is inside ended when this is closed. -1: none */
};

/*
 * Sends the request and the caller's descriptors 0 to 2; without `o` there are no words, and no descriptors.  0, or -errno with `e`;
 * `ret` has to be given to entrance_close() whatever this returns.
 */
int entrance_open(struct entrance *ret, const struct state_sandbox *s, const struct request_head *head,
	const struct enter_options *o, struct err *e);
void entrance_close(struct entrance *way);

#endif
