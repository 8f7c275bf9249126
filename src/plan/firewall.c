/* network.allow and network.deny: rules of nftables for the sandbox's own network namespace, as text for nft(8). */
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "plan/firewall_parts.h"

static const char *const setting_allow = "network.allow", *const setting_deny = "network.deny";

/*
 * The loopback is the sandbox's own.  A source route (any user may ask for one) would make the address of a packet another than where
 * it ends.  Neighbour discovery (and what a router of IPv6 and multicast need) comes before what the profile denies: without it no
 * address can be reached at all.  Answers belong to a connection, and so do errors about it; what a helper of conntrack would expect
 * beside one does not.
 */
static const char beginning[] = "		oif lo accept\n"
				"		ip option lsrr exists goto refuse\n"
				"		ip option ssrr exists goto refuse\n"
				"		exthdr rt exists goto refuse\n";
static const char established[] = "		ct state established accept\n";
/*
 * With network.tls_name: one that begins with the ports of a connection of bailey-tls that was broken off is taken for a part of it (the
 * memory of conntrack outlives it by some seconds), so what begins has to pass the rules whatever it is taken for.
 */
static const char begun[] = "		meta l4proto != 6 ct state established accept\n"
			    "		tcp flags & (syn | ack) != syn ct state established accept\n";
static const char about_others[] =
	"		ct state related meta l4proto { 1, 58 } accept\n"
	"		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld-listener-report, mld2-listener-report } accept\n";

/*
 * Protocols are numbers: nft looks their names up in /etc/protocols, which not every machine has.
 * Refused at once, so that a program does not wait for an answer that nobody sends.
 */
static const char refusal[] = "		meta l4proto 6 counter reject with tcp reset\n"
			      "		counter reject with icmpx type admin-prohibited\n"
			      "	}\n";

/* DNS. */
enum { DOMAIN_PORT = 53 };

/* Nothing passes through a sandbox from one interface to another, whatever ip_forward is inherited as. */
static const char forwarding[] = "	chain forward {\n"
				 "		type filter hook forward priority filter; policy drop;\n"
				 "	}\n";

/* "tcp dport 1000-2000 ip daddr 192.0.2.0/24" */
static const char *expression(struct arena *a, const struct inet_rule *r)
{
	struct buf b = { .arena = a };
	const char *protocol = r->protocol == IPPROTO_TCP ? "tcp" : "udp";
	if (r->family != 0)
		buf_printf(&b, "%s daddr %s/%u ", r->family == AF_INET6 ? "ip6" : "ip", r->address, r->prefix);
	if (r->first != 0 && r->first != r->last)
		buf_printf(&b, "%s dport %u-%u ", protocol, (unsigned)r->first, (unsigned)r->last);
	else if (r->first != 0)
		buf_printf(&b, "%s dport %u ", protocol, (unsigned)r->first);
	else if (r->protocol != 0 && r->protocol != IPPROTO_ICMP)
		buf_printf(&b, "meta l4proto %d ", r->protocol);
	return buf_text(&b);
}

static const char *words(struct arena *a, const struct inet_rule *r, bool deny)
{
	struct buf b = { .arena = a };
	const char *all = deny ? "everything" : "TCP and UDP";
	buf_puts(&b,
		r->protocol == IPPROTO_TCP            ? "TCP"
			: r->protocol == IPPROTO_UDP  ? "UDP"
			: r->protocol == IPPROTO_ICMP ? "ping"
						      : all);
	if (r->first != 0 && r->first != r->last)
		buf_printf(&b, " ports %u to %u", (unsigned)r->first, (unsigned)r->last);
	else if (r->first != 0)
		buf_printf(&b, " port %u", (unsigned)r->first);
	bool one = r->prefix == (r->family == AF_INET6 ? 128 : 32);
	if (r->name[0] == '*')
		buf_printf(&b, " at all names below %s", r->name + 2);
	else if (r->name[0] != '\0')
		buf_printf(&b, " at %s", r->name);
	else if (r->family == 0)
		buf_puts(&b, " anywhere");
	else if (one)
		buf_printf(&b, " at %s", r->address);
	else
		buf_printf(&b, " at %s/%u", r->address, r->prefix);
	return buf_text(&b);
}

