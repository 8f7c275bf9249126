#include "base/dir.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sys.h"

enum { LIST_BUFFER = 32 * 1024 };

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int dir_names(int fd, struct arena *a, const char ***ret_names, size_t *ret_count)
{
	const char **names = NULL;
	size_t count = 0, cap = 0;
	_Alignas(struct sys_dirent) char bytes[LIST_BUFFER];
	long n;
	*ret_names = NULL;
	*ret_count = 0;
	while ((n = sys_getdents(fd, bytes, sizeof bytes)) > 0) {
		for (long at = 0; at < n;) {
			const struct sys_dirent *d = (const struct sys_dirent *)(const void *)(bytes + at);
			at += d->len;
			if (strcmp(d->name, ".") == 0 || strcmp(d->name, "..") == 0)
				continue;
			names = arena_grow(a, names, count, &cap, sizeof *names);
			names[count++] = arena_strdup(a, d->name);
		}
	}
	if (n < 0)
		return (int)n;
	if (count > 1)
		qsort(names, count, sizeof *names, by_name);
	*ret_names = names;
	*ret_count = count;
	return 0;
}

/* Opens `name` below `dir`, making it when it is absent. */
static int enter_or_make(int dir, const char *name, uint64_t flags)
{
	int fd = sys_openat2(dir, name, flags | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd != -ENOENT)
		return fd;
	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST) /* EEXIST: somebody was quicker */
		return -errno;
	return sys_openat2(dir, name, flags | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int dir_make(const char *path, int flags)
{
	int dir = sys_openat2(AT_FDCWD, path, (uint64_t)flags | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (dir != -ENOENT)
		return dir;
	dir = sys_openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	for (const char *at = path; dir >= 0 && *at == '/' && at[1] != '\0';) {
		const char *end = strchrnul(at + 1, '/');
		char name[NAME_MAX + 1];
		size_t len = (size_t)(end - at - 1);
		if (len >= sizeof name) {
			(void)close(dir);
			return -ENAMETOOLONG;
		}
		memcpy(name, at + 1, len);
		name[len] = '\0';
		int next = enter_or_make(dir, name, *end == '\0' ? (uint64_t)flags : O_PATH);
		(void)close(dir);
		dir = next;
		at = end;
	}
	return dir;
}
