/* What the entries of the file tree are on the host: sources, and symlinks in them and in their names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

/* The kernel's limit for one path; here it also ends names that go round in a circle. */
enum { HOP_MAX = 40 };

/* NODE_ABSENT for a path that will not be made. */
static enum node_type will_be_made(const struct file_tree *t, const char *path)
{
	for (size_t i = 0; t != NULL && i < t->created_count; i++)
		if (path_within(t->created[i].path, path))
			return t->created[i].file && strcmp(t->created[i].path, path) == 0 ? NODE_FILE : NODE_DIRECTORY;
	return NODE_ABSENT;
}

static struct node made_node(const struct planner *pl, enum node_type type)
{
	return (struct node){ .type = type, .mode = type == NODE_FILE ? 0600 : 0700, .uid = pl->plan->uid };
}

void tree_add_create(struct planner *pl, const char *path, bool file, const char *asked, struct origin o)
{
	struct file_tree *t = pl->files;
	struct plan *plan = pl->plan;
	if (will_be_made(t, path) != NODE_ABSENT)
		return;
	t->created = arena_grow(pl->arena, t->created, t->created_count, &t->created_cap, sizeof *t->created);
	t->created[t->created_count++] = (struct made){ .path = path, .file = file };
	plan->creates = arena_grow(pl->arena, plan->creates, plan->create_count, &t->create_cap, sizeof *plan->creates);
	plan->creates[plan->create_count++] = (struct create_op){ .path = path, .file = file, .asked = asked, .origin = o };
}

void tree_node(struct planner *pl, const char *path, struct node *ret)
{
	facts_node(pl->facts, path, ret);
	enum node_type made = ret->type == NODE_ABSENT ? will_be_made(pl->files, path) : NODE_ABSENT;
	if (made != NODE_ABSENT)
		*ret = made_node(pl, made);
}

