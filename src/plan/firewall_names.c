/* Rules of network.allow for names: the sets that stand for them in the rules, and what bailey-resolver is told. */
#include <inttypes.h>
#include <netinet/in.h>

#include "base/name_set.h"
#include "plan/firewall_parts.h"

/* Programs keep what they have looked up for a minute or so, whatever they are told. */
enum { LEAST_MS = 2 * 60 * 1000, LEAST_MS_MAX = 24 * 60 * 60 * 1000 };

bool plan_has_names(const struct planner *pl)
{
	const struct list *l = &pl->p->network_allow;
	struct inet_rule r;
	char why[INET_RULE_WHY];
	for (size_t i = 0; i < l->count; i++)
		if (inet_rule(l->items[i].text, &r, why) == 0 && r.name[0] != '\0')
			return true;
	return false;
}

/* "tcp dport 443 " of one family. */
static void add_condition(struct buf *out, const struct inet_rule *r, bool six)
{
	const char *word = r->protocol == IPPROTO_TCP ? "tcp" : "udp";
	if (r->protocol == IPPROTO_ICMP)
		buf_printf(out, "%s type echo-request ", six ? "icmpv6" : "icmp");
	else if (r->first == 0)
		buf_printf(out, "meta l4proto %d ", r->protocol);
	else if (r->first == r->last)
		buf_printf(out, "%s dport %u ", word, (unsigned)r->first);
	else
		buf_printf(out, "%s dport %u-%u ", word, (unsigned)r->first, (unsigned)r->last);
}

/* A connection is only let out when it is bailey-tls' own: any other begins with a visit there. */
static void add_checked(struct firewall_making *m, const struct inet_rule *r, unsigned group, unsigned version)
{
	struct buf match = { .arena = m->pl->arena };
	buf_printf(&match, "%s daddr @" NAME_SET_FORMAT " ", version == 6 ? "ip6" : "ip", group, version);
	add_condition(&match, r, version == 6);
	buf_printf(&m->redirect, "		%sredirect to :%d\n", buf_text(&match), NAME_SET_PORT);
	buf_printf(&m->text, "		meta mark 0x%x %scounter accept\n", (unsigned)NAME_SET_MARK, buf_text(&match));
}

/* Sets are bounded, as a name may have ever new addresses. */
static void add_group(struct firewall_making *m, const struct inet_rule *r)
{
	unsigned group = m->f->names.groups++;
	m->groups[group] = *r;
	if (m->checks)
		buf_printf(&m->tls, "ports %u %u %u\n", group, r->first != 0 ? (unsigned)r->first : 1,
			r->first != 0 ? (unsigned)r->last : UINT16_MAX);
	for (unsigned version = 4; version <= 6; version += 2) {
		buf_printf(&m->sets,
			"	set " NAME_SET_FORMAT
			" {\n		type ipv%u_addr\n		flags timeout\n		size %d\n	}\n",
			group, version, version, NAME_SET_SIZE);
		if (m->checks) {
			add_checked(m, r, group, version);
			continue;
		}
		buf_printf(&m->text, "		%s daddr @" NAME_SET_FORMAT " ", version == 6 ? "ip6" : "ip", group, version);
		add_condition(&m->text, r, version == 6);
		buf_puts(&m->text, "counter accept\n");
	}
}

bool firewall_add_name(struct firewall_making *m, const struct item *item, const struct inet_rule *r)
{
	struct name_rules *n = &m->f->names;
	unsigned group = 0;
	if (m->checks && r->protocol != IPPROTO_TCP) {
		struct diag *at = diag_error(m->pl->diags, item->origin, "network.allow",
			"\"%s\": network.tls_name lets nothing but TCP through for a name", item->text);
		diag_hint(m->pl->diags, at, "take the rule away, or give it an address; network.tls_name is asked for at %s",
			origin_text(m->pl->arena, m->pl->p->network_tls_name.origin));
		return false;
	}
	while (group < n->groups &&
		(m->groups[group].protocol != r->protocol || m->groups[group].first != r->first ||
			m->groups[group].last != r->last))
		group++;
	if (group == NAME_SET_GROUPS) {
		diag_error(m->pl->diags, item->origin, "network.allow",
			"\"%s\": names can have %d different combinations of protocol and ports", item->text, NAME_SET_GROUPS);
		return false;
	}
	if (n->groups == 0)
		n->origin = item->origin;
	if (group == n->groups)
		add_group(m, r);
	buf_printf(&m->spec, "name %u %s\n", group, r->name);
	return true;
}

void firewall_check_names(struct planner *pl, bool names)
{
	const struct value *tls = &pl->p->network_tls_name;
	if (tls->i != 0 && !names) {
		struct diag *at = diag_error(
			pl->diags, tls->origin, "network.tls_name", "there are no rules for names, which it could check");
		diag_hint(pl->diags, at, "write one: network.allow = [ \"tcp:443@*.example.org\" ]");
	}
	const struct value *time = &pl->p->network_name_time;
	if (time->set && !names)
		diag_error(pl->diags, time->origin, "network.name_time",
			"there are no rules for names, whose addresses it could be about");
	else if (time->set && (time->i < 1 || time->i > LEAST_MS_MAX))
		diag_error(pl->diags, time->origin, "network.name_time", "it is not between 1ms and 1d");
}

/*
 * A connection to such an address goes to bailey-tls instead; its packets have the loopback's address then, though they pass the rules
 * by the interface of the other one.
 */
void firewall_begin_names(struct firewall_making *m)
{
	if (!m->checks)
		return;
	buf_printf(&m->passed,
		"	chain greeting {\n		type nat hook output priority -100; policy accept;\n		meta mark 0x%x accept\n",
		(unsigned)NAME_SET_MARK);
	buf_printf(&m->text, "		ip daddr 127.0.0.1 tcp dport %d ct status dnat accept\n", NAME_SET_PORT);
	buf_printf(&m->text, "		ip6 daddr ::1 tcp dport %d ct status dnat accept\n", NAME_SET_PORT);
}

void firewall_pass_by(struct firewall_making *m, const char *match)
{
	if (m->checks)
		buf_printf(&m->passed, "		%saccept\n", match);
}

void firewall_end_names(struct firewall_making *m)
{
	struct planner *pl = m->pl;
	struct name_rules *n = &m->f->names;
	firewall_check_names(pl, m->names);
	if (n->groups == 0)
		return;
	for (size_t i = 0; i < n->server_count; i++)
		buf_printf(&m->spec, "server %s\n", n->servers[i]);
	const struct value *time = &pl->p->network_name_time;
	n->least_ms = time->set ? (uint64_t)time->i : (uint64_t)LEAST_MS;
	buf_printf(&m->spec, "least %" PRIu64 "\n", n->least_ms);
	if (m->f->log) {
		buf_puts(&m->spec, "log\n");
		buf_puts(&m->tls, "log\n");
	}
	if (m->checks) {
		buf_puts(&m->spec, "tls\n");
		buf_puts(&m->redirect, "	}\n");
		n->tls = buf_text(&m->tls);
		n->tls_len = m->tls.len;
	}
	n->spec = buf_text(&m->spec);
	n->spec_len = m->spec.len;
	if (n->server_count > 0 || n->servers == NULL) /* not looked for: there is another mistake */
		return;
	struct diag *at =
		diag_error(pl->diags, n->origin, "network.allow", "names cannot be looked up: the host has no name servers");
	diag_hint(pl->diags, at, "name one: network.dns = [ \"ADDRESS\" ]");
}
