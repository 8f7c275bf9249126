/*
 * Networks of an ordinary user: bridges in a network namespace that belongs to a user namespace of the user's, the hub.  Sandboxes on them
 * live in user namespaces below the hub's, which is what lets an interface be plugged into them; none of them has any right in the hub.
 *
 *     PLACE/.hub/lock        held while somebody joins, and while the hub goes
 *     PLACE/.hub/control     where the hub's keeper listens; whoever is connected keeps the hub
 *     PLACE/.hub/NAME/       the leases of a network: network/helper/state.h
 *
 * Only the user can enter that directory, and no sandbox sees it (plan/protected.def).  The first sandbox starts the keeper
 * (hub_keeper.h), which goes with the last one.
 */
#ifndef BAILEY_LAUNCH_HUB_H
#define BAILEY_LAUNCH_HUB_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

struct hub {
	int connection; /* to the keeper, which says something on it only when the way outside is lost; it ends with the hub. Or -1 */
	int holder; /* pidfd of a process in the hub's namespaces, or -1 */
};

/* What the keeper is asked, as the `value` of a message (state/control.h). */
enum hub_wish { HUB_INSIDE, HUB_OUTSIDE };

/*
 * Finds the user's hub, or starts it, and holds it; with the way outside where the plan's network has one.  0, or -errno with `e`.
 * `ret` has to be given to hub_leave() whatever this returns.
 */
int hub_join(struct hub *ret, struct arena *a, const struct plan *plan, struct err *e);

/* Lets go of it. The argument is a struct hub. */
void hub_leave(void *hub);

/*
 * For a process that becomes bailey-net: enters the hub's namespaces, and keeps of its rights there those that making interfaces
 * needs.  0 or -errno.
 */
int hub_enter(const struct hub *h);

#endif
