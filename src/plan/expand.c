/* "~", ${VARIABLES} and patterns of a profile's paths. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "host/resolve.h"
#include "plan/internal.h"

/* More than any sensible pattern gives; keeps a pattern of patterns from eating the machine. */
enum { MATCH_MAX = 4096, NAME_MAX_LENGTH = 32, ROOM = 512 };

struct expansion {
	struct planner *pl;
	struct origin origin;
	const char *setting;
	bool quiet; /* no diagnostics */
	struct buf text;
	size_t *special; /* places in text where a pattern character of the profile stands, rising */
	size_t special_count, special_cap;
	bool pattern; /* one of them is more than a closing bracket */
};

static int refuse(struct expansion *x, const char *text, const char *hint)
{
	if (!x->quiet) {
		struct diag *at = diag_error(x->pl->diags, x->origin, x->setting, "%s", text);
		if (hint != NULL)
			diag_hint(x->pl->diags, at, "%s", hint);
	}
	return -EINVAL;
}

static void add_special(struct expansion *x, char c)
{
	x->special = arena_grow(x->pl->arena, x->special, x->special_count, &x->special_cap, sizeof *x->special);
	x->special[x->special_count++] = x->text.len;
	x->pattern |= c != ']';
	buf_putc(&x->text, c);
}

static int home(struct expansion *x, const char **ret)
{
	*ret = x->pl->facts->home;
	if ((*ret)[0] == '/')
		return 0;
	return refuse(x, "needs the home directory, but HOME is not set and the user database names none", "set HOME");
}

static int below_home(struct expansion *x, const char *name, const char **ret)
{
	const char *dir;
	int err = home(x, &dir);
	if (err == 0)
		*ret = path_join(x->pl->arena, dir, name);
	return err;
}

/* A directory of the XDG base directory specification: values that are not absolute are ignored. */
static int base_directory(struct expansion *x, const char *variable, const char *fallback, const char **ret)
{
	const char *value = facts_env(x->pl->facts, variable);
	if (value != NULL && value[0] == '/') {
		*ret = value;
		return 0;
	}
	return below_home(x, fallback, ret);
}

/* user-dirs.dirs is shell-like: XDG_MUSIC_DIR="$HOME/Music", or an absolute path; with backslashes before " $ ` and \. */
static const char *user_dir_value(struct planner *pl, const char *line)
{
	struct buf b = { .arena = pl->arena };
	if (*line++ != '"')
		return NULL;
	if (strncmp(line, "$HOME/", 6) == 0) {
		buf_puts(&b, pl->facts->home);
		line += 5;
	} else if (line[0] != '/')
		return NULL;
	for (; *line != '"'; line++) {
		if (*line == '\\' && line[1] != '\0')
			line++;
		if (*line == '\0' || *line == '\n')
			return NULL;
		buf_putc(&b, *line);
	}
	const char *path;
	/* The home directory itself stands for "none" there; it must not be what a music player is granted. */
	if (path_normal(pl->arena, buf_text(&b), &path) < 0 || path_within(pl->facts->home, path))
		return NULL;
	return path;
}

static int user_dir(struct expansion *x, const char *key, const char *fallback, const char **ret)
{
	struct planner *pl = x->pl;
	const char *config;
	int err = below_home(x, fallback, ret);
	if (err == 0)
		err = base_directory(x, "XDG_CONFIG_HOME", ".config", &config);
	if (err < 0)
		return err;
	if (!pl->user_dirs_known) {
		pl->user_dirs_known = true;
		if (facts_read(pl->facts, path_join(pl->arena, config, "user-dirs.dirs"), &pl->user_dirs) < 0)
			pl->user_dirs = "";
	}
	size_t n = strlen(key);
	for (const char *line = pl->user_dirs; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
		line += strspn(line, " \t\n");
		if (strncmp(line, key, n) == 0 && line[n] == '=') {
			const char *value = user_dir_value(pl, line + n + 1);
			if (value != NULL)
				*ret = value;
		}
	}
	return 0;
}

