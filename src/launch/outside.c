#include "launch/outside.h"

#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/sys.h"
#include "base/write.h"
#include "mount/mount.h"

enum { SAID_MAX = 2048, NOT_EXECUTED = 127 };

static pid_t clone_process(int *ret_pidfd)
{
	*ret_pidfd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)ret_pidfd, .exit_signal = SIGCHLD };
	return sys_clone3(&args);
}

/* What is prepared before the clone. */
struct starting {
	const struct outside_program *program;
	char uid_map[48], gid_map[48];
};

/* The same user in a file tree that holds what the program needs, without any way to gain a privilege. */
static int enter_view(const struct starting *s, const char **ret_failed)
{
	struct mount_state state = { .at = SIZE_MAX };
	const struct view *v = s->program->view;
	int r = (int)sys_result(unshare(CLONE_NEWUSER | CLONE_NEWNS));
	if (r == 0)
		r = write_to_file("/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_to_file("/proc/self/uid_map", s->uid_map);
	if (r == 0)
		r = write_to_file("/proc/self/gid_map", s->gid_map);
	if (r == 0)
		r = mount_begin(&state, "", s->program->served);
	if (r == 0)
		r = mount_apply(&state, v->mounts, v->mount_count);
	if (r < 0 && state.at < v->mount_count)
		*ret_failed = v->mounts[state.at].target;
	if (r == 0)
		r = mount_finish(&state, v->mounts, v->mount_count);
	return r == 0 ? (int)sys_result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) : r;
}

/* The descriptors as 3 and so on, and the input as 0; first they go where none of those is. */
static bool place(const struct outside_program *p, int null)
{
	int high[OUTSIDE_DESCRIPTORS + 1], first = STDERR_FILENO + 1 + OUTSIDE_DESCRIPTORS;
	size_t count = p->descriptor_count;
	for (size_t i = 0; i < count; i++)
		high[i] = fcntl(p->descriptors[i], F_DUPFD_CLOEXEC, first);
	high[count] = fcntl(p->input > 0 ? p->input : null, F_DUPFD_CLOEXEC, first);
	for (size_t i = 0; i <= count; i++)
		if (high[i] < 0 || dup2(high[i], i < count ? STDERR_FILENO + 1 + (int)i : STDIN_FILENO) < 0)
			return false;
	return true;
}

/* The process that becomes the program, with nothing of ours but ends of two pipes and what is meant for it. */
static _Noreturn void execute(const struct starting *s, int ready, int said, const sigset_t *mask)
{
	static char language[] = "LC_ALL=C", search[] = "PATH=/usr/bin:/bin";
	char *const usual[] = { language, search, NULL };
	const struct outside_program *p = s->program;
	/* As programs expect to find it (pasta fails when it is ignored), whatever our caller ignores. */
	struct sigaction plain = { .sa_handler = SIG_DFL };
	const int first = STDERR_FILENO + 1 + OUTSIDE_DESCRIPTORS;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ready = fcntl(ready, F_DUPFD_CLOEXEC, first);
	said = fcntl(said, F_DUPFD_CLOEXEC, first);
	const char *failed = "a namespace";
	int r = p->view != NULL ? enter_view(s, &failed) : 0;
	if (r < 0) {
		(void)dprintf(said, "its file tree cannot be made: %s: %s\n", failed, strerror(-r));
		_exit(NOT_EXECUTED);
	}
	/* Holds until the program enters another user namespace; by then the keeper watches. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && sigaction(SIGPIPE, &plain, NULL) == 0 && null >= 0 && ready >= 0 &&
		said >= 0 && place(p, null) && dup2(ready, STDOUT_FILENO) >= 0 && dup2(said, STDERR_FILENO) >= 0 &&
		sys_close_range(STDERR_FILENO + 1 + (unsigned)p->descriptor_count, ~0U, CLOSE_RANGE_CLOEXEC) == 0 &&
		sigprocmask(SIG_SETMASK, mask, NULL) == 0)
		(void)execve(p->path, p->argv, p->envp != NULL ? p->envp : usual);
	_exit(NOT_EXECUTED);
}

/* Ends the program when the launcher has ended: then the other end of `launcher` is closed. */
static _Noreturn void keep(int launcher, int program)
{
	/* The two, in a place of their own, and nothing else: a pipe of the caller must see its end. */
	struct pollfd fds[2] = { { .fd = 0, .events = POLLIN }, { .fd = 1, .events = POLLIN } };
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	int high[2] = { fcntl(launcher, F_DUPFD, 3), fcntl(program, F_DUPFD, 3) };
	if (high[0] < 0 || high[1] < 0 || dup2(high[0], 0) < 0 || dup2(high[1], 1) < 0 || sys_close_range(2, ~0U, 0) < 0)
		_exit(1);
	while (poll(fds, 2, -1) < 0) {
	}
	if (fds[1].revents == 0)
		(void)sys_pidfd_send_signal(1, SIGKILL);
	_exit(0);
}

static int start_keeper(int program, struct undo *undo, struct err *e)
{
	int ends[2], pidfd;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, errno, "cannot make a pipe");
	pid_t pid = clone_process(&pidfd);
	if (pid == 0) {
		(void)close(ends[1]);
		keep(ends[0], program);
	}
	(void)close(ends[0]);
	undo_push(undo, undo_close, ends[1]);
	if (pid < 0)
		return err_set(e, -pid, "cannot start a process");
	undo_push(undo, undo_kill, pidfd);
	return 0;
}

