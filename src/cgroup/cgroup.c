#include "cgroup/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "cgroup/driver.h"
#include "cgroup/files.h"
#include "cgroup/usage.h"

enum { EMPTY_MS = 2000, PROFILE_LEN = 32 };

static const char prefix[] = "bailey-";

/* "bailey-PROFILE-PID-RANDOM"; what a file name or a unit of systemd may not hold becomes '_'. */
static void name_it(struct cgroup *c, const char *profile)
{
	uint32_t random = 0;
	char text[PROFILE_LEN + 1];
	(void)!getrandom(
		&random, sizeof random, GRND_NONBLOCK); /* only to differ from what a namesake of another pid namespace left */
	(void)snprintf(text, sizeof text, "%s", profile != NULL ? profile : "sandbox");
	for (char *p = text; *p != '\0'; p++)
		if (!isascii((unsigned char)*p) || (!isalnum((unsigned char)*p) && *p != '.' && *p != '_'))
			*p = '_';
	(void)snprintf(c->name, sizeof c->name, "%s%s-%d-%08x", prefix, text, (int)getpid(), random);
}

int cgroup_open(
	struct cgroup *ret, struct arena *a, const struct cgroup_plan *plan, const char *profile, const char *helper, struct err *e)
{
	static const struct cgroup_driver_ops *const drivers[] = {
		[CGROUP_DRIVER_DIRECT] = &cgroup_direct,
		[CGROUP_DRIVER_SYSTEMD] = &cgroup_systemd,
		[CGROUP_DRIVER_V1] = &cgroup_v1,
	};
	*ret = (struct cgroup){ .leaf = -1, .keeper = -1, .plan = plan, .arena = a, .helper = helper };
	if (plan->driver == CGROUP_DRIVER_NONE)
		return 0;
	ret->ops = drivers[plan->driver];
	name_it(ret, profile);
	int r = ret->ops->open(ret, e);
	if (r == 0 && plan->keeper)
		r = cgroup_keeper_start(ret, e);
	if (r < 0)
		cgroup_close(ret);
	return r;
}

bool cgroup_waits(const struct cgroup *c)
{
	return c->ops != NULL && c->leaf < 0;
}

int cgroup_place(struct cgroup *c, pid_t pid, struct err *e)
{
	if (c->ops == NULL)
		return 0;
	return c->keeper >= 0 ? cgroup_keeper_ask(c, KEEPER_PLACE, pid, e) : c->ops->place(c, pid, e);
}

int cgroup_events(const struct cgroup *c, struct cgroup_events *ret)
{
	*ret = (struct cgroup_events){ -1, -1 };
	return c->ops != NULL && c->count > 0 ? c->ops->events(c, ret) : 0;
}

int cgroup_freeze(struct cgroup *c, bool frozen)
{
	if (c->ops == NULL)
		return -EOPNOTSUPP;
	return c->keeper >= 0 ? cgroup_keeper_ask(c, frozen ? KEEPER_FREEZE : KEEPER_THAW, 0, NULL) : c->ops->freeze(c, frozen);
}

int cgroup_kill(struct cgroup *c)
{
	if (c->ops == NULL)
		return -EOPNOTSUPP;
	return c->keeper >= 0 ? cgroup_keeper_ask(c, KEEPER_KILL, 0, NULL) : c->ops->kill(c);
}