static int named(struct expansion *x, const char *value, const char *missing, const char **ret)
{
	*ret = value;
	return value != NULL && value[0] != '\0' ? 0 : refuse(x, missing, NULL);
}

enum how { HOW_HOME, HOW_USER, HOW_UID, HOW_RUNTIME, HOW_CWD, HOW_PROFILE, HOW_BASE, HOW_USER_DIR };

static const struct variable {
	const char *name;
	enum how how;
	const char *key, *fallback; /* HOW_BASE, HOW_USER_DIR */
} variables[] = {
	{ "HOME", HOW_HOME, NULL, NULL },
	{ "USER", HOW_USER, NULL, NULL },
	{ "UID", HOW_UID, NULL, NULL },
	{ "RUNTIME", HOW_RUNTIME, NULL, NULL },
	{ "CWD", HOW_CWD, NULL, NULL },
	{ "PROFILE", HOW_PROFILE, NULL, NULL },
	{ "CONFIG", HOW_BASE, "XDG_CONFIG_HOME", ".config" },
	{ "CACHE", HOW_BASE, "XDG_CACHE_HOME", ".cache" },
	{ "DATA", HOW_BASE, "XDG_DATA_HOME", ".local/share" },
	{ "STATE", HOW_BASE, "XDG_STATE_HOME", ".local/state" },
	{ "DOWNLOADS", HOW_USER_DIR, "XDG_DOWNLOAD_DIR", "Downloads" },
	{ "DOCUMENTS", HOW_USER_DIR, "XDG_DOCUMENTS_DIR", "Documents" },
	{ "PICTURES", HOW_USER_DIR, "XDG_PICTURES_DIR", "Pictures" },
	{ "MUSIC", HOW_USER_DIR, "XDG_MUSIC_DIR", "Music" },
	{ "VIDEOS", HOW_USER_DIR, "XDG_VIDEOS_DIR", "Videos" },
	{ "DESKTOP", HOW_USER_DIR, "XDG_DESKTOP_DIR", "Desktop" },
};

enum { VARIABLE_COUNT = sizeof variables / sizeof *variables };

static const char *variable_name(size_t i, const void *data)
{
	(void)data;
	return variables[i].name;
}

static int find_value(struct expansion *x, const struct variable *v, const char **ret)
{
	struct planner *pl = x->pl;
	const char *runtime;
	switch (v->how) {
	case HOW_HOME: return home(x, ret);
	case HOW_USER:
		return named(x, pl->facts->user, "needs the user's name, but neither USER nor the user database tells it", ret);
	case HOW_UID: *ret = arena_printf(pl->arena, "%u", pl->facts->uid); return 0;
	case HOW_RUNTIME:
		runtime = facts_env(pl->facts, "XDG_RUNTIME_DIR");
		*ret = runtime != NULL && runtime[0] == '/' ? runtime : arena_printf(pl->arena, "/run/user/%u", pl->facts->uid);
		return 0;
	case HOW_CWD:
		return named(x, pl->facts->cwd, "needs the current directory, but that was deleted or cannot be reached", ret);
	case HOW_PROFILE: return named(x, pl->p->name, "needs the profile's name, but it has none", ret);
	case HOW_BASE: return base_directory(x, v->key, v->fallback, ret);
	case HOW_USER_DIR: return user_dir(x, v->key, v->fallback, ret);
	}
	return -EINVAL;
}

/* Profiles name the same few variables over and over. */
static int value_of(struct expansion *x, size_t i, const char **ret)
{
	struct planner *pl = x->pl;
	if (pl->values == NULL)
		pl->values = arena_array(pl->arena, VARIABLE_COUNT, sizeof *pl->values);
	*ret = pl->values[i];
	if (*ret != NULL)
		return 0;
	int err = find_value(x, &variables[i], ret);
	if (err == 0)
		pl->values[i] = *ret;
	return err;
}

