#include "launch/track.h"
#include "launch/fault.h"
#include "launch/launch.h"

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
#include "base/path.h"
#include "base/sys.h"
#include "plan/print.h"
#include "state/control.h"

void track_init(struct track *t, struct arena *a, const struct plan *plan, const struct facts *facts, const struct cgroup *group,
	const struct launch_options *o)
{
	*t = (struct track){
		.arena = a,
		.plan = plan,
		.facts = facts,
		.group = group,
		.name = o->name,
		.background = o->background,
		.instance = o->instance,
		.started = (int64_t)time(NULL),
		.entry = { .place = -1, .directory = -1 },
		.keeper = -1,
		.control = -1,
	};
	if (o->background != NULL) {
		t->entry = o->background->entry;
		t->control = o->background->control;
	}
}

/* Other commands of the user can reach this launcher from here on. */
static int listen_for_commands(struct track *t, struct err *e)
{
	if (t->control < 0) /* else the manager of the background does it */
		t->control = control_listen(t->entry.directory);
	return t->control >= 0 ? 0 : err_set(e, -t->control, "cannot make the control socket of the sandbox %s", t->entry.name);
}

static const char *digest(struct arena *a, const struct plan *plan)
{
	struct buf text = { .arena = a };
	plan_json(&text, plan);
	return arena_printf(a, "%016llx", (unsigned long long)hash_add(text.len, buf_text(&text), text.len));
}

static int enter(
	struct state_entry *ret, struct arena *a, const struct facts *facts, const char *name, const char *profile, struct err *e)
{
	struct state_search s;
	const char *path;
	state_search(&s, facts, geteuid());
	int place = state_place_make(a, &s, &path, e);
	return place < 0 ? -e->code : state_enter(ret, a, place, name, profile, e);
}

/* ---- the description ---- */

/* What only the launcher can tell, while the keeper writes. */
struct told {
	pid_t sandbox, program; /* 0: not there yet */
	size_t cgroup_count;
	char cgroups[CGROUP_DIRECTORIES][PATH_MAX]; /* the directories with limits */
};

static void tell(const struct track *t, pid_t sandbox, pid_t program, struct told *ret)
{
	ret->sandbox = sandbox;
	ret->program = program;
	ret->cgroup_count = 0;
	for (size_t i = 0; i < t->group->count; i++)
		if (cgroup_path(t->group, i, ret->cgroups[ret->cgroup_count], PATH_MAX) == 0)
			ret->cgroup_count++;
}

