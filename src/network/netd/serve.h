/* One request to bailey-netd: from what networks.conf says to an interface, and back. */
#ifndef BAILEY_NETWORK_NETD_SERVE_H
#define BAILEY_NETWORK_NETD_SERVE_H

#include <net/if.h>

#include "network/helper/link.h"
#include "network/netd/peer.h"

/* What a connection has; `device` is empty: nothing. */
struct served {
	char network[NETD_NETWORK], device[IFNAMSIZ];
};

/*
 * Gives the peer the interface that it asks for in the network namespace, as far as networks.conf lets it.  0 with `*ret` and what the
 * answer says; else -errno with `e`, whose line is an enum netd_about, and nothing is left.
 */
int serve(struct link *link, const struct peer *p, const struct netd_request *wanted, int namespace, struct netd_answer *answer,
	struct served *ret, struct err *e);

/* Takes it away again. */
void serve_end(struct link *link, struct served *s);

#endif
