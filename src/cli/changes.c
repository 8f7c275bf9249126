/* bailey changes: runs whose changes are kept, and what to do with them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "base/sys.h"
#include "cli/changes.h"
#include "plan/layout.h"

enum { COMMAND_LENGTH = 60 };

static const char *state_word(const struct run *r)
{
	if (r->busy)
		return "running";
	return r->end == CHANGES_DISCARD ? "left over" : "kept";
}

static const char *age_text(struct arena *a, const struct timespec *began)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* this clock always exists */
	long long s = now.tv_sec > began->tv_sec ? (long long)(now.tv_sec - began->tv_sec) : 0;
	if (s < 120)
		return arena_printf(a, "%llds", s);
	if (s < 7200)
		return arena_printf(a, "%lldmin", s / 60);
	return s < 172800 ? arena_printf(a, "%lldh", s / 3600) : arena_printf(a, "%lldd", s / 86400);
}

static void list_json(struct json *j, const struct run *r, const struct tally *t)
{
	json_object(j, NULL);
	json_string(j, "name", r->name);
	json_string(j, "state", state_word(r));
	json_string(j, "profile", r->profile);
	json_string(j, "command", r->command);
	json_int(j, "began", r->began.tv_sec);
	json_uint(j, "changed", t->modified);
	json_uint(j, "new", t->added);
	json_uint(j, "removed", t->removed);
	json_object_end(j);
}

/* One run for the list; a run that another command just removed is passed over. */
static int list_one(struct cli *cli, const char *directory, const char *name, struct layout *l, struct json *j)
{
	struct err e = { .code = 0 };
	struct run r;
	struct tally t = { 0 };
	const struct changes_task task = { .fd = -1, .home = "" };
	int status = 0, opened = run_open(&r, &cli->arena, directory, name, &e);
	if (opened == -ENOENT)
		return 0;
	if (opened == 0)
		opened = changes_go(cli, &r, &task, &t, &e);
	if (opened < 0) {
		status = cli_fail_err(cli, EXIT_SETUP, &e);
	} else if (j != NULL) {
		list_json(j, &r, &t);
	} else {
		bool cut = strlen(r.command) > COMMAND_LENGTH;
		const char *command = arena_strndup(&cli->arena, r.command, COMMAND_LENGTH);
		const char *state = arena_printf(&cli->arena, "%s, %s: %s: %s%s", state_word(&r), age_text(&cli->arena, &r.began),
			changes_text(&cli->arena, &t), command, cut ? "..." : "");
		layout_row(l, layout_clean(&cli->arena, name), state, "");
	}
	run_close(&r);
	return status;
}

static int list_all(struct cli *cli, const struct args *args, const char *directory)
{
	struct err e = { .code = 0 };
	struct buf out = { .arena = &cli->arena };
	struct layout l = { .out = &out, .arena = &cli->arena, .width = cli_width(cli), .home = cli->facts.home };
	struct json j = { .out = &out, .indent = true };
	bool json = args_has(args, "--json");
	const char **names = NULL;
	size_t count = 0;
	int status = 0;
	if (run_names(&cli->arena, directory, &names, &count, &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	if (json)
		json_array(&j, NULL);
	for (size_t i = 0; i < count; i++) {
		int one = list_one(cli, directory, names[i], &l, json ? &j : NULL);
		status = one != 0 ? one : status;
	}
	if (json) {
		json_array_end(&j);
		buf_putc(&out, '\n');
	} else if (l.row_count > 0) {
		layout_table(&l);
	} else if (status == 0) {
		buf_puts(&out, "No run has kept changes.\n");
	}
	int written = cli_write(cli, &out);
	return written != 0 ? written : status;
}

/* Words that are paths, as the walk has them: absolute and normal. */
static int take_paths(struct cli *cli, char **words, char ***ret)
{
	struct arena *a = &cli->arena;
	size_t count = 0;
	while (words[count] != NULL)
		count++;
	*ret = arena_array(a, count + 1, sizeof **ret);
	for (size_t i = 0; i < count; i++) {
		const char *path = words[i][0] == '/' ? words[i] : path_join(a, cli->facts.cwd, words[i]);
		if (path_normal(a, path, &path) < 0)
			return cli_fail(cli, EXIT_USAGE, "give the path as the list shows it", "%s cannot be looked up", words[i]);
		/* The last name may be gone on the host; what leads to it may be a symlink. */
		char real[PATH_MAX];
		if (realpath(path_parent(a, path), real) != NULL)
			path = path_join(a, arena_strdup(a, real), path_base(path));
		(*ret)[i] = arena_strdup(a, path);
	}
	return 0;
}

/* The name itself, or the only one that begins like this. */
static const char *find_run(struct cli *cli, const char *directory, const char *word)
{
	struct err e = { .code = 0 };
	const char **names = NULL, *found = NULL;
	size_t count = 0, matches = 0;
	(void)run_names(&cli->arena, directory, &names, &count, &e); /* run_open() says what is wrong */
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], word) == 0)
			return word;
		if (strncmp(names[i], word, strlen(word)) == 0) {
			found = names[i];
			matches++;
		}
	}
	return matches == 1 ? found : word;
}

