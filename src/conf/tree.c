#include "conf/tree.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "conf/heap.h"
#include "conf/scan.h"
#include "conf/value.h"

/* What is being walked through, and where its settings go. */
struct walk {
	struct diags *d;
	struct arena *a;
	struct origin base;
	const char *prefix; /* before the names of settings in messages: "", "options.webcam.", "lock." */
	enum { IN_PROFILE, IN_OPTION, IN_DROP, IN_LOCK, IN_BOUND, IN_FORBID } in;
	struct layer *layer;
};

static struct origin line_of(const struct walk *w, const config_setting_t *s)
{
	struct origin o = w->base;
	o.line = (unsigned)(uintptr_t)config_setting_get_hook(s);
	if (o.line == 0)
		o.line = (unsigned)config_setting_source_line(s);
	return o;
}

/* arena_printf("%s%s%s") without its price: this runs once for every setting of every launch. */
static const char *join(struct arena *a, const char *x, const char *dot, const char *y)
{
	if (x[0] == '\0')
		return y;
	char *out = arena_alloc(a, strlen(x) + strlen(dot) + strlen(y) + 1);
	(void)stpcpy(stpcpy(stpcpy(out, x), dot), y);
	return out;
}

/* ---- reading ---- */

static void number_lines(config_setting_t *s, const struct scanned *lines, size_t *next)
{
	if (!config_setting_is_aggregate(s)) {
		/* Entries of lists have no name; a setting is best found by the line of its name, which libconfig knows. */
		if (config_setting_name(s) == NULL && *next < lines->count)
			config_setting_set_hook(s, (void *)(uintptr_t)lines->line[*next]);
		++*next;
		return;
	}
	int n = config_setting_length(s);
	for (int i = 0; i < n; i++)
		number_lines(config_setting_get_elem(s, (unsigned)i), lines, next);
}

static void syntax_error(struct diags *d, struct origin where, const config_t *c)
{
	const char *text = config_error_text(c);
	where.line = (unsigned)config_error_line(c);
	struct diag *e;
	if (text != NULL && strstr(text, "duplicate") != NULL) {
		e = diag_error(d, where, NULL, "a setting that stands in this group already");
		diag_hint(d, e, "keep one of the two");
	} else if (text != NULL && strstr(text, "mismatched") != NULL) {
		e = diag_error(d, where, NULL, "the entries of a list are of different types");
		diag_hint(d, e, "put each text in quotation marks");
	} else {
		e = diag_error(d, where, NULL, "%s", text != NULL ? text : "syntax error");
		diag_hint(d, e, "look at this line and the one before: name = value; with texts in quotation marks");
	}
}

int tree_read(struct tree *t, struct diags *d, struct origin where, const char *bytes, size_t len)
{
	struct scanned scanned;
	*t = (struct tree){ .where = where, .first = d->count };
	enum scan_result r = scan_text(d, where, bytes, len, &scanned);
	t->mistakes = d->count - t->first;
	if (r == SCAN_STOP)
		return -EINVAL;
	heap_hold();
	config_init(&t->config);
	if (config_read_string(&t->config, scanned.text) != CONFIG_TRUE) {
		if (r == SCAN_OK)
			syntax_error(d, where, &t->config);
		tree_free(t);
		return -EINVAL;
	}
	size_t next = 0;
	number_lines(config_root_setting(&t->config), &scanned, &next);
	return 0;
}

void tree_free(struct tree *t)
{
	config_destroy(&t->config);
	heap_release();
}

void tree_number(struct tree *t, struct diags *d, unsigned layer)
{
	t->where.layer = layer;
	for (size_t i = 0; i < t->mistakes; i++)
		d->items[t->first + i].origin.layer = layer;
}

/* ---- values ---- */

static const char *type_words(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP: return "a group";
	case CONFIG_TYPE_LIST:
	case CONFIG_TYPE_ARRAY: return "a list";
	case CONFIG_TYPE_STRING: return "a text";
	case CONFIG_TYPE_BOOL: return config_setting_get_bool(s) ? "true" : "false";
	default: return "a number";
	}
}

