/* Bytes that pass from one socket to another without being looked at, through a pipe: splice(2). */
#ifndef BAILEY_RESOLVER_TLS_FLOW_H
#define BAILEY_RESOLVER_TLS_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow {
	int pipe[2]; /* -1 while it holds nothing */
	size_t held; /* in the pipe */
	bool ended; /* nothing more comes */
};

/* Nothing has passed. */
void flow_begin(struct flow *f);

/*
 * Moves what is there and can be taken, `*room` bytes at most, which counts down, and not for ever.  0, also when nothing could be moved;
 * -errno of either socket.
 */
int flow_move(struct flow *f, int from, int to, uint64_t *room);

/* What it holds is lost. */
void flow_end(struct flow *f);

#endif
