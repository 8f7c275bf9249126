/*
 * pid 1 of the sandbox once the program runs: no privileges, not dumpable, filtered, two descriptors (a third for the program's
 * pseudo terminal).  Its own filter can only be loaded after the program was forked (filters are inherited) and executed
 * (CLONE_VFORK), so it comes some ten microseconds after the program's first instruction; and where commands may enter, only once the
 * thread is there that forks them, which short launches do without: then some 50 ms later.  Until then pid 1 does nothing that
 * depends on anything inside.
 */
#include "launch/reaper.h"

#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/release.h"
#include "base/sys.h"
#include "launch/child.h"
#include "seccomp/filter.h"

enum { VISITOR_GRACE_MS = 1000, PID1_GRACE_MS = 2 * VISITOR_GRACE_MS };

static _Noreturn void finish(const struct reaper *s)
{
	/* The kernel kills what is left in the pid namespace. No message for the usual end: each one would wake the launcher. */
	if (WIFEXITED(s->status)) {
		if (s->visitor)
			(void)message_send(s->socket, MESSAGE_EXITED, STEP_EXEC, WEXITSTATUS(s->status), 0);
		_exit(WEXITSTATUS(s->status));
	}
	(void)message_send(s->socket, MESSAGE_KILLED, STEP_EXEC, WTERMSIG(s->status), 0); /* a launcher that is gone needs none */
	_exit(128 + WTERMSIG(s->status));
}

static void forget(struct reaper *s, pid_t pid)
{
	for (size_t i = 0; i < ENTERED_MAX; i++)
		if (s->entered[i].pid == pid)
			s->entered[i] = (struct entered){ .pid = 0 };
}

static void reap(struct reaper *s)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid == 0)
			return;
		if (pid < 0)
			finish(s); /* ECHILD: nobody is left */
		if (pid != s->program) {
			if (WIFEXITED(status) || WIFSIGNALED(status))
				forget(s, pid);
			continue;
		}
		if (WIFSTOPPED(status)) {
			(void)message_send(s->socket, MESSAGE_STOPPED, STEP_EXEC, WSTOPSIG(status), 0);
		} else if (WIFCONTINUED(status)) {
			(void)message_send(s->socket, MESSAGE_CONTINUED, STEP_EXEC, 0, 0);
		} else {
			s->program = 0;
			s->status = status;
			if (!s->wait_all)
				finish(s);
		}
	}
}

/* The launcher's shell puts the whole job in the background and in front again; inside, this process's own group is the one that
 * holds the terminal meanwhile, so that whoever reads from it is stopped. */
static void give_terminal(struct reaper *s, bool front)
{
	const pid_t own = getpid(); /* which leads the session */
	pid_t now = tcgetpgrp(s->terminal);
	if (!front && now != own) {
		s->foreground = now;
		(void)tcsetpgrp(s->terminal, own); /* fails only after a hangup, as all calls here */
	} else if (front && (now == own || now <= 0) && tcsetpgrp(s->terminal, s->foreground) < 0 && s->program > 0) {
		(void)tcsetpgrp(s->terminal, s->program); /* that group has ended meanwhile */
	}
}

/* The caller of a command has gone: a terminal that hangs up would do the same. */
static void hang_up(struct reaper *s)
{
	if (s->socket < 0)
		return;
	(void)close(s->socket);
	s->socket = -1;
	(void)kill(-s->program, SIGHUP);
	(void)kill(-s->program, SIGCONT);
	s->deadline = clock_ms() + VISITOR_GRACE_MS;
}

/* What it reads, where it goes and what it executes is nothing to pid 1, which only hands the descriptors on. */
static void let_enter(struct reaper *s, uint32_t number, const int fds[MESSAGE_FDS])
{
	size_t place = 0;
	while (place < ENTERED_MAX && s->entered[place].pid != 0)
		place++;
	pid_t pid = s->forks && place < ENTERED_MAX ? forker_fork(&s->forker, fds[1], fds[0]) : -EAGAIN;
	if (pid > 0)
		s->entered[place] = (struct entered){ .pid = pid, .number = number };
	else
		(void)message_send(fds[1], MESSAGE_FAILED, STEP_FORK, -pid, 0);
}

static void let_go(struct reaper *s, uint32_t number)
{
	for (size_t i = 0; i < ENTERED_MAX; i++)
		if (s->entered[i].pid != 0 && s->entered[i].number == number)
			s->entered[i].deadline = clock_ms() + PID1_GRACE_MS;
}

/* The sandbox has lasted, and is known to other commands. Without the thread there is no entering, which is told whoever tries. */
static void confine_late(struct reaper *s)
{
	if (!s->enters)
		return;
	s->enters = false;
	s->forks = forker_start(&s->forker) == 0;
	release_stack();
	release_text();
	if (reaper_confine() < 0)
		_exit(1);
}

static void pass_signal(const struct reaper *s, const struct message *m)
{
	/* The program's pid is not reused while it is unreaped; when it is gone, what it left behind is meant. -1 spares pid 1. */
	pid_t target = s->program == 0 ? -1 : m->index == TARGET_GROUP ? -s->program : s->program;
	if (kill(target, m->value) < 0 && target < -1)
		(void)kill(s->program, m->value); /* it left its group, or runs in a session without one */
}

