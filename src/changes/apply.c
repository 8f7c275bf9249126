#include "changes/apply.h"

#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/sys.h"
#include "changes/copy.h"
#include "changes/remove.h"

enum { MODES = 0777, DIRECTORY_MODES = 01777, TEMPORARY_SIZE = 32, TRIES = 8 };

static void temporary_name(char name[TEMPORARY_SIZE])
{
	uint64_t draw = 0;
	if (getrandom(&draw, sizeof draw, 0) < 0)
		draw = (uint64_t)getpid();
	(void)snprintf(name, TEMPORARY_SIZE, ".bailey-%016llx", (unsigned long long)draw);
}

/* A file without a name, or where the file system has none of these, one with a name of ours. */
static int open_temporary(int dir, char name[TEMPORARY_SIZE])
{
	name[0] = '\0';
	int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	for (int i = 0; i < TRIES && fd < 0; i++) {
		temporary_name(name);
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	return fd < 0 ? -errno : fd;
}

static int give_name(int fd, int dir, const char *name)
{
	char path[32];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return (int)sys_result(linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW));
}

/* rename(2) over what is there, unless nothing is meant to be there. */
static int move_in(int dir, const char *temporary, const struct change *c)
{
	int r = (int)sys_result(c->host.st_mode == 0 ? syscall(SYS_renameat2, dir, temporary, dir, c->name, RENAME_NOREPLACE)
						     : renameat(dir, temporary, dir, c->name));
	if (r < 0)
		(void)unlinkat(dir, temporary, 0);
	return r;
}

/* What a directory gives way to cannot be renamed over it. */
static int clear_way(const struct change *c)
{
	return S_ISDIR(c->host.st_mode) ? remove_tree(c->host_dir, c->name, false) : 0;
}

static int finish_file(const struct change *c, int from, int to)
{
	const struct timespec times[2] = { c->upper.st_atim, c->upper.st_mtim };
	int r = copy_content(from, to, c->upper.st_size);
	/* The group is kept where the user may give it; else the file has the user's. */
	if (r == 0 && S_ISREG(c->host.st_mode) && fchown(to, (uid_t)-1, c->host.st_gid) < 0 && errno != EPERM)
		r = -errno;
	if (r == 0)
		r = (int)sys_result(fchmod(to, c->upper.st_mode & MODES));
	if (r == 0)
		r = (int)sys_result(futimens(to, times));
	return r == 0 ? (int)sys_result(fsync(to)) : r;
}

static int apply_file(const struct change *c)
{
	char name[TEMPORARY_SIZE];
	struct stat st;
	int from = walk_open_file(c->upper_dir, c->name, true);
	if (from < 0)
		return from;
	int to = fstat(from, &st) == 0 && S_ISREG(st.st_mode) ? open_temporary(c->host_dir, name) : -EAGAIN;
	int r = to < 0 ? to : finish_file(c, from, to);
	if (r == 0)
		r = clear_way(c);
	bool named = to >= 0 && name[0] != '\0';
	if (r < 0) {
		if (named)
			(void)unlinkat(c->host_dir, name, 0);
	} else if (!named && c->host.st_mode == 0) {
		r = give_name(to, c->host_dir, c->name);
	} else {
		if (!named) {
			temporary_name(name);
			r = give_name(to, c->host_dir, name);
		}
		if (r == 0)
			r = move_in(c->host_dir, name, c);
	}
	if (to >= 0)
		(void)close(to);
	(void)close(from);
	return r;
}

static int apply_link(const struct change *c)
{
	char text[PATH_MAX], name[TEMPORARY_SIZE];
	ssize_t n = readlinkat(c->upper_dir, c->name, text, sizeof text - 1);
	if (n <= 0)
		return n < 0 ? -errno : -EAGAIN;
	text[n] = '\0';
	temporary_name(name);
	int r = (int)sys_result(symlinkat(text, c->host_dir, name));
	if (r < 0)
		return r;
	r = clear_way(c);
	if (r < 0) {
		(void)unlinkat(c->host_dir, name, 0);
		return r;
	}
	return move_in(c->host_dir, name, c);
}

/* Only the mode of what is there, which keeps its other names. */
static int apply_mode(const struct change *c)
{
	struct stat st;
	char path[32];
	int fd = openat(c->host_dir, c->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 || st.st_ino != c->host.st_ino || (st.st_mode & S_IFMT) != (c->host.st_mode & S_IFMT) ? -EAGAIN
															 : 0;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (r == 0)
		r = (int)sys_result(chmod(path, c->upper.st_mode & MODES));
	(void)close(fd);
	return r;
}

static int apply_directory(const struct change *c)
{
	if (c->kind == CHANGE_MODIFIED && c->mode_only)
		return 0; /* apply_left() sets the mode: with the new one the directory might take nothing */
	if (c->host.st_mode != 0 && unlinkat(c->host_dir, c->name, 0) < 0 && errno != ENOENT)
		return -errno;
	return (int)sys_result(mkdirat(c->host_dir, c->name, 0700));
}

int apply_change(const struct change *c, bool *ret_dropped)
{
	*ret_dropped = false;
	if (c->host_dir < 0)
		return -ENOENT;
	if (c->kind == CHANGE_REMOVED)
		return remove_tree(c->host_dir, c->name, false);
	switch (c->upper.st_mode & S_IFMT) {
	case S_IFDIR: return apply_directory(c);
	case S_IFLNK: return apply_link(c);
	case S_IFREG: break;
	default: return -EPERM;
	}
	int r = c->kind == CHANGE_MODIFIED && c->mode_only ? apply_mode(c) : apply_file(c);
	*ret_dropped = r == 0 && (c->upper.st_mode & (S_ISUID | S_ISGID)) != 0;
	/* The two sides are the same then, and no change is left to show. */
	if (*ret_dropped)
		r = (int)sys_result(fchmodat(c->upper_dir, c->name, c->upper.st_mode & MODES, 0));
	return r;
}

int apply_left(const struct change *c, int host_dir)
{
	struct stat st;
	int r = (int)sys_result(fsync(host_dir));
	bool set = c != NULL && S_ISDIR(c->upper.st_mode) && (c->host.st_mode == 0 || c->mode_only || !S_ISDIR(c->host.st_mode));
	if (!set || r < 0)
		return r;
	/* setgid is what the directory above gave it. */
	if (fstat(host_dir, &st) < 0)
		return -errno;
	return (int)sys_result(fchmod(host_dir, (c->upper.st_mode & DIRECTORY_MODES) | (st.st_mode & S_ISGID)));
}
