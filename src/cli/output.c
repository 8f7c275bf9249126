/* Everything the verbs print goes through here. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/write.h"
#include "cli/cli.h"

/* One write for a whole message: lines of several processes then do not mix. Nobody can be told when that fails. */
static void say(const struct buf *b)
{
	(void)write_all(STDERR_FILENO, buf_text(b), b->len);
}

int cli_fail(const struct cli *cli, int status, const char *hint, const char *fmt, ...)
{
	struct arena a = { 0 };
	struct buf b = { .arena = &a };
	va_list ap;
	va_start(ap, fmt);
	const struct diag d = { .severity = DIAG_ERROR, .text = arena_vprintf(&a, fmt, ap), .hint = hint };
	va_end(ap);
	diag_text(&b, &d, cli->color_err);
	say(&b);
	cli_notify(cli, buf_text(&b));
	arena_free(&a);
	return status;
}

int cli_fail_err(struct cli *cli, int status, const struct err *e)
{
	struct buf b = { .arena = &cli->arena };
	const struct diag d = {
		.severity = DIAG_ERROR, .origin = e->origin, .text = e->text, .hint = e->hint[0] != '\0' ? e->hint : NULL
	};
	diag_text(&b, &d, cli->color_err);
	say(&b);
	cli_notify(cli, buf_text(&b));
	return status;
}

void cli_print_diags(struct cli *cli, struct diags *d)
{
	struct buf b = { .arena = &cli->arena };
	diags_sort(d);
	for (size_t i = 0; i < d->count; i++)
		if (d->items[i].severity == DIAG_ERROR || !cli->quiet)
			diag_text(&b, &d->items[i], cli->color_err);
	say(&b);
	if (d->errors > 0)
		cli_notify(cli, buf_text(&b));
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
