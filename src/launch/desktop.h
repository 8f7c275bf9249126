/* What serves the sandbox from the user's desktop session: programs outside, with sockets beside the sandbox's state. */
#ifndef BAILEY_LAUNCH_DESKTOP_H
#define BAILEY_LAUNCH_DESKTOP_H

#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "launch/undo.h"
#include "plan/desktop.h"

struct desktop {
	const struct desktop_plan *plan;
	struct arena *arena;
	const char **served; /* by enum served: gets the paths on the host */
	const char *opener; /* path of bailey-open */
	int directory; /* where the sockets go: nobody else may enter it, and its owner removes what is in it */
	int signals; /* the signalfd */
	const sigset_t *mask; /* for the programs */
	struct undo *undo;
	bool context; /* set: the Wayland compositor knows the program for a sandbox's */
	int bus, screen, open; /* set: pidfds of xdg-dbus-proxy, of an X server, of bailey-open; or -1 */
};

/*
 * Starts what the plan has served (plan/desktop.h, desktop_serves()) and waits until it does, 10 s at most for each.
 * 0, or -errno with `e`.
 */
int desktop_start(struct desktop *d, struct err *e);

#endif
