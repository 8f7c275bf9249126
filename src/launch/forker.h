/*
 * The second thread of pid 1, made when the sandbox has lasted for a moment and commands may enter it (process.enter).  The first
 * thread then gives its capabilities up and loads its filter; this one stays as the program began, in its Landlock domain, with the
 * capabilities that it may keep and without a filter, and waits.  When the first asks for it, it forks.  A domain is only ever
 * inherited and a filter never taken off: so who is to be as the program is has to come from somebody who never was anything else.
 * As a thread of pid 1 it cannot be killed, stopped or traced from inside: pid_namespaces(7), PR_SET_DUMPABLE.
 *
 * The two never run at the same time: they share what the C library has for one thread only (errno).
 */
#ifndef BAILEY_LAUNCH_FORKER_H
#define BAILEY_LAUNCH_FORKER_H

#include <stdint.h>
#include <sys/types.h>

struct forker {
	uint32_t turn; /* whose: a futex(2) */
	int channel, template; /* of the command to fork */
	pid_t result;
};

/* Starts the thread. `f` has to last as long as the process. 0 or -errno. */
int forker_start(struct forker *f);

/* Has a process forked that calls entering_main(). Its pid, or -errno. */
pid_t forker_fork(struct forker *f, int channel, int template);

#endif