static void keep(struct firewall_making *m, struct firewall_rule rule)
{
	struct firewall_plan *f = m->f;
	f->rules = arena_grow(m->pl->arena, f->rules, f->rule_count, &m->cap, sizeof *f->rules);
	f->rules[f->rule_count++] = rule;
}

/* A rule for addresses, or everywhere. */
static void add_rule(struct firewall_making *m, const struct inet_rule *r, bool deny)
{
	const char *kind = deny || r->protocol != 0 ? "" : "meta l4proto { 6, 17 } ";
	const char *verdict = deny ? "goto refuse" : "counter accept";
	struct arena *a = m->pl->arena;
	if (m->names && !deny && r->family != 0)
		buf_printf(&m->spec, "reachable %s/%u\n", r->address, r->prefix);
	if (!deny && r->protocol != IPPROTO_ICMP && r->protocol != IPPROTO_UDP)
		firewall_pass_by(m, arena_printf(a, "%s%s", kind, expression(a, r)));
	if (r->protocol != IPPROTO_ICMP) {
		buf_printf(&m->text, "		%s%s%s\n", kind, expression(a, r), verdict);
		return;
	}
	for (int six = 0; six < 2; six++)
		if (r->family == 0 || (r->family == AF_INET6) == (six != 0))
			buf_printf(&m->text, "		%s%s type echo-request %s\n", expression(a, r), six ? "icmpv6" : "icmp",
				verdict);
}

/* What cannot be meant. False after a diagnostic. */
static bool check_rule(
	struct firewall_making *m, const struct item *item, const char *setting, const struct inet_rule *r, bool deny)
{
	struct diags *d = m->pl->diags;
	struct diag *at;
	if (r->family != 0 && inet_is_loopback(r->address)) {
		at = diag_error(
			d, item->origin, setting, "\"%s\": the loopback is the sandbox's own, and always open to it", item->text);
		diag_hint(d, at, "take the rule away");
		return false;
	}
	if (deny && r->name[0] != '\0') {
		at = diag_error(d, item->origin, setting,
			"\"%s\": a name cannot be denied, as its addresses can be those of others", item->text);
		diag_hint(d, at, "what network.allow does not name is refused");
		return false;
	}
	if (m->names && !deny && r->first <= DOMAIN_PORT && r->last >= DOMAIN_PORT) {
		at = diag_error(
			d, item->origin, setting, "\"%s\": beside rules for names no other name server can be asked", item->text);
		diag_hint(d, at, "network.dns says whom bailey's own resolver asks");
		return false;
	}
	return true;
}

static void add(struct firewall_making *m, const struct item *item, const char *setting, bool deny)
{
	struct inet_rule r;
	char why[INET_RULE_WHY];
	struct arena *a = m->pl->arena;
	if (inet_rule(item->text, &r, why) < 0) { /* "none"; conf/ has refused the rest */
		if (m->pl->p->network_allow.count > 1) {
			struct diag *at = diag_error(
				m->pl->diags, item->origin, setting, "\"%s\" beside rules that allow something", item->text);
			diag_hint(m->pl->diags, at, "take inherited rules away with drop = { network = { allow = true; }; }");
		}
		return;
	}
	bool name = r.name[0] != '\0';
	if (!check_rule(m, item, setting, &r, deny) || (name && !firewall_add_name(m, item, &r)))
		return;
	if (!name)
		add_rule(m, &r, deny);
	keep(m,
		(struct firewall_rule){
			.text = item->text, .words = words(a, &r, deny), .deny = deny, .name = name, .origin = item->origin });
}

/*
 * What nobody inside has asked for comes in at the forwarded ports only: a neighbour on a bridge could call at any other.  Dropped, as
 * an answer would have to pass the rules for what goes out.
 */
static void add_incoming(struct firewall_making *m)
{
	const struct user_network *n = &m->pl->plan->user_network;
	buf_puts(&m->text,
		"	chain input {\n		type filter hook input priority filter; policy drop;\n		iif lo accept\n"
		"		ct state established accept\n		ct state related meta l4proto { 1, 58 } accept\n"
		"		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, mld-listener-query } accept\n");
	for (size_t i = 0; i < n->forward_count; i++)
		buf_printf(&m->text, "		%s dport %u counter accept\n",
			n->forwards[i].protocol == PROTOCOL_UDP ? "udp" : "tcp", (unsigned)n->forwards[i].port);
	buf_puts(&m->text, "		counter drop\n	}\n");
}

