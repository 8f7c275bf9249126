/* A notification on the desktop, for who started a program from a menu and sees no terminal. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

enum { WAIT_MS = 5000 };

/* The system's own, whatever PATH says: it runs outside of the sandbox. */
static const char tool[] = "/usr/bin/notify-send";

/* Notifications may be read as markup. */
static const char *plain(struct arena *a, const char *text)
{
	struct buf b = { .arena = a };
	for (; *text != '\0'; text++)
		if (*text == '&')
			buf_puts(&b, "&amp;");
		else if (*text == '<' || *text == '>')
			buf_puts(&b, *text == '<' ? "&lt;" : "&gt;");
		else
			buf_putc(&b, *text);
	return buf_text(&b);
}

void cli_notify(const struct cli *cli, const char *text)
{
	if (cli->notify == NULL || isatty(STDERR_FILENO) == 1 || access(tool, X_OK) < 0)
		return;
	struct arena a = { 0 };
	char *const argv[] = { (char *)"notify-send", (char *)"--app-name=bailey", (char *)"--icon=dialog-error", (char *)"--",
		arena_printf(&a, "%s was not started", cli->notify), arena_strdup(&a, plain(&a, text)), NULL };
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t none;
		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)execve(tool, argv, cli->facts.environment);
		_exit(EXIT_NOT_FOUND);
	}
	int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	/* It waits for the session's bus, which may be stuck. */
	if (fd >= 0 && poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, WAIT_MS) <= 0)
		(void)kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	if (fd >= 0)
		(void)close(fd);
	arena_free(&a);
}
