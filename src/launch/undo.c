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
	u->items[u->count].release_object = NULL;
	u->count++;
}

void undo_push_object(struct undo *u, void (*release)(void *object), void *object)
{
	undo_push(u, NULL, 0);
	u->items[u->count - 1].release_object = release;
	u->items[u->count - 1].object = object;
}

void undo_run(struct undo *u)
{
	while (u->count > 0) {
		u->count--;
		if (u->items[u->count].release_object != NULL)
			u->items[u->count].release_object(u->items[u->count].object);
		else
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
