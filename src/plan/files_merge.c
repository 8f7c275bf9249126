/* One path, one meaning: sorted entries, contradictions, the tree of spots. */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

/* A private file, or a socket of ours, stands in for the host's even where the host's is asked for by name. */
static int weight(const struct entry *e)
{
	return e->kind == ENTRY_FILE || e->kind == ENTRY_SERVED ? RANK_ASKED + 1 : (int)e->rank;
}

static int later(unsigned a, unsigned b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

/* By path; of one path the entry that counts comes first. */
static int by_path(const void *x, const void *y)
{
	const struct entry *a = *(const struct entry *const *)x, *b = *(const struct entry *const *)y;
	int order = path_compare(a->path, b->path);
	if (order == 0)
		order = weight(b) - weight(a);
	/* A name that is both hidden and protected is hidden, whatever the grants that show it say and when. */
	if (order == 0 && a->guarded && b->guarded)
		order = (b->kind == ENTRY_HIDE) - (a->kind == ENTRY_HIDE);
	if (order == 0)
		order = later(a->origin.layer, b->origin.layer);
	if (order == 0)
		order = (int)a->pattern - (int)b->pattern;
	if (order == 0)
		order = (int)a->renamed - (int)b->renamed;
	if (order == 0)
		order = later(b->origin.line, a->origin.line);
	return order;
}

static bool same_meaning(const struct entry *a, const struct entry *b)
{
	const unsigned kept = MOUNT_READ_ONLY | MOUNT_NOEXEC | MOUNT_DEVICES;
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ENTRY_BIND:
		return (a->layers == b->layers || (entry_is_diverted(a) && entry_is_diverted(b))) &&
			(a->flags & kept) == (b->flags & kept) && strcmp(a->source, b->source) == 0;
	case ENTRY_TMPFS:
		return a->mode == b->mode && a->size == b->size && a->inodes == b->inodes && (a->flags & kept) == (b->flags & kept);
	default: return true;
	}
}

static bool is_path_list(const char *setting)
{
	return strcmp(setting, "filesystem.read_only") == 0 || strcmp(setting, "filesystem.read_write") == 0 ||
		strcmp(setting, "filesystem.hide") == 0;
}

static bool same_text(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	while (n > 1 && a[n - 1] == '/')
		n--;
	while (m > 1 && b[m - 1] == '/')
		m--;
	return n == m && strncmp(a, b, n) == 0;
}

/* Whoever grants the bus itself has not asked for a filtered one, or has forgotten that. */
static void judge_served(struct planner *pl, const struct entry *a, const struct entry *b)
{
	if (b->rank != RANK_ASKED || b->kind != ENTRY_BIND || b->asked == NULL || b->pattern)
		return;
	struct diag *at = diag_error(pl->diags, b->origin, b->setting,
		"\"%s\" is the host's own, but %s has it served in another way (%s)", b->asked,
		a->served <= SERVED_SYSTEM_BUS ? "desktop.dbus" : "the group desktop", origin_text(pl->arena, a->origin));
	diag_hint(pl->diags, at, "keep one of the two");
}

/* `a` counts, `b` names the same path. */
static void judge(struct planner *pl, const struct entry *a, const struct entry *b)
{
	if (a->kind == ENTRY_SERVED && a->guarded)
		judge_served(pl, a, b);
	if (a->rank != RANK_ASKED || b->rank != RANK_ASKED || a->origin.layer != b->origin.layer || a->pattern != b->pattern ||
		a->kind == ENTRY_FILE || a->kind == ENTRY_SERVED || same_meaning(a, b))
		return;
	/* The same words in two lists have been diagnosed where the file was read. */
	if (is_path_list(a->setting) && is_path_list(b->setting) && same_text(a->asked, b->asked))
		return;
	const struct entry *first = a->origin.line <= b->origin.line ? a : b, *second = first == a ? b : a;
	struct diag *at = diag_error(pl->diags, second->origin, second->setting,
		"\"%s\" is the same path as \"%s\" in %s (%s), which says something else", second->asked, first->asked,
		first->setting, origin_text(pl->arena, first->origin));
	diag_hint(pl->diags, at, "keep one of the two");
}

void files_merge(struct planner *pl)
{
	struct file_tree *t = pl->files;
	size_t kept = 0;
	bool sorted = true;
	for (size_t i = 1; i < t->count && sorted; i++)
		sorted = by_path(&t->entries[i - 1], &t->entries[i]) <= 0;
	if (!sorted)
		qsort(t->entries, t->count, sizeof(struct entry *), by_path);
	for (size_t i = 0; i < t->count; i++) {
		struct entry *e = t->entries[i];
		if (e->dropped)
			continue;
		struct entry *last = kept > 0 ? t->entries[kept - 1] : NULL;
		if (last != NULL && strcmp(last->path, e->path) == 0) {
			judge(pl, last, e);
			/* What stands in for a file that was asked for by name is there even where its directory is not. */
			if (last->kind == ENTRY_FILE && e->kind == ENTRY_BIND)
				last->guarded = true;
			continue;
		}
		t->entries[kept++] = e;
	}
	t->count = kept;
}

static struct spot *child_named(struct planner *pl, struct spot *s, const char *path, size_t begin, size_t end)
{
	/* Entries come sorted, so it is the newest child or none. */
	if (s->last != NULL && strlen(s->last->name) == end - begin && strncmp(s->last->name, path + begin, end - begin) == 0)
		return s->last;
	struct spot *c = arena_alloc(pl->arena, sizeof *c);
	c->path = arena_strndup(pl->arena, path, end);
	c->name = c->path + begin;
	if (s->last != NULL)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
	return c;
}

void files_plant(struct planner *pl)
{
	struct file_tree *t = pl->files;
	t->root = arena_alloc(pl->arena, sizeof *t->root);
	t->root->path = "/";
	t->root->name = "";
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = t->entries[i];
		struct spot *s = t->root;
		for (size_t begin = 1; e->path[1] != '\0' && e->path[begin - 1] != '\0';) {
			size_t end = begin + strcspn(e->path + begin, "/");
			s = child_named(pl, s, e->path, begin, end);
			begin = end + 1;
		}
		s->entry = e;
	}
}
