#include "plan/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "host/cgroups.h"
#include "plan/resources_parts.h"

/* A file that is there where the controller is, on version 2 and 1. */
static const char *const telltale[CONTROLLER_COUNT][2] = {
	[CONTROLLER_CPUSET] = { "cpuset.cpus", "cpuset.cpus" },
	[CONTROLLER_CPU] = { "cpu.weight", "cpu.shares" },
	[CONTROLLER_MEMORY] = { "memory.max", "memory.limit_in_bytes" },
	[CONTROLLER_PIDS] = { "pids.max", "pids.max" },
	[CONTROLLER_IO] = { "io.max", "blkio.throttle.read_bps_device" },
	[CONTROLLER_HUGETLB] = { "hugetlb.2MB.max", "hugetlb.2MB.limit_in_bytes" },
};

static void find_controllers(struct resources *r, const char *const *paths, size_t path_count)
{
	struct arena *a = r->pl->arena;
	bool v1 = r->plan->driver == CGROUP_DRIVER_V1;
	for (size_t c = 0; c < CONTROLLER_COUNT; c++) {
		for (size_t i = 0; i < path_count; i++) {
			struct node n;
			facts_node(r->pl->facts, path_join(a, paths[i], telltale[c][v1]), &n);
			if (n.type != NODE_FILE)
				continue;
			r->held |= 1U << c;
			r->directory[c] = paths[i];
		}
		r->missing[c] = arena_printf(
			a, "the sandbox was started without the controller %s", resources_controller((enum controller)c, v1));
		r->fix[c] = "only one that has a limit of this kind from its start can be given another";
	}
}

static uint64_t number_in(struct resources *r, const char *file)
{
	const char *text;
	if (facts_read(r->pl->facts, path_join(r->pl->arena, r->directory[CONTROLLER_MEMORY], file), &text) < 0)
		return 0;
	return strtoull(text, NULL, 10);
}

/* Version 1 bounds memory and swap together: with another bound for memory, that for swap stays what it is. */
static void keep_swap(struct resources *r, struct profile *p)
{
	if (r->plan->driver != CGROUP_DRIVER_V1 || r->directory[CONTROLLER_MEMORY] == NULL || !p->resources_memory.set ||
		p->resources_swap.set)
		return;
	uint64_t both = number_in(r, "memory.memsw.limit_in_bytes"), memory = number_in(r, "memory.limit_in_bytes");
	bool tiny = p->resources_memory.i >= 0 && p->resources_memory.i < 1024 * 1024; /* a mistake that is told by itself */
	if (both < memory || both >= INT64_MAX / 2 || tiny)
		return;
	p->resources_swap =
		(struct value){ .set = true, .origin = p->resources_memory.origin, .i = (int64_t)(both - memory), .s = "" };
}

int plan_limits(struct cgroup_plan *ret, struct arena *a, const struct profile *p, struct facts *f, const char *driver,
	const char *const *paths, size_t path_count, struct diags *d)
{
	static const struct plan_request request = { .program = NULL };
	struct plan *plan = arena_alloc(a, sizeof *plan);
	struct profile wanted = *p;
	struct planner pl = { .plan = plan, .arena = a, .p = &wanted, .request = &request, .facts = f, .diags = d };
	struct resources r = { .pl = &pl, .plan = &plan->cgroup, .running = true };
	size_t before = d->errors;
	plan->cgroup.driver = strcmp(driver, "v1") == 0 ? CGROUP_DRIVER_V1 : CGROUP_DRIVER_DIRECT;
	r.memory_known = facts_memory(f, &r.memory, &r.swap) == 0;
	find_controllers(&r, paths, path_count);
	keep_swap(&r, &wanted);
	resources_values(&r);
	*ret = plan->cgroup;
	return d->errors > before ? -EINVAL : 0;
}
