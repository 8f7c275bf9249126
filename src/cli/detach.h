/* bailey run --detach. */
#ifndef BAILEY_CLI_DETACH_H
#define BAILEY_CLI_DETACH_H

#include "background/background.h"
#include "cli/cli.h"

struct detach {
	bool wanted; /* in the background; else nothing of the rest is looked at */
	bool terminal; /* with a terminal of its own */
	bool attaches; /* which is shown here */
	struct restart_policy restart;
	int *lock; /* closed here once the launcher has it; or NULL */
};

/* What --detach, --detachable, --tty and --restart say, into `ret`. 0, or an exit status after printing what is wrong. */
int detach_options(struct cli *cli, const struct args *args, struct detach *ret);

/*
 * Carries the plan out in the background by start(data), as struct background has it, under `name` (NULL: one is made).  Prints the
 * name, or shows the program's terminal. Returns the exit status.
 */
int detach_run(struct cli *cli, const struct plan *plan, const struct detach *d, const char *name,
	int (*start)(void *data, struct launch_background *b), void *data);

#endif
