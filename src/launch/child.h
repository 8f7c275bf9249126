/*
 * The inside of a launch: the sandbox's first process (child.c), the program's process (program.c) and the reaper that the
 * first process becomes (reaper.c).  Between clone3(2) and execve(2) only raw system calls on data prepared before.
 */
#ifndef BAILEY_LAUNCH_CHILD_H
#define BAILEY_LAUNCH_CHILD_H

#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "landlock/domain.h"
#include "launch/message.h"
#include "plan/plan.h"

enum { CHILD_STACK = 32 * 1024 };

struct child_args {
	const struct plan *plan;
	struct arena *arena; /* the launcher's; the reaper gives its copy back */
	struct sock_fprog filter; /* the program's */
	struct domain_file *files; /* of the descriptors that are passed on: see prepare_descriptors() */
	size_t file_count;
	int socket; /* the child's end */
	int launcher_socket; /* the launcher's end, to be closed */
	sigset_t mask; /* the caller's signal mask, for the program */
	struct sigaction sigchld; /* the caller's disposition of SIGCHLD */
	char *command_line; /* what /proc/1/cmdline would show, with paths of the host */
	size_t command_line_len;
	char *stack; /* CHILD_STACK bytes for the program's process until it executes the program */
	bool waits; /* the first process goes on when MESSAGE_GO is there */
	bool own_cgroups; /* it makes its cgroup namespace itself, once it is in its control group */
	bool foreground; /* the program's group takes the terminal at once */
	int terminal; /* the controlling terminal, or -1; with a pseudo terminal the lowest descriptor that becomes it */
	struct termios pty_modes; /* with a pseudo terminal: as the caller's */
	struct winsize pty_size;
	char hostname[65]; /* "" leaves the host's */
	char machine_id[34]; /* 32 digits and a line end, or "" */
	char uid_map[48], gid_map[48];
	const char *served[SERVED_COUNT]; /* paths on the host of the sockets that programs of ours serve */
};

/* The first process. Does not return. */
_Noreturn void child_main(const struct child_args *args);

/*
 * The program's process, forked by the first. `ruleset`: of the Landlock domain that it has to enter, or -1 when there is none, or it
 * is in it already. Does not return.
 */
_Noreturn void program_main(const struct child_args *args, int ruleset);

/* pid 1 after the fork: reaps, passes signals on, reports. `program` is the program's pid inside. Does not return. */
_Noreturn void reaper_main(const struct child_args *args, pid_t program, int pidfd);

/*
 * The interpreter of a script is opened by the kernel on behalf of this process, whose /proc/self/exe is the launcher's own file
 * on the host.  A script must not have that executed, because what executes a file holds a way to it: no magic link on the way.
 * 0 or -errno.
 */
int program_check_interpreter(const char *path);

/*
 * Makes a pseudo terminal in the sandbox's own devpts, so that it has a name there, the controlling one of a new session that this
 * process leads: so a process group of its children has a parent in the session, without which ^Z would do nothing (setpgid(2),
 * orphaned).  Returns the slave, with the master in `*ret_master`, or -errno.
 */
int pty_make(const struct termios *modes, const struct winsize *window, int *ret_master);

/* Tells the launcher which step failed (with operation `index`) for which -errno, and ends the process. */
_Noreturn void child_fail(const struct child_args *args, enum step step, long error, size_t index);

#endif
