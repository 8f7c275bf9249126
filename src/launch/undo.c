#include "launch/undo.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/sys.h"

void undo_push(struct undo *u, void (*release)(int arg), int arg)
{
	if (u->count == UNDO_MAX)
		abort(); /* a launch makes a fixed number of objects */
	u->items[u->count].release = release;
	u->items[u->count].arg = arg;
	u->count++;
}

void undo_run(struct undo *u)
{
	while (u->count > 0) {
		u->count--;
		u->items[u->count].release(u->items[u->count].arg);
	}
}

void undo_close(int fd)
{
	(void)close(fd);
}

void undo_kill(int pidfd)
{
	siginfo_t info;
	(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* ESRCH: it is gone and reaped, as after a normal end */
	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR) {
	}
	(void)close(pidfd);
}
