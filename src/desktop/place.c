#include "desktop/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/path.h"
#include "base/utf8.h"

enum { DEPTH_MAX = 4, NAMES_MAX = 20000 };

static const struct {
	const char *below, *suffix;
	bool config; /* below the configuration directories, not those of data */
	bool deep; /* files in subdirectories count */
} kinds[DESKTOP_KINDS] = {
	[DESKTOP_APPLICATION] = { "applications", ".desktop", false, true },
	[DESKTOP_AUTOSTART] = { "autostart", ".desktop", true, false },
	[DESKTOP_SERVICE] = { "dbus-1/services", ".service", false, false },
	[DESKTOP_COMMAND] = { "", "", false, false },
};

/* A directory of a variable; a relative one is ignored, as the specification says. */
static const char *absolute(struct arena *a, const char *path)
{
	const char *normal;
	return path != NULL && path_normal(a, path, &normal) == 0 ? normal : NULL;
}

static const char *base(struct arena *a, const char *value, const char *home, const char *below)
{
	const char *dir = absolute(a, value);
	return dir != NULL ? dir : home != NULL ? path_join(a, home, below) : NULL;
}

static void add_other(struct desktop_dirs *d, struct arena *a, const char *dir, enum desktop_kind kind, size_t *cap)
{
	const char *path = path_join(a, dir, kinds[kind].below);
	const char *own = path_join(a, d->own.base, d->own.below);
	for (size_t i = 0; i < d->other_count; i++)
		if (strcmp(d->others[i], path) == 0)
			return;
	if (strcmp(own, path) == 0)
		return;
	d->others = arena_grow(a, d->others, d->other_count, cap, sizeof *d->others);
	d->others[d->other_count++] = path;
}

static void add_others(struct desktop_dirs *d, struct arena *a, const char *list, enum desktop_kind kind)
{
	size_t cap = 0;
	for (;;) {
		size_t n = strcspn(list, ":");
		const char *dir = absolute(a, arena_strndup(a, list, n));
		if (dir != NULL)
			add_other(d, a, dir, kind, &cap);
		if (list[n] == '\0')
			return;
		list += n + 1;
	}
}

int desktop_place_find(struct desktop_place *ret, struct arena *a, const struct desktop_variables *v, bool system, struct err *e)
{
	const char *home = absolute(a, v->home);
	const char *data = system ? "/usr/local/share" : base(a, v->data_home, home, ".local/share");
	/* Nothing of the system's comes before /etc/xdg that would be every user's: a package's file there is kept beside ours. */
	const char *config = system ? "/etc/xdg" : base(a, v->config_home, home, ".config");
	const char *data_dirs = v->data_dirs != NULL && v->data_dirs[0] != '\0' ? v->data_dirs : "/usr/local/share:/usr/share";
	const char *config_dirs = v->config_dirs != NULL && v->config_dirs[0] != '\0' ? v->config_dirs : "/etc/xdg";
	*ret = (struct desktop_place){ .directory_mode = system ? 0755 : 0700, .file_mode = 0644 };
	if (data == NULL || config == NULL || (!system && home == NULL))
		return err_set(e, ENOENT, "it is not known where your menu entries are: HOME is not set");
	for (int i = 0; i < DESKTOP_COMMAND; i++) {
		struct desktop_dirs *d = &ret->dirs[i];
		d->own.base = kinds[i].config ? config : data;
		d->own.below = kinds[i].below;
		if (!system || !kinds[i].config)
			add_others(d, a, kinds[i].config ? config_dirs : data_dirs, (enum desktop_kind)i);
	}
	ret->dirs[DESKTOP_COMMAND].own =
		system ? (struct files_dir){ "/usr/local", "bin" } : (struct files_dir){ home, ".local/bin" };
	ret->manifest = (struct files_dir){ data, "bailey/desktop" };
	return 0;
}

const char *desktop_kept_name(struct arena *a, const char *name)
{
	return arena_printf(a, "%s.before-bailey", name);
}

struct names {
	struct arena *arena;
	const char **items;
	size_t count, cap;
	const char *suffix;
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n > m && strcmp(text + n - m, end) == 0;
}

static bool is_text(const char *name)
{
	for (size_t n = strlen(name); n > 0;) {
		size_t one = utf8_shown(name, n);
		if (one == 0)
			return false;
		name += one;
		n -= one;
	}
	return true;
}

static void scan(struct names *to, const char *dir, const char *before, unsigned depth)
{
	const char **here;
	size_t count;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return; /* absent is usual, and what the desktop cannot read it does not show */
	int r = dir_names(fd, to->arena, &here, &count);
	for (size_t i = 0; r == 0 && i < count && to->count < NAMES_MAX; i++) {
		const char *name = arena_printf(to->arena, "%s%s", before, here[i]);
		struct stat st;
		if (here[i][0] == '.' || !is_text(here[i]))
			continue;
		if (ends_with(name, to->suffix)) {
			to->items = arena_grow(to->arena, to->items, to->count, &to->cap, sizeof *to->items);
			to->items[to->count++] = name;
		} else if (depth > 0 && fstatat(fd, here[i], &st, 0) == 0 && S_ISDIR(st.st_mode)) {
			scan(to, path_join(to->arena, dir, here[i]), arena_printf(to->arena, "%s/", name), depth - 1);
		}
	}
	(void)close(fd);
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static void list(const struct desktop_place *p, enum desktop_kind kind, bool others, struct names *all)
{
	const struct desktop_dirs *d = &p->dirs[kind];
	const unsigned depth = kinds[kind].deep ? DEPTH_MAX : 0;
	size_t kept = 0;
	all->suffix = kinds[kind].suffix;
	scan(all, path_join(all->arena, d->own.base, d->own.below), "", depth);
	for (size_t i = 0; others && i < d->other_count; i++)
		scan(all, d->others[i], "", depth);
	if (all->count > 1)
		qsort(all->items, all->count, sizeof *all->items, by_text);
	for (size_t i = 0; i < all->count; i++)
		if (kept == 0 || strcmp(all->items[kept - 1], all->items[i]) != 0)
			all->items[kept++] = all->items[i];
	all->count = kept;
}

void desktop_names(
	const struct desktop_place *p, enum desktop_kind kind, struct arena *a, const char ***ret_names, size_t *ret_count)
{
	struct names all = { .arena = a };
	list(p, kind, true, &all);
	*ret_names = all.items;
	*ret_count = all.count;
}

void desktop_own_names(
	const struct desktop_place *p, enum desktop_kind kind, struct arena *a, const char ***ret_names, size_t *ret_count)
{
	struct names all = { .arena = a };
	list(p, kind, false, &all);
	*ret_names = all.items;
	*ret_count = all.count;
}

const char *desktop_other(const struct desktop_place *p, enum desktop_kind kind, const char *name, struct arena *a)
{
	const struct desktop_dirs *d = &p->dirs[kind];
	for (size_t i = 0; i < d->other_count; i++) {
		struct stat st;
		const char *path = path_join(a, d->others[i], name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return path;
	}
	return NULL;
}

const char *desktop_id(struct arena *a, enum desktop_kind kind, const char *name)
{
	size_t len = strlen(name) - strlen(kinds[kind].suffix);
	char *id = arena_strndup(a, name, len);
	for (char *c = id; *c != '\0'; c++)
		if (*c == '/' && kind == DESKTOP_APPLICATION)
			*c = '-';
	return id;
}
