#include "resolver/tls/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/name_set.h"
#include "resolver/tls/calls.h"

enum {
	GREETING_MS = 30 * 1000,
	ASKED_AFTER_S = 60,
	TURNS = 16,
	LONGEST_HELLO = 2 /* the highest byte of its size: none is above 128 KiB */
};

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* The address before the rules sent the connection here. One that came by itself has none, or our own, which no name has. */
static int find_destination(int fd, struct endpoint *ret)
{
	union address a = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t size = sizeof a.four;
	if (getsockopt(fd, IPPROTO_IP, TLS_ORIGINAL, &a.four, &size) == 0 && a.any.sa_family == AF_INET) {
		*ret = (struct endpoint){ { .size = 4 }, ntohs(a.four.sin_port) };
		memcpy(ret->at.bytes, &a.four.sin_addr, 4);
		return 0;
	}
	size = sizeof a.six;
	if (getsockopt(fd, IPPROTO_IPV6, TLS_ORIGINAL, &a.six, &size) < 0)
		return -errno;
	*ret = (struct endpoint){ { .size = 16 }, ntohs(a.six.sin6_port) };
	memcpy(ret->at.bytes, &a.six.sin6_addr, 16);
	return 0;
}

/* What is sent in one piece goes on in one: nothing waits to be joined to something else. */
static int at_once(int fd)
{
	const int on = 1;
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 ? 0 : -errno;
}

/*
 * Whoever is at the other end is asked now and then whether it is still there: the program's own questions (tcp(7), TCP_KEEPIDLE) end at
 * us.
 */
static int ask_now_and_then(int fd)
{
	const int on = 1, seconds = ASKED_AFTER_S;
	bool set = setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0;
	return set ? 0 : -errno;
}

int connection_socket(int family)
{
	const uint32_t mark = NAME_SET_MARK;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int r = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0 ? at_once(fd) : -errno;
	if (r == 0)
		r = ask_now_and_then(fd);
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

/* With `reset` both sides learn that it was broken off: tcp(7), SO_LINGER of socket(7). */
static void end(struct connection *c, bool reset)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	for (int i = 0; i < ENDS; i++) {
		if (c->fds[i] < 0)
			continue;
		if (reset)
			(void)setsockopt(c->fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof now);
		(void)close(c->fds[i]);
	}
	flow_end(&c->out);
	flow_end(&c->in);
	free(c->bytes);
	c->bytes = NULL;
	c->used = false;
	c->turn++;
}

/* ---- the name ---- */

static int judge(struct connection *c, struct gate *g, int64_t now)
{
	const bool second = c->stage != STAGE_GREETING;
	struct greeting_said said = { .later = false };
	int r = greeting_read(&c->greeting, c->bytes, &said);
	if (r < 0) {
		gate_tell(g, r == -ENOENT ? "nameless" : r == -EINVAL ? "unnamable" : "unreadable", &c->to, NULL);
		return r;
	}
	gate_learn(g, now); /* what the program has looked up before it began */
	bool allowed = second ? strcmp(said.name, c->said.name) == 0
			      : tls_rules_allow(&g->rules, known_groups(&g->known, said.name, &c->to.at, now), c->to.port);
	if (!allowed) {
		gate_tell(g, "name", &c->to, said.name);
		return -EACCES;
	}
	c->said = said;
	return 0;
}

static int begin_connect(struct connection *c)
{
	union address a = { .any = { .sa_family = AF_UNSPEC } };
	bool six = c->to.at.size == 16;
	if (six) {
		a.six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(c->to.port) };
		memcpy(&a.six.sin6_addr, c->to.at.bytes, 16);
	} else {
		a.four = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(c->to.port) };
		memcpy(&a.four.sin_addr, c->to.at.bytes, 4);
	}
	int fd = connection_socket(six ? AF_INET6 : AF_INET);
	if (fd < 0)
		return fd;
	c->fds[OUTER] = fd;
	c->stage = STAGE_CONNECTING;
	return connect(fd, &a.any, six ? sizeof a.six : sizeof a.four) == 0 || errno == EINPROGRESS ? 0 : -errno;
}

/* ---- what goes out ---- */

