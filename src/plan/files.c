/* The file part of the plan: the order of its steps, the table for people, and what is visible inside. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

enum { HOP_MAX = 40 };

static const char *end_words(enum choice_value end)
{
	switch (end) {
	case CHANGES_KEEP: return "changes kept";
	case CHANGES_ASK: return "changes asked";
	case CHANGES_APPLY: return "changes applied";
	default: return "changes lost";
	}
}

static const char *access_words(const struct planner *pl, const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_HIDE: return "hidden";
	case ENTRY_TMPFS: return "empty";
	default: break;
	}
	if (entry_is_diverted(e))
		return end_words(pl->plan->changes.end);
	if (e->layers != NULL)
		return e->layers->upper != NULL ? "changes kept" : "changes lost";
	if ((e->flags & MOUNT_DEVICES) != 0)
		return "device";
	return (e->flags & MOUNT_READ_ONLY) != 0 ? "read" : "read, write";
}

static void fill_table(struct planner *pl)
{
	struct plan *plan = pl->plan;
	const struct file_tree *t = pl->files;
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = t->entries[i];
		bool shown = e->rank == RANK_ASKED || e->rank == RANK_HOME || (e->rank == RANK_PROTECTED && e->kind == ENTRY_BIND);
		if (!shown)
			continue;
		plan->paths = arena_grow(pl->arena, plan->paths, plan->path_count, &pl->files->path_cap, sizeof *plan->paths);
		plan->paths[plan->path_count++] = (struct plan_path){
			.path = e->path,
			.access = access_words(pl, e),
			.source = e->source != NULL && (e->kind == ENTRY_BIND || e->kind == ENTRY_SYMLINK) &&
					strcmp(e->source, e->path) != 0
				? e->source
				: NULL,
			.origin = e->origin,
		};
	}
}

int plan_files(struct planner *pl)
{
	size_t errors = pl->diags->errors;
	pl->files = arena_alloc(pl->arena, sizeof *pl->files);
	files_gather(pl);
	files_resolve_sources(pl);
	files_unpacked(pl);
	files_check_layers(pl);
	files_gather_arguments(pl);
	files_divert(pl);
	files_gather_hidden(pl);
	files_merge(pl);
	files_resolve_names(pl);
	files_merge(pl);
	files_guard(pl);
	files_merge(pl);
	files_keep_points(pl);
	files_plant(pl);
	files_emit(pl);
	files_tell_changes(pl);
	fill_table(pl);
	return pl->diags->errors > errors ? -EINVAL : 0;
}

/* What a name inside is. */
struct sight {
	const char *host; /* the host's path that it shows, or NULL */
	const struct entry *grant; /* that shows it */
	const char *link; /* a symlink of ours: its text */
	bool writable;
};

static const struct spot *child_of(const struct spot *s, const char *name, size_t n)
{
	for (const struct spot *c = s->first; c != NULL; c = c->next)
		if (strlen(c->name) == n && strncmp(c->name, name, n) == 0)
			return c;
	return NULL;
}

static struct sight sight_of(struct planner *pl, const char *path)
{
	const struct spot *s = pl->files->root;
	const struct entry *e = s->entry;
	for (const char *at = path + 1; s != NULL && *at != '\0';) {
		size_t n = strcspn(at, "/");
		s = child_of(s, at, n);
		if (s != NULL && s->entry != NULL)
			e = s->entry;
		at += n + (at[n] == '/');
	}
	if (e == NULL)
		return (struct sight){ 0 };
	if (e->kind == ENTRY_SYMLINK && strcmp(e->path, path) == 0)
		return (struct sight){ .link = e->link };
	if (e->kind != ENTRY_BIND)
		return (struct sight){ 0 };
	return (struct sight){ .host = tree_shown(pl, e, path), .grant = e, .writable = entry_is_writable(e) };
}

/* Follows a path inside to its end, as chroot(2) would have it; what is shown there of the host, or nothing. */
static struct sight follow_inside(struct planner *pl, const char *path)
{
	struct arena *a = pl->arena;
	const char *at = "/", *rest = path;
	struct sight found = sight_of(pl, at);
	unsigned hops = 0;
	for (;;) {
		rest += strspn(rest, "/");
		size_t n = strcspn(rest, "/");
		if (n == 0)
			return found;
		const char *part = arena_strndup(a, rest, n);
		rest += n;
		if (strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			at = path_parent(a, at);
			found = sight_of(pl, at);
			continue;
		}
		const char *here = path_join(a, at, part);
		struct sight seen = sight_of(pl, here);
		struct node node = { .type = NODE_ABSENT };
		const char *link = seen.link;
		if (seen.host != NULL) {
			if (seen.grant->layers != NULL)
				tree_shown_node(pl, seen.grant, here, &node);
			else
				facts_node(pl->facts, seen.host, &node);
			if (node.type == NODE_ABSENT || node.type == NODE_UNREADABLE)
				return (struct sight){ 0 };
			if (node.type == NODE_SYMLINK)
				link = node.link;
		}
		if (link != NULL) {
			if (++hops > HOP_MAX)
				return (struct sight){ 0 };
			if (link[0] == '/')
				at = "/";
			rest = arena_printf(a, "%s%s", link, rest);
			found = sight_of(pl, at);
			continue;
		}
		at = here;
		found = seen;
	}
}

bool plan_has_root(const struct planner *pl)
{
	return pl->files != NULL && pl->files->top != NULL;
}

bool plan_inside(struct planner *pl, const char *path, struct node *ret)
{
	struct sight s = follow_inside(pl, path);
	*ret = (struct node){ .type = NODE_ABSENT };
	if (s.host == NULL)
		return false;
	facts_node(pl->facts, s.host, ret);
	return ret->type != NODE_ABSENT;
}

bool plan_visible(struct planner *pl, const char *path, bool *ret_writable)
{
	struct resolved r;
	if (ret_writable != NULL)
		*ret_writable = false;
	if (pl->files == NULL || facts_resolve(pl->facts, path, &r) < 0)
		return false;
	struct sight s = follow_inside(pl, path);
	if (s.host == NULL)
		return false;
	if (ret_writable != NULL)
		*ret_writable = s.writable;
	/* What was changed in an overlay is the same file still. */
	if (s.grant->layers != NULL && s.grant->layers->upper != NULL && path_within(r.path, s.grant->source))
		return strcmp(s.host, tree_move(pl->arena, r.path, s.grant->source, s.grant->layers->upper)) == 0 ||
			strcmp(s.host, r.path) == 0;
	return strcmp(s.host, r.path) == 0;
}
