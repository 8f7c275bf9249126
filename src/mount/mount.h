/*
 * The new file tree, made from plan->mounts by the child in its own mount namespace.  Raw system calls only, no allocation.
 *
 * The tree is a tmpfs that is put on top of "/": path look-ups that begin at the old root's descriptor still see the host,
 * those that begin at the new root's see the sandbox, and one pivot_root(2) and one umount2(2) end the old tree.
 */
#ifndef BAILEY_MOUNT_MOUNT_H
#define BAILEY_MOUNT_MOUNT_H

#include <stddef.h>

#include "plan/plan.h"

struct mount_state {
	int host; /* O_PATH of the old root */
	int root; /* the new root's mount */
	int base; /* the tmpfs below a root that is an overlay, or -1 */
	int upper, work; /* of the overlay in the making, or -1 */
	unsigned uppers; /* so many were made in memory */
	size_t upper_len; /* length of the overlay's target; 0 for the root */
	int covered; /* the directory that /proc will be mounted on: what lies in it is out of sight */
	int parent; /* directory of the present operation, or -1 */
	const char *parent_path; /* the target it was opened for */
	size_t parent_len; /* length of its directory part */
	const char *drawn; /* what a MOUNT_FILE without content holds: the machine id drawn for this launch */
	const char *const *served; /* by enum served: paths of sockets on the host, without symlinks */
	size_t at; /* number of the present operation: names the culprit after a failure */
};

/* Makes the new root and attaches it; `drawn` and `served` see above. 0 or -errno. */
int mount_begin(struct mount_state *s, const char *drawn, const char *const *served);

/* Carries out all operations; on failure s->at is the one that failed. 0 or -errno. */
int mount_apply(struct mount_state *s, const struct mount_op *ops, size_t count);

/* Seals what has to be read-only, changes the root and drops the old tree. 0 or -errno. */
int mount_finish(struct mount_state *s, const struct mount_op *ops, size_t count);

#endif
