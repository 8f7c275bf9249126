/* What the helpers of this directory may still do once they serve. */
#ifndef BAILEY_RESOLVER_CONFINE_H
#define BAILEY_RESOLVER_CONFINE_H

#include <linux/filter.h>
#include <stdbool.h>

#include "base/err.h"

struct confinement {
	const char *name; /* of the program */
	const struct sock_fprog *filter; /* system calls: no file can be opened, no program be executed, no process be looked at */
	unsigned descriptors; /* at most, and no more than its user may have */
	bool admin; /* cannot do without CAP_NET_ADMIN; else it is kept where it is had */
};

/* For good: no capability is left but CAP_NET_ADMIN. 0 or -errno with `e`. */
int confine(const struct confinement *c, struct err *e);

#endif