static void wrong_type(const struct walk *w, const config_setting_t *s, const char *name, const struct setting *row)
{
	const char *entry = row->type == TYPE_LIST && config_setting_name(s) == NULL ? "an entry of a " : "";
	struct diag *e =
		diag_error(w->d, line_of(w, s), name, "wrong type: %s; wanted: %s%s", type_words(s), entry, schema_form(w->a, row));
	int type = config_setting_type(s);
	if (row->type == TYPE_RECORDS && type == CONFIG_TYPE_GROUP)
		diag_hint(w->d, e, "write ( { ... } )");
	else if (row->type == TYPE_LIST && type == CONFIG_TYPE_STRING)
		diag_hint(w->d, e, "write [ \"%s\" ]", config_setting_get_string(s));
	else if (row->type == TYPE_BOOL && type == CONFIG_TYPE_STRING)
		diag_hint(w->d, e, "write true or false without quotation marks");
	else if (type == CONFIG_TYPE_INT && (row->type == TYPE_SIZE || row->type == TYPE_DURATION || row->type == TYPE_MODE))
		diag_hint(w->d, e, "write it as a text: \"%d\"", config_setting_get_int(s));
	else if (type == CONFIG_TYPE_INT && row->kind == KIND_PERCENT)
		diag_hint(w->d, e, "write it as a text: \"%d%%\"", config_setting_get_int(s));
	else if (type == CONFIG_TYPE_INT && row->kind == KIND_RATE)
		diag_hint(w->d, e, "write it as a text with a unit: \"%dbit\"", config_setting_get_int(s));
}

/* The text of a scalar when libconfig's type fits the row, else NULL after a diagnostic. */
static const char *scalar_text(const struct walk *w, const config_setting_t *s, const char *name, const struct setting *row)
{
	int type = config_setting_type(s);
	bool number = (row->type == TYPE_INT && row->kind != KIND_PERCENT && row->kind != KIND_RATE) ||
		(row->type == TYPE_LIST && row->kind == KIND_DESCRIPTOR);
	if (row->type == TYPE_BOOL && type == CONFIG_TYPE_BOOL)
		return config_setting_get_bool(s) ? "true" : "false";
	bool either = row->type == TYPE_LIST && row->kind == KIND_PORTS; /* 443, or "none" */
	if ((number || either) && (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64))
		return arena_printf(
			w->a, "%lld", type == CONFIG_TYPE_INT ? config_setting_get_int(s) : config_setting_get_int64(s));
	if (row->type != TYPE_BOOL && !number && type == CONFIG_TYPE_STRING)
		return arena_strdup(w->a, config_setting_get_string(s));
	wrong_type(w, s, name, row);
	return NULL;
}

static bool read_scalar(
	const struct walk *w, const config_setting_t *s, const char *name, const struct setting *row, struct value *ret)
{
	const char *text = scalar_text(w, s, name, row);
	const struct place at = { w->d, line_of(w, s), name };
	return text != NULL && value_read(&at, row, text, ret);
}

static bool is_list(const config_setting_t *s)
{
	return config_setting_type(s) == CONFIG_TYPE_LIST || config_setting_type(s) == CONFIG_TYPE_ARRAY;
}

static void read_list(const struct walk *w, const config_setting_t *s, const char *name, const struct setting *row, struct list *to)
{
	if (!is_list(s)) {
		wrong_type(w, s, name, row);
		return;
	}
	int n = config_setting_length(s);
	/* Some would mean nothing by it, and some everything. */
	if (n == 0 && row->kind == KIND_RULE)
		diag_hint(w->d, diag_error(w->d, line_of(w, s), name, "an empty list of rules"),
			"network.allow = [ \"none\" ] refuses everything; without a list nothing is refused");
	for (int i = 0; i < n; i++) {
		const config_setting_t *x = config_setting_get_elem(s, (unsigned)i);
		const struct place at = { w->d, line_of(w, x), name };
		const char *text = scalar_text(w, x, name, row);
		struct item item;
		if (text != NULL && value_item(&at, row, text, &item))
			list_add(w->a, to, item);
	}
}

/* ---- records ---- */

static void walk_group(struct walk *w, const config_setting_t *group, const char *path);
static void walk_one(struct walk *w, const config_setting_t *s, const char *name, const char *path);

static const char *member_word(size_t i, const void *data)
{
	return strcmp(schema_members[i].record, data) == 0 ? schema_members[i].path : NULL;
}

