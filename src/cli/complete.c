/* The brain of the shells' completions: they pass the words typed so far, this answers what can come next. */
#include <string.h>

#include "cli/schema.h"

struct place {
	struct cli *cli;
	struct buf *out;
	const char *word; /* the one begun */
	size_t words; /* before it, besides options and the verb */
	const char *profile; /* of --profile, or the word of explain and check, or NULL */
};

/* Whether files, directories or nothing at all can follow SETTING=. */
static bool wants_file(const char *setting)
{
	const struct setting *s = schema_find(setting);
	return s != NULL && s->kind == KIND_PATH && (s->type == TYPE_STRING || s->type == TYPE_LIST);
}

/* SETTING or SETTING=VALUE; `before` is what stands before it in the word ("--set="). */
static void setting_value(const struct place *p, const char *text, const char *before)
{
	struct arena *a = &p->cli->arena;
	const char *equals = strchr(text, '=');
	if (equals == NULL) {
		for (size_t i = 0; i < SETTING_COUNT; i++) {
			const struct setting *s = &schema_settings[i];
			/* About files and their merging, or too much for one word. */
			if (!(s->flags & FLAG_RUN) && s->type != TYPE_RECORDS && strncmp(s->path, text, strlen(text)) == 0)
				buf_printf(p->out, "%s%s=\t%s\n", before, s->path, s->help);
		}
		return;
	}
	const char *setting = arena_strndup(a, text, (size_t)(equals - text));
	before = arena_printf(a, "%s%s=", before, setting);
	words_values(&(struct words){ p->cli, p->out, equals + 1, before }, setting);
	if (wants_file(setting))
		buf_printf(p->out, ":files\t%s\n", before);
}

static void value(const struct place *p, const struct option_row *row, const char *text, const char *before)
{
	const struct words w = { p->cli, p->out, text, before };
	switch (row->complete) {
	case COMPLETE_NOTHING:
	case COMPLETE_DESCRIPTOR: break;
	case COMPLETE_PROFILE:
		if (strchr(text, '/') == NULL)
			words_profiles(&w);
		buf_printf(p->out, ":files\t%s\n", before);
		break;
	case COMPLETE_SETTING: setting_value(p, text, before); break;
	case COMPLETE_OPTION_NAME: words_options(&w, p->profile); break;
	case COMPLETE_FILE: buf_printf(p->out, ":files\t%s\n", before); break;
	case COMPLETE_DIRECTORY: buf_printf(p->out, ":directories\t%s\n", before); break;
	case COMPLETE_NETWORK: words_values(&w, "network.mode"); break;
	case COMPLETE_WORDS: words_lists(&w); break;
	}
}

/* SETTING=VALUE of limit, without the group's name. */
static void limit_value(const struct place *p)
{
	static const char group[] = "resources.";
	struct arena *a = &p->cli->arena;
	const char *equals = strchr(p->word, '=');
	if (equals != NULL) {
		const char *setting = arena_printf(a, "%s%.*s", group, (int)(equals - p->word), p->word);
		words_values(
			&(struct words){ p->cli, p->out, equals + 1, arena_strndup(a, p->word, (size_t)(equals - p->word) + 1) },
			setting);
		return;
	}
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &schema_settings[i];
		size_t n = strlen(group);
		if (strncmp(s->path, group, n) != 0 || s->type == TYPE_RECORDS || s->type == TYPE_LIST ||
			i == SET_resources_driver || strncmp(s->path + n, p->word, strlen(p->word)) != 0)
			continue;
		buf_printf(p->out, "%s=\t%s\n", s->path + n, s->help);
	}
}

