/* The administrator's networks: networks.conf(5), which is no profile and has a table of its own (networks.c). */
#ifndef BAILEY_CONF_NETWORKS_H
#define BAILEY_CONF_NETWORKS_H

#include "base/diag.h"
#include "base/subnet.h"

enum { NETWORK_NAME_MAX = 32, DEVICE_NAME_MAX = 15, USER_INTERFACES = 16, USER_INTERFACES_MAX = 1024 };

/* The addresses of one family in a network. */
struct network_range {
	struct subnet net; /* family 0: none of this family */
	struct subnet gateway; /* the bridge's own, with the prefix of the network */
	struct subnet first, last; /* the pool */
	struct subnet user_first, user_last; /* what ordinary users may have */
	struct origin origin;
};

/* What ordinary users may do with it, by bailey-netd. */
struct network_users {
	const char **names, **groups; /* or numbers */
	size_t name_count, group_count;
	unsigned interfaces; /* each of them, at the same time */
	bool mac; /* choose it */
	uint64_t rate_in, rate_out; /* of one interface at most, in bits in a second; 0: no limit */
};

struct network_def {
	const char *name;
	const char *device; /* of the bridge */
	const char *hub; /* of a user's network: the directory of the hub it is in, set by plan/hub.c; NULL: the host's */
	struct network_range range[2]; /* IPv4, IPv6 */
	bool masquerade;
	const char **dns;
	size_t dns_count;
	struct network_users users;
	struct origin origin;
};

struct networks {
	struct network_def *items;
	size_t count;
};

/*
 * Reads the text of such a file; `file` is its name in messages.  Mistakes go to `d`; those of a network leave it in the list as far
 * as it can be understood.  Owned by d->arena.
 */
void networks_read(struct networks *ret, struct diags *d, const char *file, const char *text);

/* The network of that name, or NULL. */
const struct network_def *networks_find(const struct networks *n, const char *name);

/* Whether it can be the name of a network: 1 to 32 letters, digits, '-' and '_', a letter first. */
bool network_name_valid(const char *name);

/* Whether the kernel takes it as the name of an interface: 1 to 15 bytes, no blanks, no '/', ':' or '%', not "." or "..". */
bool device_name_valid(const char *name);

#endif
