/*
 * What is kept of a network while it is in use: /run/bailey-net/NAME, root's alone but for the file of names; of a user's network,
 * in a directory of the user's alone (launch/hub.h).
 *
 *   lock     held while anything of the network is changed
 *   leases   which sandbox has which interface and addresses; one line each
 *   hosts    hosts(5) with the names of the sandboxes, shown inside as /etc/hosts
 *   made     the bridge was made by us
 *   rules    a table of nft(8) was made by us
 *   ports    forwarded ones of the host
 *   device   the name of the bridge, for who removes the network once nothing describes it
 *   up       somebody said `bailey net up`: the network stays without sandboxes
 *
 * A lease names a process; when that has gone, however it came about, the lease is void, and whoever takes the lock next removes
 * what is left of it.
 */
#ifndef BAILEY_NETWORK_HELPER_STATE_H
#define BAILEY_NETWORK_HELPER_STATE_H

#include <net/if.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/subnet.h"
#include "network/frames.h"
#include "state/state.h"

enum { LEASE_NAME_MAX = 64 };

struct lease {
	struct state_process process; /* the launcher, and then the first process of the sandbox */
	char device[IFNAMSIZ]; /* of the host's side */
	struct subnet at[2]; /* IPv4, IPv6; family 0: none */
	bool rules; /* it has forwarded ports */
	unsigned char mac[MAC_BYTES]; /* of the sandbox's side */
	uid_t uid; /* who was given it by bailey-netd; 0: root's own */
	char name[LEASE_NAME_MAX]; /* "-" while it has none */
};

struct network {
	struct arena *arena;
	const char *state, *name; /* the directory of all networks; which one */
	int directory, lock;
	struct lease *leases;
	size_t count, cap;
};

/* Waits for the lock, makes the directory in `state` when it is not there, and reads the leases. 0, or -errno with `e`. */
int network_open(struct network *n, struct arena *a, const char *state, const char *name, struct err *e);

/* Gives the lock back. */
void network_close(struct network *n);

/* Writes the leases and the names down. 0, or -errno with `e`. */
int network_save(struct network *n, struct err *e);

/* Marks: "made", "up", "rules" (it leads somewhere), "shut" (it has rules and leads nowhere). */
bool network_marked(const struct network *n, const char *mark);
int network_mark(const struct network *n, const char *mark, struct err *e);
/* Writes down which bridge the network has. 0, or -errno with `e`. */
int network_note_device(const struct network *n, const char *device, struct err *e);
void network_unmark(const struct network *n, const char *mark);

/* Removes the files and the directory; the lock is still held, by nothing that has a name. */
void network_forget(struct network *n);

struct lease *network_add(struct network *n);
struct lease *network_find(struct network *n, const char *device);
void network_drop(struct network *n, struct lease *l);

/* Whether an address of that family is taken. */
bool network_has(const struct network *n, const struct subnet *at);

/* Whether another sandbox has that hardware address. */
bool network_has_mac(const struct network *n, const unsigned char mac[MAC_BYTES]);

/* A name that no other sandbox of the network has: `wanted`, "wanted-2", ... */
void network_name(struct network *n, struct lease *l, const char *wanted);

#endif
