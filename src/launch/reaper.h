/* What watches over one program inside: pid 1 over the sandbox's own, and entering.c over a command that has entered. */
#ifndef BAILEY_LAUNCH_REAPER_H
#define BAILEY_LAUNCH_REAPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch/forker.h"

enum { ENTERED_MAX = 24 };

struct entered {
	pid_t pid; /* 0: none */
	uint32_t number; /* the launcher's for it */
	int64_t deadline; /* its caller has gone: then it is killed. 0: none */
};

struct reaper {
	int socket; /* to whoever asks for things and hears what happens */
	int signals;
	int terminal; /* the program's pseudo terminal, whose session this process leads; or -1 */
	pid_t foreground; /* the group that has the terminal, or had it before the program lost it */
	pid_t program; /* 0 once it was reaped */
	int status; /* of the program, once it ended */
	bool wait_all;
	int64_t deadline; /* of the monotonic clock in ms; 0: none */
	bool visitor; /* not pid 1: the program is a command that has entered */
	bool enters; /* commands may enter: forker is started when the sandbox has lasted */
	bool forks; /* it is started */
	struct forker forker;
	struct entered entered[ENTERED_MAX];
};

/*
 * Closes all descriptors but s->socket and s->terminal, and makes s->signals.  Has to come after the program was forked, and at once.
 * 0 or -errno.
 */
int reaper_begin(struct reaper *s);

/* Gives up what the program was allowed to keep, and loads pid 1's filter. 0 or -errno. */
int reaper_confine(void);

/* Watches until the program has ended, tells it over the socket, and ends. */
_Noreturn void reaper_watch(struct reaper *s);

#endif
