/* What the parts of the planner share. Not for other layers: they see plan.h. */
#ifndef BAILEY_PLAN_INTERNAL_H
#define BAILEY_PLAN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "host/facts.h"
#include "host/resolve.h"
#include "plan/plan.h"
#include "schema/schema.h"

struct file_tree; /* plan/tree.h */

/* One planning run. Nothing of it is needed after plan_make(). */
struct planner {
	struct plan *plan;
	struct arena *arena;
	const struct profile *p;
	const struct plan_request *request;
	struct facts *facts;
	struct diags *diags;
	bool thorough;
	const char *user_dirs; /* text of user-dirs.dirs, once asked for */
	bool user_dirs_known;
	const char **values; /* of variables, once they were asked for; expand.c */
	size_t note_cap, env_cap, limit_cap; /* room in the plan's arrays */
	struct file_tree *files; /* set by plan_files() */
	const char *here_left_out; /* why filesystem.current_directory grants nothing, for explain; or NULL */
	bool relative_argument; /* a file is granted that the command line names from the current directory on */
};

/* ---- expand.c ---- */

/*
 * Fills in a leading "~" and ${VARIABLES}; a backslash takes the special meaning from one of $ ~ * ? [ ] \ after it, before
 * anything else it stands for itself.  `setting` for messages.  0, or -EINVAL with a diagnostic.
 */
int expand_text(struct planner *pl, struct origin o, const char *setting, const char *text, const char **ret);

/*
 * A path of the profile as normal absolute paths.  With `globs`, * ? and [] stand for names in directories (hidden ones only
 * where the pattern has the dot), and a pattern gives the existing paths that match, sorted, perhaps none; `*ret_pattern`
 * (may be NULL) tells whether there was one.  A path without a pattern gives itself, there or not.  A relative path and ".."
 * are mistakes.  0, or -EINVAL with a diagnostic and no paths.
 */
int expand_path(struct planner *pl, struct origin o, const char *setting, const char *text, bool globs, const char ***ret_paths,
	size_t *ret_count, bool *ret_pattern);

/* A path of bailey's own tables, normal; -EINVAL, without a diagnostic, when a variable in it has no value. */
int expand_quietly(struct planner *pl, const char *text, const char **ret);

/* ---- files.c ---- */

/*
 * Fills plan->creates, mounts and paths.  Needs plan->clone_flags, machine_id_private and terminal.  Mistakes go to the
 * diagnostics; returns 0 or -EINVAL when there were any.
 */
int plan_files(struct planner *pl);

/*
 * After plan_files(): whether this absolute path means the same file inside as on the host, symlinks of both sides followed
 * to the end.  `ret_writable` (may be NULL): whether it is granted read-write.
 */
bool plan_visible(struct planner *pl, const char *path, bool *ret_writable);

/*
 * After plan_files(): what a path inside leads to in something granted, symlinks followed as chroot(2) would; false (and
 * NODE_ABSENT) when that is nothing.
 */
bool plan_inside(struct planner *pl, const char *path, struct node *ret);

/* Whether there is a root file system of its own, so that names mean the root's, not the host's. */
bool plan_has_root(const struct planner *pl);

/* ---- files_guard.c ---- */

/* What becomes of a protected name; the words are explained in protected.def. */
enum protection { OWN, OWN_ROOT, ABSENT, READ_ONLY };

/* A row of protected.def. `path` may have variables in it: expand_quietly(). */
struct protected_name {
	const char *path;
	enum protection how;
	const char *why;
};
extern const struct protected_name protected_names[];
extern const size_t protected_name_count;

/* ---- program.c ---- */

/*
 * The file that an absolute path of any form leads to on the host; `*ret_name` is the path without "." and "..", of which each
 * ".." leaves the directory that the path before it really leads to.  Returns as facts_resolve().
 */
int plan_look_up(struct planner *pl, const char *path, const char **ret_name, struct resolved *r);

/* ---- filter.c ---- */

/* Fills plan->filter_spec and filter_origin from the syscalls settings. Mistakes go to the diagnostics; 0 or -EINVAL. */
int plan_filter(struct planner *pl);

#endif
