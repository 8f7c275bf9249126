/* Makes a launch known to the other bailey commands of the user: state/state.h. */
#ifndef BAILEY_LAUNCH_TRACK_H
#define BAILEY_LAUNCH_TRACK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "host/facts.h"
#include "plan/plan.h"
#include "state/state.h"

struct launch_options;

struct track {
	struct arena *arena; /* the launch's; used by track_begin() and track_running() only */
	const struct plan *plan; /* as long as the arena */
	const struct facts *facts;
	const struct cgroup *group; /* the sandbox's; nothing in it is changed */
	const char *name; /* of --name, or NULL */
	int64_t started; /* seconds since 1970 */
	struct state_entry entry; /* directory -1: not entered (yet) */
	const struct launch_background *background; /* whose entry it is, or NULL */
	const struct launch_instance *instance; /* or NULL */
	bool known; /* it is described as running */
	int keeper; /* socket to the process that keeps root's rights over the entry, or -1 */
	pid_t keeper_pid;
	int control; /* the listening control socket until somebody serves it, or -1 */
};

/* Nothing is looked up or made. */
void track_init(struct track *t, struct arena *a, const struct plan *plan, const struct facts *facts, const struct cgroup *group,
	const struct launch_options *o);

/*
 * Takes a name for a sandbox and holds it: `name`, or one made of the profile's. What killed launchers have left is removed first.
 * 0, or -errno with `e` (-EEXIST: a sandbox that runs has it).
 */
int track_take(
	struct state_entry *ret, struct arena *a, const struct facts *facts, const char *name, const char *profile, struct err *e);

/*
 * Before the clone, and before root is given up, for a sandbox that has to be known from its beginning (one with a name, with
 * sockets that are served to it, or with a control group and another user than its launcher): removes what killed launchers have left, takes the name and describes the
 * launch.  What a control group costs a short launch is the group: one of a launcher that is killed early is found by its name.
 * 0 or -errno with `e`.
 */
int track_begin(struct track *t, struct err *e);

/*
 * Once the program runs: describes it, with the processes as the host sees them; enters the sandbox first if that was not done.
 * 0 or -errno with `e`.  The last use of plan and arena.
 */
int track_running(struct track *t, pid_t sandbox, pid_t program, struct err *e);

/* Whether track_running() has made it known. */
bool track_is_known(const struct track *t);

/* Tells those who listen, for a sandbox that is known; never waits. */
void track_event(struct track *t, const struct state_event *e);

/* The sandbox is gone, and so is its control group; what was written about it goes too. */
void track_end(struct track *t);

#endif
