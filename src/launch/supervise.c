#include "launch/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/release.h"
#include "base/sys.h"
#include "launch/entrance.h"
#include "launch/events.h"
#include "launch/fault.h"
#include "launch/journal.h"
#include "launch/notify.h"

enum { STATUS_TIMEOUT = 124, MESSAGES_AT_ONCE = 16, SHORT_MS = 50, DRAIN_MS = 1000, FIXED_POLLS = 10 };

struct state {
	struct supervise *s;
	bool started, failed;
	int64_t begin; /* of the monotonic clock in ms */
	bool settled; /* what is needed of the plan has been done; the arena is gone */
	int killed_by; /* the signal that ended the program, or 0 */
	bool exited; /* a command that has entered did, with `status` */
	int status;
	int64_t deadline; /* of the monotonic clock in ms; 0: none */
	bool timed_out;
	struct message failure;
};

void supervise_signals(sigset_t *ret)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGCHLD, SIGKILL, SIGSTOP };
	(void)sigfillset(ret);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		(void)sigdelset(ret, own[i]);
}

static void pass_on(const struct state *st, int sig, enum message_target target)
{
	(void)message_send(st->s->socket, MESSAGE_SIGNAL, STEP_EXEC, sig, target); /* a sandbox that is gone needs none */
}

/* Gives the program the keyboard of a job in the foreground, or takes it away inside too: who reads there then is stopped. */
static bool lend_pty(struct state *st)
{
	bool front = pty_lend(st->s->pty);
	(void)message_send(st->s->socket, MESSAGE_FOREGROUND, STEP_EXEC, front, 0);
	return front;
}

/* Continues the program after a stop, with the terminal if it had it and the job is in front again. */
static void resume(struct state *st)
{
	struct terminal *t = &st->s->terminal;
	if (t->lent)
		(void)terminal_lend(t);
	if (st->s->pty != NULL) {
		if (st->s->pty->lent)
			(void)lend_pty(st);
		pty_resize(st->s->pty);
	}
	pass_on(st, SIGCONT, TARGET_GROUP);
}

/* True when continued since the signals were looked at last: SIGCONT is blocked here. */
static bool was_continued(void)
{
	sigset_t set;
	return sigpending(&set) == 0 && sigismember(&set, SIGCONT) == 1;
}

/* Nobody can bring an orphaned job to the foreground, nor was it stopped just now: setpgid(2) tells what becomes of it. */
static void hang_up_orphan(const struct state *st, int sig)
{
	if ((sig == SIGTTIN || sig == SIGTTOU) && !was_continued())
		pass_on(st, SIGHUP, TARGET_GROUP);
}

/* However the program was stopped, nobody but the caller's shell can continue it: the keyboard leads nowhere else. */
static void program_stopped_on_pty(struct state *st, int sig)
{
	struct pty *p = st->s->pty;
	bool asks = sig == SIGTTIN || sig == SIGTTOU;
	if (asks && lend_pty(st)) {
		pass_on(st, SIGCONT, TARGET_GROUP);
		return;
	}
	/* A ^Z that was typed to the program reached nobody else of the job. */
	bool job = asks || p->raw;
	pty_catch_up(p);
	pty_take(p);
	terminal_stop_self(asks ? sig : SIGTSTP, job);
	hang_up_orphan(st, sig);
	resume(st);
}

static void program_stopped(struct state *st, int sig)
{
	struct terminal *t = &st->s->terminal;
	event_stopped(st->s->status_fd, sig);
	if (st->s->pty != NULL && st->s->pty->master >= 0) {
		program_stopped_on_pty(st, sig);
		return;
	}
	if ((sig == SIGTTIN || sig == SIGTTOU) && terminal_lend(t)) {
		pass_on(st, SIGCONT, TARGET_GROUP);
		return;
	}
	/* Without a terminal, or for SIGSTOP, there is no job control to imitate: whoever stopped the program will continue it. */
	if (t->fd < 0 || (sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU))
		return;
	/* With the terminal lent, ^Z reached the program's group only; the rest of the job is stopped here. */
	bool job = sig == SIGTSTP && terminal_is_lent(t);
	terminal_take(t);
	terminal_stop_self(sig, job);
	hang_up_orphan(st, sig);
	resume(st);
}

