/*
 * A process that outlives the launcher's rights, or the launcher.
 *
 * Root that starts a sandbox gives its rights up for good before the sandbox is made, but moving a process into a group of root's
 * and removing that group take them.  So one process keeps them: forked before, with nothing but the group's descriptors and a
 * socket.  It sees the launcher's end by the socket's, however that comes, and then removes the group.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/descriptors.h"
#include "base/sys.h"
#include "cgroup/driver.h"

struct request {
	enum keeper_request what;
	pid_t pid;
};

/* `e` has a pointer in it (the origin's file): both processes have the plan at the same address. */
struct reply {
	int result;
	struct err e;
};

/* Whether `pid` is a child of `parent`, by /proc/PID/stat: "PID (NAME) STATE PARENT ...". */
static bool is_child(pid_t pid, pid_t parent)
{
	char path[32], text[512];
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	const char *at = strrchr(text, ')');
	return at != NULL && strlen(at) > 4 && strtol(at + 4, NULL, 10) == (long)parent;
}

static void answer(struct cgroup *c, const struct request *q, pid_t launcher, struct reply *ret)
{
	*ret = (struct reply){ 0 };
	switch (q->what) {
	case KEEPER_PLACE:
		/* The launcher has the user's rights only: nothing but its own sandbox may be moved, once. */
		if (c->plan == NULL)
			ret->result = -EINVAL;
		else
			ret->result = is_child(q->pid, launcher) ? c->ops->place(c, q->pid, &ret->e)
								 : err_set(&ret->e, ESRCH, "the sandbox is gone");
		break;
	case KEEPER_FREEZE:
	case KEEPER_THAW: ret->result = c->ops->freeze(c, q->what == KEEPER_FREEZE); break;
	case KEEPER_KILL: ret->result = c->ops->kill(c); break;
	default: ret->result = -EINVAL; break;
	}
}

/* Closes all but the socket and the descriptors of the group. */
static void keep_only_own(const struct cgroup *c, int socket)
{
	int keep[2 * CGROUP_DIRECTORIES + 1] = { 0 }, count = 0;
	keep[count++] = socket;
	for (size_t i = 0; i < c->count; i++) {
		keep[count++] = c->at[i].parent;
		keep[count++] = c->at[i].group;
	}
	for (int i = 1; i < count; i++) /* few, and nearly in order */
		for (int k = i; k > 0 && keep[k] < keep[k - 1]; k--) {
			int swap = keep[k];
			keep[k] = keep[k - 1];
			keep[k - 1] = swap;
		}
	unsigned from = 0;
	for (int i = 0; i < count; i++) {
		if (keep[i] < 0)
			continue;
		if ((unsigned)keep[i] > from)
			(void)sys_close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	(void)sys_close_range(from, ~0U, 0);
	/* What a driver starts finds something at 0, 1 and 2. */
	while ((socket = open("/dev/null", O_RDWR)) >= 0 && socket < STDERR_FILENO) {
	}
	if (socket > STDERR_FILENO)
		(void)close(socket);
}

static _Noreturn void keep(struct cgroup *c, int socket)
{
	pid_t launcher = getppid();
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)signal(SIGCHLD, SIG_DFL); /* a caller that ignores it would have our tools reaped unseen */
	(void)prctl(PR_SET_NAME, "bailey-cgroup", 0, 0, 0);
	(void)setsid(); /* not stopped with the job, and not killed by its terminal */
	(void)!chdir("/");
	keep_only_own(c, socket);
	for (;;) {
		struct request q;
		struct reply reply;
		ssize_t n = recv(socket, &q, sizeof q, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof q)
			break;
		answer(c, &q, launcher, &reply);
		/* A driver that made the group only now has a descriptor for the launcher, which reads the counters by it. */
		const struct iovec iov = { .iov_base = &reply, .iov_len = sizeof reply };
		bool placed = q.what == KEEPER_PLACE && reply.result == 0;
		/* A launcher that is gone is seen next. */
		(void)descriptors_send(socket, &iov, 1, &c->at[0].group, placed && c->count > 0, 0);
		if (placed) { /* nothing of the plan is needed any more */
			c->plan = NULL;
			arena_free(c->arena);
			(void)malloc_trim(0);
			if (c->ops != &cgroup_systemd) /* a scope ends by itself */
				cgroup_sweep_around(c);
		}
	}
	c->ops->close(c);
	_exit(0);
}

int cgroup_keeper_start(struct cgroup *c, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "cannot make a socket pair");
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		keep(c, pair[1]);
	}
	int error = errno;
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return err_set(e, error, "cannot start the process that keeps the control group");
	}
	c->keeper = pair[0];
	c->keeper_pid = pid;
	for (size_t i = 0; i < c->count; i++) { /* what they are for is the keeper's */
		(void)close(c->at[i].parent);
		c->at[i].parent = -1;
	}
	return 0;
}

static int receive(int socket, struct reply *ret, int *ret_fd)
{
	const struct iovec iov = { .iov_base = ret, .iov_len = sizeof *ret };
	struct descriptors d;
	ssize_t n = descriptors_receive(socket, &iov, 1, &d, 0);
	*ret_fd = d.fds[0];
	return n == (ssize_t)sizeof *ret ? 0 : -EPIPE;
}

int cgroup_keeper_ask(struct cgroup *c, enum keeper_request what, pid_t pid, struct err *e)
{
	struct request q = { .what = what, .pid = pid };
	struct reply reply = { 0 };
	int fd = -1;
	int r = send(c->keeper, &q, sizeof q, MSG_NOSIGNAL) < 0 ? -errno : receive(c->keeper, &reply, &fd);
	if (r < 0)
		return e != NULL ? err_set(e, -r, "the process that keeps the control group is gone") : r;
	if (fd >= 0 && c->count == 0) {
		c->at[0] = (struct cgroup_directory){ .parent = -1, .group = fd, .inner = true };
		c->count = 1;
	} else if (fd >= 0) {
		(void)close(fd);
	}
	if (reply.result < 0 && e != NULL)
		*e = reply.e;
	return reply.result;
}

void cgroup_keeper_end(struct cgroup *c)
{
	(void)close(c->keeper);
	for (size_t i = 0; i < c->count; i++)
		(void)close(c->at[i].group);
	while (waitpid(c->keeper_pid, NULL, 0) < 0 && errno == EINTR) {
	}
}
