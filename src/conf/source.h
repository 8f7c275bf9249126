/* Where profiles lie and the bytes of one: opened once, checked by its descriptor, read. */
#ifndef BAILEY_CONF_SOURCE_H
#define BAILEY_CONF_SOURCE_H

#include <stddef.h>

#include "base/diag.h"
#include "conf/conf.h"

enum { SOURCE_SIZE_MAX = 1024 * 1024, PLACE_DIRS = 3 };

/* By whom a file may have been written. */
enum trust {
	TRUST_USER, /* the caller or root */
	TRUST_SYSTEM, /* the owner of the system's configuration: root */
	TRUST_SHIPPED, /* root, or the owner of the tree when bailey runs from it */
};

struct source {
	const char *file; /* as messages name it */
	const char *bytes; /* a NUL stands behind them */
	size_t len;
};

/*
 * Reads a whole regular file that only trusted users can have written.  Returns 0; -ENOENT when there is none, without a
 * diagnostic; another -errno with a diagnostic whose file is `path` and whose layer is `layer`.
 */
int source_read(
	struct source *ret, struct diags *d, const struct conf_places *places, const char *path, enum trust trust, unsigned layer);

/* Reads standard input up to its end. -errno with a diagnostic. */
int source_stdin(struct source *ret, struct diags *d, unsigned layer);

/* The profile directories in the order of the search: the user's, the system's, bailey's own. An entry may be NULL. */
struct place_dir {
	const char *path;
	enum trust trust;
};

void source_dirs(const struct conf_places *places, struct place_dir ret[PLACE_DIRS]);

#endif
