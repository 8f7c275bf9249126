/*
 * What bailey-net is told, as lines of text that the plan has made (plan/bridge.c):
 *
 *   network NAME                 its state is the directory of that name
 *   state PATH                   where that directory is; no blanks. For a user's network
 *   bridge DEVICE
 *   create                       the bridge is made when it is not there, and removed with its last user
 *   gateway ADDRESS/PREFIX       the bridge's own address
 *   masquerade NETWORK/PREFIX    what leaves it has an address of the host
 *   nft PATH
 *   service PATH                 bailey-netd, which knows the network better than we do
 * and for one sandbox:
 *   static ADDRESS/PREFIX
 *   pool FIRST/PREFIX LAST/PREFIX
 *   route ADDRESS                of the default route
 *   mac ADDRESS
 *   mtu BYTES
 *   interface NUMBER             of eth0, eth1, ...; 0 when not given
 *   rate_in BITS                 in a second, towards the sandbox
 *   rate_out BITS
 *   forward tcp|udp ADDRESS PORT INSIDE
 *   inward DEVICE ADDRESS GATEWAY    inside there is one more interface: it gets the address, and what has that as its sender leaves
 *                                    by it.  One line for each family
 */
#ifndef BAILEY_NETWORK_HELPER_SPEC_H
#define BAILEY_NETWORK_HELPER_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/subnet.h"

enum { SPEC_MAX = 64 * 1024, ADDRESSES_MAX = 2, SPECS_MAX = 16 };

struct spec_address {
	struct subnet first, last; /* the same when it was written out */
	bool pool;
	unsigned line;
};

struct spec_forward {
	bool udp;
	const char *address;
	int family;
	uint16_t port, inside;
	unsigned line;
};

struct spec_inward {
	const char *device;
	struct subnet address, gateway;
	unsigned line;
};

struct spec {
	const char *network, *state, *bridge, *nft, *mac;
	const char *service; /* the socket of bailey-netd, which makes the interface; NULL: we do */
	unsigned bridge_line, mac_line, mtu_line, rate_in_line, rate_out_line;
	uint64_t rate_in, rate_out; /* 0: no limit */
	bool create, hub; /* hub: a network of the user's */
	unsigned mtu, interface; /* inside it is "eth0", "eth1", ... */
	struct subnet gateways[ADDRESSES_MAX], masquerade[ADDRESSES_MAX], routes[ADDRESSES_MAX];
	unsigned gateway_lines[ADDRESSES_MAX], route_lines[ADDRESSES_MAX];
	size_t gateway_count, masquerade_count, route_count;
	struct spec_address addresses[ADDRESSES_MAX];
	size_t address_count;
	struct spec_inward inward[ADDRESSES_MAX];
	size_t inward_count;
	struct spec_forward *forwards;
	size_t forward_count, forward_cap;
};

/*
 * Reads them from a descriptor: each begins with its network, and is one interface; lines are counted through.  0 with `*ret_count` of them,
 * one at least, or -errno with `e`.
 */
int spec_read(struct spec ret[SPECS_MAX], size_t *ret_count, struct arena *a, int fd, struct err *e);

/* Says that a failure is about a line of the spec. Returns -e->code. */
int spec_at(struct err *e, unsigned line);

#endif
