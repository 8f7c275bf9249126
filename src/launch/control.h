/*
 * The launcher's side of the control socket (state/control.h), served from supervise()'s loop without ever waiting for anybody: whoever
 * connects has to be the user that the launcher runs as, or root; has to ask within CONTROL_PATIENCE_MS; and is let go when it does
 * not read its answers.  There are CONTROL_PEERS of them at most at a time.
 *
 * A kind of request is a line in state/control.def and a function control_on_NAME() declared here.
 */
#ifndef BAILEY_LAUNCH_CONTROL_H
#define BAILEY_LAUNCH_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "launch/launch.h"
#include "state/control.h"

enum { CONTROL_PEERS = 24, CONTROL_POLLS = 1 + CONTROL_PEERS, CONTROL_PATIENCE_MS = 5000 };

struct control;
struct control_peer;

/* What a connection that is kept is told of. Any of the functions may be NULL. */
struct control_keep {
	/* The sandbox has ended; the connection is closed afterwards, and gone() called. */
	void (*ended)(struct control_peer *p, const struct outcome *outcome);
	/* The connection is being closed, by whichever side: release `p->data`. */
	void (*gone)(struct control_peer *p);
};

/* Somebody who has connected. */
struct control_peer {
	int fd; /* -1: free */
	int64_t deadline; /* of the monotonic clock in ms, until it has asked; 0: none */
	const struct control_keep *keep; /* NULL: closed when what it asked has been answered */
	void *data; /* of the kind that keeps it */
};

struct supervise;

struct control {
	int listener; /* -1 while there is none */
	struct supervise *supervise; /* for the kinds of requests */
	struct control_peer peers[CONTROL_PEERS];
};

/* One request. What it brings is gone afterwards, but for descriptors that were taken out of message->fds (set to -1). */
struct control_request {
	struct control *control;
	struct control_peer *peer;
	struct control_message *message;
};

/* Takes the listening socket over. */
void control_begin(struct control *c, int listener, struct supervise *s);

/* What to poll(2) for; fills `fds` in and returns how many. */
nfds_t control_wants(const struct control *c, struct pollfd fds[CONTROL_POLLS]);

/* After poll(2): takes connections, answers requests. `fds` as control_wants() made it. */
void control_serve(struct control *c, const struct pollfd *fds, nfds_t count);

/* When somebody's patience ends, on the monotonic clock in ms; 0: nobody's. */
int64_t control_deadline(const struct control *c);

/* Tells all that wait, and closes everything. `outcome` NULL: it never ran. */
void control_end(struct control *c, const struct outcome *outcome);

/* ---- for the kinds ---- */

/*
 * Sends a message; a peer that has no room for it is let go of (false).  `kind` is the request's own, or CONTROL_ERROR by
 * control_refuse().
 */
bool control_reply(struct control_peer *p, enum control_kind kind, int value, uint64_t number);
bool control_reply_text(struct control_peer *p, enum control_kind kind, int value, const void *payload, size_t len);
bool control_reply_descriptor(struct control_peer *p, enum control_kind kind, int fd);
void control_refuse(struct control_peer *p, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Keeps the connection beyond this request; its later requests come as any other. */
void control_keep(struct control_peer *p, const struct control_keep *keep, void *data);

/* Closes a connection at once, after gone(). */
void control_close(struct control_peer *p);

/* ---- the kinds ---- */
#define CONTROL(id, name) void control_on_##name(struct control_request *q);
#include "state/control.def"

#endif