/* The key members, or where none is given the first member that has to be. */
static const char *record_key(struct arena *a, const char *record, const struct record *r)
{
	const char *key = "", *must = "";
	for (size_t i = 0; i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		const struct value *v = &r->member[m->offset];
		if (strcmp(m->record, record) != 0 || !v->set)
			continue;
		if (m->flags & FLAG_KEY)
			key = join(a, key, ": ", v->s);
		else if ((m->flags & FLAG_MUST) && must[0] == '\0')
			must = v->s;
	}
	return key[0] != '\0' ? key : must;
}

/* Members first, so that an option's name is known when its settings are read. */
static bool read_members(
	const struct walk *w, const config_setting_t *group, const char *name, const char *record, struct record *r)
{
	bool good = true;
	int n = config_setting_length(group);
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		const char *word = config_setting_name(s);
		const struct setting *m = schema_member(record, word);
		if (m != NULL) {
			good &= read_scalar(w, s, join(w->a, name, ".", m->path), m, &r->member[m->offset]);
		} else if (strcmp(record, "option") != 0) {
			struct diag *e =
				diag_error(w->d, line_of(w, s), join(w->a, name, ".", arena_strdup(w->a, word)), "unknown setting");
			value_suggest(w->d, e, schema_nearest(word, schema_member_count, member_word, record));
			good = false;
		}
	}
	for (size_t i = 0; i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		struct value *v = &r->member[m->offset];
		if (strcmp(m->record, record) != 0 || v->set)
			continue;
		/* A member that was there and bad has its diagnostic. */
		if ((m->flags & FLAG_MUST) && config_setting_get_member(group, m->path) == NULL) {
			struct diag *e = diag_error(w->d, r->origin, name, "an entry without %s", m->path);
			diag_hint(w->d, e, "add %s = %s;", m->path, m->example);
			good = false;
		}
		value_default(w->d, m, v);
	}
	r->key = record_key(w->a, record, r);
	return good;
}

static const struct layer *read_option(
	const struct walk *w, const config_setting_t *group, const char *name, const struct record *r)
{
	struct layer *body = arena_alloc(w->a, sizeof *body);
	body->origin = w->base;
	const char *prefix = arena_printf(w->a, "%s.%s.", name, r->key);
	struct walk in = { .d = w->d, .a = w->a, .base = w->base, .prefix = prefix, .in = IN_OPTION, .layer = body };
	int n = config_setting_length(group);
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		const char *word = config_setting_name(s);
		if (schema_member("option", word) == NULL)
			walk_one(&in, s, word, word);
	}
	layer_check(w->d, body, prefix);
	return body;
}

static void read_records(
	const struct walk *w, const config_setting_t *s, const char *name, const struct setting *row, struct records *to)
{
	if (!is_list(s)) {
		wrong_type(w, s, name, row);
		return;
	}
	int n = config_setting_length(s);
	for (int i = 0; i < n; i++) {
		const config_setting_t *x = config_setting_get_elem(s, (unsigned)i);
		if (config_setting_type(x) != CONFIG_TYPE_GROUP) {
			wrong_type(w, x, name, row);
			continue;
		}
		struct record r = { .origin = line_of(w, x) };
		bool good = read_members(w, x, name, row->list, &r);
		if (row == &schema_settings[SET_options])
			r.body = read_option(w, x, name, &r);
		if (!good)
			continue;
		to->items = arena_grow(w->a, to->items, to->count, &to->cap, sizeof *to->items);
		to->items[to->count++] = r;
	}
}

/* ---- settings ---- */

static void unknown(const struct walk *w, const config_setting_t *s, const char *name, const char *path)
{
	struct diag *e = diag_error(w->d, line_of(w, s), name, "unknown setting");
	const char *near = schema_nearest_setting(path);
	if (near == NULL)
		return;
	/* "process.limit" is meant to be "process.limits", not the first setting in there. */
	size_t dots = 0, end = 0, found = 0;
	for (const char *p = path; *p != '\0'; p++)
		dots += *p == '.';
	bool beside = strncmp(near, path, (size_t)(strrchr(path, '.') != NULL ? strrchr(path, '.') - path + 1 : 0)) == 0;
	while (near[end] != '\0' && !(near[end] == '.' && beside && found == dots))
		found += near[end++] == '.';
	value_suggest(w->d, e, arena_strndup(w->a, near, end));
}

