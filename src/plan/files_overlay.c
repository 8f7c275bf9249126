/*
 * Mount operations for overlays.  Mount points that the lower directory lacks are made in the upper one before the mount: there
 * they can be made whoever owns the lower directory.  Names that must not be there are whiteouts in it.
 */
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

/* Whether this name was made in the upper directory by an operation since its UPPER. */
static bool is_made(const struct plan *plan, const char *path)
{
	for (size_t i = plan->mount_count; i-- > 0 && plan->mounts[i].kind != MOUNT_UPPER;)
		if (strcmp(plan->mounts[i].target, path) == 0)
			return true;
	return false;
}

/* The directories of the upper that lead to a name; each says what the merged one says, because it covers the lower one. */
static void make_way(struct planner *pl, const struct entry *e, const char *path)
{
	const char *parent = path_parent(pl->arena, path);
	if (!path_below(parent, e->path) || is_made(pl->plan, parent))
		return;
	make_way(pl, e, parent);
	struct node n;
	tree_shown_node(pl, e, parent, &n);
	struct mount_op *op = tree_add_op(pl, MOUNT_DIRECTORY, parent, e);
	op->flags = MOUNT_IN_UPPER;
	op->mode = n.type == NODE_DIRECTORY ? (n.mode & 01777) | 0700 : 0755;
}

static struct mount_op *make_point(
	struct planner *pl, const struct entry *e, enum mount_kind kind, const char *path, const struct entry *asker, mode_t mode)
{
	make_way(pl, e, path);
	struct mount_op *op = tree_add_op(pl, kind, path, asker != NULL ? asker : e);
	op->flags = MOUNT_IN_UPPER;
	op->mode = mode;
	return op;
}

static bool is_diverted_elsewhere(const struct file_tree *t, const struct entry *e, const char *path)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *other = t->entries[i];
		if (entry_is_grant(other) && entry_is_diverted(other) && other->layers->copy == NULL &&
			path_below(other->source, e->source) && path_below(path, other->source))
			return true;
	}
	return false;
}

void files_divert_creates(struct planner *pl, const struct entry *e)
{
	const struct file_tree *t = pl->files;
	for (size_t i = 0; i < t->created_count; i++) {
		const char *path = t->created[i].path;
		struct node n;
		facts_node(pl->facts, path, &n);
		if (n.type != NODE_ABSENT || !path_below(path, e->source) || path_within(path, pl->plan->changes.directory) ||
			is_diverted_elsewhere(t, e, path))
			continue;
		path = tree_move(pl->arena, path, e->source, e->path);
		if (!is_made(pl->plan, path))
			(void)make_point(pl, e, MOUNT_DIRECTORY, path, e, 0700);
	}
}

static const char *type_words(const struct node *n)
{
	switch (n->type) {
	case NODE_SYMLINK: return "a symbolic link";
	case NODE_DIRECTORY: return "a directory";
	case NODE_UNREADABLE: return "out of this user's reach";
	default: return "no directory";
	}
}

/* The line to blame for what has no place: the one that asked; for what every sandbox has, the overlay's. */
static void refuse_point(struct planner *pl, const struct entry *e, const struct spot *c, const struct node *n)
{
	const struct entry *x = c->entry != NULL && c->entry->rank >= RANK_HOME ? c->entry : e;
	struct diag *at = diag_error(
		pl->diags, x->origin, x->setting, "%s has to be put into %s, but is %s there", c->path, e->source, type_words(n));
	diag_hint(pl->diags, at, "change it in %s, or use filesystem.root_mode = \"read_only\"", e->source);
}

