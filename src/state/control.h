/*
 * The control socket of a running sandbox, PLACE/NAME/control beside its state.json: how other bailey commands of the user reach its
 * launcher.  AF_UNIX, SOCK_SEQPACKET; one datagram is one message, `struct control_head` and up to CONTROL_PAYLOAD bytes behind it,
 * with up to CONTROL_FDS descriptors.  Whoever connects asks first, with a kind of control.def; the launcher answers with the same kind,
 * or with CONTROL_ERROR.
 */
#ifndef BAILEY_STATE_CONTROL_H
#define BAILEY_STATE_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "state/state.h"

enum control_kind {
	CONTROL_ERROR, /* an answer: value is an errno, the payload words for it (without a NUL, perhaps none) */
#define CONTROL(id, name) CONTROL_##id,
#include "state/control.def"
	CONTROL_COUNT
};

enum { CONTROL_PAYLOAD = 4096, CONTROL_FDS = 4 };

struct control_head {
	uint32_t kind; /* enum control_kind */
	int32_t value; /* of the kind's own meaning, as the next one */
	uint64_t number;
};

struct control_message {
	struct control_head head;
	char payload[CONTROL_PAYLOAD];
	size_t len; /* of the payload */
	int fds[CONTROL_FDS]; /* with FD_CLOEXEC; the receiver's to close: control_drop() */
	size_t fd_count;
};

/*
 * Binds and listens in the directory of a sandbox, which is open as `directory`. The socket, which does not block, or -errno.
 */
int control_listen(int directory);
int control_listen_at(int directory, const char *name); /* with another file name */

/* Connects to whoever listens in the directory that is open as `directory`. A descriptor that blocks, or -errno. */
int control_dial(int directory);

/*
 * Connects to the launcher of `s`, and makes sure that it is that process and no later one of the name.  A descriptor that blocks,
 * or -errno with `e`.
 */
int control_connect(const struct state_sandbox *s, struct err *e);
int control_connect_to(const struct state_sandbox *s, const char *name, struct err *e); /* another socket of it */

/*
 * Sends one message; never waits on a socket that does not block (-EAGAIN), nor raises SIGPIPE.  `len` at most CONTROL_PAYLOAD,
 * `fd_count` at most CONTROL_FDS; the descriptors stay the caller's. 0 or -errno.
 */
int control_send(int socket, const struct control_head *head, const void *payload, size_t len, const int *fds, size_t fd_count);

/*
 * Receives one message. 1, 0 when the other side has closed it, -EAGAIN where there is none on a socket that does not block, -EBADMSG
 * for what is no message (its descriptors are closed then), or another -errno.
 */
int control_receive(int socket, struct control_message *ret);

/*
 * A client's question and the first answer to it.  0 with the answer in `ret`, or -errno with `e`: what the launcher refused in its own
 * words, or that the sandbox (called `name`) has ended.
 */
int control_ask(int socket, const struct control_head *head, const void *payload, size_t len, const int *fds, size_t fd_count,
	struct control_message *ret, const char *name, struct err *e);

/* The same for an answer that is waited for anew. */
int control_answer(int socket, struct control_message *ret, const char *name, struct err *e);

/* Closes the descriptors that came with a message. */
void control_drop(struct control_message *m);

#endif
