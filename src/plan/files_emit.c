/* From the tree of spots to mount operations, and the rebuilding of directories that cannot be bound as they are. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

/* What of an entry's flags is about access, and goes on to what is below it. */
enum { ACCESS = MOUNT_READ_ONLY | MOUNT_NOEXEC | MOUNT_DEVICES };

/* A directory inside, before its own spots are put into it. */
struct place {
	bool ours; /* in a file system of ours: names have to be made */
	const char *host; /* the host's directory that it shows, or NULL */
	const struct entry *grant; /* that shows it; NULL without host */
};

static void emit_spot(struct planner *pl, const struct spot *s, const struct place *in);

struct mount_op *tree_add_op(struct planner *pl, enum mount_kind kind, const char *target, const struct entry *e)
{
	struct plan *plan = pl->plan;
	plan->mounts = arena_grow(pl->arena, plan->mounts, plan->mount_count, &pl->files->mount_cap, sizeof *plan->mounts);
	struct mount_op *op = &plan->mounts[plan->mount_count++];
	*op = (struct mount_op){ .kind = kind, .target = target };
	if (e != NULL) {
		op->asked = e->asked;
		op->why = e->why;
		op->origin = e->origin;
	}
	return op;
}

bool tree_has_content(const struct spot *s)
{
	if (s->entry != NULL && s->entry->kind != ENTRY_HIDE && (s->entry->kind != ENTRY_FILE || s->entry->guarded))
		return true;
	for (const struct spot *c = s->first; c != NULL; c = c->next)
		if (tree_has_content(c))
			return true;
	return false;
}

