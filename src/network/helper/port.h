/*
 * The host's side of a sandbox's interface: what may come out of the sandbox, and how much in a second.  By the kernel's traffic control
 * (tc(8)) and not by nft: it goes with the interface and not with the next `nft flush ruleset`.
 */
#ifndef BAILEY_NETWORK_HELPER_PORT_H
#define BAILEY_NETWORK_HELPER_PORT_H

#include "network/frames.h"
#include "network/helper/link.h"

/*
 * What the interface `name`, which is not up yet, takes from the sandbox: frames of that hardware address and those addresses only, at
 * most `rate_out` bits in a second; and what it gives to it, at most `rate_in`; 0: as many as there are.  `mtu` in bytes, or 0.
 * 0, or -errno with `e`; what was made until then is the caller's to remove, with port_remove().
 */
int port_guard(struct link *l, const char *name, const unsigned char mac[MAC_BYTES], const struct subnet at[2],
	const struct spec *s, struct err *e);

/* Removes the interface and what belongs to it. 0 also when there is none. */
int port_remove(struct link *l, const char *name, struct err *e);

/*
 * The same for an interface of a network namespace that is the sandbox's own, from inside of it: it receives at most `in` bits in a second
 * and sends at most `out`; 0: as many as there are.  0, or -errno with `e`.
 */
int port_limit(struct link *l, const char *name, uint64_t in, uint64_t out, struct err *e);

#endif