int tree_resolve(struct planner *pl, const char *path, struct resolved *ret)
{
	int err = facts_resolve(pl->facts, path, ret);
	enum node_type made = err == -ENOENT ? will_be_made(pl->files, ret->path) : NODE_ABSENT;
	if (made == NODE_ABSENT)
		return err;
	ret->node = made_node(pl, made);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int tree_list(struct planner *pl, const char *path, const char ***ret_names, size_t *ret_count)
{
	const struct file_tree *t = pl->files;
	int err = facts_list(pl->facts, path, ret_names, ret_count);
	const struct image *m = &pl->plan->image;
	bool will_be_unpacked = m->absent && path_within(path, m->entry);
	if (err == -ENOENT && (will_be_unpacked || will_be_made(t, path) == NODE_DIRECTORY))
		err = 0;
	if (err < 0)
		return err;
	size_t cap = *ret_count, count = *ret_count;
	for (size_t i = 0; i < t->created_count; i++) {
		const char *made = t->created[i].path;
		if (!path_below(made, path))
			continue;
		const char *rest = made + (path[1] == '\0' ? 1 : strlen(path) + 1);
		const char *name = arena_strndup(pl->arena, rest, strcspn(rest, "/"));
		bool known = false;
		for (size_t k = 0; k < count && !known; k++)
			known = strcmp((*ret_names)[k], name) == 0;
		if (known)
			continue;
		*ret_names = arena_grow(pl->arena, *ret_names, count, &cap, sizeof **ret_names);
		(*ret_names)[count++] = name;
	}
	if (count > *ret_count)
		qsort(*ret_names, count, sizeof **ret_names, by_name);
	*ret_count = count;
	return 0;
}

const char *tree_move(struct arena *a, const char *path, const char *from, const char *to)
{
	const char *rest = path + (from[1] == '\0' ? 0 : strlen(from));
	return *rest == '\0' || strcmp(rest, "/") == 0 ? to : path_join(a, to, rest);
}

struct entry *tree_deepest(struct file_tree *t, const char *path)
{
	struct entry *best = NULL;
	size_t length = 0;
	for (size_t i = 0; i < t->count; i++) {
		struct entry *e = t->entries[i];
		size_t n = strlen(e->path);
		if (!e->dropped && e->rank != RANK_PROTECTED && (best == NULL || n > length) && path_within(path, e->path)) {
			best = e;
			length = n;
		}
	}
	return best;
}

static void absent(struct planner *pl, struct entry *e)
{
	e->dropped = true;
	if (e->optional || e->pattern)
		return;
	struct diag *at = diag_error(pl->diags, e->origin, e->setting, "\"%s\": no such file or directory", e->asked);
	if (strcmp(e->setting, "filesystem.binds") == 0)
		diag_hint(pl->diags, at, "write optional = true when it may be absent, or list it in filesystem.create");
	else if (strcmp(e->setting, "filesystem.root") == 0)
		diag_hint(pl->diags, at, "it has to be a directory with another system's tree, or a tar archive of one");
	else if (e->layers != NULL)
		diag_hint(pl->diags, at, "list it in filesystem.create when it is to be made");
	else if (e->rank == RANK_HOME)
		diag_hint(pl->diags, at, "filesystem.home = \"private\" needs no home directory on the host");
	else
		diag_hint(pl->diags, at, "write \"-%s\" when it may be absent, or list it in filesystem.create", e->asked);
}

/*
 * /etc/mtab and the like lead into /proc. The name can stay, and then shows the sandbox's own; the host's cannot be shown.
 * Returns whether the entry was one of these.
 */
static bool resolve_proc(struct planner *pl, struct entry *e, const struct resolved *r)
{
	bool into_proc = path_within(r->path, "/proc");
	for (size_t i = 0; i < r->hop_count; i++)
		into_proc |= path_within(r->hops[i].target, "/proc");
	if (!into_proc)
		return false;
	struct node n;
	tree_node(pl, e->source, &n);
	bool stays =
		n.type == NODE_SYMLINK && !e->renamed && path_within(r->path, "/proc") && strcmp(r->hops[0].link, e->source) == 0;
	if (stays) {
		e->kind = ENTRY_SYMLINK;
		e->link = n.link;
		return true;
	}
	e->dropped = true;
	if (!e->pattern)
		diag_error(pl->diags, e->origin, e->setting, "\"%s\" leads to %s: the host's /proc cannot be shown", e->asked,
			r->path);
	return true;
}

/* devices.nodes gives what works as a device; anything else there would be a writable grant that says it is something else. */
static bool is_device(const struct resolved *r)
{
	return r->node.type == NODE_DEVICE || (r->node.type == NODE_DIRECTORY && path_within(r->path, "/dev"));
}

/*
 * What is protected is granted to who names it; a symlink that leads there does not, because a program may have put it where it
 * was let write, for the next one to be started on.  Those of root are the system's own.
 */
static bool refuse_protected(struct planner *pl, const struct entry *e, const struct resolved *r)
{
	bool others = false;
	for (size_t i = 0; i < r->hop_count && !others; i++) {
		struct node n;
		tree_node(pl, r->hops[i].link, &n);
		others = n.uid != 0;
	}
	if (!others || e->rank != RANK_ASKED)
		return false;
	const char *why = tree_protected(pl, r->path, entry_is_writable(e));
	if (why == NULL || tree_protected(pl, e->source, true) != NULL)
		return false;
	struct diag *at =
		diag_error(pl->diags, e->origin, e->setting, "\"%s\" leads to %s, which is protected: %s", e->asked, r->path, why);
	diag_hint(pl->diags, at, "name %s itself when that is meant", r->path);
	return true;
}

static void resolve_grant(struct planner *pl, struct entry *e)
{
	struct resolved r;
	int err = tree_resolve(pl, e->source, &r);
	if (r.hop_count > 0 && resolve_proc(pl, e, &r))
		return;
	if (err == -ENOENT) {
		absent(pl, e);
		return;
	}
	if (err < 0 && e->optional) {
		/* Nothing that this user may not look at can be shown; whether it is there makes no difference. */
		e->dropped = true;
		return;
	}
	if (err < 0) {
		e->dropped = true;
		struct diag *at =
			diag_error(pl->diags, e->origin, e->setting, "\"%s\" cannot be looked up: %s", e->asked, strerror(-err));
		if (err == -EACCES)
			diag_hint(pl->diags, at, "this user may not search a directory on the way to it");
		return;
	}
	if ((e->flags & MOUNT_DEVICES) != 0 && !is_device(&r)) {
		e->dropped = true;
		if (!e->pattern)
			diag_error(pl->diags, e->origin, e->setting, "\"%s\" is no device, and no directory of devices below /dev",
				e->asked);
		return;
	}
	if (r.hop_count > 0 && refuse_protected(pl, e, &r)) {
		e->dropped = true;
		return;
	}
	e->source = r.path;
	/* A symlink can lead to what may not be granted by its own name; a root has words of its own for that. */
	if (e != pl->files->top && !tree_allows_source(pl, e)) {
		e->dropped = true;
		return;
	}
	e->node = r.node;
	e->hops = r.hops;
	e->hop_count = r.hop_count;
	if (r.node.type != NODE_DIRECTORY)
		e->flags |= MOUNT_ON_FILE;
	if (e->optional)
		e->flags |= MOUNT_MAY_VANISH;
}

/*
 * The program can turn a symlink in a directory that it may write to wherever it likes, and the next start would grant that.
 * So such a link may lead around inside of that directory only.
 */
const struct hop *tree_planted(
	struct planner *pl, const char *source, const struct hop *hops, size_t hop_count, const struct entry **ret_grant)
{
	struct file_tree *t = pl->files;
	struct resolved home = { .path = "" };
	if (pl->facts->home[0] == '/')
		(void)tree_resolve(pl, pl->facts->home, &home); /* an absent home has no links either */
	for (size_t i = 0; i < hop_count; i++) {
		/* The home directory and those above it are always rebuilt when they are granted: no name in them can be changed. */
		if (path_within(home.path, path_parent(pl->arena, hops[i].link)))
			continue;
		for (size_t k = 0; k < t->count; k++) {
			const struct entry *w = t->entries[k];
			if (!entry_is_writable(w) || w->rank == RANK_BUILT_IN || !path_below(hops[i].link, w->source) ||
				path_within(source, w->source))
				continue;
			*ret_grant = w;
			return &hops[i];
		}
	}
	return NULL;
}

static void refuse_planted(struct planner *pl, struct origin o, const char *setting, const char *asked, const char *source,
	const struct hop *hops, size_t hop_count)
{
	const struct entry *w = NULL;
	const struct hop *hop = tree_planted(pl, source, hops, hop_count, &w);
	if (hop == NULL)
		return;
	struct diag *at = diag_error(pl->diags, o, setting,
		"\"%s\" goes through %s, a symbolic link that the program may change (%s, %s), and leads out of there to %s", asked,
		hop->link, w->setting, origin_text(pl->arena, w->origin), source);
	diag_hint(pl->diags, at, "name %s itself", source);
}

void files_resolve_sources(struct planner *pl)
{
	struct file_tree *t = pl->files;
	for (size_t i = 0; i < t->count; i++) {
		struct entry *e = t->entries[i];
		if (e->kind == ENTRY_BIND && e->rank != RANK_BUILT_IN)
			resolve_grant(pl, e);
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = t->entries[i];
		if (entry_is_grant(e) && e->hop_count > 0)
			refuse_planted(pl, e->origin, e->setting, e->asked, e->source, e->hops, e->hop_count);
		const struct layers *l = e->dropped ? NULL : e->layers;
		if (l != NULL && l->hop_count > 0)
			refuse_planted(pl, l->origin, l->setting, l->asked, l->upper, l->hops, l->hop_count);
	}
	for (size_t i = 0; i < pl->plan->create_count; i++) {
		const struct create_op *c = &pl->plan->creates[i];
		struct resolved r;
		const char *path;
		if (expand_quietly(pl, c->asked, &path) == 0 && tree_resolve(pl, path, &r) == 0 && r.hop_count > 0)
			refuse_planted(pl, c->origin, "filesystem.create", c->asked, c->path, r.hops, r.hop_count);
	}
}

bool tree_is_shown(struct file_tree *t, const char *path, const struct entry *besides)
{
	const struct entry *e = tree_deepest(t, path);
	return e != NULL && e != besides && e->kind == ENTRY_BIND && strcmp(e->path, e->source) == 0;
}

/*
 * Whether the symlink at `link` (a host path without symlinks in front of the last component) may stand inside as it is:
 * everything that it leads over is shown under its own name.
 */
static bool stays_symlink(struct planner *pl, const char *link, const struct entry *self, struct resolved *r)
{
	if (tree_resolve(pl, link, r) < 0 || !tree_is_shown(pl->files, r->path, self))
		return false;
	for (size_t i = 1; i < r->hop_count; i++) {
		const struct entry *e = tree_deepest(pl->files, r->hops[i].link);
		bool link_too = e != NULL && e->kind == ENTRY_SYMLINK && strcmp(e->path, r->hops[i].link) == 0;
		if (!link_too && !tree_is_shown(pl->files, r->hops[i].link, self))
			return false;
	}
	return true;
}

/* The first symlink among the directories of a path, or NULL. */
static const char *link_on_the_way(struct planner *pl, const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		const char *dir = arena_strndup(pl->arena, path, (size_t)(slash - path));
		struct node n;
		tree_node(pl, dir, &n);
		if (n.type == NODE_SYMLINK)
			return dir;
		if (n.type != NODE_DIRECTORY)
			return NULL;
	}
	return NULL;
}

