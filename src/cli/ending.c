/* The end of a run whose changes went elsewhere (filesystem.changes). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/changes.h"
#include "plan/layout.h"

enum { LINES_ASKED = 40 };

static void say(const struct ending *e, const char *text)
{
	if (!e->quiet)
		(void)dprintf(STDERR_FILENO, "bailey: %s\n", text); /* nobody can be told when that fails */
}

/* The words that were typed, for the list of kept runs. */
static const char *command_text(struct arena *a, const struct plan *plan)
{
	struct buf b = { .arena = a };
	for (char *const *word = plan->argv; word != NULL && *word != NULL && b.len < 200; word++)
		buf_printf(&b, "%s%s", b.len > 0 ? " " : "", *word);
	return arena_strndup(a, buf_text(&b), 200);
}

int ending_begin(struct cli *cli, struct ending *ret, const struct plan *plan)
{
	struct err e = { .code = 0 };
	const struct plan_changes *c = &plan->changes;
	*ret = (struct ending){ .end = c->end, .quiet = cli->quiet };
	(void)snprintf(ret->home, sizeof ret->home, "%s", cli->facts.home);
	(void)snprintf(ret->name, sizeof ret->name, "%s", c->name);
	if (c->end == CHANGES_ASK) {
		int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (tty < 0)
			return cli_fail(cli, EXIT_USAGE, "--yes applies them without asking, --keep keeps them for bailey changes",
				"there is no terminal to ask on whether the changes are to be applied");
		(void)close(tty);
	}
	size_t left, removed;
	run_sweep(path_parent(&cli->arena, c->directory), &left, &removed);
	if (removed > 0)
		say(ret,
			arena_printf(
				&cli->arena, "changes of %zu runs that were killed more than a week ago are thrown away", removed));
	if (left > 0)
		say(ret, arena_printf(&cli->arena, "changes of %zu runs that were killed are left over: bailey changes", left));
	if (run_begin(&ret->run, c, plan->profile_name, command_text(&cli->arena, plan), &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	ret->run.name = ret->name;
	return 0;
}

void ending_cancel(struct cli *cli, struct ending *e)
{
	struct err error = { .code = 0 };
	if (run_remove(&e->run, &error) < 0)
		(void)cli_fail_err(cli, EXIT_SETUP, &error);
}

int changes_ask(const char *question)
{
	char line[64] = "";
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return 0;
	/* What was typed for the program, or sent by the terminal because of what that wrote, answers no question of ours. */
	(void)tcflush(tty, TCIFLUSH);
	(void)dprintf(tty, "%s", question);
	ssize_t n = read(tty, line, sizeof line - 1);
	(void)close(tty);
	return n > 0 && line[0] != '\n' ? line[0] | 0x20 : 0;
}

static int discard(struct cli *cli, struct ending *e, const char *text, const char *advice)
{
	struct err error = { .code = 0 };
	if (run_remove(&e->run, &error) < 0) {
		(void)cli_fail_err(cli, EXIT_SETUP, &error);
		return EXIT_SETUP;
	}
	say(e, arena_printf(&cli->arena, "%s; thrown away%s", text, advice));
	return 0;
}

static int keep(struct cli *cli, struct ending *e, const char *text)
{
	say(e, arena_printf(&cli->arena, "%s; kept: bailey changes %s", text, e->name));
	run_close(&e->run);
	return 0;
}

static int apply(struct cli *cli, struct ending *e)
{
	struct err error = { .code = 0 };
	struct tally done, rest;
	const struct changes_task task = { .fd = STDERR_FILENO, .apply = true, .home = e->home };
	const struct changes_task what_is_left = { .fd = STDERR_FILENO, .list = true, .lines = LINES_ASKED, .home = e->home };
	if (changes_go(cli, &e->run, &task, &done, &error) < 0 || changes_go(cli, &e->run, &what_is_left, &rest, &error) < 0) {
		(void)cli_fail_err(cli, EXIT_SETUP, &error);
		(void)keep(cli, e, "not all was applied");
		return EXIT_SETUP;
	}
	if (done.dropped > 0)
		say(e, arena_printf(&cli->arena, "set-user-ID and set-group-ID bits of %zu files were not applied", done.dropped));
	if (rest.added + rest.modified + rest.removed == 0) {
		if (run_remove(&e->run, &error) < 0)
			return cli_fail_err(cli, EXIT_SETUP, &error);
		say(e, arena_printf(&cli->arena, "applied: %zu", done.applied));
		return 0;
	}
	(void)keep(
		cli, e, arena_printf(&cli->arena, "applied: %zu; not applied: %s", done.applied, changes_text(&cli->arena, &rest)));
	return EXIT_SETUP;
}

/* A program may have left the terminal with hidden text, or one that scrolls elsewhere: colours, character set and margins again. */
static void show_plainly(struct cli *cli)
{
	const char *term = facts_env(&cli->facts, "TERM");
	if (isatty(STDERR_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0)
		(void)dprintf(STDERR_FILENO, "\033(B\017\033[0m\033[!p\033[?25h\r\n");
}

/* The person at the terminal decides; without an answer nothing is lost. */
static int ask(struct cli *cli, struct ending *e, const char *text)
{
	const struct changes_task diff = { .fd = STDERR_FILENO, .list = true, .diff = true, .home = e->home };
	struct err error = { .code = 0 };
	struct tally again;
	for (;;) {
		say(&(struct ending){ .quiet = false }, text);
		switch (changes_ask("Apply these changes? [y]es, [n]o (throw away), [k]eep for later, show the [d]iff: ")) {
		case 'y': return apply(cli, e);
		case 'n': return discard(cli, e, text, "");
		case 'd':
			if (changes_go(cli, &e->run, &diff, &again, &error) < 0)
				return cli_fail_err(cli, EXIT_SETUP, &error);
			break;
		default: return keep(cli, e, text);
		}
	}
}

int ending_finish(struct cli *cli, struct ending *e, bool killed)
{
	struct err error = { .code = 0 };
	struct tally tally;
	bool asks = e->end == CHANGES_ASK && !killed;
	if (asks)
		show_plainly(cli);
	const struct changes_task task = { .fd = STDERR_FILENO, .list = asks, .lines = LINES_ASKED, .home = e->home };
	if (run_read(&e->run, &cli->arena, &error) < 0 || changes_go(cli, &e->run, &task, &tally, &error) < 0) {
		(void)cli_fail_err(cli, EXIT_SETUP, &error);
		if (e->end == CHANGES_DISCARD)
			return discard(cli, e, "changes that cannot all be counted", "");
		(void)keep(cli, e, "changes that cannot all be looked at");
		return EXIT_SETUP;
	}
	e->run.name = e->name;
	if (tally.added + tally.modified + tally.removed == 0) {
		if (run_remove(&e->run, &error) < 0)
			return cli_fail_err(cli, EXIT_SETUP, &error);
		say(e, "nothing was changed");
		return 0;
	}
	const char *text = changes_text(&cli->arena, &tally);
	switch (e->end) {
	case CHANGES_DISCARD: return discard(cli, e, text, " (--keep keeps it, --apply asks)");
	case CHANGES_APPLY: return apply(cli, e);
	default: break;
	}
	return asks ? ask(cli, e, text) : keep(cli, e, text);
}
