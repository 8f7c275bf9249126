#include <string.h>

#include "conf/layer.h"
#include "conf/value.h"

struct value *profile_value(struct profile *p, const struct setting *row)
{
	return (struct value *)(void *)((char *)p + row->offset);
}

struct list *profile_list(struct profile *p, const struct setting *row)
{
	return (struct list *)(void *)((char *)p + row->offset);
}

struct records *profile_records(struct profile *p, const struct setting *row)
{
	return (struct records *)(void *)((char *)p + row->offset);
}

struct entry *layer_entry(struct arena *a, struct layer *l, const struct setting *row, struct origin o)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->entries[i].row == row)
			return &l->entries[i];
	l->entries = arena_grow(a, l->entries, l->count, &l->cap, sizeof *l->entries);
	l->entries[l->count] = (struct entry){ .row = row, .origin = o };
	return &l->entries[l->count++];
}

void list_add(struct arena *a, struct list *l, struct item item)
{
	l->items = arena_grow(a, l->items, l->count, &l->cap, sizeof *l->items);
	l->items[l->count++] = item;
}

bool items_match(const struct setting *row, const char *a, const char *b)
{
	if (row->kind != KIND_ENV_PAIR)
		return strcmp(a, b) == 0;
	size_t n = strcspn(a, "=");
	return n == strcspn(b, "=") && memcmp(a, b, n) == 0;
}

/* ---- the lists that give a path its one mode ---- */

static const enum setting_id path_lists[] = { SET_filesystem_read_only, SET_filesystem_read_write, SET_filesystem_hide };

enum { PATH_LISTS = sizeof path_lists / sizeof path_lists[0] };

static bool is_path_list(const struct setting *row)
{
	for (size_t i = 0; i < PATH_LISTS; i++)
		if (row == &schema_settings[path_lists[i]])
			return true;
	return false;
}

/* ---- a layer against itself ---- */

static const char *other_place(struct diags *d, struct origin o)
{
	return o.line > 0 ? arena_printf(d->arena, "line %u", o.line) : origin_text(d->arena, o);
}

static const char *with_prefix(struct diags *d, const char *prefix, const struct setting *row)
{
	return prefix[0] != '\0' ? arena_printf(d->arena, "%s%s", prefix, row->path) : row->path;
}

static void check_path_lists(struct diags *d, const struct entry *x, const struct entry *y, const char *prefix)
{
	for (size_t j = 0; j < y->list.count; j++) {
		for (size_t i = 0; i < x->list.count; i++) {
			const struct item *one = &x->list.items[i], *two = &y->list.items[j];
			if (one->hash != two->hash || strcmp(one->text, two->text) != 0)
				continue;
			bool later = one->origin.line > two->origin.line;
			const struct item *at = later ? one : two, *other = later ? two : one;
			struct diag *e = diag_error(d, at->origin, with_prefix(d, prefix, later ? x->row : y->row),
				"\"%s\" conflicts with %s: it is in %s too", at->text, other_place(d, other->origin),
				(later ? y->row : x->row)->path);
			diag_hint(d, e, "a path has one meaning; take one of the two out");
			break; /* once is enough, however often the other list repeats it */
		}
	}
}

static void check_keys(struct diags *d, const struct entry *e, const char *prefix)
{
	for (size_t i = 0; i < e->list.count; i++) {
		const struct item *x = &e->list.items[i];
		for (size_t j = 0; j < i; j++) {
			const struct item *y = &e->list.items[j];
			if (x->hash != y->hash || !items_match(e->row, x->text, y->text) || strcmp(x->text, y->text) == 0)
				continue;
			diag_error(d, x->origin, with_prefix(d, prefix, e->row),
				"\"%.*s\" conflicts with %s: it has another value there", (int)strcspn(x->text, "="), x->text,
				other_place(d, y->origin));
			break;
		}
	}
	for (size_t i = 0; i < e->records.count; i++) {
		const struct record *x = &e->records.items[i];
		for (size_t j = 0; j < i; j++) {
			const struct record *y = &e->records.items[j];
			if (strcmp(x->key, y->key) != 0)
				continue;
			diag_error(d, x->origin, with_prefix(d, prefix, e->row), "\"%s\" conflicts with %s: it is there already",
				x->key, other_place(d, y->origin));
			break;
		}
	}
}

