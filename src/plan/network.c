/* network.mode: which network the program sees, and what pasta(1) is told where it connects one. */
#include <inttypes.h>
#include <string.h>

#include "base/inet.h"
#include "host/resolve.h"
#include "plan/networks.h"
#include "plan/parts.h"

/* DNS. Only this port of the host's loopback is let in, and only where the host's name server listens nowhere else. */
static const char domain_port[] = "53";

static const char resolv_conf[] = "/etc/resolv.conf";

/* Words of one line of resolv.conf(5): `*ret_key` is the first, `*ret_rest` what follows. */
static void split_line(struct arena *a, const char *line, size_t len, const char **ret_key, const char **ret_rest)
{
	size_t key = 0, from;
	while (key < len && line[key] != ' ' && line[key] != '\t')
		key++;
	for (from = key; from < len && (line[from] == ' ' || line[from] == '\t'); from++) {
	}
	while (len > from && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
		len--;
	*ret_key = arena_strndup(a, line, key);
	*ret_rest = arena_strndup(a, line + from, len - from);
}

/* What was found in one resolv.conf. */
struct servers {
	struct buf text; /* lines for the sandbox: name servers that it can reach */
	size_t count; /* of those */
	bool stub; /* one listens on 127.0.0.1 */
	bool loopback; /* one listens on another address of the loopback */
};

static struct servers read_servers(struct planner *pl, const char *path)
{
	struct servers s = { .text = { .arena = pl->arena } };
	const char *text = "";
	if (facts_read(pl->facts, path, &text) < 0)
		return s;
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *key, *rest;
		int family;
		split_line(pl->arena, text, len, &key, &rest);
		if (strcmp(key, "nameserver") == 0 && inet_address(rest, &family) == 0) {
			if (strcmp(rest, "127.0.0.1") == 0)
				s.stub = true;
			else if (inet_is_loopback(rest))
				s.loopback = true;
			else if (s.count++ < 3) /* resolv.conf(5): MAXNS */
				buf_printf(&s.text, "nameserver %s\n", rest);
		}
		text += len + (text[len] == '\n');
	}
	return s;
}

/* The lines that say how names are completed. */
static void add_search(struct planner *pl, struct buf *out)
{
	const char *text = "";
	if (facts_read(pl->facts, resolv_conf, &text) < 0)
		return;
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *key, *rest;
		split_line(pl->arena, text, len, &key, &rest);
		if (strcmp(key, "search") == 0 || strcmp(key, "domain") == 0)
			buf_printf(out, "%s %s\n", key, rest);
		text += len + (text[len] == '\n');
	}
}

/* Name servers that the profile gives, or else the administrator's network. */
static struct servers own_servers(struct planner *pl)
{
	const struct list *l = &pl->p->network_dns;
	struct servers s = { .text = { .arena = pl->arena } };
	for (size_t i = 0; i < l->count; i++) {
		if (inet_is_loopback(l->items[i].text) && !plan_has_names(pl)) {
			struct diag *at = diag_error(pl->diags, l->items[i].origin, "network.dns",
				"%s is the loopback of the sandbox itself, where no name server listens", l->items[i].text);
			diag_hint(pl->diags, at, "without network.dns the host's name servers are used");
		}
		buf_printf(&s.text, "nameserver %s\n", l->items[i].text);
		s.count++;
	}
	const struct bridge_network *b = &pl->plan->bridge;
	for (size_t i = 0; i < b->dns_count && l->count == 0; i++, s.count++)
		buf_printf(&s.text, "nameserver %s\n", b->dns[i]);
	return s;
}

/* The addresses in lines of resolv.conf(5), three at most: MAXNS. */
static void keep_servers(struct planner *pl, const char *text, struct name_rules *ret)
{
	enum { SERVERS_MAX = 3 };
	ret->servers = arena_array(pl->arena, SERVERS_MAX, sizeof *ret->servers);
	while (*text != '\0' && ret->server_count < SERVERS_MAX) {
		size_t len = strcspn(text, "\n");
		const char *key, *rest;
		int family;
		split_line(pl->arena, text, len, &key, &rest);
		if (strcmp(key, "nameserver") == 0 && inet_address(rest, &family) == 0)
			ret->servers[ret->server_count++] = rest;
		text += len + (text[len] == '\n');
	}
}

