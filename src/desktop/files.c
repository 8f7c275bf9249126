#include "desktop/files.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/path.h"
#include "base/sys.h"
#include "base/write.h"

enum { FILE_MAX = 1024 * 1024, PLACE_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

static int make(int dir, const char *name, const char *path, struct files_made *made)
{
	if (mkdirat(dir, name, made->mode) < 0)
		return errno == EEXIST ? 0 : -errno; /* somebody was quicker */
	if (fchmodat(dir, name, made->mode, 0) < 0) /* whatever the umask took away */
		return -errno;
	made->paths = arena_grow(made->arena, made->paths, made->count, &made->cap, sizeof *made->paths);
	made->paths[made->count++] = path;
	return 0;
}

/* The base may not be there yet in a new home. */
static int open_base(const char *path, struct arena *a, struct files_made *made)
{
	int fd = open(path, PLACE_FLAGS);
	if (fd >= 0)
		return fd;
	if (errno != ENOENT || made == NULL || path[1] == '\0')
		return -errno;
	int parent = open_base(path_parent(a, path), a, made);
	if (parent < 0)
		return parent;
	int r = make(parent, path_base(path), path, made);
	(void)close(parent);
	if (r < 0)
		return r;
	fd = open(path, PLACE_FLAGS);
	return fd >= 0 ? fd : -errno;
}

int files_open(const struct files_dir *dir, struct arena *a, struct files_made *made)
{
	int fd = open_base(dir->base, a, made);
	const char *path = dir->base;
	for (const char *at = dir->below; fd >= 0 && *at != '\0';) {
		size_t n = strcspn(at, "/");
		const char *name = arena_strndup(a, at, n);
		path = path_join(a, path, name);
		at += n + (at[n] == '/');
		int next = openat(fd, name, PLACE_FLAGS | O_NOFOLLOW), error = errno, r = 0;
		if (next < 0 && error == ENOENT && made != NULL) {
			r = make(fd, name, path, made);
			next = r == 0 ? openat(fd, name, PLACE_FLAGS | O_NOFOLLOW) : -1;
			error = r < 0 ? -r : errno;
		}
		(void)close(fd);
		fd = next >= 0 ? next : -error;
	}
	return fd;
}

const char *files_sum(struct arena *a, const char *text, size_t len)
{
	return arena_printf(a, "%zu:%016" PRIx64, len, hash_add(len, text, len));
}

int files_read(int dir, const char *name, struct arena *a, const char **ret_text, size_t *ret_len)
{
	struct stat st;
	*ret_text = "";
	*ret_len = 0;
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (dir == AT_FDCWD ? 0 : O_NOFOLLOW);
	int fd = openat(dir, name, flags);
	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 ? -errno : !S_ISREG(st.st_mode) ? -EINVAL : st.st_size > FILE_MAX ? -EFBIG : 0;
	char *text = arena_alloc(a, r == 0 ? (size_t)st.st_size + 1 : 1);
	size_t len = 0;
	while (r == 0 && len < (size_t)st.st_size) {
		ssize_t n = read(fd, text + len, (size_t)st.st_size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n < 0 ? -errno : -EIO; /* it became shorter meanwhile */
			break;
		}
		len += (size_t)n;
	}
	(void)close(fd);
	*ret_text = text;
	*ret_len = len;
	return r;
}

const char *files_sum_of(int dir, const char *name, struct arena *a)
{
	const char *text;
	size_t len;
	int r = files_read(dir, name, a, &text, &len);
	return r == 0 ? files_sum(a, text, len) : r == -ENOENT ? "" : "other";
}

/* A name beside others that no desktop takes for one of its files. */
static void temporary_name(char *name, size_t size)
{
	static unsigned count;
	(void)snprintf(name, size, ".bailey-%d-%u", (int)getpid(), count++);
}

static int write_temporary(int dir, const char *name, const char *text, size_t len, mode_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = write_all(fd, text, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, name, 0);
	return r;
}

/* renameat2(2) that takes no other's place. File systems without that get a check before it, which is nearly as good. */
int files_rename(int dir, const char *from, const char *to)
{
	struct stat st;
	if (syscall(SYS_renameat2, dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(dir, from, dir, to) < 0 ? -errno : 0;
}

int files_create(int dir, const char *name, const char *text, size_t len, mode_t mode)
{
	char temporary[40];
	temporary_name(temporary, sizeof temporary);
	int r = write_temporary(dir, temporary, text, len, mode);
	if (r < 0)
		return r;
	r = files_rename(dir, temporary, name);
	if (r < 0)
		(void)unlinkat(dir, temporary, 0);
	return r;
}

int files_replace(int dir, const char *name, const char *sum, const char *text, size_t len, mode_t mode, struct arena *a)
{
	char temporary[40];
	temporary_name(temporary, sizeof temporary);
	int r = write_temporary(dir, temporary, text, len, mode);
	if (r < 0)
		return r;
	/* What was there is looked at when it cannot be changed under its name any more. */
	if (syscall(SYS_renameat2, dir, temporary, dir, name, RENAME_EXCHANGE) == 0) {
		if (strcmp(files_sum_of(dir, temporary, a), sum) != 0) {
			r = syscall(SYS_renameat2, dir, temporary, dir, name, RENAME_EXCHANGE) == 0 ? -EEXIST : -errno;
			if (r != -EEXIST)
				return r; /* both are still there */
		}
	} else if (errno != EINVAL) {
		r = -errno;
	} else {
		r = strcmp(files_sum_of(dir, name, a), sum) != 0 ? -EEXIST : 0;
		if (r == 0 && renameat(dir, temporary, dir, name) < 0)
			r = -errno;
	}
	(void)unlinkat(dir, temporary, 0);
	return r;
}

int files_remove(int dir, const char *name, const char *sum, struct arena *a)
{
	char temporary[40];
	temporary_name(temporary, sizeof temporary);
	int r = files_rename(dir, name, temporary);
	if (r < 0)
		return r;
	if (strcmp(files_sum_of(dir, temporary, a), sum) != 0) {
		r = files_rename(dir, temporary, name);
		return r < 0 ? r : -EEXIST;
	}
	return unlinkat(dir, temporary, 0) < 0 ? -errno : 0;
}
