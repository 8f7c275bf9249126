/*
 * One connection that the program has begun.  Its greeting is read before anything else happens; when the name in it may be had at the
 * address and port that the program wanted, a connection is made there, and bytes pass both ways.
 */
#ifndef BAILEY_RESOLVER_TLS_CONNECTION_H
#define BAILEY_RESOLVER_TLS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "resolver/greeting.h"
#include "resolver/tls/flow.h"
#include "resolver/tls/gate.h"

enum connection_end { INNER, OUTER, ENDS }; /* the program's, the server's */

enum connection_stage { STAGE_GREETING, STAGE_CONNECTING, STAGE_OPEN };

/* What is looked at of that which goes out. */
enum connection_reading {
	READING_GREETING,
	READING_RECORDS, /* their heads: a second greeting may come */
	READING_NOTHING,
};

struct connection {
	bool used;
	uint32_t index, turn; /* its place, and which use of it this is */
	enum connection_stage stage;
	enum connection_reading reading;
	int64_t deadline; /* of the greeting */
	int fds[ENDS];
	uint32_t waits[ENDS]; /* the events of epoll(7) that are waited for; 0: it is not there */
	bool shut; /* the program knows that nothing more comes */
	struct flow out, in;
	uint64_t room; /* of what goes out, what may do so before it is looked at again */
	uint8_t *bytes; /* GREETING_MAX: what has been read and is to be sent; or NULL */
	size_t len, sent;
	bool ready; /* to be sent */
	struct greeting greeting;
	struct greeting_said said;
	struct endpoint to;
};

/* A socket as connections to servers use it: one that the rules let out. Or -errno. */
int connection_socket(int family);

/* Begins with what accept4(2) gave, which is closed whatever happens. The place is in use unless it could not begin. */
void connection_begin(struct connection *c, struct gate *g, int fd, int64_t now);

/*
 * Does all that can be done, after what epoll_wait(2) said of an end, in whose data its number is the last bit, and the index in front of it; with its time over and no greeting it is broken off.
 */
void connection_run(struct connection *c, struct gate *g, enum connection_end which, uint32_t events, int64_t now);

#endif
