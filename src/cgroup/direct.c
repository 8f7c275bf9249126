/* Version 2: one directory with the limits, one below it with the processes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cgroup/driver.h"
#include "cgroup/files.h"

enum { FREEZE_MS = 2000 };

int cgroup_direct_make(struct cgroup *c, int parent, const char *where, struct err *e)
{
	struct cgroup_directory *at = &c->at[0];
	*at = (struct cgroup_directory){ .parent = parent, .group = -1, .inner = true };
	c->count = 1;
	at->group = cgroup_make_directory(parent, c->name, c->plan->keeper);
	(void)flock(at->group, LOCK_SH | LOCK_NB); /* for cgroup_sweep_place() of another pid namespace */
	int inner = at->group >= 0 ? cgroup_make_directory(at->group, CGROUP_INNER, c->plan->keeper) : at->group;
	if (inner < 0)
		return err_set(e, -inner, "cannot make a control group below %s", where);
	if (c->plan->keeper || c->plan->driver != CGROUP_DRIVER_DIRECT)
		(void)close(inner);
	else
		c->leaf = inner;
	return 0;
}

int cgroup_direct_enter(struct cgroup *c, pid_t pid, struct err *e)
{
	char text[16];
	(void)snprintf(text, sizeof text, "%d", (int)pid);
	int r = cgroup_write_file(c->at[0].group, CGROUP_INNER "/cgroup.procs", text);
	return r < 0 ? err_set(e, -r, "cannot move the sandbox into its control group") : 0;
}

int cgroup_direct_limit(struct cgroup *c, const char *where, struct err *e)
{
	const struct cgroup_plan *plan = c->plan;
	int r = plan->enable != NULL ? cgroup_write_file(c->at[0].parent, "cgroup.subtree_control", plan->enable) : 0;
	if (r < 0) {
		(void)err_set(e, -r, "cannot switch controllers on below %s (%s)", where, plan->enable);
		if (r == -EBUSY)
			(void)err_hint(
				e, "there are processes in it; a control group with processes gives no controllers to those below");
		return plan->write_count > 0 ? err_at(e, plan->writes[0].origin) : r;
	}
	for (size_t i = 0; i < plan->write_count && r == 0; i++)
		r = cgroup_write_limit(c->at[0].group, &plan->writes[i], e);
	return r;
}

static int open_direct(struct cgroup *c, struct err *e)
{
	const char *where = c->plan->parent;
	int parent = cgroup_open_directory(where);
	if (parent < 0)
		return err_set(e, -parent, "cannot open the control group %s", where);
	int r = cgroup_direct_make(c, parent, where, e);
	return r == 0 ? cgroup_direct_limit(c, where, e) : r;
}

int cgroup_direct_events(const struct cgroup *c, struct cgroup_events *ret)
{
	ret->oom_kills = cgroup_read_count(c->at[0].group, "memory.events", "oom_kill");
	ret->task_refusals = cgroup_read_count(c->at[0].group, "pids.events", "max");
	/* Before Linux 6.11 it is counted where the process is, not where the cap is. */
	int64_t inner = cgroup_read_count(c->at[0].group, CGROUP_INNER "/pids.events", "max");
	if (inner > ret->task_refusals)
		ret->task_refusals = inner;
	return 0;
}

int cgroup_direct_freeze(const struct cgroup *c, bool frozen)
{
	int r = cgroup_write_file(c->at[0].group, "cgroup.freeze", frozen ? "1" : "0");
	for (int64_t end = clock_ms() + FREEZE_MS;
		r == 0 && cgroup_read_count(c->at[0].group, "cgroup.events", "frozen") != frozen;) {
		if (clock_ms() >= end)
			return -ETIMEDOUT;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return r;
}

int cgroup_direct_kill(const struct cgroup *c)
{
	int r = cgroup_write_file(c->at[0].group, "cgroup.kill", "1");
	if (r == -ENOENT) { /* before Linux 5.14 */
		cgroup_kill_listed(c->at[0].group);
		r = 0;
	}
	return r;
}

const struct cgroup_driver_ops cgroup_direct = {
	.name = "direct",
	.open = open_direct,
	.place = cgroup_direct_enter,
	.events = cgroup_direct_events,
	.freeze = cgroup_direct_freeze,
	.kill = cgroup_direct_kill,
	.close = cgroup_remove,
};
