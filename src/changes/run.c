#include "changes/run.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/path.h"
#include "base/sys.h"
#include "changes/copy.h"
#include "changes/remove.h"

enum { DESCRIPTION_MAX = 4 << 20, PROGRAM_LENGTH = 24, LEFT_SECONDS = 7 * 24 * 3600 };

/* "KEY=VALUE" and a NUL each: a path may hold any byte but that one. */
static const char file_name[] = "run", format[] = "bailey-changes=1";

const char *run_new_name(struct arena *a, const char *program)
{
	/* Without letters that look like others, and without vowels, which make words. */
	static const char letters[] = "bcdfghjkmnpqrstvwxz23456789";
	unsigned char drawn[5] = { 0 };
	char name[PROGRAM_LENGTH + 1 + sizeof drawn + 1];
	size_t n = 0;
	for (const char *c = path_base(program); *c != '\0' && n < PROGRAM_LENGTH; c++)
		if (isascii((unsigned char)*c) && (isalnum((unsigned char)*c) || (n > 0 && strchr("._+-", *c) != NULL)))
			name[n++] = *c;
	if (n == 0)
		name[n++] = 'x';
	name[n++] = '-';
	/* Without randomness the name may be taken, which run_begin() tells. */
	if (getrandom(drawn, sizeof drawn, 0) < 0)
		drawn[0] = (unsigned char)getpid();
	for (size_t i = 0; i < sizeof drawn; i++)
		name[n++] = letters[drawn[i] % (sizeof letters - 1)];
	return arena_strndup(a, name, n);
}

static void put(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "%s=%s", key, value);
	buf_putc(b, '\0');
}

static ino_t inode_of(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 ? st.st_ino : 0;
}

static int write_description(int dir, struct arena *a, const struct plan_changes *c, const char *profile, const char *command)
{
	struct buf b = { .arena = a };
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* this clock always exists */
	buf_add(&b, format, sizeof format);
	put(&b, "profile", profile != NULL ? profile : "");
	put(&b, "command", command);
	put(&b, "end", schema_choice_word((int)c->end));
	put(&b, "began", arena_printf(a, "%lld.%09ld", (long long)now.tv_sec, now.tv_nsec));
	for (size_t i = 0; i < c->layer_count; i++) {
		const struct plan_layer *l = &c->layers[i];
		put(&b, "layer", path_base(l->directory));
		put(&b, "source", l->source);
		if (l->file != NULL)
			put(&b, "file", l->file);
		put(&b, "inode", arena_printf(a, "%llu", (unsigned long long)inode_of(l->source)));
		for (size_t k = 0; k < l->covered_count; k++)
			put(&b, "covered", l->covered[k]);
	}
	for (size_t i = 0; i < c->guard_count; i++) {
		put(&b, "guard", c->guards[i].path);
		put(&b, "why", c->guards[i].why);
	}
	int fd = openat(dir, file_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, b.text, b.len);
	int r = n < 0 ? -errno : (size_t)n != b.len ? -ENOSPC : 0;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* mkdir -p, mode 0700; the last one has to be this user's, and nobody else's to write to. */
static int open_parent(struct arena *a, const char *directory, bool make)
{
	struct stat st;
	int refused = 0; /* why one on the way could not be made; it matters when that one is absent */
	char *path = arena_strdup(a, directory);
	for (char *p = path + 1; make && *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		/* A read-only or closed directory on the way does not matter where the next one is there: mkdir(2) tells either. */
		int error = mkdir(path, 0700) < 0 ? errno : 0;
		if (error == ENOSPC || error == EDQUOT)
			return -error;
		if (refused == 0 && error != EEXIST && error != ENOENT)
			refused = error;
		*p = '/';
	}
	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return errno == ENOENT && refused != 0 ? -refused : -errno;
	int fd = sys_openat2(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_MAGICLINKS);
	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
		(void)close(fd);
		return -EPERM;
	}
	return fd;
}

static int fail_parent(struct err *e, int error, const char *directory)
{
	(void)err_set(e, error, "cannot keep changes in %s", directory);
	if (error == EPERM)
		(void)err_hint(e, "the directory has to be the user's own, and writable for nobody else");
	else if (error == EACCES || error == EROFS || error == ENOENT)
		(void)err_hint(e, "XDG_STATE_HOME can name another directory than ~/.local/state");
	return -error;
}