void layer_check(struct diags *d, const struct layer *l, const char *prefix)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct entry *e = &l->entries[i];
		for (size_t j = 0; j < i && is_path_list(e->row); j++)
			if (is_path_list(l->entries[j].row))
				check_path_lists(d, &l->entries[j], e, prefix);
		if (e->row->merge == MERGE_KEYED)
			check_keys(d, e, prefix);
	}
}

struct layer *layer_copy(struct arena *a, const struct layer *l, unsigned number)
{
	struct layer *c = arena_alloc(a, sizeof *c);
	*c = *l;
	c->origin.layer = number;
	c->cap = c->count;
	c->entries = arena_array(a, l->count, sizeof *c->entries);
	for (size_t i = 0; i < l->count; i++) {
		struct entry *e = &c->entries[i];
		*e = l->entries[i];
		e->origin.layer = e->value.origin.layer = number;
		e->list = (struct list){ 0 };
		for (size_t j = 0; j < l->entries[i].list.count; j++) {
			list_add(a, &e->list, l->entries[i].list.items[j]);
			e->list.items[j].origin.layer = number;
		}
		e->records.cap = e->records.count;
		e->records.items = arena_array(a, e->records.count, sizeof *e->records.items);
		for (size_t j = 0; j < e->records.count; j++) {
			struct record *r = &e->records.items[j];
			*r = l->entries[i].records.items[j];
			r->origin.layer = number;
			for (size_t m = 0; m < RECORD_MEMBERS; m++)
				if (r->member[m].origin.line > 0)
					r->member[m].origin.layer = number;
		}
	}
	return c;
}

/* ---- merging ---- */

static void list_remove(struct list *l, size_t at)
{
	/* The array may be shared with nobody: the profile's lists grow in memory of their own. */
	memmove(&l->items[at], &l->items[at + 1], (l->count - at - 1) * sizeof *l->items);
	l->count--;
}

static void merge_item(struct diags *d, struct profile *p, const struct setting *row, const struct item *item)
{
	struct list *to = profile_list(p, row);
	bool path = is_path_list(row);
	for (size_t i = 0; i < PATH_LISTS && path; i++) {
		struct list *other = profile_list(p, &schema_settings[path_lists[i]]);
		for (size_t j = 0; j < other->count && other != to; j++) {
			/* Within one layer it is a conflict, which layer_check() has reported. */
			const struct item *o = &other->items[j];
			if (o->hash == item->hash && o->origin.layer < item->origin.layer && strcmp(o->text, item->text) == 0) {
				list_remove(other, j);
				break;
			}
		}
	}
	for (size_t i = 0; i < to->count; i++) {
		if (to->items[i].hash == item->hash && items_match(row, to->items[i].text, item->text)) {
			to->items[i] = *item;
			return;
		}
	}
	list_add(d->arena, to, *item);
}

static void merge_records(struct diags *d, struct records *to, const struct records *from)
{
	for (size_t i = 0; i < from->count; i++) {
		size_t at = 0;
		while (at < to->count && strcmp(to->items[at].key, from->items[i].key) != 0)
			at++;
		if (at == to->count) {
			to->items = arena_grow(d->arena, to->items, to->count, &to->cap, sizeof *to->items);
			to->count++;
		}
		to->items[at] = from->items[i];
	}
}

