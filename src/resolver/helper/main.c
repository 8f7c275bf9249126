/*
 * bailey-resolver < SPEC
 *
 * Looks names up for one sandbox, from outside.  Descriptor 3 is a datagram socket in the sandbox's network namespace, which programs
 * in there find at the address of /etc/resolv.conf; 4 one that changes the sets of the rules there.  The servers are asked over the
 * host's network.  Names that no rule allows are answered with "no such name" and asked of nobody; addresses are put into the sets
 * before the sandbox learns of them.  With network.tls_name 5 is a socket to bailey-tls, which learns them before the sandbox too.
 *
 * It writes "ready\n" to standard output once it serves and, when asked to, "NAME\n" for each name that it refused; what goes wrong
 * before that, to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/name_set.h"
#include "resolver/helper/calls.h"
#include "resolver/helper/flight.h"
#include "resolver/known.h"
#include "resolver/pins.h"
#include "resolver/service.h"

enum {
	ASKERS = 3,
	RULES = 4,
	TLS = 5,
	DESCRIPTORS = 64,
	FLIGHTS = 32,
	QUERIES_AT_ONCE = 16,
	TOLD_MAX = 64,
	GRACE_MS = 1000,
	SECOND_MS = 1000,
	QUERIES_IN_A_SECOND = 1000
};

struct resolver {
	struct policy policy;
	struct pins pins;
	struct flight flights[FLIGHTS];
	char told[TOLD_MAX][DOMAIN_TEXT]; /* names that were refused */
	size_t told_count;
	int64_t second; /* when the present one began, of the monotonic clock in ms */
	unsigned queries; /* in it */
};

static void reply(const struct sockaddr_in *to, const uint8_t *message, size_t len)
{
	/* A datagram may be lost: whoever asks asks again. */
	(void)sendto(ASKERS, message, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)to, sizeof *to);
}

static void answer(const struct sockaddr_in *to, const struct dns_query *q, const struct dns_answer *a)
{
	uint8_t out[DNS_QUERY];
	reply(to, out, dns_write_answer(out, q, a));
}

static void answer_code(const struct sockaddr_in *to, const struct dns_query *q, int code)
{
	answer(to, q, &(struct dns_answer){ .code = code });
}

/* Once for each name; the launcher reads it at the end, and a pipe holds as much. */
static void tell_refused(struct resolver *r, const char *name)
{
	char line[DOMAIN_TEXT + 2];
	if (!r->policy.log || name[0] == '\0' || r->told_count == TOLD_MAX)
		return;
	for (size_t i = 0; i < r->told_count; i++)
		if (strcmp(r->told[i], name) == 0)
			return;
	size_t len = strlen(name);
	memcpy(r->told[r->told_count++], name, len + 1);
	(void)snprintf(line, sizeof line, "%s\n", name);
	(void)!write(STDOUT_FILENO, line, len + 1);
}

