#include "cli/detach.h"

#include <unistd.h>

int detach_options(struct cli *cli, const struct args *args, struct detach *ret)
{
	const char *text = args_value(args, "--restart");
	*ret = (struct detach){ .attaches = args_has(args, "--detachable") };
	ret->wanted = ret->attaches || args_has(args, "--detach");
	ret->terminal = ret->attaches || args_has(args, "--tty");
	if (ret->attaches && args_has(args, "--detach"))
		return cli_fail(cli, EXIT_USAGE, "--detach --tty starts it without showing its terminal",
			"--detach and --detachable: which of the two?");
	if (!ret->wanted && ret->terminal)
		return cli_fail(cli, EXIT_USAGE, "add --detach; in the foreground, --set process.terminal=pty gives it one",
			"--tty is for programs in the background");
	if (!ret->wanted && text != NULL)
		return cli_fail(cli, EXIT_USAGE, "add --detach", "--restart is for programs in the background");
	if (text != NULL && restart_parse(text, &ret->restart) < 0)
		return cli_fail(cli, EXIT_USAGE, "no, on-failure, on-failure:5 and always are possible",
			"--restart %s: what is meant?", text);
	return ret->attaches && !args_has(args, "--dry-run") ? cli_check_terminal(cli) : 0;
}

/* That of this terminal, if there is one. */
static struct winsize usual_size(void)
{
	struct winsize size = { .ws_row = 0 };
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
			return size;
	return (struct winsize){ .ws_row = 24, .ws_col = 80 };
}

int detach_run(struct cli *cli, const struct plan *plan, const struct detach *d, const char *name,
	int (*start)(void *data, struct launch_background *b), void *data)
{
	const struct background b = {
		.arena = &cli->arena,
		.facts = &cli->facts,
		.name = name,
		.profile = plan->profile_name,
		.log_size = plan->log_size,
		.terminal = d->terminal,
		.size = usual_size(),
		.restart = d->restart,
		.lock = d->lock,
		.launch = start,
		.data = data,
	};
	struct err e = { .code = 0 };
	if (plan->changes.end == CHANGES_ASK)
		return cli_fail(cli, EXIT_USAGE, "--keep keeps them, for bailey changes",
			"nobody can be asked about changes that a program makes in the background");
	if (plan->changes.end != CHANGES_DIRECT && d->restart.when != RESTART_NO)
		return cli_fail(cli, EXIT_USAGE, NULL,
			"changes that are kept apart are those of one run: --restart cannot be had with them");
	int status = background_start(&b, &name, &e);
	if (d->lock != NULL && *d->lock >= 0) {
		(void)close(*d->lock);
		*d->lock = -1;
	}
	if (status < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	if (status > 0)
		return status;
	if (d->attaches)
		return cli_attach(cli, name);
	struct buf out = { .arena = &cli->arena };
	buf_printf(&out, "%s\n", name);
	return cli_write(cli, &out);
}
