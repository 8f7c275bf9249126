/* An interface from bailey-netd, for who has no power over the host's network. */
#ifndef BAILEY_NETWORK_HELPER_SERVICE_H
#define BAILEY_NETWORK_HELPER_SERVICE_H

#include "network/helper/spec.h"
#include "network/helper/state.h"

/*
 * Asks the service at s->service for the interface, in the network namespace behind the descriptor.  Returns a descriptor that it is there
 * for as long as, with `*ret`; or -errno with `e`, at the line of the spec.
 */
int service_ask(const struct spec *s, int namespace, const char *name, struct lease *ret, struct err *e);

/* Gives it back and waits until it is gone. */
void service_end(int connection);

#endif
