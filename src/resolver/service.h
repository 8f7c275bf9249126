/*
 * How the helpers of this directory begin: they are told what to do through standard input, give up what they need no more, and say
 * "ready\n" to standard output, or to standard error what is wrong.
 */
#ifndef BAILEY_RESOLVER_SERVICE_H
#define BAILEY_RESOLVER_SERVICE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct service {
	const char *name; /* of the program */
	const struct sock_fprog *filter; /* system calls: no file can be opened, no program be executed, no process be looked at */
	unsigned descriptors; /* at most, and no more than its user may have */
	bool admin; /* cannot do without CAP_NET_ADMIN; else it is kept where it is had */
};

/* From here on it is not stopped with the job, and not killed by its terminal. */
void service_begin(void);

/* Reads standard input to its end, `size` bytes at most, and a NUL after them. 0 or -errno with `e`. */
int service_read(const struct service *s, char *ret_text, size_t size, struct err *e);

/*
 * With `r` 0 it is confined, for good: no capability is left but CAP_NET_ADMIN.  Then it says "ready\n".  False when it may not serve,
 * which has been said: `e`, when `r` is -errno.
 */
bool service_ready(const struct service *s, int r, struct err *e);

#endif
