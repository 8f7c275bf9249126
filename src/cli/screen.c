#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/write.h"

/* On another page of the terminal, so that what was there before comes back. */
static const char enter[] = "\033[?1049h\033[?25l", leave[] = "\033[?25h\033[?1049l";

static void put(const char *text, size_t len)
{
	(void)write_all(STDOUT_FILENO, text, len); /* a terminal that has hung up is told by a signal */
}

static void set_modes(const struct screen *s)
{
	struct termios raw = s->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	put(enter, sizeof enter - 1);
}

int screen_begin(struct screen *ret)
{
	sigset_t set;
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		(void)sigaddset(&set, signals[i]);
	if (tcgetattr(STDIN_FILENO, &ret->before) < 0 || sigprocmask(SIG_BLOCK, &set, &ret->mask) < 0)
		return -errno;
	ret->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (ret->signals < 0)
		return -errno;
	set_modes(ret);
	return 0;
}

void screen_end(struct screen *s)
{
	put(leave, sizeof leave - 1);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
	(void)close(s->signals);
	(void)sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

unsigned screen_rows(void)
{
	struct winsize size;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

void screen_show(const char *text, size_t len)
{
	static const char home[] = "\033[H", clear_line[] = "\033[K\r\n", clear_rest[] = "\033[J";
	put(home, sizeof home - 1);
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end != NULL ? (size_t)(end - text) : len;
		put(text, n);
		text += n + (end != NULL);
		len -= n + (end != NULL);
		/* A break behind the last line would move everything up. */
		put(clear_line, len > 0 ? sizeof clear_line - 1 : 3);
	}
	put(clear_rest, sizeof clear_rest - 1);
}

static void stop_here(struct screen *s)
{
	put(leave, sizeof leave - 1);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
	(void)raise(SIGSTOP);
	set_modes(s);
}

int screen_wait(struct screen *s, int timeout_ms)
{
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = s->signals, .events = POLLIN } };
	struct signalfd_siginfo info;
	char key;
	if (poll(fds, 2, timeout_ms) <= 0)
		return SCREEN_TIME;
	if (fds[1].revents != 0 && read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo != SIGTSTP && info.ssi_signo != SIGWINCH)
			return SCREEN_END;
		if (info.ssi_signo == SIGTSTP)
			stop_here(s);
		return SCREEN_CHANGED;
	}
	if (fds[0].revents != 0)
		return read(STDIN_FILENO, &key, 1) == 1 ? (unsigned char)key : SCREEN_END;
	return SCREEN_TIME;
}
