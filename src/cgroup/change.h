/* Other limits for a control group in which programs run. */
#ifndef BAILEY_CGROUP_CHANGE_H
#define BAILEY_CGROUP_CHANGE_H

#include <stddef.h>

#include "base/err.h"
#include "plan/resources.h"

/*
 * Writes each of `writes` into the one of the directories that has such a file: all of them, in an order that the kernel takes (a cap
 * on memory and swap together can only be lowered after the one on memory).  When one is refused, those that were written get their
 * old values back.  0 or -errno with `e`.
 */
int cgroup_change(
	const char *const *paths, size_t path_count, const struct cgroup_write *writes, size_t write_count, struct err *e);

#endif