/* `name` begins behind "${"; `*ret_end` is what comes behind "}". */
static int fill_in(struct expansion *x, const char *name, const char **ret_end)
{
	const char *close = strchr(name, '}');
	if (close == NULL)
		return refuse(x, "\"${\" without \"}\"", "write \"\\\\$\" for a dollar sign that is part of the name");
	const char *word = arena_strndup(x->pl->arena, name, (size_t)(close - name));
	*ret_end = close + 1;
	for (size_t i = 0; i < VARIABLE_COUNT; i++) {
		if (strcmp(variables[i].name, word) != 0)
			continue;
		const char *value;
		int err = value_of(x, i, &value);
		if (err == 0)
			buf_puts(&x->text, value);
		return err;
	}
	const char *near = strlen(word) < NAME_MAX_LENGTH ? schema_nearest(word, VARIABLE_COUNT, variable_name, NULL) : NULL;
	return refuse(x, arena_printf(x->pl->arena, "unknown variable \"${%s}\"", word),
		near != NULL ? arena_printf(x->pl->arena, "did you mean ${%s}?", near) : NULL);
}

/* `room` holds the text while it is short: a profile has hundreds of paths, and most need no other memory. */
static int expand(struct expansion *x, char *room, const char *text)
{
	room[0] = '\0';
	x->text = (struct buf){ .arena = x->pl->arena, .text = room, .cap = ROOM };
	const char *at = text, *dir;
	int err;
	if (text[0] == '~' && (text[1] == '\0' || text[1] == '/')) {
		err = home(x, &dir);
		if (err < 0)
			return err;
		buf_puts(&x->text, dir);
		at++;
	}
	while (*at != '\0') {
		size_t plain = strcspn(at, "\\$*?[]");
		buf_add(&x->text, at, plain);
		at += plain;
		if (*at == '\0')
			break;
		if (*at == '$' && at[1] == '{') {
			err = fill_in(x, at + 2, &at);
			if (err < 0)
				return err;
		} else if (*at == '\\' && at[1] != '\0' && strchr("\\$~*?[]", at[1]) != NULL) {
			buf_putc(&x->text, at[1]);
			at += 2;
		} else if (*at == '$' || *at == '\\')
			buf_putc(&x->text, *at++);
		else
			add_special(x, *at++);
	}
	return 0;
}

int expand_text(struct planner *pl, struct origin o, const char *setting, const char *text, const char **ret)
{
	struct expansion x = { .pl = pl, .origin = o, .setting = setting };
	char room[ROOM];
	int err = expand(&x, room, text);
	*ret = arena_strdup(pl->arena, buf_text(&x.text));
	return err;
}

int expand_quietly(struct planner *pl, const char *text, const char **ret)
{
	struct expansion x = { .pl = pl, .quiet = true };
	char room[ROOM];
	int err = expand(&x, room, text);
	return err < 0 ? err : path_normal(pl->arena, buf_text(&x.text), ret);
}

struct paths {
	const char **items;
	size_t count, cap;
};

static void push(struct arena *a, struct paths *p, const char *path)
{
	p->items = arena_grow(a, p->items, p->count, &p->cap, sizeof *p->items);
	p->items[p->count++] = path;
}

/* The names in one directory that match; `pattern` as fnmatch(3) takes it. */
static void match_names(struct planner *pl, const char *dir, const char *pattern, struct paths *out)
{
	struct resolved r;
	const char **names;
	size_t count;
	if (facts_resolve(pl->facts, dir, &r) < 0 || facts_list(pl->facts, r.path, &names, &count) < 0)
		return;
	for (size_t i = 0; i < count && out->count <= MATCH_MAX; i++)
		if (fnmatch(pattern, names[i], FNM_PERIOD) == 0)
			push(pl->arena, out, path_join(pl->arena, dir, names[i]));
}

