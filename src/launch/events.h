/* Events for programs that embed the launcher: one JSON object a line on the descriptor of --status-fd. */
#ifndef BAILEY_LAUNCH_EVENTS_H
#define BAILEY_LAUNCH_EVENTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/* Whether a line can be written to the descriptor without waiting for its reader; after a second at most. */
bool event_room(int fd);

/*
 * All do nothing with fd < 0.  A reader that went away is no failure of the sandbox: SIGPIPE is blocked, EPIPE ignored.  Nor may
 * one that does not read hold the launcher up: what the program can cause at will (stopped, continued) is dropped when there
 * is no room for it, the others wait for a second.
 */
void event_started(int fd, const struct plan *plan, pid_t sandbox, pid_t program); /* pids as the host sees them */
void event_stopped(int fd, int sig);
void event_continued(int fd);
void event_timeout(int fd);
/* A cap of the control group was reached `count` times; `what` is it in words, `from` the line that asked for it. */
void event_cap(int fd, const char *setting, const char *what, const char *from, int64_t count);

/* The network's rules, asked for at `from`, refused packets; `what` tells which ("TCP port 25 at 192.0.2.1"), NULL: it is not known. */
void event_refused(int fd, const char *what, const char *from, int64_t packets);
void event_ended(int fd, int status, int sig); /* `sig` 0: it exited with `status` */
void event_failed(int fd, int status, const struct err *e); /* bailey could not start the program */

#endif
