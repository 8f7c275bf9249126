/* One question on its way to the name servers of the host, over UDP first and TCP last. */
#ifndef BAILEY_RESOLVER_HELPER_FLIGHT_H
#define BAILEY_RESOLVER_HELPER_FLIGHT_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "resolver/dns.h"
#include "resolver/policy.h"

enum flight_state {
	FLIGHT_WAITS, /* nothing to do */
	FLIGHT_DONE, /* there is an answer */
	FLIGHT_FAILED, /* no server has one */
};

struct flight {
	bool used;
	struct dns_query query;
	struct sockaddr_in from; /* who asks */
	uint32_t groups; /* policy_groups() */

	struct dns_asked asked;
	int fd;
	bool stream;
	unsigned attempt;
	int64_t deadline; /* of this attempt */
	size_t done; /* bytes written, and then read, of a stream */
	bool sent;
	uint8_t bytes[2 + DNS_MESSAGE];
};

/* Begins with what `query` asks; `f` is otherwise empty. */
enum flight_state flight_begin(struct flight *f, const struct policy *p);

/* What poll(2) is to wait for. */
struct pollfd flight_wants(const struct flight *f);

/* After poll(2), with what it said; `now` is of the monotonic clock. With FLIGHT_DONE the answer is in `ret`. */
enum flight_state flight_go_on(struct flight *f, const struct policy *p, short events, int64_t now, struct dns_answer *ret);

/* Closes what it has open. */
void flight_end(struct flight *f);

#endif
