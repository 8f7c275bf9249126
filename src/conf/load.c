#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "conf/internal.h"
#include "conf/tree.h"
#include "conf/value.h"

enum { CHAIN_MAX = 16 };

struct chain {
	const struct chain *up;
	const char *name;
	unsigned depth;
};

enum found { FOUND, MISSING, CYCLE, TOO_DEEP };

static enum found load_part(struct loader *l, const char *name, const struct chain *up);

/* Reports what became of the names that a file inherits. */
static void report_inherit(struct loader *l, const struct inherit *at, enum found found, const struct chain *chain, unsigned layer)
{
	struct origin o = at->origin;
	struct diag *e;
	o.layer = layer;
	if (found == MISSING) {
		e = diag_error(l->diags, o, "inherit", "no profile \"%s\" in the profile directories", at->name);
		value_suggest(l->diags, e, nearest_profile(l, at->name));
	} else if (found == CYCLE) {
		const char *text = at->name;
		for (const struct chain *c = chain; c != NULL; c = c->up) {
			text = arena_printf(l->arena, "%s -> %s", c->name, text);
			if (strcmp(c->name, at->name) == 0)
				break;
		}
		e = diag_error(l->diags, o, "inherit", "profiles inherit each other in a circle: %s", text);
		if (strcmp(chain->name, at->name) == 0)
			diag_hint(l->diags, e, "to add to a profile of the same name write %s.local.conf", at->name);
	} else if (found == TOO_DEEP) {
		diag_error(l->diags, o, "inherit", "profiles inherit each other more than %d deep", CHAIN_MAX);
	}
}

/* Merges one text: what it inherits first, then itself. */
static void load_source(struct loader *l, const struct source *s, const struct chain *chain, bool part)
{
	struct tree t;
	struct inherit *names;
	size_t count;
	if (tree_read(&t, l->diags, (struct origin){ .file = s->file, .layer = l->next }, s->bytes, s->len) < 0) {
		l->next++;
		return;
	}
	tree_inherit(&t, l->arena, &names, &count);
	enum found *found = arena_array(l->arena, count, sizeof *found);
	for (size_t i = 0; i < count; i++)
		found[i] = load_part(l, names[i].name, chain);

	/* Only now is it known how many layers lie below this one. */
	struct layer layer = { .part = part };
	tree_number(&t, l->diags, l->next++);
	tree_layer(&t, l->diags, &layer);
	for (size_t i = 0; i < count; i++)
		report_inherit(l, &names[i], found[i], chain, t.where.layer);
	layer_merge(l->diags, l->profile, &layer);
	tree_free(&t);
}

/* NAME.local.conf of every directory, the user's last. */
static void load_locals(struct loader *l, const struct chain *chain, bool part)
{
	struct place_dir dirs[PLACE_DIRS];
	source_dirs(l->places, dirs);
	const char *file = arena_printf(l->arena, "%s.local.conf", chain->name);
	for (size_t i = PLACE_DIRS; i-- > 0;) {
		struct source s;
		if (dirs[i].path == NULL)
			continue;
		int r = source_read(&s, l->diags, l->places, path_join(l->arena, dirs[i].path, file), dirs[i].trust, l->next);
		if (r == 0)
			load_source(l, &s, chain, part);
		else if (r != -ENOENT)
			l->next++;
	}
}

/* Finds and reads NAME.conf. 0, -ENOENT without a diagnostic, or another -errno with one. */
static int read_named(struct loader *l, const char *name, struct source *ret)
{
	struct place_dir dirs[PLACE_DIRS];
	source_dirs(l->places, dirs);
	const char *file = arena_printf(l->arena, "%s.conf", name);
	for (size_t i = 0; i < PLACE_DIRS; i++) {
		if (dirs[i].path == NULL)
			continue;
		int r = source_read(ret, l->diags, l->places, path_join(l->arena, dirs[i].path, file), dirs[i].trust, l->next);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			l->next++;
		return r;
	}
	return -ENOENT;
}