/* The first spot, at or below this one, that a host directory without this name cannot serve. */
static const struct spot *wants_name(const struct spot *s)
{
	if (s->entry != NULL && (s->entry->kind != ENTRY_FILE || s->entry->guarded))
		return s;
	for (const struct spot *c = s->first; c != NULL; c = c->next) {
		const struct spot *found = wants_name(c);
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* A grant below a grant that says nothing new. */
static bool is_redundant(const struct entry *e, const char *host, const struct entry *grant)
{
	return e->kind == ENTRY_BIND && !e->guarded && e->layers == NULL && grant->layers == NULL &&
		(e->flags & ACCESS) == (grant->flags & ACCESS) && strcmp(e->source, host) == 0;
}

static const struct spot *rebuild_reason(struct planner *pl, const struct spot *s, const char *host, const struct entry *grant);

/* The same for one child: `host` is the name of it that the bound directory would show. */
static const struct spot *child_reason(struct planner *pl, const struct spot *c, const char *host, const struct entry *grant)
{
	const struct entry *e = c->entry;
	struct node n;
	tree_node(pl, host, &n);
	if (e == NULL)
		return n.type == NODE_DIRECTORY ? rebuild_reason(pl, c, host, grant) : wants_name(c);
	bool fits = false;
	switch (e->kind) {
	case ENTRY_HIDE:
	case ENTRY_DIRECTORY: break;
	case ENTRY_SERVED:
		fits = !e->guarded && n.type == NODE_FILE;
		break; /* guarded: the host's could come to light by a rename */
	case ENTRY_BIND:
		if (is_redundant(e, host, grant))
			return e->node.type == NODE_DIRECTORY ? rebuild_reason(pl, c, host, e) : NULL;
		fits = !e->guarded && (n.type == NODE_DIRECTORY) == ((e->flags & MOUNT_ON_FILE) == 0) && n.type != NODE_SYMLINK &&
			n.type != NODE_ABSENT;
		break;
	case ENTRY_TMPFS:
	case ENTRY_PROC:
	case ENTRY_DEVPTS:
	case ENTRY_MQUEUE: fits = n.type == NODE_DIRECTORY; break;
	case ENTRY_SYMLINK: fits = !e->guarded && n.type == NODE_SYMLINK && strcmp(n.link, e->link) == 0; break;
	case ENTRY_FILE: fits = n.type == NODE_FILE || (n.type == NODE_ABSENT && !e->guarded); break;
	}
	return fits ? NULL : c;
}

/*
 * Why the host's directory cannot be bound at this spot as it is: the spot below it that would have no mount point, must not
 * be there, or could be walked around.  NULL when it can.
 */
static const struct spot *rebuild_reason(struct planner *pl, const struct spot *s, const char *host, const struct entry *grant)
{
	for (const struct spot *c = s->first; c != NULL; c = c->next) {
		const struct spot *found = child_reason(pl, c, path_join(pl->arena, host, c->name), grant);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static const char *rebuilt_why(struct planner *pl, const struct spot *cause)
{
	const struct entry *e = cause->entry;
	const char *reason = e == NULL || (!e->guarded && e->kind != ENTRY_HIDE) ? "is put into it"
		: e->kind == ENTRY_HIDE                                          ? "must not be there"
										 : "is protected";
	return arena_printf(pl->arena, "rebuilt, because %s %s", cause->path, reason);
}

/* A name of a rebuilt directory that nobody said anything about. */
static void emit_host_child(struct planner *pl, const struct place *in, const char *target, const char *host)
{
	struct node n;
	tree_node(pl, host, &n);
	if (n.type == NODE_ABSENT || n.type == NODE_UNREADABLE)
		return;
	struct mount_op *op = tree_add_op(pl, n.type == NODE_SYMLINK ? MOUNT_SYMLINK : MOUNT_BIND, target, in->grant);
	if (n.type == NODE_SYMLINK) {
		op->source = n.link;
		return;
	}
	op->source = host;
	op->flags = (in->grant->flags & ACCESS) | MOUNT_MAKE | MOUNT_MAY_VANISH | (n.type == NODE_DIRECTORY ? 0 : MOUNT_ON_FILE);
}

/* What is in a directory: spots in the order of their names and, in a rebuilt one, the host's other names. */
static void emit_children(struct planner *pl, const struct spot *s, const struct place *in)
{
	const char **names = NULL;
	size_t count = 0, i = 0;
	if (in->ours && in->host != NULL) {
		int err = tree_list(pl, in->host, &names, &count);
		if (err < 0)
			diag_error(pl->diags, in->grant->origin, in->grant->setting,
				"%s has to be taken apart, because something below it is kept from the program or put into it, but cannot be listed: %s",
				in->host, strerror(-err));
	}
	for (const struct spot *c = s->first; c != NULL || i < count;) {
		int order = c == NULL ? 1 : i == count ? -1 : strcmp(c->name, names[i]);
		if (order > 0) {
			emit_host_child(pl, in, path_join(pl->arena, s->path, names[i]), path_join(pl->arena, in->host, names[i]));
			i++;
			continue;
		}
		emit_spot(pl, c, in);
		c = c->next;
		if (order == 0)
			i++;
	}
}

/*
 * Whether something is mounted below this spot, which shows the host's directory, that the program could walk around: a mount
 * point cannot be renamed, but a directory above it can, and the mount goes along with it.
 */
static bool needs_pin(struct planner *pl, const struct spot *s, const char *host, const struct entry *grant)
{
	if (!entry_is_writable(grant))
		return false;
	for (const struct spot *c = s->first; c != NULL; c = c->next) {
		const struct entry *e = c->entry;
		const char *child = path_join(pl->arena, host, c->name);
		bool same = e == NULL || is_redundant(e, child, grant);
		if ((!same && e->kind != ENTRY_SYMLINK) || (same && needs_pin(pl, c, child, grant)))
			return true;
	}
	return false;
}

/* Nothing can be below a file; says so for the first line that asks for it. */
static void refuse_below(struct planner *pl, const struct spot *s, const struct entry *e)
{
	for (const struct spot *c = s->first; c != NULL; c = c->next) {
		if (c->entry != NULL && c->entry->rank >= RANK_HOME && c->entry->kind != ENTRY_HIDE) {
			diag_error(pl->diags, c->entry->origin, c->entry->setting,
				"\"%s\" lies below %s, which is no directory (%s)", c->entry->asked, s->path,
				origin_text(pl->arena, e->origin));
			return;
		}
		refuse_below(pl, c, e);
	}
}

/* A spot without an entry of its own, or a hidden one. */
static void emit_between(struct planner *pl, const struct spot *s, const struct place *in)
{
	bool hidden = s->entry != NULL;
	const char *host = in->host != NULL && !hidden ? path_join(pl->arena, in->host, s->name) : NULL;
	struct node n = { .type = NODE_ABSENT };
	if (host != NULL)
		tree_node(pl, host, &n);
	if (n.type != NODE_DIRECTORY) {
		bool file = host != NULL && n.type != NODE_ABSENT && n.type != NODE_SYMLINK && n.type != NODE_UNREADABLE;
		if (file)
			refuse_below(pl, s, in->grant);
		if (in->ours && tree_has_content(s)) {
			tree_add_op(pl, MOUNT_DIRECTORY, s->path, NULL)->mode = 0755;
			emit_children(pl, s, &(struct place){ .ours = true });
		} else if (in->ours && host != NULL)
			emit_host_child(pl, in, s->path, host);
		return;
	}
	struct place here = { .ours = in->ours, .host = host, .grant = in->grant };
	const struct spot *cause = in->ours ? rebuild_reason(pl, s, host, in->grant) : NULL;
	if (cause != NULL) {
		struct mount_op *op = tree_add_op(pl, MOUNT_DIRECTORY, s->path, in->grant);
		/* The owner must be able to make names in it, whatever the host's directory says. */
		op->mode = (n.mode & 0777) | 0700;
		op->why = rebuilt_why(pl, cause);
	} else if (in->ours) {
		emit_host_child(pl, in, s->path, host);
		here.ours = false;
	} else if (needs_pin(pl, s, host, in->grant)) {
		struct mount_op *op = tree_add_op(pl, MOUNT_BIND, s->path, in->grant);
		op->source = host;
		op->flags = (in->grant->flags & ACCESS) | MOUNT_IN_BIND;
		op->why = "pinned: what is mounted below it must not be walked around";
	}
	emit_children(pl, s, &here);
}

/* A file in the place of a directory that is granted, or the other way round, is hardly what was meant. */
static void refuse_other_type(struct planner *pl, const struct spot *s, const struct place *in)
{
	const struct entry *e = s->entry;
	struct node n;
	if (in->host == NULL || !e->renamed || e->rank != RANK_ASKED)
		return;
	tree_node(pl, path_join(pl->arena, in->host, s->name), &n);
	bool here = e->node.type == NODE_DIRECTORY, there = n.type == NODE_DIRECTORY;
	if (here == there || n.type == NODE_ABSENT || n.type == NODE_SYMLINK || n.type == NODE_UNREADABLE)
		return;
	struct diag *at = diag_error(pl->diags, e->origin, e->setting, "\"%s\" is %s, but %s is %s in what is granted by %s",
		e->asked, here ? "a directory" : "a file", s->path, there ? "a directory" : "a file",
		origin_text(pl->arena, in->grant->origin));
	diag_hint(pl->diags, at, "give it another name inside%s", there ? ", or one below that directory" : "");
}

static void emit_bind(struct planner *pl, const struct spot *s, const struct place *in)
{
	const struct entry *e = s->entry;
	refuse_other_type(pl, s, in);
	const unsigned where = in->ours ? MOUNT_MAKE : MOUNT_IN_BIND;
	struct place here = { .host = e->source, .grant = e };
	if (e->layers != NULL && e->layers->copy == NULL) {
		files_emit_overlay(pl, s, where);
		return;
	}
	if (e->node.type != NODE_DIRECTORY) {
		/* Without a mount of its own it can also be replaced by a rename. */
		if (!in->ours && in->host != NULL && is_redundant(e, path_join(pl->arena, in->host, s->name), in->grant))
			return;
		struct mount_op *op = tree_add_op(pl, MOUNT_BIND, s->path, e);
		op->source = e->layers != NULL ? e->layers->copy : e->source;
		op->flags = e->flags | where;
		refuse_below(pl, s, e);
		return;
	}
	const struct spot *cause = rebuild_reason(pl, s, e->source, e);
	if (cause != NULL) {
		struct mount_op *op = tree_add_op(pl, MOUNT_TMPFS, s->path, e);
		/* A name made here would be gone at the end without a word, so none can be made. */
		op->flags = (e->flags & MOUNT_NOEXEC) | MOUNT_READ_ONLY | where;
		op->mode = (e->node.mode & 01777) | 0700;
		op->why = rebuilt_why(pl, cause);
		here.ours = true;
	} else if (in->ours || in->host == NULL || !is_redundant(e, path_join(pl->arena, in->host, s->name), in->grant) ||
		needs_pin(pl, s, e->source, e)) {
		struct mount_op *op = tree_add_op(pl, MOUNT_BIND, s->path, e);
		op->source = e->source;
		op->flags = e->flags | where;
	}
	emit_children(pl, s, &here);
}

static void emit_file(struct planner *pl, const struct spot *s, const struct place *in)
{
	const struct entry *e = s->entry;
	struct node n = { .type = NODE_ABSENT };
	if (in->host != NULL)
		tree_node(pl, path_join(pl->arena, in->host, s->name), &n);
	if (n.type == NODE_ABSENT && !e->guarded)
		return;
	struct mount_op *op = tree_add_op(pl, MOUNT_FILE, s->path, e);
	op->mode = e->mode;
	op->content = e->content;
	if (!in->ours)
		op->flags = MOUNT_OVER | MOUNT_IN_BIND | MOUNT_ON_FILE | MOUNT_READ_ONLY;
}

static void emit_spot(struct planner *pl, const struct spot *s, const struct place *in)
{
	const struct entry *e = s->entry;
	const unsigned where = in->ours ? MOUNT_MAKE : MOUNT_IN_BIND;
	struct mount_op *op;
	if (e == NULL || (e->kind == ENTRY_HIDE && (in->ours || in->host != NULL))) {
		emit_between(pl, s, in);
		return;
	}
	switch (e->kind) {
	case ENTRY_HIDE: /* in an overlay, with something to show below it */
		op = tree_add_op(pl, MOUNT_TMPFS, s->path, e);
		op->flags = MOUNT_READ_ONLY | where;
		op->mode = 0755;
		break;
	case ENTRY_BIND: emit_bind(pl, s, in); return;
	case ENTRY_FILE: emit_file(pl, s, in); return;
	case ENTRY_SYMLINK:
		if (in->ours)
			tree_add_op(pl, MOUNT_SYMLINK, s->path, e)->source = e->link;
		refuse_below(pl, s, e);
		return;
	case ENTRY_TMPFS:
		op = tree_add_op(pl, MOUNT_TMPFS, s->path, e);
		op->flags = (e->flags & (MOUNT_READ_ONLY | MOUNT_NOEXEC)) | where;
		op->mode = e->mode;
		op->size = e->size;
		op->inodes = e->inodes;
		break;
	case ENTRY_DIRECTORY:
		op = tree_add_op(pl, in->ours ? MOUNT_DIRECTORY : MOUNT_TMPFS, s->path, e);
		op->mode = e->mode;
		if (!in->ours)
			op->flags = MOUNT_READ_ONLY | MOUNT_NOEXEC | where;
		break;
	case ENTRY_PROC: tree_add_op(pl, MOUNT_PROC, s->path, e)->flags = where | (e->flags & MOUNT_READ_ONLY); break;
	case ENTRY_DEVPTS: tree_add_op(pl, MOUNT_DEVPTS, s->path, e)->flags = where; break;
	case ENTRY_MQUEUE: tree_add_op(pl, MOUNT_MQUEUE, s->path, e)->flags = where; break;
	case ENTRY_SERVED:
		op = tree_add_op(pl, MOUNT_SERVED, s->path, e);
		op->flags = MOUNT_ON_FILE | MOUNT_READ_ONLY | where | (e->served == SERVED_OPENER ? 0U : MOUNT_NOEXEC);
		op->served = e->served;
		refuse_below(pl, s, e);
		return;
	}
	emit_children(pl, s, &(struct place){ .ours = true });
}

void tree_emit_mounted(struct planner *pl, const struct spot *s)
{
	emit_spot(pl, s, &(struct place){ .ours = false });
}

void files_emit(struct planner *pl)
{
	const struct spot *root = pl->files->root;
	if (root->entry != NULL && root->entry->layers != NULL) {
		files_emit_overlay(pl, root, 0);
		return;
	}
	struct place top = { .ours = true };
	if (root->entry != NULL && root->entry->kind == ENTRY_BIND) {
		/* "/" itself stays ours; what is in the host's is bound name by name. */
		top.host = root->entry->source;
		top.grant = root->entry;
	}
	emit_children(pl, root, &top);
}
