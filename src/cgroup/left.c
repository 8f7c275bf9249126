/* Groups of launchers that were killed before they had written down what they made: found by their names. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/dir.h"
#include "base/num.h"
#include "cgroup/files.h"
#include "cgroup/usage.h"

enum { RANDOM_DIGITS = 8 };

/*
 * "bailey-PROFILE-PID-RANDOM", as cgroup_open() gives them: the profile's part has no '-' in it. 0 for other names.  With ".scope" behind
 * it, it is one that systemd was asked for: it takes away those that end, but not one of which a process had ended before it was made
 * and another had not.
 */
static pid_t launcher_of(struct arena *a, const char *name, bool *ret_scope)
{
	static const char prefix[] = "bailey-", suffix[] = ".scope";
	if (strncmp(name, prefix, sizeof prefix - 1) != 0)
		return 0;
	const char *pid = strchr(name + sizeof prefix - 1, '-');
	const char *random = pid != NULL ? strchr(pid + 1, '-') : NULL;
	if (random == NULL || strspn(random + 1, "0123456789abcdef") != RANDOM_DIGITS)
		return 0;
	const char *end = random + 1 + RANDOM_DIGITS;
	*ret_scope = strcmp(end, suffix) == 0;
	if (*end != '\0' && !*ret_scope)
		return 0;
	int64_t n;
	return num_int(arena_strndup(a, pid + 1, (size_t)(random - pid - 1)), 1, INT_MAX, &n) == 0 ? (pid_t)n : 0;
}

static bool is_empty(int group)
{
	char text[256];
	return cgroup_read_file(group, "cgroup.events", text, sizeof text) > 0 && strstr(text, "populated 0") != NULL;
}

/*
 * Nothing is killed, and a group with a process in it stays.  A launcher of another pid namespace seems not to exist: its lock tells
 * that it does; and a scope has one of its processes in it, somewhere.
 */
static void remove_left(int parent, const char *name, pid_t launcher, bool scope)
{
	if (kill(launcher, 0) == 0 || errno != ESRCH)
		return;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if ((!scope || is_empty(fd)) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)cgroup_remove_tree(parent, name); /* what cannot be removed is left for the next one */
	(void)close(fd);
}

static void sweep(int parent)
{
	struct arena a = { 0 };
	const char **names;
	size_t count;
	if (lseek(parent, 0, SEEK_SET) == 0 && dir_names(parent, &a, &names, &count) == 0) {
		for (size_t i = 0; i < count; i++) {
			bool scope = false;
			pid_t launcher = launcher_of(&a, names[i], &scope);
			if (launcher > 0)
				remove_left(parent, names[i], launcher, scope);
		}
	}
	arena_free(&a);
}

void cgroup_sweep_around(const struct cgroup *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->at[i].parent >= 0)
			sweep(c->at[i].parent);
}

void cgroup_sweep_place(const char *directory)
{
	int fd = cgroup_open_path(directory);
	if (fd < 0)
		return;
	sweep(fd);
	(void)close(fd);
}
