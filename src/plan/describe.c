#include "plan/describe.h"

#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/capability.h>

#include "base/num.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

const struct flag_name describe_namespaces[] = {
	{ CLONE_NEWUSER, "user" },
	{ CLONE_NEWNS, "mount" },
	{ CLONE_NEWPID, "pid" },
	{ CLONE_NEWIPC, "ipc" },
	{ CLONE_NEWUTS, "uts" },
	{ CLONE_NEWCGROUP, "cgroup" },
	{ CLONE_NEWNET, "net" },
};
const size_t describe_namespace_count = sizeof describe_namespaces / sizeof describe_namespaces[0];

const struct flag_name describe_mount_flags[] = {
	{ MOUNT_READ_ONLY, "read_only" },
	{ MOUNT_NOEXEC, "noexec" },
	{ MOUNT_DEVICES, "devices" },
	{ MOUNT_ON_FILE, "on_file" },
	{ MOUNT_MAKE, "make" },
	{ MOUNT_IN_BIND, "in_bind" },
	{ MOUNT_OVER, "over" },
	{ MOUNT_IN_UPPER, "in_upper" },
	{ MOUNT_RUN, "run" },
	{ MOUNT_MAY_VANISH, "may_vanish" },
};
const size_t describe_mount_flag_count = sizeof describe_mount_flags / sizeof describe_mount_flags[0];

const char *describe_mount_kind(enum mount_kind kind)
{
	switch (kind) {
	case MOUNT_DIRECTORY: return "directory";
	case MOUNT_SYMLINK: return "symlink";
	case MOUNT_FILE: return "file";
	case MOUNT_BIND: return "bind";
	case MOUNT_TMPFS: return "tmpfs";
	case MOUNT_PROC: return "proc";
	case MOUNT_DEVPTS: return "devpts";
	case MOUNT_UPPER: return "upper";
	case MOUNT_WHITEOUT: return "whiteout";
	case MOUNT_OVERLAY: return "overlay";
	case MOUNT_MQUEUE: return "mqueue";
	case MOUNT_SERVED: return "served";
	}
	return "?";
}

const char *describe_capability(struct arena *a, int number)
{
	char *name = cap_to_name(number);
	if (name == NULL)
		return arena_printf(a, "%d", number);
	const char *copy = arena_strdup(a, strncmp(name, "cap_", 4) == 0 ? name + 4 : name);
	cap_free(name);
	return copy;
}

const char *describe_user(struct arena *a, const struct plan *plan)
{
	if (plan->mode == IDENTITY_HOST)
		return "the host's root (uid 0, gid 0), inside as outside";
	if (plan->mode != IDENTITY_SELF)
		return arena_printf(a, "root inside (uid %u, gid %u), outside uid %u, gid %u", (unsigned)plan->inside_uid,
			(unsigned)plan->inside_gid, (unsigned)plan->uid, (unsigned)plan->gid);
	return arena_printf(a, "%suid %u, gid %u", plan->become ? "becomes " : "", (unsigned)plan->uid, (unsigned)plan->gid);
}

const char *describe_groups(struct arena *a, const struct plan *plan)
{
	if (plan->mode == IDENTITY_HOST || (plan->become && plan->mode != IDENTITY_SELF))
		return "only gid 0: root's other groups are given up";
	if (plan->mode == IDENTITY_MAPPED)
		return "only gid 0: the user's other groups are given up";
	if (!plan->become)
		return NULL;
	const char *text = "those of the account:";
	for (size_t i = 0; i < plan->group_count; i++)
		text = arena_printf(a, "%s %u%s", text, (unsigned)plan->groups[i], i + 1 < plan->group_count ? "," : "");
	return arena_printf(a, "%s; root's are given up", text);
}

const char *describe_limit(struct arena *a, const struct limit *l)
{
	switch (l->resource) {
	case RLIMIT_NOFILE:
	case RLIMIT_NPROC: return arena_printf(a, "%" PRIu64, (uint64_t)l->value.rlim_cur);
	case RLIMIT_CPU: return num_duration_text(a, (uint64_t)l->value.rlim_cur * 1000);
	default: return num_size_text(a, l->value.rlim_cur);
	}
}

const char *describe_arguments(const struct plan *plan)
{
	if (plan->arguments != ARGUMENTS_READ_ONLY && plan->arguments != ARGUMENTS_READ_WRITE)
		return NULL;
	return plan->argument_directories ? "each file that the command line names, and each directory for reading"
					  : "each file that the command line names";
}

const char *describe_command(struct arena *a, const struct plan *plan)
{
	struct buf words = { .arena = a };
	for (char *const *word = plan->command; word != NULL && *word != NULL; word++)
		buf_printf(&words, "%s%s", word > plan->command ? " " : "", *word);
	return buf_text(&words);
}
