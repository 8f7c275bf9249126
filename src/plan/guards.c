/* The protected names as host paths, for what is to be kept from a change that is applied later. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "host/resolve.h"
#include "plan/internal.h"

struct guards {
	struct plan_changes *c;
	struct arena *arena;
	struct facts *facts;
};

static void add(struct guards *g, const char *path, const char *why)
{
	struct plan_changes *c = g->c;
	for (size_t i = 0; i < c->guard_count; i++)
		if (strcmp(c->guards[i].path, path) == 0)
			return;
	c->guards = arena_grow(g->arena, c->guards, c->guard_count, &c->guard_cap, sizeof *c->guards);
	c->guards[c->guard_count++] = (struct plan_guard){ .path = path, .why = why };
}

/* Who can turn a symlink on the way to a name decides what is found under it. */
static void add_hops(struct guards *g, const struct resolved *r, const char *why)
{
	for (size_t i = 0; i < r->hop_count; i++)
		add(g, r->hops[i].link, why);
}

static void add_name(struct guards *g, const char *path, const char *why)
{
	struct resolved r;
	struct node n;
	int err = facts_resolve(g->facts, path_parent(g->arena, path), &r);
	if (err < 0 && err != -ENOENT)
		return; /* what this user cannot reach cannot be changed for them either */
	const char *host = path_join(g->arena, r.path, path_base(path));
	add(g, host, why);
	add_hops(g, &r, why);
	facts_node(g->facts, host, &n);
	if (n.type != NODE_SYMLINK)
		return;
	err = facts_resolve(g->facts, host, &r);
	if (err < 0 && err != -ENOENT)
		return;
	add(g, r.path, why);
	add_hops(g, &r, why);
}

void plan_guards(struct plan_changes *c, struct arena *a, struct facts *f)
{
	struct guards g = { .c = c, .arena = a, .facts = f };
	struct planner pl = { .arena = a, .facts = f };
	for (size_t i = 0; i < protected_name_count; i++) {
		const char *path;
		/* Where a variable has no value, launches refuse; here there is no name to protect. */
		if (expand_quietly(&pl, protected_names[i].path, &path) == 0 && path_normal(a, path, &path) == 0)
			add_name(&g, path, protected_names[i].why);
	}
	for (size_t i = 0; i < f->own_count; i++)
		add_name(&g, f->own[i], "it decides over the next launch");
}