static enum found load_part(struct loader *l, const char *name, const struct chain *up)
{
	struct source s;
	for (const struct chain *c = up; c != NULL; c = c->up)
		if (strcmp(c->name, name) == 0)
			return CYCLE;
	for (size_t i = 0; i < l->done_count; i++)
		if (strcmp(l->done[i], name) == 0)
			return FOUND;
	const struct chain chain = { up, name, up->depth + 1 };
	if (chain.depth > CHAIN_MAX)
		return TOO_DEEP;
	int r = read_named(l, name, &s);
	if (r == -ENOENT)
		return MISSING;
	l->done = arena_grow(l->arena, l->done, l->done_count, &l->done_cap, sizeof *l->done);
	l->done[l->done_count++] = name;
	if (r == 0)
		load_source(l, &s, &chain, true);
	load_locals(l, &chain, true);
	return FOUND;
}

/* ---- options ---- */

static const char *option_word(size_t i, const void *data)
{
	return ((const struct records *)data)->items[i].key;
}

static void check_option(struct loader *l, const char *name, struct origin o, const char *setting)
{
	const struct records *all = &l->profile->options;
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].key, name) == 0)
			return;
	struct diag *e = diag_error(l->diags, o, setting, "the profile has no option \"%s\"", name);
	const char *near = schema_nearest(name, all->count, option_word, all);
	if (near != NULL)
		value_suggest(l->diags, e, near);
	else if (all->count == 0)
		diag_hint(l->diags, e, "it has no options at all");
}

static bool has_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

bool conf_option_enabled(const struct profile *p, const struct conf_request *r, const char *name)
{
	if (has_word(r->without, r->without_count, name))
		return false;
	if (has_word(r->with, r->with_count, name))
		return true;
	for (size_t i = 0; i < p->enable.count; i++)
		if (strcmp(p->enable.items[i].text, name) == 0)
			return true;
	return false;
}

static void load_options(struct loader *l)
{
	const struct conf_request *r = l->request;
	const struct records *all = &l->profile->options;
	const struct list *enable = &l->profile->enable;
	const struct origin with = { .file = "command line (--with)", .layer = l->next };
	const struct origin without = { .file = "command line (--without)", .layer = l->next };
	for (size_t i = 0; i < enable->count; i++)
		check_option(l, enable->items[i].text, enable->items[i].origin, "enable");
	for (size_t i = 0; i < r->with_count; i++)
		check_option(l, r->with[i], with, NULL);
	for (size_t i = 0; i < r->without_count; i++)
		check_option(l, r->without[i], without, NULL);
	for (size_t i = 0; i < all->count; i++) {
		const struct record *o = &all->items[i];
		if (o->body != NULL && conf_option_enabled(l->profile, r, o->key))
			layer_merge(l->diags, l->profile, layer_copy(l->arena, o->body, l->next++));
	}
}

/* ---- the main profile ---- */

/* A name that is good in a path and on one line: "my profile" becomes "my_profile". */
static const char *plain_name(struct arena *a, const char *file)
{
	const char *base = path_base(file);
	size_t n = strlen(base);
	if (n > 5 && strcmp(base + n - 5, ".conf") == 0)
		n -= 5;
	char *name = arena_strndup(a, base, n);
	for (char *p = name; *p != '\0'; p++) {
		bool good = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
			(p != name && strchr("._+-", *p) != NULL);
		if (!good)
			*p = '_';
	}
	return name[0] != '\0' ? name : "profile";
}

static int missing(struct loader *l, const char *name)
{
	struct diag *e = diag_error(l->diags, (struct origin){ .file = "command line" }, NULL, "there is no profile \"%s\"", name);
	const char *near = nearest_profile(l, name);
	if (near != NULL)
		value_suggest(l->diags, e, near);
	else
		diag_hint(l->diags, e, "\"bailey profiles\" lists them");
	return -ENOENT;
}