/* Returns the end to write to; that to read from is released by `undo`. */
static int make_pipe(int *ret_end, struct undo *undo, struct err *e)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, errno, "cannot make a pipe");
	undo_push(undo, undo_close, ends[0]);
	*ret_end = ends[0];
	return ends[1];
}

int outside_start(struct outside *ret, const struct outside_program *p, const sigset_t *mask, struct undo *undo, struct err *e)
{
	struct starting s = { .program = p };
	(void)snprintf(s.uid_map, sizeof s.uid_map, "%u %u 1\n", (unsigned)geteuid(), (unsigned)geteuid());
	(void)snprintf(s.gid_map, sizeof s.gid_map, "%u %u 1\n", (unsigned)getegid(), (unsigned)getegid());
	int ready = make_pipe(&ret->ready, undo, e);
	int said = ready >= 0 ? make_pipe(&ret->said, undo, e) : -e->code;
	if (said < 0)
		return said;
	pid_t pid = clone_process(&ret->pidfd);
	if (pid == 0)
		execute(&s, ready, said, mask);
	(void)close(ready);
	(void)close(said);
	if (pid < 0)
		return err_set(e, -pid, "cannot start %s", p->path);
	int r = start_keeper(ret->pidfd, undo, e);
	undo_push(undo, undo_kill, ret->pidfd); /* before the keeper, which would find nothing to do */
	return r;
}

bool outside_interrupted(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t set;
	if (sigpending(&set) < 0)
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (sigismember(&set, ends[i]) == 1)
			return true;
	return false;
}

int outside_await(const struct outside *o, int sandbox, int signals, int timeout_ms)
{
	int64_t end = clock_ms() + timeout_ms;
	struct pollfd fds[4] = { { .fd = o->ready, .events = POLLIN }, { .fd = o->pidfd, .events = POLLIN },
		{ .fd = sandbox, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	for (;;) {
		int64_t left = end - clock_ms();
		int n = left > 0 ? poll(fds, 4, (int)left) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -ETIMEDOUT;
		if ((fds[0].revents & POLLIN) != 0)
			return 0;
		if (fds[2].revents != 0)
			return -ESRCH;
		if (fds[1].revents != 0)
			return -ECHILD;
		if (fds[3].revents != 0 && outside_interrupted())
			return -EINTR;
		if (fds[3].revents != 0)
			fds[3].fd = -1; /* read later, by who passes signals on */
	}
}

/* What syslog(3) says about itself where no system logger runs is not the reason of anything. */
static bool is_reason(const char *line, size_t len)
{
	static const char noise[] = "Failed to send ";
	return len > 0 && (len < sizeof noise || strncmp(line, noise, sizeof noise - 1) != 0);
}

const char *outside_said(const struct outside *o, struct arena *a)
{
	char text[SAID_MAX];
	(void)fcntl(o->said, F_SETFL, O_NONBLOCK);
	ssize_t n = read(o->said, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	const char *found = "";
	for (char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)line[i] < ' ' || line[i] == 127)
				line[i] = '?';
		if (is_reason(line, len))
			found = arena_strndup(a, line, len);
		line += len + (line[len] == '\n');
	}
	return found;
}
