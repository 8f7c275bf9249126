/* Rules of the host for a network, by nft(8), and the switches of the kernel that they need. */
#ifndef BAILEY_NETWORK_HELPER_RULES_H
#define BAILEY_NETWORK_HELPER_RULES_H

#include "network/helper/spec.h"
#include "network/helper/state.h"

/*
 * Masquerading, in a table of its own: "bailey-NAME".  What comes from outside to the network and answers nothing that was
 * sent or forwarded is dropped there.  Has the kernel forward packets where the network leads anywhere. 0, or -errno with `e`.
 */
int rules_network(const struct network *n, const struct spec *s, struct arena *a, struct err *e);
void rules_network_remove(const struct spec *s, struct arena *a);

/* Forwarded ports of one sandbox, in a table named after its interface. */
int rules_forward(const struct spec *s, const struct lease *l, struct arena *a, struct err *e);
void rules_forward_remove(const struct spec *s, const char *device, struct arena *a);

/* Writes a file of /proc/sys. 0 or -errno. */
int rules_switch(const char *path, const char *value);

/* Whether one says 1. */
bool rules_is_on(const char *path);

/*
 * A host whose interfaces learn their routes of IPv6 from a router would forget them when it forwards packets itself: they are told to go
 * on, which means nothing any more when it does not.
 */
void rules_keep_learning(struct arena *a);

#endif
