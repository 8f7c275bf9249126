/* What a sandbox has of a network: names and addresses that no other has, for as long as its process lives. The network is locked meanwhile. */
#ifndef BAILEY_NETWORK_HELPER_LEASES_H
#define BAILEY_NETWORK_HELPER_LEASES_H

#include "network/helper/link.h"
#include "network/helper/state.h"

/* State ('R', 'Z', ...) and parent of a process. False when there is none of that number. */
bool lease_process(pid_t pid, char *ret_state, pid_t *ret_parent);

/* Whether it is there, and not merely as a zombie: that of a killed launcher may wait for long until its new parent looks after it. */
bool lease_is_running(const struct state_process *p);

/* Removes what sandboxes that are gone have left. The result is to be written down by network_save(). */
void leases_sweep(struct network *n, struct link *link, const struct spec *s);

/* A name for the host's side of the interface. 0, or -errno with `e`. */
int lease_device(struct network *n, struct lease *l, struct err *e);

/* The address `x`, or the next free one of the pool that it is. 0, or -errno with `e`, at the line of the spec. */
int lease_address(const struct network *n, const struct spec *s, const struct spec_address *x, struct lease *l, struct err *e);

/* The hardware address that the spec gives, or one of those that anybody may take. 0, or -errno with `e`, at the line of the spec. */
int lease_mac(const struct network *n, struct link *link, const struct spec *s, struct lease *l, struct err *e);

#endif
