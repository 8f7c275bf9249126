#include "resolver/helper/flight.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/* Each server is asked once in each round. */
enum round { ROUND_EXTENDED, ROUND_PLAIN, ROUND_STREAM, ROUNDS };

enum { PORT = 53, DATAGRAM_MS = 1500, STREAM_MS = 3000, BEFORE = 2 /* the length in front, of a stream */ };

static enum round round_of(const struct flight *f, const struct policy *p)
{
	return (enum round)(f->attempt / p->server_count);
}

/* An id, and letters whose case an answer has to repeat: whoever cannot see the question has to guess them, and the port. */
static int draw(struct flight *f, bool stream)
{
	uint8_t random[2 + DNS_NAME / 8 + 1];
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return -errno;
	memcpy(&f->asked.id, random, 2);
	f->asked.type = f->query.type;
	f->asked.name = f->query.name;
	f->asked.exact = !stream;
	for (size_t i = 0; i < f->asked.name.len && !stream; i++) {
		uint8_t *c = &f->asked.name.bytes[i];
		if (((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')) && (random[2 + i / 8] >> (i % 8) & 1) != 0)
			*c ^= 'a' ^ 'A';
	}
	return 0;
}

static int connect_to(const struct subnet *server, bool stream)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} at = { .any = { .sa_family = (sa_family_t)server->family } };
	bool six = server->family == AF_INET6;
	if (six) {
		at.six.sin6_port = htons(PORT);
		memcpy(&at.six.sin6_addr, server->bytes, sizeof at.six.sin6_addr);
	} else {
		at.four.sin_port = htons(PORT);
		memcpy(&at.four.sin_addr, server->bytes, sizeof at.four.sin_addr);
	}
	int fd = socket(server->family, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, &at.any, six ? sizeof at.six : sizeof at.four) == 0 || errno == EINPROGRESS)
		return fd;
	int r = -errno;
	(void)close(fd);
	return r;
}

void flight_end(struct flight *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
}

static int start(struct flight *f, const struct policy *p)
{
	enum round round = round_of(f, p);
	f->stream = round == ROUND_STREAM;
	f->done = 0;
	f->sent = false;
	f->deadline = clock_ms() + (f->stream ? STREAM_MS : DATAGRAM_MS);
	int r = draw(f, f->stream);
	if (r < 0)
		return r;
	f->fd = connect_to(&p->servers[f->attempt % p->server_count], f->stream);
	if (f->fd < 0 || f->stream)
		return f->fd;
	size_t len = dns_write_query(f->bytes, &f->asked, round == ROUND_EXTENDED);
	return send(f->fd, f->bytes, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -errno;
}

/* From this attempt on, the next that can be begun. */
static enum flight_state start_some(struct flight *f, const struct policy *p)
{
	for (; round_of(f, p) < ROUNDS; f->attempt++) {
		if (start(f, p) >= 0)
			return FLIGHT_WAITS;
		flight_end(f);
	}
	return FLIGHT_FAILED;
}

static enum flight_state try_next(struct flight *f, const struct policy *p)
{
	flight_end(f);
	f->attempt++;
	return start_some(f, p);
}

enum flight_state flight_begin(struct flight *f, const struct policy *p)
{
	f->fd = -1;
	f->attempt = 0;
	return start_some(f, p);
}

struct pollfd flight_wants(const struct flight *f)
{
	bool write = f->stream && !f->sent;
	return (struct pollfd){ .fd = f->used ? f->fd : -1, .events = write ? POLLOUT : POLLIN };
}

/* A whole message of the stream; 0 while there is less; -errno. */
static ssize_t receive_stream(struct flight *f)
{
	for (;;) {
		size_t want = f->done < BEFORE ? BEFORE : BEFORE + ((size_t)f->bytes[0] << 8 | f->bytes[1]);
		if (want > sizeof f->bytes)
			return -EMSGSIZE;
		if (f->done >= BEFORE && f->done == want)
			return (ssize_t)(want - BEFORE);
		ssize_t n = recv(f->fd, f->bytes + f->done, want - f->done, 0);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (n == 0)
			return -ECONNRESET;
		f->done += (size_t)n;
	}
}

/* The question is shorter than any window, so it goes in one piece or not at all. */
static bool send_stream(struct flight *f)
{
	uint8_t out[BEFORE + DNS_QUERY];
	size_t len = dns_write_query(out + BEFORE, &f->asked, false);
	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
	f->sent = true;
	return send(f->fd, out, BEFORE + len, MSG_NOSIGNAL) == (ssize_t)(BEFORE + len);
}

static bool is_final(const struct dns_answer *a)
{
	return a->code == DNS_OK || a->code == DNS_NO_SUCH_NAME;
}

/* A datagram that is not the answer is passed over: somebody guesses. */
static enum flight_state take(struct flight *f, const struct policy *p, const uint8_t *message, size_t len, struct dns_answer *ret)
{
	int r = dns_read_answer(message, len, &f->asked, ret);
	if (r == -ENOMSG && !f->stream)
		return FLIGHT_WAITS;
	if (r == 0 && ret->cut && !f->stream) {
		f->attempt = (unsigned)(ROUND_STREAM * p->server_count + f->attempt % p->server_count);
		flight_end(f);
		return start_some(f, p);
	}
	return r == 0 && is_final(ret) && !ret->cut ? FLIGHT_DONE : try_next(f, p);
}

enum flight_state flight_go_on(struct flight *f, const struct policy *p, short events, int64_t now, struct dns_answer *ret)
{
	ssize_t n = 0;
	if (events != 0 && f->stream && !f->sent) {
		if (!send_stream(f))
			return try_next(f, p);
	} else if (events != 0 && f->stream) {
		n = receive_stream(f);
	} else if (events != 0) {
		n = recv(f->fd, f->bytes, sizeof f->bytes, 0);
		n = n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n < 0 ? -errno : n;
	}
	if (n < 0)
		return try_next(f, p);
	if (n > 0) {
		enum flight_state state = take(f, p, f->bytes + (f->stream ? BEFORE : 0), (size_t)n, ret);
		if (state != FLIGHT_WAITS || f->deadline > now)
			return state;
	}
	return now >= f->deadline ? try_next(f, p) : FLIGHT_WAITS;
}
