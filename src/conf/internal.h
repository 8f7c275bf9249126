/* What the files of src/conf/ that load a profile share. */
#ifndef BAILEY_CONF_INTERNAL_H
#define BAILEY_CONF_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/layer.h"
#include "conf/source.h"

/* One conf_load() at work. */
struct loader {
	struct arena *arena;
	const struct conf_places *places;
	const struct conf_request *request;
	struct diags *diags;
	struct profile *profile;
	unsigned next; /* the number of the next layer */
	const char **done; /* names of parts that are merged */
	size_t done_count, done_cap;
	const char **names; /* all profile names, for suggestions; looked up once */
	size_t name_count;
	bool names_known;
};

/* The settings of the command line as the next layer. */
void load_sets(struct loader *l);

/* Reads the machine policy and holds the merged profile against it. */
void load_policy(struct loader *l);

/* The nearest profile name, or NULL; directories are listed at the first call. */
const char *nearest_profile(struct loader *l, const char *name);

/*
 * Looks for a profile whose `programs` has the command name and that no other file of its name comes before.  `*ret` is its name
 * or NULL.  Files that do not have the name anywhere in their text are not parsed.
 */
void find_by_program(struct loader *l, const char *program, const char **ret);

#endif
