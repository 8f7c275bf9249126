#include "image/helper/confine.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/allow_list.h"
#include "base/sys.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

enum {
	MEMORY = 1 << 30, /* zstd and xz keep a window of up to 128 MiB for archives that people make */
	CPU_SECONDS = 3600,
	DESCRIPTORS = 512, /* one for each level of a tree that is removed */
};

/* The directory as a mount of its own; it can only be cloned from a descriptor of this mount namespace. */
static int clone_directory(const char *tree)
{
	int dir = sys_openat2(AT_FDCWD, tree, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (dir < 0)
		return dir;
	int mount = sys_open_tree(dir, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	(void)close(dir);
	if (mount < 0)
		return mount;
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW,
		.propagation = MS_PRIVATE,
	};
	int r = sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attr);
	if (r == -EINVAL) { /* before Linux 5.14; every name is opened without following symlinks anyway */
		attr.attr_set &= ~(uint64_t)MOUNT_ATTR_NOSYMFOLLOW;
		r = sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attr);
	}
	if (r == 0)
		return mount;
	(void)close(mount);
	return r;
}

int confine_files(const char *tree, struct err *e)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(e, errno, "cannot make mounts private");
	int mount = clone_directory(tree);
	if (mount < 0)
		return err_set(e, -mount, "cannot open %s", tree);
	int r = sys_move_mount(mount, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (r == 0)
		r = (int)sys_result(fchdir(mount));
	/* With both names "." the old root comes to lie on top of the new one, from where it is taken off: pivot_root(2). */
	if (r == 0)
		r = sys_pivot_root(".", ".");
	if (r == 0)
		r = (int)sys_result(umount2(".", MNT_DETACH));
	if (r == 0)
		r = (int)sys_result(chdir("/"));
	(void)close(mount);
	int root = r == 0 ? sys_openat2(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0) : r;
	return root < 0 ? err_set(e, -root, "cannot make %s the root of bailey-unpack", tree) : root;
}

static const struct sock_filter insns[] = {
	ALLOW_LIST_BEGIN,

	/* the archive, and files below the root */
	ALLOW(read),
	ALLOW(lseek),
	ALLOW(pread64),
	ALLOW(write),
	ALLOW(pwrite64),
	ALLOW(close),
	ALLOW(fstat),
	ALLOW(newfstatat),
	ALLOW(statx),
	ALLOW(fcntl),
	ALLOW(openat),
	ALLOW(openat2),
	ALLOW(getdents64),
	ALLOW(mkdirat),
	ALLOW(symlinkat),
	ALLOW(linkat),
	ALLOW(unlinkat),
	ALLOW(ftruncate),
	ALLOW(fchown),
	ALLOW(fchownat),
	ALLOW(fchmod),
	ALLOW(utimensat),

	/* more memory, time, abort() */
	ALLOW_LIST_LIBC,
	ALLOW(mremap),
	ALLOW(madvise),
	ALLOW(clock_gettime),
	ALLOW(gettimeofday),
	ALLOW(futex),
	ALLOW(getpid),
	ALLOW(gettid),
	ALLOW(tgkill),
	ALLOW(rt_sigprocmask),
	ALLOW_LIST_KILL,
};

static void limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit now, wanted = { value, value };
	if (getrlimit(resource, &now) == 0 && now.rlim_max < value)
		return;
	(void)setrlimit(resource, &wanted); /* lowering always works */
}

int confine_process(int keep, pid_t parent, uint64_t bytes, struct err *e)
{
	static const struct sock_fprog filter = { .len = sizeof insns / sizeof insns[0],
		.filter = (struct sock_filter *)(uintptr_t)insns };
	const uint64_t capabilities = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER | 1u << CAP_FSETID;
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, CPU_SECONDS);
	limit(RLIMIT_FSIZE, bytes);
	limit(RLIMIT_NOFILE, DESCRIPTORS);
	limit(RLIMIT_AS, MEMORY);
	int r = keep == 3 ? 0 : (int)sys_result(dup3(keep, 3, O_CLOEXEC));
	if (r >= 0)
		r = sys_close_range(4, ~0U, 0);
	if (r >= 0)
		r = (int)sys_result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (r == 0)
		r = (int)sys_result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	if (r == 0)
		r = sys_capset(capabilities, capabilities, 0);
	/* Last of these, because the kernel forgets it when credentials change. */
	if (r == 0)
		r = (int)sys_result(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	if (r == 0 && getppid() != parent)
		r = -ESRCH;
	if (r == 0)
		r = sys_seccomp_filter(&filter);
	return r < 0 ? err_set(e, -r, "cannot confine bailey-unpack") : 0;
}
