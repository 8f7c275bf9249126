/* Limits for a sandbox that runs: what to write for some settings of the group resources, by the rules of a launch. */
#ifndef BAILEY_PLAN_LIMITS_H
#define BAILEY_PLAN_LIMITS_H

#include "plan/plan.h"

/*
 * `p` has the settings to change (others may be set too, and give writes too); `driver` and `paths` are those of the sandbox's control
 * group.  A controller that is not in it is a mistake, as are values that a launch would refuse.  Returns 0 with writes and
 * write_count of `*ret`, or -EINVAL with diagnostics.
 */
int plan_limits(struct cgroup_plan *ret, struct arena *a, const struct profile *p, struct facts *f, const char *driver,
	const char *const *paths, size_t path_count, struct diags *d);

#endif
