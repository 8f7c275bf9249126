/* What the parts of the verb desktop share. */
#ifndef BAILEY_CLI_DESKTOP_H
#define BAILEY_CLI_DESKTOP_H

#include "cli/cli.h"
#include "desktop/override.h"

struct desktop_task {
	struct cli *cli;
	const struct args *args;
	struct desktop d;
	struct conf_entry *profiles;
	size_t profile_count;
	struct desktop_item *items; /* of all kinds */
	size_t item_count;
	bool system;
};

/* Whether a record, or an item, is what a word means: an entry's name, with or without .desktop, a profile, a program. */
bool desktop_means_record(const struct desktop_task *t, const struct override *r, const char *word);
bool desktop_means_item(const struct desktop_task *t, const struct desktop_item *item, const char *word);

/* The path of a file of bailey's, for people. */
const char *desktop_shown(struct desktop_task *t, const struct override *r);

/* Prints what could be enabled (list), or what is and in which state (status). Return the exit status. */
int desktop_list(struct desktop_task *t);
int desktop_status(struct desktop_task *t, char **words);

#endif
