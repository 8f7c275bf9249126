/*
 * Homes that are kept.  Under an identity what belongs to the program lies in the identity's home: what `create` names, and
 * whatever else it may change below a hidden name of the home (~/.config/x).
 *
 * Mount points in a persistent home: they are made in the kept directory, so that it can be bound as it is and nothing is lost.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

void files_create_own(struct planner *pl, const char *path, const struct item *item)
{
	struct file_tree *t = pl->files;
	if (!path_below(path, t->kept->path)) {
		struct diag *at = diag_error(pl->diags, item->origin, "filesystem.create",
			"\"%s\" lies outside of the home directory: an identity cannot have its own (it is %s)", item->text, path);
		diag_hint(pl->diags, at, "a variable such as XDG_CONFIG_HOME may lead there: start bailey without it");
		return;
	}
	t->own[t->own_count++] = path;
	tree_add_create(pl, tree_move(pl->arena, path, t->kept->path, t->kept->source), false, item->text, item->origin);
}

/* "~/.config/x", but not "~/Documents". */
static bool is_settings(const char *path, const char *home)
{
	return strstr(path + strlen(home), "/.") != NULL;
}

static bool is_own(const struct file_tree *t, const struct entry *e)
{
	bool own = strcmp(e->path, t->kept->path) == 0 || is_settings(e->path, t->kept->path);
	for (size_t i = 0; i < t->own_count && !own; i++)
		own = path_within(e->path, t->own[i]);
	return own;
}

void files_grant_own(struct planner *pl)
{
	struct file_tree *t = pl->files;
	for (size_t i = 0; i < t->count && t->kept != NULL; i++) {
		struct entry *e = t->entries[i];
		/* --rw means the user's own, and so does a line that gives the path another name. */
		bool named = e->origin.file != NULL && strncmp(e->origin.file, "command line", 12) == 0;
		if (e->rank != RANK_ASKED || !entry_is_writable(e) || e->renamed || e->layers != NULL || named ||
			!path_within(e->path, t->kept->path) || !is_own(t, e))
			continue;
		struct node n;
		struct resolved r;
		facts_node(pl->facts, e->path, &n);
		e->source = tree_move(pl->arena, e->path, t->kept->path, t->kept->source);
		/* What is a file on the host is the program's to make, if it wants one. */
		if (n.type != NODE_DIRECTORY)
			e->optional = true;
		else if (!e->optional && facts_resolve(pl->facts, e->source, &r) == -ENOENT)
			tree_add_create(pl, r.path, false, e->asked, e->origin);
	}
}

/* The persistent home, or NULL. */
static const struct entry *kept_home(const struct planner *pl)
{
	const struct file_tree *t = pl->files;
	for (size_t i = 0; i < t->count; i++)
		if (t->entries[i]->rank == RANK_HOME && t->entries[i]->kind == ENTRY_BIND && t->entries[i]->renamed &&
			!entry_is_diverted(t->entries[i]))
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
