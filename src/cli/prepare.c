/* From a command line to a plan: what every verb does that looks at a profile. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/cli.h"

static bool has_dotdot(const char *path)
{
	for (const char *c = path; (c = strstr(c, "..")) != NULL; c += 2)
		if ((c == path || c[-1] == '/') && (c[2] == '/' || c[2] == '\0'))
			return true;
	return false;
}

/* The path of --ro and --rw as profile text: absolute, and with nothing in it that a profile would read as more than a name. */
static int literal_path(struct cli *cli, const char *option, const char *path, const char **ret)
{
	struct arena *a = &cli->arena;
	char resolved[PATH_MAX];
	if (path[0] == '\0')
		return cli_fail(cli, EXIT_USAGE, NULL, "%s needs a path, not an empty word", option);
	if (has_dotdot(path)) {
		/* What ".." means depends on symlinks, so ask the kernel. */
		if (realpath(path, resolved) == NULL)
			return cli_fail(cli, EXIT_USAGE, NULL, "%s %s: %s", option, path, strerror(errno));
		path = resolved;
	} else if (path[0] != '/') {
		if (cli->facts.cwd[0] != '/')
			return cli_fail(cli, EXIT_USAGE, "give the whole path, from /",
				"%s %s: the current directory has no name (was it removed?)", option, path);
		path = path_join(a, cli->facts.cwd, path);
	}
	struct buf b = { .arena = a };
	for (; *path != '\0'; path++) {
		if (strchr("$*?[\\", *path) != NULL)
			buf_putc(&b, '\\');
		buf_putc(&b, *path);
	}
	*ret = buf_text(&b);
	return 0;
}

static int setting_of(struct cli *cli, const struct arg *arg, struct conf_set *ret)
{
	static const struct {
		const char *option, *setting;
		bool path;
	} short_for[] = {
		{ "--ro", "filesystem.read_only", true },
		{ "--rw", "filesystem.read_write", true },
		{ "--root", "filesystem.root", true },
		{ "--identity", "filesystem.identity", false },
		{ "--net", "network.mode", false },
		{ "--net-log", "network.log", false },
		{ "--fd", "process.descriptors", false },
		{ "--memory", "resources.memory", false },
		{ "--cpus", "resources.cpus", false },
		{ "--tasks", "resources.tasks", false },
	};
	const char *option = arg->row->name;
	*ret = (struct conf_set){ .option = option };
	if (strcmp(option, "--set") == 0) {
		const char *equals = strchr(arg->value, '=');
		if (equals == NULL || equals == arg->value)
			return cli_fail(cli, EXIT_USAGE, "for example: --set network.mode=host",
				"--set %s: this is no SETTING=VALUE", arg->value);
		ret->path = arena_strndup(&cli->arena, arg->value, (size_t)(equals - arg->value));
		ret->value = equals + 1;
		return 0;
	}
	for (size_t i = 0; i < sizeof short_for / sizeof *short_for; i++) {
		if (strcmp(short_for[i].option, option) != 0)
			continue;
		ret->path = short_for[i].setting;
		ret->value = arg->value != NULL ? arg->value : "true";
		return short_for[i].path ? literal_path(cli, option, ret->value, &ret->value) : 0;
	}
	return 0;
}

/* --ephemeral, --keep and --apply are filesystem.changes in other words. */
static int changes_setting(struct cli *cli, const struct args *args, struct conf_set *ret)
{
	bool keep = args_has(args, "--keep"), apply = args_has(args, "--apply"), yes = args_has(args, "--yes");
	*ret = (struct conf_set){ .path = NULL };
	if (args->verb != VERB_run)
		return 0;
	if (keep && apply)
		return cli_fail(cli, EXIT_USAGE, "bailey changes NAME --apply applies what was kept",
			"--keep and --apply: which of the two?");
	if (yes && !apply)
		return cli_fail(cli, EXIT_USAGE, NULL, "--yes belongs to --apply");
	const char *word = apply ? (yes ? "apply" : "ask") : keep ? "keep" : args_has(args, "--ephemeral") ? "discard" : NULL;
	if (word != NULL)
		*ret = (struct conf_set){ .path = "filesystem.changes",
			.value = word,
			.option = apply ? "--apply"
				: keep  ? "--keep"
					: "--ephemeral" };
	return 0;
}

