#include "changes/walk.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/path.h"
#include "base/sys.h"

enum {
	DEPTH_MAX = 200, /* two descriptors a directory */
	PIECE = 1 << 16,
	MODES = 01777, /* what a directory's mode is compared and set by; setgid comes from the directory above */
};

/* overlayfs.rst, "userxattr" */
static const char opaque_name[] = "user.overlay.opaque", whiteout_name[] = "user.overlay.whiteout",
		  origin_name[] = "user.overlay.origin";

/* One directory of the walk. */
struct frame {
	int upper, host;
	const char *path; /* on the host */
	unsigned depth;
	bool opaque; /* the host's directory was replaced: names that are not in the upper one were removed */
	bool barred; /* it is not applied, and so nothing in it is */
	const char *bar;
	bool touched;
};

static int walk_frame(const struct walk *w, struct frame *f);

/* The path of what a descriptor is, for calls that take none. */
static const char *descriptor_path(char text[32], int fd)
{
	(void)snprintf(text, 32, "/proc/self/fd/%d", fd);
	return text;
}

/* Opens with a mode that lets us, and puts the mode back. */
static int open_anyhow(int dir, const char *name, int flags, mode_t need)
{
	char text[32];
	struct stat st;
	int path = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (path < 0)
		return -errno;
	int fd = -EACCES;
	bool plain = fstat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
	if (plain && chmod(descriptor_path(text, path), (st.st_mode & 07777) | need) == 0) {
		fd = open(text, flags | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
		(void)chmod(text, st.st_mode & 07777);
	}
	(void)close(path);
	return fd;
}

int walk_open_file(int dir, const char *name, bool still)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && still)
		return open_anyhow(dir, name, O_RDONLY, 0400);
	return fd < 0 ? -errno : fd;
}

