/*
 * Which name has which addresses, as bailey-resolver has told the sandbox: it says so to bailey-tls before the sandbox knows, in messages
 * of one struct known_answer each.
 */
#ifndef BAILEY_RESOLVER_KNOWN_H
#define BAILEY_RESOLVER_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"
#include "resolver/dns.h"

enum { KNOWN_MAX = 4096 };

struct known_answer {
	int64_t until; /* of the monotonic clock in ms */
	uint32_t groups; /* a bit for each group of base/name_set.h with a rule for the name */
	uint32_t count;
	struct dns_address list[DNS_ADDRESSES];
	char name[DOMAIN_TEXT];
};

struct known_entry {
	int64_t until;
	uint32_t groups;
	struct dns_address at;
	char name[DOMAIN_TEXT];
};

struct known {
	size_t count;
	struct known_entry list[KNOWN_MAX];
};

/*
 * Adds what a message of `len` bytes says.  Where there is no room the name goes that would go first: it has to be looked up again.  False
 * when it is no such message.
 */
bool known_add(struct known *k, const struct known_answer *message, size_t len, int64_t now);

/* The groups of a name that has this address now; 0: it has not. */
uint32_t known_groups(const struct known *k, const char *name, const struct dns_address *at, int64_t now);

#endif
