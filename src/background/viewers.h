/*
 * The terminal of a program in the background and those who look at it (bailey attach).  Nobody is waited for: the program is held up
 * for VIEWERS_PATIENCE_MS by somebody who does not take its output, who is let go of then.
 */
#ifndef BAILEY_BACKGROUND_VIEWERS_H
#define BAILEY_BACKGROUND_VIEWERS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "background/log.h"
#include "background/modes.h"
#include "state/control.h"

enum { VIEWERS = 8, VIEWERS_POLLS = 2 + VIEWERS, VIEWERS_PATIENCE_MS = 5000 };

struct viewer {
	int fd; /* -1: free */
	bool greeted, looks_on;
	int64_t deadline; /* of the monotonic clock in ms: to say what it wants, or to take what waits; 0: none */
	size_t len; /* of what waits */
	char waiting[CONTROL_PAYLOAD];
};

struct viewers {
	int listener;
	int master; /* of the program's terminal; -1 between two launches */
	struct winsize size;
	int64_t redraw; /* when the program is made to draw its screen again; 0: not */
	size_t at, len; /* of the input that waits for the program */
	char input[CONTROL_PAYLOAD];
	struct viewer items[VIEWERS];
	struct modes modes;
	struct control_message message; /* the one that is being read */
};

/* Listens in the directory of a sandbox. `size` is what the terminal begins with. 0 or -errno. */
int viewers_begin(struct viewers *v, int directory, struct winsize size);

/* A new terminal, for the next launch. 0 or -errno. */
int viewers_open(struct viewers *v);

/* In the launcher's process: makes the terminal its own, at descriptors 0 to 2, and closes all that is the manager's. 0 or -errno. */
int viewers_become_terminal(struct viewers *v);

/* What to poll(2) for, and for how long at most (`*wait_ms`, -1: for ever). */
void viewers_wants(const struct viewers *v, struct pollfd fds[VIEWERS_POLLS], int *wait_ms);

/* After poll(2). What the program wrote goes to the log too. */
void viewers_serve(struct viewers *v, const struct pollfd fds[VIEWERS_POLLS], struct log *log);

/* A launch has ended: what was written is shown and logged, the terminal closed. */
void viewers_drain(struct viewers *v, struct log *log);

/* The last one has: its status is told, everything closed. */
void viewers_end(struct viewers *v, int status, int sig);

#endif
