#include "cgroup/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/cgroup.h"
#include "cgroup/usage.h"

enum { CHANGES_MAX = 64, OLD_MAX = 512 };

/* One file that gets a value. */
struct change {
	const struct cgroup_write *write;
	int directory; /* of the group, or of the one for the processes below it */
	bool done;
	char old[OLD_MAX]; /* "": not known, and so not to be put back */
};

struct changes {
	int outer[CGROUP_DIRECTORIES], inner[CGROUP_DIRECTORIES];
	size_t directory_count;
	struct change items[CHANGES_MAX];
	size_t count;
};

static int write_file(int directory, const char *file, const char *value)
{
	int fd = openat(directory, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, value, strlen(value));
	int r = n < 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

/* A file that lists devices has a line for each, and takes one at a time: the old value cannot be written back as it was read. */
static void read_old(struct change *c)
{
	int fd = openat(c->directory, c->write->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, c->old, sizeof c->old - 1);
	if (fd >= 0)
		(void)close(fd);
	c->old[n > 0 ? n : 0] = '\0';
	c->old[strcspn(c->old, "\n")] = '\0';
	if (strchr(c->old, ':') != NULL)
		c->old[0] = '\0';
}

static void add(struct changes *all, const struct cgroup_write *w, int directory)
{
	if (all->count == CHANGES_MAX)
		return;
	struct change *c = &all->items[all->count++];
	*c = (struct change){ .write = w, .directory = directory };
	read_old(c);
}

/* Finds the file. A cpuset of version 1 has to be changed in the group below too: it keeps a set of its own. */
static int find(struct changes *all, const struct cgroup_write *w, struct err *e)
{
	for (size_t i = 0; i < all->directory_count; i++) {
		if (all->outer[i] < 0 || faccessat(all->outer[i], w->file, F_OK, 0) < 0)
			continue;
		add(all, w, all->outer[i]);
		if (all->inner[i] >= 0 && strncmp(w->file, "cpuset.", 7) == 0 &&
			faccessat(all->inner[i], "cpuset.cpu_exclusive", F_OK, 0) == 0)
			add(all, w, all->inner[i]);
		return 0;
	}
	if (w->may_lack)
		return 0;
	return err_set(e, ENOENT, "cannot set %s: its control group has no %s", w->what, w->file);
}

static void put_back(struct changes *all)
{
	for (size_t round = 0; round < all->count; round++)
		for (size_t i = all->count; i-- > 0;)
			if (all->items[i].done && all->items[i].old[0] != '\0')
				(void)write_file(all->items[i].directory, all->items[i].write->file, all->items[i].old);
}

/* Rounds, as long as one brings anything: what is refused may depend on another that comes later. */
static int apply(struct changes *all, struct err *e)
{
	for (;;) {
		const struct change *refused = NULL;
		int error = 0;
		bool progress = false;
		for (size_t i = 0; i < all->count; i++) {
			struct change *c = &all->items[i];
			int r = c->done ? 0 : write_file(c->directory, c->write->file, c->write->value);
			progress = progress || (r == 0 && !c->done);
			c->done = r == 0;
			if (r < 0) {
				refused = c;
				error = -r;
			}
		}
		if (refused == NULL)
			return 0;
		if (progress)
			continue;
		put_back(all);
		(void)err_set(e, error, "cannot set %s", refused->write->what);
		if (error == EBUSY)
			(void)err_hint(e, "more than that is in use; all limits are as before");
		else if (error == EACCES || error == EPERM)
			(void)err_hint(e, "who started the sandbox can, and root; all limits are as before");
		return -error;
	}
}

int cgroup_change(const char *const *paths, size_t path_count, const struct cgroup_write *writes, size_t write_count, struct err *e)
{
	struct changes all = { .count = 0 };
	int r = 0;
	for (size_t i = 0; i < path_count && i < CGROUP_DIRECTORIES; i++) {
		int fd = cgroup_open_path(paths[i]);
		all.outer[i] = fd;
		all.inner[i] = fd < 0 ? -1 : openat(fd, "payload", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		all.directory_count++;
		if (fd < 0 && r == 0)
			r = err_set(e, -fd, "cannot open the control group %s", paths[i]);
	}
	for (size_t i = 0; i < write_count && r == 0; i++)
		r = find(&all, &writes[i], e);
	if (r == 0)
		r = apply(&all, e);
	for (size_t i = 0; i < all.directory_count; i++) {
		if (all.outer[i] >= 0)
			(void)close(all.outer[i]);
		if (all.inner[i] >= 0)
			(void)close(all.inner[i]);
	}
	return r;
}