/* The pid behind a pidfd as our /proc shows it: proc_pid_fdinfo(5). 0 when it has ended already. */
static pid_t pid_of(int pidfd)
{
	char path[48], text[512];
	(void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	const char *at = strstr(text, "\nPid:");
	long pid = at != NULL ? strtol(at + 5, NULL, 10) : 0;
	return pid > 0 ? (pid_t)pid : 0;
}

/* The manager learns that the program was executed, and then that it is known to other commands. */
static void tell_manager(struct launch_background *b, bool known)
{
	if (b == NULL || b->ready < 0)
		return;
	(void)!write(b->ready, "", 1); /* a manager that is gone ends us */
	if (b->complaints >= 0)
		(void)close(b->complaints);
	b->complaints = -1;
	if (!known)
		return;
	(void)close(b->ready);
	b->ready = -1;
}

static void program_started(struct state *st, int pidfd)
{
	struct supervise *s = st->s;
	if (pidfd >= 0) {
		s->terminal.group = pid_of(pidfd); /* its process group has the number of its leader */
		(void)close(pidfd);
	}
	if (st->failed)
		return;
	st->started = true;
	if (s->pty != NULL && s->pty->lent)
		(void)lend_pty(st);
	event_started(s->status_fd, s->plan, s->sandbox, s->terminal.group);
	tell_manager(s->background, false);
	notify_send(s->notify, "READY=1");
}

/*
 * The program runs and has not ended at once: other commands get to know of it.  A short one pays nothing for that, unless it has been
 * made known before.
 */
static bool settle_is_due(const struct state *st)
{
	const struct supervise *s = st->s;
	return st->started && !st->settled && (s->track->entry.directory >= 0 || clock_ms() - st->begin >= SHORT_MS);
}

static void settle(struct state *st)
{
	struct supervise *s = st->s;
	struct err e = { .code = 0 };
	bool raw = s->pty != NULL && s->pty->raw; /* lines need a carriage return then */
	st->settled = true;
	FAULT(SETTLE);
	if (s->plan->enter) {
		s->template = template_make(s->plan, s->filter);
		(void)message_send(s->socket, MESSAGE_CONFINE, STEP_REAPER, 0, 0); /* a sandbox that is gone needs none */
	}
	if (track_running(s->track, s->sandbox, s->terminal.group, &e) < 0 && !s->quiet && event_room(STDERR_FILENO))
		(void)dprintf(STDERR_FILENO, "bailey: warning: bailey list will not show this sandbox: %s%s%s%s\n", e.text,
			e.hint[0] != '\0' ? "; " : "", e.hint, raw ? "\r" : "");
	if (s->track->control >= 0) {
		control_begin(s->control, s->track->control, s);
		s->track->control = -1;
	}
	if (s->instance != NULL && s->instance->lock >= 0) {
		(void)close(s->instance->lock);
		s->instance->lock = -1;
	}
	tell_manager(s->background, true);
	s->plan = NULL;
	arena_free(s->arena);
	release_stack();
	release_text();
}

static void message_arrived(struct state *st, const struct message *m, int fd)
{
	switch (m->type) {
	case MESSAGE_FAILED:
		if (!st->failed)
			st->failure = *m;
		st->failed = true;
		break;
	case MESSAGE_STARTED: program_started(st, fd); break;
	case MESSAGE_STOPPED: program_stopped(st, m->value); break;
	case MESSAGE_CONTINUED: event_continued(st->s->status_fd); break;
	case MESSAGE_PTY:
		if (st->s->pty != NULL && fd >= 0)
			pty_attach(st->s->pty, fd);
		break;
	case MESSAGE_KILLED: st->killed_by = m->value; break;
	case MESSAGE_EXITED:
		st->exited = true;
		st->status = m->value;
		break;
	default: break;
	}
}

/* What is there, but not for ever: a program that stops and continues itself can keep messages coming. False when the other end
 * is closed. */
static bool read_messages(struct state *st)
{
	for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
		struct message m;
		int fd;
		int r = message_receive(st->s->socket, &m, &fd);
		if (r == 1)
			message_arrived(st, &m, fd);
		else if (r != -EBADMSG)
			return r != 0;
	}
	return true;
}

static void signal_arrived(struct state *st, const struct signalfd_siginfo *info)
{
	int sig = (int)info->ssi_signo;
	switch (sig) {
	case SIGPIPE:
	case SIGTTIN:
	case SIGTTOU: return; /* of the launcher's own doing */
	case SIGCONT: resume(st); return;
	case SIGWINCH:
		if (st->s->pty != NULL)
			pty_resize(st->s->pty);
		if (st->s->pty == NULL || info->ssi_code != SI_KERNEL)
			pass_on(st, sig, info->ssi_code == SI_KERNEL ? TARGET_GROUP : TARGET_PROGRAM);
		return;
	case SIGTSTP: pass_on(st, sig, TARGET_GROUP); return; /* we stop when the program has stopped */
	default:
		/* What the terminal sends, it sends to a group; what a process sends to us is meant for the program alone. */
		pass_on(st, sig, info->ssi_code == SI_KERNEL ? TARGET_GROUP : TARGET_PROGRAM);
	}
}

static void read_signals(struct state *st)
{
	struct signalfd_siginfo info;
	while (read(st->s->signals, &info, sizeof info) == (ssize_t)sizeof info)
		signal_arrived(st, &info);
}

