/*
 * From names and files to one merged struct profile: find, read, parse, inherit, merge, options, command line, machine policy.
 * Every mistake of every file becomes a diagnostic; nothing stops at the first one.  Variables in paths are not filled in
 * here (plan/ does, it knows the facts).
 */
#ifndef BAILEY_CONF_CONF_H
#define BAILEY_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/err.h"
#include "schema/schema.h"

/* Where things are; filled in by the caller (cli/places.c), so that tests can use their own. */
struct conf_places {
	const char *user_dir; /* ~/.config/bailey/profiles, or NULL without a home */
	const char *system_dir; /* /etc/bailey/profiles */
	const char *shipped_dir; /* PREFIX/share/bailey/profiles, or the tree's profiles/ */
	const char *policy; /* /etc/bailey/bailey.conf */
	uid_t uid; /* the caller */
	uid_t shipped_owner; /* 0 installed; uninstalled the owner of the tree */
	uid_t system_owner; /* 0; tests use their own */
};

/* A setting said on the command line: "resources.memory=1G" of --set, or what --rw PATH stands for. */
struct conf_set {
	const char *path; /* "filesystem.read_write" */
	const char *value; /* scalars: the bare text (1G, true, private); lists: one entry, appended */
	const char *option; /* "--rw", for the origin: "command line (--rw)" */
};

struct conf_request {
	const char *profile; /* NAME, PATH with '/', "-" for standard input; or NULL: by the program's name */
	const char *program; /* as typed, or NULL */
	const char *program_path; /* where PATH finds it (absolute), or NULL; a program typed with '/' gets the default profile */
	const struct conf_set *sets;
	size_t set_count;
	const char *const *with; /* option names */
	size_t with_count;
	const char *const *without;
	size_t without_count;
};

/*
 * Loads and merges.  Returns 0 with a profile that may be partly filled when d->errors > 0 (so that the plan can look for more
 * mistakes), or -ENOENT with a diagnostic when there is no such profile.  Reads only the files that this profile needs.
 * d->arena has to be `a`.
 */
int conf_load(
	struct profile *ret, struct arena *a, const struct conf_places *places, const struct conf_request *r, struct diags *d);

/* The same for a profile whose text is at hand; `name` is shown in messages. What it inherits is looked up in `places`. */
int conf_load_text(struct profile *ret, struct arena *a, const struct conf_places *places, const struct conf_request *r,
	const char *name, const char *bytes, size_t len, struct diags *d);

/* One profile as `bailey profiles` shows it. */
struct conf_entry {
	const char *name; /* "firefox", "common/gpu" */
	const char *path; /* the file that counts */
	const char *description; /* "" when it has none or cannot be read */
	const char *tried; /* the version it was tried with; "" as for the description */
	const char *const *programs;
	size_t program_count;
	const char *const *shadows; /* files of the same name further back on the search path, that this one replaces */
	size_t shadow_count;
	const char *const *locals; /* NAME.local.conf files merged on top */
	size_t local_count;
};

/* All profiles of all directories, sorted by name. `common` also lists the parts below common/. */
int conf_list(struct conf_entry **ret, size_t *ret_count, struct arena *a, const struct conf_places *places, bool common,
	struct diags *d);

/* The options a loaded profile offers are p->options; this tells whether one of them was switched on. */
bool conf_option_enabled(const struct profile *p, const struct conf_request *r, const char *name);

#endif
