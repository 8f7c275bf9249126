#include "launch/join.h"

#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "state/state.h"

enum { START_MS = 2000, STEP_MS = 20 };

/* The same namespace: namespaces(7). */
static bool is_same(int fd, const char *path)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* One above: the owner of a network namespace, the parent of a user namespace. -1 when that is not ours to know. */
static int above(int fd, unsigned long request)
{
	return fd >= 0 ? ioctl(fd, request) : -1;
}

/* The running sandbox of that very name. */
static int find(struct state_sandbox *ret, struct arena *a, const struct plan *plan, const struct facts *facts, struct err *e)
{
	struct state_search s;
	struct diags d = { .arena = a };
	struct state_sandbox *all;
	size_t count;
	state_search(&s, facts, geteuid());
	state_list(&all, &count, a, &s, &d);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].record.name, plan->join.name) != 0)
			continue;
		*ret = all[i];
		return 0;
	}
	(void)err_set(e, 0, "there is no running sandbox \"%s\" whose network could be joined", plan->join.name);
	return err_hint(e, "bailey list shows those there are; --name NAME gives one its name");
}

/* By the program: the first process of a sandbox lets nobody look. */
static int open_network(const struct state_sandbox *s, struct arena *a, struct err *e)
{
	const struct state_process *task = &s->record.task;
	if (!s->record.own_network) {
		(void)err_set(e, 0, "the sandbox %s has the host's network", s->record.name);
		return err_hint(e, "network.mode = \"host\" is the same");
	}
	int fd = task->pid > 0 ? open(arena_printf(a, "/proc/%d/ns/net", (int)task->pid), O_RDONLY | O_CLOEXEC) : -1;
	int error = task->pid > 0 ? errno : ESRCH;
	if (fd < 0 || !state_process_lives(task)) { /* after it was opened: else it may be another's */
		if (fd >= 0)
			(void)close(fd);
		return err_set(e, fd < 0 ? error : ESRCH, "the network of the sandbox %s cannot be opened", s->record.name);
	}
	if (!is_same(fd, "/proc/self/ns/net"))
		return fd;
	(void)close(fd);
	return err_set(e, 0, "the sandbox %s has the host's network", s->record.name);
}

/* What an id of ours is called in the user namespace of a process: user_namespaces(7). -1: nothing. */
static uint32_t number_there(struct arena *a, pid_t pid, const char *map, uint32_t id)
{
	char text[1024], *rest = NULL;
	unsigned inside, outside, count;
	int fd = open(arena_printf(a, "/proc/%d/%s", (int)pid, map), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 && id >= outside && id - outside < count)
			return inside + (id - outside);
	return UINT32_MAX;
}

/*
 * From where it can be entered.  The program may have moved on, to a network of its own making, whose owner is then somebody further below:
 * only what belongs to a user namespace that a launcher has made is taken, directly below ours, or below the hub.
 */
static int open_user(struct below *b, struct arena *a, const struct state_sandbox *s, struct err *e)
{
	static const char own[] = "/proc/self/ns/user";
	const struct state_record *r = &s->record;
	int owner = above(b->network, NS_GET_USERNS), parent = above(owner, NS_GET_PARENT);
	int top = r->hub ? above(parent, NS_GET_PARENT) : parent;
	bool made = top >= 0 && is_same(top, own);
	if (made) {
		b->user = fcntl(r->hub ? parent : owner, F_DUPFD_CLOEXEC, 0);
		if (!r->hub) {
			b->uid = number_there(a, r->task.pid, "uid_map", geteuid());
			b->gid = number_there(a, r->task.pid, "gid_map", getegid());
		}
	}
	int all[] = { owner, parent, r->hub ? top : -1 };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i] >= 0)
			(void)close(all[i]);
	return made && b->user >= 0
		? 0
		: err_set(e, EPERM, "the network of the sandbox %s is none that bailey has made for it", r->name);
}

static int enter_as_root(int fd, const struct plan *plan, struct err *e)
{
	int r = setns(fd, CLONE_NEWNET) < 0 ? err_set(e, errno, "cannot enter the network \"%s\"", plan->join.name) : 0;
	(void)close(fd);
	return r;
}

static int open_named(const struct plan *plan, struct err *e)
{
	int fd = open(plan->join.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set(e, errno, "cannot open %s", plan->join.path);
	if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		return fd;
	(void)close(fd);
	return err_set(e, EINVAL, "%s is no network namespace", plan->join.path);
}

int join_open(struct below *ret, struct arena *a, const struct plan *plan, const struct facts *facts, struct err *e)
{
	struct state_sandbox s = { .path = NULL };
	*ret = BELOW_NONE;
	int r = plan->join.path == NULL ? find(&s, a, plan, facts, e) : 0, fd = -1;
	/* One that was given a name is known before its program runs. */
	for (int i = 0; i < START_MS / STEP_MS && r == 0 && plan->join.path == NULL && s.record.task.pid == 0; i++) {
		(void)poll(NULL, 0, STEP_MS);
		r = find(&s, a, plan, facts, e);
	}
	if (r == 0)
		fd = plan->join.path != NULL ? open_named(plan, e) : open_network(&s, a, e);
	if (fd < 0)
		return err_at(e, plan->join.origin);
	if (geteuid() == 0) {
		r = enter_as_root(fd, plan, e);
	} else {
		ret->network = fd;
		r = open_user(ret, a, &s, e);
	}
	return r < 0 ? err_at(e, plan->join.origin) : 0;
}

void join_close(void *below)
{
	const struct below *b = below;
	if (b->user >= 0)
		(void)close(b->user);
	if (b->network >= 0)
		(void)close(b->network);
}

int join_failure(struct err *e, const struct plan *plan, int error)
{
	(void)err_set(e, error, "cannot join the network of the sandbox %s", plan->join.name);
	/* user_namespaces(7): max_user_namespaces of that sandbox */
	if (error == ENOSPC)
		(void)err_hint(e,
			"its profile forbids user namespaces, and only one below its own could be in its network; start it on a network of the user's "
			"(network.bridge = \"user\"), or with namespaces.user = \"nested\"");
	return err_at(e, plan->join.origin);
}
