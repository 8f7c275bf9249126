/* All sandboxes of a user, and what killed launchers have left. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/num.h"
#include "base/path.h"
#include "state/internal.h"

struct listing {
	struct arena *arena;
	struct diags *diags;
	struct state_sandbox *items;
	size_t count, cap;
};

static void complain(struct listing *l, const char *path, const struct err *e)
{
	(void)diag_warning(l->diags, (struct origin){ .file = path }, NULL, "%s", e->text);
}

/* Nobody knows how it ended. */
static void clear(struct listing *l, int place, const char *path, const char *name, int fd)
{
	static const struct state_event lost = { .kind = STATE_EVENT_STOPPED, .status = -1 };
	struct state_record r;
	struct err e = { .code = 0 }, ignored = { .code = 0 };
	bool ran = entry_read(&r, l->arena, fd, &ignored) == 0 && r.task.pid != 0;
	if (entry_clear(l->arena, place, name, fd, &e) < 0)
		complain(l, path, &e);
	else if (ran)
		state_event(place, name, &lost, NULL);
}

static void look_at(struct listing *l, int place, const char *place_path, const char *name)
{
	const char *why, *path = path_join(l->arena, place_path, name);
	struct err e = { .code = 0 };
	int fd;
	if (!state_name_valid(name, &why))
		return; /* nothing of a launcher's */
	int held = entry_hold(place, name, &fd);
	if (held == HOLD_OURS)
		clear(l, place, path, name, fd);
	if (held != HOLD_TAKEN)
		return;
	fd = openat(place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	struct state_sandbox s = { .path = path };
	int r = entry_read(&s.record, l->arena, fd, &e);
	(void)close(fd);
	if (r < 0 && r != -ENOENT)
		complain(l, path, &e);
	/* Held by somebody who removes it, or not described yet. */
	if (r < 0 || !state_process_lives(&s.record.launcher))
		return;
	s.record.name = name; /* it may have been renamed just now */
	l->items = arena_grow(l->arena, l->items, l->count, &l->cap, sizeof *l->items);
	l->items[l->count++] = s;
}

static int by_name(const void *x, const void *y)
{
	const struct state_sandbox *a = x, *b = y;
	return strverscmp(a->record.name, b->record.name);
}

void state_list(struct state_sandbox **ret, size_t *ret_count, struct arena *a, const struct state_search *s, struct diags *d)
{
	struct listing l = { .arena = a, .diags = d };
	struct state_places places;
	state_places_open(&places, a, s);
	for (size_t i = 0; i < places.count; i++) {
		const char **names;
		size_t count;
		int r = dir_names(places.items[i].fd, a, &names, &count);
		if (r < 0)
			(void)diag_warning(
				d, (struct origin){ .file = places.items[i].path }, NULL, "cannot be read: %s", strerror(-r));
		for (size_t k = 0; k < count; k++)
			look_at(&l, places.items[i].fd, places.items[i].path, names[k]);
		journal_sweep(places.items[i].fd);
	}
	state_places_close(&places);
	if (l.count > 1)
		qsort(l.items, l.count, sizeof *l.items, by_name);
	*ret = l.items;
	*ret_count = l.count;
}

/* ---- which one is meant ---- */

static bool by_pid(const struct state_record *r, const char *word)
{
	int64_t n;
	return num_int(word, 1, INT32_MAX, &n) == 0 && (n == r->launcher.pid || n == r->sandbox.pid || n == r->task.pid);
}

static bool by_profile(const struct state_record *r, const char *word)
{
	return strcmp(r->profile, word) == 0;
}

static bool by_beginning(const struct state_record *r, const char *word)
{
	return word[0] != '\0' && strncmp(r->name, word, strlen(word)) == 0;
}

static bool by_whole_name(const struct state_record *r, const char *word)
{
	return strcmp(r->name, word) == 0;
}

static int ambiguous(const struct state_sandbox *all, size_t count, const char *word,
	bool (*fits)(const struct state_record *, const char *), struct err *e)
{
	struct arena a = { 0 };
	struct buf names = { .arena = &a };
	size_t shown = 0;
	for (size_t i = 0; i < count; i++)
		if (fits(&all[i].record, word) && shown++ < 8)
			buf_printf(&names, "%s%s", shown > 1 ? ", " : "", all[i].record.name);
	(void)err_set(e, 0, "%s can mean any of %zu sandboxes", word, shown);
	e->code = ENOTUNIQ;
	(void)err_hint(e, "name one: %s%s", buf_text(&names), shown > 8 ? ", ..." : "");
	arena_free(&a);
	return -ENOTUNIQ;
}

int state_find(const struct state_sandbox **ret, const struct state_sandbox *all, size_t count, const char *word, struct err *e)
{
	static bool (*const ways[])(
		const struct state_record *, const char *) = { by_whole_name, by_pid, by_profile, by_beginning };
	for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
		size_t fitting = 0;
		for (size_t i = 0; i < count; i++) {
			if (!ways[w](&all[i].record, word))
				continue;
			*ret = &all[i];
			fitting++;
		}
		if (fitting == 1)
			return 0;
		if (fitting > 1)
			return ambiguous(all, count, word, ways[w], e);
	}
	(void)err_set(e, 0, "no running sandbox is called %s", word);
	e->code = ENOENT;
	return err_hint(e, count > 0 ? "bailey list shows those there are" : "none is running");
}

int state_change(struct state_sandbox *sandbox, struct arena *a, struct err *e)
{
	int directory = open(sandbox->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int lock = directory < 0 ? -errno : entry_lock(directory);
	struct state_record again = { 0 };
	int r = lock < 0 ? lock : entry_read(&again, a, directory, e);
	bool same = r == 0 && again.launcher.pid == sandbox->record.launcher.pid &&
		again.launcher.start == sandbox->record.launcher.start;
	if (directory >= 0)
		(void)close(directory);
	if (same) {
		sandbox->record = again;
		return lock;
	}
	if (lock >= 0)
		(void)close(lock);
	if (r == 0 || r == -ENOENT)
		return err_set(e, ENOENT, "the sandbox %s has ended", sandbox->record.name);
	return e->code != 0 ? r : err_set(e, -r, "cannot open what %s says", sandbox->path);
}

int state_replace(const struct state_sandbox *sandbox, const struct state_record *r, struct err *e)
{
	int fd = open(sandbox->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "cannot open %s", sandbox->path);
	/* The name may be another sandbox's by now. */
	struct arena a = { 0 };
	struct state_record now = { 0 };
	struct err ignored = { .code = 0 };
	int code = entry_read(&now, &a, fd, &ignored);
	bool same = code == 0 && now.launcher.pid == r->launcher.pid && now.launcher.start == r->launcher.start;
	arena_free(&a);
	const struct state_entry entry = { .place = -1, .directory = fd };
	code = same ? state_write(&entry, r, e) : err_set(e, ESRCH, "the sandbox %s has ended", r->name);
	(void)close(fd);
	return code;
}
