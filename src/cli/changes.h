/* What the verb changes and the end of a run with changes have in common. */
#ifndef BAILEY_CLI_CHANGES_H
#define BAILEY_CLI_CHANGES_H

#include <limits.h>

#include "changes/run.h"
#include "changes/walk.h"
#include "cli/cli.h"

/* How many changes there are, and what became of them. */
struct tally {
	size_t added, modified, removed;
	size_t barred; /* of these: can never be applied */
	size_t conflicts; /* of these: the host changed the same */
	size_t applied, dropped; /* files applied; with a set-user-ID or set-group-ID bit left out */
	size_t failed; /* could not be applied, though they might be */
};

/* What to do with the changes of a run besides counting them. */
struct changes_task {
	int fd; /* where text goes */
	bool list; /* a line for each */
	size_t lines; /* at most so many; 0: all */
	bool diff; /* what differs in each file */
	struct json *json; /* instead of lines: an element for each */
	bool apply, force;
	const char *home; /* shown as "~"; or "" */
	char *const *paths; /* only at or below these host paths; NULL-terminated, or NULL */
};

/* Goes through the changes of a run. Returns 0, or -errno with `e` set; what could not be applied is told on standard error. */
int changes_go(struct cli *cli, const struct run *r, const struct changes_task *t, struct tally *ret, struct err *e);

/* The same for one upper directory and the one below it, with nothing known about a run. Never applies. */
int changes_compare(
	struct cli *cli, int upper, int lower, const char *path, const struct changes_task *t, struct tally *ret, struct err *e);

/* "3 changed, 1 new, 1 removed (2 cannot be applied)" */
const char *changes_text(struct arena *a, const struct tally *t);

/* Whether the person at the terminal says yes; `question` ends with its choices. The letter of the answer, 0 when there is none. */
int changes_ask(const char *question);

/* Text of others made harmless for a terminal, all of it; line breaks and tabs stay. */
void changes_clean(struct buf *out, const char *text, size_t len);

/* What differs in the content of a changed file, cleaned. */
void changes_diff(struct buf *out, const struct change *c, bool still);

/* ---- ending.c ---- */

/* What is remembered of a run with changes while its program runs, when nothing else is. */
struct ending {
	struct run run;
	enum choice_value end;
	char name[NAME_MAX + 1], home[PATH_MAX];
	bool quiet;
};

/* Makes the run's directory, as the plan has it. 0, or an exit status after saying why not. */
int ending_begin(struct cli *cli, struct ending *ret, const struct plan *plan);

/* The program did not start: nothing is left. */
void ending_cancel(struct cli *cli, struct ending *e);

/*
 * The program has ended, killed by a signal or not: does with its changes what was asked for.  Returns 0, or EXIT_SETUP when
 * not all of it could be done.
 */
int ending_finish(struct cli *cli, struct ending *e, bool killed);

#endif
