/* `hide`: which of the names are shown by something at all. Profiles carry long lists of them, so that has to be cheap. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

/* A path that is shown with what is below it: by its name inside, or by the one it has on the host. */
struct cover {
	const char *path;
	size_t length; /* without the slash of "/" */
};

struct covers {
	struct cover *items;
	size_t count;
};

static void add_cover(struct covers *c, const char *path)
{
	c->items[c->count++] = (struct cover){ path, path[1] == '\0' ? 0 : strlen(path) };
}

static struct covers gather_covers(struct planner *pl)
{
	const struct file_tree *t = pl->files;
	struct covers c = { .items = arena_array(pl->arena, 3 * t->count, sizeof *c.items) };
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = t->entries[i];
		if (!entry_is_grant(e) || e->rank == RANK_BUILT_IN)
			continue;
		/* In a kept home the names are the profile's own: what is to be hidden of the host's home never was in it. */
		if (e->rank != RANK_HOME || !e->renamed)
			add_cover(&c, e->path);
		if (strcmp(e->path, e->source) != 0)
			add_cover(&c, e->source);
		if (e->layers != NULL && e->layers->upper != NULL)
			add_cover(&c, e->layers->upper);
	}
	return c;
}

static bool is_covered(const struct covers *c, const char *path)
{
	size_t n = strlen(path);
	for (size_t i = 0; i < c->count; i++) {
		size_t length = c->items[i].length;
		if (length <= n && (path[length] == '/' || path[length] == '\0') && memcmp(c->items[i].path, path, length) == 0)
			return true;
	}
	return false;
}

/*
 * An absent name that may be absent hides nothing; one that must not be there keeps its place even when it is absent today,
 * because it may come into being on the host while the program runs.
 */
static bool is_worth_hiding(struct planner *pl, const struct covers *c, const struct item *item, const char *path, bool pattern)
{
	struct resolved parent;
	struct node n;
	/* What is there is the root's own matter then. */
	if (pl->files->top != NULL)
		return is_covered(c, path);
	int err = tree_resolve(pl, path_parent(pl->arena, path), &parent);
	if (err < 0 && err != -ENOENT)
		return !item->optional && is_covered(c, path);
	const char *host = path_join(pl->arena, parent.path, path_base(path));
	if (!is_covered(c, path) && !is_covered(c, host))
		return false;
	if (!item->optional && !pattern)
		return true;
	if (err < 0)
		return false;
	tree_node(pl, host, &n);
	return n.type != NODE_ABSENT && n.type != NODE_UNREADABLE;
}

void files_gather_hidden(struct planner *pl)
{
	static const char setting[] = "filesystem.hide";
	const struct list *list = &pl->p->filesystem_hide;
	struct covers c = gather_covers(pl);
	for (size_t i = 0; i < list->count; i++) {
		const struct item *item = &list->items[i];
		const char **paths;
		size_t count;
		bool pattern;
		if (expand_path(pl, item->origin, setting, item->text, true, &paths, &count, &pattern) < 0)
			continue;
		for (size_t k = 0; k < count; k++) {
			struct entry e = {
				.kind = ENTRY_HIDE,
				.path = paths[k],
				.source = paths[k],
				.pattern = pattern,
				.optional = item->optional,
				.asked = item->text,
				.setting = setting,
				.origin = item->origin,
			};
			/* What cannot be hidden is told, whether something shows it or not. */
			bool wrong = tree_is_own(paths[k]) || paths[k][1] == '\0';
			if (wrong || is_worth_hiding(pl, &c, item, paths[k], pattern))
				tree_add_asked(pl, &e);
		}
	}
}
