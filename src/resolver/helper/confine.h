/* What bailey-resolver may still do once it serves. */
#ifndef BAILEY_RESOLVER_HELPER_CONFINE_H
#define BAILEY_RESOLVER_HELPER_CONFINE_H

#include "base/err.h"

/*
 * For good: no file can be opened, no program be executed, no process be looked at; sockets are those of IPv4 and IPv6.  No capability
 * is left but CAP_NET_ADMIN, which only root's have.  0 or -errno with `e`.
 */
int confine(struct err *e);

#endif
