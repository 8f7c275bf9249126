/* network.mode = "bridge": from the profile and the administrator's networks to what bailey-net is told. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "base/inet.h"
#include "base/path.h"
#include "conf/networks.h"
#include "host/resolve.h"
#include "plan/interfaces.h"
#include "plan/networks.h"
#include "plan/parts.h"

enum { MTU6_MIN = 1280 };

static const char etc_hosts[] = "/etc/hosts";

/* The text for bailey-net, and whose line each of its lines is. */
struct spec {
	struct planner *pl;
	struct buf text;
	struct origin *origins;
	size_t count, cap;
	bool service; /* bailey-netd makes the interface */
	const struct interface_wish *wish; /* which interface it is about at present, and where its part of the plan is */
	struct bridge_network *to;
	bool routed; /* one of them has the default route */
};

__attribute__((format(printf, 3, 4))) static void say(struct spec *s, struct origin o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&s->text, fmt, ap);
	va_end(ap);
	buf_putc(&s->text, '\n');
	s->origins = arena_grow(s->pl->arena, s->origins, s->count, &s->cap, sizeof *s->origins);
	s->origins[s->count++] = o;
}

static const char *network_name(size_t i, const void *data)
{
	return ((const struct networks *)data)->items[i].name;
}

/* ---- networks.conf ---- */

const char *plan_nft(struct facts *f)
{
	static const char *const places[] = { "/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft", "/usr/local/sbin/nft" };
	struct resolved r;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (facts_resolve(f, places[i], &r) == 0 && r.node.type == NODE_FILE && (r.node.mode & 0111) != 0)
			return places[i];
	return NULL;
}

int plan_networks(struct networks *ret, struct facts *f, struct diags *d)
{
	const char *text;
	struct node n;
	struct origin o = { .file = PLAN_NETWORKS_FILE };
	*ret = (struct networks){ 0 };
	facts_node(f, PLAN_NETWORKS_FILE, &n);
	if (n.type == NODE_ABSENT)
		return 0;
	if (n.type != NODE_FILE || n.uid != 0 || (n.mode & 0022) != 0) {
		struct diag *e = diag_error(d, o, NULL, "this has to be a file of root's that nobody else may write to");
		diag_hint(d, e, "chown root " PLAN_NETWORKS_FILE " && chmod 0644 " PLAN_NETWORKS_FILE);
		return -EPERM;
	}
	size_t before = d->errors;
	int r = facts_read(f, PLAN_NETWORKS_FILE, &text);
	if (r < 0) {
		diag_error(d, o, NULL, "cannot be read: %s", strerror(-r));
		return r;
	}
	networks_read(ret, d, PLAN_NETWORKS_FILE, text);
	return d->errors > before ? -EINVAL : 0;
}

static void say_network(struct spec *s, const struct network_def *def, struct origin o, const char *nft)
{
	struct arena *a = s->pl->arena;
	say(s, o, "network %s", def->name);
	say(s, o, "bridge %s", def->device);
	say(s, o, "create");
	for (size_t i = 0; i < 2; i++) {
		const struct network_range *r = &def->range[i];
		if (r->net.family == 0)
			continue;
		say(s, r->origin, "gateway %s", subnet_text(a, &r->gateway));
		if (def->masquerade)
			say(s, def->origin, "masquerade %s", subnet_text(a, &r->net));
	}
	if (nft != NULL)
		say(s, def->origin, "nft %s", nft);
}

const char *plan_network_spec(struct arena *a, struct facts *f, const struct network_def *def, struct diags *d)
{
	struct planner pl = { .arena = a, .facts = f, .diags = d };
	struct spec s = { .pl = &pl, .text = { .arena = a } };
	const char *nft = plan_nft(f);
	if (def->masquerade && nft == NULL) {
		struct diag *e = diag_error(d, def->origin, "networks.masquerade", "the program nft is not there");
		diag_hint(d, e, "install the package nftables");
		return NULL;
	}
	say_network(&s, def, def->origin, nft);
	return buf_text(&s.text);
}

/* ---- the profile ---- */

