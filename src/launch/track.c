#include "launch/track.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/sys.h"
#include "plan/print.h"

enum { TEXT_MAX = 64 * 1024 };

void track_init(struct track *t, struct arena *a, const struct plan *plan, const struct facts *facts, const struct cgroup *group,
	const char *name)
{
	*t = (struct track){
		.arena = a,
		.plan = plan,
		.facts = facts,
		.group = group,
		.name = name,
		.started = (int64_t)time(NULL),
		.entry = { .place = -1, .directory = -1 },
		.keeper = -1,
	};
}

static const char *digest(struct arena *a, const struct plan *plan)
{
	struct buf text = { .arena = a };
	plan_json(&text, plan);
	return arena_printf(a, "%016llx", (unsigned long long)hash_add(text.len, buf_text(&text), text.len));
}

static int enter(struct track *t, struct err *e)
{
	struct state_search s;
	const char *path;
	state_search(&s, t->facts, geteuid());
	int place = state_place_make(t->arena, &s, &path, e);
	return place < 0 ? -e->code : state_enter(&t->entry, t->arena, place, t->name, t->plan->profile_name, e);
}

/* ---- the keeper: started by root, the launcher gives root up, and the entry is root's ---- */

static _Noreturn void keep(struct state_entry *entry, int socket)
{
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL); /* it ends with the launcher, not with the terminal */
	(void)prctl(PR_SET_NAME, "bailey-keeper");
	/* What the caller's pipes and terminal are for is none of its business. */
	int keep[3] = { entry->place, entry->directory, socket };
	unsigned from = 0;
	for (size_t i = 0; i < 3; i++) {
		size_t least = i;
		for (size_t k = i + 1; k < 3; k++)
			if (keep[k] < keep[least])
				least = k;
		int fd = keep[least];
		keep[least] = keep[i];
		if ((unsigned)fd > from)
			(void)sys_close_range(from, (unsigned)fd - 1, 0);
		from = (unsigned)fd + 1;
	}
	(void)sys_close_range(from, ~0U, 0);
	struct arena a = { 0 };
	char *text = arena_alloc(&a, TEXT_MAX);
	for (;;) {
		ssize_t n = recv(socket, text, TEXT_MAX, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* the launcher and its sandbox are gone */
		int r = state_write_text(entry, text, (size_t)n);
		(void)send(socket, &r, sizeof r, MSG_NOSIGNAL);
	}
	state_leave(entry);
	_exit(0);
}

static int start_keeper(struct track *t, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "cannot make a socket pair");
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		keep(&t->entry, pair[1]);
	}
	int code = errno;
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return err_set(e, code, "cannot start the process that keeps track of the sandbox");
	}
	t->keeper = pair[0];
	t->keeper_pid = pid;
	return 0;
}

static int write_down(struct track *t, const struct state_record *r, struct arena *a, struct err *e)
{
	if (t->keeper < 0)
		return state_write(&t->entry, r, e);
	struct buf text = { .arena = a };
	int code = -EPIPE;
	state_record_print(&text, r);
	ssize_t n = send(t->keeper, text.text, text.len, MSG_NOSIGNAL);
	if (n < 0)
		code = -errno;
	else if (recv(t->keeper, &code, sizeof code, 0) != (ssize_t)sizeof code)
		code = -EPIPE;
	return code == 0 ? 0 : err_set(e, -code, "cannot write down what runs as %s", r->name);
}

/* ---- the description ---- */

static void describe_resources(const struct track *t, struct arena *a, struct state_record *r)
{
	const struct cgroup_plan *plan = &t->plan->cgroup;
	if (plan->driver == CGROUP_DRIVER_NONE && plan->degraded_count == 0)
		return;
	r->driver = plan->driver != CGROUP_DRIVER_NONE ? plan->driver_name : NULL;
	r->cgroups = arena_array(a, t->group->count, sizeof *r->cgroups);
	for (size_t i = 0; i < t->group->count; i++) {
		char path[PATH_MAX];
		if (cgroup_path(t->group, i, path, sizeof path) == 0)
			r->cgroups[r->cgroup_count++] = arena_strdup(a, path);
	}
	struct state_limit *limits = arena_array(a, plan->write_count, sizeof *limits);
	size_t n = 0;
	for (size_t i = 0; i < plan->write_count; i++) {
		const struct cgroup_write *w = &plan->writes[i];
		/* One setting can take several files; the last one is what was asked for. */
		bool again = false;
		if (n > 0) {
			const struct state_limit *last = &limits[n - 1];
			again = last->setting == w->setting && last->origin.file == w->origin.file &&
				last->origin.line == w->origin.line;
		}
		n -= again;
		limits[n++] = (struct state_limit){ w->setting, w->what, w->origin };
	}
	r->limits = limits;
	r->limit_count = n;
	r->degraded = arena_array(a, plan->degraded_count, sizeof *r->degraded);
	for (size_t i = 0; i < plan->degraded_count; i++)
		r->degraded[r->degraded_count++] = plan->degraded[i].setting;
}

/* The memory for this is of its own and given back: the launch's may be as large as one chunk already. */
static int describe(struct track *t, pid_t sandbox, pid_t program, struct err *e)
{
	struct arena a = { 0 };
	struct state_record r = {
		.name = t->entry.name,
		.profile = t->plan->profile_name,
		.profile_path = t->plan->profile_path,
		.program = t->plan->program,
		.plan = digest(&a, t->plan),
		.started = t->started,
	};
	(void)state_process(&r.launcher, getpid());
	/* One that has ended is not described; the launcher learns of it by other ways. */
	(void)state_process(&r.sandbox, sandbox);
	(void)state_process(&r.task, program);
	describe_resources(t, &a, &r);
	int code = write_down(t, &r, &a, e);
	arena_free(&a);
	return code;
}

int track_begin(struct track *t, struct err *e)
{
	if (t->name == NULL && t->plan->cgroup.driver == CGROUP_DRIVER_NONE)
		return 0;
	struct state_search s;
	struct state_sandbox *others;
	size_t count;
	struct diags d = { .arena = t->arena }; /* what cannot be removed is told by bailey list */
	state_search(&s, t->facts, geteuid());
	state_list(&others, &count, t->arena, &s, &d);
	/* The directory itself refuses the name; those in other places do not know of it. */
	for (size_t i = 0; i < count && t->name != NULL; i++)
		if (strcmp(others[i].record.name, t->name) == 0)
			return state_name_taken(&others[i].record, e);
	int r = enter(t, e);
	if (r == 0 && t->plan->become)
		r = start_keeper(t, e);
	return r == 0 ? describe(t, 0, 0, e) : r;
}

int track_running(struct track *t, pid_t sandbox, pid_t program, struct err *e)
{
	bool begun = t->entry.directory >= 0;
	int r = begun ? 0 : enter(t, e);
	/* A service's user has no session and often no home; with a name, root would have kept track before. */
	if (r < 0 && !begun && t->plan->become)
		return 0;
	if (r == 0)
		r = describe(t, sandbox, program, e);
	if (r < 0 && !begun)
		state_leave(&t->entry);
	return r;
}

void track_end(struct track *t)
{
	if (t->keeper < 0) {
		state_leave(&t->entry);
		return;
	}
	(void)close(t->keeper);
	while (waitpid(t->keeper_pid, NULL, 0) < 0 && errno == EINTR) {
	}
	(void)close(t->entry.directory);
	(void)close(t->entry.place);
	t->entry.directory = t->entry.place = t->keeper = -1;
}