int cli_request(struct cli *cli, const struct args *args, struct conf_request *ret)
{
	struct arena *a = &cli->arena;
	struct conf_set *sets = arena_array(a, 2 * args->count + 1, sizeof *sets);
	const char **with = arena_array(a, args->count, sizeof *with);
	const char **without = arena_array(a, args->count, sizeof *without);
	ret->set_count = ret->with_count = ret->without_count = 0;
	for (size_t i = 0; i < args->count; i++) {
		const struct arg *arg = &args->items[i];
		if (strcmp(arg->row->name, "--with") == 0) {
			with[ret->with_count++] = arg->value;
			continue;
		}
		if (strcmp(arg->row->name, "--without") == 0) {
			without[ret->without_count++] = arg->value;
			continue;
		}
		int status = setting_of(cli, arg, &sets[ret->set_count]);
		if (status != 0)
			return status;
		if (sets[ret->set_count].path != NULL)
			ret->set_count++;
		if (strcmp(arg->row->name, "--join-or-start") == 0)
			sets[ret->set_count++] = (struct conf_set){ "process.instance", "single", arg->row->name };
		if (strcmp(arg->row->name, "--tty") == 0 || strcmp(arg->row->name, "--detachable") == 0)
			sets[ret->set_count++] = (struct conf_set){ "process.terminal", "pty", arg->row->name };
		if (strcmp(arg->row->name, "--identity") == 0)
			sets[ret->set_count++] = (struct conf_set){ "filesystem.home", "persistent", arg->row->name };
	}
	int status = changes_setting(cli, args, &sets[ret->set_count]);
	if (status != 0)
		return status;
	if (sets[ret->set_count].path != NULL)
		ret->set_count++;
	ret->sets = sets;
	ret->with = with;
	ret->without = without;
	return 0;
}

/* A setting that may be told not to hold: one that asks the machine for something. */
static bool may_degrade(const char *path)
{
	const struct setting *row = schema_find(path);
	return strcmp(path, "all") == 0 ||
		(row != NULL && strncmp(path, "resources.", 10) == 0 && row != &schema_settings[SET_resources_optional] &&
			row != &schema_settings[SET_resources_driver]);
}

int cli_consent(struct cli *cli, const struct args *args, struct plan_request *ret)
{
	const char **names = NULL;
	size_t cap = 0;
	ret->strict = args_has(args, "--strict");
	ret->may_degrade_count = 0;
	for (size_t i = 0; i < args->count; i++) {
		const char *list = args->items[i].value;
		if (strcmp(args->items[i].row->name, "--allow-degraded") != 0)
			continue;
		for (size_t len;; list += len + 1) {
			len = strcspn(list, ",");
			const char *name = arena_strndup(&cli->arena, list, len);
			if (!may_degrade(name)) {
				const char *near = schema_nearest_setting(name);
				return cli_fail(cli, EXIT_USAGE,
					near != NULL && may_degrade(near) ? arena_printf(&cli->arena, "did you mean %s?", near)
									  : "for example: --allow-degraded=resources.memory",
					"--allow-degraded: \"%s\" is no setting that may degrade", name);
			}
			names = arena_grow(&cli->arena, names, ret->may_degrade_count, &cap, sizeof *names);
			names[ret->may_degrade_count++] = name;
			if (list[len] == '\0')
				break;
		}
	}
	ret->may_degrade = names;
	return 0;
}

const char *cli_program_path(struct cli *cli, struct facts *facts, const char *name)
{
	struct arena *a = &cli->arena;
	const char *path = facts_env(facts, "PATH");
	if (path == NULL)
		path = "/usr/local/bin:/usr/bin:/bin";
	while (name[0] != '\0' && strchr(name, '/') == NULL) {
		size_t n = strcspn(path, ":");
		if (n > 0 && path[0] == '/') {
			const char *file = path_join(a, arena_strndup(a, path, n), name);
			struct node node;
			facts_node(facts, file, &node);
			bool runs = node.type == NODE_SYMLINK || (node.type == NODE_FILE && (node.mode & 0111) != 0);
			if (runs && !facts_is_wrapper(facts, file))
				return file;
		}
		if (path[n] == '\0')
			break;
		path += n + 1;
	}
	return NULL;
}

