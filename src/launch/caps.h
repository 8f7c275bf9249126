/* The caps of a sandbox's control group that were reached: told once, when the program has ended. */
#ifndef BAILEY_LAUNCH_CAPS_H
#define BAILEY_LAUNCH_CAPS_H

#include <stdbool.h>

#include "base/arena.h"
#include "cgroup/cgroup.h"

/* What is said about one cap; nothing of it lies in the arena, which is gone by then. */
struct cap {
	const char *setting; /* "resources.memory"; NULL: there is no such cap */
	char what[48]; /* "memory cap 512M" */
	char from[96]; /* "agent.conf:9" */
};

struct caps {
	struct cap memory, tasks;
	char program[32]; /* the last part of its path */
};

/* Remembers the words of the plan. */
void caps_remember(struct caps *ret, struct arena *a, const struct plan *plan);

/* How a sandbox ended. */
struct caps_end {
	bool killed; /* SIGKILL ended the program, or the sandbox's first process */
	bool started; /* the program had been executed */
};

/*
 * Reads the group's counters and tells what was reached: a line on standard error unless `quiet`, an event on `status_fd` (-1:
 * none).
 */
void caps_tell(const struct caps *c, const struct cgroup *group, struct caps_end end, int status_fd, bool quiet);

#endif
