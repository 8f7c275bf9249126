/* What the files of the resources part of the planner share. */
#ifndef BAILEY_PLAN_RESOURCES_PARTS_H
#define BAILEY_PLAN_RESOURCES_PARTS_H

#include "plan/parts.h"

enum controller {
	CONTROLLER_CPUSET,
	CONTROLLER_CPU,
	CONTROLLER_MEMORY,
	CONTROLLER_PIDS,
	CONTROLLER_IO,
	CONTROLLER_HUGETLB,
	CONTROLLER_COUNT
};

struct resources {
	struct planner *pl;
	struct cgroup_plan *plan;
	unsigned need; /* the controllers that the profile's settings want, 1 << enum controller */
	unsigned held; /* those of them that the driver has */
	unsigned on; /* version 2, direct: those that are switched on in the parent */
	const char *missing[CONTROLLER_COUNT]; /* why one that is needed is not held: "the user's manager was not given it" */
	const char *fix[CONTROLLER_COUNT]; /* what to do about it, or NULL */
	const char *directory[CONTROLLER_COUNT]; /* version 1: the directory the cgroup is made in */
	uint64_t memory, swap; /* of the machine, in bytes */
	bool memory_known;
	bool running; /* the limits are for a sandbox that runs: nothing can stand in for one */
	size_t write_cap, degraded_cap;
};

/* ---- resources_driver.c ---- */

/* The name of a controller: that of version 2, or of version 1 where it differs. */
const char *resources_controller(enum controller c, bool v1);

/* Chooses the driver for r->need: fills plan->driver, parent, system_manager, and held, missing, fix and directory of `r`. */
void resources_choose(struct resources *r);

/* What the chosen driver needs besides: what to enable, the hierarchies of version 1. Comes after the writes are known. */
void resources_settle(struct resources *r);

/* ---- resources_values.c ---- */

/* Checks the values of the settings and adds the writes, or what stands in for them. Mistakes become diagnostics. */
void resources_values(struct resources *r);

/* ---- resources.c ---- */

/* Adds one write to the plan. */
void resources_write(struct resources *r, enum controller c, const char *file, const char *value, const char *setting,
	const char *what, struct origin o);

/*
 * A setting that cannot be held, because of `why`: with consent it goes to the plan's degraded ones as "SETTING: WHY; INSTEAD" and
 * true is returned; else it is a mistake, with `fix` (or NULL) for a hint.
 */
bool resources_degrade(
	struct resources *r, enum setting_id id, struct origin o, const char *why, const char *fix, const char *instead);

#endif
