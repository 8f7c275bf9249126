/*
 * The changes of one granted directory, found by comparing the upper directory of an overlay with the host's.  The upper one was
 * written by the program: nothing in it is believed but names, types, modes and contents, and no symlink is followed.
 */
#ifndef BAILEY_CHANGES_WALK_H
#define BAILEY_CHANGES_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "changes/run.h"

enum change_kind { CHANGE_NEW, CHANGE_MODIFIED, CHANGE_REMOVED };

struct change {
	enum change_kind kind;
	const char *path; /* on the host */
	struct stat upper, host; /* zeroed where there is none */
	bool mode_only; /* MODIFIED: the content is the same */
	const char *bar; /* why it is never applied; or NULL */
	const char *conflict; /* what the host did with it since the run began; or NULL */
	/* for whoever applies it: the directories that have the name; host_dir is -1 when the host has no such directory */
	int upper_dir, host_dir;
	const char *name;
};

/* What the walk does after a change was seen; negative numbers end it. */
enum { WALK_ON, WALK_DONE /* applied: a new directory is there now */, WALK_PAST /* not into this directory */ };

struct walk {
	const char *source; /* the granted directory on the host; "" for a plain comparison */
	const char *granted; /* what the profile grants: the same, or one file in it */
	int upper, host; /* directories; host is -1 when it is absent */
	const struct timespec *began; /* when the run did, to find conflicts; or NULL */
	const struct plan_guard *guards;
	size_t guard_count;
	const char *const *covered;
	size_t covered_count;
	bool still; /* nobody writes to `upper`: modes that keep us out are changed for a moment */
	int (*seen)(void *data, const struct change *c); /* before what is in it */
	/* After a directory in which something was applied; `c` is its own change that was applied, or NULL. `left` may be NULL. */
	void (*left)(void *data, const struct change *c, int host_dir);
	void *data;
};

/* Calls `seen` for each change, in the order of names. 0, or -errno when a directory could not be read, or what `seen` returned. */
int walk(const struct walk *w);

/* Opens a file of `dir` for reading, whatever its mode says when `still`; -errno. */
int walk_open_file(int dir, const char *name, bool still);

#endif