/* "/lib/x" with /lib a symlink to usr/lib that stays one inside is really the name /usr/lib/x. */
static void move_behind_links(struct planner *pl, struct entry *e)
{
	struct file_tree *t = pl->files;
	const char *link;
	for (int i = 0; i < HOP_MAX && (link = link_on_the_way(pl, e->path)) != NULL; i++) {
		const struct entry *cover = tree_deepest(t, link);
		struct resolved r;
		bool own_name = cover != NULL && cover != e && cover->kind == ENTRY_BIND && !cover->renamed &&
			(strcmp(cover->path, link) == 0 || strcmp(cover->path, cover->source) == 0);
		if (!own_name || !stays_symlink(pl, link, strcmp(cover->path, link) == 0 ? cover : NULL, &r))
			return;
		e->path = tree_move(pl->arena, e->path, link, r.path);
	}
}

/* A granted name that is a symlink on the host. */
static void keep_symlink(struct planner *pl, struct entry *e)
{
	const unsigned access = MOUNT_READ_ONLY | MOUNT_NOEXEC | MOUNT_DEVICES;
	struct node n;
	struct resolved r;
	tree_node(pl, e->path, &n);
	if (n.type != NODE_SYMLINK || link_on_the_way(pl, e->path) != NULL || !stays_symlink(pl, e->path, e, &r))
		return;
	const struct entry *cover = tree_deepest(pl->files, r.path);
	struct entry target = *e;
	bool more = cover != NULL && strcmp(cover->path, r.path) != 0 && (e->flags & access) != (cover->flags & access) &&
		((e->flags & MOUNT_READ_ONLY) == 0 || (e->flags & MOUNT_DEVICES) != 0);
	e->kind = ENTRY_SYMLINK;
	e->link = n.link;
	if (more) {
		/* The name stays a link, so what it allows has to be said of the place that it leads to. */
		target.path = r.path;
		tree_add(pl, &target);
	}
}

void files_resolve_names(struct planner *pl)
{
	struct file_tree *t = pl->files;
	if (t->top != NULL) {
		/* The names inside are the root's, whatever the host's symlinks of the same names are. */
		files_resolve_in_root(pl);
		return;
	}
	for (size_t i = 0; i < t->count; i++) {
		struct entry *e = t->entries[i];
		if (!e->dropped && e->rank == RANK_ASKED)
			move_behind_links(pl, e);
	}
	/* Judged on the grants as they were asked for, then changed: the order of the file must not matter. */
	size_t count = t->count;
	for (size_t i = 0; i < count; i++) {
		struct entry *e = t->entries[i];
		if (entry_is_grant(e) && e->rank == RANK_ASKED && !e->renamed && e->layers == NULL && e->hop_count > 0)
			keep_symlink(pl, e);
	}
}