static void time_is_up(struct state *st)
{
	if (st->timed_out) {
		st->deadline = 0;
		(void)sys_pidfd_send_signal(st->s->pidfd, SIGKILL); /* takes the whole pid namespace with it */
		if (st->s->group->ops != NULL) /* a frozen group of version 1 keeps what was killed */
			(void)cgroup_freeze(st->s->group, false);
		return;
	}
	st->timed_out = true;
	st->deadline = clock_ms() + TIMEOUT_GRACE_MS;
	pass_on(st, SIGTERM, TARGET_GROUP);
	pass_on(st, SIGCONT, TARGET_GROUP); /* a stopped program would not see it */
	event_timeout(st->s->status_fd);
	/* The program can fill the pipe, and stop the output of a terminal: tcflow(3). */
	bool raw = st->s->pty != NULL && st->s->pty->raw; /* lines need a carriage return then */
	if (!st->s->quiet && event_room(STDERR_FILENO))
		(void)dprintf(STDERR_FILENO, "bailey: %stimeout: the program is ended%s\n", st->s->timeout_at, raw ? "\r" : "");
}

/* A program that serves from outside has ended, and with it what is behind `*pidfd`. The program inside goes on: it has less, not more. */
static void service_lost(const struct state *st, int *pidfd, const char *program, const char *what)
{
	const struct supervise *s = st->s;
	*pidfd = -1; /* the undo list owns it */
	bool raw = s->pty != NULL && s->pty->raw;
	if (!s->quiet && event_room(STDERR_FILENO))
		(void)dprintf(
			STDERR_FILENO, "bailey: %s has ended: the sandbox has no %s any more%s\n", program, what, raw ? "\r" : "");
}

/* What it has let through before is closed too; if that cannot be done, it closes when its time is over. */
static void resolver_lost(const struct state *st)
{
	(void)resolver_close_sets(st->s->resolver);
	service_lost(st, &st->s->resolver->pidfd, "bailey-resolver", "names");
}

static int remaining(const struct state *st)
{
	int64_t next = st->deadline;
	if (st->started && !st->settled && (next == 0 || next > st->begin + SHORT_MS))
		next = st->begin + SHORT_MS;
	int64_t patience = control_deadline(st->s->control);
	if (patience != 0 && (next == 0 || next > patience))
		next = patience;
	if (next == 0)
		return -1;
	int64_t now = clock_ms();
	int64_t left = next > now ? next - now : 0;
	return left > 1000000 ? 1000000 : (int)left;
}

/*
 * Nobody waits for the messages of a sandbox without terminal and events, and most of what is started ends soon: for its first
 * moments only its end and signals wake the launcher.  A message is then read a little later.
 */
static void wait_for_short_ones(const struct supervise *s)
{
	struct pollfd fds[2] = { { .fd = s->pidfd, .events = POLLIN }, { .fd = s->signals, .events = POLLIN } };
	if (s->pidfd >= 0 && s->terminal.fd < 0 && s->pty == NULL && s->status_fd < 0 && s->background == NULL &&
		s->notify == NULL && (s->timeout_ms == 0 || s->timeout_ms > SHORT_MS))
		(void)poll(fds, 2, SHORT_MS);
}

static void loop(struct state *st)
{
	struct supervise *s = st->s;
	wait_for_short_ones(s);
	for (;;) {
		struct pollfd fds[FIXED_POLLS + PTY_POLLS + CONTROL_POLLS] = {
			{ .fd = s->pidfd, .events = POLLIN },
			{ .fd = s->socket, .events = POLLIN },
			{ .fd = s->signals, .events = POLLIN },
			{ .fd = s->network, .events = POLLIN },
			{ .fd = s->refusals != NULL ? s->refusals->fd : -1, .events = POLLIN },
			{ .fd = s->bus, .events = POLLIN },
			{ .fd = s->screen, .events = POLLIN },
			{ .fd = s->resolver != NULL ? s->resolver->pidfd : -1, .events = POLLIN },
			{ .fd = s->open, .events = POLLIN },
			{ .fd = s->resolver != NULL ? s->resolver->tls : -1, .events = POLLIN },
		};
		/* Nothing is shown before the keyboard is lent: who answers it is answered by the program. */
		struct pollfd *terminal = fds + FIXED_POLLS;
		nfds_t terminals = s->pty != NULL && st->started ? pty_wants(s->pty, terminal) : 0;
		struct pollfd *asking = terminal + terminals;
		nfds_t commands = control_wants(s->control, asking);
		int n = poll(fds, FIXED_POLLS + terminals + commands, remaining(st));
		if (st->deadline != 0 && clock_ms() >= st->deadline)
			time_is_up(st);
		if (n <= 0) {
			if (n == 0)
				control_serve(s->control, asking, commands); /* who has said nothing for too long */
			if (settle_is_due(st))
				settle(st);
			continue;
		}
		if (fds[1].revents != 0 && !read_messages(st))
			return; /* pid 1 is ending: waiting for it is all that is left */
		if (fds[2].revents != 0)
			read_signals(st);
		if (fds[3].revents != 0)
			service_lost(st, &s->network, s->network_of, s->network_is);
		if (fds[5].revents != 0)
			service_lost(st, &s->bus, "xdg-dbus-proxy", "D-Bus");
		if (fds[6].revents != 0)
			service_lost(st, &s->screen, "its X server", "display");
		if (s->resolver != NULL && fds[7].revents != 0)
			resolver_lost(st);
		if (fds[8].revents != 0)
			service_lost(st, &s->open, "bailey-open", "way to open addresses");
		if (s->resolver != NULL && fds[9].revents != 0) /* nothing is let out any more, as only it could */
			service_lost(st, &s->resolver->tls, "bailey-tls", "connections to names");
		if (fds[4].revents != 0)
			refusals_read(s->refusals);
		if (terminals > 0 && (terminal[0].revents != 0 || terminal[1].revents != 0) && !pty_copy(s->pty, terminal))
			(void)lend_pty(st);
		control_serve(s->control, asking, commands);
		if (fds[0].revents != 0) {
			(void)read_messages(st); /* what was said last */
			return;
		}
		if (settle_is_due(st))
			settle(st);
	}
}