/* So many more bytes, or less. Their number; 0: not now; -ENODATA: nothing more comes; -errno. */
static ssize_t receive(struct connection *c, size_t want)
{
	ssize_t n = recv(c->fds[INNER], c->bytes + c->len, want, 0);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	c->len += (size_t)n;
	return n > 0 ? n : -ENODATA;
}

/* 1: it is whole, and may pass; 0: more is to come; -errno. */
static int read_greeting(struct connection *c, struct gate *g, int64_t now)
{
	ssize_t want, n = 1;
	while ((want = greeting_next(&c->greeting, c->bytes, c->len)) > 0 && n > 0)
		n = receive(c, (size_t)want);
	if (want < 0)
		gate_tell(g, "unreadable", &c->to, NULL);
	if (want != 0)
		return want < 0 ? (int)want : (int)n;
	int r = judge(c, g, now);
	return r == 0 ? 1 : r;
}

/* A record of this kind and size begins, whose first bytes are read: what of it may pass, and what comes then. */
static int begin_record(struct connection *c, struct gate *g, int kind, size_t size, int64_t now)
{
	if (kind == TLS_HANDSHAKE && tls_greets(c->bytes + TLS_HEAD, size)) {
		c->greeting = (struct greeting){ .size = 0 };
		c->reading = READING_GREETING;
		return read_greeting(c, g, now);
	}
	c->room = size;
	if (kind == TLS_HANDSHAKE || (kind == TLS_DATA && !c->said.early)) {
		c->reading = READING_NOTHING;
		c->room = UINT64_MAX;
	}
	return 1;
}

/*
 * The head of the next record.  A server of TLS 1.3 may have asked for another greeting, and then takes the name that stands there.  It
 * comes before anything that is enciphered, but for data that was sent early and is passed over by the server; in TLS 1.2 something else
 * of the handshake comes first.  1: what was read may pass, and then `room`; 0; -errno.
 */
static int read_record(struct connection *c, struct gate *g, int64_t now)
{
	for (;;) {
		size_t size = 0, want = TLS_HEAD;
		int kind = c->len >= TLS_HEAD ? tls_record(c->bytes, &size) : 0;
		if (kind < 0 || (kind == TLS_HANDSHAKE && size == 0))
			return -EBADMSG;
		if (kind == TLS_HANDSHAKE)
			want += size < TLS_GREETS ? size : TLS_GREETS;
		if (c->len == want)
			return begin_record(c, g, kind, size, now);
		ssize_t n = receive(c, want - c->len);
		if (n == -ENODATA)
			c->out.ended = true;
		if (n <= 0)
			return n == -ENODATA ? 1 : (int)n;
	}
}