static int open_directory(int dir, const char *name, bool still)
{
	int fd = sys_openat2(
		dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	return fd == -EACCES && still ? open_anyhow(dir, name, O_RDONLY | O_DIRECTORY, 0700) : fd;
}

static bool has_attribute(int dir, const char *name, const char *attribute)
{
	char path[32 + NAME_MAX + 2], text[32];
	(void)snprintf(path, sizeof path, "%s/%s", descriptor_path(text, dir), name);
	return lgetxattr(path, attribute, NULL, 0) >= 0;
}

/* A name of the host's directory that was removed. */
static bool is_whiteout(int dir, const char *name, const struct stat *st)
{
	if (S_ISCHR(st->st_mode))
		return st->st_rdev == makedev(0, 0);
	return S_ISREG(st->st_mode) && st->st_size == 0 && has_attribute(dir, name, whiteout_name);
}

static bool is_opaque(int fd)
{
	char value[4];
	ssize_t n = fgetxattr(fd, opaque_name, value, sizeof value);
	return n == 1 && value[0] == 'y';
}

/* ---- comparing ---- */

static ssize_t read_whole(int fd, char *to, size_t size)
{
	size_t have = 0;
	while (have < size) {
		ssize_t n = read(fd, to + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* What cannot be read counts as different. */
static bool same_bytes(int a, int b)
{
	struct arena memory = { 0 };
	char *left = arena_alloc(&memory, PIECE), *right = arena_alloc(&memory, PIECE);
	bool same = true;
	for (;;) {
		ssize_t n = read_whole(a, left, PIECE), m = read_whole(b, right, PIECE);
		same = n >= 0 && n == m && memcmp(left, right, (size_t)n) == 0;
		if (!same || n < PIECE)
			break;
	}
	arena_free(&memory);
	return same;
}

static bool same_file(const struct walk *w, const struct change *c)
{
	if (c->upper.st_size != c->host.st_size)
		return false;
	int upper = walk_open_file(c->upper_dir, c->name, w->still), host = walk_open_file(c->host_dir, c->name, false);
	bool same = upper >= 0 && host >= 0 && same_bytes(upper, host);
	/* One that the user may not read was applied with its time; a program that imitates that only keeps its change from being made. */
	if (host == -EACCES)
		same = c->upper.st_mtim.tv_sec == c->host.st_mtim.tv_sec && c->upper.st_mtim.tv_nsec == c->host.st_mtim.tv_nsec;
	if (upper >= 0)
		(void)close(upper);
	if (host >= 0)
		(void)close(host);
	return same;
}

static bool same_link(const struct change *c)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(c->upper_dir, c->name, a, sizeof a), m = readlinkat(c->host_dir, c->name, b, sizeof b);
	return n > 0 && n == m && memcmp(a, b, (size_t)n) == 0;
}

/* A directory that mount points needed was made with its owner's access, whatever the host's says. */
static bool same_directory_mode(const struct stat *upper, const struct stat *host)
{
	mode_t u = upper->st_mode & MODES, h = host->st_mode & MODES;
	return u == h || u == (h | 0700);
}

/* ---- what is not applied ---- */

static const char *bar_of_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK: return NULL;
	case S_IFIFO: return "a FIFO";
	case S_IFSOCK: return "a socket";
	default: return "a device";
	}
}

/* Whether the change only adds to a directory, which then still leads to what is below it. */
static bool keeps_way(const struct change *c)
{
	return S_ISDIR(c->upper.st_mode) && (c->host.st_mode == 0 || S_ISDIR(c->host.st_mode)) && c->kind != CHANGE_REMOVED &&
		!c->mode_only;
}

static const char *bar_of_path(const struct walk *w, const struct change *c)
{
	for (size_t i = 0; i < w->guard_count; i++) {
		const struct plan_guard *g = &w->guards[i];
		if (path_within(c->path, g->path) && !path_within(w->granted, g->path))
			return g->why;
		if (path_below(g->path, c->path) && !keeps_way(c))
			return "what is below it is protected";
	}
	for (size_t i = 0; i < w->covered_count; i++) {
		if (path_within(c->path, w->covered[i]))
			return "the profile hides it, or shows it in another way";
		if (path_below(w->covered[i], c->path) && !keeps_way(c))
			return "something in it is hidden, or shown in another way";
	}
	return NULL;
}

static bool is_covered(const struct walk *w, const char *path)
{
	for (size_t i = 0; i < w->covered_count; i++)
		if (path_within(path, w->covered[i]))
			return true;
	return false;
}

static bool leads_to_covered(const struct walk *w, const char *path)
{
	for (size_t i = 0; i < w->covered_count; i++)
		if (path_within(w->covered[i], path))
			return true;
	return false;
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A duplicate would share its position in the directory. */
static DIR *list(int fd)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0 && errno == EACCES) {
		own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (own >= 0)
			(void)lseek(own, 0, SEEK_SET);
	}
	DIR *d = own >= 0 ? fdopendir(own) : NULL;
	if (d == NULL && own >= 0)
		(void)close(own);
	return d;
}

static bool is_empty(int dir, const char *name, bool still)
{
	int fd = open_directory(dir, name, still);
	DIR *d = fd >= 0 ? list(fd) : NULL;
	bool empty = d != NULL;
	for (struct dirent *e; empty && (e = readdir(d)) != NULL;)
		empty = is_dot(e->d_name);
	if (d != NULL)
		(void)closedir(d);
	if (fd >= 0)
		(void)close(fd);
	return empty;
}

/* At a name that is something else inside: the mount point, whiteout or link that bailey put there itself. */
static bool is_stand_in(const struct walk *w, int dir, const char *name, const struct stat *st)
{
	return is_whiteout(dir, name, st) || S_ISLNK(st->st_mode) || (S_ISREG(st->st_mode) && st->st_size == 0) ||
		(S_ISDIR(st->st_mode) && is_empty(dir, name, w->still));
}