static bool remove_all(const struct cgroup *c)
{
	bool gone = true;
	for (size_t i = 0; i < c->count; i++) {
		const struct cgroup_directory *at = &c->at[i];
		if (at->parent < 0 || at->group < 0)
			continue;
		/* The usual case: nothing is in it, and nothing else below it. */
		if (at->inner && unlinkat(at->group, CGROUP_INNER, AT_REMOVEDIR) < 0 && errno != ENOENT) {
			gone = cgroup_remove_tree(at->parent, c->name) == 0 && gone;
			continue;
		}
		if (unlinkat(at->parent, c->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			gone = cgroup_remove_tree(at->parent, c->name) == 0 && gone;
	}
	return gone;
}

/* Processes that have just ended hold a group for a moment. */
static bool empty_and_remove(const struct cgroup *c)
{
	int64_t end = clock_ms() + EMPTY_MS;
	while (!remove_all(c)) {
		if (clock_ms() >= end)
			return false;
		(void)c->ops->kill(c);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return true;
}

static void close_all(struct cgroup *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->at[i].group >= 0)
			(void)close(c->at[i].group);
		if (c->at[i].parent >= 0)
			(void)close(c->at[i].parent);
	}
	c->count = 0;
}

void cgroup_remove(struct cgroup *c)
{
	(void)empty_and_remove(c); /* what could not be removed is left for the next bailey command */
	close_all(c);
}

void cgroup_close(struct cgroup *c)
{
	if (c->leaf >= 0)
		(void)close(c->leaf);
	if (c->keeper >= 0)
		cgroup_keeper_end(c);
	else if (c->ops != NULL)
		c->ops->close(c);
	*c = (struct cgroup){ .leaf = -1, .keeper = -1 };
}

int cgroup_path(const struct cgroup *c, size_t i, char *ret, size_t size)
{
	char link[32];
	if (i >= c->count || c->at[i].group < 0)
		return -ENOENT;
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", c->at[i].group);
	ssize_t n = readlink(link, ret, size - 1);
	if (n < 0 || (size_t)n >= size - 1)
		return n < 0 ? -errno : -ENAMETOOLONG;
	ret[n] = '\0';
	return 0;
}

/* Opens what is there of a group that another launcher made; false when it is gone. */
static int adopt(struct cgroup *c, const char *path)
{
	char above[PATH_MAX];
	const char *name = path_base(path);
	size_t len = (size_t)(name - path);
	if (path[0] != '/' || strncmp(name, prefix, sizeof prefix - 1) != 0 || strlen(name) >= sizeof c->name || len < 2 ||
		len > sizeof above)
		return -EINVAL;
	if (c->count == CGROUP_DIRECTORIES || (c->count > 0 && strcmp(c->name, name) != 0))
		return -EINVAL;
	memcpy(c->name, name, strlen(name) + 1);
	memcpy(above, path, len - 1);
	above[len - 1] = '\0';
	int parent = cgroup_open_directory(above);
	if (parent < 0)
		return parent == -ENOENT ? 0 : parent;
	struct statfs fs;
	if (fstatfs(parent, &fs) < 0 || (fs.f_type != CGROUP2_SUPER_MAGIC && fs.f_type != CGROUP_SUPER_MAGIC)) {
		(void)close(parent);
		return -EINVAL;
	}
	int group = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group < 0) {
		int r = errno == ENOENT ? 0 : -errno;
		(void)close(parent);
		return r;
	}
	bool inner = faccessat(group, CGROUP_INNER, F_OK, 0) == 0;
	c->at[c->count++] = (struct cgroup_directory){ .parent = parent, .group = group, .inner = inner };
	return 0;
}

/* Those of the paths that are there, as a group whose driver is chosen by the version. */
static int adopt_all(struct cgroup *ret, const char *const *paths, size_t count)
{
	*ret = (struct cgroup){ .leaf = -1, .keeper = -1 };
	int r = 0;
	for (size_t i = 0; i < count && r == 0; i++)
		r = adopt(ret, paths[i]);
	if (ret->count > 0)
		ret->ops = faccessat(ret->at[0].group, "cgroup.events", F_OK, 0) == 0 ? &cgroup_direct : &cgroup_v1;
	return r;
}

int cgroup_sweep(const char *const *paths, size_t count)
{
	struct cgroup c;
	int r = adopt_all(&c, paths, count);
	if (r == 0 && c.count > 0 && !empty_and_remove(&c))
		r = -EBUSY;
	close_all(&c);
	return r;
}

int cgroup_freeze_paths(const char *const *paths, size_t count, bool frozen)
{
	struct cgroup c;
	int r = adopt_all(&c, paths, count);
	if (r == 0)
		r = c.count > 0 ? c.ops->freeze(&c, frozen) : -EOPNOTSUPP;
	close_all(&c);
	return r == -ENOENT ? -EOPNOTSUPP : r; /* before Linux 5.2 */
}

bool cgroup_frozen_paths(const char *const *paths, size_t count)
{
	char text[16];
	for (size_t i = 0; i < count; i++) {
		int directory = cgroup_open_path(paths[i]);
		if (directory < 0)
			continue;
		bool two = cgroup_read_file(directory, "cgroup.freeze", text, sizeof text) > 0;
		bool frozen = two ? text[0] == '1'
				  : cgroup_read_file(directory, "freezer.state", text, sizeof text) > 0 && text[0] == 'F';
		(void)close(directory);
		if (frozen)
			return true;
	}
	return false;
}
