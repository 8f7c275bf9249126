#include "launch/maps.h"

#include <linux/close_range.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/sys.h"

enum { TOOL_MS = 10000, SAID_MAX = 256, NOT_EXECUTED = 127 };

/* newuidmap PID INSIDE OUTSIDE COUNT [INSIDE OUTSIDE COUNT]... */
static char **arguments(struct arena *a, const char *name, pid_t pid, const struct id_map *m)
{
	char **argv = arena_array(a, 3 + 3 * m->count, sizeof *argv), **at = argv;
	*at++ = arena_strdup(a, name);
	*at++ = arena_printf(a, "%d", (int)pid);
	for (size_t i = 0; i < m->count; i++) {
		*at++ = arena_printf(a, "%u", (unsigned)m->ranges[i].inside);
		*at++ = arena_printf(a, "%u", (unsigned)m->ranges[i].outside);
		*at++ = arena_printf(a, "%u", (unsigned)m->ranges[i].count);
	}
	return argv;
}

/* The process that becomes the program, with nothing of ours but an end of the pipe. */
static _Noreturn void execute(const char *path, char *const *argv, int output, pid_t launcher, const sigset_t *mask)
{
	static char language[] = "LC_ALL=C"; /* what it says goes into our message */
	char *const envp[] = { language, NULL };
	/* The kernel forgets this when it executes a setuid program; those end by themselves when the sandbox is gone. */
	bool tied = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == launcher;
	int input = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (tied && input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(input, STDOUT_FILENO) >= 0 &&
		dup2(output, STDERR_FILENO) >= 0 && sys_close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0 &&
		sigprocmask(SIG_SETMASK, mask, NULL) == 0)
		(void)execve(path, argv, envp);
	_exit(NOT_EXECUTED);
}

/* Up to the end of what it says, of which the first line is kept. False when it took too long. */
static bool listen_to(int fd, char *said, size_t size)
{
	int64_t end = clock_ms() + TOOL_MS;
	size_t len = 0;
	said[0] = '\0';
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms();
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return false;
		char more[SAID_MAX];
		ssize_t n = read(fd, more, sizeof more);
		if (n <= 0) {
			said[strcspn(said, "\n")] = '\0';
			return true;
		}
		size_t take = (size_t)n < size - 1 - len ? (size_t)n : size - 1 - len;
		memcpy(said + len, more, take);
		len += take;
		said[len] = '\0';
	}
}

static int run(const char *path, char *const *argv, const sigset_t *mask, struct err *e)
{
	char said[SAID_MAX];
	int ends[2], status = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, errno, "cannot make a pipe");
	pid_t launcher = getpid(), pid = fork();
	if (pid == 0)
		execute(path, argv, ends[1], launcher, mask);
	int error = errno;
	(void)close(ends[1]);
	bool in_time = pid > 0 && listen_to(ends[0], said, sizeof said);
	(void)close(ends[0]);
	if (pid < 0)
		return err_set(e, error, "cannot start %s", path);
	if (!in_time)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (!in_time)
		return err_set(e, ETIMEDOUT, "%s did not end", path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (said[0] != '\0')
		return err_set(e, 0, "cannot map the user's ids: %s", said);
	if (WIFEXITED(status))
		return err_set(e, 0, "cannot map the user's ids: %s failed without a word (status %d)", path, WEXITSTATUS(status));
	return err_set(e, 0, "cannot map the user's ids: %s was killed by signal %d", path, WTERMSIG(status));
}

int maps_write(const struct plan *plan, struct arena *a, pid_t pid, const sigset_t *mask, struct err *e)
{
	int r = run(plan->newuidmap, arguments(a, "newuidmap", pid, &plan->uid_map), mask, e);
	if (r == 0)
		r = run(plan->newgidmap, arguments(a, "newgidmap", pid, &plan->gid_map), mask, e);
	if (r == 0)
		return 0;
	(void)err_hint(e,
		"newuidmap and newgidmap have to be installed as their package has them (setuid root, or with file "
		"capabilities), and the ranges of /etc/subuid and /etc/subgid must not overlap");
	return err_at(e, plan->user_origin);
}
