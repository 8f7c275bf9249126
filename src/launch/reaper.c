/*
 * pid 1 of the sandbox once the program runs: no privileges, not dumpable, filtered, two descriptors (a third for the program's
 * pseudo terminal).  Its own filter can only be loaded after the program was forked (filters are inherited) and executed
 * (CLONE_VFORK), so it comes some ten microseconds after the program's first instruction; until then pid 1 does nothing that
 * depends on anything inside.
 */
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/sys.h"
#include "launch/child.h"
#include "seccomp/filter.h"

struct reaper {
	int socket, signals;
	int terminal; /* the program's pseudo terminal, whose session this process leads; or -1 */
	pid_t foreground; /* the group that has the terminal, or had it before the program lost it */
	pid_t program; /* 0 once it was reaped */
	int status; /* of the program, once it ended */
	bool wait_all;
	int64_t deadline; /* of the monotonic clock in ms; 0: none */
};

static _Noreturn void finish(const struct reaper *s)
{
	/* The kernel kills what is left in the pid namespace. No message for the usual end: each one would wake the launcher. */
	if (WIFEXITED(s->status))
		_exit(WEXITSTATUS(s->status));
	(void)message_send(s->socket, MESSAGE_KILLED, STEP_EXEC, WTERMSIG(s->status), 0); /* a launcher that is gone needs none */
	_exit(128 + WTERMSIG(s->status));
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
		if (pid != s->program)
			continue;
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
	enum { OWN = 1 };
	pid_t now = tcgetpgrp(s->terminal);
	if (!front && now != OWN) {
		s->foreground = now;
		(void)tcsetpgrp(s->terminal, OWN); /* fails only after a hangup, as all calls here */
	} else if (front && (now == OWN || now <= 0) && tcsetpgrp(s->terminal, s->foreground) < 0 && s->program > 0) {
		(void)tcsetpgrp(s->terminal, s->program); /* that group has ended meanwhile */
	}
}

/* One message of the launcher. Its end of the socket closing means that it died. */
static void obey(struct reaper *s)
{
	struct message m;
	ssize_t n = recv(s->socket, &m, sizeof m, MSG_DONTWAIT);
	if (n == 0)
		_exit(1);
	if (n == (ssize_t)sizeof m && m.type == MESSAGE_FOREGROUND && s->terminal >= 0)
		give_terminal(s, m.value != 0);
	if (n != (ssize_t)sizeof m || m.type != MESSAGE_SIGNAL)
		return;
	/* The program's pid is not reused while it is unreaped; when it is gone, what it left behind is meant. -1 spares pid 1. */
	pid_t target = s->program == 0 ? -1 : m.index == TARGET_GROUP ? -s->program : s->program;
	if (kill(target, m.value) < 0 && target < -1)
		(void)kill(s->program, m.value); /* it left its group, or runs in a session without one */
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

/* The launcher keeps the timeout, unless it is stopped itself; nothing inside can stop pid 1. */
static int remaining(const struct reaper *s)
{
	if (s->deadline == 0)
		return -1;
	int64_t now = clock_ms();
	if (now >= s->deadline)
		_exit(1);
	return s->deadline - now > 1000000 ? 1000000 : (int)(s->deadline - now);
}

static int confine(struct reaper *s)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL); /* a signal that is not blocked does not reach a signalfd */
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return -errno;
	bool swap = s->signals < s->socket;
	int keep[3] = { s->terminal, swap ? s->signals : s->socket, swap ? s->socket : s->signals };
	int r = s->terminal >= 0 ? keep_only(keep, 3)
				 : keep_only(keep + 1, 2); /* the terminal is one of 0..2, the others are not */
	if (r == 0)
		r = sys_capset(0, 0, 0); /* what the program was allowed to keep is not for pid 1 */
	return r;
}

void reaper_main(const struct child_args *args, pid_t program, int pidfd)
{
	struct reaper s = {
		.socket = args->socket,
		.program = program,
		.wait_all = args->plan->wait == WAIT_ALL,
		.terminal = args->plan->pty_fds != 0 ? args->terminal : -1,
		.foreground = program,
	};
	(void)message_send_fd(s.socket, MESSAGE_STARTED, pidfd); /* a launcher that is gone ends us anyway */
	if (args->plan->timeout_ms > 0)
		s.deadline = clock_ms() + (int64_t)args->plan->timeout_ms + TIMEOUT_GRACE_MS + 1000;
	if (args->command_line_len > 0) {
		/* Our copy of the stack only, and the program has its arguments by now. */
		memset(args->command_line, 0, args->command_line_len);
		memcpy(args->command_line, "bailey", args->command_line_len < 7 ? args->command_line_len - 1 : 6);
	}
	int r = confine(&s);
	if (r == 0) {
		arena_free(args->arena); /* the plan is done with; `args` itself is on the launcher's stack */
		sys_release_stack();
		r = sys_seccomp_filter(&filter_init);
	}
	if (r < 0)
		child_fail(args, STEP_REAPER, r, 0);
	reap(&s);
	for (;;) {
		struct pollfd fds[2] = { { .fd = s.socket, .events = POLLIN }, { .fd = s.signals, .events = POLLIN } };
		if (poll(fds, 2, remaining(&s)) <= 0)
			continue; /* the time, or EINTR */
		if (fds[0].revents != 0)
			obey(&s);
		if (fds[1].revents != 0) {
			struct signalfd_siginfo info;
			(void)!read(s.signals, &info, sizeof info); /* one wake-up for any number of children */
			reap(&s);
		}
	}
}
