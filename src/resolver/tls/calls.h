/* The system calls of bailey-tls once it serves. */
#ifndef BAILEY_RESOLVER_TLS_CALLS_H
#define BAILEY_RESOLVER_TLS_CALLS_H

#include <linux/filter.h>

/* Option of sockets of both families, SO_ORIGINAL_DST: its header does not go with that of libc for addresses. */
enum { TLS_ORIGINAL = 80 };

/* Sockets are those of IPv4 and IPv6, and of their options few can be set: none that CAP_NET_ADMIN allows but SO_MARK. */
extern const struct sock_fprog tls_calls;

#endif
