/* Where a path leads: the kernel's walk, done by hand on facts, so that each symlink on the way can be judged. */
#ifndef BAILEY_HOST_RESOLVE_H
#define BAILEY_HOST_RESOLVE_H

#include <stddef.h>

#include "host/facts.h"

/* One symlink that was followed. */
struct hop {
	const char *link; /* where it lies; no symlinks in front of it */
	const char *target; /* where it points, as an absolute path that may hold further symlinks */
};

struct resolved {
	const char *path; /* without symlinks; what is missing at the end stands as it was written */
	struct node node; /* what is there: never a symlink; NODE_ABSENT, NODE_UNREADABLE */
	struct hop *hops;
	size_t hop_count;
};

/*
 * Follows all symlinks of a normal absolute path.  Returns 0 when something is there, -ENOENT (also when a component is no
 * directory), -ELOOP after 40 symlinks, or the errno of a directory that may not be searched.  Owned by the facts' arena;
 * `ret->path` is `path` itself when no symlink was met.
 */
int facts_resolve(struct facts *f, const char *path, struct resolved *ret);

#endif
