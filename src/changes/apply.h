/* Making a change on the host: each file is the old one or the new one at any moment, and no symlink is followed. */
#ifndef BAILEY_CHANGES_APPLY_H
#define BAILEY_CHANGES_APPLY_H

#include <stdbool.h>

#include "changes/walk.h"

/*
 * Applies one change in c->host_dir: a directory is made empty, with access for its owner only until apply_left().  set-user-ID
 * and set-group-ID bits are left out, on both sides; `*ret_dropped` tells.  Needs a walk with `still`, and c->bar NULL; a conflict
 * is the caller's business.  Returns 0 or -errno: -EEXIST when somebody made the name meanwhile.
 */
int apply_change(const struct change *c, bool *ret_dropped);

/* A directory is finished: its mode, when it is `c`'s (which may be NULL), and everything to disk. 0 or -errno. */
int apply_left(const struct change *c, int host_dir);

#endif
