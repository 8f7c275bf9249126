/*
 * System calls without a wrapper in the C libraries we support, or whose wrapper does more than the call.  All return what the
 * kernel returns: a result, or -errno.  None allocates, takes a lock or touches errno's caller-visible meaning, so the child
 * may use them between clone3(2) and execve(2).
 */
#ifndef BAILEY_BASE_SYS_H
#define BAILEY_BASE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline long sys_result(long r)
{
	return r < 0 ? -errno : r;
}

/* clone3(2); 0 in the child. Signal handlers and locks of libc are as in the parent: the child keeps to raw calls. */
static inline pid_t sys_clone3(struct clone_args *args)
{
	return (pid_t)sys_result(syscall(SYS_clone3, args, sizeof *args));
}

/* openat2(2) with O_CLOEXEC added. */
static inline int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve };
	return (int)sys_result(syscall(SYS_openat2, dir, path, &how, sizeof how));
}

static inline int sys_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)sys_result(syscall(SYS_open_tree, dir, path, flags));
}

static inline int sys_move_mount(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return (int)sys_result(syscall(SYS_move_mount, from_dir, from, to_dir, to, flags));
}

static inline int sys_mount_setattr(int dir, const char *path, unsigned flags, struct mount_attr *attr)
{
	return (int)sys_result(syscall(SYS_mount_setattr, dir, path, flags, attr, sizeof *attr));
}

static inline int sys_fsopen(const char *type)
{
	return (int)sys_result(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
}

static inline int sys_fsconfig(int fs, unsigned command, const char *key, const char *value)
{
	return (int)sys_result(syscall(SYS_fsconfig, fs, command, key, value, 0));
}

static inline int sys_fsmount(int fs, unsigned attributes)
{
	return (int)sys_result(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)sys_result(syscall(SYS_pivot_root, new_root, put_old));
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)sys_result(syscall(SYS_close_range, first, last, flags));
}

/* What getdents64(2) fills in. */
struct sys_dirent {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* getdents64(2): readdir(3) would take a buffer from malloc for each directory. */
static inline long sys_getdents(int fd, void *buffer, size_t size)
{
	return sys_result(syscall(SYS_getdents64, fd, buffer, size));
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)sys_result(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

/* To the process group that the process leads (Linux 6.9); before, -EINVAL: pidfd_send_signal(2). */
static inline int sys_pidfd_signal_group(int pidfd, int sig)
{
	enum { PROCESS_GROUP = 1 << 2 };
	return (int)sys_result(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, PROCESS_GROUP));
}

static inline int sys_seccomp_filter(const void *program)
{
	return (int)sys_result(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program));
}

/* The kernel's capset(2) of version 3; all three sets of the calling thread. */
static inline int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct {
		uint32_t version;
		int pid;
	} head = { 0x20080522, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32) },
	};
	return (int)sys_result(syscall(SYS_capset, &head, data));
}

#endif
