/* Signals for those that run in a sandbox, each by a pidfd: a number that was given to somebody else gets none. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/sys.h"
#include "state/internal.h"

int task_signal(const struct state_task *t, int sig)
{
	const struct state_process p = { .pid = t->pid, .start = t->start };
	int fd = state_process_open(&p);
	if (fd < 0)
		return fd;
	int r = sys_pidfd_send_signal(fd, sig);
	(void)close(fd);
	return r;
}

/* The program has ended; what it left behind is the sandbox's first process' now. */
static int signal_rest(pid_t first, int sig)
{
	struct arena a = { 0 };
	struct state_tasks all;
	int r = state_tasks_read(&all, &a), ret = -ESRCH;
	for (size_t i = 0; r == 0 && i < all.count; i++) {
		const struct state_task *t = &all.items[i];
		if (t->pid != first && t->state != 'Z' && state_task_within(&all, t, first) && task_signal(t, sig) == 0)
			ret = 0;
	}
	arena_free(&a);
	return r < 0 ? r : ret;
}

int state_signal(const struct state_record *r, int sig, bool group)
{
	int fd = state_process_open(&r->task);
	if (fd < 0)
		return fd == -ESRCH && state_process_lives(&r->sandbox) ? signal_rest(r->sandbox.pid, sig) : fd;
	int result = group ? sys_pidfd_signal_group(fd, sig) : -ESRCH;
	if (result == -EINVAL) /* while it is there, nobody else has its number, nor a group of that number */
		result = kill(-r->task.pid, sig) < 0 ? -errno : 0;
	if (result == -ESRCH) /* it left its group, or the group is not meant */
		result = sys_pidfd_send_signal(fd, sig);
	(void)close(fd);
	return result;
}
