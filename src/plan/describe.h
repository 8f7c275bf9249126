/* Words for the plan's numbers, shared by the printers. */
#ifndef BAILEY_PLAN_DESCRIBE_H
#define BAILEY_PLAN_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "plan/plan.h"

struct flag_name {
	uint64_t flag;
	const char *name;
};

/* CLONE_NEW*: "user", "mount", ... and MOUNT_*: "read_only", ... */
extern const struct flag_name describe_namespaces[];
extern const size_t describe_namespace_count;
extern const struct flag_name describe_mount_flags[];
extern const size_t describe_mount_flag_count;

/* "bind", "tmpfs", ... */
const char *describe_mount_kind(enum mount_kind kind);

/* "net_admin"; the number as text for one without a name. Owned by the arena. */
const char *describe_capability(struct arena *a, int number);

/* "uid 1000, gid 1000", "root inside (uid 0, gid 0), outside uid 1000, gid 1000". Owned by the arena. */
const char *describe_user(struct arena *a, const struct plan *plan);

/* The value of a limit: "64M" for bytes, "1h" for processor time, a number for counts. Owned by the arena. */
const char *describe_limit(struct arena *a, const struct limit *l);

/* Which groups the program has, where these are not those of the caller as they are; else NULL. */
const char *describe_groups(struct arena *a, const struct plan *plan);

/* What filesystem.arguments grants, in words ("each file that the command line names"), or NULL when it grants nothing. */
const char *describe_arguments(const struct plan *plan);

/* process.command as words with a blank between them. */
const char *describe_command(struct arena *a, const struct plan *plan);

#endif