/* One message of the launcher. Its end of the socket closing means that it died. */
static void obey(struct reaper *s)
{
	struct message m;
	int fds[MESSAGE_FDS];
	int r = message_receive_fds(s->socket, &m, fds);
	if (r == 0 && !s->visitor)
		_exit(1);
	if (r == 0)
		hang_up(s);
	if (r == 1 && m.type == MESSAGE_FOREGROUND && s->terminal >= 0)
		give_terminal(s, m.value != 0);
	else if (r == 1 && m.type == MESSAGE_SIGNAL)
		pass_signal(s, &m);
	else if (r == 1 && m.type == MESSAGE_CONFINE)
		confine_late(s);
	else if (r == 1 && m.type == MESSAGE_ENTER)
		let_enter(s, m.index, fds);
	else if (r == 1 && m.type == MESSAGE_LEAVE)
		let_go(s, m.index);
	for (int i = 0; i < MESSAGE_FDS; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* Closes all but these, which are in ascending order: pipes of the caller must see their end when the program closes them. */
static int keep_only(const int *fds, size_t count)
{
	unsigned from = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned fd = (unsigned)fds[i];
		int r = fd > from ? sys_close_range(from, fd - 1, 0) : 0;
		if (r < 0)
			return r;
		from = fd + 1;
	}
	return sys_close_range(from, ~0U, 0);
}

/* A process that something inside has stopped, say, does not see its caller go. */
static int64_t kill_left(struct reaper *s, int64_t now)
{
	int64_t next = 0;
	for (size_t i = 0; i < ENTERED_MAX; i++) {
		struct entered *e = &s->entered[i];
		if (e->deadline != 0 && now >= e->deadline) {
			(void)kill(e->pid, SIGKILL); /* not reaped yet, so nobody else has that number */
			e->deadline = 0;
		}
		if (e->deadline != 0 && (next == 0 || e->deadline < next))
			next = e->deadline;
	}
	return next;
}

/* The launcher keeps the timeout, unless it is stopped itself; nothing inside can stop pid 1. */
static int remaining(struct reaper *s)
{
	int64_t now = clock_ms(), next = kill_left(s, now);
	if (s->deadline != 0 && now >= s->deadline) {
		if (s->visitor && s->program > 0)
			(void)kill(-s->program, SIGKILL);
		_exit(1);
	}
	if (s->deadline != 0 && (next == 0 || s->deadline < next))
		next = s->deadline;
	if (next == 0)
		return -1;
	return next - now > 1000000 ? 1000000 : (int)(next - now);
}

int reaper_begin(struct reaper *s)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL); /* a signal that is not blocked does not reach a signalfd */
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return -errno;
	int keep[3] = { s->terminal, s->socket, s->signals };
	for (int i = 0; i < 2; i++) /* two exchanges of neighbours are enough for the terminal, */
		for (int k = 0; k < 2; k++) /* and these for all three */
			if (keep[k] > keep[k + 1]) {
				int fd = keep[k];
				keep[k] = keep[k + 1];
				keep[k + 1] = fd;
			}
	return s->terminal >= 0 ? keep_only(keep, 3) : keep_only(keep + 1, 2);
}

int reaper_confine(void)
{
	int r = sys_capset(0, 0, 0);
	return r < 0 ? r : sys_seccomp_filter(&filter_init);
}

void reaper_watch(struct reaper *s)
{
	reap(s);
	for (;;) {
		struct pollfd fds[2] = { { .fd = s->socket, .events = POLLIN }, { .fd = s->signals, .events = POLLIN } };
		if (poll(fds, 2, remaining(s)) <= 0)
			continue; /* the time, or EINTR */
		if (fds[0].revents != 0)
			obey(s);
		if (fds[1].revents != 0) {
			struct signalfd_siginfo info;
			(void)!read(s->signals, &info, sizeof info); /* one wake-up for any number of children */
			reap(s);
		}
	}
}

void reaper_main(const struct child_args *args, pid_t program, int pidfd)
{
	struct reaper s = {
		.socket = args->socket,
		.program = program,
		.wait_all = args->plan->wait == WAIT_ALL,
		.terminal = args->plan->pty_fds != 0 ? args->terminal : -1,
		.foreground = program,
		.enters = args->plan->enter,
	};
	(void)message_send_fd(s.socket, MESSAGE_STARTED, pidfd); /* a launcher that is gone ends us anyway */
	if (args->plan->timeout_ms > 0)
		s.deadline = clock_ms() + (int64_t)args->plan->timeout_ms + TIMEOUT_GRACE_MS + 1000;
	if (args->command_line_len > 0) {
		/* Our copy of the stack only, and the program has its arguments by now. */
		memset(args->command_line, 0, args->command_line_len);
		memcpy(args->command_line, "bailey", args->command_line_len < 7 ? args->command_line_len - 1 : 6);
	}
	int r = reaper_begin(&s);
	if (r == 0) {
		arena_free(args->arena); /* the plan is done with; `args` itself is on the launcher's stack */
		release_stack();
		r = s.enters ? 0 : reaper_confine();
	}
	if (r < 0)
		child_fail(args, STEP_REAPER, r, 0);
	reaper_watch(&s);
}
