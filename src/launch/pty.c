#include "launch/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A terminal that does not control our session knows no foreground: whoever has it open may read. */
static bool in_front(const struct pty *p)
{
	pid_t group = tcgetpgrp(p->terminal);
	return group == getpgrp() || (group < 0 && errno == ENOTTY);
}

int pty_open(struct pty *p, unsigned fds)
{
	const int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	char path[] = "/proc/self/fd/0";
	path[sizeof path - 2] = (char)('0' + __builtin_ctz(fds));
	p->master = -1;
	p->raw = p->lent = false;
	p->in.at = p->in.len = p->out.at = p->out.len = 0;
	/* The terminal of somebody else (su) cannot be opened by its name, but as the controlling one it can. */
	p->terminal = open(path, flags);
	if (p->terminal < 0)
		p->terminal = open("/dev/tty", flags);
	if (p->terminal < 0 || tcgetattr(p->terminal, &p->modes) < 0)
		return -errno;
	/* In a pipeline others may want the keyboard: then the program gets it when it asks for it. */
	const unsigned both = 1U << STDIN_FILENO | 1U << STDOUT_FILENO;
	p->lent = (fds & both) == both && in_front(p);
	return 0;
}

struct winsize pty_size(const struct pty *p)
{
	struct winsize size = { .ws_row = 0 };
	(void)ioctl(p->terminal, TIOCGWINSZ, &size); /* one without a size has 0 rows */
	return size;
}

void pty_resize(const struct pty *p)
{
	if (p->master < 0)
		return;
	struct winsize size = pty_size(p);
	(void)ioctl(p->master, TIOCSWINSZ, &size); /* cannot fail for a size that a terminal had */
}

void pty_attach(struct pty *p, int master)
{
	p->master = master;
	pty_resize(p); /* it may have changed since the launch was prepared */
}

bool pty_lend(struct pty *p)
{
	if (p->master < 0 || !in_front(p)) {
		p->raw = false;
		return false;
	}
	if (!p->raw)
		(void)tcgetattr(p->terminal, &p->modes); /* fails only after a hangup, which poll will tell */
	/* Of a start in the background the modes were the shell's, which edits its line then. The program could not change its own yet. */
	if (!p->lent)
		(void)tcsetattr(p->master, TCSANOW, &p->modes);
	struct termios raw = p->modes;
	cfmakeraw(&raw);
	/* SIGTTOU is blocked in the launcher. Nothing is flushed: what was typed ahead is for the program. */
	(void)tcsetattr(p->terminal, TCSANOW, &raw);
	p->raw = p->lent = true;
	return true;
}

void pty_take(struct pty *p)
{
	if (p->raw && p->terminal >= 0 && in_front(p))
		(void)tcsetattr(p->terminal, TCSANOW, &p->modes); /* fails only after a hangup */
	p->raw = false;
}

/* The caller's terminal is gone, and so is the program's: closing the master sends SIGHUP to those in its foreground. */
static void hang_up(struct pty *p)
{
	if (p->master >= 0)
		(void)close(p->master);
	if (p->terminal >= 0)
		(void)close(p->terminal);
	p->master = p->terminal = -1;
	p->raw = false;
	p->in.at = p->in.len = p->out.at = p->out.len = 0;
}

nfds_t pty_wants(const struct pty *p, struct pollfd fds[PTY_POLLS])
{
	if (p->master < 0)
		return 0;
	bool out = p->out.len > 0, in = p->in.len > 0;
	/* Also without events, poll reports a hangup. */
	fds[0] = (struct pollfd){ .fd = p->terminal, .events = (short)((out ? POLLOUT : 0) | (p->raw && !in ? POLLIN : 0)) };
	fds[1] = (struct pollfd){ .fd = p->master, .events = (short)((in ? POLLOUT : 0) | (out ? 0 : POLLIN)) };
	return PTY_POLLS;
}

