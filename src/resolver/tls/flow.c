#include "resolver/tls/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

/* A pipe has room for PIECE bytes: pipe(7). */
enum { PIECE = 64 * 1024, TURNS = 8 };

static int take_pipe(struct flow *f)
{
	struct flow_pipes *spare = f->spare;
	if (spare->count == 0)
		return pipe2(f->pipe, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : -errno;
	spare->count--;
	f->pipe[0] = spare->ends[spare->count][0];
	f->pipe[1] = spare->ends[spare->count][1];
	return 0;
}

static void give_pipe(struct flow *f)
{
	struct flow_pipes *spare = f->spare;
	if (f->pipe[0] < 0)
		return;
	if (f->held == 0 && spare->count < FLOW_SPARE) {
		spare->ends[spare->count][0] = f->pipe[0];
		spare->ends[spare->count++][1] = f->pipe[1];
	} else {
		(void)close(f->pipe[0]);
		(void)close(f->pipe[1]);
	}
	f->pipe[0] = f->pipe[1] = -1;
}

void flow_begin(struct flow *f, struct flow_pipes *spare)
{
	*f = (struct flow){ .spare = spare, .pipe = { -1, -1 } };
}

void flow_end(struct flow *f)
{
	give_pipe(f);
	f->held = 0;
}

/* 1: the pipe holds something; 0: nothing is there; -errno. */
static int fill(struct flow *f, int from, uint64_t *room)
{
	int r = f->pipe[0] < 0 ? take_pipe(f) : 0;
	if (r < 0)
		return r;
	ssize_t n = splice(from, NULL, f->pipe[1], NULL, *room < PIECE ? (size_t)*room : PIECE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	f->ended = n == 0;
	f->held = (size_t)n;
	*room -= (uint64_t)n;
	return n > 0;
}

/* 1: the pipe is empty; 0: no more can be taken now; -errno. */
static int drain(struct flow *f, int to)
{
	while (f->held > 0) {
		ssize_t n = splice(f->pipe[0], NULL, to, NULL, f->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (n <= 0)
			return n < 0 && errno == EAGAIN ? 0 : n < 0 ? -errno : -EPIPE;
		f->held -= (size_t)n;
	}
	return 1;
}

int flow_move(struct flow *f, int from, int to, uint64_t *room)
{
	int r = 1;
	for (int i = 0; i < TURNS && r > 0; i++) {
		r = drain(f, to);
		if (r > 0)
			r = *room > 0 && !f->ended ? fill(f, from, room) : 0;
	}
	if (r > 0)
		r = drain(f, to);
	if (f->held == 0)
		give_pipe(f);
	return r < 0 ? r : 0;
}
