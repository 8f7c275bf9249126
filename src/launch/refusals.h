/*
 * network.log: what the rules of the sandbox's network refuse, as the kernel tells it (nfnetlink_log).  The socket is opened in the
 * sandbox's network namespace and handed to the launcher, so no process has to stay there.
 */
#ifndef BAILEY_LAUNCH_REFUSALS_H
#define BAILEY_LAUNCH_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

enum { REFUSALS_MAX = 64, REFUSALS_FROM = 96 };

struct refusal {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t protocol; /* IPPROTO_TCP, ... */
	uint16_t port; /* of the destination, host byte order; 0 for protocols without */
	uint8_t address[16]; /* of the destination */
	uint64_t packets;
};

struct refusals {
	int fd; /* what is to be read with refusals_read(), or -1 */
	size_t count;
	struct refusal list[REFUSALS_MAX]; /* in the order in which they were met first */
	uint64_t more; /* packets to further destinations, and those that the kernel did not tell of in time (at least one) */
	char from[REFUSALS_FROM]; /* the line that asks for the rules */
};

/* None so far, and nothing to read from. */
void refusals_begin(struct refusals *ret, struct arena *a, const struct plan *plan);

/*
 * In the network namespace of the sandbox, with CAP_NET_ADMIN over it: a socket that gets what the rules log, close-on-exec and
 * non-blocking.  Or -errno.
 */
int refusals_open(void);

/* Reads what is there; never waits. */
void refusals_read(struct refusals *r);

/* One packet, from its IP header on, of which `len` bytes are there. */
void refusals_add(struct refusals *r, const uint8_t *packet, size_t len);

/* "TCP port 8080 at 198.51.100.7" */
enum { REFUSAL_TEXT = 96 };
void refusal_text(const struct refusal *r, char ret[REFUSAL_TEXT]);

/* Tells them, on standard error unless `quiet`, and on `status_fd` unless that is -1. Nothing when there were none. */
void refusals_tell(const struct refusals *r, int status_fd, bool quiet);

#endif
