/* Version 1: a directory in each hierarchy that has a controller we need, all of one name. */
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

static int make_one(struct cgroup *c, const struct cgroup_hierarchy *h, struct err *e)
{
	struct cgroup_directory *at = &c->at[c->count];
	int parent = cgroup_open_directory(h->directory), inner = 0;
	if (parent < 0)
		return err_set(e, -parent, "cannot open the control group %s", h->directory);
	*at = (struct cgroup_directory){ .parent = parent, .group = -1, .inner = h->inner };
	c->count++;
	at->group = cgroup_make_directory(parent, c->name, c->plan->keeper);
	(void)flock(at->group, LOCK_SH | LOCK_NB); /* for cgroup_sweep_place() of another pid namespace */
	if (at->group >= 0 && h->inner)
		inner = cgroup_make_directory(at->group, CGROUP_INNER, c->plan->keeper);
	if (at->group < 0 || inner < 0)
		return err_set(e, at->group < 0 ? -at->group : -inner, "cannot make a control group below %s", h->directory);
	if (h->inner)
		(void)close(inner);
	return 0;
}

/* A new cpuset is empty, whatever the one above has. */
static int write_one(struct cgroup *c, const struct cgroup_write *w, struct err *e)
{
	const struct cgroup_directory *at = &c->at[w->hierarchy];
	int r = cgroup_write_limit(at->group, w, e);
	if (r < 0 || !at->inner || strcmp(w->controller, "cpuset") != 0)
		return r;
	char file[64];
	struct cgroup_write below = *w;
	(void)snprintf(file, sizeof file, CGROUP_INNER "/%s", w->file);
	below.file = file;
	return cgroup_write_limit(at->group, &below, e);
}

static int open_v1(struct cgroup *c, struct err *e)
{
	const struct cgroup_plan *plan = c->plan;
	int r = 0;
	for (size_t i = 0; i < plan->hierarchy_count && i < CGROUP_DIRECTORIES && r == 0; i++)
		r = make_one(c, &plan->hierarchies[i], e);
	for (size_t i = 0; i < plan->write_count && r == 0; i++)
		r = write_one(c, &plan->writes[i], e);
	return r;
}

static int place(struct cgroup *c, pid_t pid, struct err *e)
{
	char text[16];
	(void)snprintf(text, sizeof text, "%d", (int)pid);
	for (size_t i = 0; i < c->count; i++) {
		int r = cgroup_write_file(c->at[i].group, c->at[i].inner ? CGROUP_INNER "/cgroup.procs" : "cgroup.procs", text);
		if (r < 0)
			return err_set(e, -r, "cannot move the sandbox into its control group below %s",
				c->plan->hierarchies[i].directory);
	}
	return 0;
}

/* Counted in the group of the process, not in those above. */
static int64_t count(const struct cgroup *c, const char *file, const char *key)
{
	char inner[64];
	(void)snprintf(inner, sizeof inner, CGROUP_INNER "/%s", file);
	for (size_t i = 0; i < c->count; i++) {
		int64_t n = cgroup_read_count(c->at[i].group, c->at[i].inner ? inner : file, key);
		if (n >= 0)
			return n;
	}
	return -1;
}

static int events(const struct cgroup *c, struct cgroup_events *ret)
{
	ret->oom_kills = count(c, "memory.oom_control", "oom_kill");
	ret->task_refusals = count(c, "pids.events", "max");
	return 0;
}

/* The state is written again while it is on its way: a process may have forked meanwhile. */
static int set_state(int directory, const char *state)
{
	char now[16];
	for (int64_t end = clock_ms() + FREEZE_MS;;) {
		int r = cgroup_write_file(directory, "freezer.state", state);
		if (r < 0)
			return r;
		if (cgroup_read_file(directory, "freezer.state", now, sizeof now) > 0 && strncmp(now, state, strlen(state)) == 0)
			return 0;
		if (clock_ms() >= end)
			return -ETIMEDOUT;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static int freeze(const struct cgroup *c, bool frozen)
{
	for (size_t i = 0; i < c->count; i++) {
		int r = set_state(c->at[i].group, frozen ? "FROZEN" : "THAWED");
		if (r != -ENOENT)
			return r;
	}
	return -EOPNOTSUPP;
}

/* Nothing forks while it is frozen; nothing dies before it is thawed. */
static int kill_all(const struct cgroup *c)
{
	(void)freeze(c, true); /* without a freezer it takes more rounds */
	for (size_t i = 0; i < c->count; i++)
		cgroup_kill_listed(c->at[i].group);
	(void)freeze(c, false);
	return 0;
}

const struct cgroup_driver_ops cgroup_v1 = {
	.name = "v1",
	.open = open_v1,
	.place = place,
	.events = events,
	.freeze = freeze,
	.kill = kill_all,
	.close = cgroup_remove,
};
