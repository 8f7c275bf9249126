/* network.mode = "join": the network of another sandbox, or, for root, one of ip-netns(8). */
#include <string.h>

#include "host/resolve.h"
#include "plan/parts.h"

static const char named[] = "/run/netns";

void plan_join(struct planner *pl)
{
	const struct value *v = &pl->p->network_join;
	struct plan *plan = pl->plan;
	struct resolved r;
	if (!v->set || v->s == NULL || v->s[0] == '\0') {
		struct diag *e = diag_error(pl->diags, plan->network_origin, "network.mode", "\"join\": whose?");
		diag_hint(pl->diags, e, "network.join = \"NAME\" says it; bailey list shows the sandboxes that run");
		return;
	}
	bool by_root = plan->become || plan->mode == IDENTITY_HOST;
	if (v->s[0] == '.' || strchr(v->s, '/') != NULL) {
		diag_error(pl->diags, v->origin, "network.join", "\"%s\" is no name of a sandbox", v->s);
		return;
	}
	if (plan->mode == IDENTITY_MAPPED && !by_root) {
		struct diag *e = diag_error(pl->diags, plan->user_origin, "identity.user",
			"\"mapped\" does not go with the network of another sandbox, in whose user namespace there are no such ids");
		diag_hint(pl->diags, e, "identity.user = \"root\"");
	}
	plan->join.name = v->s;
	plan->join.origin = v->origin;
	const char *path = arena_printf(pl->arena, "%s/%s", named, v->s);
	if (by_root && facts_resolve(pl->facts, path, &r) == 0)
		plan->join.path = path;
	plan_bridge_resolv(pl);
	planner_note(pl, v->origin,
		"The network is another one's: what that reaches can be reached, what its programs listen on, on the loopback too, and they reach "
		"what listens in here. Its rules (network.allow, network.deny) hold for both.");
}
