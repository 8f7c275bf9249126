#include "launch/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

void terminal_open(struct terminal *t)
{
	if (t->fd < 0)
		t->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool terminal_should_lend(const struct terminal *t)
{
	return t->fd >= 0 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && tcgetpgrp(t->fd) == getpgrp();
}

bool terminal_is_lent(const struct terminal *t)
{
	return t->fd >= 0 && t->group > 0 && tcgetpgrp(t->fd) == t->group;
}

bool terminal_lend(struct terminal *t)
{
	terminal_open(t);
	if (t->fd < 0 || t->group <= 0)
		return false;
	pid_t now = tcgetpgrp(t->fd);
	if (now == getpgrp() && tcsetpgrp(t->fd, t->group) == 0)
		t->lent = true;
	return terminal_is_lent(t);
}

void terminal_take(struct terminal *t)
{
	if (t->fd < 0)
		return;
	/* With TIOCEXCL set by the program nobody could open it any more: ioctl_tty(2). It was not, else we had not opened it. */
	(void)ioctl(t->fd, TIOCNXCL); /* fails only when the terminal hung up */
	if (!t->lent)
		return;
	pid_t now = tcgetpgrp(t->fd);
	/* A group that somebody else (the shell) has put in front meanwhile is left alone. */
	if (now > 0 && now != getpgrp() && (now == t->group || (kill(-now, 0) < 0 && errno == ESRCH)))
		(void)tcsetpgrp(t->fd, getpgrp()); /* fails only when the terminal hung up */
}

void terminal_stop_self(int sig, bool job)
{
	sigset_t set, old;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, sig);
	(void)kill(job ? 0 : getpid(), sig);
	/* Unblocked, the pending signal stops us here; SIGSTOP has done so already. */
	(void)sigprocmask(SIG_UNBLOCK, &set, &old);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}