/* A file that is granted by itself, as N/upper/NAME. */
static int copy_file(int dir, struct arena *a, const struct plan_layer *l)
{
	struct stat st;
	const char *part = path_base(l->directory);
	int from = sys_openat2(AT_FDCWD, path_join(a, l->source, l->file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (from < 0)
		return from;
	int r = fstat(from, &st) < 0 ? -errno : !S_ISREG(st.st_mode) ? -EINVAL : 0;
	if (r == 0 && (mkdirat(dir, part, 0700) < 0 || mkdirat(dir, arena_printf(a, "%s/upper", part), 0700) < 0))
		r = -errno;
	if (r == 0)
		r = copy_new_file(from, &st, dir, arena_printf(a, "%s/upper/%s", part, l->file));
	(void)close(from);
	return r;
}

static int copy_files(int dir, struct arena *a, const struct plan_changes *c, struct err *e)
{
	for (size_t i = 0; i < c->layer_count; i++) {
		int r = c->layers[i].file != NULL ? copy_file(dir, a, &c->layers[i]) : 0;
		if (r < 0) {
			(void)err_set(e, -r, "cannot copy %s/%s, so that its changes go elsewhere", c->layers[i].source,
				c->layers[i].file);
			return err_at(e, c->layers[i].origin);
		}
	}
	return 0;
}

int run_begin(struct run *ret, const struct plan_changes *c, const char *profile, const char *command, struct err *e)
{
	struct arena a = { 0 };
	const char *directory = path_parent(&a, c->directory);
	*ret = (struct run){ .name = c->name, .dir = -1, .parent = open_parent(&a, directory, true) };
	int r = ret->parent;
	if (r < 0)
		(void)fail_parent(e, -r, directory);
	else if (mkdirat(ret->parent, c->name, 0700) < 0)
		r = fail_parent(e, errno, c->directory);
	if (r >= 0) {
		r = ret->dir = sys_openat2(ret->parent, c->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH);
		/* Whoever looks through the runs right now lets go of it at once: it has no description yet. */
		if (r >= 0)
			r = (int)sys_result(flock(ret->dir, LOCK_EX));
		if (r >= 0)
			r = write_description(ret->dir, &a, c, profile, command);
		if (r >= 0)
			r = copy_files(ret->dir, &a, c, e);
		if (r < 0) {
			(void)fail_parent(e, -r, c->directory);
			(void)remove_tree(ret->parent, c->name, true);
		}
	}
	if (r < 0)
		run_close(ret);
	if (e->origin.file == NULL)
		(void)err_at(e, c->origin);
	arena_free(&a);
	return r < 0 ? r : 0;
}

static int parse_time(const char *text, struct timespec *ret)
{
	char *end;
	errno = 0;
	long long seconds = strtoll(text, &end, 10);
	if (errno != 0 || *end != '.' || strlen(end + 1) != 9)
		return -EINVAL;
	long nanoseconds = strtol(end + 1, &end, 10);
	if (*end != '\0' || nanoseconds < 0)
		return -EINVAL;
	*ret = (struct timespec){ .tv_sec = (time_t)seconds, .tv_nsec = nanoseconds };
	return 0;
}

static int parse_number(const char *text, uint64_t *ret)
{
	int64_t n;
	int r = num_int(text, 0, INT64_MAX, &n);
	*ret = r == 0 ? (uint64_t)n : 0;
	return r;
}

static int read_end(const char *word, enum choice_value *ret)
{
	for (int v = CHANGES_DISCARD; v <= CHANGES_APPLY; v++)
		if (strcmp(schema_choice_word(v), word) == 0) {
			*ret = (enum choice_value)v;
			return 0;
		}
	return -EINVAL;
}

static int take_layer(struct run *r, struct arena *a, const char *key, const char *value)
{
	uint64_t n;
	if (strcmp(key, "layer") == 0) {
		if (parse_number(value, &n) < 0 || n > UINT32_MAX)
			return -EINVAL;
		r->layers = arena_grow(a, r->layers, r->layer_count, &r->layer_cap, sizeof *r->layers);
		r->layers[r->layer_count++] = (struct run_layer){ .number = (unsigned)n };
		return 0;
	}
	if (r->layer_count == 0)
		return -EINVAL;
	struct run_layer *l = &r->layers[r->layer_count - 1];
	if (strcmp(key, "inode") == 0) {
		if (parse_number(value, &n) < 0)
			return -EINVAL;
		l->inode = (ino_t)n;
		return 0;
	}
	if (strcmp(key, "file") == 0) {
		l->file = value;
		return value[0] != '\0' && strchr(value, '/') == NULL ? 0 : -EINVAL;
	}
	if (path_normal(a, value, &value) < 0)
		return -EINVAL;
	if (strcmp(key, "source") == 0) {
		l->source = value;
		return 0;
	}
	l->covered = arena_grow(a, l->covered, l->covered_count, &l->covered_cap, sizeof *l->covered);
	l->covered[l->covered_count++] = value;
	return 0;
}

static int take(struct run *r, struct arena *a, const char *key, const char *value)
{
	struct plan_changes *g = &r->guards;
	if (strcmp(key, "profile") == 0) {
		r->profile = value;
		return 0;
	}
	if (strcmp(key, "command") == 0) {
		r->command = value;
		return 0;
	}
	if (strcmp(key, "end") == 0)
		return read_end(value, &r->end);
	if (strcmp(key, "began") == 0)
		return parse_time(value, &r->began);
	if (strcmp(key, "layer") == 0 || strcmp(key, "source") == 0 || strcmp(key, "inode") == 0 || strcmp(key, "file") == 0 ||
		strcmp(key, "covered") == 0)
		return take_layer(r, a, key, value);
	if (strcmp(key, "why") == 0 && g->guard_count > 0) {
		g->guards[g->guard_count - 1].why = value;
		return 0;
	}
	if (strcmp(key, "guard") != 0)
		return -EINVAL;
	g->guards = arena_grow(a, g->guards, g->guard_count, &g->guard_cap, sizeof *g->guards);
	g->guards[g->guard_count++] = (struct plan_guard){ .path = value, .why = "it is protected" };
	return 0;
}

static int parse(struct run *r, struct arena *a, const char *text, size_t len)
{
	if (len < sizeof format || memcmp(text, format, sizeof format) != 0 || text[len - 1] != '\0')
		return -EINVAL;
	for (const char *at = text + sizeof format, *end = text + len; at < end; at += strlen(at) + 1) {
		const char *equals = strchr(at, '=');
		if (equals == NULL || take(r, a, arena_strndup(a, at, (size_t)(equals - at)), equals + 1) < 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < r->layer_count; i++)
		if (r->layers[i].source == NULL)
			return -EINVAL;
	return r->profile != NULL && r->command != NULL && r->began.tv_sec > 0 ? 0 : -EINVAL;
}

int run_read(struct run *r, struct arena *a, struct err *e)
{
	struct stat st;
	int fd = openat(r->dir, file_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;
	if (error == 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > DESCRIPTION_MAX))
		error = EINVAL;
	if (error == 0) {
		size_t size = (size_t)st.st_size;
		char *text = arena_alloc(a, size);
		if (read(fd, text, size) != (ssize_t)size || parse(r, a, text, size) < 0)
			error = EINVAL;
	}
	if (fd >= 0)
		(void)close(fd);
	if (error == 0)
		return 0;
	(void)err_set(e, error == EINVAL ? 0 : error, "the description of the run %s cannot be read", r->name);
	(void)err_hint(e, "nothing of it can be applied; bailey changes %s --discard removes it", r->name);
	return -e->code;
}

int run_open(struct run *ret, struct arena *a, const char *directory, const char *name, struct err *e)
{
	*ret = (struct run){ .name = name, .dir = -1, .parent = open_parent(a, directory, false) };
	int r = ret->parent;
	if (r >= 0)
		r = ret->dir = strchr(name, '/') != NULL || name[0] == '.' || name[0] == '\0'
			? -ENOENT
			: sys_openat2(
				  ret->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (r == -ENOENT) {
		(void)err_set(e, 0, "there are no changes of a run %s", name);
		(void)err_hint(e, "bailey changes lists the runs there are");
		run_close(ret);
		return -ENOENT;
	}
	if (r < 0) {
		run_close(ret);
		return fail_parent(e, -r, directory);
	}
	ret->busy = flock(ret->dir, LOCK_EX | LOCK_NB) < 0;
	return run_read(ret, a, e);
}

int run_remove(struct run *r, struct err *e)
{
	/* The description goes last: what is left by a crash can still be named and removed. */
	struct arena a = { 0 };
	const char **names = NULL;
	size_t count = 0;
	char path[32];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", r->dir);
	int result = run_names(&a, path, &names, &count, e);
	for (size_t i = 0; i < count && result == 0; i++)
		if (strcmp(names[i], file_name) != 0)
			result = remove_tree(r->dir, names[i], true);
	if (result == 0)
		result = remove_tree(r->parent, r->name, true);
	arena_free(&a);
	if (result < 0 && e->code == 0)
		(void)err_set(e, -result, "cannot remove the changes of %s", r->name);
	run_close(r);
	return result;
}

void run_close(struct run *r)
{
	if (r->dir >= 0)
		(void)close(r->dir);
	if (r->parent >= 0)
		(void)close(r->parent);
	r->dir = r->parent = -1;
}

void run_sweep(const char *directory, size_t *ret_left, size_t *ret_removed)
{
	struct arena a = { 0 };
	struct err e = { .code = 0 };
	const char **names = NULL;
	size_t count = 0;
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* this clock always exists */
	*ret_left = *ret_removed = 0;
	if (run_names(&a, directory, &names, &count, &e) < 0)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		struct run r;
		e = (struct err){ .code = 0 };
		bool left = run_open(&r, &a, directory, names[i], &e) == 0 && !r.busy && r.end == CHANGES_DISCARD;
		if (left && now.tv_sec - r.began.tv_sec > LEFT_SECONDS)
			*ret_removed += run_remove(&r, &e) == 0;
		else
			*ret_left += left;
		run_close(&r);
	}
	arena_free(&a);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int run_names(struct arena *a, const char *directory, const char ***ret, size_t *ret_count, struct err *e)
{
	size_t cap = 0;
	*ret = NULL;
	*ret_count = 0;
	DIR *d = opendir(directory);
	if (d == NULL)
		return errno == ENOENT ? 0 : err_set(e, errno, "cannot read %s", directory);
	for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		*ret = arena_grow(a, *ret, *ret_count, &cap, sizeof **ret);
		(*ret)[(*ret_count)++] = arena_strdup(a, entry->d_name);
	}
	(void)closedir(d);
	if (*ret_count > 1)
		qsort(*ret, *ret_count, sizeof **ret, by_name);
	return 0;
}