/* Whether there is nothing in this directory but what bailey made to have mount points. */
static bool is_ours(const struct walk *w, struct arena *a, int dir, const char *name, const char *path, unsigned depth)
{
	if (depth > DEPTH_MAX || is_covered(w, path) || !leads_to_covered(w, path))
		return false;
	int fd = open_directory(dir, name, w->still);
	DIR *d = fd >= 0 ? list(fd) : NULL;
	bool ours = d != NULL;
	for (struct dirent *e; ours && (e = readdir(d)) != NULL;) {
		struct stat st;
		if (is_dot(e->d_name))
			continue;
		const char *below = path_join(a, path, e->d_name);
		ours = fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			(is_covered(w, below) ? is_stand_in(w, fd, e->d_name, &st)
					      : is_ours(w, a, fd, e->d_name, below, depth + 1));
	}
	if (d != NULL)
		(void)closedir(d);
	if (fd >= 0)
		(void)close(fd);
	return ours;
}

/* ---- conflicts ---- */

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

/* Whether something in the host's directory was changed since. */
static bool changed_below(int dir, const char *name, const struct timespec *began, unsigned depth)
{
	int fd = open_directory(dir, name, false);
	DIR *d = fd >= 0 && depth <= DEPTH_MAX ? list(fd) : NULL;
	bool changed = d == NULL;
	for (struct dirent *e; !changed && (e = readdir(d)) != NULL;) {
		struct stat st;
		if (is_dot(e->d_name) || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		changed = is_later(&st.st_ctim, began) || (S_ISDIR(st.st_mode) && changed_below(fd, e->d_name, began, depth + 1));
	}
	if (d != NULL)
		(void)closedir(d);
	if (fd >= 0)
		(void)close(fd);
	return changed;
}

/* ctime is used, because no program can set it; see stat(2). */
static const char *conflict_of(const struct walk *w, const struct change *c)
{
	if (w->began == NULL || (c->mode_only && S_ISDIR(c->upper.st_mode)))
		return NULL;
	if (c->host.st_mode == 0)
		return c->kind == CHANGE_NEW && (S_ISREG(c->upper.st_mode) || S_ISDIR(c->upper.st_mode)) &&
				has_attribute(c->upper_dir, c->name, origin_name)
			? "removed on the host meanwhile"
			: NULL;
	if (is_later(&c->host.st_ctim, w->began))
		return "changed on the host meanwhile";
	if (S_ISDIR(c->host.st_mode) && (c->kind == CHANGE_REMOVED || !S_ISDIR(c->upper.st_mode)) &&
		changed_below(c->host_dir, c->name, w->began, 0))
		return "changed on the host meanwhile";
	return NULL;
}

/* ---- the walk ---- */

static int tell(const struct walk *w, struct frame *f, struct change *c)
{
	if (is_covered(w, c->path) && (c->kind == CHANGE_REMOVED || is_stand_in(w, c->upper_dir, c->name, &c->upper)))
		return WALK_PAST;
	if (f->barred)
		c->bar = f->bar;
	if (c->bar == NULL && c->kind != CHANGE_REMOVED)
		c->bar = bar_of_type(c->upper.st_mode);
	if (c->bar == NULL)
		c->bar = bar_of_path(w, c);
	if (c->bar == NULL)
		c->conflict = conflict_of(w, c);
	int r = w->seen(w->data, c);
	if (r == WALK_DONE)
		f->touched = true;
	return r;
}

/* Into a directory of the upper one. */
static int descend(const struct walk *w, struct frame *f, struct change *c, bool told, int done)
{
	bool merged = S_ISDIR(c->host.st_mode) && c->host_dir >= 0;
	struct frame below = {
		.host = -1,
		.path = c->path,
		.depth = f->depth + 1,
		.bar = c->bar != NULL ? c->bar : f->bar,
		.barred = f->barred || (told && c->bar != NULL && !merged),
	};
	if (below.depth > DEPTH_MAX) {
		c->bar = "too deep to look at";
		c->kind = merged ? CHANGE_MODIFIED : CHANGE_NEW;
		return w->seen(w->data, c);
	}
	below.upper = open_directory(c->upper_dir, c->name, w->still);
	if (below.upper < 0)
		return below.upper;
	below.opaque = is_opaque(below.upper);
	int r = 0;
	if (merged || done == WALK_DONE) {
		below.host = open_directory(c->host_dir, c->name, false);
		if (below.host < 0 && below.host != -ENOENT)
			r = below.host;
	}
	if (r == 0)
		r = walk_frame(w, &below);
	if (r >= 0 && w->left != NULL && (below.touched || done == WALK_DONE) && below.host >= 0)
		w->left(w->data, done == WALK_DONE ? c : NULL, below.host);
	(void)close(below.upper);
	if (below.host >= 0)
		(void)close(below.host);
	return r;
}

/* Compares one name; what the change is, or false when there is none. Directories of both are no change by themselves. */
static bool compare(const struct walk *w, struct change *c)
{
	bool host = c->host.st_mode != 0;
	if (!host) {
		c->kind = CHANGE_NEW;
		return true;
	}
	c->kind = CHANGE_MODIFIED;
	if ((c->upper.st_mode & S_IFMT) != (c->host.st_mode & S_IFMT))
		return true;
	switch (c->upper.st_mode & S_IFMT) {
	case S_IFDIR: c->mode_only = true; return !same_directory_mode(&c->upper, &c->host);
	case S_IFLNK: return !same_link(c);
	case S_IFREG:
		c->mode_only = same_file(w, c);
		return !c->mode_only || (c->upper.st_mode & 07777) != (c->host.st_mode & 07777);
	default: return c->upper.st_rdev != c->host.st_rdev;
	}
}

static int walk_name(const struct walk *w, struct frame *f, struct arena *a, const char *name, bool in_upper)
{
	struct change c = { .upper_dir = f->upper, .host_dir = f->host, .name = name, .path = path_join(a, f->path, name) };
	if (in_upper && fstatat(f->upper, name, &c.upper, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (f->host >= 0 && fstatat(f->host, name, &c.host, AT_SYMLINK_NOFOLLOW) < 0)
		c.host = (struct stat){ .st_mode = 0 };
	if (!in_upper || is_whiteout(f->upper, name, &c.upper)) {
		c.upper = (struct stat){ .st_mode = 0 };
		c.kind = CHANGE_REMOVED;
		return c.host.st_mode == 0 ? 0 : tell(w, f, &c);
	}
	bool told = compare(w, &c), directory = S_ISDIR(c.upper.st_mode);
	if (told && directory && c.kind == CHANGE_NEW && is_ours(w, a, f->upper, name, c.path, f->depth))
		return 0;
	int r = told ? tell(w, f, &c) : WALK_ON;
	if (r < 0 || !directory || r == WALK_PAST)
		return r;
	return descend(w, f, &c, told, r);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the upper directory and, of one that replaced the host's, of the host's too; sorted. */
static int names_of(struct arena *a, int dir, const char ***names, size_t *count, size_t *cap)
{
	DIR *d = list(dir);
	if (d == NULL)
		return -errno;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (is_dot(e->d_name))
			continue;
		*names = arena_grow(a, *names, *count, cap, sizeof **names);
		(*names)[(*count)++] = arena_strdup(a, e->d_name);
	}
	(void)closedir(d);
	return 0;
}

static int walk_frame(const struct walk *w, struct frame *f)
{
	struct arena a = { 0 };
	const char **names = NULL, **removed = NULL;
	size_t count = 0, cap = 0, removed_count = 0, removed_cap = 0;
	int r = names_of(&a, f->upper, &names, &count, &cap);
	if (count > 1)
		qsort(names, count, sizeof *names, by_name);
	if (r == 0 && f->opaque && f->host >= 0)
		r = names_of(&a, f->host, &removed, &removed_count, &removed_cap);
	for (size_t i = 0; i < removed_count && r >= 0; i++) {
		bool there = count > 0 && bsearch(&removed[i], names, count, sizeof *names, by_name) != NULL;
		if (!there)
			r = walk_name(w, f, &a, removed[i], false);
	}
	for (size_t i = 0; i < count && r >= 0; i++)
		r = walk_name(w, f, &a, names[i], true);
	arena_free(&a);
	return r < 0 ? r : 0;
}

int walk(const struct walk *w)
{
	struct frame top = { .upper = w->upper, .host = w->host, .path = w->source };
	int r = walk_frame(w, &top);
	if (r == 0 && w->left != NULL && top.touched && w->host >= 0)
		w->left(w->data, NULL, w->host);
	return r;
}
