/* The system calls of bailey-resolver once it serves. */
#ifndef BAILEY_RESOLVER_HELPER_CALLS_H
#define BAILEY_RESOLVER_HELPER_CALLS_H

#include <linux/filter.h>

/* Sockets are those of IPv4 and IPv6. */
extern const struct sock_fprog resolver_calls;

#endif
