/* What the connections that bailey-tls serves have in common. */
#ifndef BAILEY_RESOLVER_TLS_GATE_H
#define BAILEY_RESOLVER_TLS_GATE_H

#include <stddef.h>
#include <stdint.h>

#include "resolver/known.h"
#include "resolver/tls/flow.h"
#include "resolver/tls_rules.h"

enum { GATE_TOLD_MAX = 64, GATE_TOLD_LINE = 352 };

/* Where the program wanted to go. */
struct endpoint {
	struct dns_address at;
	uint16_t port; /* host byte order */
};

struct gate {
	int epoll;
	int answers; /* where messages of bailey-resolver come; -1 once it has ended */
	struct tls_rules rules;
	struct known known;
	char told[GATE_TOLD_MAX][GATE_TOLD_LINE];
	size_t told_count;
	struct flow_pipes spare;
};

/* Takes in all that bailey-resolver has said so far. */
void gate_learn(struct gate *g, int64_t now);

/*
 * Writes "WHY PORT ADDRESS NAME\n" to standard output when that is asked for, once each.  WHY is one word; NAME may be NULL, for which
 * "-" stands.
 */
void gate_tell(struct gate *g, const char *why, const struct endpoint *to, const char *name);

#endif
