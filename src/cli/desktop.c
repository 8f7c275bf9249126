/* bailey desktop: a program's menu entries and commands under bailey. */
#include "cli/desktop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "desktop/mime.h"
#include "plan/layout.h"

bool desktop_means_record(const struct desktop_task *t, const struct override *r, const char *word)
{
	struct arena *a = &t->cli->arena;
	const char *id = desktop_id(a, r->kind, r->name);
	return strcmp(word, id) == 0 || strcmp(word, r->name) == 0 || strcmp(word, arena_printf(a, "%s.desktop", id)) == 0 ||
		strcmp(word, r->profile) == 0 || strcmp(word, path_base(r->program)) == 0 || strcmp(word, r->program) == 0;
}

/* An entry by its own name is that entry alone, with what starts it by the bus. */
static bool names_entry(const struct desktop_task *t, const struct desktop_item *item, const char *word)
{
	struct arena *a = &t->cli->arena;
	return item->kind == DESKTOP_APPLICATION &&
		(strcmp(word, item->id) == 0 || strcmp(word, arena_printf(a, "%s.desktop", item->id)) == 0);
}

bool desktop_means_item(const struct desktop_task *t, const struct desktop_item *item, const char *word)
{
	struct arena *a = &t->cli->arena;
	if (names_entry(t, item, word) || (item->profile != NULL && strcmp(word, item->profile) == 0))
		return true;
	if (item->path == NULL || item->script)
		return false;
	char one[PATH_MAX], other[PATH_MAX];
	const char *path = programs_path(&t->d.programs, word);
	return strcmp(word, path_base(item->path)) == 0 ||
		(path != NULL && realpath(path, one) != NULL && realpath(item->path, other) != NULL &&
			strcmp(arena_strdup(a, one), other) == 0);
}

const char *desktop_shown(struct desktop_task *t, const struct override *r)
{
	struct arena *a = &t->cli->arena;
	const struct files_dir *own = &t->d.place.dirs[r->kind].own;
	const char *path = path_join(a, path_join(a, own->base, own->below), r->name), *home = t->cli->facts.home;
	if (home[0] == '/' && home[1] != '\0' && path_below(path, home))
		path = arena_printf(a, "~%s", path + strlen(home));
	return layout_clean(a, path);
}

/* ---- what all actions begin with ---- */

static void find_programs(struct desktop_task *t)
{
	struct cli *cli = t->cli;
	struct conf_places places = cli->places;
	struct diags diags = { .arena = &cli->arena };
	const char *path = facts_env(&cli->facts, "PATH");
	t->d.programs = (struct programs){
		.arena = &cli->arena, .path = path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", .facts = &cli->facts
	};
	if (t->system)
		places.user_dir = NULL; /* what root has for itself is not there for others */
	conf_list(&t->profiles, &t->profile_count, &cli->arena, &places, false, &diags);
	cli_print_diags(cli, &diags);
	for (size_t i = 0; i < t->profile_count; i++)
		for (size_t k = 0; k < t->profiles[i].program_count; k++)
			programs_add(&t->d.programs, t->profiles[i].name, t->profiles[i].programs[k]);
}

static void find_items(struct desktop_task *t)
{
	for (int kind = 0; kind < DESKTOP_COMMAND; kind++) {
		struct desktop_item *some;
		size_t count;
		desktop_items(&t->d, (enum desktop_kind)kind, &some, &count);
		struct desktop_item *all = arena_array(&t->cli->arena, t->item_count + count, sizeof *all);
		if (t->item_count > 0)
			memcpy(all, t->items, t->item_count * sizeof *all);
		if (count > 0)
			memcpy(all + t->item_count, some, count * sizeof *all);
		t->items = all;
		t->item_count += count;
	}
}

