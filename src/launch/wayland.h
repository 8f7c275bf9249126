/* A socket of our making at which the Wayland compositor takes the sandbox's connections, and knows them as a sandbox's. */
#ifndef BAILEY_LAUNCH_WAYLAND_H
#define BAILEY_LAUNCH_WAYLAND_H

#include "base/err.h"
#include "launch/undo.h"
#include "launch/wayland_wire.h"

struct wayland_request {
	const char *compositor; /* path of its socket */
	struct wire_identity identity;
	int directory; /* where the new socket goes; its owner removes it */
	const char *name; /* of the new socket in there */
	int signals; /* the signalfd */
	struct undo *undo; /* closes what the compositor watches: then it takes no more connections */
};

enum wayland_answer {
	WAYLAND_NOT_OFFERED, /* the compositor knows no security contexts, and nothing was made */
	WAYLAND_NOBODY, /* nobody listens at its socket (any more), and so at the new one */
	WAYLAND_CONTEXT, /* the compositor listens at the new one */
};

/*
 * Asks the compositor for a security context.  It is not trusted: what it sends is bounded, and so is the time it may take (5 s).
 * 0, or -errno with `e`: it does not answer, answers with what makes no sense, ends the connection or refuses.
 */
int wayland_context(const struct wayland_request *w, enum wayland_answer *ret, struct err *e);

#endif
