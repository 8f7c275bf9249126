#include "cli/args.h"

#include <errno.h>
#include <string.h>

#include "schema/schema.h"

#define STR(x) #x

const struct verb_row verb_rows[VERB_COUNT] = {
#define VERB(id, synopsis, help) { STR(id), synopsis, help },
#define OPTION(verb, name, letter, argument, complete, help)
#include "cli/verbs.def"
};

const struct option_row option_rows[] = {
#define VERB(id, synopsis, help)
#define OPTION(verb, name, letter, argument, complete, help) { name, argument, help, VERB_##verb, COMPLETE_##complete, letter },
#include "cli/verbs.def"
};

const size_t option_row_count = sizeof option_rows / sizeof *option_rows;

/* Kept free from the first day, so that a later version does not change what a command line means. */
static const char reserved[][12] = {
	"tree",
	"top",
	"stop",
	"wait",
	"rename",
	"events",
	"pause",
	"resume",
	"learn",
	"why",
	"audit",
	"import",
	"export",
};

enum verb verb_find(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (strcmp(verb_rows[i].name, name) == 0)
			return (enum verb)i;
	return VERB_COUNT;
}

bool verb_reserved(const char *name)
{
	if (verb_find(name) != VERB_COUNT)
		return false;
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strcmp(reserved[i], name) == 0)
			return true;
	return false;
}

const struct option_row *option_find(enum verb verb, const char *name)
{
	for (size_t i = 0; i < option_row_count; i++)
		if (option_rows[i].verb == verb && strcmp(option_rows[i].name, name) == 0)
			return &option_rows[i];
	return NULL;
}

static const struct option_row *find_letter(enum verb verb, char letter)
{
	for (size_t i = 0; i < option_row_count; i++)
		if (option_rows[i].verb == verb && option_rows[i].letter == letter)
			return &option_rows[i];
	return NULL;
}

struct of_verb {
	enum verb verb;
};

/* Options of other verbs give an empty word, which is near nothing. */
static const char *option_word(size_t i, const void *data)
{
	const struct of_verb *of = data;
	return option_rows[i].verb == of->verb ? option_rows[i].name : "";
}

static int unknown(enum verb verb, const char *name, struct err *e)
{
	err_set(e, 0, "unknown option %s", name);
	const char *near = NULL;
	if (strncmp(name, "--", 2) == 0)
		near = schema_nearest(name, option_row_count, option_word, &(struct of_verb){ verb });
	if (near != NULL && near[0] != '\0')
		return err_hint(e, "did you mean %s?", near);
	return err_hint(e, "bailey %s --help lists the options", verb_rows[verb].name);
}

static void add(struct args *args, struct arena *a, size_t *cap, const struct option_row *row, const char *value)
{
	args->items = arena_grow(a, args->items, args->count, cap, sizeof *args->items);
	args->items[args->count++] = (struct arg){ row, value };
}

/* One word "--name", "--name=value"; takes the next word when the value is there. */
static int parse_long(struct args *args, struct arena *a, size_t *cap, char ***next, struct err *e)
{
	const char *word = *(*next)++;
	const char *equals = strchr(word, '=');
	const char *name = equals != NULL ? arena_strndup(a, word, (size_t)(equals - word)) : word;
	if (strcmp(word, "--help") == 0) {
		args->help = true;
		return 0;
	}
	const struct option_row *row = option_find(args->verb, name);
	if (row == NULL)
		return unknown(args->verb, name, e);
	if (row->argument == NULL && equals != NULL)
		return err_set(e, 0, "%s takes no value", name);
	const char *value = equals != NULL ? equals + 1 : NULL;
	if (row->argument != NULL && value == NULL) {
		value = **next;
		if (value == NULL)
			return err_set(e, 0, "%s needs a value: %s %s", name, name, row->argument);
		(*next)++;
	}
	add(args, a, cap, row, value);
	return 0;
}

/* One word of letters: "-nv", "-pfirefox", "-p firefox". */
static int parse_short(struct args *args, struct arena *a, size_t *cap, char ***next, struct err *e)
{
	const char *word = *(*next)++;
	for (const char *c = word + 1; *c != '\0'; c++) {
		const char name[3] = { '-', *c, '\0' };
		if (*c == 'h') {
			args->help = true;
			continue;
		}
		const struct option_row *row = find_letter(args->verb, *c);
		if (row == NULL)
			return unknown(args->verb, name, e);
		if (row->argument == NULL) {
			add(args, a, cap, row, NULL);
			continue;
		}
		const char *value = c[1] != '\0' ? c + 1 : **next;
		if (value == NULL)
			return err_set(e, 0, "%s needs a value: %s %s", name, name, row->argument);
		if (c[1] == '\0')
			(*next)++;
		add(args, a, cap, row, value);
		break;
	}
	return 0;
}

int args_parse(struct args *ret, struct arena *a, enum verb verb, char **words, struct err *e)
{
	*ret = (struct args){ .verb = verb };
	size_t count = 0, cap = 0;
	while (words[count] != NULL)
		count++;
	/* Mixed options and words: the words are gathered here. Those of a command are the end of `words` as it is. */
	const bool command = verb == VERB_run || verb == VERB_enter;
	char **rest = command ? NULL : arena_array(a, count + 1, sizeof *rest);
	char **next = words;
	int r = 0;
	while (r == 0 && *next != NULL) {
		const char *word = *next;
		if (strcmp(word, "--") == 0) {
			next++;
			break;
		}
		if (word[0] == '-' && word[1] == '-')
			r = parse_long(ret, a, &cap, &next, e);
		else if (word[0] == '-' && word[1] != '\0')
			r = parse_short(ret, a, &cap, &next, e);
		else if (command)
			break;
		else
			rest[ret->rest_count++] = *next++;
	}
	if (command)
		rest = next;
	for (; *next != NULL; next++) {
		if (!command)
			rest[ret->rest_count] = *next;
		ret->rest_count++;
	}
	ret->rest = rest;
	return r;
}

bool args_has(const struct args *args, const char *name)
{
	for (size_t i = 0; i < args->count; i++)
		if (strcmp(args->items[i].row->name, name) == 0)
			return true;
	return false;
}

const char *args_value(const struct args *args, const char *name)
{
	const char *value = NULL;
	for (size_t i = 0; i < args->count; i++)
		if (strcmp(args->items[i].row->name, name) == 0)
			value = args->items[i].value;
	return value;
}
