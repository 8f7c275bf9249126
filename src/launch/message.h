/* What the processes of one launch say to each other, over one SOCK_SEQPACKET pair. Fixed size, no pointers. */
#ifndef BAILEY_LAUNCH_MESSAGE_H
#define BAILEY_LAUNCH_MESSAGE_H

#include <stdint.h>

enum step {
#define STEP(id, name, failure) STEP_##id,
#include "launch/steps.def"
	STEP_COUNT
};

enum message_type {
	/* to the launcher */
	MESSAGE_FAILED = 1, /* `step` failed with errno `value`; `index` is the operation within the step */
	MESSAGE_STARTED, /* from pid 1: the program was executed (or its process ended before); a pidfd of it comes along */
	MESSAGE_STOPPED, /* from pid 1: the program stopped by signal `value` */
	MESSAGE_CONTINUED, /* from pid 1: it went on */
	MESSAGE_PTY, /* from pid 1, before MESSAGE_STARTED: the master of the program's pseudo terminal comes along */
	MESSAGE_KILLED, /* from pid 1: signal `value` ended the program. Without this, pid 1's exit status is the program's */
	/* to pid 1 */
	MESSAGE_GO, /* to what will be pid 1, once, if it waits: its id maps are written, it is in its control group */
	MESSAGE_CONNECTED, /* the same, later: its network is connected */
	MESSAGE_SIGNAL, /* send signal `value` to `index`, one of enum message_target */
	MESSAGE_FOREGROUND, /* `value` 1: the program has its pseudo terminal's foreground again; 0: nobody in there has */
};

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

/* The same with a descriptor. */
int message_send_fd(int socket, enum message_type type, int fd);

/*
 * Receives one message without waiting. `*ret_fd` gets the descriptor that came along, or -1.  1 for a message, 0 when the other
 * end is closed, -EAGAIN when there is none, -EBADMSG for one of another size.
 */
int message_receive(int socket, struct message *ret, int *ret_fd);

#endif