/* 0, or the exit status after saying why. */
static int begin(struct desktop_task *t, bool change, bool make)
{
	struct cli *cli = t->cli;
	struct err e = { .code = 0 };
	char exe[PATH_MAX];
	const struct desktop_variables v = {
		.home = cli->facts.home,
		.data_home = facts_env(&cli->facts, "XDG_DATA_HOME"),
		.data_dirs = facts_env(&cli->facts, "XDG_DATA_DIRS"),
		.config_home = facts_env(&cli->facts, "XDG_CONFIG_HOME"),
		.config_dirs = facts_env(&cli->facts, "XDG_CONFIG_DIRS"),
	};
	t->system = args_has(t->args, "--system");
	t->d.arena = &cli->arena;
	if (t->system && change && cli->facts.uid != 0)
		return cli_fail(
			cli, EXIT_USAGE, "without it the entries are your own", "--system: only root changes them for all users");
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n <= 0)
		return cli_fail(cli, EXIT_SETUP, NULL, "cannot tell where bailey is: %s", strerror(errno));
	t->d.bailey = arena_strndup(&cli->arena, exe, (size_t)n);
	if (desktop_place_find(&t->d.place, &cli->arena, &v, t->system, &e) < 0 ||
		manifest_open(&t->d.manifest, &cli->arena, &t->d.place.manifest, make, t->d.place.directory_mode, &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	find_programs(t);
	find_items(t);
	return 0;
}

/* ---- enable ---- */

struct enabling {
	struct desktop_task *task;
	const char *profile; /* of --profile, or NULL */
	struct buf out; /* what to tell */
	size_t done;
	bool failed, bus;
};

/* --profile: a name that there is, or the whole path of a file. */
static int chosen_profile(struct desktop_task *t, const char **ret)
{
	const char *word = args_value(t->args, "--profile");
	char real[PATH_MAX];
	*ret = word;
	if (word == NULL)
		return 0;
	if (strchr(word, '/') != NULL) {
		if (realpath(word, real) == NULL)
			return cli_fail(t->cli, EXIT_USAGE, NULL, "--profile %s: %s", word, strerror(errno));
		*ret = arena_strdup(&t->cli->arena, real);
		return 0;
	}
	for (size_t i = 0; i < t->profile_count; i++)
		if (strcmp(t->profiles[i].name, word) == 0)
			return 0;
	return cli_fail(t->cli, EXIT_USAGE, "bailey profiles lists them", "--profile %s: there is no profile of that name", word);
}

static void report(struct enabling *n, int result, const struct desktop_item *item, const struct err *e)
{
	struct desktop_task *t = n->task;
	if (result < 0) {
		(void)cli_fail_err(t->cli, EXIT_SETUP, e);
		n->failed = true;
		return;
	}
	const struct override *r = manifest_find(&t->d.manifest, item->kind, item->name);
	buf_printf(&n->out, "%s runs under the profile %s\n", desktop_shown(t, r), layout_clean(&t->cli->arena, r->profile));
	n->done++;
	n->bus = n->bus || item->kind == DESKTOP_SERVICE;
}

static void enable_item(struct enabling *n, const struct desktop_item *item, const char *profile)
{
	struct desktop_task *t = n->task;
	struct err e = { .code = 0 };
	if (item->wrong != NULL || item->path == NULL) {
		if (item->wrong != NULL)
			(void)err_set(&e, 0, "%s: %s", item->source, item->wrong);
		else
			(void)err_set(&e, 0, "%s: its program %s is not there", item->source, item->entry.program);
		report(n, -1, item, &e);
		return;
	}
	report(n, override_enable(&t->d, item, profile, n->profile != NULL, &e), item, &e);
}

/* A service of the bus that starts the program too, or that an entry was started by. */
static void enable_services(struct enabling *n, const struct desktop_item *entry, const char *profile)
{
	struct desktop_task *t = n->task;
	for (size_t i = 0; i < t->item_count; i++) {
		const struct desktop_item *s = &t->items[i];
		if (s->kind != DESKTOP_SERVICE || s->wrong != NULL || s->path == NULL)
			continue;
		bool same = (strcmp(s->path, entry->path) == 0 && !s->script && !entry->script) ||
			(s->profile != NULL && strcmp(s->profile, profile) == 0);
		if (same || (entry->entry.activatable && strcmp(s->entry.name, entry->id) == 0))
			enable_item(n, s, profile);
	}
}

/* The commands that a word stands for: itself, or all programs of the profile of that name. */
static void enable_commands(struct enabling *n, const char *word)
{
	struct desktop_task *t = n->task;
	const char *const *names = &word, *profile = n->profile;
	size_t count = 1;
	for (size_t i = 0; i < t->profile_count && n->profile == NULL; i++)
		if (strcmp(t->profiles[i].name, word) == 0 && t->profiles[i].program_count > 0) {
			names = t->profiles[i].programs;
			count = t->profiles[i].program_count;
		}
	for (size_t i = 0; i < count; i++) {
		const struct desktop_item command = { .kind = DESKTOP_COMMAND, .name = names[i] };
		struct err e = { .code = 0 };
		const char *path = strchr(names[i], '/') == NULL ? programs_path(&t->d.programs, names[i]) : NULL;
		const char *of = path == NULL ? NULL : profile != NULL ? profile : programs_profile(&t->d.programs, path);
		if (path != NULL && of != NULL)
			report(n, override_command(&t->d, names[i], path, of, &e), &command, &e);
	}
}

static void enable_word(struct enabling *n, const char *word)
{
	struct desktop_task *t = n->task;
	struct arena *a = &t->cli->arena;
	size_t before = n->done, met = 0;
	for (size_t i = 0; i < t->item_count; i++) {
		const struct desktop_item *item = &t->items[i];
		const char *profile = n->profile != NULL ? n->profile : item->profile;
		if (item->kind == DESKTOP_SERVICE || (!names_entry(t, item, word) && !desktop_means_item(t, item, word)))
			continue;
		met++;
		if (profile == NULL && item->wrong == NULL) {
			(void)cli_fail(t->cli, EXIT_USAGE,
				arena_printf(a, "write one, or name one: bailey desktop enable --profile NAME %s", word),
				"%s: there is no profile for %s", item->source, item->entry.program);
			n->failed = true;
			continue;
		}
		enable_item(n, item, profile);
		if (item->wrong == NULL && item->path != NULL)
			enable_services(n, item, profile);
	}
	if (args_has(t->args, "--command"))
		enable_commands(n, word);
	if (met == 0 && n->done == before) {
		(void)cli_fail(t->cli, EXIT_USAGE, "bailey desktop list shows what can be enabled",
			"%s: no menu entry of that name, and none that starts a program of that name or profile", word);
		n->failed = true;
	}
}

/* A service by itself too: --all is for what is started without an entry as well. */
static void enable_all(struct enabling *n)
{
	struct desktop_task *t = n->task;
	for (size_t i = 0; i < t->item_count; i++) {
		const struct desktop_item *item = &t->items[i];
		if (item->wrong != NULL || item->profile == NULL)
			continue;
		enable_item(n, item, item->profile);
		if (item->kind == DESKTOP_APPLICATION)
			enable_services(n, item, item->profile);
		if (args_has(t->args, "--command"))
			enable_commands(n, item->profile);
	}
}

/* A wrapper that PATH does not come to first does nothing. */
static void check_commands(struct desktop_task *t)
{
	struct arena *a = &t->cli->arena;
	for (size_t i = 0; i < t->d.manifest.count; i++) {
		const struct override *r = t->d.manifest.records[i];
		struct programs plain = t->d.programs;
		plain.facts = NULL;
		const char *found = r->kind == DESKTOP_COMMAND && !r->gone ? programs_path(&plain, r->name) : NULL;
		if (found == NULL || facts_is_wrapper(&t->cli->facts, found) || t->cli->quiet)
			continue;
		struct diags d = { .arena = a };
		struct diag *at = diag_warning(&d, (struct origin){ 0 }, NULL, "the command %s is still %s", r->name, found);
		diag_hint(&d, at, "put %s at the beginning of PATH", path_parent(a, desktop_shown(t, r)));
		cli_print_diags(t->cli, &d);
	}
}

static int enable(struct desktop_task *t, char **words)
{
	struct enabling n = { .task = t, .out = { .arena = &t->cli->arena } };
	int status = chosen_profile(t, &n.profile);
	if (status != 0)
		return status;
	bool all = args_has(t->args, "--all");
	if (all == (words[0] != NULL) || (all && n.profile != NULL))
		return cli_fail(
			t->cli, EXIT_USAGE, "bailey desktop enable PROGRAM..., or bailey desktop enable --all", "enable what?");
	if (all)
		enable_all(&n);
	for (char **w = words; *w != NULL; w++)
		enable_word(&n, *w);
	check_commands(t);
	if (n.bus)
		buf_puts(&n.out, "The session bus learns of its services at the next login.\n");
	status = cli_write(t->cli, &n.out);
	return n.failed ? EXIT_SETUP : status;
}

/* ---- disable, refresh ---- */

static bool is_meant(const struct desktop_task *t, const struct override *r, char **words)
{
	for (char **w = words; *w != NULL; w++)
		if (desktop_means_record(t, r, *w))
			return true;
	return words[0] == NULL;
}

static int change_records(struct desktop_task *t, char **words, bool disable)
{
	struct cli *cli = t->cli;
	struct buf out = { .arena = &cli->arena };
	bool failed = false;
	for (char **w = words; *w != NULL; w++) {
		bool any = false;
		for (size_t i = 0; i < t->d.manifest.count; i++)
			any = any || desktop_means_record(t, t->d.manifest.records[i], *w);
		if (!any)
			failed = cli_fail(cli, EXIT_USAGE, "bailey desktop status shows what is", "%s is not enabled", *w) != 0;
	}
	for (size_t i = 0; i < t->d.manifest.count; i++) {
		struct override *r = t->d.manifest.records[i];
		struct err e = { .code = 0 };
		if (!is_meant(t, r, words) || (!disable && override_state(&t->d, r) == OVERRIDE_OK))
			continue;
		if ((disable ? override_disable(&t->d, r, &e) : override_refresh(&t->d, r, &e)) < 0) {
			(void)cli_fail_err(cli, EXIT_SETUP, &e);
			failed = true;
		} else {
			buf_printf(&out, "%s is %s\n", desktop_shown(t, r), r->gone ? "as before" : "up to date");
		}
	}
	int status = cli_write(cli, &out);
	return failed ? EXIT_SETUP : status;
}

static int disable(struct desktop_task *t, char **words)
{
	if (args_has(t->args, "--all") == (words[0] != NULL))
		return cli_fail(
			t->cli, EXIT_USAGE, "bailey desktop disable PROGRAM..., or bailey desktop disable --all", "disable what?");
	return change_records(t, words, true);
}

int cmd_desktop(struct cli *cli, struct args *args)
{
	static const char actions[][8] = { "enable", "disable", "refresh", "status", "list" };
	enum { ENABLE, DISABLE, REFRESH, STATUS, LIST, ACTIONS };
	int action = args->rest_count > 0 ? 0 : ACTIONS;
	while (action < ACTIONS && strcmp(actions[action], args->rest[0]) != 0)
		action++;
	if (action == ACTIONS)
		return cli_fail(
			cli, EXIT_USAGE, "enable, disable, refresh, status or list", "bailey desktop needs a word for what to do");
	struct desktop_task *t = arena_alloc(&cli->arena, sizeof *t);
	t->cli = cli;
	t->args = args;
	int status = begin(t, action <= REFRESH, action == ENABLE);
	if (status != 0)
		return status;
	char **words = args->rest + 1;
	switch (action) {
	case ENABLE: status = enable(t, words); break;
	case DISABLE: status = disable(t, words); break;
	case REFRESH: status = change_records(t, words, false); break;
	case STATUS: status = desktop_status(t, words); break;
	default: status = desktop_list(t);
	}
	struct err e = { .code = 0 };
	if (action <= REFRESH && desktop_mime_update(&t->d, &e) < 0)
		status = cli_fail_err(cli, EXIT_SETUP, &e);
	manifest_close(&t->d.manifest);
	return status;
}
