/*
 * filesystem.changes: each directory that the program could change on the host becomes an overlay whose changes go to a directory
 * of this run.  Overlayfs has no layers of single files, so a file that is granted by itself is copied there.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

static const char setting[] = "filesystem.changes";

int plan_changes_directory(struct arena *a, struct facts *f, const char **ret)
{
	struct planner pl = { .arena = a, .facts = f };
	struct resolved r;
	int err = expand_quietly(&pl, "${STATE}/bailey/changes", ret);
	if (err < 0)
		return err;
	err = facts_resolve(f, *ret, &r);
	if (err == 0 || err == -ENOENT)
		*ret = r.path;
	return 0;
}

/* The directory of this run. False after a mistake. */
static bool begin(struct planner *pl)
{
	struct plan_changes *c = &pl->plan->changes;
	const char *directory;
	if (pl->plan->become || pl->plan->mode == IDENTITY_MAPPED) {
		struct diag *at =
			diag_error(pl->diags, c->origin, setting, "what changes belongs to %s, where this user cannot look at it",
				pl->plan->become ? "another user" : "other uids than the user's");
		diag_hint(pl->diags, at,
			pl->plan->become ? "start bailey as that user"
					 : "filesystem.overlay = ( { path = ...; } ) throws changes away too");
		return false;
	}
	if (plan_changes_directory(pl->arena, pl->facts, &directory) < 0) {
		struct diag *at = diag_error(pl->diags, c->origin, setting, "there is no place for changes: ${STATE} has no value");
		diag_hint(pl->diags, at, "set HOME or XDG_STATE_HOME");
		return false;
	}
	c->name = pl->request != NULL && pl->request->new_name != NULL ? pl->request->new_name(pl->arena, pl->request->program)
								       : "NAME";
	c->directory = path_join(pl->arena, directory, c->name);
	return true;
}

/* Whether nothing of it is on the host yet: filesystem.create, or a kept home at its first launch. */
static bool is_absent(struct planner *pl, const char *path)
{
	struct node n;
	facts_node(pl->facts, path, &n);
	return n.type == NODE_ABSENT;
}

static void divert(struct planner *pl, struct entry *e)
{
	struct plan_changes *c = &pl->plan->changes;
	struct arena *a = pl->arena;
	c->layers = arena_grow(a, c->layers, c->layer_count, &c->layer_cap, sizeof *c->layers);
	struct plan_layer *told = &c->layers[c->layer_count++];
	const char *directory = path_join(a, c->directory, arena_printf(a, "%zu", c->layer_count));
	*told = (struct plan_layer){ .path = e->path, .source = e->source, .directory = directory, .origin = e->origin };
	struct layers *l = arena_alloc(a, sizeof *l);
	e->layers = l;
	if (e->node.type == NODE_FILE) {
		told->source = path_parent(a, e->source);
		told->file = path_base(e->source);
		*l = (struct layers){ .run = directory, .copy = path_join(a, directory, arena_printf(a, "upper/%s", told->file)) };
		return;
	}
	*l = (struct layers){
		.upper = path_join(a, directory, "upper"),
		.work = path_join(a, directory, "work"),
		.run = directory,
		.lower = is_absent(pl, e->source) ? path_join(a, directory, "lower") : NULL,
		.asked = e->asked,
		.setting = e->setting,
		.origin = e->origin,
	};
	e->flags |= MOUNT_READ_ONLY;
}

static void judge(struct planner *pl, struct entry *e)
{
	const struct origin o = pl->plan->changes.origin;
	if (e->dropped || e->rank == RANK_BUILT_IN)
		return;
	if (e->layers != NULL && e->layers->upper != NULL) {
		struct diag *at = diag_error(pl->diags, e->layers->origin, e->layers->setting,
			"changes of \"%s\" are kept in \"%s\", and cannot go elsewhere as well (%s, %s)", e->asked,
			e->layers->asked, setting, origin_text(pl->arena, o));
		diag_hint(pl->diags, at, "say \"discard\" instead of the directory for this run");
		return;
	}
	if (!entry_is_writable(e))
		return;
	switch (e->node.type) {
	case NODE_FILE:
	case NODE_DIRECTORY: divert(pl, e); return;
	default: e->flags |= MOUNT_READ_ONLY; /* a socket or FIFO works all the same */
	}
}

/* What would be made on the host for such a grant is made in its upper directory, or is the empty lower one. */
static void take_creates(struct planner *pl)
{
	struct plan *plan = pl->plan;
	size_t kept = 0;
	for (size_t i = 0; i < plan->create_count; i++) {
		bool taken = false;
		for (size_t k = 0; k < plan->changes.layer_count && !taken; k++)
			taken = path_within(plan->creates[i].path, plan->changes.layers[k].source);
		if (!taken)
			plan->creates[kept++] = plan->creates[i];
	}
	plan->create_count = kept;
}

void files_divert(struct planner *pl)
{
	struct plan_changes *c = &pl->plan->changes;
	const struct value *v = &pl->p->filesystem_changes;
	struct file_tree *t = pl->files;
	c->end = v->set ? (enum choice_value)v->i : CHANGES_DIRECT;
	c->origin = v->origin;
	if (c->end == CHANGES_DIRECT || !begin(pl))
		return;
	for (size_t i = 0; i < t->count; i++)
		judge(pl, t->entries[i]);
	take_creates(pl);
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = t->entries[i];
		if (e->dropped || !entry_is_diverted(e) || e->layers->copy != NULL)
			continue;
		tree_add_create(pl, e->layers->upper, false, NULL, c->origin);
		tree_add_create(pl, e->layers->work, false, NULL, c->origin);
		if (e->layers->lower != NULL)
			tree_add_create(pl, e->layers->lower, false, NULL, c->origin);
	}
}

static void add_covered(struct planner *pl, struct plan_layer *l, const char *path)
{
	l->covered = arena_grow(pl->arena, l->covered, l->covered_count, &l->covered_cap, sizeof *l->covered);
	l->covered[l->covered_count++] = tree_move(pl->arena, path, l->path, l->source);
}

void files_tell_changes(struct planner *pl)
{
	const struct file_tree *t = pl->files;
	struct plan_changes *c = &pl->plan->changes;
	if (c->directory == NULL)
		return;
	for (size_t k = 0; k < c->layer_count; k++) {
		struct plan_layer *l = &c->layers[k];
		/* Another grant of the same path may have replaced this one; nothing is mounted then. */
		for (size_t i = 0; i < t->count; i++) {
			const struct entry *e = t->entries[i];
			if (path_below(e->path, l->path) && e->kind != ENTRY_SYMLINK)
				add_covered(pl, l, e->path);
			else if (entry_is_diverted(e) && e->layers->run == l->directory)
				l->path = e->path;
		}
	}
	if (!pl->facts->injected || pl->thorough)
		plan_guards(c, pl->arena, pl->facts);
}
