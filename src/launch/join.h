/*
 * network.mode = "join": the network namespace of a running sandbox of the user's, or, for root, also one that has a name.
 *
 * An ordinary user may enter a network namespace only from a user namespace that has power over its owner: that owner itself, which
 * is the other sandbox's user namespace, or the user's hub above it.
 */
#ifndef BAILEY_LAUNCH_JOIN_H
#define BAILEY_LAUNCH_JOIN_H

#include "base/arena.h"
#include "base/err.h"
#include "host/facts.h"
#include "launch/below.h"
#include "plan/plan.h"

/*
 * Finds it and opens it in `ret`; started by root, the launcher itself enters it, and `ret` stays empty.  0, or -errno with `e`.  `ret` has to be
 * given to join_close() whatever this returns.
 */
int join_open(struct below *ret, struct arena *a, const struct plan *plan, const struct facts *facts, struct err *e);

/* The argument is a struct below. */
void join_close(void *below);

/* The words for a clone that failed there with -errno. Returns -e->code. */
int join_failure(struct err *e, const struct plan *plan, int error);

#endif
