#include <errno.h>
#include <string.h>

#include "conf/internal.h"
#include "conf/tree.h"
#include "conf/value.h"
#include "schema/syscalls.h"

/* Lists whose entries take something from the program: a profile may add to them, never leave a locked one out. */
static bool takes_away(const struct setting *row)
{
	return row == &schema_settings[SET_filesystem_hide] || row == &schema_settings[SET_syscalls_deny] ||
		row == &schema_settings[SET_environment_unset];
}

static bool said(const struct value *v)
{
	return v->set && v->origin.layer > 0;
}

static bool same_value(const struct setting *row, const struct value *x, const struct value *y)
{
	if (!x->set || !y->set)
		return x->set == y->set;
	return row->type == TYPE_STRING ? strcmp(x->s, y->s) == 0 : x->i == y->i;
}

static struct item *find_item(const struct list *l, const char *text)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].text, text) == 0)
			return &l->items[i];
	return NULL;
}

/* ---- lock ---- */

/* The profile's value remembers what the policy says, for the plan. */
static void remember(struct loader *l, struct value *v, const struct value *policy)
{
	struct value *copy = arena_alloc(l->arena, sizeof *copy);
	*copy = *policy;
	v->bound = copy;
}

static void lock_value(struct loader *l, const struct entry *e)
{
	struct value *v = profile_value(l->profile, e->row);
	if (said(v) && !same_value(e->row, v, &e->value)) {
		struct diag *x = diag_error(
			l->diags, v->origin, e->row->path, "locked to \"%s\" by %s", e->value.s, origin_text(l->arena, e->origin));
		diag_hint(l->diags, x, "take the line out, or ask whoever looks after the machine");
	}
	*v = e->value;
	remember(l, v, &e->value);
}