const char *cli_profile_for(struct cli *cli, struct facts *facts, const char *word)
{
	if (strcmp(word, "-") == 0 || strchr(word, '/') != NULL)
		return word;
	struct conf_entry *entries = NULL;
	size_t count = 0;
	struct diags ignored = { .arena = &cli->arena };
	conf_list(&entries, &count, &cli->arena, &cli->places, false, &ignored);
	for (size_t i = 0; i < count; i++)
		if (strcmp(entries[i].name, word) == 0)
			return word;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < entries[i].program_count; k++)
			if (strcmp(entries[i].programs[k], word) == 0)
				return entries[i].name;
	return cli_program_path(cli, facts, word) != NULL ? "default" : word;
}

static const char *verb_word(size_t i, const void *data)
{
	(void)data;
	return verb_rows[i].name;
}

/* "bailey chekc": there is no such program, and none was meant. */
static void suggest_verb(struct diags *d, const char *program)
{
	const char *verb = schema_nearest(program, VERB_COUNT, verb_word, NULL);
	if (verb == NULL || d->count == 0)
		return;
	struct diag *at = &d->items[d->count - 1];
	diag_hint(d, at, "%s%sdid you mean the verb %s?", at->hint != NULL ? at->hint : "", at->hint != NULL ? "; or " : "", verb);
}

int cli_plan_status(int made)
{
	switch (made) {
	case 0: return 0;
	case -ENOENT: return EXIT_NOT_FOUND;
	case -EACCES: return EXIT_NOT_EXECUTABLE;
	default: return EXIT_USAGE;
	}
}

int cli_plan(struct cli *cli, const struct args *args, const char *profile, const struct plan_request *r, struct facts *facts,
	bool thorough, struct profile *ret_profile, struct plan *ret_plan)
{
	struct diags diags = { .arena = &cli->arena };
	/* A program of another root is not the one that a profile of this name was written for. */
	if (profile == NULL && args_value(args, "--root") != NULL)
		profile = "container";
	struct conf_request request = { .profile = profile, .program = r->program };
	int status = cli_request(cli, args, &request);
	if (status != 0)
		return status;
	if (profile != NULL && strchr(profile, '/') != NULL)
		cli_own_profile(cli, profile);
	if (profile == NULL && r->program != NULL)
		request.program_path = cli_program_path(cli, facts, r->program);
	if (conf_load(ret_profile, &cli->arena, &cli->places, &request, &diags) != 0) {
		cli_print_diags(cli, &diags);
		return EXIT_USAGE;
	}
	/* With mistakes in the files the plan is made all the same: it may find more of them, and all are shown together. */
	bool mistakes = diags.errors > 0;
	int made = plan_make(ret_plan, &cli->arena, ret_profile, facts, r, thorough, &diags);
	if (made == -ENOENT && !cli->explicit_verb && r->program != NULL)
		suggest_verb(&diags, r->program);
	cli_print_diags(cli, &diags);
	if (mistakes)
		return EXIT_USAGE;
	return made == 0 && diags.errors > 0 ? EXIT_USAGE : cli_plan_status(made);
}

static int read_all(const char *path, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	char piece[16384];
	ssize_t n;
	int r = 0;
	while ((n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = -errno;
			break;
		}
		if (ret->len > (size_t)16 << 20) {
			r = -EFBIG;
			break;
		}
		buf_add(ret, piece, (size_t)n);
	}
	close(fd);
	return r;
}

struct facts *cli_facts(struct cli *cli, const struct args *args, struct facts *store)
{
	const char *path = args_value(args, "--facts");
	if (path == NULL)
		return &cli->facts;
	struct buf text = { .arena = &cli->arena };
	int r = read_all(path, &text);
	if (r < 0) {
		cli_fail(cli, EXIT_USAGE, NULL, "cannot read %s: %s", path, strerror(-r));
		return NULL;
	}
	struct err e = { 0 };
	if (facts_json(store, &cli->arena, buf_text(&text), text.len, path, &e) != 0) {
		cli_fail_err(cli, EXIT_USAGE, &e);
		return NULL;
	}
	return store;
}
