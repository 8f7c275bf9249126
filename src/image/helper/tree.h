/* What bailey-unpack does to the one directory that it can see. Everything goes through descriptors below `root`. */
#ifndef BAILEY_IMAGE_HELPER_TREE_H
#define BAILEY_IMAGE_HELPER_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* What an archive may take: against ones that unpack to more than any disk has. */
struct bounds {
	uint64_t bytes; /* of all files together, holes counted */
	uint64_t members;
};

/* Members that were left out: kinds that a root file system in a sandbox has no use for. */
struct left_out {
	uint64_t devices, others; /* device nodes; FIFOs and sockets */
	char first_device[128], first_other[128]; /* printable names */
};

/*
 * Unpacks the tar archive behind `archive` (plain, or compressed by gzip, bzip2, xz, lzma or zstd) into the empty directory `root`.
 * `owners`: files get the owners that the archive names, for which this process needs CAP_CHOWN.  An unsafe member refuses the
 * whole archive.  0 or -errno with `e`; what was made by then is still there.
 */
int extract(struct arena *a, int archive, int root, bool owners, const struct bounds *bounds, struct left_out *left, struct err *e);

/* Removes everything in `root`, whatever it is; no symlink is followed. 0 or the first -errno. */
int remove_all(int root);

#endif
