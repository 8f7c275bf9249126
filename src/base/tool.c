#include "base/tool.h"

#include <linux/close_range.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/sys.h"

enum { SAID_MAX = 256, NOT_EXECUTED = 127 };

/* The process that becomes the program, with nothing of ours but an end of the pipe. */
static _Noreturn void execute(
	const char *path, char *const *argv, const struct tool_extra *extra, int output, pid_t caller, const sigset_t *mask)
{
	static char language[] = "LC_ALL=C"; /* what it says goes into our message */
	char *const envp[] = { language, NULL };
	bool tied = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == caller;
	/* Whoever calls may have none of the descriptors 0 to 2 open; then ours would be among them. */
	output = fcntl(output, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int input = extra->input > 0 ? fcntl(extra->input, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int shown = fcntl(extra->output > 0 ? extra->output : null, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (!tied || shown < 0 || output < 0 || null < 0 || (extra->input > 0 && input < 0) || dup2(output, STDERR_FILENO) < 0)
		_exit(NOT_EXECUTED);
	const char *failed = "";
	int r = extra->prepare != NULL ? extra->prepare(extra->data, &failed) : 0;
	if (r < 0) {
		(void)dprintf(STDERR_FILENO, "%s: %s\n", failed, strerror(-r));
		_exit(NOT_EXECUTED);
	}
	if (dup2(input >= 0 ? input : null, STDIN_FILENO) >= 0 && dup2(shown, STDOUT_FILENO) >= 0 &&
		sys_close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0 && sigprocmask(SIG_SETMASK, mask, NULL) == 0)
		(void)execve(path, argv, envp);
	_exit(NOT_EXECUTED);
}

/* Up to the end of what it says, of which the first line is kept. False when it took too long. */
static bool listen_to(int fd, int seconds, char *said, size_t size)
{
	int64_t end = clock_ms() + seconds * 1000;
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

int tool_run(const char *path, char *const *argv, const sigset_t *mask, int seconds, const char *what, struct err *e)
{
	return tool_run_with(&(struct tool_extra){ .input = 0 }, path, argv, mask, seconds, what, e);
}

int tool_run_with(const struct tool_extra *extra, const char *path, char *const *argv, const sigset_t *mask, int seconds,
	const char *what, struct err *e)
{
	char said[SAID_MAX];
	int ends[2], status = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, errno, "cannot make a pipe");
	pid_t caller = getpid(), pid = fork();
	if (pid == 0)
		execute(path, argv, extra, ends[1], caller, mask);
	int error = errno;
	(void)close(ends[1]);
	bool in_time = pid > 0 && listen_to(ends[0], seconds, said, sizeof said);
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
		return err_set(e, 0, "%s: %s", what, said);
	if (WIFEXITED(status))
		return err_set(e, 0, "%s: %s failed without a word (status %d)", what, path, WEXITSTATUS(status));
	return err_set(e, 0, "%s: %s was killed by signal %d", what, path, WTERMSIG(status));
}

int tool_text(const char *text, size_t len)
{
	int fd = (int)sys_result(syscall(SYS_memfd_create, "text", 1U /* MFD_CLOEXEC */));
	if (fd < 0)
		return fd;
	ssize_t n = pwrite(fd, text, len, 0);
	if (n == (ssize_t)len)
		return fd;
	int r = n < 0 ? -errno : -EIO;
	(void)close(fd);
	return r;
}
