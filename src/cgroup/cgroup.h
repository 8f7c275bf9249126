/*
 * The sandbox's control group, by one of the drivers that the plan names.
 *
 * The group has two levels: the outer directory bears the limits, the processes live in "payload" below it.  The root of the
 * sandbox's cgroup namespace is the inner one, so that a program with the user's own uid that mounts a cgroup file system of its
 * own finds nothing in there that would raise its limits.
 */
#ifndef BAILEY_CGROUP_CGROUP_H
#define BAILEY_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

enum { CGROUP_DIRECTORIES = 8, CGROUP_NAME_SIZE = 80 };

/* One directory that was made. */
struct cgroup_directory {
	int parent; /* descriptor of the directory it was made in, or -1 */
	int group; /* descriptor of the directory with the limits; shared lock: it is in use */
	bool inner; /* the processes are in "payload" below it */
};

struct cgroup_driver_ops;

/* Holds nothing of the arena, so that it outlives the plan. Made by cgroup_open(), kept until cgroup_close(). */
struct cgroup {
	const struct cgroup_driver_ops *ops; /* NULL: no control group */
	char name[CGROUP_NAME_SIZE]; /* of the directory with the limits: "bailey-firefox-4711-9f86d081" */
	struct cgroup_directory at[CGROUP_DIRECTORIES]; /* version 2: one; version 1: one for each hierarchy */
	size_t count;
	int leaf; /* for CLONE_INTO_CGROUP; -1: the first process has to be placed */
	int keeper; /* socket to the process that keeps root's rights, or -1 */
	pid_t keeper_pid;
	const struct cgroup_plan *plan; /* until the program runs: the drivers that place later write their limits then */
	struct arena *arena; /* of the plan: the keeper gives its copy back */
	const char *helper; /* path of bailey-scope, until the program runs */
};

/* What happened in it so far. -1: this cgroup does not count it. */
struct cgroup_events {
	int64_t oom_kills; /* processes the kernel killed because the memory cap was reached */
	int64_t task_refusals; /* forks that failed because of the cap on tasks */
};

struct cgroup_driver_ops {
	const char *name;
	/* Makes it and writes all limits, or leaves that to place(). Nothing is inside yet. */
	int (*open)(struct cgroup *c, struct err *e);
	/* Moves a process that waits into it (of no use when `leaf` is there). */
	int (*place)(struct cgroup *c, pid_t pid, struct err *e);
	int (*events)(const struct cgroup *c, struct cgroup_events *ret);
	int (*freeze)(const struct cgroup *c, bool frozen);
	int (*kill)(const struct cgroup *c); /* SIGKILL for all that is in there; frozen or not */
	void (*close)(struct cgroup *c); /* kills, waits until it is empty, removes the directories */
};

extern const struct cgroup_driver_ops cgroup_direct, cgroup_systemd, cgroup_v1;

/*
 * Makes the control group the plan asks for; nothing for CGROUP_DRIVER_NONE.  `profile` becomes part of its name, `helper` is the
 * path of bailey-scope, `a` the arena of the plan.  Has to run before root is given up; with plan->keeper it leaves a process behind that keeps what only root
 * may do and ends with the launcher.  0, or -errno with `e` naming the profile's line; then nothing is left.
 */
int cgroup_open(struct cgroup *ret, struct arena *a, const struct cgroup_plan *plan, const char *profile, const char *helper,
	struct err *e);

/* Whether the sandbox's first process must wait until cgroup_place() is done. */
bool cgroup_waits(const struct cgroup *c);

/* Moves the waiting first process in. 0 or -errno with `e`. */
int cgroup_place(struct cgroup *c, pid_t pid, struct err *e);

/* What happened so far. 0 or -errno. */
int cgroup_events(const struct cgroup *c, struct cgroup_events *ret);

/* Stops or continues all that is in there. 0 or -errno. */
int cgroup_freeze(struct cgroup *c, bool frozen);

/* Kills all that is in there. 0 or -errno. */
int cgroup_kill(struct cgroup *c);

/* Kills what is inside, waits until it is empty (2 s at most), removes it, and closes all descriptors. `c` may be zeroed or closed. */
void cgroup_close(struct cgroup *c);

/* The absolute path of the i-th directory with limits as this process sees it. 0 or -errno. */
int cgroup_path(const struct cgroup *c, size_t i, char *ret, size_t size);

/*
 * For what a killed launcher left: kills all that is inside of one group, given by the paths of its directories with limits (one of
 * version 2, or those of version 1 in any order), waits until it is empty (2 s at most), and removes it.  Refuses paths whose last
 * component is not a name of ours, or not the same in all (-EINVAL).  0, also when it is gone, -EBUSY when processes do not die,
 * or -errno.
 */
int cgroup_sweep(const char *const *paths, size_t count);

/*
 * Freezes or thaws a group of another launcher, given as for cgroup_sweep(), and waits until that is done (2 s at most).  0,
 * -EOPNOTSUPP when it has no freezer, -ETIMEDOUT or another -errno.
 */
int cgroup_freeze_paths(const char *const *paths, size_t count, bool frozen);

/* Whether it was told to freeze. */
bool cgroup_frozen_paths(const char *const *paths, size_t count);

/*
 * For what a launcher left that was killed in its first moments, when nothing tells of its group but the name: removes groups in the
 * directory (any path; what is no control group is passed over) whose launcher does not exist, by the pid in the name and by the lock
 * that a launcher holds, and that are empty.  Kills nobody.  What may not be removed stays.
 */
void cgroup_sweep_place(const char *directory);

/* The same in the directories that this group was made in, as far as this process has them open. */
void cgroup_sweep_around(const struct cgroup *c);

#endif