/* Paths as they stand in profiles; what a variable stands for is not known here, so "~/x" and "${HOME}/x" differ. */
static bool text_within(const char *path, const char *dir)
{
	size_t n = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Grants at or below a hidden path would show it again: the deepest path wins. */
static void lock_hidden(struct loader *l, const struct item *locked)
{
	static const enum setting_id granting[] = { SET_filesystem_read_only, SET_filesystem_read_write };
	const char *by = origin_text(l->arena, locked->origin);
	for (size_t i = 0; i < 2; i++) {
		const struct setting *row = &schema_settings[granting[i]];
		const struct list *have = profile_list(l->profile, row);
		for (size_t j = 0; j < have->count; j++)
			if (text_within(have->items[j].text, locked->text))
				diag_error(l->diags, have->items[j].origin, row->path, "\"%s\" is hidden by %s",
					have->items[j].text, by);
	}
	for (size_t i = 0; i < l->profile->filesystem_binds.count; i++) {
		const struct record *r = &l->profile->filesystem_binds.items[i];
		if (text_within(MEMBER_OF(r, bind, from)->s, locked->text) || text_within(r->key, locked->text))
			diag_error(l->diags, r->origin, "filesystem.binds", "\"%s\" is hidden by %s", r->key, by);
	}
	for (size_t i = 0; i < l->profile->filesystem_overlay.count; i++) {
		const struct record *r = &l->profile->filesystem_overlay.items[i];
		const struct value *upper = MEMBER_OF(r, overlay, upper);
		if (text_within(r->key, locked->text) || (upper->s != NULL && text_within(upper->s, locked->text)))
			diag_error(l->diags, r->origin, "filesystem.overlay", "\"%s\" is hidden by %s", r->key, by);
	}
	const struct setting *const roots[] = { &schema_settings[SET_filesystem_root],
		&schema_settings[SET_filesystem_root_upper] };
	for (size_t i = 0; i < 2; i++) {
		const struct value *v = profile_value(l->profile, roots[i]);
		if (v->set && v->s != NULL && text_within(v->s, locked->text))
			diag_error(l->diags, v->origin, roots[i]->path, "\"%s\" is hidden by %s", v->s, by);
	}
}

static void lock_denied(struct loader *l, const struct item *locked)
{
	const char *by = origin_text(l->arena, locked->origin);
	const struct item *x = find_item(&l->profile->syscalls_allow, locked->text);
	if (x != NULL)
		diag_error(l->diags, x->origin, "syscalls.allow", "\"%s\" is denied by %s", x->text, by);
	bool *calls = arena_array(l->arena, syscall_count(), sizeof *calls);
	(void)syscall_mark(locked->text, calls); /* the name was found good when the policy was read */
	for (size_t i = 0; i < l->profile->syscalls_allow.count; i++) {
		/* A call by its own name would win over a group that is denied. */
		const struct item *allow = &l->profile->syscalls_allow.items[i];
		int call = syscall_index(allow->text);
		if (allow != x && call >= 0 && calls[call])
			diag_error(l->diags, allow->origin, "syscalls.allow", "\"%s\" is denied by %s", allow->text, by);
	}
	for (size_t i = 0; i < l->profile->syscalls_rules.count; i++) {
		const struct record *r = &l->profile->syscalls_rules.items[i];
		int64_t action = MEMBER_OF(r, rule, action)->i;
		int call = syscall_index(MEMBER_OF(r, rule, name)->s);
		if (call >= 0 && calls[call] && (action == RULE_ALLOW || action == RULE_LOG))
			diag_error(
				l->diags, r->origin, "syscalls.rules", "\"%s\" is denied by %s", MEMBER_OF(r, rule, name)->s, by);
	}
}

static void lock_unset(struct loader *l, const struct item *locked)
{
	size_t n = strlen(locked->text);
	bool pattern = locked->text[n - 1] == '*';
	for (size_t i = 0; i < l->profile->environment_set.count; i++) {
		const struct item *x = &l->profile->environment_set.items[i];
		if (strncmp(x->text, locked->text, n - pattern) == 0 && (pattern || x->text[n] == '='))
			diag_error(l->diags, x->origin, "environment.set", "\"%.*s\" is taken out by %s",
				(int)strcspn(x->text, "="), x->text, origin_text(l->arena, locked->origin));
	}
}

/* Profiles must not give back what a locked list takes away. */
static void lock_against(struct loader *l, const struct setting *row, const struct item *locked)
{
	if (row == &schema_settings[SET_filesystem_hide])
		lock_hidden(l, locked);
	else if (row == &schema_settings[SET_syscalls_deny])
		lock_denied(l, locked);
	else
		lock_unset(l, locked);
}

static void lock_list(struct loader *l, const struct entry *e)
{
	struct list *to = profile_list(l->profile, e->row);
	if (takes_away(e->row)) {
		for (size_t i = 0; i < e->list.count; i++) {
			lock_against(l, e->row, &e->list.items[i]);
			struct item *have = find_item(to, e->list.items[i].text);
			if (have != NULL)
				*have = e->list.items[i];
			else
				list_add(l->arena, to, e->list.items[i]);
		}
		return;
	}
	for (size_t i = 0; i < to->count; i++)
		if (find_item(&e->list, to->items[i].text) == NULL)
			diag_error(l->diags, to->items[i].origin, e->row->path, "\"%s\" is not in the list that %s locks",
				to->items[i].text, origin_text(l->arena, e->origin));
}

static bool same_record(const char *name, const struct record *x, const struct record *y)
{
	for (size_t i = 0; i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		if (strcmp(m->record, name) == 0 && !same_value(m, &x->member[m->offset], &y->member[m->offset]))
			return false;
	}
	return true;
}

static void lock_records(struct loader *l, const struct entry *e)
{
	const struct records *have = profile_records(l->profile, e->row);
	for (size_t i = 0; i < have->count; i++) {
		bool good = false;
		for (size_t j = 0; j < e->records.count && !good; j++)
			good = same_record(e->row->list, &have->items[i], &e->records.items[j]);
		if (!good)
			diag_error(l->diags, have->items[i].origin, e->row->path, "\"%s\" is not among the entries that %s locks",
				have->items[i].key, origin_text(l->arena, e->origin));
	}
}

/* ---- bound ---- */

static void bound(struct loader *l, const struct entry *e)
{
	struct value *v = profile_value(l->profile, e->row);
	bool share = e->row->kind == KIND_SHARE && e->value.i < 0; /* shares are negative */
	bool unlike = e->row->kind == KIND_SHARE && v->set && (v->i < 0) != share; /* compared where the memory is known */
	bool within = v->set && (unlike || (share ? v->i >= e->value.i : v->i <= e->value.i));
	if (v->set && !within) {
		struct diag *x = diag_error(l->diags, v->origin, e->row->path, "\"%s\" is more than the \"%s\" that %s allows",
			v->s, e->value.s, origin_text(l->arena, e->origin));
		diag_hint(l->diags, x, "lower it to \"%s\", or ask whoever looks after the machine", e->value.s);
	}
	if (!within)
		*v = e->value;
	remember(l, v, &e->value);
}

/* ---- forbid ---- */

static void refuse_item(struct loader *l, const char *setting, const char *text, struct origin at, const struct item *forbidden)
{
	struct diag *x =
		diag_error(l->diags, at, setting, "\"%s\" is forbidden by %s", text, origin_text(l->arena, forbidden->origin));
	diag_hint(l->diags, x, "take the entry out, or ask whoever looks after the machine");
}

/* Granting a path grants what is below it, unless that is hidden. */
static bool reaches(const struct loader *l, const char *granted, const char *forbidden)
{
	return text_within(granted, forbidden) ||
		(text_within(forbidden, granted) && find_item(&l->profile->filesystem_hide, forbidden) == NULL);
}

static void forbid_path(struct loader *l, const struct item *f, bool read)
{
	static const enum setting_id granting[] = { SET_filesystem_read_write, SET_filesystem_read_only };
	/* What must not be read must not be written either, nor come in under another name. */
	for (size_t i = 0; i < (read ? 2 : 1); i++) {
		const struct setting *row = &schema_settings[granting[i]];
		const struct list *have = profile_list(l->profile, row);
		for (size_t j = 0; j < have->count; j++)
			if (reaches(l, have->items[j].text, f->text))
				refuse_item(l, row->path, have->items[j].text, have->items[j].origin, f);
	}
	for (size_t i = 0; i < l->profile->filesystem_binds.count; i++) {
		const struct record *r = &l->profile->filesystem_binds.items[i];
		const char *from = MEMBER_OF(r, bind, from)->s;
		if (reaches(l, from, f->text) && (read || MEMBER_OF(r, bind, mode)->i == BIND_READ_WRITE))
			refuse_item(l, "filesystem.binds", from, r->origin, f);
	}
}

static void forbid(struct loader *l, const struct entry *e)
{
	bool read = e->row == &schema_settings[SET_filesystem_read_only];
	const struct list *have = profile_list(l->profile, e->row);
	/* What is granted without being named in a list is looked at when the plan is made. */
	if (read)
		l->profile->forbidden_read = e->list;
	else if (e->row == &schema_settings[SET_filesystem_read_write])
		l->profile->forbidden_write = e->list;
	for (size_t i = 0; i < e->list.count; i++) {
		const struct item *f = &e->list.items[i];
		if (read || e->row == &schema_settings[SET_filesystem_read_write]) {
			forbid_path(l, f, read);
			continue;
		}
		for (size_t j = 0; j < have->count; j++)
			if (items_match(e->row, have->items[j].text, f->text))
				refuse_item(l, e->row->path, have->items[j].text, have->items[j].origin, f);
	}
}

void load_policy(struct loader *l)
{
	struct source s;
	struct tree t;
	struct policy p;
	if (l->places->policy == NULL)
		return;
	/* The last layer: nothing of a profile replaces what it says. */
	unsigned number = l->next++;
	if (source_read(&s, l->diags, l->places, l->places->policy, TRUST_SYSTEM, number) < 0)
		return;
	if (tree_read(&t, l->diags, (struct origin){ .file = s.file, .layer = number }, s.bytes, s.len) < 0)
		return;
	tree_policy(&t, l->diags, &p);
	tree_free(&t);
	for (size_t i = 0; i < p.lock.count; i++) {
		const struct entry *e = &p.lock.entries[i];
		if (e->row->type == TYPE_LIST)
			lock_list(l, e);
		else if (e->row->type == TYPE_RECORDS)
			lock_records(l, e);
		else
			lock_value(l, e);
	}
	for (size_t i = 0; i < p.bound.count; i++)
		bound(l, &p.bound.entries[i]);
	for (size_t i = 0; i < p.forbid.count; i++)
		forbid(l, &p.forbid.entries[i]);
}
