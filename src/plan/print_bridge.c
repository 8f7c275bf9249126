/* The interface on a bridge, in words and as JSON. */
#include "base/num.h"
#include "plan/print_parts.h"

void print_rates_text(struct layout *l, uint64_t in, uint64_t out, const char *at)
{
	if (in != 0)
		layout_row(l, "receives", arena_printf(l->arena, "at most %s in a second", num_rate_text(l->arena, in)), at);
	if (out != 0)
		layout_row(l, "sends", arena_printf(l->arena, "at most %s in a second", num_rate_text(l->arena, out)), at);
}

static void print_one(struct layout *l, const struct bridge_network *b)
{
	struct arena *a = l->arena;
	const char *at = layout_origin(l, b->origin);
	layout_row(l, "bridge",
		b->described ? arena_printf(a, "%s of the network \"%s\"%s", b->device, b->name,
				       b->masquerade ? ", behind the host's own address outside" : ", which leads nowhere else")
			     : arena_printf(a, "%s, which has to be there", b->device),
		at);
	for (size_t i = 0; i < b->address_count; i++)
		layout_row(l, "address", b->addresses[i], at);
	for (size_t i = 0; i < b->gateway_count; i++)
		layout_row(l, "gateway", b->gateways[i], at);
	if (b->mac != NULL)
		layout_row(l, "mac", b->mac, at);
	if (b->mtu != 0)
		layout_row(l, "mtu", arena_printf(a, "%u bytes", b->mtu), at);
	print_rates_text(l, b->rate_in, b->rate_out, at);
	if (b->hosts != NULL)
		layout_row(l, "names", "the other sandboxes of the network, in /etc/hosts", at);
}

void print_bridge_text(struct layout *l, const struct plan *plan)
{
	const struct bridge_network *b = &plan->bridge;
	if (b->spec == NULL)
		return;
	print_one(l, b);
	for (size_t i = 0; i < b->more_count; i++) {
		layout_row(l, "interface", arena_printf(l->arena, "eth%zu", i + 1), layout_origin(l, b->more[i].origin));
		print_one(l, &b->more[i]);
	}
}

static void texts(struct json *j, const char *key, const char *const *list, size_t count)
{
	json_array(j, key);
	for (size_t i = 0; i < count; i++)
		json_string(j, NULL, list[i]);
	json_array_end(j);
}

static void json_one(struct json *j, const struct bridge_network *b)
{
	json_string(j, "bridge", b->name);
	json_string(j, "device", b->device);
	json_bool(j, "described", b->described);
	json_bool(j, "masquerade", b->masquerade);
	json_origin(j, "bridge_origin", b->origin);
	texts(j, "addresses", b->addresses, b->address_count);
	texts(j, "gateways", b->gateways, b->gateway_count);
	json_string(j, "mac", b->mac);
	json_uint(j, "mtu", b->mtu); /* 0: the bridge's */
	json_uint(j, "rate_in", b->rate_in); /* bits in a second; 0: no limit */
	json_uint(j, "rate_out", b->rate_out);
}

void print_bridge_json(struct json *j, const struct plan *plan)
{
	const struct bridge_network *b = &plan->bridge;
	json_one(j, b);
	json_array(j, "more_interfaces"); /* eth1 and so on */
	for (size_t i = 0; i < b->more_count; i++) {
		json_object(j, NULL);
		json_one(j, &b->more[i]);
		json_object_end(j);
	}
	json_array_end(j);
	json_string(j, "hosts", b->hosts);
	json_string(j, "spec", b->spec);
}
