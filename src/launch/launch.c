#include "launch/launch.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "base/diag.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "launch/bridge.h"
#include "launch/child.h"
#include "launch/desktop.h"
#include "launch/events.h"
#include "launch/fault.h"
#include "launch/firewall.h"
#include "launch/join.h"
#include "launch/maps.h"
#include "launch/network.h"
#include "launch/notify.h"
#include "launch/prepare.h"
#include "launch/supervise.h"
#include "launch/undo.h"

enum { STATUS_SETUP = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

static const char *const step_names[STEP_COUNT] = {
#define STEP(id, name, failure) [STEP_##id] = name,
#include "launch/steps.def"
};

/* What holds less than the profile says, by its consent. */
static void say_degraded(const struct launch_options *o, const struct cgroup_plan *plan, struct arena *a)
{
	for (size_t i = 0; o->verbose && i < plan->degraded_count; i++)
		(void)dprintf(STDERR_FILENO, "bailey: %s: %s\n", origin_text(a, plan->degraded[i].origin), plan->degraded[i].text);
}

static void say(const struct launch_options *o, enum step step, const char *what, size_t count)
{
	if (o->verbose)
		(void)dprintf(STDERR_FILENO, "bailey: %s: %s (%zu)\n", step_names[step], what, count);
}

/* Blocks what will be passed on, so that no signal is lost between here and the end. */
static int watch_signals(struct child_args *child, struct supervise *s, struct undo *undo, struct err *e)
{
	sigset_t set;
	supervise_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, &child->mask) < 0)
		return err_set(e, errno, "cannot block signals");
	/* A caller that ignores SIGCHLD would make the kernel reap our child unseen: sigaction(2). */
	struct sigaction plain = { .sa_handler = SIG_DFL };
	if (sigaction(SIGCHLD, &plain, &child->sigchld) < 0)
		return err_set(e, errno, "cannot watch child processes");
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return err_set(e, errno, "cannot receive signals");
	undo_push(undo, undo_close, s->signals);
	return 0;
}

static int make_socket(struct child_args *child, struct supervise *s, struct undo *undo, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "cannot make a socket pair");
	s->socket = pair[0];
	child->launcher_socket = pair[0];
	child->socket = pair[1];
	undo_push(undo, undo_close, pair[0]);
	return 0;
}