/* With rules for names a resolver asks in the sandbox's stead, from the host's network, and so the host's loopback too. */
static struct servers resolver_servers(struct planner *pl, bool own)
{
	struct servers s = { .text = { .arena = pl->arena } };
	const char *text = "";
	if (own) {
		struct servers given = own_servers(pl);
		text = buf_text(&given.text);
	} else {
		(void)facts_read(pl->facts, resolv_conf, &text);
	}
	keep_servers(pl, text, &pl->plan->firewall.names);
	buf_puts(&s.text, "nameserver 127.0.0.1\n");
	s.count = 1;
	return s;
}

/*
 * Servers that can be reached from a network of its own.  The loopback of the host is not in there; a resolver that listens on
 * it knows others, which resolved(8) and NetworkManager(8) keep in a file beside.
 */
static struct servers find_servers(struct planner *pl)
{
	static const char *const beside[] = { "/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf" };
	bool own = pl->p->network_dns.count + pl->plan->bridge.dns_count > 0;
	if (plan_has_names(pl))
		return resolver_servers(pl, own);
	struct servers s = own ? own_servers(pl) : read_servers(pl, resolv_conf);
	bool stub = s.stub, loopback = s.loopback;
	for (size_t i = 0; i < sizeof beside / sizeof *beside && s.count == 0 && (stub || loopback); i++)
		s = read_servers(pl, beside[i]);
	s.stub = s.count == 0 && stub;
	s.loopback = s.count == 0 && loopback && !stub;
	if (s.stub && pl->plan->network == NETWORK_USER)
		buf_puts(&s.text, "nameserver 127.0.0.1\n");
	return s;
}

static void plan_resolv(struct planner *pl, struct servers *s)
{
	struct user_network *n = &pl->plan->user_network;
	struct resolved r;
	/* pasta(1) can lead to the one on 127.0.0.1; a bridge that leads nowhere does without any. */
	bool user = pl->plan->network == NETWORK_USER;
	if (user ? s->loopback : pl->plan->bridge.masquerade && (s->loopback || s->stub)) {
		struct diag *at = diag_error(pl->diags, pl->plan->network_origin, "network.mode",
			"the host's name server listens on its loopback only, which a network of its own does not reach");
		diag_hint(pl->diags, at, "name another one: network.dns = [ \"ADDRESS\" ]");
		return;
	}
	n->resolv_path = resolv_conf;
	if (!pl->p->filesystem_root.set) {
		if (facts_resolve(pl->facts, resolv_conf, &r) < 0)
			return; /* a machine without name servers has no names */
		n->resolv_path = r.path;
	}
	add_search(pl, &s->text);
	n->resolv = buf_text(&s->text);
}

/* Whether a packet could leave the machine: a default route of IPv4, or of IPv6. proc_pid_net(5) */
static bool has_route(struct planner *pl)
{
	const char *text = "";
	static const char any[] = "00000000000000000000000000000000 00 ";
	if (facts_read(pl->facts, "/proc/net/route", &text) == 0)
		for (const char *at = strchr(text, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
			const char *destination = strchr(at, '\t');
			if (destination != NULL && strncmp(destination, "\t00000000\t", 10) == 0)
				return true;
		}
	if (facts_read(pl->facts, "/proc/net/ipv6_route", &text) < 0)
		return false;
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		/* The kernel's own entry, of the loopback, refuses what has no other route. */
		if (len > 2 && strncmp(at, any, sizeof any - 1) == 0 && strncmp(at + len - 2, "lo", 2) != 0)
			return true;
		at += len + (at[len] == '\n');
	}
	return false;
}

/* Why pasta cannot be used, or NULL; then `*ret_pasta` is its path. */
static const char *pasta_missing(struct planner *pl, const char **ret_pasta, const char **ret_hint)
{
	const char *refused;
	*ret_pasta = plan_tool(pl, "pasta", &refused);
	*ret_hint = "install the package passt";
	if (*ret_pasta == NULL && refused != NULL)
		return plan_tool_refusal(pl, refused, ret_hint);
	if (*ret_pasta == NULL)
		return "the program pasta is not in PATH";
	struct node n;
	facts_node(pl->facts, "/dev/net/tun", &n);
	*ret_hint = "load the kernel's module tun (modprobe tun)";
	if (n.type != NODE_DEVICE)
		return "there is no /dev/net/tun";
	bool usable = (n.mode & 0006) == 0006 || (n.uid == pl->facts->uid && (n.mode & 0600) == 0600);
	*ret_hint = "let users open it, as systems do by default: chmod 0666 /dev/net/tun";
	return usable ? NULL : "this user may not open /dev/net/tun";
}