static void describe_resources(const struct track *t, struct arena *a, const struct told *told, struct state_record *r)
{
	const struct cgroup_plan *plan = &t->plan->cgroup;
	if (plan->driver == CGROUP_DRIVER_NONE && plan->degraded_count == 0)
		return;
	r->driver = plan->driver != CGROUP_DRIVER_NONE ? plan->driver_name : NULL;
	r->cgroups = arena_array(a, told->cgroup_count, sizeof *r->cgroups);
	for (size_t i = 0; i < told->cgroup_count; i++)
		r->cgroups[r->cgroup_count++] = told->cgroups[i];
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

static int write_down(const struct track *t, pid_t launcher, const struct told *told, struct err *e)
{
	struct arena a = { 0 };
	struct state_record r = {
		.name = t->entry.name,
		.profile = t->plan->profile_name,
		.profile_path = t->plan->profile_path,
		.program = t->plan->program,
		.plan = digest(&a, t->plan),
		.started = t->started,
		.own_network = t->plan->network != NETWORK_HOST,
		.hub = t->plan->bridge.hub != NULL,
	};
	if (t->instance != NULL) {
		r.instance = t->instance->digest;
		r.grants = t->instance->grants;
		r.grant_count = t->instance->grant_count;
	}
	if (t->background != NULL) {
		r.log = t->background->log;
		r.restarts = t->background->restarts;
		launcher = t->background->manager;
	}
	(void)state_process(&r.launcher, launcher);
	/* One that has ended is not described; the launcher learns of it by other ways. */
	(void)state_process(&r.sandbox, told->sandbox);
	(void)state_process(&r.task, told->program);
	describe_resources(t, &a, told, &r);
	int code = state_write(&t->entry, &r, e);
	static const struct state_event started = { .kind = STATE_EVENT_STARTED };
	if (code == 0 && told->program != 0)
		state_event(t->entry.place, t->entry.name, &started, &r);
	arena_free(&a);
	return code;
}

/*
 * ---- the keeper: started by root, the launcher gives root up, and the entry is root's ----
 *
 * Whoever gets hold of the launcher, which has the user's rights by then, must not be able to put words into root's mouth: the
 * keeper writes what it knows itself, and believes of the rest only what is the sandbox's.
 */

/* Only groups of the name that was given before root was given up: bailey list has what is in them killed when we are gone. */
static bool is_ours(const struct track *t, const struct told *told)
{
	if (told->cgroup_count > CGROUP_DIRECTORIES)
		return false;
	for (size_t i = 0; i < told->cgroup_count; i++)
		if (memchr(told->cgroups[i], '\0', PATH_MAX) == NULL || told->cgroups[i][0] != '/' ||
			strcmp(path_base(told->cgroups[i]), t->group->name) != 0)
			return false;
	return true;
}

static int keep_told(struct track *t, pid_t launcher, struct told *told, size_t len)
{
	struct err e = { .code = 0 };
	if (t->plan == NULL || len != sizeof *told || !is_ours(t, told))
		return -EINVAL;
	if ((told->sandbox != 0 && !state_process_below(told->sandbox, launcher)) ||
		(told->program != 0 && !state_process_below(told->program, told->sandbox)))
		told->sandbox = told->program = 0;
	int code = write_down(t, launcher, told, &e);
	if (told->program != 0) { /* there is nothing more to tell */
		t->plan = NULL;
		arena_free(t->arena);
	}
	return code;
}

/* What the launcher says of its own sandbox. The name and the words around it are ours. */
static void keep_event(struct track *t, struct state_event *e)
{
	e->setting[sizeof e->setting - 1] = e->what[sizeof e->what - 1] = '\0';
	if (e->kind <= STATE_EVENT_STARTED || e->kind > STATE_EVENT_STOPPED)
		return;
	state_entry_name(&t->entry);
	state_event(t->entry.place, t->entry.name, e, NULL);
}

static _Noreturn void keep(struct track *t, pid_t launcher, int socket)
{
	struct state_entry *entry = &t->entry;
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
	struct told *told = arena_alloc(&a, sizeof *told);
	for (;;) {
		ssize_t n = recv(socket, told, sizeof *told, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* the launcher and its sandbox are gone */
		if ((size_t)n == sizeof(struct state_event)) {
			struct state_event event;
			memcpy(&event, told, sizeof event);
			keep_event(t, &event);
			continue;
		}
		int r = keep_told(t, launcher, told, (size_t)n);
		(void)send(socket, &r, sizeof r, MSG_NOSIGNAL);
	}
	if (t->background == NULL)
		state_leave(entry);
	_exit(0);
}

static int start_keeper(struct track *t, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "cannot make a socket pair");
	pid_t launcher = getpid(), pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		keep(t, launcher, pair[1]);
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

static int ask_keeper(const struct track *t, const struct told *told)
{
	int code = -EPIPE;
	ssize_t n = send(t->keeper, told, sizeof *told, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return recv(t->keeper, &code, sizeof code, 0) == (ssize_t)sizeof code ? code : -EPIPE;
}

/* The memory for this is of its own and given back: the launch's may be as large as one chunk already. */
static int describe(const struct track *t, pid_t sandbox, pid_t program, struct err *e)
{
	FAULT(DESCRIBE);
	struct arena a = { 0 };
	struct told *told = arena_alloc(&a, sizeof *told);
	tell(t, sandbox, program, told);
	int code = t->keeper >= 0 ? ask_keeper(t, told) : write_down(t, getpid(), told, e);
	arena_free(&a);
	return code < 0 && t->keeper >= 0 ? err_set(e, -code, "cannot write down what runs as %s", t->entry.name) : code;
}

/* The sandboxes there are; what killed launchers have left is removed. What cannot be is told by bailey list. */
static void look_around(struct arena *a, const struct facts *facts, struct state_sandbox **ret, size_t *ret_count)
{
	struct state_search s;
	struct diags d = { .arena = a };
	state_search(&s, facts, geteuid());
	state_list(ret, ret_count, a, &s, &d);
}

int track_take(
	struct state_entry *ret, struct arena *a, const struct facts *facts, const char *name, const char *profile, struct err *e)
{
	struct state_sandbox *others;
	size_t count;
	look_around(a, facts, &others, &count);
	/* The directory itself refuses the name; those in other places do not know of it. */
	for (size_t i = 0; i < count && name != NULL; i++)
		if (strcmp(others[i].record.name, name) == 0)
			return state_name_taken(&others[i].record, e);
	return enter(ret, a, facts, name, profile, e);
}

int track_begin(struct track *t, struct err *e)
{
	/* Root that gives its rights up could not write a control group down later. */
	bool group = t->plan->cgroup.driver != CGROUP_DRIVER_NONE;
	/* Sockets that are served need a place; it is found there by whoever comes next, should we be killed. */
	if (t->background == NULL && t->name == NULL && !(group && t->plan->become) && !desktop_serves(&t->plan->desktop))
		return 0;
	int r = t->background == NULL ? track_take(&t->entry, t->arena, t->facts, t->name, t->plan->profile_name, e) : 0;
	/* The directory is root's, who is nobody special soon. */
	if (r == 0 && t->plan->become)
		r = listen_for_commands(t, e);
	if (r == 0 && t->plan->become)
		r = start_keeper(t, e);
	return r == 0 ? describe(t, 0, 0, e) : r;
}

int track_running(struct track *t, pid_t sandbox, pid_t program, struct err *e)
{
	bool begun = t->entry.directory >= 0;
	int r = begun ? 0 : enter(&t->entry, t->arena, t->facts, t->name, t->plan->profile_name, e);
	/* A service's user has no session and often no home; with a name, root would have kept track before. */
	if (r < 0 && !begun && t->plan->become)
		return 0;
	/* Whoever reads the description can connect. */
	if (r == 0 && t->control < 0)
		r = listen_for_commands(t, e);
	if (r == 0)
		r = describe(t, sandbox, program, e);
	t->known = r == 0;
	if (!begun && t->plan->cgroup.driver != CGROUP_DRIVER_NONE) {
		struct state_sandbox *others;
		size_t count;
		look_around(t->arena, t->facts, &others, &count);
		if (t->plan->cgroup.driver != CGROUP_DRIVER_SYSTEMD) /* its scopes end by themselves */
			cgroup_sweep_around(t->group);
	}
	if (r < 0 && !begun)
		state_leave(&t->entry);
	return r;
}

bool track_is_known(const struct track *t)
{
	return t->known;
}

void track_event(struct track *t, const struct state_event *e)
{
	if (!t->known)
		return;
	if (t->keeper < 0)
		state_entry_name(&t->entry);
	if (t->keeper >= 0)
		(void)send(t->keeper, e, sizeof *e, MSG_NOSIGNAL | MSG_DONTWAIT); /* lost with the keeper */
	else
		state_event(t->entry.place, t->entry.name, e, NULL);
}

void track_end(struct track *t)
{
	if (t->control >= 0)
		(void)close(t->control);
	if (t->keeper < 0) {
		if (t->background == NULL)
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
