#include "cgroup/files.h"
#include "base/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_SIZE = 4096, ENTRIES_SIZE = 2048, DEPTH_MAX = 64 };

int cgroup_open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_below(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_make_directory(int parent, const char *name, bool readable)
{
	if (mkdirat(parent, name, 0755) < 0)
		return -errno;
	int fd = open_below(parent, name);
	if (fd >= 0 && readable)
		(void)fchmod(fd, 0755); /* without it the launcher only cannot read counters */
	if (fd < 0)
		(void)unlinkat(parent, name, AT_REMOVEDIR);
	return fd;
}

int cgroup_write_file(int directory, const char *file, const char *text)
{
	int fd = openat(directory, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	size_t len = strlen(text);
	ssize_t n;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	int r = n < 0 ? -errno : (size_t)n != len ? -EIO : 0;
	(void)close(fd);
	return r;
}

int cgroup_write_limit(int directory, const struct cgroup_write *w, struct err *e)
{
	int r = cgroup_write_file(directory, w->file, w->value);
	if (r == 0 || (r == -ENOENT && w->may_lack))
		return 0;
	(void)err_set(e, -r, "%s: cannot write \"%s\" to %s", w->what, w->value, w->file);
	if (r == -ENOENT)
		(void)err_hint(e,
			"this kernel has no %s in its control groups; resources.optional lets the setting degrade only where that can be seen before",
			w->file);
	else if (r == -EBUSY && strncmp(w->file, "memory.", 7) == 0)
		(void)err_hint(e, "more than that is in use already");
	else if (r == -ENODEV)
		(void)err_hint(e, "the kernel limits whole disks only, and none is behind this path");
	return err_at(e, w->origin);
}

ssize_t cgroup_read_file(int directory, const char *file, char *ret, size_t size)
{
	ret[0] = '\0';
	int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	ssize_t n;
	do
		n = read(fd, ret, size - 1);
	while (n < 0 && errno == EINTR);
	ssize_t r = n < 0 ? -errno : n;
	(void)close(fd);
	ret[n > 0 ? n : 0] = '\0';
	return r;
}

int64_t cgroup_read_count(int directory, const char *file, const char *key)
{
	char text[TEXT_SIZE];
	size_t len = strlen(key);
	if (cgroup_read_file(directory, file, text, sizeof text) < 0)
		return -1;
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoll(line + len + 1, NULL, 10);
	return -1;
}

/* The name of the first directory in there; false when there is none. */
static bool first_below(int directory, char *ret, size_t size)
{
	_Alignas(struct sys_dirent) char bytes[ENTRIES_SIZE];
	long n;
	(void)lseek(directory, 0, SEEK_SET);
	while ((n = sys_getdents(directory, bytes, sizeof bytes)) > 0) {
		for (long at = 0; at < n;) {
			const struct sys_dirent *d = (const struct sys_dirent *)(const void *)(bytes + at);
			at += d->len;
			if (d->type != DT_DIR || strcmp(d->name, ".") == 0 || strcmp(d->name, "..") == 0 || strlen(d->name) >= size)
				continue;
			(void)snprintf(ret, size, "%s", d->name);
			return true;
		}
	}
	return false;
}

static void kill_here(int directory)
{
	char text[TEXT_SIZE];
	/* More than fit are killed in the next round: whoever waits for an empty group comes again. */
	if (cgroup_read_file(directory, "cgroup.procs", text, sizeof text) < 0)
		return;
	for (char *at = text; *at != '\0';) {
		char *end;
		long pid = strtol(at, &end, 10);
		if (*end != '\n')
			break; /* the last number may be cut off */
		if (pid > 0)
			(void)kill((pid_t)pid, SIGKILL);
		at = end + 1;
	}
}

/* Depth first; a program that was able to make groups of its own made few. */
static void kill_below(int directory, unsigned depth)
{
	_Alignas(struct sys_dirent) char bytes[ENTRIES_SIZE];
	long n;
	kill_here(directory);
	(void)lseek(directory, 0, SEEK_SET);
	while (depth > 0 && (n = sys_getdents(directory, bytes, sizeof bytes)) > 0) {
		for (long at = 0; at < n;) {
			const struct sys_dirent *d = (const struct sys_dirent *)(const void *)(bytes + at);
			at += d->len;
			int fd = d->type == DT_DIR && strcmp(d->name, ".") != 0 && strcmp(d->name, "..") != 0
				? open_below(directory, d->name)
				: -1;
			if (fd >= 0) {
				kill_below(fd, depth - 1);
				(void)close(fd);
			}
		}
	}
}

void cgroup_kill_listed(int directory)
{
	kill_below(directory, DEPTH_MAX);
}

/* Removes one directory that has none below it; true when that was `name` itself, or nothing could be done. */
static bool remove_deepest(int parent, const char *name, int *ret)
{
	char here[256], below[256];
	int above = dup(parent), at = open_below(parent, name);
	(void)snprintf(here, sizeof here, "%s", name);
	bool top = true;
	while (above >= 0 && at >= 0 && first_below(at, below, sizeof below)) {
		top = false;
		(void)close(above);
		above = at;
		at = open_below(above, below);
		memcpy(here, below, sizeof here);
	}
	*ret = at < 0 && at != -ENOENT ? at : unlinkat(above, here, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
	if (at >= 0)
		(void)close(at);
	if (above >= 0)
		(void)close(above);
	return top || *ret < 0;
}

int cgroup_remove_tree(int parent, const char *name)
{
	int r;
	while (!remove_deepest(parent, name, &r)) {
	}
	return r;
}
