/* A root file system of its own and overlays: their entries, and names inside of a root, which no symlink in it can leave. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

/* The kernel's limit for one path. */
enum { HOP_MAX = 40 };

static int one_path(struct planner *pl, struct origin o, const char *setting, const char *text, const char **ret)
{
	const char **paths;
	size_t count;
	int err = expand_path(pl, o, setting, text, false, &paths, &count, NULL);
	if (err == 0)
		*ret = paths[0];
	return err;
}

static bool is_discarded(const struct value *upper)
{
	return upper->s == NULL || strcmp(upper->s, "discard") == 0;
}

/* A directory that keeps changes, or the work directory beside it; made when it is absent. */
static int kept_directory(struct planner *pl, const struct value *v, const char *setting, const char *path, struct resolved *r)
{
	int err = facts_resolve(pl->facts, path, r);
	if (err == -ENOENT) {
		tree_add_create(pl, r->path, false, path, v->origin);
		return 0;
	}
	if (err < 0)
		diag_error(pl->diags, v->origin, setting, "\"%s\" cannot be looked up: %s", path, strerror(-err));
	else if (r->node.type != NODE_DIRECTORY)
		diag_error(pl->diags, v->origin, setting, "\"%s\" is there, but is no directory", path);
	else
		return 0;
	return -EINVAL;
}

/* Makes the entry an overlay. What it allows is said of the host's directory, which nothing changes. */
static int lay_over(struct planner *pl, struct entry *e, const struct value *upper, const struct value *size, const char *setting)
{
	struct layers *l = arena_alloc(pl->arena, sizeof *l);
	struct resolved r, w;
	const char *path = NULL;
	*l = (struct layers){ .size = size->set ? (uint64_t)size->i : 0, .setting = setting, .origin = upper->origin };
	e->layers = l;
	e->flags |= MOUNT_READ_ONLY;
	if (is_discarded(upper))
		return 0;
	if (size->set) {
		struct diag *at = diag_error(pl->diags, size->origin, setting,
			"a size bounds discarded changes only, but those in \"%s\" are kept", upper->s);
		diag_hint(pl->diags, at, "leave it out; a quota of the file system bounds what is kept");
		return -EINVAL;
	}
	if (one_path(pl, upper->origin, setting, upper->s, &path) < 0 || kept_directory(pl, upper, setting, path, &r) < 0 ||
		kept_directory(pl, upper, setting, arena_printf(pl->arena, "%s.work", r.path), &w) < 0)
		return -EINVAL;
	l->upper = r.path;
	l->work = w.path;
	l->asked = upper->s;
	l->hops = r.hops;
	l->hop_count = r.hop_count;
	return 0;
}

static void gather_root(struct planner *pl)
{
	const struct profile *p = pl->p;
	const struct value *root = &p->filesystem_root, *mode = &p->filesystem_root_mode;
	struct entry e = {
		.kind = ENTRY_BIND,
		.rank = RANK_ASKED,
		.path = "/",
		.renamed = true,
		.asked = root->s,
		.setting = "filesystem.root",
		.origin = root->origin,
	};
	if (!root->set || one_path(pl, root->origin, e.setting, root->s, &e.source) < 0)
		return;
	if (mode->i == ROOT_OVERLAY) {
		if (lay_over(pl, &e, &p->filesystem_root_upper, &p->filesystem_root_size, "filesystem.root_upper") < 0)
			return;
	} else if (!is_discarded(&p->filesystem_root_upper) || p->filesystem_root_size.set) {
		const struct value *v = p->filesystem_root_size.set ? &p->filesystem_root_size : &p->filesystem_root_upper;
		diag_error(pl->diags, v->origin, "filesystem.root_upper",
			"where changes of the root go only matters with root_mode = \"overlay\"");
	}
	if (mode->i != ROOT_WRITABLE)
		e.flags |= MOUNT_READ_ONLY;
	pl->files->top = tree_add(pl, &e);
}

void files_gather_layers(struct planner *pl)
{
	const struct records *list = &pl->p->filesystem_overlay;
	gather_root(pl);
	for (size_t i = 0; i < list->count; i++) {
		const struct record *r = &list->items[i];
		const struct value *path = MEMBER_OF(r, overlay, path);
		struct entry e = {
			.kind = ENTRY_BIND,
			.asked = path->s,
			.setting = "filesystem.overlay",
			.origin = r->origin,
		};
		if (path->s == NULL || one_path(pl, path->origin, "filesystem.overlay.path", path->s, &e.path) < 0)
			continue;
		e.source = e.path;
		if (lay_over(pl, &e, MEMBER_OF(r, overlay, upper), MEMBER_OF(r, overlay, size), e.setting) == 0)
			tree_add_asked(pl, &e);
	}
}

/* What the program can write to past the overlay would change below overlayfs, which then promises nothing. */
static void check_upper(struct planner *pl, const struct entry *e)
{
	const struct layers *l = e->layers;
	const struct file_tree *t = pl->files;
	if (path_within(l->upper, e->source) || path_within(e->source, l->upper) || path_within(e->source, l->work)) {
		diag_error(pl->diags, l->origin, l->setting, "\"%s\" and %s lie in one another: changes have to be kept elsewhere",
			l->asked, e->source);
		return;
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *w = t->entries[i];
		const struct layers *other = w->dropped ? NULL : w->layers;
		if (entry_is_writable(w) && (path_within(l->upper, w->source) || path_within(l->work, w->source))) {
			diag_error(pl->diags, l->origin, l->setting, "\"%s\" lies in \"%s\", which the program may change (%s)",
				l->asked, w->asked, origin_text(pl->arena, w->origin));
			return;
		}
		if (w != e && other != NULL && other->upper != NULL && strcmp(other->upper, l->upper) == 0 &&
			strcmp(w->path, e->path) > 0) {
			diag_error(pl->diags, l->origin, l->setting, "\"%s\" keeps the changes of two directories: %s and %s",
				l->asked, e->path, w->path);
			return;
		}
	}
}

