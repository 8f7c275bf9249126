/* Processes as /proc shows them: proc_pid_stat(5). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/dir.h"
#include "state/state.h"

enum { PIDFS = 0x50494446, GENERATIONS = 64 };

static int read_stat(int proc, const char *pid, struct state_task *ret)
{
	char path[32], text[1024];
	(void)snprintf(path, sizeof path, "%s/stat", pid);
	int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	/* The name is the program's choice and may look like the rest of the line; the last parenthesis ends it. */
	const char *at = strrchr(text, ')');
	unsigned long long user, system, threads, start;
	long long parent, resident;
	char state;
	if (at == NULL ||
		sscanf(at + 1, " %c %lld %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %llu %*d %llu %*u %lld",
			&state, &parent, &user, &system, &threads, &start, &resident) != 7)
		return -EINVAL;
	const uint64_t tick_us = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	*ret = (struct state_task){
		.pid = (pid_t)strtol(pid, NULL, 10),
		.parent = (pid_t)parent,
		.state = state,
		.start = start,
		.memory = (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE),
		.cpu_us = (user + system) * tick_us,
		.threads = (unsigned)threads,
	};
	return 0;
}

static int look(pid_t pid, struct state_task *ret)
{
	char path[32];
	(void)snprintf(path, sizeof path, "/proc/%d", (int)pid);
	return read_stat(AT_FDCWD, path, ret);
}

/* Before Linux 6.9 all pidfds share one inode. */
static uint64_t pidfd_inode(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return 0;
	struct statfs fs;
	struct stat st;
	uint64_t inode = 0;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == PIDFS && fstat(fd, &st) == 0)
		inode = st.st_ino;
	(void)close(fd);
	return inode;
}

int state_process(struct state_process *ret, pid_t pid)
{
	struct state_task t;
	*ret = (struct state_process){ 0 };
	if (pid <= 0 || look(pid, &t) < 0)
		return -ESRCH;
	*ret = (struct state_process){ .pid = pid, .start = t.start, .inode = pidfd_inode(pid) };
	return 0;
}

bool state_process_lives(const struct state_process *p)
{
	struct state_task t = { 0 };
	if (p->pid <= 0 || look(p->pid, &t) < 0 || t.start != p->start)
		return false;
	uint64_t inode = p->inode != 0 ? pidfd_inode(p->pid) : 0;
	return inode == 0 || inode == p->inode; /* a zombie has none on some kernels */
}

int state_process_open(const struct state_process *p)
{
	if (p->pid <= 0)
		return -ESRCH;
	int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (fd < 0)
		return -errno;
	/* Whoever has the number now has had it when it was opened, if it is the one that was written down before. */
	if (!state_process_lives(p)) {
		(void)close(fd);
		return -ESRCH;
	}
	return fd;
}

char state_process_state(const struct state_process *p)
{
	struct state_task t = { 0 };
	return p->pid > 0 && look(p->pid, &t) == 0 && t.start == p->start ? t.state : '\0';
}

bool state_process_below(pid_t pid, pid_t above)
{
	struct state_task t = { .parent = pid };
	for (int steps = 0; steps < GENERATIONS && t.parent > 0 && above > 0; steps++) {
		if (look(t.parent, &t) < 0)
			return false;
		if (t.parent == above)
			return true;
	}
	return false;
}

uint64_t state_process_age(const struct state_process *p)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* what the start is counted in */
	uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	uint64_t start = p->start * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
	return ms > start ? ms - start : 0;
}

static int by_pid(const void *x, const void *y)
{
	const struct state_task *a = x, *b = y;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static const struct state_task *find(const struct state_tasks *all, pid_t pid)
{
	const struct state_task key = { .pid = pid };
	return bsearch(&key, all->items, all->count, sizeof key, by_pid);
}

int state_tasks_read(struct state_tasks *ret, struct arena *a)
{
	const char **names = NULL;
	size_t count = 0;
	*ret = (struct state_tasks){ 0 };
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = proc < 0 ? -errno : dir_names(proc, a, &names, &count);
	if (r == 0) {
		ret->items = arena_array(a, count, sizeof *ret->items);
		for (size_t i = 0; i < count; i++)
			if (names[i][0] >= '1' && names[i][0] <= '9' && read_stat(proc, names[i], &ret->items[ret->count]) == 0)
				ret->count++;
		if (ret->count > 0)
			qsort(ret->items, ret->count, sizeof *ret->items, by_pid);
		for (size_t i = 0; i < ret->count; i++)
			ret->items[i].up = find(ret, ret->items[i].parent);
	}
	if (proc >= 0)
		(void)close(proc);
	return r;
}

bool state_task_within(const struct state_tasks *all, const struct state_task *task, pid_t root)
{
	/* The list was not made in one moment: with a number used again in between, parents could form a circle. */
	for (size_t steps = 0; task != NULL && task->pid != root && steps < all->count; steps++)
		task = task->up;
	return task != NULL && task->pid == root;
}

void state_sum(struct state_sum *ret, const struct state_tasks *all, pid_t root)
{
	*ret = (struct state_sum){ 0 };
	for (size_t i = 0; i < all->count; i++) {
		const struct state_task *t = &all->items[i];
		if (!state_task_within(all, t, root))
			continue;
		ret->memory += t->memory;
		ret->cpu_us += t->cpu_us;
		ret->tasks += t->threads;
		ret->processes++;
	}
}
