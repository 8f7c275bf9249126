#include "launch/maps.h"

#include "base/tool.h"

enum { TOOL_SECONDS = 10 };

/* newuidmap PID INSIDE OUTSIDE COUNT [INSIDE OUTSIDE COUNT]... */
static char **arguments(struct arena *a, const char *name, pid_t pid, const struct id_map *m)
{
	char **argv = arena_array(a, 3 + 3 * m->count, sizeof *argv), **at = argv;
	*at++ = arena_strdup(a, name);
	*at++ = arena_printf(a, "%d", (int)pid);
	for (size_t i = 0; i < m->count; i++) {
		*at++ = arena_printf(a, "%u", (unsigned)m->ranges[i].inside);
		*at++ = arena_printf(a, "%u", (unsigned)m->ranges[i].outside);
		*at++ = arena_printf(a, "%u", (unsigned)m->ranges[i].count);
	}
	return argv;
}

int maps_write(const struct plan *plan, struct arena *a, pid_t pid, const sigset_t *mask, struct err *e)
{
	const char *what = "cannot map the user's ids";
	int r = tool_run(plan->newuidmap, arguments(a, "newuidmap", pid, &plan->uid_map), mask, TOOL_SECONDS, what, e);
	if (r == 0)
		r = tool_run(plan->newgidmap, arguments(a, "newgidmap", pid, &plan->gid_map), mask, TOOL_SECONDS, what, e);
	if (r == 0)
		return 0;
	(void)err_hint(e,
		"newuidmap and newgidmap have to be installed as their package has them (setuid root, or with file "
		"capabilities), and the ranges of /etc/subuid and /etc/subgid must not overlap");
	return err_at(e, plan->user_origin);
}
