/* What bailey-resolver is told: whom to ask, for which names, and which addresses the sandbox may learn. */
#ifndef BAILEY_RESOLVER_POLICY_H
#define BAILEY_RESOLVER_POLICY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/subnet.h"
#include "resolver/dns.h"

enum { POLICY_SERVERS = 3, POLICY_SPEC = 1024 * 1024 };

struct policy_name {
	unsigned group;
	const char *pattern;
};

struct policy {
	struct subnet servers[POLICY_SERVERS]; /* single addresses */
	size_t server_count;
	struct policy_name *names;
	size_t name_count, name_cap;
	struct subnet *reachable; /* addresses that a rule for addresses allows */
	size_t reachable_count, reachable_cap;
	uint64_t least_ms; /* an address stays reachable for so long at least */
	bool log; /* names that are refused are told */
	bool tls; /* addresses of names are told to bailey-tls */
};

/*
 * Reads lines of words, all of them or none: "server ADDRESS", "name GROUP PATTERN", "reachable ADDRESS/PREFIX", "least MILLISECONDS",
 * "log", "tls".  `text` is taken apart, and lives as long as `ret`.  0 or -EINVAL with `e`.
 */
int policy_read(struct policy *ret, struct arena *a, char *text, struct err *e);

/* A bit for each group with a rule for this name; 0: nobody may ask for it. */
uint32_t policy_groups(const struct policy *p, const char *name);

enum policy_verdict {
	POLICY_REFUSED, /* the sandbox does not learn of it */
	POLICY_KNOWN, /* it may know the address, and other rules say what it is good for */
	POLICY_PINNED, /* it becomes reachable by the rule for the name */
};

/* What becomes of an address that a name has. */
enum policy_verdict policy_judge(const struct policy *p, const struct dns_address *at);

#endif
