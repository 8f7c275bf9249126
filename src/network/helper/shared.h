/* What the networks of a host share: whether its kernel forwards packets, and its ports. Under a lock of all networks, which is held shortly. */
#ifndef BAILEY_NETWORK_HELPER_SHARED_H
#define BAILEY_NETWORK_HELPER_SHARED_H

#include "network/helper/spec.h"
#include "network/helper/state.h"

/*
 * Has the kernel forward packets for a network that has rules, of IPv4, of IPv6 or both.  What was off before is written down.
 * 0, or -errno with `e`.
 */
int shared_forward(const struct network *n, bool four, bool six, struct err *e);

/* The network has no rules any more: when it was the last one, the kernel forwards what it did before. */
void shared_forward_end(const struct network *n);

/*
 * Takes the spec's forwarded ports for the lease, which is not in the network yet, and for as long as its process lives.  0, or -errno with
 * `e`, at the line of the spec, when one of them is another sandbox's, in whatever network.
 */
int shared_take_ports(const struct network *n, const struct lease *l, const struct spec *s, struct err *e);

/* Gives them back. */
void shared_drop_ports(const struct network *n, const char *device);

#endif
