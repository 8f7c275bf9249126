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
	struct inet_rule groups[NAME_SET_GROUPS]; /* protocol and ports of each */
	bool names; /* plan_has_names() */
};

/* A rule of network.allow with a name. False after a diagnostic. */
bool firewall_add_name(struct firewall_making *m, const struct item *item, const struct inet_rule *r);

/* network.name_time. */
void firewall_check_time(struct planner *pl, bool names);

/* After all rules. */
void firewall_end_names(struct firewall_making *m);

#endif
