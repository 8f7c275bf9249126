/* What the parts of plan_firewall() share. */
#ifndef BAILEY_PLAN_FIREWALL_PARTS_H
#define BAILEY_PLAN_FIREWALL_PARTS_H

#include "base/inet_rule.h"
#include "base/name_set.h"
#include "plan/parts.h"

struct firewall_making {
	struct planner *pl;
	struct firewall_plan *f;
	size_t cap;
	struct buf text; /* of the chains */
	struct buf sets; /* before them */
	struct buf spec; /* for bailey-resolver */
	struct buf tls; /* for bailey-tls */
	struct buf passed, redirect; /* with network.tls_name, which connections do not go to it, and which do */
	bool checks; /* network.tls_name, with names */
	struct inet_rule groups[NAME_SET_GROUPS]; /* protocol and ports of each */
	bool names; /* plan_has_names() */
};

/* A rule of network.allow with a name. False after a diagnostic. */
bool firewall_add_name(struct firewall_making *m, const struct item *item, const struct inet_rule *r);

/* network.name_time and network.tls_name, which are about rules for names. */
void firewall_check_names(struct planner *pl, bool names);

/* With network.tls_name: what goes to bailey-tls; before all rules. */
void firewall_begin_names(struct firewall_making *m);

/* With network.tls_name: what a rule of network.allow for addresses lets through is not looked at. `match` is the rule for nft(8). */
void firewall_pass_by(struct firewall_making *m, const char *match);

/* After all rules. */
void firewall_end_names(struct firewall_making *m);

#endif