static void merge_entry(struct diags *d, struct profile *p, const struct entry *e)
{
	struct list *list = profile_list(p, e->row);
	switch (e->row->type) {
	case TYPE_LIST:
		if (e->row->merge == MERGE_REPLACE)
			*list = (struct list){ 0 };
		for (size_t i = 0; i < e->list.count; i++)
			merge_item(d, p, e->row, &e->list.items[i]);
		break;
	case TYPE_RECORDS: merge_records(d, profile_records(p, e->row), &e->records); break;
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_SIZE:
	case TYPE_DURATION:
	case TYPE_MODE:
	case TYPE_CHOICE:
	case TYPE_STRING: *profile_value(p, e->row) = e->value; break;
	}
}

/* ---- taking away ---- */

static const char *item_word(size_t i, const void *data)
{
	return ((const struct list *)data)->items[i].text;
}

static const char *record_word(size_t i, const void *data)
{
	return ((const struct records *)data)->items[i].key;
}

static void nothing_to_drop(struct diags *d, const struct drop *drop, const char *nearest)
{
	const char *setting = arena_printf(d->arena, "drop.%s", drop->row->path);
	struct diag *e = drop->text != NULL
		? diag_error(d, drop->origin, setting, "nothing inherited to take away: \"%s\"", drop->text)
		: diag_error(d, drop->origin, setting, "nothing inherited to take away");
	value_suggest(d, e, nearest);
}

static void drop_items(struct diags *d, struct profile *p, const struct drop *drop)
{
	struct list *l = profile_list(p, drop->row);
	size_t before = l->count;
	if (drop->text == NULL)
		l->count = 0;
	for (size_t i = 0; i < l->count; i++) {
		if (items_match(drop->row, l->items[i].text, drop->text)) {
			list_remove(l, i);
			break;
		}
	}
	if (l->count == before)
		nothing_to_drop(d, drop, drop->text != NULL ? schema_nearest(drop->text, l->count, item_word, l) : NULL);
}

/* The text is the key, or the first of its parts: "personality" takes all rules for that call away. */
static bool record_named(const struct setting *row, const struct record *r, const char *text)
{
	if (strcmp(r->key, text) == 0)
		return true;
	for (size_t i = 0; i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		if (strcmp(m->record, row->list) == 0 && (m->flags & FLAG_KEY))
			return r->member[m->offset].set && strcmp(r->member[m->offset].s, text) == 0;
	}
	return false;
}

static void drop_records(struct diags *d, struct profile *p, const struct drop *drop)
{
	struct records *r = profile_records(p, drop->row);
	size_t kept = 0, before = r->count;
	for (size_t i = 0; i < before; i++)
		if (drop->text != NULL && !record_named(drop->row, &r->items[i], drop->text))
			r->items[kept++] = r->items[i];
	r->count = kept;
	if (kept == before)
		nothing_to_drop(d, drop, drop->text != NULL ? schema_nearest(drop->text, kept, record_word, r) : NULL);
}

static void drop_value(struct diags *d, struct profile *p, const struct drop *drop)
{
	struct value *v = profile_value(p, drop->row);
	if (v->origin.layer == 0)
		nothing_to_drop(d, drop, NULL);
	value_default(d, drop->row, v);
}

void layer_merge(struct diags *d, struct profile *p, const struct layer *l)
{
	for (size_t i = 0; i < l->drop_count; i++) {
		const struct drop *drop = &l->drops[i];
		if (drop->row->type == TYPE_LIST)
			drop_items(d, p, drop);
		else if (drop->row->type == TYPE_RECORDS)
			drop_records(d, p, drop);
		else
			drop_value(d, p, drop);
	}
	for (size_t i = 0; i < l->count; i++) {
		const struct setting *row = l->entries[i].row;
		bool own = row == &schema_settings[SET_description] || row == &schema_settings[SET_programs] ||
			row == &schema_settings[SET_tried] || row == &schema_settings[SET_inherit];
		if (!(own && l->part))
			merge_entry(d, p, &l->entries[i]);
	}
}