static void drop_add(const struct walk *w, const struct setting *row, const char *text, struct origin o)
{
	struct layer *l = w->layer;
	l->drops = arena_grow(w->a, l->drops, l->drop_count, &l->drop_cap, sizeof *l->drops);
	l->drops[l->drop_count++] = (struct drop){ .row = row, .text = text, .origin = o };
}

static void read_drop(const struct walk *w, const config_setting_t *s, const char *name, const struct setting *row)
{
	bool entries = row->type == TYPE_LIST || row->type == TYPE_RECORDS;
	if (config_setting_type(s) == CONFIG_TYPE_BOOL && config_setting_get_bool(s)) {
		drop_add(w, row, NULL, line_of(w, s));
		return;
	}
	if (!entries || !is_list(s)) {
		struct diag *e = diag_error(w->d, line_of(w, s), name, "wrong type: %s", type_words(s));
		diag_hint(w->d, e,
			entries ? "list the entries to take away, or write true for all of them"
				: "write true to take the value away");
		return;
	}
	int n = config_setting_length(s);
	for (int i = 0; i < n; i++) {
		const config_setting_t *x = config_setting_get_elem(s, (unsigned)i);
		/* The entries of lists in their one spelling; keys of records and names of variables as they are. */
		bool plain = row->type == TYPE_RECORDS || row->kind == KIND_ENV_PAIR;
		static const struct setting any = { .type = TYPE_LIST, .kind = KIND_TEXT };
		const struct place at = { w->d, line_of(w, x), name };
		const char *text = scalar_text(w, x, name, plain ? &any : row);
		struct item item;
		if (text != NULL && value_item(&at, plain ? &any : row, text, &item))
			drop_add(w, row, item.text, at.origin);
	}
}

/* Whether the setting may stand where it does; reported when not. */
static bool allowed(const struct walk *w, const config_setting_t *s, const char *name, const struct setting *row)
{
	const char *why = NULL;
	switch (w->in) {
	case IN_PROFILE: break;
	case IN_OPTION: why = row->flags & FLAG_RUN ? "cannot be part of an option" : NULL; break;
	case IN_DROP:
		if ((row->flags & FLAG_RUN) && row != &schema_settings[SET_options] && row != &schema_settings[SET_enable])
			why = "cannot be taken away";
		break;
	case IN_LOCK: why = row->flags & FLAG_LOCK ? NULL : "cannot be locked"; break;
	case IN_BOUND: why = row->flags & FLAG_BOUND ? NULL : "has no upper bound"; break;
	case IN_FORBID: why = row->type == TYPE_LIST && (row->flags & FLAG_LOCK) ? NULL : "is no list; use lock"; break;
	}
	if (why != NULL)
		diag_error(w->d, line_of(w, s), name, "%s", why);
	return why == NULL;
}

static void read_setting(struct walk *w, const config_setting_t *s, const char *name, const struct setting *row)
{
	struct value v;
	if (!allowed(w, s, name, row))
		return;
	if (w->in == IN_DROP) {
		read_drop(w, s, name, row);
	} else if (row->type == TYPE_LIST) {
		read_list(w, s, name, row, &layer_entry(w->a, w->layer, row, line_of(w, s))->list);
	} else if (row->type == TYPE_RECORDS) {
		read_records(w, s, name, row, &layer_entry(w->a, w->layer, row, line_of(w, s))->records);
	} else if (read_scalar(w, s, name, row, &v)) {
		layer_entry(w->a, w->layer, row, v.origin)->value = v;
	}
}

