/* One source of settings (a file, an option, the command line) before it is merged with the others. */
#ifndef BAILEY_CONF_LAYER_H
#define BAILEY_CONF_LAYER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "schema/schema.h"

/* One setting that was said; which of value, list and records counts depends on row->type. */
struct entry {
	const struct setting *row;
	struct origin origin; /* the line with the setting's name */
	struct value value;
	struct list list;
	struct records records;
};

/* Something inherited that is taken away: an entry, or with `text` NULL the whole setting. */
struct drop {
	const struct setting *row;
	const char *text;
	struct origin origin;
};

struct layer {
	struct origin origin; /* file and layer number; line 0 */
	bool part; /* inherited: its description, programs and what it was tried with are its own business */
	struct entry *entries;
	size_t count, cap;
	struct drop *drops;
	size_t drop_count, drop_cap;
};

/* The entry of that row, made when there is none yet. Valid until the next call. */
struct entry *layer_entry(struct arena *a, struct layer *l, const struct setting *row, struct origin o);

/* Adds one entry to a list. */
void list_add(struct arena *a, struct list *l, struct item item);

/*
 * Reports what a layer says against itself: one path in two lists, one key twice.  `prefix` stands before the names of settings
 * in messages: "" or "options.webcam.".
 */
void layer_check(struct diags *d, const struct layer *l, const char *prefix);

/* A copy with another layer number in every origin. */
struct layer *layer_copy(struct arena *a, const struct layer *l, unsigned number);

/*
 * Puts a layer on top of the profile: its drops first, then its entries.  Dropping what is not there is an error.
 */
void layer_merge(struct diags *d, struct profile *p, const struct layer *l);

/* The three places of a row in the profile. */
struct value *profile_value(struct profile *p, const struct setting *row);
struct list *profile_list(struct profile *p, const struct setting *row);
struct records *profile_records(struct profile *p, const struct setting *row);

/* Whether one entry of a list replaces the other: the same text, or for NAME=VALUE the same NAME. */
bool items_match(const struct setting *row, const char *a, const char *b);

#endif
