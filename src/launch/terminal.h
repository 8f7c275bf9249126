/*
 * Job control between the caller's shell and the program, which has a process group of its own (so that kill(0, sig) inside does
 * not reach the callers).  The program's group holds the terminal while it needs it; what the terminal would have done to the
 * whole job (^Z, ^C) is done to the launcher's group too.  See tcsetpgrp(3), setpgid(2), credentials(7).
 */
#ifndef BAILEY_LAUNCH_TERMINAL_H
#define BAILEY_LAUNCH_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

struct terminal {
	int fd; /* the controlling terminal, or -1 while it is not open */
	bool lent; /* the program's group has had the terminal */
	pid_t group; /* the program's group as the host sees it; 0 before the program is there */
};

/* Opens /dev/tty. Without a controlling terminal fd stays -1. */
void terminal_open(struct terminal *t);

/* True when the launcher's group has the terminal and both standard input and output are terminals: then the program should
 * take it at once. Otherwise it is lent when the program asks for it (by being stopped for reading). */
bool terminal_should_lend(const struct terminal *t);

/* True when the program's group has the terminal now. */
bool terminal_is_lent(const struct terminal *t);

/* Gives the terminal to the program's group if the launcher's has it. True when the program has it afterwards. */
bool terminal_lend(struct terminal *t);

/* Takes the terminal back if the program's group (or a group that is gone) has it, and lets others open it again (TIOCNXCL). */
void terminal_take(struct terminal *t);

/*
 * Stops the launcher as the terminal would: the whole group of the launcher when `job` (it did not get the terminal's own
 * signal), else the launcher alone. Returns when it was continued, or at once when the group is orphaned.
 */
void terminal_stop_self(int sig, bool job);

#endif
