#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "conf/internal.h"
#include "conf/tree.h"

enum { DIRECTORY_DEPTH = 4 };

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n > m && strcmp(text + n - m, end) == 0;
}

/* ---- names in directories ---- */

struct names {
	const char **items;
	size_t count, cap;
};

static void add_name(struct arena *a, struct names *n, const char *name)
{
	n->items = arena_grow(a, n->items, n->count, &n->cap, sizeof *n->items);
	n->items[n->count++] = name;
}

static void scan_dir(struct arena *a, struct names *to, const char *dir, const char *prefix, unsigned depth)
{
	struct dirent *entry;
	DIR *handle = opendir(dir);
	if (handle == NULL)
		return; /* absent is usual; a profile that is asked for by name has its own message */
	while ((entry = readdir(handle)) != NULL) {
		const char *name = entry->d_name;
		struct stat st;
		if (name[0] == '.')
			continue;
		if (ends_with(name, ".conf") && !ends_with(name, ".local.conf")) {
			add_name(a, to, arena_printf(a, "%s%.*s", prefix, (int)strlen(name) - 5, name));
		} else if (depth > 0 && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK)) {
			const char *below = path_join(a, dir, name);
			if (entry->d_type == DT_DIR || (stat(below, &st) == 0 && S_ISDIR(st.st_mode)))
				scan_dir(a, to, below, arena_printf(a, "%s%s/", prefix, name), depth - 1);
		}
	}
	(void)closedir(handle); /* nothing was written */
}

static void sort_names(struct names *n)
{
	size_t kept = 0;
	if (n->count > 1)
		qsort(n->items, n->count, sizeof *n->items, by_text);
	for (size_t i = 0; i < n->count; i++)
		if (kept == 0 || strcmp(n->items[kept - 1], n->items[i]) != 0)
			n->items[kept++] = n->items[i];
	n->count = kept;
}

static struct names all_names(struct arena *a, const struct conf_places *places, bool deep)
{
	struct place_dir dirs[PLACE_DIRS];
	struct names n = { 0 };
	source_dirs(places, dirs);
	for (size_t i = 0; i < PLACE_DIRS; i++)
		if (dirs[i].path != NULL)
			scan_dir(a, &n, dirs[i].path, "", deep ? DIRECTORY_DEPTH : 0);
	sort_names(&n);
	return n;
}

static const char *word(size_t i, const void *data)
{
	return ((const char *const *)data)[i];
}

const char *nearest_profile(struct loader *l, const char *name)
{
	if (!l->names_known) {
		struct names n = all_names(l->arena, l->places, true);
		l->names = n.items;
		l->name_count = n.count;
		l->names_known = true;
	}
	return schema_nearest(name, l->name_count, word, l->names);
}

/* ---- what a file says about itself ---- */

struct about {
	const char *description;
	const char *tried;
	const struct list *programs;
};

static const struct entry *find_entry(const struct layer *l, enum setting_id id)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->entries[i].row == &schema_settings[id])
			return &l->entries[i];
	return NULL;
}

static int read_about(struct about *ret, struct diags *d, const struct source *s, unsigned number)
{
	static const struct list none;
	struct tree t;
	struct layer layer = { 0 };
	*ret = (struct about){ .description = "", .tried = "", .programs = &none };
	int r = tree_read(&t, d, (struct origin){ .file = s->file, .layer = number }, s->bytes, s->len);
	if (r < 0)
		return r;
	tree_layer(&t, d, &layer);
	tree_free(&t);
	const struct entry *description = find_entry(&layer, SET_description), *programs = find_entry(&layer, SET_programs);
	const struct entry *tried = find_entry(&layer, SET_tried);
	if (description != NULL && description->value.set)
		ret->description = description->value.s;
	if (tried != NULL && tried->value.set)
		ret->tried = tried->value.s;
	if (programs != NULL) {
		struct list *copy = arena_alloc(d->arena, sizeof *copy);
		*copy = programs->list;
		ret->programs = copy;
	}
	return 0;
}

/* Whether the file's text can hold the name as a text of its own. Escapes can write a letter in other ways: then it may. */
static bool may_name(const struct source *s, const char *program)
{
	size_t n = strlen(program);
	if (memchr(s->bytes, '\\', s->len) != NULL)
		return true;
	for (const char *p = s->bytes; (p = strstr(p, program)) != NULL; p++)
		if (p > s->bytes && p[-1] == '"' && p[n] == '"')
			return true;
	return false;
}

