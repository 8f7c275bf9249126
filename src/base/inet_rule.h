/* What network.allow and network.deny say in one text: a protocol, ports and addresses. */
#ifndef BAILEY_BASE_INET_RULE_H
#define BAILEY_BASE_INET_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/inet.h"

enum { INET_RULE_WHY = 160 };

/* A packet matches when it matches every part that is given. */
struct inet_rule {
	int protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP (echo requests of both families); 0: not given */
	uint16_t first, last; /* destination ports, host byte order; both 0: not given */
	int family; /* AF_INET, AF_INET6; 0: no address is given */
	char address[INET_TEXT]; /* in its one spelling, without bits beyond the prefix */
	unsigned prefix; /* 32 or 128 for one address */
	char name[DOMAIN_TEXT]; /* instead of an address: domain_pattern(); "": none is given */
};

/*
 * PROTOCOL[:PORT[-PORT]][@WHERE], icmp:echo[@WHERE] or ADDRESS[/PREFIX]; PROTOCOL is "tcp" or "udp", WHERE is ADDRESS[/PREFIX] or a name
 * as domain_pattern() takes it.  No blanks, no IPv4 address in the form of IPv6.  0, or -EINVAL with the reason in `why`, which
 * goes after "...": ".
 */
int inet_rule(const char *text, struct inet_rule *ret, char why[INET_RULE_WHY]);

#endif
