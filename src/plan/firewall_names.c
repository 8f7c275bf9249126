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

/* Sets are bounded, as a name may have ever new addresses. */
static void add_group(struct firewall_making *m, const struct inet_rule *r)
{
	unsigned group = m->f->names.groups++;
	m->groups[group] = *r;
	for (unsigned version = 4; version <= 6; version += 2) {
		buf_printf(&m->sets,
			"	set " NAME_SET_FORMAT
			" {\n		type ipv%u_addr\n		flags timeout\n		size %d\n	}\n",
			group, version, version, NAME_SET_SIZE);
		buf_printf(&m->text, "		%s daddr @" NAME_SET_FORMAT " ", version == 6 ? "ip6" : "ip", group, version);
		add_condition(&m->text, r, version == 6);
		buf_puts(&m->text, "counter accept\n");
	}
}

bool firewall_add_name(struct firewall_making *m, const struct item *item, const struct inet_rule *r)
{
	struct name_rules *n = &m->f->names;
	unsigned group = 0;
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

void firewall_check_time(struct planner *pl, bool names)
{
	const struct value *time = &pl->p->network_name_time;
	if (time->set && !names)
		diag_error(pl->diags, time->origin, "network.name_time",
			"there are no rules for names, whose addresses it could be about");
	else if (time->set && (time->i < 1 || time->i > LEAST_MS_MAX))
		diag_error(pl->diags, time->origin, "network.name_time", "it is not between 1ms and 1d");
}

void firewall_end_names(struct firewall_making *m)
{
	struct planner *pl = m->pl;
	struct name_rules *n = &m->f->names;
	firewall_check_time(pl, n->groups > 0);
	if (n->groups == 0)
		return;
	for (size_t i = 0; i < n->server_count; i++)
		buf_printf(&m->spec, "server %s\n", n->servers[i]);
	const struct value *time = &pl->p->network_name_time;
	n->least_ms = time->set ? (uint64_t)time->i : (uint64_t)LEAST_MS;
	buf_printf(&m->spec, "least %" PRIu64 "\n", n->least_ms);
	if (m->f->log)
		buf_puts(&m->spec, "log\n");
	n->spec = buf_text(&m->spec);
	n->spec_len = m->spec.len;
	if (n->server_count > 0 || n->servers == NULL) /* not looked for: there is another mistake */
		return;
	struct diag *at =
		diag_error(pl->diags, n->origin, "network.allow", "names cannot be looked up: the host has no name servers");
	diag_hint(pl->diags, at, "name one: network.dns = [ \"ADDRESS\" ]");
}