/* Whether the file of one profile lists the program. A file that cannot be read is a warning: it might have. */
static bool lists_program(struct loader *l, const struct place_dir *dir, const char *name, const char *program)
{
	struct diags quiet = { .arena = l->arena };
	struct source s;
	struct about about;
	const char *path = path_join(l->arena, dir->path, arena_printf(l->arena, "%s.conf", name));
	int r = source_read(&s, &quiet, l->places, path, dir->trust, 0);
	if (r == -ENOENT || (r == 0 && !may_name(&s, program)))
		return false;
	if (r < 0 || read_about(&about, &quiet, &s, 0) < 0) {
		struct diag *e = diag_warning(
			l->diags, (struct origin){ .file = path }, NULL, "cannot tell whether this profile is for %s", program);
		diag_hint(l->diags, e, "\"bailey check %s\" says why", name);
		return false;
	}
	for (size_t i = 0; i < about.programs->count; i++)
		if (strcmp(about.programs->items[i].text, program) == 0)
			return true;
	return false;
}

void find_by_program(struct loader *l, const char *program, const char **ret)
{
	struct place_dir dirs[PLACE_DIRS];
	struct names seen = { 0 };
	source_dirs(l->places, dirs);
	*ret = NULL;
	/* The user's profiles come before the system's, and those before bailey's own; a name counts where it comes first. */
	for (size_t i = 0; i < PLACE_DIRS; i++) {
		struct names here = { 0 };
		if (dirs[i].path != NULL)
			scan_dir(l->arena, &here, dirs[i].path, "", 0);
		sort_names(&here);
		for (size_t j = 0; j < here.count; j++) {
			const char *name = here.items[j];
			if (seen.count > 0 && bsearch(&name, seen.items, seen.count, sizeof *seen.items, by_text) != NULL)
				continue;
			if (lists_program(l, &dirs[i], name, program)) {
				*ret = name;
				return;
			}
		}
		for (size_t j = 0; j < here.count; j++)
			add_name(l->arena, &seen, here.items[j]);
		sort_names(&seen);
	}
}

/* ---- the list for people ---- */

static void fill_entry(struct conf_entry *e, struct arena *a, const struct conf_places *places, const char *name)
{
	struct place_dir dirs[PLACE_DIRS];
	const char **shadows = arena_array(a, PLACE_DIRS, sizeof *shadows);
	const char **locals = arena_array(a, PLACE_DIRS, sizeof *locals);
	source_dirs(places, dirs);
	*e = (struct conf_entry){ .name = name, .description = "", .tried = "", .shadows = shadows, .locals = locals };
	for (size_t i = 0; i < PLACE_DIRS; i++) {
		struct diags quiet = { .arena = a };
		struct source s;
		struct about about;
		struct stat st;
		if (dirs[i].path == NULL)
			continue;
		const char *path = path_join(a, dirs[i].path, arena_printf(a, "%s.conf", name));
		if (stat(path, &st) < 0)
			continue;
		if (e->path != NULL) {
			shadows[e->shadow_count++] = path;
			continue;
		}
		e->path = path;
		if (source_read(&s, &quiet, places, path, dirs[i].trust, 0) < 0 || read_about(&about, &quiet, &s, 0) < 0)
			continue;
		e->description = about.description;
		e->tried = about.tried;
		e->program_count = about.programs->count;
		const char **programs = arena_array(a, e->program_count, sizeof *programs);
		for (size_t j = 0; j < e->program_count; j++)
			programs[j] = about.programs->items[j].text;
		e->programs = programs;
	}
	for (size_t i = PLACE_DIRS; i-- > 0;) {
		struct stat st;
		if (dirs[i].path == NULL)
			continue;
		const char *path = path_join(a, dirs[i].path, arena_printf(a, "%s.local.conf", name));
		if (stat(path, &st) == 0)
			locals[e->local_count++] = path;
	}
}

int conf_list(
	struct conf_entry **ret, size_t *ret_count, struct arena *a, const struct conf_places *places, bool common, struct diags *d)
{
	struct names n = all_names(a, places, common);
	struct conf_entry *list = arena_array(a, n.count, sizeof *list);
	*ret_count = 0;
	for (size_t i = 0; i < n.count; i++) {
		fill_entry(&list[*ret_count], a, places, n.items[i]);
		if (list[*ret_count].path == NULL)
			diag_warning(d, (struct origin){ 0 }, NULL,
				"the profile \"%s\" cannot be reached: a link without a target?", n.items[i]);
		else
			++*ret_count;
	}
	*ret = list;
	return 0;
}
