/* bailey enter: a command in a sandbox that runs. */
#include <string.h>

#include "cli/sandboxes.h"
#include "launch/enter.h"

int cmd_enter(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	const struct state_sandbox *one;
	if (args->rest_count < 1)
		return cli_fail(cli, EXIT_USAGE, "bailey list shows those that run", "which sandbox?");
	char **words = args->rest + 1;
	const struct enter_options o = {
		.words = words + (words[0] != NULL && strcmp(words[0], "--") == 0),
		.directory = args_value(args, "--directory"),
		.term = facts_env(&cli->facts, "TERM"),
		.need_root = args_has(args, "--root-inside"),
	};
	if (o.directory != NULL && o.directory[0] != '/')
		return cli_fail(cli, EXIT_USAGE, "a path as the program sees it: --directory /tmp", "--directory %s: not absolute",
			o.directory);
	sandboxes_load(cli, &all);
	int status = sandboxes_find(cli, &all, args->rest[0], &one);
	if (status != 0)
		return status;
	struct outcome outcome;
	struct err e = { .code = 0 };
	if (enter(&outcome, one, &o, &e) < 0)
		return cli_fail_err(cli, outcome.status, &e);
	return cli_end_like(&outcome);
}
