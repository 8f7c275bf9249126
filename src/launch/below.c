#include "launch/below.h"

#include <sched.h>
#include <sys/wait.h>

#include "base/sys.h"

static int enter(const struct below *b)
{
	if (setns(b->user, CLONE_NEWUSER) < 0 || (b->network >= 0 && setns(b->network, CLONE_NEWNET) < 0))
		return -errno;
	return 0;
}

/*
 * A process of ours goes there, and has the launcher be the parent of what it clones: the launcher itself stays where
 * it is, with its rights over what is there.
 */
pid_t below_clone(const struct below *b, struct clone_args *args, int *ret_pidfd)
{
	int ends[2];
	pid_t made = -EIO;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	struct clone_args plain = { .exit_signal = SIGCHLD };
	pid_t between = sys_clone3(&plain);
	if (between == 0) {
		args->flags |= CLONE_PARENT;
		args->exit_signal = 0; /* that of this process: clone(2) */
		made = enter(b);
		if (made == 0)
			made = sys_clone3(args);
		if (made != 0) {
			(void)!write(ends[1], &made, sizeof made);
			_exit(0);
		}
	}
	(void)close(ends[1]);
	if (between == 0) {
		(void)close(ends[0]);
		return 0;
	}
	if (between < 0 || read(ends[0], &made, sizeof made) != (ssize_t)sizeof made)
		made = between < 0 ? between : -EIO;
	(void)close(ends[0]);
	while (between > 0 && waitpid(between, NULL, 0) < 0 && errno == EINTR) {
	}
	if (made <= 0)
		return made;
	/* Nobody but us waits for it, so the number is still its own. */
	*ret_pidfd = (int)sys_result(syscall(SYS_pidfd_open, made, 0));
	return *ret_pidfd < 0 ? *ret_pidfd : made;
}
