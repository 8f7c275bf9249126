/* Everything the verbs print goes through here. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define BLUE "\033[36m"
#define PLAIN "\033[0m"

/* One write for a whole message: lines of several processes then do not mix. Nobody can be told when that fails. */
static void say(const struct buf *b)
{
	const char *text = buf_text(b);
	size_t left = b->len;
	while (left > 0) {
		ssize_t n = write(STDERR_FILENO, text, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		left -= (size_t)n;
	}
}

static void message(struct buf *b, bool color, enum severity severity, const char *setting, const char *text, const char *hint)
{
	const char *word = severity == DIAG_ERROR ? "error" : "warning";
	if (color)
		buf_puts(b, severity == DIAG_ERROR ? RED : YELLOW);
	buf_printf(b, "%s:", word);
	if (color)
		buf_puts(b, PLAIN);
	buf_putc(b, ' ');
	if (setting != NULL)
		buf_printf(b, "%s: ", setting);
	buf_printf(b, "%s\n", text);
	if (hint == NULL || hint[0] == '\0')
		return;
	buf_printf(b, "  %shint:%s %s\n", color ? BLUE : "", color ? PLAIN : "", hint);
}

int cli_fail(const struct cli *cli, int status, const char *hint, const char *fmt, ...)
{
	struct arena a = { 0 };
	struct buf b = { .arena = &a };
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(&a, fmt, ap);
	va_end(ap);
	buf_puts(&b, "bailey: ");
	message(&b, cli->color_err, DIAG_ERROR, NULL, text, hint);
	say(&b);
	arena_free(&a);
	return status;
}

int cli_fail_err(struct cli *cli, int status, const struct err *e)
{
	struct buf b = { .arena = &cli->arena };
	buf_printf(&b, "%s: ", origin_text(&cli->arena, e->origin));
	message(&b, cli->color_err, DIAG_ERROR, NULL, e->text, e->hint);
	say(&b);
	return status;
}

void cli_print_diags(struct cli *cli, struct diags *d)
{
	struct buf b = { .arena = &cli->arena };
	diags_sort(d);
	for (size_t i = 0; i < d->count; i++) {
		const struct diag *at = &d->items[i];
		if (at->severity == DIAG_WARNING && cli->quiet)
			continue;
		buf_printf(&b, "%s: ", origin_text(&cli->arena, at->origin));
		message(&b, cli->color_err, at->severity, at->setting, at->text, at->hint);
	}
	say(&b);
}

int cli_write(const struct cli *cli, const struct buf *text)
{
	const char *at = buf_text(text);
	size_t left = text->len;
	while (left > 0) {
		ssize_t n = write(STDOUT_FILENO, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			/* Somebody else's non-blocking pipe or terminal: wait until it takes more. */
			(void)poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (n <= 0)
			return cli_fail(cli, EXIT_SETUP, NULL, "cannot write to standard output: %s",
				n < 0 ? strerror(errno) : "nothing is taken");
		at += n;
		left -= (size_t)n;
	}
	return 0;
}
