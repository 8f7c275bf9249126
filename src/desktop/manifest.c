#include "desktop/manifest.h"

#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/sys.h"

static const char file_name[] = "manifest.json", lock_name[] = "lock";

static const char *const kind_words[DESKTOP_KINDS] = {
	[DESKTOP_APPLICATION] = "application",
	[DESKTOP_AUTOSTART] = "autostart",
	[DESKTOP_SERVICE] = "service",
	[DESKTOP_COMMAND] = "command",
};

const char *desktop_kind_word(enum desktop_kind kind)
{
	return kind_words[kind];
}

static const char *text(const struct json_value *of, const char *key)
{
	const struct json_value *v = json_member(of, key);
	return v != NULL && v->type == JSON_STRING ? v->string : NULL;
}

static bool flag(const struct json_value *of, const char *key)
{
	const struct json_value *v = json_member(of, key);
	return v != NULL && v->type == JSON_BOOL && v->number != 0;
}

/* A name that stays in the directory it is looked up in. */
static bool is_below(const char *name)
{
	for (const char *at = name;; at++) {
		size_t n = strcspn(at, "/");
		if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		at += n;
		if (*at == '\0')
			return true;
	}
}

static bool read_record(struct manifest *m, const struct json_value *v)
{
	struct override r = { .name = text(v, "name"),
		.profile = text(v, "profile"),
		.program = text(v, "program"),
		.source = text(v, "source"),
		.sum = text(v, "sum"),
		.all = flag(v, "all"),
		.kind = DESKTOP_KINDS };
	const char *kind = text(v, "kind");
	for (size_t i = 0; kind != NULL && i < DESKTOP_KINDS; i++)
		if (strcmp(kind, kind_words[i]) == 0)
			r.kind = (enum desktop_kind)i;
	if (r.kind == DESKTOP_KINDS || r.name == NULL || !is_below(r.name) || r.profile == NULL || r.program == NULL ||
		r.sum == NULL)
		return false;
	(void)manifest_add(m, &r);
	return true;
}

static int read_manifest(struct manifest *m, const char *bytes, size_t len, struct err *e)
{
	struct json_value *top;
	unsigned line;
	const char *why;
	if (json_read(m->arena, bytes, len, &top, &line, &why) < 0)
		return err_set(e, 0, "%s, line %u: %s", file_name, line, why);
	const struct json_value *version = json_member(top, "bailey"), *files = json_member(top, "files"),
				*made = json_member(top, "made");
	if (version == NULL || version->type != JSON_INT || version->number != 1 || files == NULL || files->type != JSON_ARRAY)
		return err_set(e, 0, "%s is of another version of bailey, or none of bailey's", file_name);
	for (const struct json_value *v = files->first; v != NULL; v = v->next)
		if (!read_record(m, v))
			return err_set(e, 0, "%s, line %u: this is no record of a file", file_name, v->line);
	m->cache_sum = text(top, "cache_sum");
	m->cache_kept = flag(top, "cache_kept");
	for (const struct json_value *v = made != NULL ? made->first : NULL; v != NULL; v = v->next) {
		if (v->type != JSON_STRING || v->string[0] != '/')
			return err_set(e, 0, "%s, line %u: this is no directory", file_name, v->line);
		m->made.paths = arena_grow(m->arena, m->made.paths, m->made.count, &m->made.cap, sizeof *m->made.paths);
		m->made.paths[m->made.count++] = v->string;
	}
	return 0;
}

/*
 * The lock is a file that nobody else can open: a directory that all users can read could be locked by any of them.  Who may not open it
 * may not write either, and reads without.  The command that had it may have removed it.  0 or -errno.
 */
