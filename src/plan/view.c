#include "plan/view.h"

#include <string.h>

#include "base/path.h"

static struct mount_op *add(struct planner *pl, struct view *v, enum mount_kind kind, const char *target)
{
	v->mounts = arena_grow(pl->arena, v->mounts, v->mount_count, &v->mount_cap, sizeof *v->mounts);
	struct mount_op *op = &v->mounts[v->mount_count++];
	*op = (struct mount_op){ .kind = kind, .target = target };
	return op;
}

static bool is_made(const struct view *v, const char *path)
{
	for (size_t i = 0; i < v->mount_count; i++)
		if (strcmp(v->mounts[i].target, path) == 0)
			return true;
	return false;
}

/* The directories above, in the tree that is ours. What lies below a mount of ours is made there. */
static void make_parents(struct planner *pl, struct view *v, const char *target)
{
	const char *parent = path_parent(pl->arena, target);
	if (parent[1] == '\0' || is_made(v, parent))
		return;
	make_parents(pl, v, parent);
	add(pl, v, MOUNT_DIRECTORY, parent)->mode = 0755;
}

void view_bind(struct planner *pl, struct view *v, const char *source, const char *target, unsigned flags)
{
	struct resolved r;
	if (facts_resolve(pl->facts, source, &r) < 0)
		return;
	make_parents(pl, v, target);
	struct mount_op *op = add(pl, v, MOUNT_BIND, target);
	op->source = r.path;
	op->flags = flags | MOUNT_MAKE | (r.node.type == NODE_DIRECTORY ? 0 : MOUNT_ON_FILE);
}

/* Where /usr is merged, "/lib" leads into it. */
static void bind_or_link(struct planner *pl, struct view *v, const char *path)
{
	struct node n;
	facts_node(pl->facts, path, &n);
	if (n.type == NODE_SYMLINK)
		add(pl, v, MOUNT_SYMLINK, path)->source = n.link;
	else
		view_bind(pl, v, path, path, MOUNT_READ_ONLY);
}

void view_begin(struct planner *pl, struct view *v)
{
	static const char *const system[] = { "/usr", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store",
		"/gnu/store" };
	static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/urandom" };
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		bind_or_link(pl, v, system[i]);
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		view_bind(pl, v, devices[i], devices[i], MOUNT_DEVICES | MOUNT_NOEXEC);
}

void view_place(struct planner *pl, struct view *v, const char *target)
{
	make_parents(pl, v, target);
	struct mount_op *op = add(pl, v, MOUNT_SERVED, target);
	op->served = SERVED_PLACE;
	op->flags = MOUNT_NOEXEC | MOUNT_MAKE;
}

void view_tmpfs(struct planner *pl, struct view *v, const char *target)
{
	make_parents(pl, v, target);
	struct mount_op *op = add(pl, v, MOUNT_TMPFS, target);
	op->mode = 0700;
	op->size = 16UL << 20;
	op->flags = MOUNT_NOEXEC | MOUNT_MAKE;
}

void view_file(struct planner *pl, struct view *v, const char *target, const char *content)
{
	make_parents(pl, v, target);
	struct mount_op *op = add(pl, v, MOUNT_FILE, target);
	op->mode = 0444;
	op->content = content;
}
