/*
 * process.instance = "single": what is started while a sandbox of the same kind runs is started inside of it, by way of bailey enter.
 * Of the same kind is one whose profile with all that the command line adds to it gives the same plan, but for the program's arguments,
 * its environment and its streams.
 */
#ifndef BAILEY_CLI_INSTANCE_H
#define BAILEY_CLI_INSTANCE_H

#include "cli/cli.h"
#include "launch/launch.h"

/*
 * Looks for one that runs, and starts the program in it.  `*ret_joined` then, and the exit status of the program is returned.
 * Otherwise `ret` says what this one is, with a lock on the question that launch() gives back; 0, or an exit status after printing
 * what is wrong: one runs that may not do the same, or does not see the files that the command line names.
 */
int instance_join(struct cli *cli, const struct profile *profile, const struct plan *plan, bool background,
	struct launch_instance *ret, bool *ret_joined);

#endif
