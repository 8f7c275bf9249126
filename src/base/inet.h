/* Internet addresses as text, strictly: inet_pton(3) forms, no names, no short or octal IPv4. */
#ifndef BAILEY_BASE_INET_H
#define BAILEY_BASE_INET_H

#include <stdbool.h>
#include <stdint.h>

enum { INET_TEXT = 46 }; /* the longest address and its NUL: INET6_ADDRSTRLEN */

struct inet_endpoint {
	char address[INET_TEXT];
	int family; /* AF_INET, AF_INET6 */
	uint16_t port; /* host byte order */
};

/* The family of an address. 0 or -EINVAL. */
int inet_address(const char *text, int *ret_family);

/* Whether an address (already known to be one) is of the machine itself: 127.0.0.0/8 or ::1. */
bool inet_is_loopback(const char *text);

/* "127.0.0.1:8080", "[::1]:8080", or "8080" alone, which is 127.0.0.1:8080. 0, -EINVAL, or -ERANGE for a port not in 1..65535. */
int inet_endpoint(const char *text, struct inet_endpoint *ret);

#endif
