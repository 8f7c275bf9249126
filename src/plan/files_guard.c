/* Protected and hidden names, wherever a grant would show them. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

const struct protected_name protected_names[] = {
#define PROTECTED(path, how, why) { path, how, why },
#include "plan/protected.def"
};
const size_t protected_name_count = sizeof protected_names / sizeof *protected_names;

/* A name of the host that is kept from the program. */
struct guard {
	const char *host; /* no symlinks in front of the last component */
	enum protection how;
	const char *why;
	const struct entry *hide; /* for `hide`: the entry that asked */
	bool in_place; /* covered where it is; the directory around it has to go on taking new names */
};

/* What stands inside in the place of a guarded name. */
static struct entry stand_in(struct planner *pl, const struct guard *g, const struct entry *grant)
{
	struct entry e = {
		.kind = ENTRY_HIDE,
		.rank = RANK_PROTECTED,
		.path = tree_move(pl->arena, g->host, grant->source, grant->path),
		.guarded = true,
		.why = g->why,
		.origin = g->hide != NULL ? g->hide->origin : grant->origin,
		.asked = g->hide != NULL ? g->hide->asked : grant->asked,
		.setting = g->hide != NULL ? g->hide->setting : grant->setting,
	};
	if (g->how != READ_ONLY)
		return e;
	struct node n;
	tree_node(pl, g->host, &n);
	if (n.type == NODE_SYMLINK) {
		e.kind = ENTRY_SYMLINK;
		e.link = n.link;
	} else if (n.type != NODE_ABSENT && n.type != NODE_UNREADABLE) {
		e.kind = ENTRY_BIND;
		e.source = g->host;
		e.node = n;
		e.flags = (grant->flags & MOUNT_NOEXEC) | MOUNT_READ_ONLY | MOUNT_MAY_VANISH;
		if (n.type != NODE_DIRECTORY)
			e.flags |= MOUNT_ON_FILE;
		/* Nothing above a mount can be renamed inside, and the host's side is the user's own doing. */
		e.guarded = !g->in_place;
	}
	return e;
}

/* Granted directories: a name can only be shown by one of these. */
struct grants {
	struct entry **items;
	size_t count;
};

/* Puts the guard into each grant that would show the name. */
static void guard_name(struct planner *pl, const struct guard *g, const struct grants *grants)
{
	for (size_t i = 0; i < grants->count; i++) {
		const struct entry *grant = grants->items[i];
		if (!path_below(g->host, grant->source))
			continue;
		struct entry e = stand_in(pl, g, grant);
		/* A deeper entry decides for itself, and one for this very path is what the profile wants. */
		if (tree_deepest(pl->files, e.path) == grant)
			tree_add(pl, &e);
	}
}

/* Symlinks on the way to a name: who can turn one decides what is found under the name. */
static void guard_hops(struct planner *pl, struct guard g, const struct resolved *r, const struct grants *writable)
{
	g.how = READ_ONLY;
	for (size_t i = 0; i < r->hop_count; i++) {
		g.host = r->hops[i].link;
		guard_name(pl, &g, writable);
	}
}

/*
 * The name itself and, when it is a symlink, the place it leads to: writing there is as good.  What is only hidden needs no
 * watch over the way to it: turning a link shows nothing.
 */
static void guard_host_path(
	struct planner *pl, struct guard g, const char *path, const struct grants *grants, const struct grants *writable)
{
	struct resolved parent, target;
	int err = tree_resolve(pl, path_parent(pl->arena, path), &parent);
	if (err < 0 && err != -ENOENT)
		return; /* what this user cannot reach, the program cannot either */
	g.host = path_join(pl->arena, parent.path, path_base(path));
	guard_name(pl, &g, grants);
	if (g.hide == NULL)
		guard_hops(pl, g, &parent, writable);
	struct node n;
	tree_node(pl, g.host, &n);
	if (n.type != NODE_SYMLINK)
		return;
	err = tree_resolve(pl, g.host, &target);
	if (err == 0 || err == -ENOENT) {
		if (g.hide == NULL)
			guard_hops(pl, g, &target, writable);
		g.host = target.path;
		guard_name(pl, &g, grants);
	}
}

/* bailey's own files: nothing that a program can write to may change the rules it runs under. */
static void refuse_own(struct planner *pl, const char *own, const char *path)
{
	struct file_tree *t = pl->files;
	struct resolved r;
	const char *real = tree_resolve(pl, path, &r) == 0 ? r.path : path, *home = NULL;
	const char *kept = t->kept != NULL ? t->kept->source : NULL; /* of this very sandbox */
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = t->entries[i];
		if (e->rank == RANK_HOME)
			home = e->source;
		if (e->rank != RANK_ASKED || !(entry_is_writable(e) || entry_is_diverted(e)) || !path_within(e->source, real) ||
			(kept != NULL && path_within(e->source, kept)))
			continue;
		struct diag *at = diag_error(
			pl->diags, e->origin, e->setting, "\"%s\" is never writable inside: there are %s", e->asked, own);
		diag_hint(pl->diags, at, "grant it read-only, or leave it out");
	}
	for (size_t i = 0; i < pl->plan->create_count; i++) {
		const struct create_op *c = &pl->plan->creates[i];
		if (pl->plan->changes.directory != NULL && path_within(c->path, pl->plan->changes.directory))
			continue;
		if (c->asked == pl->plan->bridge.hosts && c->asked != NULL)
			continue; /* shown read-only, under another name */
		if (path_within(c->path, real) && (kept == NULL || !path_within(c->path, kept)) &&
			(home == NULL || strcmp(c->path, home) != 0))
			diag_error(pl->diags, c->origin, "filesystem.create", "\"%s\" lies where bailey keeps %s", c->asked, own);
	}
}

