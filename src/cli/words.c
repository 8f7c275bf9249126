/* Word lists for completions and for tests that make input: out of the tables, so that nothing stands twice. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#include "background/log.h"
#include "base/dir.h"
#include "base/path.h"
#include "changes/run.h"
#include "cli/sandboxes.h"
#include "cli/schema.h"
#include "plan/layout.h"
#include "schema/syscalls.h"

/* Tabs and line breaks have a meaning here, and what a terminal would obey must not come out of a description. */
static void word(const struct words *w, const char *text, const char *help)
{
	struct arena *a = &w->cli->arena;
	if (strncmp(text, w->prefix, strlen(w->prefix)) == 0)
		buf_printf(w->out, "%s%s\t%s\n", w->before, layout_clean(a, text), layout_clean(a, help));
}

void words_settings(const struct words *w, bool groups)
{
	for (size_t i = 0; groups && i < schema_group_count; i++)
		word(w, schema_groups[i].path, schema_groups[i].help);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		word(w, schema_settings[i].path, schema_settings[i].help);
}

static void syscall_words(const struct words *w)
{
	for (size_t i = 0; i < syscall_group_count; i++)
		word(w, syscall_groups[i].name, syscall_groups[i].help);
	for (size_t i = 0; i < syscall_count(); i++)
		word(w, syscall_name(i), "");
}

static void capability_words(const struct words *w)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		char *name = cap_to_name(cap);
		if (name == NULL)
			continue;
		word(w, strncmp(name, "cap_", 4) == 0 ? name + 4 : name, "");
		cap_free(name);
	}
}

static void user_words(const struct words *w)
{
	word(w, "self", "the user");
	word(w, "root", "uid 0 inside, the user outside");
	word(w, "mapped", "the same, with the user's subordinate ids");
	word(w, "host-root", "started by root: the host's uid 0");
}

static void variable_words(const struct words *w)
{
	for (char *const *v = w->cli->facts.environment; v != NULL && *v != NULL; v++) {
		const char *equals = strchr(*v, '=');
		if (equals != NULL)
			word(w, arena_strndup(&w->cli->arena, *v, (size_t)(equals - *v)), "");
	}
}

void words_values(const struct words *w, const char *setting)
{
	const struct setting *s = schema_find(setting);
	if (s == NULL)
		return;
	if (s->type == TYPE_BOOL) {
		word(w, "true", "");
		word(w, "false", "");
	}
	for (size_t i = 0; s->type == TYPE_CHOICE && i < schema_choice_count; i++)
		if (strcmp(schema_choices[i].list, s->list) == 0)
			word(w, schema_choices[i].word, schema_choices[i].help);
	if (s->type != TYPE_STRING && s->type != TYPE_LIST)
		return;
	switch (s->kind) {
	case KIND_SYSCALL: syscall_words(w); break;
	case KIND_CAPABILITY: capability_words(w); break;
	case KIND_USER: user_words(w); break;
	case KIND_ENV_NAME: variable_words(w); break;
	case KIND_PROFILE: words_profiles(w); break;
	default: break;
	}
}

void words_profiles(const struct words *w)
{
	struct conf_entry *entries = NULL;
	size_t count = 0;
	struct diags ignored = { .arena = &w->cli->arena };
	conf_list(&entries, &count, &w->cli->arena, &w->cli->places, false, &ignored);
	for (size_t i = 0; i < count; i++)
		word(w, entries[i].name, entries[i].description);
}

/* Several profiles have an option of the same name: offer it once. */
static bool offered(const struct words *w, const char *name)
{
	const char *line = arena_printf(&w->cli->arena, "%s%s\t", w->before, name);
	const char *at = buf_text(w->out);
	while ((at = strstr(at, line)) != NULL) {
		if (at == buf_text(w->out) || at[-1] == '\n')
			return true;
		at++;
	}
	return false;
}