static void walk_one(struct walk *w, const config_setting_t *s, const char *name, const char *path)
{
	/* The row's own text serves as the name; only what the table does not know has to be copied out of the tree. */
	const struct setting *row = schema_find(path);
	if (row != NULL) {
		read_setting(w, s, join(w->a, w->prefix, "", row->path), row);
		return;
	}
	const char *own = arena_strdup(w->a, path);
	const char *full = join(w->a, w->prefix, "", own);
	if (w->in == IN_PROFILE && strcmp(path, "drop") == 0) {
		struct walk drop = *w;
		drop.in = IN_DROP;
		drop.prefix = "drop.";
		if (config_setting_type(s) == CONFIG_TYPE_GROUP)
			walk_group(&drop, s, "");
		else
			diag_error(w->d, line_of(w, s), full, "wrong type: %s; wanted: a group", type_words(s));
	} else if (!schema_is_group(path)) {
		if (w->in == IN_OPTION && strcmp(name, "drop") == 0)
			diag_error(w->d, line_of(w, s), full, "an option cannot take anything away");
		else
			unknown(w, s, full, own);
	} else if (config_setting_type(s) != CONFIG_TYPE_GROUP) {
		struct diag *e = diag_error(w->d, line_of(w, s), full, "wrong type: %s; wanted: a group", type_words(s));
		diag_hint(w->d, e, "write %s = { ... };", name);
	} else {
		walk_group(w, s, own);
	}
}

static void walk_group(struct walk *w, const config_setting_t *group, const char *path)
{
	int n = config_setting_length(group);
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(s);
		walk_one(w, s, name, join(w->a, path, ".", name));
	}
}

/* A line that the scan has complained about needs no second complaint about the value that was made of it. */
static void keep_first(const struct tree *t, struct diags *d, size_t from)
{
	size_t kept = from;
	for (size_t i = from; i < d->count; i++) {
		bool again = false;
		for (size_t j = 0; j < t->mistakes; j++)
			again |= d->items[t->first + j].origin.line == d->items[i].origin.line;
		if (again)
			d->errors -= d->items[i].severity == DIAG_ERROR;
		else
			d->items[kept++] = d->items[i];
	}
	d->count = kept;
}

void tree_inherit(const struct tree *t, struct arena *a, struct inherit **ret, size_t *ret_count)
{
	const config_setting_t *s = config_setting_get_member(config_root_setting(&t->config), "inherit");
	const struct walk w = { .base = t->where };
	*ret = NULL;
	*ret_count = 0;
	if (s == NULL || !is_list(s))
		return;
	int n = config_setting_length(s);
	*ret = arena_array(a, (size_t)n, sizeof **ret);
	for (int i = 0; i < n; i++) {
		const config_setting_t *x = config_setting_get_elem(s, (unsigned)i);
		const char *name = config_setting_get_string(x), *why;
		if (name != NULL && profile_name_valid(name, &why))
			(*ret)[(*ret_count)++] = (struct inherit){ arena_strdup(a, name), line_of(&w, x) };
	}
}

void tree_layer(struct tree *t, struct diags *d, struct layer *ret)
{
	struct walk w = { .d = d, .a = d->arena, .base = t->where, .prefix = "", .in = IN_PROFILE, .layer = ret };
	size_t from = d->count;
	ret->origin = t->where;
	walk_group(&w, config_root_setting(&t->config), "");
	layer_check(d, ret, "");
	keep_first(t, d, from);
}

void tree_policy(struct tree *t, struct diags *d, struct policy *ret)
{
	struct walk w = { .d = d, .a = d->arena, .base = t->where };
	const config_setting_t *root = config_root_setting(&t->config);
	size_t from = d->count;
	*ret = (struct policy){ .lock.origin = t->where, .bound.origin = t->where, .forbid.origin = t->where };
	int n = config_setting_length(root);
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(s);
		if (strcmp(name, "lock") == 0) {
			w.prefix = "lock.", w.in = IN_LOCK, w.layer = &ret->lock;
		} else if (strcmp(name, "bound") == 0) {
			w.prefix = "bound.", w.in = IN_BOUND, w.layer = &ret->bound;
		} else if (strcmp(name, "forbid") == 0) {
			w.prefix = "forbid.", w.in = IN_FORBID, w.layer = &ret->forbid;
		} else {
			struct diag *e = diag_error(d, line_of(&w, s), arena_strdup(d->arena, name), "unknown group");
			diag_hint(d, e, "a machine policy has the groups lock, bound and forbid");
			continue;
		}
		if (config_setting_type(s) == CONFIG_TYPE_GROUP)
			walk_group(&w, s, "");
		else
			diag_error(
				d, line_of(&w, s), arena_strdup(d->arena, name), "wrong type: %s; wanted: a group", type_words(s));
	}
	layer_check(d, &ret->lock, "lock.");
	keep_first(t, d, from);
}
