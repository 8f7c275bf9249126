/* What the verbs about running sandboxes share. */
#ifndef BAILEY_CLI_SANDBOXES_H
#define BAILEY_CLI_SANDBOXES_H

#include "cgroup/usage.h"
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

/* Those that a command line means, each once. */
struct chosen {
	struct state_sandbox **items; /* of what was loaded */
	size_t count;
};

/*
 * Loads them all and chooses: the first `words` words of the command line, and what --all and --profile of the verb say.  0, or an
 * exit status after saying what is wrong; --all with none there is right.  With `none_is_all` no words mean --all.
 */
int sandboxes_choose(
	struct cli *cli, const struct args *args, int words, bool none_is_all, struct sandboxes *all, struct chosen *ret);

/* "running", "starting" or "paused". */
const char *sandboxes_activity(const struct state_sandbox *s);

/* Waits until the sandbox has its processes written down, for two seconds at most: one with a name is known before. */
void sandboxes_await_start(struct cli *cli, struct state_sandbox *s);

/* What one uses. A control group counts better; what it does not count, and all without one, comes from the processes. */
struct sandbox_use {
	struct cgroup_usage group; /* filled up with the sums */
	bool has_group;
	bool memory_summed, cpu_summed, tasks_summed; /* of the processes that are there */
};
void sandboxes_use(struct sandbox_use *ret, const struct state_record *r, const struct state_tasks *tasks);

/* For root: adds those of all other users, and says whose each is. What other users wrote is only shown. */
void sandboxes_of_everyone(struct cli *cli, struct sandboxes *all);

/* "812K", "1.2G": three digits at most, for a column. */
const char *sandboxes_bytes(struct arena *a, uint64_t bytes);

/* "12s", "5m", "3h", "9d". */
const char *sandboxes_age(struct arena *a, uint64_t ms);

#endif
