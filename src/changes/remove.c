#include "changes/remove.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/sys.h"

/* A directory on the way down; only the deepest one is open. */
struct level {
	struct level *up;
	dev_t device;
	ino_t inode; /* of the directory this one lies in, which ".." has to lead to */
	char name[];
};

static int open_below(int dir, const char *name, bool ours)
{
	const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
	int fd = sys_openat2(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve);
	if (fd != -EACCES || !ours)
		return fd;
	int path = sys_openat2(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, resolve);
	if (path < 0)
		return path;
	char link[32];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", path);
	int r = (int)sys_result(chmod(link, 0700));
	(void)close(path);
	return r < 0 ? r : sys_openat2(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve);
}

/*
 * Removes what is no directory.  1 with the name of a directory in `ret`, 0 when it is empty.  Starts from the beginning after
 * each directory, because what was read before may be gone.
 */
static int empty(int fd, bool ours, char ret[NAME_MAX + 1])
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	if (d == NULL) {
		int error = errno;
		if (copy >= 0)
			(void)close(copy);
		return -error;
	}
	rewinddir(d);
	int r = 0;
	bool chmodded = false;
	for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno == EACCES && ours && !chmodded) {
			chmodded = true;
			if (fchmod(fd, 0700) == 0 && unlinkat(fd, e->d_name, 0) == 0)
				continue;
		}
		if (errno != EISDIR && errno != EPERM) {
			r = -errno;
			break;
		}
		/* POSIX has EPERM for a directory; a file may give it too. */
		int error = errno;
		struct stat st;
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
			(void)snprintf(ret, NAME_MAX + 1, "%s", e->d_name);
			r = 1;
		} else {
			r = -error;
		}
	}
	(void)closedir(d);
	return r;
}

static int push(struct arena *a, struct level **top, int dir, const char *name)
{
	struct stat st;
	if (fstat(dir, &st) < 0)
		return -errno;
	size_t size = strlen(name) + 1;
	struct level *l = arena_alloc(a, sizeof *l + size);
	l->up = *top;
	l->device = st.st_dev;
	l->inode = st.st_ino;
	memcpy(l->name, name, size);
	*top = l;
	return 0;
}

/* Down to a directory without directories, which is then removed from the one above; and so on. */
static int remove_directory(struct arena *a, int dir, const char *name, bool ours)
{
	struct level *top = NULL;
	char next[NAME_MAX + 1];
	int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	if (at < 0)
		return -errno;
	(void)snprintf(next, sizeof next, "%s", name);
	int r = 1;
	for (;;) {
		if (r == 1) {
			int below = open_below(at, next, ours);
			r = below < 0 ? below : push(a, &top, at, next);
			if (r < 0) {
				if (below >= 0)
					(void)close(below);
				break;
			}
			(void)close(at);
			at = below;
		} else if (top != NULL) {
			struct stat st;
			int above = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (above < 0) {
				r = -errno;
				break;
			}
			(void)close(at);
			at = above;
			if (fstat(at, &st) < 0 || st.st_dev != top->device || st.st_ino != top->inode) {
				r = -EAGAIN; /* somebody moved it meanwhile */
				break;
			}
			if (unlinkat(at, top->name, AT_REMOVEDIR) < 0 && errno != ENOENT &&
				!(errno == EACCES && ours && fchmod(at, 0700) == 0 && unlinkat(at, top->name, AT_REMOVEDIR) == 0)) {
				r = -errno;
				break;
			}
			top = top->up;
			if (top == NULL)
				break;
		}
		r = empty(at, ours, next);
		if (r < 0)
			break;
	}
	(void)close(at);
	return r;
}

int remove_tree(int dir, const char *name, bool ours)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	struct arena a = { 0 };
	int r = remove_directory(&a, dir, name, ours);
	arena_free(&a);
	return r == -ENOENT ? 0 : r;
}