/* One component, with the profile's own pattern characters kept and all others made literal; `begin` is its place in the text. */
static const char *pattern_of(const struct expansion *x, size_t begin, size_t n, bool *ret_pattern)
{
	struct buf b = { .arena = x->pl->arena };
	const char *text = buf_text(&x->text);
	size_t k = 0;
	*ret_pattern = false;
	while (k < x->special_count && x->special[k] < begin)
		k++;
	for (size_t i = begin; i < begin + n; i++) {
		if (k < x->special_count && x->special[k] == i) {
			*ret_pattern |= text[i] != ']';
			k++;
		} else if (strchr("\\*?[]", text[i]) != NULL)
			buf_putc(&b, '\\');
		buf_putc(&b, text[i]);
	}
	return buf_text(&b);
}

static int by_path(const void *a, const void *b)
{
	return path_compare(*(const char *const *)a, *(const char *const *)b);
}

static int match_paths(struct expansion *x, struct paths *out)
{
	struct planner *pl = x->pl;
	const char *text = buf_text(&x->text);
	struct paths now = { 0 };
	push(pl->arena, &now, "/");
	for (size_t at = 0; at < x->text.len;) {
		size_t n = strcspn(text + at, "/");
		bool pattern;
		const char *part = pattern_of(x, at, n, &pattern);
		struct paths next = { 0 };
		for (size_t i = 0; i < now.count && n > 0; i++) {
			if (pattern)
				match_names(pl, now.items[i], part, &next);
			else
				push(pl->arena, &next, path_join(pl->arena, now.items[i], arena_strndup(pl->arena, text + at, n)));
		}
		if (n > 0)
			now = next;
		if (now.count > MATCH_MAX)
			return refuse(x, "the pattern matches more than 4096 paths", "name a directory above them");
		at += n + 1;
	}
	for (size_t i = 0; i < now.count; i++) {
		struct resolved r;
		const char *path;
		struct node n;
		if (path_normal(pl->arena, now.items[i], &path) < 0)
			continue;
		facts_node(pl->facts, path, &n);
		/* A link that leads nowhere is there too, but cannot be shown. */
		if (n.type != NODE_ABSENT && facts_resolve(pl->facts, path, &r) != -ENOENT)
			push(pl->arena, out, path);
	}
	if (out->count > 1)
		qsort(out->items, out->count, sizeof *out->items, by_path);
	return 0;
}

int expand_path(struct planner *pl, struct origin o, const char *setting, const char *text, bool globs, const char ***ret_paths,
	size_t *ret_count, bool *ret_pattern)
{
	struct expansion x = { .pl = pl, .origin = o, .setting = setting };
	struct paths out = { 0 };
	const char *path;
	*ret_paths = NULL;
	*ret_count = 0;
	if (ret_pattern != NULL)
		*ret_pattern = false;
	char room[ROOM];
	int err = expand(&x, room, text);
	if (err < 0)
		return err;
	const char *full = buf_text(&x.text);
	err = path_normal(pl->arena, full, &path);
	if (err == -ENAMETOOLONG)
		return refuse(&x, "the path is too long", NULL);
	if (err < 0 && full[0] != '/')
		return refuse(&x, arena_printf(pl->arena, "\"%s\" is not an absolute path", text),
			"begin it with \"/\", \"~\" or a variable such as ${CWD}");
	if (err < 0)
		return refuse(&x, arena_printf(pl->arena, "\"%s\" must not hold \"..\"", text), "write where it leads to");
	bool pattern = globs && x.pattern;
	if (pattern) {
		err = match_paths(&x, &out);
		if (err < 0)
			return err;
	} else {
		out.items = arena_array(pl->arena, 1, sizeof *out.items);
		out.items[out.count++] = path;
	}
	if (ret_pattern != NULL)
		*ret_pattern = pattern;
	*ret_paths = out.items;
	*ret_count = out.count;
	return 0;
}