static int take_lock(struct manifest *m)
{
	for (;;) {
		struct stat st;
		int r, fd = openat(m->dir, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return errno == EACCES || errno == EROFS ? 0 : -errno;
		while ((r = flock(fd, LOCK_EX)) < 0 && errno == EINTR) {
		}
		if (r == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0) {
			m->lock = fd;
			return 0;
		}
		r = r < 0 ? -errno : 0;
		(void)close(fd);
		if (r < 0)
			return r;
	}
}

/* -ENOENT when there is none and none is to be made. */
static int open_locked(struct manifest *m, const struct files_dir *dir, bool make)
{
	for (;;) {
		int fd = files_open(dir, m->arena, make ? &m->made : NULL);
		if (fd < 0)
			return fd;
		m->dir = fd;
		int r = take_lock(m);
		if (r == 0)
			return 0;
		(void)close(fd);
		m->dir = -1;
		/* It was removed meanwhile, together with the lock. */
		if (r != -ENOENT)
			return r;
	}
}

int manifest_open(struct manifest *ret, struct arena *a, const struct files_dir *dir, bool make, mode_t mode, struct err *e)
{
	const char *bytes;
	size_t len;
	*ret = (struct manifest){ .arena = a, .dir = -1, .lock = -1, .made = { .arena = a, .mode = mode } };
	int r = open_locked(ret, dir, make);
	if (r == -ENOENT && !make)
		return 0;
	if (r < 0)
		return err_set(e, -r, "cannot open %s/%s", dir->base, dir->below);
	r = files_read(ret->dir, file_name, a, &bytes, &len);
	if (r == -ENOENT)
		return 0;
	/* Without what it says nothing can be taken back. */
	if (r < 0)
		return err_set(e, -r, "cannot read %s/%s/%s", dir->base, dir->below, file_name);
	if (read_manifest(ret, bytes, len, e) < 0)
		return err_hint(e, "it is in %s/%s; what stood in the place of a file of bailey's is NAME.before-bailey beside it",
			dir->base, dir->below);
	return 0;
}

struct override *manifest_find(const struct manifest *m, enum desktop_kind kind, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->records[i]->gone && m->records[i]->kind == kind && strcmp(m->records[i]->name, name) == 0)
			return m->records[i];
	return NULL;
}

struct override *manifest_add(struct manifest *m, const struct override *r)
{
	struct override *copy = arena_alloc(m->arena, sizeof *copy);
	*copy = *r;
	m->records = arena_grow(m->arena, m->records, m->count, &m->cap, sizeof(void *));
	return m->records[m->count++] = copy;
}

static void print(struct buf *out, const struct manifest *m)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_array(&j, "files");
	for (size_t i = 0; i < m->count; i++) {
		const struct override *r = m->records[i];
		if (r->gone)
			continue;
		json_object(&j, NULL);
		json_string(&j, "kind", kind_words[r->kind]);
		json_string(&j, "name", r->name);
		json_string(&j, "profile", r->profile);
		json_string(&j, "program", r->program);
		json_string(&j, "source", r->source);
		json_string(&j, "sum", r->sum);
		json_bool(&j, "all", r->all);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_string(&j, "cache_sum", m->cache_sum);
	json_bool(&j, "cache_kept", m->cache_kept);
	json_array(&j, "made");
	for (size_t i = 0; i < m->made.count; i++)
		json_string(&j, NULL, m->made.paths[i]);
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

int manifest_save(struct manifest *m, struct err *e)
{
	struct buf out = { .arena = m->arena };
	print(&out, m);
	/* Only bailey writes it, below the lock. */
	const char *sum = files_sum_of(m->dir, file_name, m->arena);
	int r = sum[0] == '\0' ? files_create(m->dir, file_name, buf_text(&out), out.len, m->made.mode & 0666)
			       : files_replace(m->dir, file_name, sum, buf_text(&out), out.len, m->made.mode & 0666, m->arena);
	return r < 0 ? err_set(e, -r, "cannot write %s", file_name) : 0;
}

void manifest_close(struct manifest *m)
{
	size_t left = 0;
	for (size_t i = 0; i < m->count; i++)
		left += !m->records[i]->gone;
	if (m->dir >= 0 && left == 0 && m->cache_sum == NULL) {
		(void)unlinkat(m->dir, file_name, 0);
		(void)unlinkat(m->dir, lock_name, 0);
		/* The innermost last made goes first; what has something in it stays. */
		for (size_t i = m->made.count; i-- > 0;)
			(void)rmdir(m->made.paths[i]);
	}
	if (m->lock >= 0)
		(void)close(m->lock);
	if (m->dir >= 0)
		(void)close(m->dir);
	m->dir = m->lock = -1;
}
