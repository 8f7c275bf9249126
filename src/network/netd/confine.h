/* What bailey-netd keeps for itself: CAP_NET_ADMIN and the system calls that it makes. */
#ifndef BAILEY_NETWORK_NETD_CONFINE_H
#define BAILEY_NETWORK_NETD_CONFINE_H

#include "base/err.h"

/* Gives up all else, for good. 0, or -errno with `e`. */
int confine(struct err *e);

#endif
