/*
 * From a finished plan to the program's end.  launch() is the conductor: prepares everything that allocates, clones the
 * sandbox, waits, and gives the exit status back.
 */
#ifndef BAILEY_LAUNCH_LAUNCH_H
#define BAILEY_LAUNCH_LAUNCH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "host/facts.h"
#include "plan/plan.h"
#include "seccomp/filter.h"
#include "state/state.h"

/*
 * A launch in the background: by a child of the process that manages it (background/background.h), ends with that however it ends.
 * What `ready` and `complaints` lead to is told and closed; both are -1 then.
 */
struct launch_background {
	struct state_entry entry; /* the name; the manager has taken it, and lets it go */
	pid_t manager;
	int control; /* its control socket, on which the manager listens: the same for all launches */
	int ready; /* a byte when the program was executed, one more when other commands know that it runs */
	int complaints; /* where messages of a start that fails go */
	const char *log; /* of what the program writes */
	unsigned restarts; /* how often this was started before */
};

/* Of process.instance = "single": what others compare theirs with. Texts in the arena of the launch. */
struct launch_instance {
	const char *digest; /* of the plan as far as it is not of one start alone */
	const char **grants; /* "read /path": for the command line's arguments */
	size_t grant_count;
	int lock; /* a descriptor, closed once others find this one; -1 then */
};

struct launch_options {
	struct filter_places filter;
	const char *scope_helper; /* path of bailey-scope */
	const char *net_helper; /* path of bailey-net */
	const char *resolver, *tls; /* paths of bailey-resolver, bailey-tls */
	const char *open_helper; /* path of bailey-open */
	const char *name; /* the sandbox's, for other commands; or NULL: the profile's and a number */
	int status_fd; /* events as JSON lines, or -1 */
	bool verbose; /* say each step on standard error */
	char *command_line; /* bailey's own as the kernel keeps it, argv[0] and what follows; wiped in pid 1; or NULL */
	size_t command_line_len;
	bool quiet; /* nothing on standard error but failures */
	struct launch_background *background; /* or NULL */
	struct launch_instance *instance; /* or NULL */
	const char *notify; /* socket of the service manager that waits for the program, or NULL; not in the arena */
};

/* How it ended. */
struct outcome {
	int status; /* for exit(3): the program's own, 124 after a timeout; 128 + signal */
	int signal; /* the program was killed by it (0: it was not); bailey should die of the same */
};

/*
 * Carries the plan out and waits for the end.  The arena holds the plan; it is freed as soon as the program has been executed, so
 * nothing in it may be used afterwards. `facts` is asked for the reason only when the kernel refused something.
 * Returns 0 with `*ret` set, or -errno with `e` naming step, profile line and what to do; ret->status is then 125, 126 or 127.
 */
int launch(struct outcome *ret, struct arena *a, const struct plan *plan, struct facts *facts, const struct launch_options *o,
	struct err *e);

#endif
