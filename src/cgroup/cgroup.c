#include "cgroup/cgroup.h"

#include <errno.h>

int cgroup_open(struct cgroup *ret, const struct cgroup_plan *plan, const char *profile, const char *helper, struct err *e)
{
	(void)profile;
	(void)helper;
	*ret = (struct cgroup){ .leaf = -1, .keeper = -1 };
	if (plan->driver == CGROUP_DRIVER_NONE)
		return 0;
	return err_set(e, ENOSYS, "cannot make a control group with the driver %s", plan->driver_name);
}

bool cgroup_waits(const struct cgroup *c)
{
	return c->ops != NULL && c->leaf < 0;
}

int cgroup_place(struct cgroup *c, pid_t pid, struct err *e)
{
	return c->ops != NULL ? c->ops->place(c, pid, e) : 0;
}

int cgroup_events(const struct cgroup *c, struct cgroup_events *ret)
{
	*ret = (struct cgroup_events){ -1, -1 };
	return c->ops != NULL ? c->ops->events(c, ret) : 0;
}

int cgroup_freeze(const struct cgroup *c, bool frozen)
{
	return c->ops != NULL ? c->ops->freeze(c, frozen) : -EOPNOTSUPP;
}

void cgroup_close(struct cgroup *c)
{
	if (c->ops != NULL)
		c->ops->close(c);
	*c = (struct cgroup){ .leaf = -1, .keeper = -1 };
}

int cgroup_path(const struct cgroup *c, size_t i, char *ret, size_t size)
{
	(void)c;
	(void)i;
	(void)ret;
	(void)size;
	return -ENOENT;
}

int cgroup_sweep(const char *path)
{
	(void)path;
	return -ENOSYS;
}
