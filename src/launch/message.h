/* What the processes of one launch say to each other, over one SOCK_SEQPACKET pair. Fixed size, no pointers. */
#ifndef BAILEY_LAUNCH_MESSAGE_H
#define BAILEY_LAUNCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum step {
#define STEP(id, name, failure) STEP_##id,
#include "launch/steps.def"
	STEP_COUNT,
	STEP_ENTER = STEP_COUNT, /* none of a launch: what enters cannot read what it is to do, or is not allowed to */
};

enum message_type {
	/* to the launcher */
	MESSAGE_FAILED = 1, /* `step` failed with errno `value`; `index` is the operation within the step */
	MESSAGE_STARTED, /* from pid 1: the program was executed (or its process ended before); a pidfd of it comes along */
	MESSAGE_STOPPED, /* from pid 1: the program stopped by signal `value` */
	MESSAGE_CONTINUED, /* from pid 1: it went on */
	MESSAGE_PTY, /* from pid 1, before MESSAGE_STARTED: the master of the program's pseudo terminal comes along */
	MESSAGE_KILLED, /* from pid 1: signal `value` ended the program. Without this, pid 1's exit status is the program's */
	MESSAGE_EXITED, /* from what stands in pid 1's place for a command that has entered: its exit status is `value` */
	/* to pid 1 */
	MESSAGE_GO, /* to what will be pid 1, once, if it waits: its id maps are written, it is in its control group */
	MESSAGE_CONNECTED, /* the same, later: its network is connected */
	MESSAGE_SIGNAL, /* send signal `value` to `index`, one of enum message_target */
	MESSAGE_FOREGROUND, /* `value` 1: the program has its pseudo terminal's foreground again; 0: nobody in there has */
	MESSAGE_CONFINE, /* the sandbox has lasted: its pid 1 gives up what it kept so that commands can enter, but for a thread */
	MESSAGE_ENTER, /* fork a command that enters as number `index`; its template and its channel come along: entrance.h */
	MESSAGE_LEAVE, /* the one with number `index` has to end, its caller has gone */
};

enum { MESSAGE_FDS = 2 };

/* After process.timeout the program has so long to end after SIGTERM, in milliseconds. */
enum { TIMEOUT_GRACE_MS = 5000 };

enum message_target {
	TARGET_PROGRAM, /* the program's process */
	TARGET_GROUP, /* its process group, as a terminal would */
};

struct message {
	uint32_t type;
	uint32_t step;
	int32_t value;
	uint32_t index;
};

/* Sends one message; safe after clone3(2). 0 or -errno. */
int message_send(int socket, enum message_type type, enum step step, int value, uint32_t index);

/* The same with descriptors, MESSAGE_FDS at most. Never waits: -EAGAIN. */
int message_send_fds(int socket, enum message_type type, uint32_t index, const int *fds, size_t count);
int message_send_fd(int socket, enum message_type type, int fd);

/*
 * Receives one message without waiting. `*ret_fd` gets the descriptor that came along, or -1.  1 for a message, 0 when the other
 * end is closed, -EAGAIN when there is none, -EBADMSG for one of another size.
 */
int message_receive(int socket, struct message *ret, int *ret_fd);

/* The same for several: those of `ret_fds` that did not come are -1. */
int message_receive_fds(int socket, struct message *ret, int ret_fds[MESSAGE_FDS]);

#endif
