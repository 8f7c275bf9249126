#include "desktop/override.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

enum { WRAPPER_MODE = 0755 };

static const char *own_path(struct desktop *d, enum desktop_kind kind, const char *name)
{
	const struct files_dir *own = &d->place.dirs[kind].own;
	return path_join(d->arena, path_join(d->arena, own->base, own->below), name);
}

/* The directory a file of bailey's lies in; names of entries may have directories in them. */
static int open_own(struct desktop *d, enum desktop_kind kind, const char *name, bool make)
{
	struct files_dir dir = d->place.dirs[kind].own;
	const char *slash = strrchr(name, '/');
	if (slash != NULL)
		dir.below = path_join(d->arena, dir.below, arena_strndup(d->arena, name, (size_t)(slash - name)));
	d->manifest.made.mode = d->place.directory_mode;
	return files_open(&dir, d->arena, make ? &d->manifest.made : NULL);
}

/* ---- what there is ---- */

static void find_source(struct desktop *d, struct desktop_item *ret)
{
	const char *own = own_path(d, ret->kind, ret->name);
	const char *kept = desktop_kept_name(d->arena, own);
	ret->record = manifest_find(&d->manifest, ret->kind, ret->name);
	bool there = access(own, F_OK) == 0;
	/* Bailey was ended before it kept the user's file aside: that is where it was. */
	if (ret->record != NULL && ret->record->source == NULL && faccessat(AT_FDCWD, kept, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		ret->record = NULL;
	ret->own = ret->record == NULL ? there : ret->record->source == NULL;
	if (ret->own)
		ret->source = ret->record == NULL ? own : kept;
	else
		ret->source = desktop_other(&d->place, ret->kind, ret->name, d->arena);
}

static void fill(struct desktop *d, struct desktop_item *ret)
{
	const char *text;
	size_t len;
	int r = files_read(AT_FDCWD, ret->source, d->arena, &text, &len);
	if (r < 0) {
		ret->wrong = strerror(-r);
		return;
	}
	if (desktop_entry_read(&ret->entry, d->arena, ret->kind, text, len, &ret->wrong) < 0)
		return;
	ret->wrong = NULL;
	if (!ret->entry.starts || ret->entry.hidden)
		return;
	if (ret->entry.ours) {
		ret->wrong = ret->own ? "it has bailey's mark, but is not in bailey's list"
				      : "it is under bailey already, for all users";
		return;
	}
	if (ret->entry.program == NULL) {
		ret->wrong = "it has no Exec";
		return;
	}
	ret->path = programs_path(&d->programs, ret->entry.program);
	const char *argument = ret->entry.argument;
	ret->script = argument != NULL && argument[0] == '/' && access(argument, F_OK) == 0;
	if (ret->path != NULL && !ret->script)
		ret->profile = programs_profile(&d->programs, ret->path);
}

void desktop_items(struct desktop *d, enum desktop_kind kind, struct desktop_item **ret, size_t *ret_count)
{
	const char **names;
	size_t count;
	*ret_count = 0;
	desktop_names(&d->place, kind, d->arena, &names, &count);
	*ret = arena_array(d->arena, count, sizeof **ret);
	for (size_t i = 0; i < count; i++) {
		struct desktop_item item = { .kind = kind, .name = names[i], .id = desktop_id(d->arena, kind, names[i]) };
		find_source(d, &item);
		if (item.source == NULL)
			continue;
		fill(d, &item);
		if (item.wrong != NULL || (item.entry.starts && !item.entry.hidden))
			(*ret)[(*ret_count)++] = item;
	}
}

/* ---- what bailey's file should say ---- */

/* From the text in `source`, NULL where there is none any more. 0, -ENOENT for that, or another -errno; with `e`. */
static int write_from(struct desktop *d, const struct override *r, const char *source, struct buf *out, struct err *e)
{
	*out = (struct buf){ .arena = d->arena };
	if (r->kind == DESKTOP_COMMAND) {
		if (access(r->program, X_OK) < 0)
			return err_set(e, errno, "%s", r->program);
		return desktop_entry_wrapper(out, d->bailey, r->profile, r->program, e);
	}
	const char *text;
	size_t len;
	if (source == NULL)
		return err_set(e, ENOENT, "%s", r->source);
	int result = files_read(AT_FDCWD, source, d->arena, &text, &len);
	if (result < 0)
		return err_set(e, -result, "cannot read %s", source);
	const struct desktop_change change = { .kind = r->kind,
		.bailey = d->bailey,
		.programs = &d->programs,
		.profile = r->profile,
		.all = r->all,
		.source = r->source == NULL ? own_path(d, r->kind, r->name) : source };
	return desktop_entry_rewrite(out, &change, text, len, e);
}

/* What the file of a record should say today. */
static int expected(struct desktop *d, const struct override *r, struct buf *out, struct err *e)
{
	const char *source = r->source == NULL ? desktop_kept_name(d->arena, own_path(d, r->kind, r->name))
		: r->kind == DESKTOP_COMMAND   ? NULL
					       : desktop_other(&d->place, r->kind, r->name, d->arena);
	return write_from(d, r, source, out, e);
}

const char *override_state_word(enum override_state state)
{
	static const char *const words[] = {
		[OVERRIDE_OK] = "ok",
		[OVERRIDE_OLD] = "out of date",
		[OVERRIDE_CHANGED] = "changed",
		[OVERRIDE_MISSING] = "missing",
		[OVERRIDE_ORPHAN] = "orphaned",
	};
	return words[state];
}

enum override_state override_state(struct desktop *d, const struct override *r)
{
	struct buf text;
	struct err e = { .code = 0 };
	int dir = open_own(d, r->kind, r->name, false);
	const char *sum = dir >= 0 ? files_sum_of(dir, path_base(r->name), d->arena) : "";
	if (dir >= 0)
		(void)close(dir);
	if (sum[0] != '\0' && strcmp(sum, r->sum) != 0)
		return OVERRIDE_CHANGED;
	int made = expected(d, r, &text, &e);
	if (made == -ENOENT)
		return OVERRIDE_ORPHAN;
	if (sum[0] == '\0')
		return OVERRIDE_MISSING;
	return made == 0 && strcmp(files_sum(d->arena, buf_text(&text), text.len), sum) == 0 ? OVERRIDE_OK : OVERRIDE_OLD;
}

/* ---- putting it there ---- */

static int refuse_changed(struct desktop *d, const struct override *r, struct err *e)
{
	(void)err_set(e, 0, "%s was changed since bailey wrote it, and is left alone", own_path(d, r->kind, r->name));
	return err_hint(e, "move it away, then say this again");
}

static mode_t mode_of(const struct desktop *d, enum desktop_kind kind)
{
	return kind == DESKTOP_COMMAND ? WRAPPER_MODE : d->place.file_mode;
}

/* Into an empty place, or over what bailey wrote. `r` has the new sum already, `before` is the old one or "". */
static int put(struct desktop *d, int dir, const struct override *r, const char *before, const struct buf *text, struct err *e)
{
	const char *name = path_base(r->name);
	mode_t mode = mode_of(d, r->kind);
	int result = before[0] == '\0' ? files_create(dir, name, buf_text(text), text->len, mode)
				       : files_replace(dir, name, before, buf_text(text), text->len, mode, d->arena);
	if (result == -EEXIST)
		return refuse_changed(d, r, e);
	return result < 0 ? err_set(e, -result, "cannot write %s", own_path(d, r->kind, r->name)) : 0;
}

/* As add(), for a file that is there, or was. */
static int update(struct desktop *d, struct override *r, struct err *e)
{
	struct buf text;
	if (expected(d, r, &text, e) < 0)
		return -e->code;
	int dir = open_own(d, r->kind, r->name, true);
	if (dir < 0)
		return err_set(e, -dir, "cannot open the directory of %s", own_path(d, r->kind, r->name));
	const char *before = files_sum_of(dir, path_base(r->name), d->arena), *was = r->sum;
	const char *now = files_sum(d->arena, buf_text(&text), text.len);
	int result = 0;
	if (before[0] != '\0' && strcmp(before, was) != 0 && strcmp(before, now) != 0)
		result = refuse_changed(d, r, e);
	if (result == 0 && strcmp(before, now) != 0) {
		r->sum = now;
		result = manifest_save(&d->manifest, e);
		if (result == 0)
			result = put(d, dir, r, before, &text, e);
		if (result < 0) {
			struct err second = { .code = 0 };
			r->sum = was;
			(void)manifest_save(&d->manifest, &second);
		}
	}
	(void)close(dir);
	return result;
}

/* What the user has there gets another name. */
static int keep_aside(struct desktop *d, int dir, const struct override *r, struct err *e)
{
	const char *name = path_base(r->name), *path = own_path(d, r->kind, r->name);
	int result = files_rename(dir, name, desktop_kept_name(d->arena, name));
	if (result == -EEXIST)
		return err_set(e, EEXIST, "%s", desktop_kept_name(d->arena, path));
	return result < 0 ? err_set(e, -result, "cannot rename %s", path) : 0;
}

/*
 * Makes a record's file for the first time, from the text in `source`.  The list says first what is going to be there: whatever ends
 * bailey in between, the next command knows what is its own.
 */
static int add(struct desktop *d, const struct override *fresh, const char *source, struct err *e)
{
	struct buf text;
	if (write_from(d, fresh, source, &text, e) < 0)
		return -e->code;
	struct override *r = manifest_add(&d->manifest, fresh);
	const char *name = path_base(r->name);
	int dir = open_own(d, r->kind, r->name, true);
	bool moved = false;
	r->sum = files_sum(d->arena, buf_text(&text), text.len);
	if (dir < 0)
		(void)err_set(e, -dir, "cannot open the directory of %s", own_path(d, r->kind, r->name));
	if (e->code == 0)
		(void)manifest_save(&d->manifest, e);
	if (e->code == 0 && r->source == NULL)
		moved = keep_aside(d, dir, r, e) == 0;
	if (e->code == 0)
		(void)put(d, dir, r, "", &text, e);
	if (e->code != 0) {
		struct err second = { .code = 0 }; /* the first error is the one to tell */
		if (moved)
			(void)files_rename(dir, desktop_kept_name(d->arena, name), name);
		r->gone = true;
		(void)manifest_save(&d->manifest, &second);
	}
	if (dir >= 0)
		(void)close(dir);
	return -e->code;
}

/* As in find_source(); what is there is not bailey's either. */
static bool never_begun(struct desktop *d, int dir, const struct override *r)
{
	const char *name = path_base(r->name);
	return r->source == NULL && faccessat(dir, desktop_kept_name(d->arena, name), F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		errno == ENOENT && strcmp(files_sum_of(dir, name, d->arena), r->sum) != 0;
}

/* A record that nothing stands for is not there. */
static struct override *known_record(struct desktop *d, enum desktop_kind kind, const char *name)
{
	struct override *r = manifest_find(&d->manifest, kind, name);
	int dir = r != NULL ? open_own(d, kind, name, false) : -1;
	if (dir < 0)
		return r;
	r->gone = never_begun(d, dir, r);
	(void)close(dir);
	return r->gone ? NULL : r;
}

int override_enable(struct desktop *d, const struct desktop_item *item, const char *profile, bool all, struct err *e)
{
	struct override *known = known_record(d, item->kind, item->name); /* item->record is as old as the item */
	if (known != NULL) {
		known->profile = profile;
		known->all = all;
		return update(d, known, e);
	}
	const struct override fresh = { .kind = item->kind,
		.name = item->name,
		.profile = profile,
		.program = item->path,
		.source = item->own ? NULL : item->source,
		.sum = "",
		.all = all };
	const char *source = item->own ? own_path(d, item->kind, item->name) : item->source;
	return add(d, &fresh, source, e);
}

int override_command(struct desktop *d, const char *name, const char *path, const char *profile, struct err *e)
{
	struct override *known = manifest_find(&d->manifest, DESKTOP_COMMAND, name);
	if (known != NULL) {
		known->profile = profile;
		known->program = path;
		return update(d, known, e);
	}
	const struct override fresh = {
		.kind = DESKTOP_COMMAND, .name = name, .profile = profile, .program = path, .source = path, .sum = ""
	};
	return add(d, &fresh, NULL, e);
}

/* ---- taking it back ---- */

static int take_back(struct desktop *d, int dir, const struct override *r, struct err *e)
{
	const char *name = path_base(r->name), *path = own_path(d, r->kind, r->name);
	int result = files_remove(dir, name, r->sum, d->arena);
	if (result == -EEXIST)
		return refuse_changed(d, r, e);
	if (result < 0 && result != -ENOENT)
		return err_set(e, -result, "cannot remove %s", path);
	if (r->source != NULL)
		return 0;
	result = files_rename(dir, desktop_kept_name(d->arena, name), name);
	return result < 0 ? err_set(e, -result, "cannot put %s back", desktop_kept_name(d->arena, path)) : 0;
}

int override_disable(struct desktop *d, struct override *r, struct err *e)
{
	int dir = open_own(d, r->kind, r->name, false), result = 0;
	if (dir < 0 && dir != -ENOENT)
		return err_set(e, -dir, "cannot open the directory of %s", own_path(d, r->kind, r->name));
	if (dir >= 0 && !never_begun(d, dir, r))
		result = take_back(d, dir, r, e);
	if (dir >= 0)
		(void)close(dir);
	if (result < 0)
		return result;
	r->gone = true;
	return manifest_save(&d->manifest, e);
}

int override_refresh(struct desktop *d, struct override *r, struct err *e)
{
	switch (override_state(d, r)) {
	case OVERRIDE_OK: return 0;
	case OVERRIDE_OLD:
	case OVERRIDE_MISSING: return update(d, r, e);
	case OVERRIDE_ORPHAN: return override_disable(d, r, e);
	case OVERRIDE_CHANGED: break;
	}
	return refuse_changed(d, r, e);
}