static void other_word(const struct place *p, enum verb verb, bool first)
{
	const struct words w = { p->cli, p->out, p->word, "" };
	switch (verb) {
	case VERB_run:
		if (first)
			words_verbs(&w);
		buf_puts(p->out, strchr(p->word, '/') != NULL ? ":files\t\n" : ":commands\n");
		break;
	case VERB_explain:
	case VERB_check:
		if (strchr(p->word, '/') == NULL)
			words_profiles(&w);
		buf_puts(p->out, ":files\t\n");
		break;
	case VERB_changes:
		if (first || strchr(p->word, '/') == NULL)
			words_runs(&w);
		buf_puts(p->out, ":files\t\n");
		break;
	case VERB_schema: words_settings(&w, true); break;
	case VERB_attach:
		if (p->words == 0)
			words_sandboxes(&w);
		break;
	case VERB_logs:
		if (p->words == 0)
			words_logs(&w);
		break;
	case VERB_stats:
	case VERB_rename:
		if (p->words == 0)
			words_sandboxes(&w);
		break;
	case VERB_tree:
	case VERB_top:
	case VERB_wait:
	case VERB_stop:
	case VERB_pause:
	case VERB_resume: words_sandboxes(&w); break;
	case VERB_signal:
		words_sandboxes(&w);
		words_signals(&w);
		break;
	case VERB_cp:
		if (strpbrk(p->word, "/:") == NULL)
			words_sandboxes(&w);
		buf_puts(p->out, ":files\t\n");
		break;
	case VERB_enter:
		if (p->words == 0)
			words_sandboxes(&w);
		else
			buf_puts(p->out, ":commands\n");
		break;
	case VERB_limit:
		if (p->words == 0)
			words_sandboxes(&w);
		else
			limit_value(p);
		break;
	case VERB_net:
		if (first)
			buf_puts(p->out,
				"list\tthe networks there are\nshow\tone network and who uses it, or the network of a running sandbox\nup\tmake it\ndown\tremove it\n");
		break;
	case VERB_desktop:
		if (p->words == 0)
			buf_puts(p->out,
				"enable\tput its menu entries under bailey\ndisable\ttake that back\n"
				"refresh\tafter an upgrade\nstatus\twhat is enabled\nlist\twhat can be\n");
		else
			words_profiles(&w);
		break;
	case VERB_doctor:
	case VERB_profiles:
	case VERB_list:
	case VERB_events:
	case VERB_COUNT: break;
	}
}

/* The option that waits for its value in the next word, or NULL. */
static const struct option_row *waiting(enum verb verb, const char *word)
{
	const struct option_row *row = NULL;
	if (strncmp(word, "--", 2) == 0) {
		row = option_find(verb, word);
		return row != NULL && row->argument != NULL ? row : NULL;
	}
	if (word[0] != '-' || word[1] == '\0')
		return NULL;
	/* Of a cluster only the last letter can wait: one before it has taken the rest as its value. */
	for (const char *c = word + 1; *c != '\0'; c++)
		for (size_t i = 0; i < option_row_count; i++)
			if (option_rows[i].verb == verb && option_rows[i].letter == *c && option_rows[i].argument != NULL)
				return c[1] == '\0' ? &option_rows[i] : NULL;
	return NULL;
}

void complete_print(struct cli *cli, struct buf *out, char **words)
{
	size_t count = 0, at = 0;
	while (words[count] != NULL)
		count++;
	if (count == 0)
		return;
	struct place p = { .cli = cli, .out = out, .word = words[count - 1] };
	const struct words w = { cli, out, p.word, "" };
	enum verb verb = VERB_run;
	bool named = false;
	if (count > 1) {
		if (strcmp(words[0], "help") == 0) {
			words_verbs(&w);
			return;
		}
		named = verb_find(words[0]) != VERB_COUNT;
		if (named)
			verb = verb_find(words[at++]);
	}
	const struct option_row *wait = NULL;
	bool options = true;
	for (; at + 1 < count; at++) {
		const char *word = words[at];
		if (wait != NULL) {
			if (wait->complete == COMPLETE_PROFILE)
				p.profile = word;
			wait = NULL;
		} else if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && word[0] == '-') {
			wait = waiting(verb, word);
			if (strncmp(word, "--profile=", 10) == 0)
				p.profile = word + 10;
		} else if (verb == VERB_run || (verb == VERB_enter && p.words == 1)) {
			buf_printf(out, ":delegate\t%zu\n", at);
			return;
		} else {
			p.words++;
			if (verb == VERB_explain || verb == VERB_check)
				p.profile = word;
		}
	}
	const char *equals = strchr(p.word, '=');
	if (wait != NULL) {
		value(&p, wait, p.word, "");
	} else if (options && strncmp(p.word, "--", 2) == 0 && equals != NULL) {
		const struct option_row *row = option_find(verb, arena_strndup(&cli->arena, p.word, (size_t)(equals - p.word)));
		if (row != NULL && row->argument != NULL)
			value(&p, row, equals + 1, arena_strndup(&cli->arena, p.word, (size_t)(equals - p.word) + 1));
	} else if (options && p.word[0] == '-') {
		words_flags(&w, verb);
		if (!named && count == 1)
			buf_puts(out, strncmp("--version", p.word, strlen(p.word)) == 0 ? "--version\tshow the version\n" : "");
	} else {
		other_word(&p, verb, count == 1);
	}
}
