/* Interfaces, addresses and routes by libnl, with the kernel's own errno and words. All act in the caller's network namespace. */
#ifndef BAILEY_NETWORK_HELPER_LINK_H
#define BAILEY_NETWORK_HELPER_LINK_H

#include <stdbool.h>

#include "base/err.h"
#include "network/frames.h"
#include "network/helper/spec.h"

struct nl_sock;
struct nl_msg;

/* A connection to the kernel, and what it said last. */
struct link {
	struct nl_sock *socket;
	int error; /* errno of the last request, or 0 */
	char words[160]; /* the kernel's, or empty */
};

/* 0, or -errno with `e`. */
int link_open(struct link *l, struct err *e);
void link_close(struct link *l);

/* The index of an interface, or 0. */
unsigned link_index(const char *name);

/* The size of its largest packet in bytes, or 0. */
unsigned link_mtu(const char *name);

/* Whether the interface is a bridge. */
bool link_is_bridge(struct link *l, const char *name);

/* Makes a bridge that is up. -EEXIST when there is something of that name. */
int link_make_bridge(struct link *l, const char *name, struct err *e);

/* Makes an interface (ifb) that gives back what is sent to it, and is up: a place for a queue. 0, or -errno with `e`. */
int link_make_queue(struct link *l, const char *name, struct err *e);

/* Sends a message and waits for the answer. It frees the message. 0, or -errno with `e`, which says `what`. */
int link_send(struct link *l, struct nl_msg *m, struct err *e, const char *what);

/* Takes an interface away; 0 also when there is none. */
int link_remove(struct link *l, const char *name, struct err *e);

/*
 * Makes a pair of interfaces: `name` here, at the bridge with the index `bridge` and not up yet; "eth0" or as the spec counts, with that hardware address, in the
 * network namespace behind the descriptor.  -EEXIST when there is a `name`.
 */
int link_make_pair(struct link *l, const char *name, unsigned bridge, const char *alias, int namespace,
	const unsigned char mac[MAC_BYTES], const struct spec *s, struct err *e);

/* Whether the interface `name` has that hardware address. */
bool link_has_mac(struct link *l, const char *name, const unsigned char mac[MAC_BYTES]);

/* Gives an interface an address that is used at once (IPv6: without looking for others that have it). */
int link_add_address(struct link *l, unsigned index, const struct subnet *at, struct err *e);

/* 0, or -errno with `e`. */
int link_set_mtu(struct link *l, unsigned index, unsigned mtu, struct err *e);

/* How many packets may wait for the interface (ip-link(8), txqueuelen; of a tap also how many its program may be behind). */
int link_set_queue(struct link *l, unsigned index, unsigned packets, struct err *e);

int link_up(struct link *l, unsigned index, struct err *e);

/* A default route by way of `gateway`. */
int link_add_route(struct link *l, unsigned index, unsigned table, const struct subnet *gateway, struct err *e);

/* What has this address as its sender goes by that table of routes. 0, or -errno with `e`. */
int link_add_rule(struct link *l, const struct subnet *from, unsigned table, struct err *e);

#endif