/* The network of that name, or NULL when it is only a bridge that is there; `*ret_good` is false after a mistake. */
static const struct network_def *find_network(
	struct planner *pl, const struct interface_wish *w, const struct networks *all, bool *ret_good)
{
	const struct value *v = w->bridge;
	const char *setting = interface_setting(w, "network.bridge");
	const struct network_def *def = networks_find(all, v->s);
	struct resolved r;
	*ret_good = true;
	if (def != NULL)
		return def;
	*ret_good = false;
	struct diag *e;
	if (strlen(v->s) > DEVICE_NAME_MAX) {
		e = diag_error(pl->diags, v->origin, setting,
			"\"%s\" is no network of " PLAN_NETWORKS_FILE ", and too long for a bridge: the kernel takes %d bytes",
			v->s, DEVICE_NAME_MAX);
	} else if (!device_name_valid(v->s)) {
		e = diag_error(pl->diags, v->origin, setting, "\"%s\" cannot be the name of a bridge", v->s);
	} else {
		const char *path = arena_printf(pl->arena, "/sys/class/net/%s/bridge", v->s);
		if (facts_resolve(pl->facts, path, &r) == 0 && r.node.type == NODE_DIRECTORY) {
			*ret_good = true;
			return NULL;
		}
		e = diag_error(pl->diags, v->origin, setting,
			"\"%s\" is no network of " PLAN_NETWORKS_FILE ", and there is no bridge of that name", v->s);
	}
	const char *near = schema_nearest(v->s, all->count, network_name, all);
	if (near != NULL)
		diag_hint(pl->diags, e, "did you mean \"%s\"?", near);
	else
		diag_hint(pl->diags, e, "bailey net list shows the networks there are");
	return NULL;
}

static void add_text(struct planner *pl, const char ***list, size_t *count, const char *text)
{
	const char **more = arena_array(pl->arena, *count + 1, sizeof *more);
	if (*count > 0)
		memcpy(more, *list, *count * sizeof *more);
	more[(*count)++] = text;
	*list = more;
}

/* Addresses as they are written out in the profile. */
static void say_static(struct spec *s, const struct network_def *def, struct subnet have[2])
{
	struct planner *pl = s->pl;
	const char *setting = interface_setting(s->wish, "network.address");
	struct bridge_network *b = s->to;
	const struct list *l = &s->wish->address;
	for (size_t i = 0; i < l->count; i++) {
		struct subnet at;
		const struct item *x = &l->items[i];
		if (strcmp(x->text, "pool") == 0 || subnet_read(x->text, &at) < 0)
			continue;
		bool six = at.family == AF_INET6;
		const struct network_range *r = def != NULL ? &def->range[six] : NULL;
		const char *there = def != NULL ? origin_text(pl->arena, r->origin.file != NULL ? r->origin : def->origin) : "";
		if (have[six].family != 0) {
			diag_error(pl->diags, x->origin, setting, "\"%s\" is the second address of its family", x->text);
		} else if (def != NULL && r->net.family == 0) {
			diag_error(pl->diags, x->origin, setting, "\"%s\": the network \"%s\" (%s) has no %s addresses", x->text,
				def->name, there, six ? "IPv6" : "IPv4");
		} else if (def != NULL && (!subnet_contains(&r->net, &at) || at.prefix != r->net.prefix)) {
			struct diag *e = diag_error(pl->diags, x->origin, setting, "\"%s\" is not in %s of the network \"%s\" (%s)",
				x->text, subnet_text(pl->arena, &r->net), def->name, there);
			if (subnet_contains(&r->net, &at))
				diag_hint(pl->diags, e, "its prefix is %u: \"%s/%u\"", r->net.prefix,
					subnet_address(pl->arena, &at), r->net.prefix);
		} else if (def != NULL && subnet_compare(&at, &r->gateway) == 0) {
			diag_error(pl->diags, x->origin, setting, "\"%s\" is the bridge's own address (%s)", x->text, there);
		} else {
			say(s, x->origin, "static %s", subnet_text(pl->arena, &at));
			add_text(pl, &b->addresses, &b->address_count, subnet_text(pl->arena, &at));
		}
		have[six] = at;
	}
}

static void say_pool(struct spec *s, const struct network_def *def, struct subnet have[2])
{
	struct planner *pl = s->pl;
	const char *setting = interface_setting(s->wish, "network.address");
	struct bridge_network *b = s->to;
	const struct list *l = &s->wish->address;
	struct origin o = s->wish->bridge->origin;
	bool wanted = l->count == 0;
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].text, "pool") == 0) {
			wanted = true;
			o = l->items[i].origin;
		}
	if (def == NULL && wanted) {
		struct diag *e = diag_error(pl->diags, o, setting, "the bridge \"%s\" has no pool of addresses", b->device);
		diag_hint(pl->diags, e,
			"say network.address = [ \"ADDRESS/PREFIX\" ], or describe the network in " PLAN_NETWORKS_FILE);
		return;
	}
	for (size_t i = 0; i < 2 && wanted; i++) {
		const struct network_range *r = &def->range[i];
		if (r->net.family == 0 || have[i].family != 0)
			continue;
		const struct subnet *from = s->service ? &r->user_first : &r->first, *to = s->service ? &r->user_last : &r->last;
		const char *first = subnet_text(pl->arena, from), *last = subnet_text(pl->arena, to);
		say(s, o, "pool %s %s", first, last);
		add_text(pl, &b->addresses, &b->address_count,
			arena_printf(pl->arena, "the next free one of %s-%s", subnet_address(pl->arena, from),
				subnet_address(pl->arena, to)));
		have[i] = r->net;
	}
}