static void plan_forwards(struct planner *pl, char **argv, size_t *argc)
{
	const struct records *list = &pl->p->network_forward;
	struct user_network *n = &pl->plan->user_network;
	bool tcp = false, udp = false;
	n->forwards = arena_array(pl->arena, list->count, sizeof *n->forwards);
	for (size_t i = 0; i < list->count; i++) {
		const struct record *r = &list->items[i];
		const char *host = MEMBER_OF(r, forward, host)->s;
		struct inet_endpoint e;
		if (inet_endpoint(host, &e) < 0)
			continue; /* conf/ has refused it */
		bool is_udp = MEMBER_OF(r, forward, protocol)->i == PROTOCOL_UDP;
		const struct value *port = MEMBER_OF(r, forward, port);
		struct port_forward *f = &n->forwards[n->forward_count++];
		*f = (struct port_forward){ host, port->set ? (uint16_t)port->i : e.port, is_udp ? PROTOCOL_UDP : PROTOCOL_TCP,
			r->origin };
		argv[(*argc)++] = arena_strdup(pl->arena, is_udp ? "-u" : "-t");
		argv[(*argc)++] = arena_printf(pl->arena, "%s/%u:%u", e.address, (unsigned)e.port, (unsigned)f->port);
		*(is_udp ? &udp : &tcp) = true;
	}
	if (!tcp) {
		argv[(*argc)++] = arena_strdup(pl->arena, "-t");
		argv[(*argc)++] = arena_strdup(pl->arena, "none");
	}
	if (!udp) {
		argv[(*argc)++] = arena_strdup(pl->arena, "-u");
		argv[(*argc)++] = arena_strdup(pl->arena, "none");
	}
}

static void plan_user_network(struct planner *pl)
{
	struct user_network *n = &pl->plan->user_network;
	struct servers s = find_servers(pl);
	plan_resolv(pl, &s);
	if (!has_route(pl)) {
		n->pasta = NULL;
		return;
	}
	/* --no-map-gw: else the gateway's address would lead to the host's loopback. */
	static const char *const fixed[] = { "pasta", "--foreground", "--quiet", "--config-net", "--no-map-gw" };
	enum { FIXED = sizeof fixed / sizeof *fixed };
	static const char *const rated[] = { "-I", PLAN_RATED_DEVICE, "-m", PLAN_RATED_MTU };
	enum { RATED = sizeof rated / sizeof *rated };
	char **argv = arena_array(pl->arena, FIXED + RATED + 2 * pl->p->network_forward.count + 9, sizeof *argv);
	for (; n->argc < FIXED; n->argc++)
		argv[n->argc] = arena_strdup(pl->arena, fixed[n->argc]);
	for (size_t i = 0; i < RATED && plan_has_rates(pl); i++)
		argv[n->argc++] = arena_strdup(pl->arena, rated[i]);
	plan_forwards(pl, argv, &n->argc);
	const char *inward = s.stub ? domain_port : "none";
	argv[n->argc++] = arena_strdup(pl->arena, "-T");
	argv[n->argc++] = arena_strdup(pl->arena, inward);
	argv[n->argc++] = arena_strdup(pl->arena, "-U");
	argv[n->argc++] = arena_strdup(pl->arena, inward);
	n->argv = argv;
}

const char *plan_pasta_of_hub(struct planner *pl, const char **ret_hint)
{
	static const char *const words[] = { "pasta", "--foreground", "--quiet", "--config-net", "--no-map-gw", "-t", "none", "-u",
		"none", "-T", "none", "-U", "none" };
	enum { WORDS = sizeof words / sizeof *words };
	struct user_network *n = &pl->plan->user_network;
	const char *why = pasta_missing(pl, &n->pasta, ret_hint);
	if (why != NULL || !has_route(pl)) {
		n->pasta = NULL;
		return why;
	}
	char **argv = arena_array(pl->arena, WORDS, sizeof *argv);
	for (n->argc = 0; n->argc < WORDS; n->argc++)
		argv[n->argc] = arena_strdup(pl->arena, words[n->argc]);
	n->argv = argv;
	return NULL;
}

