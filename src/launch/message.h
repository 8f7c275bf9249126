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
	MESSAGE_READY, /* from the program's process, which the credentials of the message name; execve(2) is next */
	MESSAGE_STARTED, /* from pid 1: the program was executed (or its process ended before) */
	MESSAGE_STOPPED, /* from pid 1: the program stopped by signal `value` */
	MESSAGE_CONTINUED, /* from pid 1: it went on */
	MESSAGE_EXITED, /* from pid 1: the program ended; `value` is its wait(2) status */
	/* to pid 1 */
	MESSAGE_SIGNAL, /* send signal `value` to `index`, one of enum message_target */
};

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

#endif
