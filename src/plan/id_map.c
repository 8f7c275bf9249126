/* identity.user = "mapped": which ids the user may have inside, and who maps them. */
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "plan/parts.h"

/* Packages give files to "nobody" and "nogroup", 65534: an inside that does not know these cannot install them. */
enum { LARGEST_NEEDED = 65534, USUAL_COUNT = 65536, USUAL_FIRST = 100000 };

static const char setting[] = "identity.user";

/* "100000:65536"; false when it is no range. */
static bool read_range(struct arena *a, const char *text, size_t len, uint32_t *ret_first, uint32_t *ret_count)
{
	const char *colon = memchr(text, ':', len);
	int64_t first, count;
	if (colon == NULL || num_int(arena_strndup(a, text, (size_t)(colon - text)), 1, UINT32_MAX - 1, &first) < 0 ||
		num_int(arena_strndup(a, colon + 1, len - (size_t)(colon + 1 - text)), 1, UINT32_MAX - first, &count) < 0)
		return false;
	*ret_first = (uint32_t)first;
	*ret_count = (uint32_t)count;
	return true;
}

static void add_range(struct planner *pl, struct id_map *m, uint32_t inside, uint32_t outside, uint32_t count)
{
	m->ranges = arena_grow(pl->arena, m->ranges, m->count, &m->cap, sizeof *m->ranges);
	m->ranges[m->count++] = (struct id_range){ inside, outside, count };
}

/* Adds the user's ranges after `m`'s first one, if it has one. `*ret_free` is an id behind all ranges of the file. */
static uint32_t add_ranges(struct planner *pl, struct id_map *m, const char *text, const char *name, uint32_t *ret_free)
{
	const char *uid = arena_printf(pl->arena, "%u", (unsigned)pl->facts->uid);
	uint32_t next = m->count > 0 ? 1 : 0;
	*ret_free = USUAL_FIRST;
	for (const char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\n"), owner = strcspn(line, ":\n");
		uint32_t first, count;
		bool range = owner < len && read_range(pl->arena, line + owner + 1, len - owner - 1, &first, &count);
		bool ours = (strlen(name) == owner && strncmp(line, name, owner) == 0) ||
			(strlen(uid) == owner && strncmp(line, uid, owner) == 0);
		if (range && first + count > *ret_free)
			*ret_free = first + count;
		if (range && ours && count < UINT32_MAX - next) {
			add_range(pl, m, next, first, count);
			next += count;
		}
		line += len + (line[len] == '\n');
	}
	return next;
}

/* For root its own id is no part of the map: then 0 inside is the first of the ids that are set aside. */
static void map_file(
	struct planner *pl, struct id_map *m, const char *path, const char *what, const uint32_t *own, uint32_t largest_needed)
{
	const char *text = "", *name = plan_account(pl);
	uint32_t spare;
	(void)facts_read(pl->facts, path, &text); /* no file, no ranges */
	if (own != NULL)
		add_range(pl, m, 0, *own, 1);
	const uint32_t empty = own != NULL ? 1 : 0;
	uint32_t end = add_ranges(pl, m, text, name, &spare);
	if (end > largest_needed)
		return;
	struct diag *at = end == empty
		? diag_error(pl->diags, pl->plan->user_origin, setting, "%s has no line for the user \"%s\"", path, name)
		: diag_error(pl->diags, pl->plan->user_origin, setting,
			  "%s gives the user \"%s\" only %" PRIu32 " ids: inside, ids up to %d (nobody) are needed", path, name,
			  end - empty, (int)LARGEST_NEEDED);
	diag_hint(pl->diags, at, "let root add the line %s:%" PRIu32 ":%d to %s (usermod --add-sub%ss %" PRIu32 "-%" PRIu32 " %s)",
		name, spare, (int)USUAL_COUNT, path, what, spare, spare + USUAL_COUNT - 1, name);
}

static const char *map_tool(struct planner *pl, const char *name)
{
	const char *refused, *hint, *path = plan_tool(pl, name, &refused);
	if (path != NULL)
		return path;
	if (refused != NULL) {
		const char *why = plan_tool_refusal(pl, refused, &hint);
		struct diag *bad =
			diag_error(pl->diags, pl->plan->user_origin, setting, "\"mapped\" needs the program %s: %s", name, why);
		diag_hint(pl->diags, bad, "%s", hint);
		return NULL;
	}
	struct diag *at = diag_error(
		pl->diags, pl->plan->user_origin, setting, "\"mapped\" needs the program %s, which is not in PATH", name);
	diag_hint(pl->diags, at, "install the package uidmap (in some distributions it is part of shadow or shadow-utils)");
	return NULL;
}

void plan_id_maps(struct planner *pl)
{
	struct plan *plan = pl->plan;
	plan->newuidmap = map_tool(pl, "newuidmap");
	plan->newgidmap = map_tool(pl, "newgidmap");
	map_file(pl, &plan->uid_map, "/etc/subuid", "uid", &plan->uid, LARGEST_NEEDED);
	map_file(pl, &plan->gid_map, "/etc/subgid", "gid", &plan->gid, LARGEST_NEEDED);
}

bool plan_id_maps_of_root(struct planner *pl, bool one)
{
	struct plan *plan = pl->plan;
	struct id_map uids = { 0 }, gids = { 0 };
	size_t errors = pl->diags->errors;
	map_file(pl, &uids, "/etc/subuid", "uid", NULL, one ? 0 : LARGEST_NEEDED);
	map_file(pl, &gids, "/etc/subgid", "gid", NULL, one ? 0 : LARGEST_NEEDED);
	if (pl->diags->errors > errors || uids.count == 0 || gids.count == 0)
		return false;
	plan->uid = uids.ranges[0].outside;
	plan->gid = gids.ranges[0].outside;
	if (!one) {
		plan->uid_map = uids;
		plan->gid_map = gids;
	}
	return true;
}

void plan_id_maps_of_host(struct planner *pl)
{
	add_range(pl, &pl->plan->uid_map, 0, 0, UINT32_MAX);
	add_range(pl, &pl->plan->gid_map, 0, 0, UINT32_MAX);
}