static int clone_sandbox(const struct child_args *child, const struct cgroup *group, const struct below *below, struct supervise *s,
	struct undo *undo, struct err *e)
{
	const struct plan *plan = child->plan;
	int pidfd = -1;
	struct clone_args clone = {
		.flags = plan->clone_flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	if (child->own_cgroups)
		clone.flags &= ~(__u64)CLONE_NEWCGROUP;
	if (group->leaf >= 0) {
		clone.flags |= CLONE_INTO_CGROUP;
		clone.cgroup = (unsigned)group->leaf;
	}
	if (below->user >= 0)
		clone.flags &= ~(__u64)CLONE_PIDFD;
	pid_t pid = below->user >= 0 ? below_clone(below, &clone, &pidfd) : sys_clone3(&clone);
	if (pid == 0)
		child_main(child);
	(void)close(child->socket); /* its end belongs to the sandbox; ours then sees when that is gone */
	if (pid < 0) {
		e->code = 0;
		return pid;
	}
	s->sandbox = pid;
	s->pidfd = pidfd;
	undo_push(undo, undo_kill, pidfd);
	return 0;
}

static int failure_status(enum step step, int error)
{
	if (step != STEP_EXEC)
		return STATUS_SETUP;
	return error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static void close_cgroup(void *group)
{
	cgroup_close(group);
}

/* Root's rights are needed for it, so it comes before they are given up. */
static int make_cgroup(
	struct cgroup *group, struct child_args *child, struct undo *undo, const struct launch_options *o, struct err *e)
{
	const struct plan *plan = child->plan;
	say_degraded(o, &plan->cgroup, child->arena);
	child->waits = plan->uid_map.count > 0;
	if (plan->cgroup.driver == CGROUP_DRIVER_NONE)
		return 0;
	int r = cgroup_open(group, child->arena, &plan->cgroup, plan->profile_name, o->scope_helper, e);
	if (r < 0)
		return r;
	undo_push_object(undo, close_cgroup, group);
	child->own_cgroups = (plan->clone_flags & CLONE_NEWCGROUP) != 0;
	child->waits = child->waits || cgroup_waits(group);
	say(o, STEP_CGROUP, plan->cgroup.driver_name, plan->cgroup.write_count);
	return 0;
}

/* What the waiting sandbox waits for. One that is gone is seen later. */
static int let_go(
	struct cgroup *group, struct child_args *child, struct supervise *s, const struct launch_options *o, struct err *e)
{
	const struct plan *plan = child->plan;
	int r = 0;
	if (plan->uid_map.count > 0) {
		say(o, STEP_IDS, "ranges of user and group ids", plan->uid_map.count + plan->gid_map.count);
		r = maps_write(plan, child->arena, s->sandbox, &child->mask, e);
	}
	FAULT(PLACE);
	if (r == 0 && cgroup_waits(group)) {
		say(o, STEP_PLACE, "control groups", group->count);
		r = cgroup_place(group, s->sandbox, e);
	}
	if (r == 0)
		r = prepare_settle(plan, e);
	if (r == 0 && child->waits)
		(void)message_send(s->socket, MESSAGE_GO, STEP_PLACE, 0, 0);
	return r;
}

/* The kernel forgets it when a process changes its user: prctl(2), PR_SET_PDEATHSIG. */
static int stay_tied(const struct launch_background *b, struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != b->manager)
		return err_set(e, ECHILD, "the process that manages the sandbox in the background has ended");
	return 0;
}

/* Up to the clone: everything that allocates or may fail in a way that needs words. */
static int prepare(struct child_args *child, struct cgroup *group, struct track *track, struct bridge *bridge, struct hub *hub,
	struct below *below, struct supervise *s, struct undo *undo, const struct launch_options *o, struct err *e)
{
	const struct plan *plan = child->plan;
	FAULT(CGROUP);
	int r = make_cgroup(group, child, undo, o, e);
	FAULT(TRACK);
	if (r == 0)
		r = track_begin(track, e);
	if (r == 0 && plan->join.name != NULL) {
		r = join_open(below, child->arena, plan, track->facts, e);
		undo_push_object(undo, join_close, below);
	}
	if (r == 0 && plan->bridge.hub != NULL) {
		r = hub_join(hub, child->arena, plan, e);
		undo_push_object(undo, hub_leave, hub);
		below->user = hub->holder;
		s->network = hub->connection;
		s->network_of = "what connects the user's networks";
		s->network_is = "way outside";
	}
	FAULT(BECOME);
	if (r == 0 && plan->bridge.spec != NULL) {
		r = bridge_start(bridge, plan->bridge.hub != NULL ? hub : NULL, plan, o->net_helper, e);
		undo_push_object(undo, bridge_end, bridge);
	}
	if (r == 0)
		r = prepare_become(plan, e);
	FAULT(CREATE);
	if (r == 0)
		r = prepare_creates(plan, e);
	FAULT(FILTER);
	if (r == 0)
		r = prepare_locks(plan, undo, e);
	say(o, STEP_CREATE, "directories of the profile on the host", plan->create_count);
	if (r == 0) {
		r = filter_get(&child->filter, child->arena, plan->filter_spec, plan->filter_spec_len, &o->filter, e);
		if (r < 0)
			(void)err_at(e, plan->filter_origin);
	}
	say(o, STEP_FILTER, "instructions of the system call filter", child->filter.len);
	if (r == 0)
		r = prepare_texts(child, plan, below, e);
	if (r == 0)
		r = watch_signals(child, s, undo, e);
	if (r == 0)
		r = make_socket(child, s, undo, e);
	FAULT(DESKTOP);
	if (r == 0 && desktop_serves(&plan->desktop)) {
		say(o, STEP_DESKTOP, "rules for D-Bus", plan->desktop.bus[0].rule_count + plan->desktop.bus[1].rule_count);
		struct desktop d = {
			.plan = &plan->desktop,
			.arena = child->arena,
			.served = child->served,
			.opener = o->open_helper,
			.directory = track->entry.directory,
			.signals = s->signals,
			.mask = &child->mask,
			.undo = undo,
		};
		r = desktop_start(&d, e);
		if (r == 0 && display_asks(&plan->desktop.display))
			say(o, STEP_DESKTOP, "security contexts of the Wayland compositor", d.context ? 1 : 0);
		s->bus = d.bus;
		s->screen = d.screen;
		s->open = d.open;
	}
	return r;
}

static void remember(struct supervise *s, struct arena *a, const struct plan *plan)
{
	s->plan = plan;
	if (plan->cgroup.driver != CGROUP_DRIVER_NONE)
		caps_remember(&s->caps, a, plan);
	s->own_network = (plan->clone_flags & CLONE_NEWNET) != 0;
	s->timeout_ms = plan->timeout_ms;
	if (!plan->enter)
		(void)snprintf(s->enter_at, sizeof s->enter_at, "%s: ", origin_text(a, plan->enter_origin));
	if (plan->timeout_ms > 0)
		(void)snprintf(s->timeout_at, sizeof s->timeout_at, "%s: ", origin_text(a, plan->timeout_origin));
}

/* The caller's terminal, and what the program's own begins with. */
static int open_terminal(struct pty *pty, struct child_args *child, struct err *e)
{
	const struct plan *plan = child->plan;
	int r = pty_open(pty, plan->pty_fds);
	if (r < 0) {
		(void)err_set(e, -r, "cannot open the terminal that bailey was started on");
		(void)err_hint(e, "process.terminal = \"inherit\" or \"none\" needs no access to it");
		return err_at(e, plan->terminal_origin);
	}
	child->foreground = pty->lent;
	child->terminal = __builtin_ctz(plan->pty_fds);
	child->pty_modes = pty->modes;
	child->pty_size = pty_size(pty);
	return 0;
}

/* As far as its neighbours are told. */
static const char *network_name(const struct child_args *child, const struct launch_options *o)
{
	if (o->name != NULL)
		return o->name;
	return child->hostname[0] != '\0' ? child->hostname : child->plan->profile_name;
}

static int connect_bridge(struct bridge *bridge, const struct child_args *child, struct supervise *s, struct undo *undo,
	const struct launch_options *o, struct err *e)
{
	const struct bridge_network *b = &child->plan->bridge;
	struct outside pasta;
	int r = 0;
	if (b->inward != NULL) {
		say(o, STEP_NETWORK, "words for pasta", b->inward_count);
		r = network_start(&pasta, child->plan, b->inward, b->inward_count, child->arena, s->sandbox, s->pidfd, s->signals,
			&child->mask, undo, e);
	}
	if (r < 0)
		return r;
	say(o, STEP_NETWORK, "lines for bailey-net", b->origin_count);
	return bridge_plug(bridge, child->plan, s->sandbox, s->pidfd, s->signals, network_name(child, o), e);
}

static int connect_network(
	const struct child_args *child, struct supervise *s, struct undo *undo, const struct launch_options *o, struct err *e)
{
	const struct plan *plan = child->plan;
	if (plan->user_network.pasta == NULL) {
		if (!o->quiet)
			(void)dprintf(
				STDERR_FILENO, "bailey: this machine has no route to anywhere: the sandbox gets a loopback only\n");
		return 0;
	}
	say(o, STEP_NETWORK, "words for pasta", plan->user_network.argc);
	struct outside pasta;
	int r = network_start(&pasta, plan, plan->user_network.argv, plan->user_network.argc, child->arena, s->sandbox, s->pidfd,
		s->signals, &child->mask, undo, e);
	if (r < 0)
		return r;
	s->network = pasta.pidfd;
	s->network_of = "pasta";
	s->network_is = "network";
	if (plan->user_network.rate_in == 0 && plan->user_network.rate_out == 0)
		return 0;
	return network_limit(plan, o->net_helper, s->pidfd, &child->mask, e);
}

static int make_rules(const struct child_args *child, struct supervise *s, struct firewall_sockets *ret, struct undo *undo,
	const struct launch_options *o, struct err *e)
{
	const struct plan *plan = child->plan;
	say(o, STEP_FIREWALL, "rules of the sandbox's network", plan->firewall.rule_count);
	int r = firewall_load(plan, s->pidfd, &child->mask, ret, e);
	if (r == 0 && s->refusals != NULL) {
		s->refusals->fd = ret->log;
		undo_push(undo, undo_close, ret->log);
	}
	return r;
}

static int start_resolver(const struct child_args *child, struct supervise *s, const struct firewall_sockets *sockets,
	struct undo *undo, const struct launch_options *o, struct err *e)
{
	const struct plan *plan = child->plan;
	say(o, STEP_RESOLVER, "sets of addresses for names", plan->firewall.names.groups);
	const struct resolver_programs programs = { o->resolver, o->tls };
	return resolver_start(s->resolver, plan, child->arena, &programs, sockets, s->pidfd, s->signals, &child->mask, undo, e);
}

/* For those who ask what the network holds; without it they are told that there is nothing to show. */
static void keep_namespace(const struct child_args *child, struct supervise *s, struct undo *undo)
{
	s->namespace = open(arena_printf(child->arena, "/proc/%d/ns/net", (int)s->sandbox), O_RDONLY | O_CLOEXEC);
	if (s->namespace >= 0)
		undo_push(undo, undo_close, s->namespace);
}

/* While the sandbox builds its file tree. The rules come first: nothing gets out before they hold. */
static int make_network(struct bridge *bridge, const struct child_args *child, struct supervise *s, struct undo *undo,
	const struct launch_options *o, struct err *e)
{
	const struct plan *plan = child->plan;
	struct firewall_sockets sockets = { -1, -1, -1, -1, -1 };
	int r = 0;
	FAULT(RESOLVER);
	if (plan->firewall.nft != NULL) {
		r = make_rules(child, s, &sockets, undo, o, e);
		if (r == -ESRCH)
			return 0; /* a sandbox that is gone is seen later */
	}
	FAULT(RESOLVER);
	if (r == 0 && s->resolver != NULL)
		r = start_resolver(child, s, &sockets, undo, o, e);
	FAULT(NETWORK);
	if (r == 0 && plan->network == NETWORK_USER)
		r = connect_network(child, s, undo, o, e);
	if (r == 0 && plan->bridge.spec != NULL)
		r = connect_bridge(bridge, child, s, undo, o, e);
	if (r == 0 && network_waits(plan))
		keep_namespace(child, s, undo);
	if (r == 0 && network_waits(plan))
		(void)message_send(s->socket, MESSAGE_CONNECTED, STEP_NETWORK, 0, 0);
	return r;
}

int launch(struct outcome *ret, struct arena *a, const struct plan *plan, struct facts *facts, const struct launch_options *o,
	struct err *e)
{
	struct undo undo; /* most of it is not touched */
	undo.count = 0;
	struct child_args child = {
		.plan = plan,
		.arena = a,
		.stack = arena_alloc(a, CHILD_STACK),
		.terminal = -1,
		.command_line = o->command_line,
		.command_line_len = o->command_line_len,
	};
	struct track track;
	struct cgroup group = { .leaf = -1, .keeper = -1 };
	struct bridge bridge; /* not touched where there is none */
	struct hub hub;
	struct below below = BELOW_NONE;
	track_init(&track, a, plan, facts, &group, o);
	struct control control; /* the rest of it is not touched before anybody can connect */
	control.listener = -1;
	struct supervise s = {
		.arena = a,
		.track = &track,
		.control = &control,
		.filter = &child.filter,
		.template = -1,
		.group = &group,
		.status_fd = o->status_fd,
		.quiet = o->quiet,
		.network = -1,
		.bus = -1,
		.namespace = -1,
		.screen = -1,
		.open = -1,
		.background = o->background,
		.instance = o->instance,
		.notify = notify_socket(o->notify, plan),
		.terminal = { .fd = -1 },
	};
	struct refusals refusals; /* not touched where none are listed; outlives the arena */
	if (plan->firewall.log) {
		refusals_begin(&refusals, a, plan);
		s.refusals = &refusals;
	}
	struct resolver resolver; /* the same where there are no rules for names */
	if (plan->firewall.names.spec != NULL) {
		resolver_begin(&resolver);
		s.resolver = &resolver;
	}
	*ret = (struct outcome){ .status = STATUS_SETUP };
	int r = prepare_descriptors(&child, e); /* before we open any: one of ours is not what was asked for */
	if (r == 0 && plan->terminal_mode == TERMINAL_INHERIT && plan->terminal != NULL) {
		terminal_open(&s.terminal);
		s.terminal.lent = child.foreground = terminal_should_lend(&s.terminal);
		child.terminal = s.terminal.fd;
	}
	/* For as long as the sandbox runs.  Not on the stack: there the buffers would keep pages that planning once used. */
	struct arena lasting = { .head = NULL };
	if (r == 0 && plan->pty_fds != 0) {
		s.pty = arena_alloc(&lasting, sizeof *s.pty);
		r = open_terminal(s.pty, &child, e);
	}
	if (s.terminal.fd >= 0)
		undo_push(&undo, undo_close, s.terminal.fd);
	if (r == 0)
		r = prepare(&child, &group, &track, &bridge, &hub, &below, &s, &undo, o, e);
	remember(&s, a, plan);
	if (r == 0) {
		say(o, STEP_CLONE, "operations build the file tree", plan->mount_count);
		FAULT(CLONE);
		(void)malloc_trim(0); /* what libraries used: neither process needs it again */
		r = clone_sandbox(&child, &group, &below, &s, &undo, e);
		if (r == -EACCES && group.leaf >= 0)
			(void)prepare_failure(e, plan, facts, STEP_PLACE, -r, 0);
		else if (r < 0 && below.network >= 0)
			(void)join_failure(e, plan, -r);
		else if (r < 0)
			(void)prepare_failure(e, plan, facts, STEP_CLONE, -r, 0);
	}
	FAULT(IDS);
	if (r == 0)
		r = let_go(&group, &child, &s, o, e);
	if (r == 0 && o->background != NULL)
		r = stay_tied(o->background, e);
	FAULT(FIREWALL);
	if (r == 0)
		r = make_network(&bridge, &child, &s, &undo, o, e);
	if (r == 0) {
		struct message failed;
		FAULT(SUPERVISE);
		if (supervise(&s, ret, &failed) != 0) {
			r = prepare_failure(e, plan, facts, failed.step, failed.value, failed.index);
			ret->status = failure_status(failed.step, failed.value);
		}
	}
	FAULT(UNDO);
	if (s.template >= 0)
		(void)close(s.template);
	undo_run(&undo);
	FAULT(LEAVE);
	track_end(&track); /* after all that it tells of */
	if (s.pty != NULL)
		pty_close(s.pty);
	arena_free(&lasting);
	if (r < 0) {
		/* The caller goes on, with the signal mask as it was.  After a normal end it only has to die as the program did. */
		(void)sigprocmask(SIG_SETMASK, &child.mask, NULL);
		event_failed(o->status_fd, ret->status, e);
	}
	return r;
}