/* ^C at a lent terminal reached the program's group only. A script that called us has to see it too, as without a sandbox. */
static void echo_interrupt(int sig, bool was_lent)
{
	if (was_lent && (sig == SIGINT || sig == SIGQUIT))
		(void)kill(0, sig); /* blocked here: launch's caller dies of it afterwards */
}

int supervise_entered(struct supervise *s, struct outcome *ret, struct message *failed)
{
	static struct control nobody; /* static: what `s` points to is there for as long as `s` */
	struct state st = { .s = s, .settled = true, .begin = clock_ms() };
	nobody.listener = -1;
	s->control = &nobody;
	s->pidfd = s->network = s->bus = s->screen = s->open = s->status_fd = -1;
	loop(&st);
	bool was_lent = s->pty != NULL && s->pty->raw;
	if (s->pty != NULL) {
		pty_drain(s->pty, s->signals, DRAIN_MS);
		pty_take(s->pty);
	}
	if (st.failed) {
		*failed = st.failure;
		return 1;
	}
	if (st.killed_by == 0 && !st.exited)
		return -ESRCH;
	*ret = (struct outcome){ .status = st.killed_by != 0 ? 128 + st.killed_by : st.status, .signal = st.killed_by };
	echo_interrupt(ret->signal, was_lent);
	return 0;
}

int supervise(struct supervise *s, struct outcome *ret, struct message *failed)
{
	struct state st = { .s = s, .begin = clock_ms() };
	if (s->timeout_ms > 0)
		st.deadline = clock_ms() + (int64_t)s->timeout_ms;
	loop(&st);
	if (!st.failed)
		notify_send(s->notify, "STOPPING=1");
	int own = 0;
	while (waitpid(s->sandbox, &own, 0) < 0 && errno == EINTR) {
	}
	bool was_lent = terminal_is_lent(&s->terminal);
	terminal_take(&s->terminal);
	if (s->pty != NULL) {
		was_lent = s->pty->raw;
		pty_drain(s->pty, s->signals, st.timed_out ? DRAIN_MS : -1);
		pty_take(s->pty);
	}
	if (st.failed) {
		*failed = st.failure;
		control_end(s->control, NULL);
		return 1;
	}
	/* pid 1 itself is only ever killed: by us, by the kernel's memory killer, or by the user. */
	ret->signal = WIFSIGNALED(own) ? WTERMSIG(own) : st.killed_by;
	ret->status = ret->signal != 0 ? 128 + ret->signal : WEXITSTATUS(own);
	if (st.timed_out)
		*ret = (struct outcome){ .status = STATUS_TIMEOUT };
	else if (!WIFSIGNALED(own))
		echo_interrupt(ret->signal, was_lent);
	if (s->group->ops != NULL) {
		const struct caps_end end = { .killed = ret->signal == SIGKILL, .started = st.started };
		caps_tell(&s->caps, s->group, end, s->status_fd, s->quiet);
	}
	if (s->refusals != NULL) {
		refusals_read(s->refusals);
		refusals_tell(s->refusals, s->status_fd, s->quiet);
	}
	if (s->resolver != NULL)
		resolver_tell(s->resolver, s->status_fd, s->quiet);
	journal_end(s->track, s->group, &s->caps, s->refusals, ret);
	event_ended(s->status_fd, ret->status, ret->signal);
	control_end(s->control, ret);
	return 0;
}