/* Reads into an empty buffer. 0, or -errno: -EAGAIN when there is nothing, -EIO at the end. */
static int fill(struct pty_flow *f, int fd)
{
	ssize_t n;
	do
		n = read(fd, f->bytes, sizeof f->bytes);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -EIO;
	f->at = 0;
	f->len = (size_t)n;
	return 0;
}

/* Writes `n` of the waiting bytes. 0 when they are written, or -errno: -EAGAIN when there is no room for all of them. */
static int put(struct pty_flow *f, int fd, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, f->bytes + f->at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EAGAIN;
		f->at += (size_t)done;
		n -= (size_t)done;
	}
	return 0;
}

static int flush(struct pty_flow *f, int fd, bool no_returns)
{
	int r = 0;
	while (f->at < f->len && r == 0) {
		size_t n = f->len - f->at;
		const char *at = f->bytes + f->at;
		const char *line = no_returns ? memmem(at, n, "\r\n", 2) : NULL;
		if (line == at) {
			f->at++;
			line = memmem(at + 1, n - 1, "\r\n", 2);
		}
		n = line != NULL ? (size_t)(line - (f->bytes + f->at)) : f->len - f->at;
		r = put(f, fd, n);
	}
	if (f->at == f->len)
		f->at = f->len = 0;
	return r;
}

/* To the caller's terminal. Unless it is in raw mode it adds a carriage return itself to each line. */
static int show(struct pty *p)
{
	const tcflag_t adds = OPOST | ONLCR;
	return flush(&p->out, p->terminal, !p->raw && (p->modes.c_oflag & adds) == adds);
}

bool pty_copy(struct pty *p, const struct pollfd fds[PTY_POLLS])
{
	if (p->master < 0)
		return true;
	if ((fds[0].revents & (POLLHUP | POLLERR)) != 0) {
		hang_up(p);
		return true;
	}
	if (p->out.len == 0)
		(void)fill(&p->out, p->master); /* its end is the sandbox's, which is seen elsewhere */
	int r = show(p);
	if (r == 0 || r == -EAGAIN) {
		r = p->in.len == 0 && p->raw ? fill(&p->in, p->terminal) : 0;
		/* A program that is gone reads no more: the master's end is seen by pid 1's. */
		if (p->in.len > 0 && flush(&p->in, p->master, false) == -EIO)
			p->in.at = p->in.len = 0;
	}
	if (r == 0 || r == -EAGAIN)
		return true;
	/* read(2), EIO: a background process whose SIGTTIN is blocked, or the end. */
	if (r == -EIO && p->raw && tcgetpgrp(p->terminal) > 0 && !in_front(p)) {
		p->raw = false;
		return false;
	}
	hang_up(p);
	return true;
}

/* Waits until the terminal takes more. False when that is not to be waited for. */
static bool wait_for_room(const struct pty *p, int signals, int wait_ms)
{
	struct pollfd fds[2] = { { .fd = p->terminal, .events = POLLOUT }, { .fd = signals, .events = POLLIN } };
	int n = poll(fds, 2, wait_ms);
	if (n <= 0)
		return n < 0 && errno == EINTR;
	struct signalfd_siginfo info;
	while (fds[1].revents != 0 && read(signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP || info.ssi_signo == SIGQUIT)
			return false;
	return (fds[0].revents & (POLLHUP | POLLERR)) == 0;
}

void pty_catch_up(struct pty *p)
{
	enum { ROUNDS = 64 }; /* others inside may go on writing for ever */
	for (int i = 0; i < ROUNDS && p->master >= 0 && (p->out.len > 0 || fill(&p->out, p->master) == 0); i++)
		if (show(p) < 0)
			return;
}

void pty_drain(struct pty *p, int signals, int wait_ms)
{
	if (p->master < 0)
		return;
	/* What was written before the last writer ended can be read: the kernel passes it on before it says that nothing is there. */
	while (p->out.len > 0 || fill(&p->out, p->master) == 0) {
		int r = show(p);
		if (r == -EAGAIN && wait_for_room(p, signals, wait_ms))
			continue;
		if (r < 0)
			return;
	}
}

void pty_close(struct pty *p)
{
	pty_take(p);
	hang_up(p);
}