/* Tells bailey-tls. False when it does not listen: then nothing would let the sandbox reach them. */
static bool tell_known(
	const struct resolver *r, const struct flight *f, const struct dns_address *list, size_t count, int64_t until)
{
	struct known_answer m = { .until = until, .groups = f->groups, .count = (uint32_t)count };
	if (!r->policy.tls || count == 0)
		return true;
	memcpy(m.list, list, count * sizeof *list);
	memcpy(m.name, f->query.text, strlen(f->query.text) + 1);
	return send(TLS, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof m;
}

/*
 * What the servers say, as the sandbox may know it: without addresses that it must not learn of, and only once it can reach the rest.
 * It may forget an answer later than told, so for a while more nothing changes.
 */
static void pass_on(struct resolver *r, struct flight *f, struct dns_answer *a)
{
	struct dns_address pinned[DNS_ADDRESSES];
	size_t count = 0, kept = 0, room = dns_room(&f->query, f->query.type == DNS_A ? 4 : 16);
	for (size_t i = 0; i < a->count && kept < room; i++) {
		enum policy_verdict v = policy_judge(&r->policy, &a->list[i]);
		if (v == POLICY_REFUSED)
			continue;
		if (v == POLICY_PINNED)
			pinned[count++] = a->list[i];
		a->list[kept++] = a->list[i];
	}
	a->count = kept;
	if (a->seconds > PINS_LONGEST_MS / 1000)
		a->seconds = PINS_LONGEST_MS / 1000;
	int64_t ms = (int64_t)a->seconds * 1000 + GRACE_MS, least = (int64_t)r->policy.least_ms, now = clock_ms();
	ms = ms > least ? ms : least;
	if (pins_add(&r->pins, f->groups, pinned, count, now, ms) < 0 || !tell_known(r, f, pinned, count, now + ms))
		answer_code(&f->from, &f->query, DNS_SERVER_FAILURE);
	else
		answer(&f->from, &f->query, a);
}

static void settle(struct resolver *r, struct flight *f, enum flight_state state, struct dns_answer *a)
{
	if (state == FLIGHT_WAITS)
		return;
	flight_end(f);
	f->used = false;
	if (state == FLIGHT_DONE)
		pass_on(r, f, a);
	else
		answer_code(&f->from, &f->query, DNS_SERVER_FAILURE);
}

static struct flight *free_flight(struct resolver *r)
{
	for (size_t i = 0; i < FLIGHTS; i++)
		if (!r->flights[i].used)
			return &r->flights[i];
	return NULL;
}

static void ask(struct resolver *r, const struct dns_query *q, const struct sockaddr_in *from)
{
	uint32_t groups = policy_groups(&r->policy, q->text);
	if (groups == 0) {
		tell_refused(r, q->text);
		answer_code(from, q, DNS_NO_SUCH_NAME);
		return;
	}
	/* Records that browsers ask for beside the addresses hold addresses too, and are not needed. */
	if (q->type == DNS_HTTPS || q->type == DNS_SVCB) {
		answer_code(from, q, DNS_OK);
		return;
	}
	if (q->type != DNS_A && q->type != DNS_AAAA) {
		answer_code(from, q, DNS_REFUSED);
		return;
	}
	struct flight *f = free_flight(r);
	if (f == NULL)
		return; /* too many at once: it will ask again */
	f->used = true;
	f->query = *q;
	f->from = *from;
	f->groups = groups;
	struct dns_answer none = { .count = 0 };
	settle(r, f, flight_begin(f, &r->policy), &none);
}

/* Not for ever: answers have their turn too. */
static void serve(struct resolver *r)
{
	uint8_t message[DNS_MESSAGE], out[DNS_QUERY];
	for (int i = 0; i < QUERIES_AT_ONCE; i++) {
		struct sockaddr_in from = { .sin_family = AF_UNSPEC };
		struct dns_query q;
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(ASKERS, message, sizeof message, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		if (n < 0)
			return;
		r->queries++;
		if (size != sizeof from || from.sin_family != AF_INET)
			continue;
		int e = dns_read_query(message, (size_t)n, &q);
		if (e == 0)
			ask(r, &q, &from);
		else if (e == -EBADMSG)
			reply(&from, out, dns_write_error(out, q.id, DNS_FORMAT_ERROR));
	}
}

/* The bounds of the sandbox are not ours: a program that asks without end is heard less often. */
static bool is_flooded(struct resolver *r)
{
	int64_t now = clock_ms();
	if (now - r->second >= SECOND_MS) {
		r->second = now;
		r->queries = 0;
	}
	return r->queries >= QUERIES_IN_A_SECOND;
}

static int wait_ms(const struct resolver *r, bool flooded)
{
	int64_t now = clock_ms(), next = flooded ? r->second + SECOND_MS : INT64_MAX;
	for (size_t i = 0; i < FLIGHTS; i++)
		if (r->flights[i].used && r->flights[i].deadline < next)
			next = r->flights[i].deadline;
	return next == INT64_MAX ? -1 : next <= now ? 0 : (int)(next - now);
}

static _Noreturn void loop(struct resolver *r)
{
	for (;;) {
		struct pollfd fds[FLIGHTS + 1];
		for (size_t i = 0; i < FLIGHTS; i++)
			fds[i] = flight_wants(&r->flights[i]);
		bool flooded = is_flooded(r);
		fds[FLIGHTS] = (struct pollfd){ .fd = flooded ? -1 : ASKERS, .events = POLLIN };
		int n = poll(fds, FLIGHTS + 1, wait_ms(r, flooded));
		int64_t now = clock_ms();
		for (size_t i = 0; i < FLIGHTS && n >= 0; i++) {
			struct dns_answer a = { .count = 0 };
			if (r->flights[i].used)
				settle(r, &r->flights[i], flight_go_on(&r->flights[i], &r->policy, fds[i].revents, now, &a), &a);
		}
		if (n > 0 && fds[FLIGHTS].revents != 0)
			serve(r);
	}
}

static const struct service service = { "bailey-resolver", &resolver_calls, DESCRIPTORS, false };

static int read_spec(struct policy *ret, struct arena *a, struct err *e)
{
	char *text = arena_alloc(a, POLICY_SPEC + 1);
	int r = service_read(&service, text, POLICY_SPEC, e);
	return r < 0 ? r : policy_read(ret, a, text, e);
}

int main(void)
{
	struct arena arena = { .head = NULL };
	struct err e = { .code = 0 };
	struct resolver *resolver = arena_alloc(&arena, sizeof *resolver);
	service_begin();
	int r = fcntl(ASKERS, F_GETFD) < 0 || fcntl(RULES, F_GETFD) < 0
		? err_set(&e, EBADF, "bailey-resolver is started by bailey, with sockets of a sandbox")
		: read_spec(&resolver->policy, &arena, &e);
	resolver->pins.fd = RULES;
	if (r == 0 && resolver->policy.tls && fcntl(TLS, F_GETFD) < 0)
		r = err_set(&e, EBADF, "bailey-resolver has nobody to tell of names");
	if (!service_ready(&service, r, &e))
		return 1;
	loop(resolver);
}
