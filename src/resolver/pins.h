/* The addresses that are in the sets of base/name_set.h, and until when: what the kernel needs not be told again. */
#ifndef BAILEY_RESOLVER_PINS_H
#define BAILEY_RESOLVER_PINS_H

#include <stdint.h>

#include "resolver/dns.h"

enum { PINS_MAX = 4096, PINS_LONGEST_MS = 60 * 60 * 1000 };

struct pin {
	int64_t until; /* of the monotonic clock in ms */
	struct dns_address at;
	uint8_t group;
};

struct pins {
	int fd; /* nfset_open() */
	size_t count;
	struct pin list[PINS_MAX];
};

/*
 * Makes the addresses reachable by the rules of each group (a bit each) for `ms` from `now` on; one that is already so for longer stays
 * so.  0, or -errno: then some of them may not be.
 */
int pins_add(struct pins *p, uint32_t groups, const struct dns_address *list, size_t count, int64_t now, int64_t ms);

#endif
