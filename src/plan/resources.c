/* The control group of a plan: which settings it holds, by which files, and what becomes of those it cannot hold. */
#include <string.h>

#include "host/cgroups.h"
#include "plan/resources_parts.h"

void resources_write(struct resources *r, enum controller c, const char *file, const char *value, const char *setting,
	const char *what, struct origin o)
{
	struct cgroup_plan *plan = r->plan;
	plan->writes = arena_grow(r->pl->arena, plan->writes, plan->write_count, &r->write_cap, sizeof *plan->writes);
	plan->writes[plan->write_count++] = (struct cgroup_write){
		.controller = resources_controller(c, plan->driver == CGROUP_DRIVER_V1),
		.file = file,
		.value = value,
		.setting = setting,
		.what = what,
		.origin = o,
	};
}

/* Whether the profile or the command line lets this setting hold less. */
static bool consented(const struct planner *pl, const char *setting)
{
	const struct list *l = &pl->p->resources_optional;
	const struct plan_request *request = pl->request;
	if (request->strict)
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].text, strchr(setting, '.') + 1) == 0)
			return true;
	for (size_t i = 0; i < request->may_degrade_count; i++)
		if (strcmp(request->may_degrade[i], setting) == 0 || strcmp(request->may_degrade[i], "all") == 0)
			return true;
	return false;
}

/* What the machine policy says about a setting, or NULL. Nobody but the policy may let it hold less. */
static const struct value *asked_by_policy(const struct profile *p, enum setting_id id)
{
	const struct setting *row = &schema_settings[id];
	if (row->type == TYPE_LIST || row->type == TYPE_RECORDS)
		return NULL;
	return ((const struct value *)(const void *)((const char *)p + row->offset))->bound;
}

bool resources_degrade(
	struct resources *r, enum setting_id id, struct origin o, const char *why, const char *fix, const char *instead)
{
	struct planner *pl = r->pl;
	struct cgroup_plan *plan = r->plan;
	const char *setting = schema_settings[id].path;
	const struct value *policy = asked_by_policy(pl->p, id);
	if (r->running) {
		struct diag *at = diag_error(pl->diags, o, setting, "cannot be changed: %s", why);
		if (fix != NULL)
			diag_hint(pl->diags, at, "%s", fix);
		return false;
	}
	if (policy != NULL) {
		struct diag *at = diag_error(pl->diags, o, setting, "cannot be held here: %s", why);
		diag_hint(pl->diags, at, "%s%s%s asks for it, so nothing may hold less", fix != NULL ? fix : "",
			fix != NULL ? "; " : "", origin_text(pl->arena, policy->origin));
		return false;
	}
	if (!consented(pl, setting)) {
		struct diag *at = diag_error(pl->diags, o, setting, "cannot be held here: %s", why);
		const char *consent = pl->request->strict
			? "--strict lets nothing hold less"
			: arena_printf(pl->arena, "resources.optional = [ \"%s\" ] or --allow-degraded=%s starts it with less",
				  strchr(setting, '.') + 1, setting);
		diag_hint(pl->diags, at, "%s%s%s", fix != NULL ? fix : "", fix != NULL ? "; " : "", consent);
		return false;
	}
	plan->degraded = arena_grow(pl->arena, plan->degraded, plan->degraded_count, &r->degraded_cap, sizeof *plan->degraded);
	plan->degraded[plan->degraded_count++] = (struct degraded){
		.setting = setting,
		.text = arena_printf(pl->arena, "%s is degraded: %s; %s", setting, why, instead),
		.origin = o,
	};
	return true;
}

static unsigned wanted(const struct profile *p)
{
	unsigned need = 0;
	if (p->resources_cpus.set || p->resources_memory_nodes.set)
		need |= 1U << CONTROLLER_CPUSET;
	if (p->resources_cpu_quota.set || p->resources_cpu_weight.set)
		need |= 1U << CONTROLLER_CPU;
	if (p->resources_memory.set || p->resources_memory_high.set || p->resources_swap.set || p->resources_oom.i == OOM_KILL_ALL)
		need |= 1U << CONTROLLER_MEMORY;
	if (p->resources_tasks.set)
		need |= 1U << CONTROLLER_PIDS;
	if (p->resources_io_weight.set || p->resources_io_limits.count > 0)
		need |= 1U << CONTROLLER_IO;
	if (p->resources_hugetlb.count > 0)
		need |= 1U << CONTROLLER_HUGETLB;
	return need;
}

void plan_resources(struct planner *pl)
{
	struct resources r = { .pl = pl, .plan = &pl->plan->cgroup, .need = wanted(pl->p) };
	r.plan->driver_name = "none";
	if (r.need == 0)
		return;
	if ((r.need >> CONTROLLER_MEMORY & 1) != 0)
		r.memory_known = facts_memory(pl->facts, &r.memory, &r.swap) == 0;
	resources_choose(&r);
	resources_values(&r);
	resources_settle(&r);
}