/* A name that must not be there is a whiteout in the upper directory, unless an earlier run kept something of that name in it. */
static void hide_in_upper(struct planner *pl, const struct entry *e, const struct spot *c)
{
	const struct entry *x = c->entry;
	const char *host = tree_shown(pl, e, c->path);
	if (e->layers->upper == NULL || !path_within(host, e->layers->upper)) {
		(void)make_point(pl, e, MOUNT_WHITEOUT, c->path, x, 0);
		return;
	}
	struct diag *at = diag_error(pl->diags, x->origin, x->setting, "%s cannot be hidden: %s keeps it", c->path, host);
	diag_hint(pl->diags, at, "an earlier run changed or made it; look at it and move it away");
}

/* What has to be in the upper directory for one name below the overlay, before the mount. */
static void make_points(struct planner *pl, const struct spot *s, const struct entry *e)
{
	for (const struct spot *c = s->first; c != NULL; c = c->next) {
		const struct entry *x = c->entry;
		struct node n;
		tree_shown_node(pl, e, c->path, &n);
		bool content = tree_has_content(c);
		if (x != NULL && (x->kind == ENTRY_FILE || x->kind == ENTRY_SYMLINK)) {
			if (x->kind == ENTRY_SYMLINK && n.type == NODE_ABSENT)
				make_point(pl, e, MOUNT_SYMLINK, c->path, x, 0)->source = x->link;
			continue;
		}
		if (x != NULL && x->kind == ENTRY_HIDE && !content) {
			if (n.type != NODE_ABSENT)
				hide_in_upper(pl, e, c);
			continue;
		}
		bool file = x != NULL && x->kind == ENTRY_BIND && (x->flags & MOUNT_ON_FILE) != 0;
		if (content && n.type == NODE_ABSENT)
			(void)make_point(pl, e, file ? MOUNT_FILE : MOUNT_DIRECTORY, c->path, x, file ? 0600 : 0755);
		else if (content && (file ? n.type == NODE_DIRECTORY || n.type == NODE_SYMLINK : n.type != NODE_DIRECTORY))
			refuse_point(pl, e, c, &n);
		if (x == NULL && (content || n.type == NODE_DIRECTORY))
			make_points(pl, c, e);
	}
}

/* What is mounted below the overlay, once it is there. */
static void mount_below(struct planner *pl, const struct spot *s, const struct entry *e)
{
	for (const struct spot *c = s->first; c != NULL; c = c->next) {
		const struct entry *x = c->entry;
		if (x == NULL) {
			mount_below(pl, c, e);
			continue;
		}
		if (x->kind == ENTRY_SYMLINK || (x->kind == ENTRY_HIDE && !tree_has_content(c)))
			continue;
		if (x->kind == ENTRY_FILE) {
			struct node n;
			tree_shown_node(pl, e, c->path, &n);
			if (n.type != NODE_FILE)
				continue;
			struct mount_op *op = tree_add_op(pl, MOUNT_FILE, c->path, x);
			op->mode = x->mode;
			op->content = x->content;
			op->flags = MOUNT_OVER | MOUNT_IN_BIND | MOUNT_ON_FILE | MOUNT_READ_ONLY;
			continue;
		}
		tree_emit_mounted(pl, c);
	}
}

void files_emit_overlay(struct planner *pl, const struct spot *s, unsigned where)
{
	const struct entry *e = s->entry;
	struct mount_op *op = tree_add_op(pl, MOUNT_UPPER, s->path, e);
	op->source = e->layers->upper;
	op->work = e->layers->work;
	op->size = e->layers->size;
	/* The merged directory has the mode of the upper one. */
	op->mode = (e->node.mode & 01777) | 0700;
	if (e->layers->asked != NULL)
		op->asked = e->layers->asked;
	if (e->layers->run != NULL) {
		op->flags = MOUNT_RUN;
		files_divert_creates(pl, e);
	}
	make_points(pl, s, e);
	op = tree_add_op(pl, MOUNT_OVERLAY, s->path, e);
	op->source = e->layers->lower != NULL ? e->layers->lower : e->source;
	op->flags = (e->flags & MOUNT_NOEXEC) | where;
	mount_below(pl, s, e);
}
