/* The command line as plain data: which verb, which options with which values, and what is left over. Made from verbs.def. */
#ifndef BAILEY_CLI_ARGS_H
#define BAILEY_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* By row of verbs.def. */
enum verb {
#define VERB(id, synopsis, help) VERB_##id,
#define OPTION(verb, name, letter, argument, complete, help)
#include "cli/verbs.def"
	VERB_COUNT
};

/* What a shell offers for the argument of an option. */
enum complete {
	COMPLETE_NOTHING,
	COMPLETE_PROFILE,
	COMPLETE_SETTING,
	COMPLETE_OPTION_NAME,
	COMPLETE_FILE,
	COMPLETE_DIRECTORY,
	COMPLETE_NETWORK,
	COMPLETE_DESCRIPTOR,
	COMPLETE_WORDS
};

struct verb_row {
	const char *name, *synopsis, *help;
};

struct option_row {
	const char *name; /* "--profile" */
	const char *argument; /* "NAME|PATH|-", or NULL when it takes none */
	const char *help;
	enum verb verb : 8;
	enum complete complete : 8;
	char letter; /* 'p', or 0 */
};

extern const struct verb_row verb_rows[VERB_COUNT]; /* by enum verb */
extern const struct option_row option_rows[]; /* in the order of verbs.def, verb by verb */
extern const size_t option_row_count;

/* One option as it was given. */
struct arg {
	const struct option_row *row;
	const char *value; /* NULL when the option takes none */
};

struct args {
	enum verb verb;
	bool help; /* --help or -h, which every verb has */
	struct arg *items; /* in the order of the command line */
	size_t count;
	char **rest; /* NULL-terminated: the program and its arguments (run), or the other words */
	int rest_count;
};

/* The verb of that name, or VERB_COUNT. */
enum verb verb_find(const char *name);

/* True for a word that is going to be a verb and is kept free for it ("top"). */
bool verb_reserved(const char *name);

/* The option of a verb by its long name, or NULL. */
const struct option_row *option_find(enum verb verb, const char *name);

/*
 * Reads the words after the verb: `words` is NULL-terminated and stays the owner of every text.  For run and enter, reading stops at the
 * first word that is no option; elsewhere options and words may be mixed.  "--" ends the options.
 * Returns 0, or -EINVAL with `e` set (unknown option, argument missing or not wanted) and a hint.
 */
int args_parse(struct args *ret, struct arena *a, enum verb verb, char **words, struct err *e);

/* Whether the option was given; `name` is its long name and has to be a row of the verb. */
bool args_has(const struct args *args, const char *name);

/* The value given last, or NULL. */
const char *args_value(const struct args *args, const char *name);

#endif
