/* The process that manages a sandbox in the background. */
#ifndef BAILEY_BACKGROUND_MANAGER_H
#define BAILEY_BACKGROUND_MANAGER_H

#include <signal.h>

#include "background/background.h"
#include "background/log.h"
#include "background/viewers.h"

/* What the manager tells the command that started it, once. */
struct verdict {
	int status; /* 0: the program was executed; else the launcher's exit status */
	int signal; /* that killed the launcher before */
};

struct manager {
	const struct background *request;
	struct state_entry entry;
	struct log log;
	char log_path[4096];
	int verdict; /* where that goes; -1 once it was told */
	struct verdict failure; /* of the first start */
	int complaints; /* the command's standard error, until then */
	sigset_t mask; /* of the command, for launcher and program */
	struct sigaction sigchld;
	int signals;
	int control; /* where other commands reach the launcher there is */
	pid_t launcher; /* 0: none at present */
	int ready; /* from the launcher */
	struct viewers *viewers; /* of the program's terminal, or NULL */
	struct verdict last; /* how the last launch ended */
	int output[2]; /* what the program writes to its standard output and error, or -1 */
	bool executed; /* the program of this launch */
	bool ending; /* it is not started again */
	int64_t began; /* this launch, of the monotonic clock in ms */
	struct restart restart;
	unsigned restarts;
};

/* Runs until the program has ended for the last time; all that `m` holds is released. Returns in the manager's process alone. */
void manager_run(struct manager *m);

#endif
