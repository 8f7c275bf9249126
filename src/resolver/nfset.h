/* Changes to the sets of base/name_set.h, by messages to the kernel (nfnetlink): no program is run, and no library is needed. */
#ifndef BAILEY_RESOLVER_NFSET_H
#define BAILEY_RESOLVER_NFSET_H

#include <stddef.h>
#include <stdint.h>

#include "resolver/dns.h"

/*
 * A socket for the network namespace of the calling process, close-on-exec.  The kernel lets it change the rules there for a process
 * that has CAP_NET_ADMIN over that namespace, as whoever made its user namespace has (user_namespaces(7)), and only if the one
 * that opened the socket had it too.  Or -errno.
 */
int nfset_open(void);

/* Puts addresses of one size into a set, for `ms` from now on, whether they are in it or not. All or none: 0 or -errno. */
int nfset_put(int fd, unsigned group, const struct dns_address *list, size_t count, uint64_t ms);

/* Empties both sets of a group. 0 or -errno. */
int nfset_empty(int fd, unsigned group);

#endif
