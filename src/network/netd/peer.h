/* Who is at the other end of a connection, and what came from there. The kernel says the first; nothing of the second is trusted. */
#ifndef BAILEY_NETWORK_NETD_PEER_H
#define BAILEY_NETWORK_NETD_PEER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "network/request.h"

enum { PEER_GROUPS = 256 };

struct peer {
	int socket;
	pid_t pid;
	uid_t uid;
	gid_t groups[PEER_GROUPS]; /* the first is that of its account */
	size_t group_count;
};

/* What SO_PEERCRED and SO_PEERGROUPS say: unix(7), socket(7). 0, or -errno with `e`. */
int peer_look(struct peer *ret, int socket, struct err *e);

/*
 * Takes the request that has come.  `*ret_namespace` is the descriptor that came with it, the caller's to close.  0; -ENOTCONN at the
 * end of the connection; or -errno with `e` when it was anything else than one request with one descriptor.
 */
int peer_receive(const struct peer *p, struct netd_request *ret, int *ret_namespace, struct err *e);

/* Whether the descriptor is a network namespace of the peer's own: of a user namespace that is owned by it. 0, or -errno with `e`. */
int peer_owns(const struct peer *p, int namespace, struct err *e);

#endif
