/* bailey-net show: what the network namespace of a running sandbox holds. */
#ifndef BAILEY_NETWORK_HELPER_SHOW_H
#define BAILEY_NETWORK_HELPER_SHOW_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct show {
	int namespace; /* of the network, as a descriptor */
	const char *name; /* of the sandbox */
	const char *nft; /* path of nft(8), or NULL */
	bool json;
};

/*
 * Enters the namespace, with the user namespace that owns it, and writes interfaces, addresses, routes, counters and rules to standard
 * output.  The process stays there.  0, or -errno with `e`.
 */
int show_network(const struct show *what, struct arena *a, struct err *e);

#endif
