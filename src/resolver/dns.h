/*
 * Messages of the domain name system, as much of them as a resolver for addresses needs (RFC 1035, 6891).  Nothing in a message is
 * believed: it comes from the program inside, or from whoever answers for a name.  No function allocates or reads beyond `len`.
 */
#ifndef BAILEY_RESOLVER_DNS_H
#define BAILEY_RESOLVER_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"

enum {
	DNS_NAME = 255, /* a name in its form for the network */
	DNS_QUERY = 512, /* the longest message that is written */
	DNS_MESSAGE = 4096, /* the longest that is read */
	DNS_ADDRESSES = 32, /* as many are taken from one answer */

	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_AAAA = 28,
	DNS_OPT = 41,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,

	DNS_OK = 0,
	DNS_FORMAT_ERROR = 1,
	DNS_SERVER_FAILURE = 2,
	DNS_NO_SUCH_NAME = 3,
	DNS_NOT_IMPLEMENTED = 4,
	DNS_REFUSED = 5,
};

/* A name without compression, as it was written. */
struct dns_name {
	uint8_t bytes[DNS_NAME];
	size_t len;
};

/* What a program asks. */
struct dns_query {
	uint16_t id, type;
	bool recursion; /* its flag RD, which the answer repeats */
	struct dns_name name;
	char text[DOMAIN_TEXT]; /* in small letters; "" for a name that has other characters than those of hosts */
};

/* What a server is asked. */
struct dns_asked {
	uint16_t id, type;
	struct dns_name name;
	bool exact; /* the answer has to repeat the case of its letters */
};

struct dns_address {
	uint8_t size; /* 4, 16 */
	uint8_t bytes[16];
};

struct dns_answer {
	int code; /* DNS_OK, ... */
	bool cut; /* the message was too long for its transport: all else is not to be used */
	uint32_t seconds; /* for how long it may be kept: the least of all records it comes from */
	size_t count;
	struct dns_address list[DNS_ADDRESSES];
};

/*
 * A query: one question of class IN, without answers.  0; -EINVAL when it is no such message, and no answer is due;
 * -EBADMSG when it is a query that cannot be understood: ret->id is then set.
 */
int dns_read_query(const uint8_t *message, size_t len, struct dns_query *ret);

/*
 * An answer to what was asked: id, question and case are compared.  Addresses are those of the name itself, or of the one at the end of
 * the aliases that lead on from it; other records are passed over.  0; -ENOMSG when it belongs to something else; -EBADMSG when it
 * cannot be understood.
 */
int dns_read_answer(const uint8_t *message, size_t len, const struct dns_asked *asked, struct dns_answer *ret);

/* A question with recursion, with room for 1232 bytes of an answer by `extended` (RFC 6891). Its length. */
size_t dns_write_query(uint8_t ret[DNS_QUERY], const struct dns_asked *asked, bool extended);

/*
 * The answer to a query: its question, and the first addresses of `answer`, as many as `dns_room` says.  Its length.
 */
size_t dns_write_answer(uint8_t ret[DNS_QUERY], const struct dns_query *query, const struct dns_answer *answer);

/* How many addresses of this size an answer to the query has room for. */
size_t dns_room(const struct dns_query *query, size_t size);

/* The answer to what could not be understood. Its length. */
size_t dns_write_error(uint8_t ret[DNS_QUERY], uint16_t id, int code);

#endif
