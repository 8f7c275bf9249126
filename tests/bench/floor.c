/*
 * The floor: the least that a sandbox of this shape costs.  A static program that makes the same namespaces and mounts as the
 * launchers it is compared with, loads the same filter, and looks at nothing else: no files read, no checks, no messages.
 *
 * floor [--dev] FILTER DIRECTORY... -- PROGRAM [ARGS...]
 * FILTER is a file of struct sock_filter[]; every DIRECTORY is bound read-only (with all below it) at the same place.
 * With --dev there is a small /dev too: six device nodes, pseudo terminals, shared memory, message queues.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void must(long result, int step)
{
	if (result < 0)
		_exit(100 + step);
}

static void put(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd, 1);
	must(write(fd, text, len), 2);
	close(fd);
}

static void make_directories(const char *path)
{
	char copy[4096];
	size_t len = strlen(path);
	memcpy(copy, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (copy[i] == '/') {
			copy[i] = '\0';
			(void)mkdir(copy, 0755);
			copy[i] = '/';
		}
	}
	must(mkdir(copy, 0755), 3);
}

static void make_dev(void)
{
	static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };
	must(mkdir("dev", 0755), 21);
	must(syscall(SYS_mount, "tmpfs", "dev", "tmpfs", 0xa /* nosuid, noexec */, "mode=0755"), 22);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++) {
		char from[32], to[32];
		snprintf(from, sizeof(from), "/dev/%s", nodes[i]);
		snprintf(to, sizeof(to), "dev/%s", nodes[i]);
		int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		must(fd, 23);
		close(fd);
		must(syscall(SYS_mount, from, to, NULL, 0x1000 /* MS_BIND */, NULL), 24);
	}
	must(mkdir("dev/pts", 0755), 25);
	must(syscall(SYS_mount, "devpts", "dev/pts", "devpts", 0xa, "newinstance,ptmxmode=0666,mode=0620"), 25);
	must(mkdir("dev/shm", 01777), 26);
	must(syscall(SYS_mount, "tmpfs", "dev/shm", "tmpfs", 0xe, "mode=1777"), 26);
	must(mkdir("dev/mqueue", 01777), 27);
	must(syscall(SYS_mount, "mqueue", "dev/mqueue", "mqueue", 0xe, NULL), 27);
	must(symlink("pts/ptmx", "dev/ptmx"), 28);
	must(symlink("/proc/self/fd", "dev/fd"), 28);
	must(symlink("/proc/self/fd/0", "dev/stdin"), 28);
	must(symlink("/proc/self/fd/1", "dev/stdout"), 28);
	must(symlink("/proc/self/fd/2", "dev/stderr"), 28);
}

static void child(bool dev, const char *map_uid, const char *map_gid, char **binds, char **program, const struct sock_fprog *filter)
{
	put("/proc/self/setgroups", "deny", 4);
	put("/proc/self/uid_map", map_uid, strlen(map_uid));
	put("/proc/self/gid_map", map_gid, strlen(map_gid));

	/* A mount namespace of another user namespace is a slave of the old one: nothing made here can get out. */
	must(syscall(SYS_mount, "tmpfs", "/tmp", "tmpfs", 0x6 /* nosuid, nodev */, "mode=0755"), 4);
	must(chdir("/tmp"), 5);
	for (char **b = binds; strcmp(*b, "--") != 0; b++) {
		struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
		make_directories(*b + 1);
		long tree = syscall(SYS_open_tree, -1, *b, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | 0x8000 /* AT_RECURSIVE */);
		must(tree, 6);
		must(syscall(SYS_mount_setattr, tree, "", 0x9000 /* AT_EMPTY_PATH | AT_RECURSIVE */, &attr, sizeof(attr)), 7);
		must(syscall(SYS_move_mount, tree, "", -100 /* AT_FDCWD */, *b + 1, MOVE_MOUNT_F_EMPTY_PATH), 8);
		close((int)tree);
	}
	must(symlink("usr/bin", "bin"), 9);
	must(symlink("usr/sbin", "sbin"), 9);
	must(symlink("usr/lib", "lib"), 9);
	must(symlink("usr/lib64", "lib64"), 9);
	if (dev)
		make_dev();
	must(mkdir("proc", 0755), 10);
	must(syscall(SYS_mount, "proc", "proc", "proc", 0xe /* nosuid, nodev, noexec */, NULL), 11);
	must(syscall(SYS_pivot_root, ".", "."), 12);
	must(syscall(SYS_umount2, ".", 2 /* MNT_DETACH */), 13);
	must(chdir("/"), 14);

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 15);
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter), 16);
	execve(program[0], program, environ);
	_exit(127);
}

int main(int argc, char **argv)
{
	static struct sock_filter code[4096];
	char map_uid[32], map_gid[32];
	bool dev = argc > 1 && strcmp(argv[1], "--dev") == 0;
	argc -= dev, argv += dev;
	char **program = argv + 2;
	while (argc >= 4 && *program != NULL && strcmp(*program, "--") != 0)
		program++;
	if (argc < 4 || *program == NULL || program[1] == NULL) {
		fputs("usage: floor [--dev] FILTER DIRECTORY... -- PROGRAM [ARGS...]\n", stderr);
		return 2;
	}
	program++;
	int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	must(fd, 17);
	long size = read(fd, code, sizeof(code));
	must(size, 18);
	close(fd);
	struct sock_fprog filter = { .len = (unsigned short)((size_t)size / sizeof(code[0])), .filter = code };

	snprintf(map_uid, sizeof(map_uid), "%u %u 1", getuid(), getuid());
	snprintf(map_gid, sizeof(map_gid), "%u %u 1", getgid(), getgid());
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	must(pid, 19);
	if (pid == 0)
		child(dev, map_uid, map_gid, argv + 2, program, &filter);
	int status;
	must(waitpid((pid_t)pid, &status, 0), 20);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
