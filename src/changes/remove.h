/* Removing a directory with all that is in it, however deep, without following a symlink. */
#ifndef BAILEY_CHANGES_REMOVE_H
#define BAILEY_CHANGES_REMOVE_H

#include <stdbool.h>

/*
 * Removes `name` below the directory `dir`: a file, or a directory with what is in it.  `ours`: nobody else uses the tree, and
 * modes that keep us out are changed.  Returns 0 or -errno; on failure part of it may be gone.
 */
int remove_tree(int dir, const char *name, bool ours);

#endif