/* Sends what was read. 1: all of it is gone; 0; -errno. */
static int send_read(struct connection *c)
{
	while (c->sent < c->len) {
		ssize_t n = send(c->fds[OUTER], c->bytes + c->sent, c->len - c->sent, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		c->sent += (size_t)n;
	}
	c->len = c->sent = 0;
	c->ready = false;
	if (c->reading == READING_GREETING)
		c->reading = c->said.later ? READING_RECORDS : READING_NOTHING;
	if (c->reading == READING_NOTHING) {
		free(c->bytes);
		c->bytes = NULL;
		c->room = UINT64_MAX;
	}
	return 1;
}

static int go_out(struct connection *c, struct gate *g, int64_t now)
{
	int r = 1;
	for (int i = 0; i < TURNS && r > 0; i++) {
		if (c->ready) {
			r = send_read(c);
		} else if (c->room > 0 || c->out.held > 0 || c->out.ended) {
			r = flow_move(&c->out, c->fds[INNER], c->fds[OUTER], &c->room);
			if (r == 0)
				r = c->room == 0 && c->out.held == 0 && !c->out.ended;
		} else {
			r = c->reading == READING_GREETING ? read_greeting(c, g, now) : read_record(c, g, now);
			c->ready = r > 0;
		}
	}
	return r < 0 ? r : 0;
}

static int go_in(struct connection *c)
{
	uint64_t room = UINT64_MAX;
	return flow_move(&c->in, c->fds[OUTER], c->fds[INNER], &room);
}

/* ---- what is waited for ---- */

static uint32_t wanted(const struct connection *c, enum connection_end which)
{
	uint32_t in = 0, out = 0;
	if (which == INNER) {
		in = c->stage == STAGE_GREETING || (c->stage == STAGE_OPEN && !c->ready && c->out.held == 0 && !c->out.ended);
		out = c->in.held > 0;
	} else if (c->stage == STAGE_OPEN) {
		in = c->in.held == 0 && !c->in.ended;
		out = c->ready || c->out.held > 0;
	} else {
		out = c->stage == STAGE_CONNECTING;
	}
	return (in ? (uint32_t)EPOLLIN : 0) | (out ? (uint32_t)EPOLLOUT : 0);
}

/* Errors are always told: of an end of which nothing else is wanted once (EPOLLET of epoll(7)), not as long as it has one. */
static int wait_for(struct connection *c, struct gate *g)
{
	for (int i = 0; i < ENDS; i++) {
		uint32_t events = wanted(c, (enum connection_end)i);
		struct epoll_event e = { .events = events != 0 ? events : (uint32_t)EPOLLET,
			.data.u64 = (uint64_t)c->turn << 32 | c->index << 1 | (uint32_t)i };
		if (c->fds[i] < 0 || e.events == c->waits[i])
			continue;
		int how = c->waits[i] == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
		if (epoll_ctl(g->epoll, how, c->fds[i], &e) < 0)
			return -errno;
		c->waits[i] = e.events;
	}
	return 0;
}

/* That the server says no more is passed on once all before it is. */
static void pass_end_on(struct connection *c)
{
	if (c->shut || !c->in.ended || c->in.held > 0)
		return;
	(void)shutdown(c->fds[INNER], SHUT_WR);
	c->shut = true;
}

/*
 * The program says no more, and all that it has said is passed on.  It cannot be seen whether it has closed the connection or still
 * listens, which nobody does who speaks TLS; left open to one side, connections would pile up with what connects the network (pasta).
 */
static bool is_over(const struct connection *c)
{
	return c->stage == STAGE_OPEN && c->out.ended && c->out.held == 0 && !c->ready;
}

static int connected(struct connection *c)
{
	int error = 0;
	socklen_t size = sizeof error;
	if (getsockopt(c->fds[OUTER], SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0)
		return error != 0 ? -error : -errno;
	c->stage = STAGE_OPEN;
	return 0;
}

/* What could be said before a server is asked. */
static int greet(struct connection *c, struct gate *g, int64_t now)
{
	int r = now < c->deadline ? read_greeting(c, g, now) : -ETIMEDOUT;
	if (r == -ETIMEDOUT)
		gate_tell(g, "silent", &c->to, NULL);
	if (r <= 0)
		return r;
	c->ready = true;
	return begin_connect(c);
}

/* The server's answer to connect(2): the socket can be written to, or has an error. */
static bool is_decided(const struct connection *c, uint32_t events)
{
	return c->stage == STAGE_CONNECTING && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
}

/* An end has broken off, and nobody is about to write to it or to read what it has said before. */
static bool is_lost(const struct connection *c, enum connection_end which, uint32_t events)
{
	return (events & EPOLLERR) != 0 && wanted(c, which) == 0 && (which == INNER || c->in.held == 0);
}

void connection_run(struct connection *c, struct gate *g, enum connection_end which, uint32_t events, int64_t now)
{
	int r = is_lost(c, which, events) ? -ECONNRESET : 0;
	if (r == 0 && c->stage == STAGE_GREETING)
		r = greet(c, g, now);
	else if (r == 0 && which == OUTER && is_decided(c, events))
		r = connected(c);
	if (r == 0 && c->stage == STAGE_OPEN) {
		r = go_out(c, g, now);
		if (r == 0)
			r = go_in(c);
	}
	if (r == 0) {
		pass_end_on(c);
		r = wait_for(c, g);
	}
	if (r < 0)
		end(c, true);
	else if (is_over(c))
		end(c, false);
}

void connection_begin(struct connection *c, struct gate *g, int fd, int64_t now)
{
	*c = (struct connection){
		.used = true, .index = c->index, .turn = c->turn, .deadline = now + GREETING_MS, .fds = { fd, -1 }
	};
	flow_begin(&c->out, &g->spare);
	flow_begin(&c->in, &g->spare);
	c->bytes = malloc(GREETING_MAX);
	if (c->bytes == NULL || find_destination(fd, &c->to) < 0 || at_once(fd) < 0 || ask_now_and_then(fd) < 0)
		end(c, true);
	else
		connection_run(c, g, INNER, 0, now);
}