/* Whether packets for other networks go by this interface: one of all. */
static bool may_route(const struct spec *s)
{
	const struct interface_wish *w = s->wish;
	if (w->routes || (!w->others_route && !s->routed))
		return true;
	if (w->gateway.count == 0)
		return false;
	struct diag *e = diag_error(s->pl->diags, w->gateway.items[0].origin, interface_setting(w, "network.gateway"),
		"the default route goes by another interface");
	diag_hint(s->pl->diags, e, "default_route = true says which one has it; the others have no gateway");
	return false;
}

static void say_gateways(struct spec *s, const struct network_def *def, const struct subnet have[2])
{
	struct planner *pl = s->pl;
	const char *setting = interface_setting(s->wish, "network.gateway");
	struct bridge_network *b = s->to;
	const struct list *l = &s->wish->gateway;
	bool given[2] = { false, false };
	if (!may_route(s))
		return;
	for (size_t i = 0; i < l->count; i++) {
		struct subnet g;
		if (subnet_read(l->items[i].text, &g) < 0)
			continue;
		bool six = g.family == AF_INET6;
		if (have[six].family == 0 || !subnet_contains(&have[six], &g)) {
			diag_error(pl->diags, l->items[i].origin, setting,
				"%s lies in no network of the interface, which could not reach it", l->items[i].text);
			continue;
		}
		if (given[six]) {
			diag_error(
				pl->diags, l->items[i].origin, setting, "%s is the second gateway of its family", l->items[i].text);
			continue;
		}
		given[six] = true;
		say(s, l->items[i].origin, "route %s", subnet_address(pl->arena, &g));
		add_text(pl, &b->gateways, &b->gateway_count, subnet_address(pl->arena, &g));
	}
	for (size_t i = 0; i < 2 && def != NULL && def->masquerade; i++) {
		if (given[i] || have[i].family == 0)
			continue;
		const char *text = subnet_address(pl->arena, &def->range[i].gateway);
		say(s, def->origin, "route %s", text);
		add_text(pl, &b->gateways, &b->gateway_count, text);
	}
	s->routed = s->routed || b->gateway_count > 0;
	if (s->wish->routes && b->gateway_count == 0)
		diag_error(pl->diags, s->wish->bridge->origin, setting,
			"default_route: \"%s\" has no gateway, and leads nowhere else", s->wish->bridge->s);
}

static void say_link(struct spec *s, const struct subnet have[2])
{
	const struct interface_wish *w = s->wish;
	struct bridge_network *b = s->to;
	if (w->number > 0)
		say(s, w->bridge->origin, "interface %u", w->number);
	if (w->mac->set) {
		b->mac = w->mac->s;
		say(s, w->mac->origin, "mac %s", b->mac);
	}
	b->rate_in = (uint64_t)w->rate_in->i;
	b->rate_out = (uint64_t)w->rate_out->i;
	if (b->rate_in != 0)
		say(s, w->rate_in->origin, "rate_in %" PRIu64, b->rate_in);
	if (b->rate_out != 0)
		say(s, w->rate_out->origin, "rate_out %" PRIu64, b->rate_out);
	if (!w->mtu->set)
		return;
	b->mtu = (unsigned)w->mtu->i;
	if (b->mtu < MTU6_MIN && have[1].family != 0)
		diag_error(s->pl->diags, w->mtu->origin, interface_setting(w, "network.mtu"), "IPv6 takes %d at least", MTU6_MIN);
	say(s, w->mtu->origin, "mtu %u", b->mtu);
}

