/* bailey attach: this terminal becomes that of a program in the background. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "background/attach.h"
#include "base/clock.h"
#include "base/write.h"
#include "cli/sandboxes.h"
#include "state/control.h"

enum { KEYS_MAX = 8, KEY_MS = 1000 };

struct keys {
	char bytes[KEYS_MAX];
	size_t count;
	size_t seen; /* of them were typed and not passed on yet */
	int64_t since; /* when the first of these was, of the monotonic clock in ms */
};

struct attached {
	int socket, signals;
	bool looks_on;
	struct keys keys;
	struct termios modes; /* of this terminal, to be put back */
	struct control_message message;
	bool left, ended, lost;
	int status, sig;
};

/* "ctrl-p,ctrl-q", "ctrl-a,d", "none". */
static bool parse_keys(const char *text, struct keys *ret)
{
	*ret = (struct keys){ .count = 0 };
	if (strcmp(text, "none") == 0)
		return true;
	for (;; text++) {
		size_t n = strcspn(text, ",");
		char c = text[0];
		if (n == 6 && strncmp(text, "ctrl-", 5) == 0 &&
			((text[5] >= '@' && text[5] <= '_') || (text[5] >= 'a' && text[5] <= 'z')))
			c = (char)(text[5] & 0x1f);
		else if (n != 1 || c <= ' ' || c == 127)
			return false;
		if (ret->count == KEYS_MAX)
			return false;
		ret->bytes[ret->count++] = c;
		text += n;
		if (*text == '\0')
			return true;
	}
}

static void send_message(struct attached *t, enum attach_kind kind, int value, const void *payload, size_t len)
{
	const struct control_head head = { .kind = kind, .value = value };
	int r = control_send(t->socket, &head, payload, len, NULL, 0);
	/* The other end may have said why it closed: that is still to be read, and its end is. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		t->lost = true;
}

static struct attach_size own_size(void)
{
	struct winsize size = { .ws_row = 0 };
	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* one that is no terminal has none */
	return (struct attach_size){ size.ws_row, size.ws_col };
}

/* ---- what is typed ---- */

/* The keys so far were meant for the program. */
static void pass_keys_on(struct attached *t)
{
	if (t->keys.seen > 0)
		send_message(t, ATTACH_INPUT, 0, t->keys.bytes, t->keys.seen);
	t->keys.seen = 0;
}

static void read_input(struct attached *t)
{
	char bytes[1024], out[1024 + KEYS_MAX];
	size_t len = 0;
	struct keys *k = &t->keys;
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
	if (n <= 0) {
		t->left = n == 0 || errno != EINTR;
		return;
	}
	for (ssize_t i = 0; i < n && !t->left; i++) {
		if (k->count > 0 && bytes[i] == k->bytes[k->seen]) {
			k->since = k->seen == 0 ? clock_ms() : k->since;
			t->left = ++k->seen == k->count;
			continue;
		}
		memcpy(out + len, k->bytes, k->seen);
		len += k->seen;
		bool again = k->seen > 0 && bytes[i] == k->bytes[0]; /* it may begin them anew */
		k->seen = 0;
		if (again) {
			k->since = clock_ms();
			t->left = ++k->seen == k->count;
		} else {
			out[len++] = bytes[i];
		}
	}
	if (len > 0 && !t->looks_on)
		send_message(t, ATTACH_INPUT, 0, out, len);
}

/* ---- what the program writes ---- */

static int hear(struct cli *cli, struct attached *t)
{
	struct control_message *m = &t->message;
	int r = control_receive(t->socket, m);
	if (r == 1)
		control_drop(m);
	if (r == -EAGAIN)
		return 0;
	if (r != 1) {
		t->lost = true;
		return 0;
	}
	switch (m->head.kind) {
	case ATTACH_OUTPUT:
		if (write_all(STDOUT_FILENO, m->payload, m->len) < 0)
			t->left = true;
		break;
	case ATTACH_END:
		t->ended = true;
		t->status = m->head.value;
		t->sig = (int)m->head.number;
		break;
	case ATTACH_ERROR: return cli_fail(cli, EXIT_SETUP, NULL, "%.*s", (int)m->len, m->payload);
	default: break;
	}
	return 0;
}

