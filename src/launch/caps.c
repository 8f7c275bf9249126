#include "launch/caps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/path.h"
#include "launch/events.h"

static void remember(struct cap *ret, struct arena *a, const struct cgroup_write *w)
{
	if (w == NULL)
		return;
	ret->setting = w->setting; /* a constant of the program's */
	(void)snprintf(ret->what, sizeof ret->what, "%s", w->what);
	(void)snprintf(ret->from, sizeof ret->from, "%s", origin_text(a, w->origin));
}

void caps_remember(struct caps *ret, struct arena *a, const struct plan *plan)
{
	*ret = (struct caps){ 0 };
	remember(&ret->memory, a, plan->cgroup.memory);
	remember(&ret->tasks, a, plan->cgroup.tasks);
	(void)snprintf(ret->program, sizeof ret->program, "%s", plan->program != NULL ? path_base(plan->program) : "the program");
}

/* ", the kernel killed python3 and 2 other processes" */
static void who_was_killed(const struct caps *c, int64_t kills, struct caps_end end, char *ret, size_t size)
{
	if (end.killed && end.started && kills == 1)
		(void)snprintf(ret, size, "%s", c->program);
	else if (end.killed && end.started)
		(void)snprintf(ret, size, "%s and %" PRIi64 " other process%s", c->program, kills - 1, kills == 2 ? "" : "es");
	else if (kills == 1)
		(void)snprintf(ret, size, "one of its processes");
	else
		(void)snprintf(ret, size, "%" PRIi64 " of its processes", kills);
}

void caps_tell(const struct caps *c, const struct cgroup *group, struct caps_end end, int status_fd, bool quiet)
{
	struct cgroup_events seen;
	char who[80];
	if ((c->memory.setting == NULL && c->tasks.setting == NULL) || cgroup_events(group, &seen) < 0)
		return;
	quiet = quiet || !event_room(STDERR_FILENO);
	if (c->memory.setting != NULL && seen.oom_kills > 0) {
		who_was_killed(c, seen.oom_kills, end, who, sizeof who);
		event_cap(status_fd, c->memory.setting, c->memory.what, c->memory.from, seen.oom_kills);
		if (!quiet && !end.started)
			(void)dprintf(STDERR_FILENO, "bailey: %s is too small for %s to start; cap from %s\n", c->memory.what,
				c->program, c->memory.from);
		else if (!quiet)
			(void)dprintf(STDERR_FILENO, "bailey: %s reached, the kernel killed %s; cap from %s\n", c->memory.what, who,
				c->memory.from);
	}
	if (c->tasks.setting != NULL && seen.task_refusals > 0) {
		event_cap(status_fd, c->tasks.setting, c->tasks.what, c->tasks.from, seen.task_refusals);
		if (!quiet)
			(void)dprintf(STDERR_FILENO, "bailey: %s reached, %" PRIi64 " fork%s refused; cap from %s\n", c->tasks.what,
				seen.task_refusals, seen.task_refusals == 1 ? " was" : "s were", c->tasks.from);
	}
}
