/* Programs of the system that do a part of the work for us, outside of any sandbox. */
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "host/resolve.h"
#include "plan/parts.h"
#include "plan/tree.h"

enum { NOT_MAPPED = 65534 }; /* who root seems to be in a user namespace: user_namespaces(7) */

/* A directory where others can make names, but not turn those that are there: /nix/store is one. */
static bool keeps_names(const struct node *n)
{
	return n->type == NODE_DIRECTORY && (n->mode & S_ISVTX) != 0;
}

/* Root runs what nobody but root can change. */
static bool is_roots(const struct node *n)
{
	return n->uid == 0 && ((n->mode & 022) == 0 || keeps_names(n));
}

/*
 * What a user runs may have been put there by an earlier program of a sandbox, unless it is the system's, or lies where writing
 * is not granted together with the directories around it.
 */
static bool is_safe(const struct planner *pl, const struct node *n, bool protected)
{
	bool systems = n->uid == 0 || n->uid == NOT_MAPPED;
	return (systems || (protected && n->uid == pl->facts->uid)) && ((n->mode & 002) == 0 || keeps_names(n));
}

/* Judges a file by itself and all directories above it; `path` has no symlinks. */
static bool is_trusted(struct planner *pl, const char *path)
{
	const bool root = pl->plan->become || pl->facts->uid == 0;
	const bool protected = !root && tree_protected(pl, path, true) != NULL;
	for (const char *at = path;; at = path_parent(pl->arena, at)) {
		struct node n;
		facts_node(pl->facts, at, &n);
		if (n.type != NODE_ABSENT && !(root ? is_roots(&n) : is_safe(pl, &n, protected)))
			return false;
		if (at[1] == '\0')
			return true;
	}
}

static const char *search(struct planner *pl, const char *path, const char *name, const char **ret_refused)
{
	for (;; path++) {
		size_t len = strcspn(path, ":");
		struct resolved r;
		const char *candidate = path[0] == '/' ? path_join(pl->arena, arena_strndup(pl->arena, path, len), name) : NULL;
		if (candidate != NULL && path_normal(pl->arena, candidate, &candidate) == 0 &&
			facts_resolve(pl->facts, candidate, &r) == 0 && r.node.type == NODE_FILE && (r.node.mode & 0111) != 0) {
			if (is_trusted(pl, r.path))
				return r.path; /* not by a symlink, which somebody else may turn */
			if (*ret_refused == NULL)
				*ret_refused = candidate;
		}
		path += len;
		if (*path == '\0')
			return NULL;
	}
}

const char *plan_tool(struct planner *pl, const char *name, const char **ret_refused)
{
	const char *path = facts_env(pl->facts, "PATH");
	*ret_refused = NULL;
	return search(pl, path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", name, ret_refused);
}

const char *plan_tool_of_admin(struct planner *pl, const char *name, const char **ret_refused)
{
	const char *found = plan_tool(pl, name, ret_refused);
	return found != NULL ? found : search(pl, "/usr/local/sbin:/usr/sbin:/sbin", name, ret_refused);
}

const char *plan_tool_refusal(struct planner *pl, const char *refused, const char **ret_hint)
{
	if (pl->plan->become || pl->facts->uid == 0) {
		*ret_hint =
			"let it and all directories above it belong to root, writable for nobody else, or start bailey with another PATH";
		return arena_printf(pl->arena, "somebody else than root could change %s, which PATH finds", refused);
	}
	*ret_hint = "install the package of the system, or put it into ~/.local/bin, which no program may change";
	return arena_printf(pl->arena, "a program of an earlier run could have put %s there, which PATH finds", refused);
}