/* Who allows "tcp:443" means a server by its name. */
static void add_servers(struct firewall_making *m)
{
	struct planner *pl = m->pl;
	static const char key[] = "nameserver ";
	for (const char *line = pl->plan->user_network.resolv; line != NULL && *line != '\0';) {
		size_t len = strcspn(line, "\n");
		struct inet_rule r;
		char why[INET_RULE_WHY];
		const char *address =
			len >= sizeof key ? arena_strndup(pl->arena, line + sizeof key - 1, len - sizeof key + 1) : "";
		bool server = strncmp(line, key, sizeof key - 1) == 0 && inet_rule(address, &r, why) == 0;
		if (server && !inet_is_loopback(address)) {
			keep(m,
				(struct firewall_rule){
					.text = address,
					.words = arena_printf(pl->arena, "the name server %s, TCP and UDP port 53", r.address),
					.server = true,
					.origin = m->f->origin,
				});
			buf_printf(&m->text, "		meta l4proto { 6, 17 } %sth dport 53 counter accept\n",
				expression(pl->arena, &r));
		}
		line += len + (line[len] == '\n');
	}
}

static void plan_rules(struct firewall_making *m)
{
	const struct profile *p = m->pl->p;
	struct firewall_plan *f = m->f;
	const char *log = "";
	if (f->log)
		log = arena_printf(m->pl->arena, "		log group %d snaplen %d\n", FIREWALL_LOG_GROUP, FIREWALL_LOG_BYTES);
	buf_printf(&m->text,
		"	chain refuse {\n%s%s	chain output {\n		type filter hook output priority filter; policy %s;\n%s%s%s",
		log, refusal, f->only ? "drop" : "accept", beginning, m->checks ? begun : established, about_others);
	firewall_begin_names(m);
	for (size_t i = 0; i < p->network_deny.count; i++)
		add(m, &p->network_deny.items[i], setting_deny, true);
	if (m->names) /* a rule for addresses must not open another way to ask */
		buf_printf(&m->text, "		meta l4proto { 6, 17 } th dport %d goto refuse\n", DOMAIN_PORT);
	for (size_t i = 0; i < p->network_allow.count; i++)
		add(m, &p->network_allow.items[i], setting_allow, false);
	bool none = true;
	for (size_t i = 0; i < f->rule_count; i++)
		none = none && f->rules[i].deny;
	if (f->only && !none && !m->names)
		add_servers(m);
	if (f->only)
		buf_puts(&m->text, "		goto refuse\n");
	buf_puts(&m->text, "	}\n");
	if (f->only)
		add_incoming(m);
	firewall_end_names(m);
	f->ruleset = arena_printf(m->pl->arena, "table inet " NAME_SET_TABLE " {\n%s%s%s%s%s}\n", buf_text(&m->sets),
		buf_text(&m->passed), buf_text(&m->redirect), buf_text(&m->text), forwarding);
}

/* Whether Landlock could do the same: TCP ports at any address. */
static const char *tcp_ports(struct planner *pl)
{
	const struct list *l = &pl->p->network_allow;
	struct buf b = { .arena = pl->arena };
	for (size_t i = 0; i < l->count; i++) {
		struct inet_rule r;
		char why[INET_RULE_WHY];
		if (inet_rule(l->items[i].text, &r, why) < 0 || r.protocol != IPPROTO_TCP || r.family != 0 || r.name[0] != '\0' ||
			r.first == 0 || r.first != r.last)
			return NULL;
		buf_printf(&b, "%s%u", i > 0 ? ", " : "", (unsigned)r.first);
	}
	return l->count > 0 && pl->p->network_deny.count == 0 ? buf_text(&b) : NULL;
}

