/* The plan's part for resources: the control group, each value written to it, and what stands in where there is none. */
#ifndef BAILEY_PLAN_RESOURCES_H
#define BAILEY_PLAN_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/numset.h"
#include "base/origin.h"

enum cgroup_driver {
	CGROUP_DRIVER_NONE,
	CGROUP_DRIVER_DIRECT, /* version 2, below a cgroup that may be written */
	CGROUP_DRIVER_SYSTEMD, /* version 2, in a scope that a manager of systemd makes; below it as DIRECT */
	CGROUP_DRIVER_V1, /* version 1, one directory for each controller */
};

/* One file of the control group, in the order of writing. */
struct cgroup_write {
	const char *controller; /* "memory" */
	const char *file; /* "memory.max" */
	const char *value; /* "536870912", without a line end */
	const char *setting; /* "resources.memory" */
	const char *what; /* for messages: "memory cap 512M" */
	struct origin origin;
	size_t hierarchy; /* V1: the place in hierarchies[] */
	bool may_lack; /* a file that is not there is no failure: what it bounds is not there either */
};

/* Version 1: a mounted hierarchy and the directory in it below which the sandbox's cgroup is made. */
struct cgroup_hierarchy {
	const char *controller; /* the first of those that are mounted together; all of the same directory share it */
	const char *directory; /* absolute, without symlinks */
	bool inner; /* the processes go into a cgroup below the one with the limits, which the program's user cannot raise then */
};

/* A setting that this machine cannot hold and that may degrade. */
struct degraded {
	const char *setting; /* "resources.cpus" */
	const char *text; /* "resources.cpus: no cpuset controller; held by the processor affinity, for each process" */
	struct origin origin;
};

struct cgroup_plan {
	enum cgroup_driver driver; /* NONE: nothing was asked for, or nothing is left of it */
	const char *driver_name; /* "none", "direct", "systemd", "v1" */
	const char *parent; /* DIRECT: the directory in which the cgroup is made; else NULL */
	const char
		*enable; /* version 2: what to write to the parent's cgroup.subtree_control, "+memory +pids"; or NULL: all are on */
	const char *const *controllers; /* version 2: those the writes need, each once */
	size_t controller_count;
	struct cgroup_hierarchy *hierarchies; /* V1 */
	size_t hierarchy_count;
	struct cgroup_write *writes;
	size_t write_count;
	/* SYSTEMD: where the manager may listen, in the order of trying: "manager:PATH", a socket of its own, or "bus:ADDRESS" */
	const char *managers[3];
	size_t manager_count;
	const char *mount; /* SYSTEMD: where version 2 is mounted */
	bool system_manager; /* SYSTEMD: root's manager, else the user's */
	/* A process of its own keeps what is needed to place processes and to remove the cgroup: the launcher gives root up, or, SYSTEMD,
	 * the scope may not be without a process before all is told. */
	bool keeper;
	struct cgroup_write *memory, *tasks; /* those of the caps that are told when they were reached, or NULL */
	/* Stand-ins where a controller is missing, with consent. */
	const struct numset *affinity; /* sched_setaffinity(2) for the program, and that call is refused inside; or NULL */
	struct origin affinity_origin;
	struct degraded *degraded;
	size_t degraded_count;
};

#endif
