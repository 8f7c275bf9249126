#include "launch/maps.h"

#include "base/buf.h"
#include "base/sys.h"
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

/* proc_pid_uid_map(5): one write, of all lines. */
static int write_map(const char *file, struct arena *a, pid_t pid, const struct id_map *m, struct err *e)
{
	struct buf text = { .arena = a };
	for (size_t i = 0; i < m->count; i++)
		buf_printf(&text, "%u %u %u\n", (unsigned)m->ranges[i].inside, (unsigned)m->ranges[i].outside,
			(unsigned)m->ranges[i].count);
	int fd = open(arena_printf(a, "/proc/%d/%s", (int)pid, file), O_WRONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? write(fd, buf_text(&text), text.len) : -1;
	int error = n < 0 ? errno : n != (ssize_t)text.len ? EIO : 0;
	if (fd >= 0)
		(void)close(fd);
	return error == 0 ? 0 : err_set(e, error, "cannot write %s of the sandbox", file);
}

/* Started by root: with the rights that prepare_become() left, until prepare_settle(). */
static int write_maps(const struct plan *plan, struct arena *a, pid_t pid, struct err *e)
{
	if (seteuid(0) < 0) {
		(void)err_set(e, errno, "cannot write the id maps");
		return err_at(e, plan->user_origin);
	}
	int r = write_map("uid_map", a, pid, &plan->uid_map, e);
	if (r == 0)
		r = write_map("gid_map", a, pid, &plan->gid_map, e);
	return r == 0 ? 0 : err_at(e, plan->user_origin);
}

int maps_write(const struct plan *plan, struct arena *a, pid_t pid, const sigset_t *mask, struct err *e)
{
	if (plan->newuidmap == NULL)
		return write_maps(plan, a, pid, e);
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
