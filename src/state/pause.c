/*
 * All processes of a sandbox stopped and continued.
 *
 * The freezer of a control group does it in one piece, and no process in there sees it.  Signals do it process by process: those that
 * were stopped so are written down beside the description before each is stopped, and only they are continued.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cgroup/cgroup.h"
#include "state/internal.h"

enum { PAUSE_MS = 5000, LIST_MAX = 4 << 20, QUIET_ROUNDS = 2 };

static const char list_name[] = "paused";

/* Those that are stopped by us, in the order of being stopped, and the file that says so. */
struct stopped {
	struct arena *arena;
	int file; /* -1: none */
	struct state_task *items; /* `pid` and `start` */
	size_t count, cap;
};

static bool listed(const struct stopped *s, const struct state_task *t)
{
	for (size_t i = s->count; i-- > 0;)
		if (s->items[i].pid == t->pid && s->items[i].start == t->start)
			return true;
	return false;
}

static int add(struct stopped *s, const struct state_task *t)
{
	char line[64];
	if (listed(s, t))
		return 0;
	int n = snprintf(line, sizeof line, "%d %" PRIu64 "\n", (int)t->pid, t->start);
	ssize_t written = write(s->file, line, (size_t)n);
	if (written != n)
		return written < 0 ? -errno : -ENOSPC;
	s->items = arena_grow(s->arena, s->items, s->count, &s->cap, sizeof *s->items);
	s->items[s->count++] = *t;
	return 0;
}

/* What an earlier pause has written. A last line that is cut off was not acted upon. */
static int read_list(struct stopped *s)
{
	struct stat st;
	if (fstat(s->file, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > LIST_MAX)
		return -EINVAL;
	char *text = arena_alloc(s->arena, (size_t)st.st_size + 1);
	ssize_t n = pread(s->file, text, (size_t)st.st_size, 0);
	text[n > 0 ? n : 0] = '\0';
	for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		struct state_task t = { 0 };
		t.pid = (pid_t)strtol(at, &at, 10);
		t.start = strtoull(at, NULL, 10);
		s->items = arena_grow(s->arena, s->items, s->count, &s->cap, sizeof *s->items);
		s->items[s->count++] = t;
	}
	return n < 0 ? -errno : 0;
}

