/*
 * The Landlock domain of a plan, made in the child once its file tree stands: rules refer to what lies beneath the new root.
 * Raw system calls only, no allocation.
 */
#ifndef BAILEY_LANDLOCK_DOMAIN_H
#define BAILEY_LANDLOCK_DOMAIN_H

#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

/* What the program may do with a file that it holds open from the start, when it opens it once more through /proc/self/fd. */
struct domain_file {
	int fd;
	uint64_t access; /* LL_*, within the plan's handled_files */
};

/*
 * Makes the ruleset. Paths are looked up from the present root, without following a symlink.  Returns its descriptor, or -errno
 * with *ret_at the number of the plan's rule for a path that failed (rule_count when it was none of these).
 */
int domain_make(const struct landlock_plan *plan, const struct domain_file *files, size_t file_count, size_t *ret_at);

#endif