static void read_signals(struct attached *t)
{
	struct signalfd_siginfo info;
	while (read(t->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		struct attach_size size = own_size();
		if (info.ssi_signo == SIGWINCH && !t->looks_on)
			send_message(t, ATTACH_SIZE, 0, &size, sizeof size);
		else if (info.ssi_signo != SIGWINCH)
			t->left = true; /* the program goes on without us */
	}
}

static int loop(struct cli *cli, struct attached *t)
{
	int status = 0;
	while (status == 0 && !t->left && !t->ended && !t->lost) {
		struct pollfd fds[3] = { { .fd = t->socket, .events = POLLIN }, { .fd = t->signals, .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN } };
		int64_t left = t->keys.since + KEY_MS - clock_ms();
		int n = poll(fds, t->looks_on && isatty(STDIN_FILENO) != 1 ? 2 : 3,
			t->keys.seen == 0  ? -1
				: left > 0 ? (int)left
					   : 0);
		if (n == 0)
			pass_keys_on(t);
		if (n <= 0)
			continue;
		if (fds[1].revents != 0)
			read_signals(t);
		if (fds[2].revents != 0)
			read_input(t);
		if (fds[0].revents != 0)
			status = hear(cli, t);
	}
	return status;
}

/* ---- this terminal ---- */

static int take_terminal(struct cli *cli, struct attached *t, sigset_t *ret_mask)
{
	static const int signals[] = { SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	sigset_t set;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		(void)sigaddset(&set, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &set, ret_mask);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals < 0)
		return cli_fail(cli, EXIT_SETUP, NULL, "cannot receive signals: %s", strerror(errno));
	if (isatty(STDIN_FILENO) != 1)
		return 0;
	struct termios raw;
	if (tcgetattr(STDIN_FILENO, &t->modes) < 0)
		return cli_fail(cli, EXIT_SETUP, NULL, "cannot read the modes of this terminal: %s", strerror(errno));
	raw = t->modes;
	cfmakeraw(&raw);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw); /* fails only after a hangup, which poll tells */
	return 0;
}

/* Whatever the program has switched on is not for what comes after it. */
static void give_terminal_back(const struct attached *t, const sigset_t *mask)
{
	static const char plain[] =
		"\033[?1049l\033[?1l\033[?7h\033[?25h\033[?9l\033[?1000l\033[?1002l\033[?1003l\033[?1004l\033[?1005l\033[?1006l\033[?1015l"
		"\033[?2004l\033>\033[r\033(B\017\033[0m\033[999B\r\n";
	if (isatty(STDOUT_FILENO) == 1)
		(void)!write(STDOUT_FILENO, plain, sizeof plain - 1);
	if (isatty(STDIN_FILENO) == 1)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &t->modes);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
}

static int attach(struct cli *cli, const struct state_sandbox *s, const struct keys *keys, bool looks_on)
{
	struct err e = { .code = 0 };
	struct attached *t = arena_alloc(&cli->arena, sizeof *t);
	sigset_t mask;
	t->keys = *keys;
	t->looks_on = looks_on;
	t->socket = control_connect_to(s, ATTACH_SOCKET, &e);
	if (t->socket == -ENOENT)
		return cli_fail(cli, EXIT_USAGE, "run --detach --tty gives a program a terminal of its own",
			"%s has no terminal to attach to", s->record.name);
	if (t->socket < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	int status = take_terminal(cli, t, &mask);
	if (status == 0) {
		const struct attach_size size = own_size(); /* changes from here on are told by a signal */
		send_message(t, ATTACH_HELLO, looks_on, &size, sizeof size);
		status = loop(cli, t);
		give_terminal_back(t, &mask);
	}
	(void)close(t->socket);
	if (status != 0)
		return status;
	if (t->lost)
		return cli_fail(cli, EXIT_SETUP,
			arena_printf(&cli->arena, "if it still runs, attach again: bailey attach %s", s->record.name),
			"%s does not show its terminal here any more: this one did not take what it wrote in time, or its manager was killed",
			s->record.name);
	if (t->ended)
		return t->sig != 0 ? 128 + t->sig : t->status;
	if (!cli->quiet)
		(void)dprintf(STDERR_FILENO, "bailey: detached; back to it: bailey attach %s\n", s->record.name);
	return 0;
}

int cli_check_terminal(struct cli *cli)
{
	if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
		return 0;
	return cli_fail(
		cli, EXIT_USAGE, "bailey attach --read-only looks on without one", "standard input and output are no terminal");
}

int cli_attach(struct cli *cli, const char *name)
{
	struct sandboxes all;
	struct keys keys;
	const struct state_sandbox *found;
	(void)parse_keys("ctrl-p,ctrl-q", &keys);
	sandboxes_load(cli, &all);
	int status = sandboxes_find(cli, &all, name, &found);
	return status != 0 ? status : attach(cli, found, &keys, false);
}

int cmd_attach(struct cli *cli, struct args *args)
{
	const char *text = args_value(args, "--detach-keys");
	struct sandboxes all;
	struct keys keys;
	const struct state_sandbox *found;
	bool looks_on = args_has(args, "--read-only");
	if (args->rest_count != 1)
		return cli_fail(cli, EXIT_USAGE, "bailey attach NAME", "attach to which sandbox?");
	if (!parse_keys(text != NULL ? text : "ctrl-p,ctrl-q", &keys))
		return cli_fail(cli, EXIT_USAGE, "for example: ctrl-p,ctrl-q or ctrl-a,d", "--detach-keys %s: no keys", text);
	int status = looks_on ? 0 : cli_check_terminal(cli);
	if (status == 0) {
		sandboxes_load(cli, &all);
		status = sandboxes_find(cli, &all, args->rest[0], &found);
	}
	return status != 0 ? status : attach(cli, found, &keys, looks_on);
}
