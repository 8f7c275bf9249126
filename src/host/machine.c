/* What this machine offers, each asked once and only when somebody wants to know. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/num.h"
#include "base/path.h"
#include "host/facts.h"
#include "host/resolve.h"

bool facts_is_wrapper(struct facts *f, const char *path)
{
	static const char head[] = FACTS_WRAPPER_HEAD, shared[] = "/usr/local/bin";
	const char *directory = path_parent(f->arena, path), *text;
	bool own = f->home[0] == '/' && strcmp(directory, path_join(f->arena, f->home, ".local/bin")) == 0;
	return (own || strcmp(directory, shared) == 0) && facts_read(f, path, &text) == 0 &&
		strncmp(text, head, sizeof head - 1) == 0;
}

static bool sysctl_number(struct facts *f, const char *path, int64_t *ret)
{
	const char *text;
	if (facts_read(f, path, &text) < 0)
		return false;
	return num_int(arena_strndup(f->arena, text, strcspn(text, "\n")), INT64_MIN, INT64_MAX, ret) == 0;
}

static enum answer no(struct facts *f, const char *reason, const char *hint)
{
	f->userns = ANSWER_NO;
	f->userns_reason = reason;
	f->userns_hint = hint;
	return ANSWER_NO;
}

/* The kernel refuses CLONE_NEWUSER to a process whose root is not its mount namespace's root. Only root can tell at a glance. */
static bool in_chroot(struct facts *f)
{
	struct resolved self;
	return f->uid == 0 && facts_resolve(f, "/proc/1/root", &self) == 0 && strcmp(self.path, "/") != 0;
}

/* An AppArmor profile that has the "userns" rule lifts the restriction; "unconfined" means that none is attached. */
static bool confined_by_profile(struct facts *f)
{
	const char *label;
	if (facts_read(f, "/proc/self/attr/apparmor/current", &label) < 0 && facts_read(f, "/proc/self/attr/current", &label) < 0)
		return false;
	return strncmp(label, "unconfined", 10) != 0;
}

enum answer facts_userns(struct facts *f)
{
	if (f->injected || f->userns != ANSWER_UNKNOWN)
		return f->userns;
	struct node n;
	int64_t value;
	facts_node(f, "/proc/self/ns/user", &n);
	if (n.type == NODE_ABSENT) {
		facts_node(f, "/proc/self/ns", &n);
		if (n.type == NODE_DIRECTORY)
			return no(f, "this kernel was built without them (CONFIG_USER_NS)", "boot a kernel that has them");
	}
	if (sysctl_number(f, "/proc/sys/user/max_user_namespaces", &value) && value == 0)
		return no(f, "user.max_user_namespaces is 0",
			"as root: sysctl -w user.max_user_namespaces=15000 (and a file in /etc/sysctl.d to keep it)");
	if (f->uid != 0 && sysctl_number(f, "/proc/sys/kernel/unprivileged_userns_clone", &value) && value == 0)
		return no(f, "kernel.unprivileged_userns_clone is 0: only root may make them",
			"as root: sysctl -w kernel.unprivileged_userns_clone=1 (and a file in /etc/sysctl.d to keep it)");
	if (f->uid != 0 && sysctl_number(f, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", &value) && value == 1 &&
		!confined_by_profile(f))
		return no(f,
			"AppArmor keeps them from programs without a profile (kernel.apparmor_restrict_unprivileged_userns is 1)",
			"as root: install bailey's AppArmor profile, etc/apparmor.d/bailey, to /etc/apparmor.d and run "
			"apparmor_parser -r on it");
	if (in_chroot(f))
		return no(f, "this process runs in a chroot, where the kernel refuses them",
			"start bailey outside of the chroot, or enter it with pivot_root(2) instead");
	f->userns = ANSWER_YES;
	return ANSWER_YES;
}

const char *facts_no_namespaces(struct facts *f)
{
	static const char *const kinds[] = { "mnt", "pid", "net", "ipc", "uts", "cgroup" };
	int64_t value;
	for (size_t i = 0; !f->injected && i < sizeof kinds / sizeof *kinds; i++) {
		const char *path = arena_printf(f->arena, "/proc/sys/user/max_%s_namespaces", kinds[i]);
		if (sysctl_number(f, path, &value) && value == 0)
			return kinds[i];
	}
	return NULL;
}

int facts_landlock(struct facts *f)
{
	if (f->landlock_abi < 0) {
		int abi = sys_landlock_abi();
		f->landlock_abi = abi > 0 ? abi : 0;
	}
	return f->landlock_abi;
}

enum cgroup_layout facts_cgroup(struct facts *f)
{
	if (f->cgroup_known)
		return f->cgroup;
	f->cgroup_known = true;
	struct node n;
	facts_node(f, "/sys/fs/cgroup/cgroup.controllers", &n);
	if (n.type == NODE_FILE)
		return f->cgroup = CGROUP_V2;
	/* systemd's mixed form has the second version beside the first. */
	facts_node(f, "/sys/fs/cgroup/unified/cgroup.procs", &n);
	if (n.type == NODE_FILE)
		return f->cgroup = CGROUP_HYBRID;
	facts_node(f, "/sys/fs/cgroup/memory/cgroup.procs", &n);
	if (n.type == NODE_FILE)
		return f->cgroup = CGROUP_V1;
	facts_node(f, "/sys/fs/cgroup/cpu/cgroup.procs", &n);
	return f->cgroup = n.type == NODE_FILE ? CGROUP_V1 : CGROUP_NONE;
}
