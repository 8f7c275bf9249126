/*
 * Archives as root file systems: a tar archive is unpacked once, into the cache, by the helper program bailey-unpack.
 *
 * ~/.cache/bailey/roots/ (mode 0700) has one entry for each archive and each way to own its files: NAME/tree, and NAME/about with
 * what it was made of (plan/files_image.c).  An entry is made under a name with a dot and renamed when it is complete and on the disk,
 * so that one that is there is whole.  Whoever unpacks holds the file .lock there, and so may take every name with a dot for what a
 * killed one left.  Entries whose archive has changed or gone are removed then, unless a sandbox holds a lock on one.
 */
#ifndef BAILEY_IMAGE_IMAGE_H
#define BAILEY_IMAGE_IMAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

/*
 * Makes the entry of plan->image, unless somebody else did since the plan was made; says so on standard error unless `quiet`.
 * `helper` is the path of bailey-unpack.  Started by root, all of it is done as the user of the plan.  0, or -errno with `e`, and then
 * nothing is left of it.  A signal that ends bailey does so when what was unpacked is removed.
 */
int image_unpack(const struct plan *plan, struct arena *a, const char *helper, bool quiet, struct err *e);

#endif
