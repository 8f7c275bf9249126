/* Mount points in a persistent home: they are made in the kept directory, so that it can be bound as it is and nothing is lost. */
#include <errno.h>

#include "base/path.h"
#include "plan/tree.h"

/* The persistent home, or NULL. */
static const struct entry *kept_home(const struct planner *pl)
{
	const struct file_tree *t = pl->files;
	for (size_t i = 0; i < t->count; i++)
		if (t->entries[i]->rank == RANK_HOME && t->entries[i]->kind == ENTRY_BIND && t->entries[i]->renamed)
			return t->entries[i];
	return NULL;
}

static const char *type_word(enum node_type type)
{
	switch (type) {
	case NODE_DIRECTORY: return "a directory";
	case NODE_SYMLINK: return "a symlink";
	default: return "a file";
	}
}

static void keep_point(struct planner *pl, const struct entry *home, const struct entry *e)
{
	bool file = (e->flags & MOUNT_ON_FILE) != 0;
	const char *point = tree_move(pl->arena, e->path, home->path, home->source);
	struct resolved r;
	int err = tree_resolve(pl, point, &r);
	if (err == -ENOENT && r.hop_count == 0) {
		tree_add_create(pl, r.path, file, e->asked, e->origin);
		return;
	}
	/* An earlier run of the program may have put anything there; a symlink is not followed to wherever it leads. */
	struct node n;
	tree_node(pl, point, &n);
	if (err == 0 && r.hop_count == 0 && (n.type == NODE_DIRECTORY) == !file)
		return;
	struct diag *at = diag_error(pl->diags, e->origin, e->setting, "\"%s\" has no place in the kept home: %s is in its way",
		e->asked != NULL ? e->asked : e->path, r.hop_count > 0 ? type_word(NODE_SYMLINK) : type_word(n.type));
	diag_hint(pl->diags, at, "look at %s and move it away", point);
}

void files_keep_points(struct planner *pl)
{
	const struct file_tree *t = pl->files;
	const struct entry *home = kept_home(pl);
	if (home == NULL)
		return;
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = t->entries[i];
		bool mounted = e->kind == ENTRY_BIND || e->kind == ENTRY_TMPFS;
		if (mounted && e != home && path_below(e->path, home->path) &&
			tree_deepest(pl->files, path_parent(pl->arena, e->path)) == home)
			keep_point(pl, home, e);
	}
}
