/* bailey: which verb is meant, and what every verb needs. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "cli/cli.h"

/*
 * Files that bailey opens must not land on 0, 1 or 2: the program would inherit them, or messages be written into them.  The wrong
 * direction of the placeholder keeps what the caller sees: reading and writing still fail, as on a closed descriptor.
 */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
			_exit(EXIT_SETUP);
}

static bool terminal_with_colors(const struct cli *cli, int fd)
{
	const char *no_color = facts_env(&cli->facts, "NO_COLOR");
	const char *term = facts_env(&cli->facts, "TERM");
	if ((no_color != NULL && no_color[0] != '\0') || term == NULL || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fd) == 1;
}

static int run_verb(struct cli *cli, struct args *args)
{
	switch (args->verb) {
	case VERB_run: return cmd_run(cli, args);
	case VERB_check: return cmd_check(cli, args);
	case VERB_explain: return cmd_explain(cli, args);
	case VERB_profiles: return cmd_profiles(cli, args);
	case VERB_list: return cmd_list(cli, args);
	case VERB_stats: return cmd_stats(cli, args);
	case VERB_logs: return cmd_logs(cli, args);
	case VERB_attach: return cmd_attach(cli, args);
	case VERB_cp: return cmd_cp(cli, args);
	case VERB_enter: return cmd_enter(cli, args);
	case VERB_limit: return cmd_limit(cli, args);
	case VERB_tree: return cmd_tree(cli, args);
	case VERB_stop: return cmd_stop(cli, args);
	case VERB_pause: return cmd_pause(cli, args);
	case VERB_resume: return cmd_resume(cli, args);
	case VERB_signal: return cmd_signal(cli, args);
	case VERB_wait: return cmd_wait(cli, args);
	case VERB_rename: return cmd_rename(cli, args);
	case VERB_top: return cmd_top(cli, args);
	case VERB_events: return cmd_events(cli, args);
	case VERB_net: return cmd_net(cli, args);
	case VERB_changes: return cmd_changes(cli, args);
	case VERB_desktop: return cmd_desktop(cli, args);
	case VERB_doctor: return cmd_doctor(cli, args);
	case VERB_schema: return cmd_schema(cli, args);
	case VERB_COUNT: break;
	}
	return EXIT_USAGE;
}

static int start_verb(struct cli *cli, enum verb verb, char **words)
{
	struct args args;
	struct err e = { 0 };
	int parsed = args_parse(&args, &cli->arena, verb, words, &e);
	if (args.help)
		return cli_help(cli, verb);
	if (parsed != 0)
		return cli_fail_err(cli, EXIT_USAGE, &e);
	cli->verbose = args_has(&args, "--verbose");
	cli->quiet = args_has(&args, "--quiet");
	if (verb == VERB_run && args.rest_count == 0 && args_value(&args, "--profile") == NULL) {
		cli_fail(cli, EXIT_USAGE, NULL, "which program?");
		cli_usage();
		return EXIT_USAGE;
	}
	cli_find_places(cli);
	return run_verb(cli, &args);
}

static int help_verb(struct cli *cli, char **words)
{
	if (words[0] == NULL)
		return cli_help(cli, VERB_COUNT);
	enum verb verb = verb_find(words[0]);
	if (verb != VERB_COUNT)
		return cli_help(cli, verb);
	return cli_fail(cli, EXIT_USAGE, "bailey --help lists the verbs", "there is no verb %s", words[0]);
}

static int dispatch(struct cli *cli, char **words)
{
	const char *first = words[0];
	if (first == NULL) {
		cli_usage();
		return EXIT_USAGE;
	}
	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
		return cli_help(cli, VERB_COUNT);
	if (strcmp(first, "help") == 0)
		return help_verb(cli, words + 1);
	if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
		struct buf b = { .arena = &cli->arena };
		buf_puts(&b, "bailey " BAILEY_VERSION "\n");
		return cli_write(cli, &b);
	}
	if (first[0] == '-')
		return start_verb(cli, VERB_run, words);
	enum verb verb = verb_find(first);
	if (verb != VERB_COUNT) {
		cli->explicit_verb = true;
		return start_verb(cli, verb, words + 1);
	}
	if (verb_reserved(first))
		return cli_fail(cli, EXIT_USAGE, arena_printf(&cli->arena, "to run a program of that name: bailey run %s", first),
			"the verb %s is not there yet", first);
	return start_verb(cli, VERB_run, words);
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	struct err e = { 0 };
	if (argc < 1)
		return EXIT_USAGE;
	/* The kernel puts the strings behind each other: proc_pid_cmdline(5). */
	cli.command_line = argv[0];
	cli.command_line_len = (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]) + 1;
	fill_standard_descriptors();
	if (getauxval(AT_SECURE) != 0)
		return cli_fail(&cli, EXIT_SETUP,
			"remove the set-user-ID or set-group-ID bit, or the file capabilities, from the program file",
			"bailey has been given privileges by its file, which it neither needs nor wants");
	if (facts_live(&cli.facts, &cli.arena, &e) != 0)
		return cli_fail_err(&cli, EXIT_SETUP, &e);
	cli.color_out = terminal_with_colors(&cli, STDOUT_FILENO);
	cli.color_err = terminal_with_colors(&cli, STDERR_FILENO);
	int status = dispatch(&cli, argv + 1);
	arena_free(&cli.arena);
	return status;
}
