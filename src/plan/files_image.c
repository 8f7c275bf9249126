/* filesystem.root as a tar archive: which entry of the cache is its tree. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/path.h"
#include "plan/tree.h"

/* Names an entry; that the entry is the right one, its whole text says. */
static uint64_t sum_of(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

static void add_map(struct buf *out, const char *word, const struct id_map *m)
{
	buf_printf(out, " %s", word);
	for (size_t i = 0; i < m->count; i++)
		buf_printf(out, " %" PRIu32 ":%" PRIu32 ":%" PRIu32, m->ranges[i].inside, m->ranges[i].outside, m->ranges[i].count);
}

/* The path comes last: whatever characters it has, nothing can be mistaken for it. */
static void describe(struct planner *pl, struct image *m)
{
	const struct plan *plan = pl->plan;
	struct buf out = { .arena = pl->arena };
	buf_puts(&out, "bailey root 1\nowner");
	if (plan->mode == IDENTITY_MAPPED) {
		add_map(&out, "mapped uid", &plan->uid_map);
		add_map(&out, "gid", &plan->gid_map);
	} else {
		buf_printf(&out, " user %u %u", (unsigned)plan->uid, (unsigned)plan->gid);
	}
	buf_putc(&out, '\n');
	m->owner_len = out.len;
	buf_printf(&out, "stamp %s\narchive %s\n", m->stamp, m->archive);
	m->about = buf_text(&out);
	m->entry = path_join(pl->arena, m->cache, arena_printf(pl->arena, "%016" PRIx64, sum_of(m->about)));
}

/* A directory that decides what programs run belongs to the user, and nobody else may write to it. */
static bool is_ours(struct planner *pl, const struct entry *e, const char *path, const struct node *n)
{
	if (n->type == NODE_DIRECTORY && n->uid == pl->plan->uid && (n->mode & 022) == 0)
		return true;
	struct diag *at = diag_error(pl->diags, e->origin, e->setting,
		"%s, where archives are unpacked, is no directory that only the user can write to", path);
	diag_hint(pl->diags, at, "remove it, or chmod go-w it");
	return false;
}

/* 1: the entry is there and whole; 0: not there; -EINVAL with a diagnostic. */
static int look_for_entry(struct planner *pl, const struct entry *e, const struct image *m)
{
	const char *text;
	struct node n;
	facts_node(pl->facts, m->entry, &n);
	if (n.type == NODE_ABSENT)
		return 0;
	if (!is_ours(pl, e, m->entry, &n))
		return -EINVAL;
	int err = facts_read(pl->facts, path_join(pl->arena, m->entry, "about"), &text);
	return err == 0 && strcmp(text, m->about) == 0;
}

static int find_cache(struct planner *pl, const struct entry *e, const char **ret)
{
	const char *path;
	struct resolved r;
	if (expand_quietly(pl, "${CACHE}/bailey/roots", &path) < 0) {
		struct diag *at = diag_error(pl->diags, e->origin, e->setting,
			"there is no home directory, and so no cache to unpack \"%s\" into", e->asked);
		diag_hint(pl->diags, at, "XDG_CACHE_HOME can name a directory for it");
		return -EINVAL;
	}
	int err = facts_resolve(pl->facts, path, &r);
	if (err < 0 && err != -ENOENT) {
		diag_error(pl->diags, e->origin, e->setting, "cannot unpack \"%s\" into %s: %s", e->asked, path, strerror(-err));
		return -EINVAL;
	}
	*ret = r.path;
	return err == 0 && !is_ours(pl, e, path, &r.node) ? -EINVAL : 0;
}

static int plan_image(struct planner *pl, struct entry *e)
{
	struct image m = { .archive = e->source, .asked = e->asked, .origin = e->origin };
	const struct value *mode = &pl->p->filesystem_root_mode;
	if (mode->i == ROOT_WRITABLE) {
		struct diag *at = diag_error(pl->diags, mode->origin, "filesystem.root_mode",
			"\"%s\" is an archive: its tree is there for every launch, and none may change it", e->asked);
		diag_hint(pl->diags, at,
			"\"overlay\" with filesystem.root_upper keeps changes; or unpack it, and name the directory");
		return -EINVAL;
	}
	int err = facts_stamp(pl->facts, m.archive, &m.stamp);
	if (err < 0) {
		diag_error(pl->diags, e->origin, e->setting, "cannot look at \"%s\": %s", e->asked, strerror(-err));
		return -EINVAL;
	}
	if (find_cache(pl, e, &m.cache) < 0)
		return -EINVAL;
	describe(pl, &m);
	int there = look_for_entry(pl, e, &m);
	if (there < 0)
		return there;
	m.absent = there == 0;
	e->source = path_join(pl->arena, m.entry, "tree");
	e->flags &= ~(unsigned)MOUNT_ON_FILE;
	e->node = (struct node){ .type = NODE_DIRECTORY, .mode = 0755, .uid = pl->plan->uid };
	if (!m.absent)
		facts_node(pl->facts, e->source, &e->node);
	pl->plan->image = m;
	return 0;
}

void files_unpacked(struct planner *pl)
{
	struct entry *e = pl->files->top;
	if (e != NULL && !e->dropped && e->node.type == NODE_FILE && plan_image(pl, e) < 0)
		e->dropped = true;
}
