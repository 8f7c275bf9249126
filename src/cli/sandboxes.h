/* What the verbs about running sandboxes share. */
#ifndef BAILEY_CLI_SANDBOXES_H
#define BAILEY_CLI_SANDBOXES_H

#include "cli/cli.h"
#include "state/state.h"

struct sandboxes {
	struct state_sandbox *items;
	size_t count;
};

/* Those of the caller that run; what killed launchers have left is removed, and told of on standard error when that fails. */
void sandboxes_load(struct cli *cli, struct sandboxes *ret);

/* The one that a word means. 0, or an exit status after saying why none. */
int sandboxes_find(struct cli *cli, const struct sandboxes *all, const char *word, const struct state_sandbox **ret);

/* "812K", "1.2G": three digits at most, for a column. */
const char *sandboxes_bytes(struct arena *a, uint64_t bytes);

/* "12s", "5m", "3h", "9d". */
const char *sandboxes_age(struct arena *a, uint64_t ms);

#endif
