/*
 * Version 2 in a scope that a manager of systemd makes and delegates.
 *
 * A process can be moved into the user's part of the tree out of a login session by the manager alone, so the sandbox's first
 * process is made first, and waits.  The keeper is in the scope too: a scope without processes is taken away by systemd at
 * once, and with it the counters that tell which limit was reached.
 *
 *   bailey-PROFILE-PID-RANDOM.scope          made by systemd, ours
 *     keeper                                 the keeper
 *     bailey-PROFILE-PID-RANDOM              the limits
 *       payload                              the sandbox
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/tool.h"
#include "cgroup/driver.h"
#include "cgroup/files.h"

enum { HELPER_SECONDS = 30, UNIT_SIZE = CGROUP_NAME_SIZE + 8 };

static const char keeper_group[] = "keeper";

static int at_first(const struct cgroup *c, struct err *e)
{
	return c->plan->write_count > 0 ? err_at(e, c->plan->writes[0].origin) : -e->code;
}

/* Nothing is asked for yet, but a launch that will fail is to fail before there is a sandbox. */
static int open_scope(struct cgroup *c, struct err *e)
{
	if (c->helper != NULL && access(c->helper, X_OK) == 0)
		return 0;
	(void)err_set(e, errno, "cannot ask systemd for a control group: %s", c->helper);
	(void)err_hint(e, "bailey-scope is part of bailey where that was built with libsystemd (Debian: libsystemd-dev)");
	return at_first(c, e);
}

static int ask_manager(struct cgroup *c, const char *unit, pid_t pid, struct err *e)
{
	const struct cgroup_plan *plan = c->plan;
	char pids[32], name[UNIT_SIZE], description[CGROUP_NAME_SIZE + 16], slice[] = "app.slice", system[] = "system.slice";
	char program[] = "bailey-scope", *argv[5 + sizeof plan->managers / sizeof *plan->managers + 1];
	size_t n = 0;
	sigset_t all;
	(void)sigfillset(&all); /* ^C is for the sandbox */
	(void)snprintf(pids, sizeof pids, "%d,%d", (int)pid, (int)getpid());
	(void)snprintf(name, sizeof name, "%s", unit);
	(void)snprintf(description, sizeof description, "sandbox %s", c->name);
	argv[n++] = program;
	argv[n++] = name;
	argv[n++] = pids;
	argv[n++] = plan->system_manager ? system : slice;
	argv[n++] = description;
	for (size_t i = 0; i < plan->manager_count; i++)
		argv[n++] = (char *)(uintptr_t)plan->managers[i]; /* execve(2) does not write to it */
	argv[n] = NULL;
	return tool_run(c->helper, argv, &all, HELPER_SECONDS, "cannot have a control group made by systemd", e);
}

/* Opens the cgroup that the process is in, which has to bear the name of the unit. A descriptor, or -errno with `e`. */
static int open_group_of(const struct cgroup *c, const char *unit, pid_t pid, char *where, size_t size, struct err *e)
{
	char file[32], text[PATH_MAX];
	(void)snprintf(file, sizeof file, "/proc/%d/cgroup", (int)pid);
	ssize_t n = cgroup_read_file(AT_FDCWD, file, text, sizeof text);
	const char *at = n > 0 ? strstr(text, "0::/") : NULL; /* at the beginning of a line: version 1 is numbered from 1 */
	while (at != NULL && at != text && at[-1] != '\n')
		at = strstr(at + 1, "0::/");
	if (at == NULL)
		return err_set(e, n < 0 ? (int)-n : 0, "cannot tell the control group that systemd made: %s", file);
	int len = snprintf(where, size, "%s%.*s", c->plan->mount, (int)strcspn(at + 3, "\n"), at + 3);
	if (len < 0 || (size_t)len >= size || strcmp(path_base(where), unit) != 0)
		return err_set(e, 0, "systemd made no control group of its own for the sandbox, which is in %s", where);
	int fd = cgroup_open_directory(where);
	return fd < 0 ? err_set(e, -fd, "cannot open the control group %s", where) : fd;
}

/* Out of the scope's own cgroup: one with processes gives no controllers to those below. */
static int move_keeper(int scope, const char *where, struct err *e)
{
	char text[16];
	int group = cgroup_make_directory(scope, keeper_group, false);
	if (group < 0)
		return err_set(e, -group, "cannot make a control group below %s", where);
	(void)snprintf(text, sizeof text, "%d", (int)getpid());
	int r = cgroup_write_file(group, "cgroup.procs", text);
	(void)close(group);
	return r < 0 ? err_set(e, -r, "cannot move a process to %s/%s", where, keeper_group) : 0;
}

/* Runs in the keeper. */
static int place_by_manager(struct cgroup *c, pid_t pid, struct err *e)
{
	char unit[UNIT_SIZE], where[PATH_MAX] = "";
	(void)snprintf(unit, sizeof unit, "%s.scope", c->name);
	if (ask_manager(c, unit, pid, e) < 0)
		return at_first(c, e);
	int scope = open_group_of(c, unit, pid, where, sizeof where, e);
	if (scope < 0)
		return at_first(c, e);
	int r = move_keeper(scope, where, e);
	if (r < 0) {
		(void)close(scope);
		return at_first(c, e);
	}
	r = cgroup_direct_make(c, scope, where, e);
	if (r == 0)
		r = cgroup_direct_enter(c, pid, e);
	if (r < 0)
		return at_first(c, e);
	return cgroup_direct_limit(c, where, e);
}

const struct cgroup_driver_ops cgroup_systemd = {
	.name = "systemd",
	.open = open_scope,
	.place = place_by_manager,
	.events = cgroup_direct_events,
	.freeze = cgroup_direct_freeze,
	.kill = cgroup_direct_kill,
	.close = cgroup_remove,
};
