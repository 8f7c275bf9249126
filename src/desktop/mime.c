#include "desktop/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

static const char file_name[] = "mimeinfo.cache";

struct pair {
	const char *type, *id;
};

struct pairs {
	struct arena *arena;
	struct pair *items;
	size_t count, cap;
};

/* "text/html;x-scheme-handler/http;": what is no type is left out. */
static void add_types(struct pairs *to, const char *types, const char *id)
{
	for (const char *at = types; *at != '\0';) {
		size_t n = strcspn(at, ";");
		const char *type = arena_strndup(to->arena, at, n);
		at += n + (at[n] == ';');
		if (strchr(type, '/') == NULL || strpbrk(type, "=[]\\ \t") != NULL)
			continue;
		to->items = arena_grow(to->arena, to->items, to->count, &to->cap, sizeof *to->items);
		to->items[to->count++] = (struct pair){ type, id };
	}
}

static int by_type(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	int types = strcmp(a->type, b->type);
	return types != 0 ? types : strcmp(a->id, b->id);
}

/* The list for what is in the own directory now. Returns how many types there are. */
static size_t write_list(struct desktop *d, struct buf *out)
{
	const struct files_dir *own = &d->place.dirs[DESKTOP_APPLICATION].own;
	const char *dir = path_join(d->arena, own->base, own->below), **names;
	struct pairs all = { .arena = d->arena };
	size_t count;
	desktop_own_names(&d->place, DESKTOP_APPLICATION, d->arena, &names, &count);
	for (size_t i = 0; i < count; i++) {
		struct desktop_entry entry;
		const char *text, *why, *id = desktop_id(d->arena, DESKTOP_APPLICATION, names[i]);
		size_t len;
		if (files_read(AT_FDCWD, path_join(d->arena, dir, names[i]), d->arena, &text, &len) == 0 &&
			desktop_entry_read(&entry, d->arena, DESKTOP_APPLICATION, text, len, &why) == 0 && !entry.hidden)
			add_types(&all, entry.types, arena_printf(d->arena, "%s.desktop", id));
	}
	if (all.count > 1)
		qsort(all.items, all.count, sizeof *all.items, by_type);
	buf_puts(out, "[MIME Cache]\n");
	for (size_t i = 0; i < all.count; i++) {
		const struct pair *p = &all.items[i], *before = i > 0 ? p - 1 : NULL;
		bool same = before != NULL && strcmp(before->type, p->type) == 0;
		if (same && strcmp(before->id, p->id) == 0)
			continue;
		if (!same)
			buf_printf(out, "%s%s=", i > 0 ? "\n" : "", p->type);
		buf_printf(out, "%s;", p->id);
	}
	buf_puts(out, all.count > 0 ? "\n" : "");
	return all.count;
}

/* The list is made anew by whoever installs an entry, so that one which bailey did not write may be replaced too. */
static int put(struct desktop *d, int dir, const char *current, const struct buf *text)
{
	const mode_t mode = d->place.file_mode;
	return current[0] == '\0' ? files_create(dir, file_name, buf_text(text), text->len, mode)
				  : files_replace(dir, file_name, current, buf_text(text), text->len, mode, d->arena);
}

static int write_new(struct desktop *d, int dir, const char *current, struct err *e)
{
	struct manifest *m = &d->manifest;
	struct buf text = { .arena = d->arena };
	size_t types = write_list(d, &text);
	const char *sum = files_sum(d->arena, buf_text(&text), text.len), *kept = desktop_kept_name(d->arena, file_name);
	if (strcmp(current, sum) == 0 || (types == 0 && current[0] == '\0'))
		return 0;
	const bool keep = m->cache_sum == NULL && current[0] != '\0';
	m->cache_kept = m->cache_kept || keep;
	m->cache_sum = sum;
	if (manifest_save(m, e) < 0)
		return -e->code;
	int r = keep ? files_rename(dir, file_name, kept) : 0;
	return r < 0 ? r : put(d, dir, keep ? "" : current, &text);
}

static int put_back(struct desktop *d, int dir, const char *current, struct err *e)
{
	struct manifest *m = &d->manifest;
	struct buf text = { .arena = d->arena };
	const char *kept = desktop_kept_name(d->arena, file_name);
	int r = 0;
	if (strcmp(current, m->cache_sum) == 0) {
		r = files_remove(dir, file_name, current, d->arena);
		if (r == 0 && m->cache_kept)
			r = files_rename(dir, kept, file_name);
	} else if (current[0] != '\0') {
		/* Somebody made it anew while bailey's entries were there. */
		(void)write_list(d, &text);
		r = put(d, dir, current, &text);
		if (r == 0 && m->cache_kept && unlinkat(dir, kept, 0) < 0 && errno != ENOENT)
			r = -errno;
	}
	if (r < 0)
		return r;
	m->cache_sum = NULL;
	m->cache_kept = false;
	return manifest_save(m, e);
}

int desktop_mime_update(struct desktop *d, struct err *e)
{
	const struct files_dir *own = &d->place.dirs[DESKTOP_APPLICATION].own;
	bool any = false;
	for (size_t i = 0; i < d->manifest.count; i++)
		any = any || (!d->manifest.records[i]->gone && d->manifest.records[i]->kind == DESKTOP_APPLICATION);
	if (!any && d->manifest.cache_sum == NULL)
		return 0;
	int dir = files_open(own, d->arena, NULL);
	if (dir < 0)
		return dir == -ENOENT ? 0 : err_set(e, -dir, "cannot open %s/%s", own->base, own->below);
	const char *current = files_sum_of(dir, file_name, d->arena);
	int r = any ? write_new(d, dir, current, e) : put_back(d, dir, current, e);
	(void)close(dir);
	return r < 0 && e->code == 0 ? err_set(e, -r, "cannot write %s/%s/%s", own->base, own->below, file_name) : r;
}
