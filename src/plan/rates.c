/*
 * network.rate_in and network.rate_out.  On a bridge they are kept on the host's side of the interface (bridge.c); in mode "user", whose
 * interface is pasta's and lies inside, by queues in the sandbox's network namespace that are made from outside.
 */
#include <linux/capability.h>

#include "plan/parts.h"

static const struct value *first_rate(const struct planner *pl)
{
	return pl->p->network_rate_in.set ? &pl->p->network_rate_in : &pl->p->network_rate_out;
}

bool plan_has_rates(const struct planner *pl)
{
	return first_rate(pl)->set;
}

static const char *name_of(const struct planner *pl)
{
	return pl->p->network_rate_in.set ? "network.rate_in" : "network.rate_out";
}

/* Whether an interface in a user's hub has one. */
static bool in_hub(const struct bridge_network *b)
{
	bool rated = b->rate_in != 0 || b->rate_out != 0;
	for (size_t i = 0; i < b->more_count; i++)
		rated = rated || b->more[i].rate_in != 0 || b->more[i].rate_out != 0;
	return b->hub != NULL && rated;
}

/* pasta(1) hands connections to forwarded ports over without any packet, where they come from the host itself. */
static void check_forwards(struct planner *pl)
{
	const struct records *list = &pl->p->network_forward;
	if (list->count == 0)
		return;
	struct diag *e = diag_error(pl->diags, list->items[0].origin, "network.forward",
		"what comes by a forwarded port goes past network.rate_in and network.rate_out");
	diag_hint(pl->diags, e, "take one of the two away");
}

static void check_powers(struct planner *pl, struct origin o)
{
	if ((pl->plan->keep_caps >> CAP_NET_ADMIN & 1) == 0)
		return;
	struct diag *e = diag_error(pl->diags, o, name_of(pl),
		"mode \"user\" keeps it inside the sandbox, where the program could change it with net_admin of capabilities.keep");
	diag_hint(pl->diags, e,
		"take one of the two away; on a network of the user's rates hold nevertheless: "
		"network.mode = \"bridge\", network.bridge = \"user\"");
}

void plan_rates(struct planner *pl)
{
	const struct value *first = first_rate(pl);
	struct user_network *n = &pl->plan->user_network;
	if (in_hub(&pl->plan->bridge))
		check_forwards(pl);
	if (pl->p->network_mode.i != NETWORK_USER || !first->set)
		return;
	if (pl->plan->network == NETWORK_HOST) {
		struct diag *e = diag_error(pl->diags, first->origin, name_of(pl),
			"the host's network, which network.host_fallback leads to here, has no rates: %s",
			pl->plan->network_fallback);
		diag_hint(pl->diags, e, "install the package passt, or take the rates away");
		return;
	}
	check_forwards(pl);
	check_powers(pl, first->origin);
	n->rate_in = (uint64_t)pl->p->network_rate_in.i;
	n->rate_out = (uint64_t)pl->p->network_rate_out.i;
	n->rate_origin = first->origin;
}