void files_check_layers(struct planner *pl)
{
	struct file_tree *t = pl->files;
	for (size_t i = 0; i < t->count; i++) {
		struct entry *e = t->entries[i];
		if (e->dropped || (e->layers == NULL && e != t->top))
			continue;
		if (e->node.type != NODE_DIRECTORY) {
			diag_error(pl->diags, e->origin, e->setting,
				e == t->top ? "\"%s\" is no directory and no file" : "\"%s\" is no directory", e->asked);
			e->dropped = true;
		} else if (e == t->top && strcmp(e->source, "/") == 0) {
			struct diag *at = diag_error(pl->diags, e->origin, e->setting, "\"%s\" is the host's own root", e->asked);
			diag_hint(pl->diags, at,
				"filesystem.read_only = [ \"/\" ] shows it, filesystem.overlay lays changes over a directory");
			e->dropped = true;
		} else if (e->layers != NULL && e->layers->upper != NULL) {
			check_upper(pl, e);
		}
	}
	if (t->top != NULL && t->top->dropped)
		t->top = NULL;
}

/* Whether all that leads from `base` to the name are directories: then no symlink can lead a look-up away. */
static bool is_plain_way(struct planner *pl, const char *base, const char *path)
{
	size_t from = strlen(base);
	for (const char *slash = strchr(path + from + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		struct node n;
		tree_node(pl, arena_strndup(pl->arena, path, (size_t)(slash - path)), &n);
		if (n.type != NODE_DIRECTORY)
			return false;
	}
	return true;
}

const char *tree_shown(struct planner *pl, const struct entry *grant, const char *path)
{
	const char *lower = tree_move(pl->arena, path, grant->path, grant->source);
	if (grant->layers == NULL || grant->layers->upper == NULL || strcmp(path, grant->path) == 0)
		return lower;
	const char *upper = tree_move(pl->arena, path, grant->path, grant->layers->upper);
	struct node n = { .type = NODE_ABSENT };
	if (is_plain_way(pl, grant->layers->upper, upper))
		tree_node(pl, upper, &n);
	return n.type != NODE_ABSENT || !is_plain_way(pl, grant->source, lower) ? upper : lower;
}

void tree_shown_node(struct planner *pl, const struct entry *grant, const char *path, struct node *ret)
{
	const char *host = tree_shown(pl, grant, path);
	*ret = (struct node){ .type = NODE_ABSENT };
	if (!is_plain_way(pl, path_within(host, grant->source) ? grant->source : grant->layers->upper, host))
		return;
	tree_node(pl, host, ret);
	/* A whiteout: the lower name was removed. */
	if (grant->layers != NULL && ret->type == NODE_DEVICE && ret->rdev == 0)
		ret->type = NODE_ABSENT;
}

/* chroot(2)'s walk for an entry's name; what is put into the root by another entry is not walked through. */
static int walk_in_root(struct planner *pl, const struct entry *e, const char **ret)
{
	struct file_tree *t = pl->files;
	const char *at = "/", *rest = e->path;
	unsigned hops = 0;
	for (;;) {
		rest += strspn(rest, "/");
		size_t n = strcspn(rest, "/");
		if (n == 0)
			break;
		const char *part = arena_strndup(pl->arena, rest, n);
		rest += n;
		if (strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			at = path_parent(pl->arena, at);
			continue;
		}
		const char *here = path_join(pl->arena, at, part);
		const struct entry *cover = tree_deepest(t, here);
		bool last = rest[strspn(rest, "/")] == '\0';
		struct node node = { .type = NODE_ABSENT };
		/* A hidden name is the link itself. */
		if ((cover == t->top || cover == e) && !(last && e->kind == ENTRY_HIDE))
			tree_shown_node(pl, t->top, here, &node);
		at = here;
		if (node.type != NODE_SYMLINK)
			continue;
		if (++hops > HOP_MAX)
			return -ELOOP;
		at = node.link[0] == '/' ? "/" : path_parent(pl->arena, here);
		rest = arena_printf(pl->arena, "%s%s", node.link, rest);
	}
	*ret = at;
	return 0;
}

void files_resolve_in_root(struct planner *pl)
{
	struct file_tree *t = pl->files;
	/* Sorted: what lies above has found its place before what is put into it. */
	for (size_t i = 0; i < t->count; i++) {
		struct entry *e = t->entries[i];
		if (e == t->top || e->dropped || (e->rank != RANK_ASKED && e->rank != RANK_HOME))
			continue;
		const char *path = e->path;
		int err = walk_in_root(pl, e, &path);
		if (err == 0 && path[1] != '\0') {
			e->path = path;
			continue;
		}
		e->dropped = true;
		if (err < 0)
			diag_error(pl->diags, e->origin, e->setting, "\"%s\" cannot be looked up in %s: %s", e->asked,
				t->top->source, strerror(-err));
		else
			diag_error(pl->diags, e->origin, e->setting,
				"\"%s\" is a symbolic link to / in %s: nothing can be put there", e->asked, t->top->source);
	}
}
