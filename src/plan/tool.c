/* Programs of the system that do a part of the work for us. */
#include <string.h>

#include "base/path.h"
#include "host/resolve.h"
#include "plan/parts.h"

static const char *search(struct planner *pl, const char *path, const char *name)
{
	for (;; path++) {
		size_t len = strcspn(path, ":");
		struct resolved r;
		const char *candidate = path[0] == '/' ? path_join(pl->arena, arena_strndup(pl->arena, path, len), name) : NULL;
		if (candidate != NULL && path_normal(pl->arena, candidate, &candidate) == 0 &&
			facts_resolve(pl->facts, candidate, &r) == 0 && r.node.type == NODE_FILE && (r.node.mode & 0111) != 0)
			return candidate;
		path += len;
		if (*path == '\0')
			return NULL;
	}
}

const char *plan_tool(struct planner *pl, const char *name)
{
	const char *path = facts_env(pl->facts, "PATH");
	return search(pl, path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", name);
}

const char *plan_tool_of_admin(struct planner *pl, const char *name)
{
	const char *found = plan_tool(pl, name);
	return found != NULL ? found : search(pl, "/usr/local/sbin:/usr/sbin:/sbin", name);
}