void plan_inward(struct planner *pl)
{
	/* Not --config-net: the way out is another one. */
	static const char *const words[] = { "pasta", "--foreground", "--quiet", "--no-map-gw", "-I", PLAN_INWARD_DEVICE, "-a",
		PLAN_INWARD4, "-n", PLAN_INWARD4_MASK, "-g", PLAN_INWARD4_GATEWAY, "-a", PLAN_INWARD6, "-g", PLAN_INWARD6_GATEWAY,
		"-T", "none", "-U", "none" };
	enum { WORDS = sizeof words / sizeof *words };
	struct bridge_network *b = &pl->plan->bridge;
	size_t count = 0, forwards = pl->p->network_forward.count;
	if (forwards == 0 || pl->plan->user_network.pasta == NULL)
		return;
	char **argv = arena_array(pl->arena, WORDS + 2 * forwards + 4, sizeof *argv);
	for (; count < WORDS; count++)
		argv[count] = arena_strdup(pl->arena, words[count]);
	plan_forwards(pl, argv, &count);
	b->inward = argv;
	b->inward_count = count;
}

void plan_bridge_resolv(struct planner *pl)
{
	struct servers s = find_servers(pl);
	plan_resolv(pl, &s);
}

/* Settings that mean nothing without an interface on a bridge. */
static void check_bridge_unused(struct planner *pl)
{
	const struct profile *p = pl->p;
	const char *mode = schema_choice_word((int)p->network_mode.i);
	const struct {
		const char *setting;
		bool set;
		struct origin origin;
	} rows[] = {
		{ "network.address", p->network_address.count > 0,
			p->network_address.count > 0 ? p->network_address.items[0].origin : p->network_mode.origin },
		{ "network.gateway", p->network_gateway.count > 0,
			p->network_gateway.count > 0 ? p->network_gateway.items[0].origin : p->network_mode.origin },
		{ "network.mac", p->network_mac.set, p->network_mac.origin },
		{ "network.mtu", p->network_mtu.set, p->network_mtu.origin },
		{ "network.interfaces", p->network_interfaces.count > 0,
			p->network_interfaces.count > 0 ? p->network_interfaces.items[0].origin : p->network_mode.origin },
		{ "network.rate_in", p->network_rate_in.set && p->network_mode.i != NETWORK_USER, p->network_rate_in.origin },
		{ "network.rate_out", p->network_rate_out.set && p->network_mode.i != NETWORK_USER, p->network_rate_out.origin },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].set)
			diag_error(pl->diags, rows[i].origin, rows[i].setting, "mode \"%s\" has no interface on a bridge", mode);
}

/* Settings that mean nothing without a network of its own. */
static void check_unused(struct planner *pl)
{
	const struct profile *p = pl->p;
	if (p->network_mode.i == NETWORK_BRIDGE)
		return;
	check_bridge_unused(pl);
	if (pl->plan->network == NETWORK_USER || p->network_mode.i == NETWORK_USER)
		return;
	if (p->network_dns.count > 0 && p->network_mode.i != NETWORK_JOIN)
		diag_error(pl->diags, p->network_dns.items[0].origin, "network.dns", "mode \"%s\" has no name servers of its own",
			schema_choice_word((int)p->network_mode.i));
	if (p->network_forward.count > 0)
		diag_error(pl->diags, p->network_forward.items[0].origin, "network.forward", "mode \"%s\" has no ports of its own",
			schema_choice_word((int)p->network_mode.i));
}

void plan_network(struct planner *pl)
{
	const struct profile *p = pl->p;
	struct plan *plan = pl->plan;
	plan->network = (enum choice_value)p->network_mode.i;
	plan->network_origin = p->network_mode.origin;
	check_unused(pl);
	if (plan->network == NETWORK_BRIDGE)
		plan_bridge(pl);
	if (plan->network == NETWORK_JOIN)
		plan_join(pl);
	if (plan->network != NETWORK_USER)
		return;
	const char *hint, *why = pasta_missing(pl, &plan->user_network.pasta, &hint);
	if (why == NULL) {
		plan_user_network(pl);
		return;
	}
	if (p->network_host_fallback.i != 0) {
		plan->network = NETWORK_HOST;
		plan->network_fallback = why;
		return;
	}
	struct diag *at = diag_error(pl->diags, plan->network_origin, "network.mode", "\"user\" needs pasta: %s", why);
	diag_hint(pl->diags, at, "%s; or say network.host_fallback = true, which gives it the host's network instead", hint);
}
