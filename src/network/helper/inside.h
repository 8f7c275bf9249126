/* The sandbox's side of its interface: addresses and routes, made in its network namespace from outside. */
#ifndef BAILEY_NETWORK_HELPER_INSIDE_H
#define BAILEY_NETWORK_HELPER_INSIDE_H

#include "network/helper/spec.h"
#include "network/helper/state.h"

/*
 * Gives the interface that is there already the addresses of the lease and the routes of the spec, and sets it up.  In a child, which
 * enters the `namespaces` (setns(2)) behind the descriptor `where`.  0, or -errno with `e`, at the line of the spec.
 */
int inside_configure(const struct spec *s, const struct lease *l, int where, int namespaces, struct err *e);

#endif