static void say_forwards(struct spec *s, const struct network_def *def, const struct subnet have[2])
{
	struct planner *pl = s->pl;
	const struct records *list = &pl->p->network_forward;
	struct user_network *n = &pl->plan->user_network;
	n->forwards = arena_array(pl->arena, list->count, sizeof *n->forwards);
	for (size_t i = 0; i < list->count; i++) {
		const struct record *r = &list->items[i];
		const char *host = MEMBER_OF(r, forward, host)->s;
		struct inet_endpoint e;
		if (inet_endpoint(host, &e) < 0)
			continue; /* conf/ has refused it */
		if (def == NULL) {
			diag_error(pl->diags, r->origin, "network.forward",
				"a bridge that is not described in " PLAN_NETWORKS_FILE " has no forwarded ports");
			return;
		}
		if (inet_is_loopback(e.address)) {
			struct diag *d = diag_error(pl->diags, r->origin, "network.forward",
				"\"%s\": the kernel forwards nothing from the host's loopback to a bridge", host);
			diag_hint(pl->diags, d, "name an address of an interface, or \"0.0.0.0:%u\" for all of them",
				(unsigned)e.port);
			continue;
		}
		if (have[e.family == AF_INET6].family == 0) {
			diag_error(pl->diags, r->origin, "network.forward", "\"%s\": the sandbox has no %s address", host,
				e.family == AF_INET6 ? "IPv6" : "IPv4");
			continue;
		}
		bool udp = MEMBER_OF(r, forward, protocol)->i == PROTOCOL_UDP;
		const struct value *port = MEMBER_OF(r, forward, port);
		struct port_forward *f = &n->forwards[n->forward_count++];
		*f = (struct port_forward){ host, port->set ? (uint16_t)port->i : e.port, udp ? PROTOCOL_UDP : PROTOCOL_TCP,
			r->origin };
		say(s, r->origin, "forward %s %s %u %u", udp ? "udp" : "tcp", e.address, (unsigned)e.port, (unsigned)f->port);
	}
}

static bool by_root(const struct planner *pl)
{
	return pl->plan->become || pl->plan->mode == IDENTITY_HOST;
}

/* Whether bailey-netd makes the interface: for those who have no right to make one on a bridge, in networks that are for users. */
static bool by_service(const struct planner *pl, const struct network_def *def)
{
	return !by_root(pl) && pl->plan->bridge.hub == NULL && pl->facts->uid != 0 && def != NULL &&
		def->users.name_count + def->users.group_count > 0;
}

/* The service may not do all that takes. */
static bool check_up(struct planner *pl, const struct interface_wish *w, const struct network_def *def)
{
	struct node n;
	facts_node(pl->facts, arena_printf(pl->arena, PLAN_NETWORKS_STATE "/%s/hosts", def->name), &n);
	if (n.type != NODE_ABSENT)
		return true;
	struct diag *e = diag_error(pl->diags, w->bridge->origin, interface_setting(w, "network.bridge"),
		"the network \"%s\" (%s) is not up", def->name, origin_text(pl->arena, def->origin));
	diag_hint(pl->diags, e, "an administrator does that: bailey net up %s", def->name);
	return false;
}

/* Programs that root starts, and those of users in networks that are for them. */
static bool check_right(struct planner *pl, const struct interface_wish *w, const struct network_def *def)
{
	const struct plan *plan = pl->plan;
	struct node n;
	if (by_root(pl))
		return true;
	if (by_service(pl, def)) {
		if (pl->request->program == NULL)
			return true;
		facts_node(pl->facts, PLAN_NETD_SOCKET, &n);
		if (n.type != NODE_ABSENT)
			return check_up(pl, w, def);
		struct diag *e = diag_error(pl->diags, plan->network_origin, "network.mode",
			"bailey-netd does not run, which connects programs of users to \"%s\" (%s)", def->name,
			origin_text(pl->arena, def->origin));
		diag_hint(pl->diags, e, "an administrator starts it: systemctl enable --now bailey-netd.socket");
		return false;
	}
	if (pl->request->program == NULL) {
		planner_note(pl, plan->network_origin,
			"Only root can start this profile: it takes an interface on a bridge of the host.");
		return true;
	}
	if (pl->facts->uid == 0)
		return false; /* identity.user has been complained about */
	struct diag *e = diag_error(pl->diags, plan->network_origin, "network.mode", "only root can connect a program to a bridge");
	diag_hint(pl->diags, e,
		"ordinary users have networks of their own: network.bridge = \"user\", or one of ~/.config/bailey/networks.conf; an "
		"administrator can say in " PLAN_NETWORKS_FILE " who may use one of the host's: users = [ \"NAME\" ]");
	return false;
}

static void place_hosts(struct planner *pl, const struct network_def *def)
{
	struct bridge_network *b = &pl->plan->bridge;
	struct resolved r;
	if (def == NULL)
		return;
	b->hosts = arena_printf(pl->arena, "%s/%s/hosts", b->hub != NULL ? b->hub : PLAN_NETWORKS_STATE, def->name);
	b->hosts_path = etc_hosts;
	if (!pl->p->filesystem_root.set && facts_resolve(pl->facts, etc_hosts, &r) == 0)
		b->hosts_path = r.path;
}

