/* network.bridge and what goes with it, or each entry of network.interfaces: what one interface on a bridge is to be. */
#ifndef BAILEY_PLAN_INTERFACES_H
#define BAILEY_PLAN_INTERFACES_H

#include "conf/networks.h"
#include "plan/internal.h"

struct interface_wish {
	const struct value *bridge, *mac, *mtu, *rate_in, *rate_out; /* each may be unset */
	struct list address, gateway;
	unsigned number; /* of eth0, eth1, ... */
	bool listed; /* an entry of network.interfaces */
	bool routes, others_route; /* packets for other networks go by it, says the profile; or not, or by another one */
};

/* What the profile wishes: `*ret_count` of them, one at least; NULL after a diagnostic. */
const struct interface_wish *plan_interfaces(struct planner *pl, size_t *ret_count);

/* "network.address", or "network.interfaces": the setting to name in a diagnostic. */
const char *interface_setting(const struct interface_wish *w, const char *setting);

/*
 * What of that an ordinary user has on networks of the user's own (hub.c): `*ret` is a network for each, with plan->bridge.hub, or NULL when none
 * of them is one of those.  0, or -EINVAL after diagnostics.
 */
int plan_hub(struct planner *pl, const struct interface_wish *wishes, size_t count, const struct network_def *const **ret);

#endif
