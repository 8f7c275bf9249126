#include "launch/bridge.h"

#include <linux/close_range.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "launch/outside.h"

/* Where many start at once they wait for each other. */
enum { START_MS = 60000, END_MS = 15000, MESSAGE_MAX = 1200, SAID_MAX = 300, SOCKET = 3, HUB = 4, NOT_EXECUTED = 127 };

/* What holds the hub goes to the helper, which has something to take away in there when the launcher is gone. */
static bool keep_hub(const struct hub *hub)
{
	if (hub == NULL)
		return sys_close_range(SOCKET + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
	return (hub->connection == HUB || dup2(hub->connection, HUB) >= 0) && fcntl(HUB, F_SETFD, 0) == 0 &&
		sys_close_range(HUB + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

static _Noreturn void execute(const char *path, const char *word, const struct hub *hub, int spec, int socket, int said)
{
	char name[] = "bailey-net", verb[8] = "", language[] = "LC_ALL=C";
	char *const argv[] = { name, verb, NULL }, *const envp[] = { language, NULL };
	(void)snprintf(verb, sizeof verb, "%s", word);
	/* None of them may lie where another one is to go. */
	spec = fcntl(spec, F_DUPFD_CLOEXEC, HUB + 1);
	socket = fcntl(socket, F_DUPFD_CLOEXEC, HUB + 1);
	said = fcntl(said, F_DUPFD_CLOEXEC, HUB + 1);
	int r = hub != NULL ? hub_enter(hub) : 0;
	if (r < 0) {
		(void)dprintf(said, "cannot enter the user's hub: %s\n", strerror(-r));
		_exit(NOT_EXECUTED);
	}
	if (spec >= 0 && socket >= 0 && said >= 0 && dup2(spec, STDIN_FILENO) >= 0 && dup2(said, STDOUT_FILENO) >= 0 &&
		dup2(said, STDERR_FILENO) >= 0 && dup2(socket, SOCKET) >= 0 && keep_hub(hub))
		(void)execve(path, argv, envp);
	(void)dprintf(said, "cannot be run: %s\n", strerror(errno));
	_exit(NOT_EXECUTED);
}

/* It has ended without an answer. */
static int complain(struct bridge *b, struct err *e)
{
	char text[SAID_MAX];
	ssize_t n = pread(b->said, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	char *hint = strchr(text, '\n');
	if (hint != NULL)
		*hint++ = '\0';
	(void)err_set(e, 0, "bailey-net: %s", text[0] != '\0' ? text : "it ended without a word");
	if (hint != NULL && *hint != '\0')
		return err_hint(e, "%.*s", (int)strcspn(hint, "\n"), hint);
	if (strstr(text, "loading shared libraries") != NULL)
		return err_hint(e, "install libnl (Debian: libnl-route-3-200, Fedora: libnl3, Arch: libnl)");
	return strncmp(text, "cannot be run", 13) == 0
		? err_hint(e, "bailey-net connects sandboxes to bridges, and comes with a bailey that was built with libnl")
		: -e->code;
}

/* "ok ...", or "error LINE TEXT\nHINT": LINE is one of the spec, and so of the profile or networks.conf. */
static int read_answer(struct bridge *b, const struct plan *plan, struct err *e)
{
	char text[MESSAGE_MAX], *rest = NULL;
	ssize_t n = recv(b->socket, text, sizeof text - 1, 0);
	if (n <= 0)
		return complain(b, e);
	text[n] = '\0';
	if (strncmp(text, "ok ", 3) == 0)
		return 0;
	unsigned long line = strncmp(text, "error ", 6) == 0 ? strtoul(text + 6, &rest, 10) : 0;
	if (rest == NULL)
		return err_set(e, EPROTO, "bailey-net says what makes no sense");
	char *hint = strchr(rest, '\n');
	if (hint != NULL)
		*hint++ = '\0';
	(void)err_set(e, 0, "cannot connect the sandbox's network:%s", rest);
	if (hint != NULL && *hint != '\0')
		(void)err_hint(e, "%s", hint);
	const struct bridge_network *net = &plan->bridge;
	return err_at(e, line > 0 && line <= net->origin_count ? net->origins[line - 1] : net->origin);
}

/* A memory file with the text, read from its beginning; or -1. */
static int text_file(const char *text, size_t len)
{
	int fd = memfd_create("network", MFD_CLOEXEC);
	return fd >= 0 && pwrite(fd, text, len, 0) == (ssize_t)len ? fd : -1;
}

int bridge_change(const char *path, const char *verb, const char *spec, struct err *e)
{
	struct bridge b = { .said = memfd_create("bailey-net", MFD_CLOEXEC) };
	int status = 0, in = text_file(spec, strlen(spec));
	if (in < 0 || b.said < 0)
		return err_set(e, errno, "cannot make a memory file for bailey-net");
	(void)signal(SIGCHLD, SIG_DFL); /* whoever ignores it is not told how it ended */
	pid_t pid = fork();
	if (pid == 0)
		execute(path, verb, NULL, in, in, b.said);
	int r = pid < 0 ? err_set(e, errno, "cannot start bailey-net") : 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (r == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		r = complain(&b, e);
	(void)close(in);
	(void)close(b.said);
	return r;
}

int bridge_start(struct bridge *b, const struct hub *hub, const struct plan *plan, const char *path, struct err *e)
{
	const struct bridge_network *net = &plan->bridge;
	int pair[2], spec = text_file(net->spec, net->spec_len);
	*b = (struct bridge){ .pidfd = -1, .socket = -1, .said = memfd_create("bailey-net", MFD_CLOEXEC) };
	if (spec < 0 || b->said < 0)
		return err_set(e, errno, "cannot make a memory file for bailey-net");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "cannot make a socket pair");
	b->socket = pair[0];
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&b->pidfd, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		execute(path, "run", hub, spec, pair[1], b->said);
	(void)close(pair[1]);
	(void)close(spec);
	if (pid < 0)
		return err_set(e, -pid, "cannot start bailey-net");
	b->pid = pid;
	struct pollfd p = { .fd = b->socket, .events = POLLIN };
	int ready;
	do
		ready = poll(&p, 1, START_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		(void)err_set(e, ETIMEDOUT, "bailey-net did not set the network up in time");
	else if (read_answer(b, plan, e) == 0)
		return 0;
	return e->origin.file != NULL ? -e->code : err_at(e, net->origin);
}

int bridge_plug(struct bridge *b, const struct plan *plan, pid_t sandbox, int pidfd, int signals, const char *name, struct err *e)
{
	char text[MESSAGE_MAX / 2];
	int len = snprintf(text, sizeof text, "%d %.255s", (int)sandbox, name);
	struct origin o = plan->bridge.origin;
	if (send(b->socket, text, (size_t)len, MSG_NOSIGNAL) < 0)
		return complain(b, e) < 0 ? err_at(e, o) : 0;
	const struct outside waits = { .pidfd = b->pidfd, .ready = b->socket, .said = b->said };
	int r = outside_await(&waits, pidfd, signals, START_MS);
	/* A sandbox that has ended meanwhile has said why, or is found out to be gone by whoever waits for it. */
	if (r == -ESRCH)
		return 0;
	if (r == -EINTR)
		(void)err_set(e, EINTR, "interrupted while the sandbox's network was connected");
	else if (r == -ETIMEDOUT)
		(void)err_set(e, ETIMEDOUT, "bailey-net did not connect the sandbox's network in time");
	else if (read_answer(b, plan, e) == 0)
		return 0;
	return e->origin.file != NULL ? -e->code : err_at(e, o);
}

void bridge_end(void *bridge)
{
	struct bridge *b = bridge;
	if (b->socket >= 0)
		(void)close(b->socket);
	if (b->said >= 0)
		(void)close(b->said);
	if (b->pid > 0) {
		struct pollfd p = { .fd = b->pidfd, .events = POLLIN };
		int ready;
		do
			ready = poll(&p, 1, END_MS);
		while (ready < 0 && errno == EINTR);
		if (ready > 0)
			while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR) {
			}
		(void)close(b->pidfd);
	}
}