static int load_name(struct loader *l, const char *name)
{
	struct source s;
	const char *why;
	if (!profile_name_valid(name, &why)) {
		diag_error(l->diags, (struct origin){ .file = "command line" }, NULL, "the profile name \"%s\" %s", name, why);
		return -ENOENT;
	}
	int r = read_named(l, name, &s);
	if (r == -ENOENT)
		return missing(l, name);
	const struct chain chain = { NULL, name, 0 };
	l->profile->name = arena_strdup(l->arena, name);
	if (r == 0) {
		l->profile->path = s.file;
		load_source(l, &s, &chain, false);
	}
	load_locals(l, &chain, false);
	return 0;
}

static int load_path(struct loader *l, const char *path)
{
	struct source s;
	/* bailey's own profiles may be named by path too; whose tree they are in decides who may own them. */
	bool shipped = l->places->shipped_dir != NULL && path_below(path, l->places->shipped_dir);
	int r = source_read(&s, l->diags, l->places, arena_strdup(l->arena, path), shipped ? TRUST_SHIPPED : TRUST_USER, l->next++);
	if (r == -ENOENT) {
		struct diag *e = diag_error(l->diags, (struct origin){ .file = "command line" }, NULL, "there is no file %s", path);
		diag_hint(l->diags, e, "a profile's name has no slash; this was taken for a path");
		return -ENOENT;
	}
	const struct chain chain = { NULL, path, 0 };
	l->profile->name = plain_name(l->arena, path);
	if (r == 0) {
		l->profile->path = s.file;
		load_source(l, &s, &chain, false);
	}
	return 0;
}

/* The profile of a program that was started by its name: PROGRAM.conf, one that lists it, or the default. */
static int load_program(struct loader *l, const char *program)
{
	struct source s;
	const char *why, *name = NULL;
	bool by_name = program != NULL && l->request->program_path != NULL && strchr(program, '/') == NULL;
	if (by_name && profile_name_valid(program, &why)) {
		int r = read_named(l, program, &s);
		if (r != -ENOENT) {
			const struct chain chain = { NULL, program, 0 };
			l->profile->name = arena_strdup(l->arena, program);
			if (r == 0) {
				l->profile->path = s.file;
				load_source(l, &s, &chain, false);
			}
			load_locals(l, &chain, false);
			return 0;
		}
	}
	if (by_name)
		find_by_program(l, program, &name);
	return load_name(l, name != NULL ? name : "default");
}

static void defaults(struct loader *l)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *row = &schema_settings[i];
		if (row->def != NULL)
			value_default(l->diags, row, profile_value(l->profile, row));
	}
}

static int finish(struct loader *l, int r)
{
	if (r == 0) {
		load_options(l);
		load_sets(l);
		load_policy(l);
	}
	return r;
}

int conf_load(struct profile *ret, struct arena *a, const struct conf_places *places, const struct conf_request *r, struct diags *d)
{
	struct loader l = { .arena = a, .places = places, .request = r, .diags = d, .profile = ret, .next = 1 };
	*ret = (struct profile){ .name = "default" };
	defaults(&l);
	if (r->profile != NULL && strcmp(r->profile, "-") == 0) {
		struct source s;
		const struct chain chain = { NULL, "standard input", 0 };
		ret->name = "stdin";
		if (source_stdin(&s, d, l.next) == 0)
			load_source(&l, &s, &chain, false);
		return finish(&l, 0);
	}
	if (r->profile != NULL && strchr(r->profile, '/') != NULL)
		return finish(&l, load_path(&l, r->profile));
	return finish(&l, r->profile != NULL ? load_name(&l, r->profile) : load_program(&l, r->program));
}

int conf_load_text(struct profile *ret, struct arena *a, const struct conf_places *places, const struct conf_request *r,
	const char *name, const char *bytes, size_t len, struct diags *d)
{
	struct loader l = { .arena = a, .places = places, .request = r, .diags = d, .profile = ret, .next = 1 };
	const struct chain chain = { NULL, name, 0 };
	char *copy = arena_alloc(a, len + 1);
	memcpy(copy, bytes, len);
	*ret = (struct profile){ .name = plain_name(a, name) };
	defaults(&l);
	load_source(&l, &(struct source){ arena_strdup(a, name), copy, len }, &chain, false);
	return finish(&l, 0);
}
