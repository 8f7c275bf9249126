/* What bailey-tls is told: the ports that rules for names are about. */
#ifndef BAILEY_RESOLVER_TLS_RULES_H
#define BAILEY_RESOLVER_TLS_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/name_set.h"

enum { TLS_RULES_SPEC = 4096 };

struct tls_rules {
	struct {
		uint16_t first, last; /* both 0: there is no such group */
	} ports[NAME_SET_GROUPS];
	bool log; /* what is refused is told */
};

/* Reads lines of words, all of them or none: "ports GROUP FIRST LAST", "log". `text` is taken apart.  0 or -EINVAL with `e`. */
int tls_rules_read(struct tls_rules *ret, char *text, struct err *e);

/* Whether one of the groups, a bit each, has the port. */
bool tls_rules_allow(const struct tls_rules *r, uint32_t groups, uint16_t port);

#endif
