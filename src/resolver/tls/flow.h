/* Bytes that pass from one socket to another without being looked at, through a pipe: splice(2). */
#ifndef BAILEY_RESOLVER_TLS_FLOW_H
#define BAILEY_RESOLVER_TLS_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLOW_SPARE = 16 };

/* Empty pipes of flows: most connections are idle most of the time, and a user may not have many pages in pipes.  Zeroed: none yet. */
struct flow_pipes {
	int ends[FLOW_SPARE][2];
	size_t count;
};

struct flow {
	struct flow_pipes *spare; /* shared by all */
	int pipe[2]; /* -1 while it holds nothing */
	size_t held; /* in the pipe */
	bool ended; /* nothing more comes */
};

/* Nothing has passed. `spare` has to last as long. */
void flow_begin(struct flow *f, struct flow_pipes *spare);

/*
 * Moves what is there and can be taken, `*room` bytes at most, which counts down, and not for ever.  0, also when nothing could be moved;
 * -errno of either socket.
 */
int flow_move(struct flow *f, int from, int to, uint64_t *room);

/* What it holds is lost. */
void flow_end(struct flow *f);

#endif