/* Who makes it on which bridge. False after a diagnostic. */
static bool say_head(struct spec *s, const struct network_def *def)
{
	struct planner *pl = s->pl;
	const struct value *v = s->wish->bridge;
	const struct records *forwards = &pl->p->network_forward;
	bool masquerade = def != NULL && def->masquerade;
	const char *nft = plan_nft(pl->facts); /* also for what others have left */
	if (s->service && forwards->count > 0) {
		diag_error(pl->diags, forwards->items[0].origin, "network.forward",
			"bailey-netd makes no forwarded ports for programs of users");
		return false;
	}
	if (!s->service && nft == NULL && (masquerade || forwards->count > 0)) {
		struct diag *e = diag_error(pl->diags, masquerade ? def->origin : forwards->items[0].origin,
			masquerade ? "networks.masquerade" : "network.forward", "the program nft is not there");
		diag_hint(pl->diags, e, "install the package nftables");
		return false;
	}
	if (def != NULL && !s->service) {
		say_network(s, def, v->origin, nft);
		return true;
	}
	say(s, v->origin, "network %s", v->s);
	say(s, v->origin, "bridge %s", def != NULL ? def->device : v->s);
	if (s->service)
		say(s, v->origin, "service %s", PLAN_NETD_SOCKET);
	return true;
}

/* In a user's hub. */
static void say_inward(struct spec *s)
{
	const struct bridge_network *b = &s->pl->plan->bridge;
	plan_inward(s->pl);
	if (b->inward == NULL)
		return;
	struct origin o = s->pl->plan->user_network.forwards[0].origin;
	say(s, o, "inward " PLAN_INWARD_DEVICE " " PLAN_INWARD4 " " PLAN_INWARD4_GATEWAY);
	say(s, o, "inward " PLAN_INWARD_DEVICE " " PLAN_INWARD6 " " PLAN_INWARD6_GATEWAY);
}

/* One interface after the other: the network, and what the plan says of it. False after a diagnostic. */
static bool plan_one(struct spec *s, const struct networks *all, const struct network_def *def)
{
	struct planner *pl = s->pl;
	const struct value *v = s->wish->bridge;
	struct bridge_network *b = s->to;
	struct subnet have[2] = { { 0 }, { 0 } };
	bool good = true;
	if (def == NULL && !check_right(pl, s->wish, networks_find(all, v->s)))
		return false;
	if (def == NULL)
		def = find_network(pl, s->wish, all, &good);
	if (!good)
		return false;
	b->origin = v->origin;
	b->described = def != NULL;
	b->name = v->s;
	b->device = def != NULL ? def->device : v->s;
	b->masquerade = def != NULL && def->masquerade;
	if (def != NULL && pl->plan->bridge.dns_count == 0) {
		pl->plan->bridge.dns = def->dns;
		pl->plan->bridge.dns_count = def->dns_count;
	}
	s->service = by_service(pl, def);
	if (!say_head(s, def))
		return false;
	if (b->hub != NULL)
		say(s, v->origin, "state %s", b->hub);
	say_static(s, def, have);
	say_pool(s, def, have);
	say_gateways(s, def, have);
	say_link(s, have);
	if (s->wish->number > 0)
		return true;
	if (b->hub != NULL)
		say_inward(s);
	else
		say_forwards(s, def, have);
	place_hosts(pl, def);
	return true;
}

void plan_bridge(struct planner *pl)
{
	struct bridge_network *b = &pl->plan->bridge;
	struct networks all = { 0 };
	const struct network_def *const *own;
	size_t count = 0;
	const struct interface_wish *wishes = plan_interfaces(pl, &count);
	if (wishes == NULL || plan_hub(pl, wishes, count, &own) < 0 ||
		(own == NULL && plan_networks(&all, pl->facts, pl->diags) < 0))
		return;
	struct bridge_network *more = arena_array(pl->arena, count, sizeof *more);
	struct spec s = { .pl = pl, .text = { .arena = pl->arena } };
	for (size_t i = 0; i < count; i++) {
		s.wish = &wishes[i];
		s.to = i == 0 ? b : &more[i - 1];
		s.to->hub = b->hub;
		if (!plan_one(&s, &all, own != NULL ? own[i] : NULL))
			return;
	}
	plan_bridge_resolv(pl);
	b->more = more;
	b->more_count = count - 1;
	b->spec = buf_text(&s.text);
	b->spec_len = s.text.len;
	b->origins = s.origins;
	b->origin_count = s.count;
}