static void options_of(const struct words *w, const char *profile)
{
	struct profile p = { 0 };
	struct diags ignored = { .arena = &w->cli->arena };
	const struct conf_request request = { .profile = profile };
	if (conf_load(&p, &w->cli->arena, &w->cli->places, &request, &ignored) != 0)
		return;
	for (size_t i = 0; i < p.options.count; i++) {
		const struct record *r = &p.options.items[i];
		const char *name = MEMBER_OF(r, option, name)->s, *help = MEMBER_OF(r, option, description)->s;
		if (name != NULL && !offered(w, name))
			word(w, name, help != NULL ? help : "");
	}
}

void words_options(const struct words *w, const char *profile)
{
	if (profile != NULL) {
		options_of(w, cli_profile_for(w->cli, &w->cli->facts, profile));
		return;
	}
	struct conf_entry *entries = NULL;
	size_t count = 0;
	struct diags ignored = { .arena = &w->cli->arena };
	conf_list(&entries, &count, &w->cli->arena, &w->cli->places, false, &ignored);
	for (size_t i = 0; i < count; i++)
		options_of(w, entries[i].name);
}

void words_runs(const struct words *w)
{
	const char *directory, **names = NULL;
	size_t count = 0;
	struct err e = { 0 };
	if (plan_changes_directory(&w->cli->arena, &w->cli->facts, &directory) < 0 ||
		run_names(&w->cli->arena, directory, &names, &count, &e) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		word(w, names[i], "changes of a run");
}

void words_logs(const struct words *w)
{
	struct err e = { 0 };
	const char *place, **names = NULL;
	size_t count = 0;
	if (log_place(&w->cli->arena, &w->cli->facts, &place, &e) < 0)
		return;
	int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (dir_names(fd, &w->cli->arena, &names, &count) == 0)
		for (size_t i = 0; i < count; i++)
			word(w, names[i], "log of a sandbox");
	(void)close(fd);
}

void words_verbs(const struct words *w)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		word(w, verb_rows[i].name, verb_rows[i].help);
	word(w, "help", "show the options of a verb");
}

void words_flags(const struct words *w, enum verb verb)
{
	for (size_t i = 0; i < option_row_count; i++)
		if (option_rows[i].verb == verb)
			word(w, option_rows[i].name, option_rows[i].help);
	word(w, "--help", "show the options");
}

void words_sandboxes(const struct words *w)
{
	struct sandboxes all;
	bool quiet = w->cli->quiet;
	w->cli->quiet = true; /* warnings would land in the command line that is being typed */
	sandboxes_load(w->cli, &all);
	w->cli->quiet = quiet;
	for (size_t i = 0; i < all.count; i++)
		word(w, all.items[i].record.name, path_base(all.items[i].record.program));
}

void words_signals(const struct words *w)
{
	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sigabbrev_np(sig) != NULL)
			word(w, sigabbrev_np(sig), sigdescr_np(sig));
}

static const char *const lists[] = { "settings", "values:", "profiles", "options:", "verbs", "flags:", "sandboxes" };

void words_lists(const struct words *w)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		word(w, lists[i], "");
}

bool words_print(struct cli *cli, struct buf *out, const char *list, char **rest)
{
	const struct words w = { cli, out, "", "" };
	const char *colon = strchr(list, ':');
	if (colon == NULL) {
		if (strcmp(list, "complete") == 0)
			complete_print(cli, out, rest);
		else if (strcmp(list, "settings") == 0)
			words_settings(&w, false);
		else if (strcmp(list, "sandboxes") == 0)
			words_sandboxes(&w);
		else if (strcmp(list, "profiles") == 0)
			words_profiles(&w);
		else if (strcmp(list, "verbs") == 0)
			words_verbs(&w);
		else
			return false;
		return true;
	}
	const char *name = arena_strndup(&cli->arena, list, (size_t)(colon - list)), *of = colon + 1;
	if (strcmp(name, "values") == 0 && schema_find(of) != NULL)
		words_values(&w, of);
	else if (strcmp(name, "options") == 0)
		words_options(&w, of);
	else if (strcmp(name, "flags") == 0 && verb_find(of) != VERB_COUNT)
		words_flags(&w, verb_find(of));
	else
		return false;
	return true;
}