/* False after a diagnostic: the network is none of its own. */
static bool has_network(struct planner *pl, const struct item *first, const char *setting)
{
	const struct plan *plan = pl->plan;
	if (plan->network == NETWORK_USER || plan->network == NETWORK_BRIDGE)
		return true;
	struct diag *at;
	if (plan->network_fallback != NULL) {
		at = diag_error(pl->diags, first->origin, setting,
			"the rules cannot hold on the host's network, and \"user\" cannot be had: %s", plan->network_fallback);
		diag_hint(pl->diags, at, "install the package passt; network.host_fallback does not go with rules");
		return false;
	}
	at = diag_error(pl->diags, first->origin, setting, "mode \"%s\" has no network of its own that rules could be made for",
		schema_choice_word((int)plan->network));
	const char *ports = plan->network == NETWORK_HOST ? tcp_ports(pl) : NULL;
	if (ports != NULL)
		diag_hint(pl->diags, at,
			"say network.mode = \"user\", or network.tcp_connect = [ %s ], which bounds TCP on the host's network",
			ports);
	else
		diag_hint(pl->diags, at, "say network.mode = \"user\"");
	return false;
}

/* Capabilities over the namespace that the rules are in. */
static void check_powers(struct planner *pl, const struct item *first, const char *setting)
{
	static const struct {
		int number;
		const char *name, *why;
	} powers[] = {
		{ CAP_NET_ADMIN, "net_admin", "change the rules" },
		{ CAP_NET_RAW, "net_raw", "send packets past the rules" },
	};
	const struct list *keep = &pl->p->capabilities_keep;
	for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
		if ((pl->plan->keep_caps >> powers[i].number & 1) == 0)
			continue;
		struct origin o = first->origin;
		for (size_t k = 0; k < keep->count; k++) {
			const char *text = keep->items[k].text;
			if (strcasecmp(strncasecmp(text, "cap_", 4) == 0 ? text + 4 : text, powers[i].name) == 0)
				o = keep->items[k].origin;
		}
		struct diag *at = diag_error(pl->diags, o, "capabilities.keep", "with %s the program could %s of %s",
			powers[i].name, powers[i].why, setting);
		diag_hint(pl->diags, at, "take one of the two away; the rules are asked for at %s",
			origin_text(pl->arena, first->origin));
	}
	if (pl->p->devices_tun.i != 0)
		diag_error(pl->diags, pl->p->devices_tun.origin, "devices.tun",
			"interfaces of its own do not go with %s, asked for at %s", setting, origin_text(pl->arena, first->origin));
}

void plan_firewall(struct planner *pl)
{
	const struct profile *p = pl->p;
	if (p->network_allow.count == 0 && p->network_deny.count == 0) {
		firewall_check_names(pl, false);
		if (p->network_log.i != 0) {
			struct diag *at = diag_error(
				pl->diags, p->network_log.origin, "network.log", "there are no rules that could refuse anything");
			diag_hint(pl->diags, at, "network.allow and network.deny make rules");
		}
		return;
	}
	struct firewall_plan *f = &pl->plan->firewall;
	bool only = p->network_allow.count > 0;
	const struct item *first = only ? &p->network_allow.items[0] : &p->network_deny.items[0];
	const char *setting = only ? setting_allow : setting_deny;
	if (!has_network(pl, first, setting))
		return;
	check_powers(pl, first, setting);
	f->only = only;
	f->log = p->network_log.i != 0;
	f->origin = first->origin;
	struct firewall_making m = { .pl = pl,
		.f = f,
		.text = { .arena = pl->arena },
		.sets = { .arena = pl->arena },
		.spec = { .arena = pl->arena },
		.tls = { .arena = pl->arena },
		.passed = { .arena = pl->arena },
		.redirect = { .arena = pl->arena },
		.names = plan_has_names(pl) };
	m.checks = m.names && p->network_tls_name.i != 0;
	plan_rules(&m);
	const char *refused, *hint;
	f->nft = plan_tool_of_admin(pl, "nft", &refused);
	if (f->nft == NULL && refused != NULL) {
		const char *why = plan_tool_refusal(pl, refused, &hint);
		struct diag *bad = diag_error(pl->diags, first->origin, setting, "it needs the program nft: %s", why);
		diag_hint(pl->diags, bad, "%s", hint);
	} else if (f->nft == NULL) {
		struct diag *at =
			diag_error(pl->diags, first->origin, setting, "the program nft, which makes the rules, is not there");
		diag_hint(pl->diags, at, "install the package nftables");
	}
}
