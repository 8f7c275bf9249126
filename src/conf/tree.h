/* From the text of one file to layers: libconfig reads it, the table of settings says what it means. */
#ifndef BAILEY_CONF_TREE_H
#define BAILEY_CONF_TREE_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "conf/layer.h"

/* A file that has been read; `where.layer` may be set later, when its rank in the merge is known. */
struct tree {
	config_t config;
	struct origin where;
	size_t first, mistakes; /* diagnostics of the scan: d->items[first] and those behind it */
};

/*
 * Reads `len` bytes (a NUL stands behind them).  Returns 0, or -EINVAL with diagnostics; then there is nothing to free.
 * Everything that tree_layer() makes is copied out of the tree.
 */
int tree_read(struct tree *t, struct diags *d, struct origin where, const char *bytes, size_t len);

void tree_free(struct tree *t);

/* Gives the file its layer number, also in the diagnostics that tree_read() added. */
void tree_number(struct tree *t, struct diags *d, unsigned layer);

/* One name of the file's inherit list. */
struct inherit {
	const char *name;
	struct origin origin;
};

/* The valid names of `inherit`; the others are reported by tree_layer(). */
void tree_inherit(const struct tree *t, struct arena *a, struct inherit **ret, size_t *ret_count);

/* The settings of a profile, with a diagnostic for each mistake. */
void tree_layer(struct tree *t, struct diags *d, struct layer *ret);

/* What a machine policy says: values that are fixed, upper bounds, and entries that no profile may have. */
struct policy {
	struct layer lock, bound, forbid;
};

void tree_policy(struct tree *t, struct diags *d, struct policy *ret);

#endif