static int open_list(const struct state_sandbox *sandbox, int flags, struct stopped *ret, struct arena *a)
{
	*ret = (struct stopped){ .arena = a, .file = -1 };
	int directory = open(sandbox->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	ret->file = openat(directory, list_name, flags | O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	int r = ret->file < 0 ? -errno : read_list(ret);
	(void)close(directory);
	return r;
}

static void remove_list(const struct state_sandbox *sandbox)
{
	int directory = open(sandbox->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return; /* gone with the sandbox */
	(void)unlinkat(directory, list_name, 0);
	(void)close(directory);
}

/* Those stopped last come first: children before the parents that wait for them, the sandbox's first process at the end. */
static void continue_listed(const struct stopped *s)
{
	for (size_t i = s->count; i-- > 0;)
		(void)task_signal(&s->items[i], SIGCONT); /* one that is gone needs none */
}

/*
 * One look at all of them.  1 when somebody was found that does not stand still: he has a SIGSTOP now.  Whoever has one waiting
 * cannot fork any more, so what is in the kernel (state D) will stop where it comes out.
 */
static int stop_round(struct stopped *s, pid_t first)
{
	struct arena a = { 0 };
	struct state_tasks all;
	int r = state_tasks_read(&all, &a);
	bool moving = false;
	for (size_t i = 0; r == 0 && i < all.count; i++) {
		const struct state_task *t = &all.items[i];
		if (strchr("TtZXx", t->state) != NULL || (t->state == 'D' && listed(s, t)) || !state_task_within(&all, t, first))
			continue;
		moving = true;
		r = add(s, t);
		if (r == 0 && (r = task_signal(t, SIGSTOP)) == -ESRCH)
			r = 0;
	}
	arena_free(&a);
	return r < 0 ? r : moving;
}

/* The first process comes first: it would tell the launcher that the program has stopped, as if for job control. */
static int stop_all(struct stopped *s, const struct state_process *first)
{
	const struct state_task task = { .pid = first->pid, .start = first->start };
	int64_t end = clock_ms() + PAUSE_MS;
	int r = add(s, &task);
	if (r == 0)
		r = task_signal(&task, SIGSTOP);
	for (int quiet = 0; r == 0 && quiet < QUIET_ROUNDS;) {
		r = stop_round(s, first->pid);
		quiet = r == 0 ? quiet + 1 : 0;
		if (r == 1)
			r = clock_ms() < end ? 0 : -ETIMEDOUT;
		if (r == 0)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return r;
}

static int pause_by_signals(const struct state_sandbox *sandbox, struct err *e)
{
	struct arena a = { 0 };
	struct stopped s;
	int r = open_list(sandbox, O_CREAT, &s, &a);
	if (r == 0)
		r = stop_all(&s, &sandbox->record.sandbox);
	if (r < 0) {
		continue_listed(&s);
		remove_list(sandbox);
		(void)err_set(e, -r, "cannot stop the processes of %s", sandbox->record.name);
		if (r == -ETIMEDOUT)
			(void)err_hint(e,
				"they start others faster than they can be stopped; a limit gives a sandbox a control group, "
				"which can be frozen: bailey run --tasks N");
	}
	if (s.file >= 0)
		(void)close(s.file);
	arena_free(&a);
	return r;
}

int state_pause(const struct state_sandbox *sandbox, bool signals, struct err *e)
{
	const struct state_record *r = &sandbox->record;
	if (r->sandbox.pid == 0)
		return err_set(e, EAGAIN, "%s is only just starting", r->name);
	int code = r->cgroup_count > 0 ? cgroup_freeze_paths(r->cgroups, r->cgroup_count, true) : -EOPNOTSUPP;
	if (code == -EOPNOTSUPP && signals)
		return pause_by_signals(sandbox, e);
	if (code == 0)
		return 0;
	if (r->cgroup_count > 0 && code != -EOPNOTSUPP) {
		(void)cgroup_freeze_paths(r->cgroups, r->cgroup_count, false);
		return err_set(e, -code, "cannot freeze the control group of %s", r->name);
	}
	(void)err_set(e, 0, "%s has no control group that can be frozen", r->name);
	(void)err_hint(
		e, "a limit gives it one (bailey run --tasks N); --signals stops its processes one by one, which they can see");
	e->code = EOPNOTSUPP;
	return -EOPNOTSUPP;
}

int state_resume(const struct state_sandbox *sandbox, struct err *e)
{
	const struct state_record *r = &sandbox->record;
	struct arena a = { 0 };
	struct stopped s;
	int code = r->cgroup_count > 0 ? cgroup_freeze_paths(r->cgroups, r->cgroup_count, false) : 0;
	if (code == -EOPNOTSUPP)
		code = 0;
	if (code < 0)
		(void)err_set(e, -code, "cannot thaw the control group of %s", r->name);
	int opened = open_list(sandbox, 0, &s, &a);
	if (opened == 0) {
		continue_listed(&s);
		remove_list(sandbox);
	} else if (opened != -ENOENT && code == 0) {
		code = err_set(e, -opened, "cannot read which processes of %s were stopped", r->name);
	}
	if (s.file >= 0)
		(void)close(s.file);
	arena_free(&a);
	return code;
}

enum state_activity state_activity(const struct state_sandbox *sandbox)
{
	const struct state_record *r = &sandbox->record;
	char path[PATH_MAX];
	if (r->sandbox.pid == 0)
		return STATE_STARTING;
	if (cgroup_frozen_paths(r->cgroups, r->cgroup_count))
		return STATE_PAUSED;
	int n = snprintf(path, sizeof path, "%s/%s", sandbox->path, list_name);
	return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0 ? STATE_PAUSED : STATE_RUNNING;
}