static int apply_run(struct cli *cli, const struct args *args, struct run *r, struct changes_task task)
{
	struct err e = { .code = 0 };
	struct tally t, rest;
	task.fd = STDERR_FILENO;
	if (!args_has(args, "--yes")) {
		task.list = true;
		if (changes_go(cli, r, &task, &t, &e) < 0)
			return cli_fail_err(cli, EXIT_SETUP, &e);
		int answer = changes_ask("Apply these changes? [y]es, [N]o: ");
		if (answer != 'y')
			return cli_fail(cli, EXIT_USAGE, "--yes applies without asking", "nothing was applied");
	}
	task.list = false;
	task.apply = true;
	/* With paths the rest is what was not wanted. */
	const struct changes_task count = { .fd = STDERR_FILENO, .list = args->rest_count == 1, .home = cli->facts.home };
	if (changes_go(cli, r, &task, &t, &e) < 0 || changes_go(cli, r, &count, &rest, &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	struct buf out = { .arena = &cli->arena };
	buf_printf(&out, "applied: %zu", t.applied);
	if (t.dropped > 0)
		buf_printf(&out, " (%zu without a set-user-ID or set-group-ID bit)", t.dropped);
	bool whole = rest.added + rest.modified + rest.removed == 0;
	if (whole && run_remove(r, &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	if (!whole)
		buf_printf(&out, "; left in %s: %s", r->name, changes_text(&cli->arena, &rest));
	buf_putc(&out, '\n');
	int status = cli_write(cli, &out);
	if (status == 0 && (t.failed > 0 || (!whole && args->rest_count == 1)))
		status = EXIT_SETUP;
	return status;
}

static int show_run(struct cli *cli, const struct args *args, const struct run *r, struct changes_task task)
{
	struct err e = { .code = 0 };
	struct tally t;
	struct buf out = { .arena = &cli->arena };
	struct json j = { .out = &out, .indent = true };
	task.fd = STDOUT_FILENO;
	task.diff = args_has(args, "--diff");
	task.list = !args_has(args, "--json");
	if (!task.list) {
		task.json = &j;
		json_array(&j, NULL);
	}
	if (changes_go(cli, r, &task, &t, &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	if (!task.list) {
		json_array_end(&j);
		buf_putc(&out, '\n');
	} else {
		buf_printf(&out, "%s%s\n", changes_text(&cli->arena, &t), r->busy ? "; the program still runs" : "");
	}
	return cli_write(cli, &out);
}

static int use_run(struct cli *cli, const struct args *args, const char *directory)
{
	struct err e = { .code = 0 };
	struct run r;
	char **paths;
	const char *name = find_run(cli, directory, args->rest[0]);
	bool discard = args_has(args, "--discard"), apply = args_has(args, "--apply");
	int status = take_paths(cli, args->rest + 1, &paths);
	if (status != 0)
		return status;
	int opened = run_open(&r, &cli->arena, directory, name, &e);
	if (opened < 0 && (!discard || r.dir < 0))
		return cli_fail_err(cli, opened == -ENOENT ? EXIT_USAGE : EXIT_SETUP, &e);
	const struct changes_task task = { .home = cli->facts.home, .paths = paths, .force = args_has(args, "--force") };
	if ((discard || apply) && r.busy) {
		status = cli_fail(cli, EXIT_SETUP, "wait for its end",
			"the program of %s still runs, or another bailey works on its changes", name);
	} else if (discard) {
		if (run_remove(&r, &e) < 0)
			status = cli_fail_err(cli, EXIT_SETUP, &e);
	} else if (apply) {
		/* Where variables and symlinks lead may have changed since the run. */
		plan_guards(&r.guards, &cli->arena, &cli->facts);
		status = apply_run(cli, args, &r, task);
	} else {
		plan_guards(&r.guards, &cli->arena, &cli->facts);
		status = show_run(cli, args, &r, task);
	}
	run_close(&r);
	return status;
}

/* What filesystem.overlay keeps has no description. */
static int compare(struct cli *cli, const struct args *args, const char *upper_path)
{
	struct err e = { .code = 0 };
	struct tally t;
	struct buf out = { .arena = &cli->arena };
	struct json j = { .out = &out, .indent = true };
	if (args->rest_count != 1 || args_has(args, "--apply") || args_has(args, "--discard"))
		return cli_fail(cli, EXIT_USAGE, "bailey changes --upper DIR LOWER",
			"--upper only shows, and takes one directory to compare with");
	char lower_path[PATH_MAX];
	int upper = open(upper_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = errno;
	int lower = upper >= 0 ? open(args->rest[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (upper >= 0)
		error = errno;
	if (upper < 0 || lower < 0 || realpath(args->rest[0], lower_path) == NULL)
		return cli_fail(
			cli, EXIT_USAGE, NULL, "cannot open %s: %s", upper < 0 ? upper_path : args->rest[0], strerror(error));
	struct changes_task task = {
		.fd = STDOUT_FILENO, .list = !args_has(args, "--json"), .diff = args_has(args, "--diff"), .home = cli->facts.home
	};
	if (!task.list) {
		task.json = &j;
		json_array(&j, NULL);
	}
	int r = changes_compare(cli, upper, lower, lower_path, &task, &t, &e);
	(void)close(upper);
	(void)close(lower);
	if (r < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	if (!task.list) {
		json_array_end(&j);
		buf_putc(&out, '\n');
	} else {
		buf_printf(&out, "%s\n", changes_text(&cli->arena, &t));
	}
	return cli_write(cli, &out);
}

int cmd_changes(struct cli *cli, struct args *args)
{
	const char *directory, *upper = args_value(args, "--upper");
	bool apply = args_has(args, "--apply"), discard = args_has(args, "--discard");
	if (upper != NULL)
		return compare(cli, args, upper);
	if (apply && discard)
		return cli_fail(cli, EXIT_USAGE, NULL, "--apply and --discard: which of the two?");
	if (discard && args->rest_count > 1)
		return cli_fail(
			cli, EXIT_USAGE, "apply what you want first, then discard the rest", "--discard takes a run, no paths");
	if (!apply && (args_has(args, "--yes") || args_has(args, "--force")))
		return cli_fail(cli, EXIT_USAGE, NULL, "--yes and --force belong to --apply");
	if (args->rest_count == 0 && (apply || discard || args_has(args, "--diff")))
		return cli_fail(cli, EXIT_USAGE, "bailey changes lists the runs", "the changes of which run?");
	if (plan_changes_directory(&cli->arena, &cli->facts, &directory) < 0)
		return cli_fail(cli, EXIT_SETUP, "set HOME or XDG_STATE_HOME", "there is no place where changes could be kept");
	return args->rest_count == 0 ? list_all(cli, args, directory) : use_run(cli, args, directory);
}
