/* What a control group has used and met with, from its files, whatever driver made it. */
#ifndef BAILEY_CGROUP_USAGE_H
#define BAILEY_CGROUP_USAGE_H

#include <stddef.h>
#include <stdint.h>

/* Pressure stall information: how much of the last ten seconds tasks waited. In hundredths of a percent; -1: not told. */
struct cgroup_pressure {
	int64_t some, full; /* some of them; all of them at once */
};

/* -1: not counted here; of a cap also: none. Bytes, microseconds, numbers. */
struct cgroup_usage {
	int64_t memory, memory_peak, memory_cap, swap;
	int64_t cap_hits, oom_kills; /* how often the memory cap was met; processes killed for want of memory */
	int64_t cpu_us, user_us, system_us;
	int64_t throttled, throttled_us; /* how often and how long the quota held it back */
	int64_t tasks, tasks_peak, tasks_cap, task_refusals;
	int64_t read_bytes, write_bytes, read_ops, write_ops;
	struct cgroup_pressure cpu, memory_pressure, io;
};

/*
 * Adds up what is told in the directories (one of version 2, or one for each hierarchy of version 1).  A directory that is no control
 * group is passed over.  Returns how many were read.
 */
size_t cgroup_usage_read(struct cgroup_usage *ret, const char *const *paths, size_t count);

/* Opens a directory of a control group file system; -errno for anything else. */
int cgroup_open_path(const char *path);

#endif
