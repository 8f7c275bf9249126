/* What serves the sandbox from the user's desktop session: programs outside, each with a socket beside the sandbox's state. */
#ifndef BAILEY_LAUNCH_DESKTOP_H
#define BAILEY_LAUNCH_DESKTOP_H

#include <signal.h>

#include "base/arena.h"
#include "base/err.h"
#include "launch/outside.h"
#include "launch/undo.h"
#include "plan/plan.h"

/* Whether anything of the desktop session is served; the sandbox then has a directory of its own from the beginning. */
static inline bool desktop_serves(const struct plan *plan)
{
	return plan->desktop.bus[SERVED_SESSION_BUS].address != NULL || plan->desktop.bus[SERVED_SYSTEM_BUS].address != NULL;
}

/*
 * Starts xdg-dbus-proxy and waits until its sockets are there, 10 s at most; they lie in `directory`, which nobody else may enter and
 * whose files are removed by its owner.  `signals` is the signalfd, `mask` the signal mask for the program; `served` gets the paths.
 * 0 with `*ret` for watching it, or -errno with `e`.
 */
int desktop_start(struct outside *ret, const char *served[SERVED_COUNT], const struct plan *plan, struct arena *a, int directory,
	int signals, const sigset_t *mask, struct undo *undo, struct err *e);

#endif
