#include "plan/interfaces.h"

#include "plan/parts.h"

enum { INTERFACES_MAX = 16 };

static const char interfaces[] = "network.interfaces";

const char *interface_setting(const struct interface_wish *w, const char *setting)
{
	return w->listed ? interfaces : setting;
}

static void add(struct arena *a, struct list *l, const struct value *v)
{
	if (!v->set)
		return;
	l->items = arena_grow(a, l->items, l->count, &l->cap, sizeof *l->items);
	l->items[l->count++] = (struct item){ .text = v->s, .origin = v->origin };
}

/* What belongs to network.bridge and says nothing beside a list. */
static bool check_alone(struct planner *pl)
{
	const struct profile *p = pl->p;
	const struct {
		const char *setting;
		const struct value *value;
		const struct list *list;
	} rows[] = {
		{ "network.bridge", &p->network_bridge, NULL },
		{ "network.address", NULL, &p->network_address },
		{ "network.gateway", NULL, &p->network_gateway },
		{ "network.mac", &p->network_mac, NULL },
		{ "network.mtu", &p->network_mtu, NULL },
		{ "network.rate_in", &p->network_rate_in, NULL },
		{ "network.rate_out", &p->network_rate_out, NULL },
	};
	bool good = true;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool set = rows[i].value != NULL ? rows[i].value->set : rows[i].list->count > 0;
		if (!set)
			continue;
		struct origin o = rows[i].value != NULL ? rows[i].value->origin : rows[i].list->items[0].origin;
		diag_error(pl->diags, o, rows[i].setting, "each interface has its own in network.interfaces (%s)",
			origin_text(pl->arena, p->network_interfaces.items[0].origin));
		good = false;
	}
	return good;
}

static struct interface_wish of_record(struct planner *pl, const struct record *r, unsigned number)
{
	const struct value *route = MEMBER_OF(r, interface, default_route);
	struct interface_wish w = {
		.bridge = MEMBER_OF(r, interface, bridge),
		.mac = MEMBER_OF(r, interface, mac),
		.mtu = MEMBER_OF(r, interface, mtu),
		.rate_in = MEMBER_OF(r, interface, rate_in),
		.rate_out = MEMBER_OF(r, interface, rate_out),
		.number = number,
		.listed = true,
		.routes = route->i != 0,
		.others_route = route->set && route->i == 0,
	};
	add(pl->arena, &w.address, MEMBER_OF(r, interface, address));
	add(pl->arena, &w.address, MEMBER_OF(r, interface, address6));
	add(pl->arena, &w.gateway, MEMBER_OF(r, interface, gateway));
	return w;
}

static const struct interface_wish *of_list(struct planner *pl, size_t *ret_count)
{
	const struct records *list = &pl->p->network_interfaces;
	struct interface_wish *all = arena_array(pl->arena, list->count, sizeof *all);
	const struct interface_wish *route = NULL;
	if (list->count > INTERFACES_MAX) {
		diag_error(pl->diags, list->items[INTERFACES_MAX].origin, interfaces, "a sandbox has at most %d", INTERFACES_MAX);
		return NULL;
	}
	for (size_t i = 0; i < list->count; i++) {
		all[i] = of_record(pl, &list->items[i], (unsigned)i);
		if (!all[i].routes)
			continue;
		if (route != NULL) {
			diag_error(pl->diags, list->items[i].origin, interfaces, "the default route goes by \"%s\" already (%s)",
				route->bridge->s, origin_text(pl->arena, route->bridge->origin));
			return NULL;
		}
		route = &all[i];
	}
	for (size_t i = 0; i < list->count; i++)
		all[i].others_route |= route != NULL && route != &all[i];
	*ret_count = list->count;
	return all;
}

const struct interface_wish *plan_interfaces(struct planner *pl, size_t *ret_count)
{
	const struct profile *p = pl->p;
	if (p->network_interfaces.count > 0)
		return check_alone(pl) ? of_list(pl, ret_count) : NULL;
	if (!p->network_bridge.set || p->network_bridge.s == NULL) {
		struct diag *e = diag_error(pl->diags, pl->plan->network_origin, "network.mode", "\"bridge\": which one?");
		diag_hint(pl->diags, e, "network.bridge = \"NAME\" says it; bailey net list shows the networks there are");
		return NULL;
	}
	struct interface_wish *w = arena_alloc(pl->arena, sizeof *w);
	*w = (struct interface_wish){
		.bridge = &p->network_bridge,
		.mac = &p->network_mac,
		.mtu = &p->network_mtu,
		.rate_in = &p->network_rate_in,
		.rate_out = &p->network_rate_out,
		.address = p->network_address,
		.gateway = p->network_gateway,
	};
	*ret_count = 1;
	return w;
}