/*
 * Whether there is a directory that keeps an overlay's changes: the program writes to it, whatever names it likes.  Those of one
 * run lie in bailey's state, where nothing else is.
 */
static bool has_kept(const struct planner *pl)
{
	const struct file_tree *t = pl->files;
	for (size_t i = 0; i < t->count; i++)
		if (!t->entries[i]->dropped && t->entries[i]->layers != NULL && t->entries[i]->layers->upper != NULL &&
			t->entries[i]->layers->run == NULL)
			return true;
	return false;
}

/* Changes cannot be kept where something is protected: nothing is mounted there that could be covered. True after a mistake. */
static bool refuse_kept(struct planner *pl, const char *why, const char *path)
{
	const struct file_tree *t = pl->files;
	struct resolved r;
	int err = tree_resolve(pl, path, &r);
	const char *real = err == 0 || err == -ENOENT ? r.path : path;
	for (size_t i = 0; i < t->count; i++) {
		const struct layers *l = t->entries[i]->dropped ? NULL : t->entries[i]->layers;
		if (l == NULL || l->upper == NULL || l->run != NULL ||
			!(path_within(path, l->upper) || path_within(real, l->upper) || path_within(l->upper, real)))
			continue;
		struct diag *at = diag_error(
			pl->diags, l->origin, l->setting, "\"%s\" cannot keep changes, because of %s: %s", l->asked, path, why);
		diag_hint(pl->diags, at, "name a directory that is used for nothing else");
		return true;
	}
	return false;
}

/* Whether the path lies at or below this one, by name or where that leads to. */
static bool lies_within(struct planner *pl, const char *path, const char *top)
{
	struct resolved r;
	if (path_within(path, top))
		return true;
	if (tree_resolve(pl, path_parent(pl->arena, top), &r) == 0 &&
		path_within(path, path_join(pl->arena, r.path, path_base(top))))
		return true;
	return tree_resolve(pl, top, &r) == 0 && path_within(path, r.path);
}

const char *tree_protected(struct planner *pl, const char *path, bool writable)
{
	for (size_t i = 0; i < protected_name_count; i++) {
		const char *top;
		if ((writable || protected_names[i].how != READ_ONLY) && expand_quietly(pl, protected_names[i].path, &top) == 0 &&
			lies_within(pl, path, top))
			return protected_names[i].why;
	}
	for (size_t i = 0; i < pl->facts->own_count && writable; i++)
		if (lies_within(pl, path, pl->facts->own[i]))
			return "it decides over the next launch";
	return NULL;
}

/* bailey's program and profiles, and the profile of this launch: they may lie in a directory that is granted. */
static void guard_rules(struct planner *pl, const struct grants *writable)
{
	const struct guard g = { .how = READ_ONLY, .why = "it decides over the next launch", .in_place = true };
	if (writable->count == 0)
		return;
	for (size_t i = 0; i < pl->facts->own_count; i++)
		guard_host_path(pl, g, pl->facts->own[i], writable, writable);
}

static struct grants gather_grants(struct planner *pl, bool writable)
{
	const struct file_tree *t = pl->files;
	struct grants g = { .items = arena_array(pl->arena, t->count, sizeof(struct entry *)) };
	for (size_t i = 0; i < t->count; i++) {
		struct entry *e = t->entries[i];
		if (entry_is_grant(e) && e->node.type == NODE_DIRECTORY && (!writable || entry_is_writable(e)))
			g.items[g.count++] = e;
	}
	return g;
}

void files_guard(struct planner *pl)
{
	struct file_tree *t = pl->files;
	const struct grants all = gather_grants(pl, false), writable = gather_grants(pl, true);
	size_t asked = t->count;
	const char *last = "";
	bool kept = has_kept(pl);
	for (size_t i = 0; i < protected_name_count && all.count > 0; i++) {
		const struct grants *grants = protected_names[i].how == READ_ONLY ? &writable : &all;
		const char *path;
		if ((grants->count == 0 && !kept) || (protected_names[i].how == OWN_ROOT && pl->facts->uid != 0))
			continue;
		if (expand_quietly(pl, protected_names[i].path, &path) < 0) {
			/* Without a home directory there is nothing in it to protect. */
			if (pl->facts->home[0] != '/')
				continue;
			struct diag *at = diag_error(pl->diags, (struct origin){ .file = "environment" }, NULL,
				"%s cannot be kept from the program: a variable that says where it lies is no plain path",
				protected_names[i].path);
			diag_hint(pl->diags, at, "HOME and XDG_... have to be absolute and without \"..\"");
			return;
		}
		if (strcmp(path, last) == 0)
			continue;
		last = path;
		if (kept && refuse_kept(pl, protected_names[i].why, path))
			return;
		guard_host_path(pl, (struct guard){ .how = protected_names[i].how, .why = protected_names[i].why }, path, grants,
			&writable);
		if (protected_names[i].how == OWN || protected_names[i].how == OWN_ROOT)
			refuse_own(pl, protected_names[i].why, path);
	}
	for (size_t i = 0; i < pl->facts->own_count && kept; i++)
		if (refuse_kept(pl, "it decides over the next launch", pl->facts->own[i]))
			return;
	guard_rules(pl, &writable);
	for (size_t i = 0; i < asked; i++) {
		const struct entry *e = t->entries[i];
		if (e->kind == ENTRY_HIDE && kept && refuse_kept(pl, "it is hidden", e->source))
			return;
		if (e->kind == ENTRY_HIDE)
			guard_host_path(
				pl, (struct guard){ .how = ABSENT, .why = "hidden", .hide = e }, e->source, &all, &writable);
	}
}
