/*
 * network.mode = "bridge": bailey-net, which keeps root's rights while the launcher gives them up, makes the sandbox's interface on a
 * bridge, and takes it away again when the launcher has ended, however that comes.
 */
#ifndef BAILEY_LAUNCH_BRIDGE_H
#define BAILEY_LAUNCH_BRIDGE_H

#include <sys/types.h>

#include "base/err.h"
#include "launch/hub.h"
#include "plan/plan.h"

struct bridge {
	pid_t pid; /* of bailey-net; 0: none */
	int pidfd, socket, said; /* said: a memory file with its standard error */
};

/*
 * Starts the helper at `path`, in the user's hub or (NULL) where we are, and waits until the network is up and addresses are set aside.  Has to come before root's rights are given
 * up.  `b` has to be given to bridge_end() whatever this returns. 0, or -errno with `e`.
 */
int bridge_start(struct bridge *b, const struct hub *hub, const struct plan *plan, const char *path, struct err *e);

/*
 * Has the process `sandbox` (its pidfd `pidfd`), which has a network namespace of its own, connected, under `name` among its
 * neighbours.  `signals` is the signalfd. 0, also when the sandbox has ended meanwhile, or -errno with `e`.
 */
int bridge_plug(struct bridge *b, const struct plan *plan, pid_t sandbox, int pidfd, int signals, const char *name, struct err *e);

/* Has the helper make ("up") or remove ("down") a network: `spec` is from plan_network_spec(). 0, or -errno with `e`. */
int bridge_change(const char *path, const char *verb, const char *spec, struct err *e);

/* Waits until the helper has taken away what is the sandbox's, which has to have ended. The argument is a struct bridge. */
void bridge_end(void *bridge);

#endif
