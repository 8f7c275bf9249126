/* bailey cp: files out of a sandbox that runs, and into it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/sandboxes.h"
#include "launch/transfer.h"
#include "plan/layout.h"

/* The path of "SANDBOX:PATH", with the name cut off in `*ret_name`; NULL for a path of the host, which has a slash before a colon, or none. */
static const char *inside(struct arena *a, const char *word, const char **ret_name)
{
	size_t len = strcspn(word, ":/");
	if (word[len] != ':' || len == 0)
		return NULL;
	*ret_name = arena_strndup(a, word, len);
	return word + len + 1;
}

static void complain(void *data, const char *text)
{
	struct cli *cli = data;
	(void)dprintf(STDERR_FILENO, "bailey: left out: %s\n", layout_clean(&cli->arena, text));
}

int cmd_cp(struct cli *cli, struct args *args)
{
	static const char usage[] = "bailey cp SANDBOX:PATH DEST, or bailey cp SOURCE SANDBOX:PATH";
	if (args->rest_count != 2)
		return cli_fail(cli, EXIT_USAGE, usage, "cp takes a source and a destination");
	const char *name = NULL;
	const char *from = inside(&cli->arena, args->rest[0], &name);
	const char *to = inside(&cli->arena, args->rest[1], &name);
	if ((from == NULL) == (to == NULL))
		return cli_fail(cli, EXIT_USAGE, usage, "one of both is to be in a sandbox, the other outside");
	if ((from != NULL ? from : to)[0] == '\0')
		return cli_fail(cli, EXIT_USAGE, usage, "%s: which path in it?", name);
	const struct transfer_options o = {
		.from = from != NULL ? from : args->rest[0],
		.to = to != NULL ? to : args->rest[1],
		.out = from != NULL,
		.recursive = args_has(args, "--recursive"),
		.complain = complain,
		.data = cli,
	};
	struct sandboxes all;
	const struct state_sandbox *one;
	struct err e = { .code = 0 };
	sandboxes_load(cli, &all);
	int status = sandboxes_find(cli, &all, name, &one);
	if (status != 0)
		return status;
	int r = transfer(one, &o, &e);
	return r < 0 ? cli_fail_err(cli, EXIT_SETUP, &e) : r;
}
