/* bailey cp, the outside: what is the caller's is opened here, one name at a time, and the bytes are copied. */
#include "base/write.h"
#include "launch/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/dir.h"
#include "base/path.h"
#include "base/sys.h"
#include "launch/enter.h"

enum { BLOCK = 128 * 1024, UNSIZED = 1024 * 1024 };

struct outside {
	const struct transfer_options *o;
	const char *sandbox;
	int channel;
	struct transfer message;
	int directories[TRANSFER_DEPTH + 1];
	size_t depth, names;
	size_t skipping; /* levels of a directory that could not be made */
	bool left_out;
	char *block;
};

static void complain(struct outside *s, const char *name, int error, const char *why)
{
	char text[NAME_MAX + 128];
	(void)snprintf(text, sizeof text, "%s: %s", name, why != NULL ? why : strerror(error));
	s->left_out = true;
	s->o->complain(s->o->data, text);
}

static int lost(const struct outside *s, struct err *e)
{
	(void)err_set(e, 0, "the sandbox %s has ended, or something in it has killed what opened files there", s->sandbox);
	e->code = ESRCH;
	return -ESRCH;
}

/* ---- bytes ---- */

/* Until the end, or at most `most` bytes. */
static int copy_stream(struct outside *s, int from, int to, off_t most)
{
	while (most > 0) {
		ssize_t n = read(from, s->block, most < BLOCK ? (size_t)most : BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		int r = write_all(to, s->block, (size_t)n);
		if (r < 0)
			return r;
		most -= n;
	}
	return 0;
}

/* With its holes. */
static int copy_sparse(struct outside *s, int from, int to, off_t size)
{
	for (off_t at = 0; at < size;) {
		off_t data = lseek(from, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		if (data < 0)
			data = at; /* of a file system that does not know its holes */
		off_t hole = lseek(from, data, SEEK_HOLE);
		if (hole <= data || hole > size)
			hole = size;
		if (data >= size)
			break;
		if (lseek(from, data, SEEK_SET) < 0 || lseek(to, data, SEEK_SET) < 0)
			return -errno;
		int r = copy_stream(s, from, to, hole - data);
		if (r < 0)
			return r;
		at = hole;
	}
	return (int)sys_result(ftruncate(to, size));
}

/*
 * As large as it is at this moment: one that grows is not followed for ever.  A file of the kernel's, which says that it is empty, is
 * read to its end, within a bound.
 */
static int copy_file(struct outside *s, int from, int to)
{
	struct stat in, out;
	if (fstat(from, &in) < 0 || fstat(to, &out) < 0)
		return -errno;
	if (!S_ISREG(in.st_mode))
		return -EMEDIUMTYPE;
	if (in.st_dev == out.st_dev && in.st_ino == out.st_ino)
		return -EEXIST;
	if (S_ISREG(out.st_mode) && in.st_size > 0)
		return copy_sparse(s, from, to, in.st_size);
	return copy_stream(s, from, to, in.st_size > 0 ? in.st_size : UNSIZED);
}

/* ---- names of the caller's own ---- */

/* The last part of a path, or NULL where that is no name. */
static const char *last_name(struct arena *a, const char *path)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	const char *name = path_base(arena_strndup(a, path, len));
	return name[0] == '\0' || strcmp(name, "/") == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? NULL : name;
}

static int cannot(struct err *e, int r, const char *what, const char *path)
{
	(void)err_set(e, -r, "cannot %s %s", what, path);
	if (r == -ELOOP)
		(void)err_hint(e, "a symlink is on the way to it, which something inside may have made; name the path without");
	return r;
}

/* Opens the directory that a path is in, following no symlink: something inside may be able to make one there. */
static int open_above(struct arena *a, const char *path, struct err *e)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	const char *above = len == 0 ? "." : arena_strndup(a, path, len);
	int fd = sys_openat2(AT_FDCWD, above, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	return fd < 0 ? cannot(e, fd, "open", above) : fd;
}

/* ---- out of the sandbox ---- */

static int make_file(int dir, const char *name, mode_t mode)
{
	struct stat st;
	const int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(dir, name, flags | O_CREAT | O_EXCL, mode);
	if (fd < 0 && errno == EEXIST)
		fd = openat(dir, name, flags);
	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 ? -errno : !S_ISREG(st.st_mode) ? -EEXIST : (int)sys_result(ftruncate(fd, 0));
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

static int take_file(struct outside *s, const char *name, int from)
{
	if (from < 0)
		return -EBADMSG;
	int to = make_file(s->directories[s->depth], name, (mode_t)s->message.mode & 0777);
	if (to < 0)
		return to;
	int r = copy_file(s, from, to);
	if (close(to) < 0 && r == 0)
		r = -errno;
	return r;
}

static int take_directory(struct outside *s, const char *name)
{
	int dir = s->directories[s->depth];
	if (s->depth >= TRANSFER_DEPTH)
		return -ELOOP;
	if (mkdirat(dir, name, ((mode_t)s->message.mode & 0777) | 0700) < 0 && errno != EEXIST)
		return -errno;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	s->directories[++s->depth] = fd;
	return 0;
}

static void go_up(struct outside *s)
{
	if (s->skipping > 0)
		s->skipping--;
	else if (s->depth > 0)
		(void)close(s->directories[s->depth--]);
}

/* One message. What could not be taken is said, and left out. */
static void take(struct outside *s, const char *top, int fd)
{
	const struct transfer *m = &s->message;
	const char *name = s->names++ == 0 ? top : m->name;
	int r = 0;
	if (m->type == TRANSFER_UP) {
		go_up(s);
	} else if (m->type == TRANSFER_DIRECTORY) {
		r = s->skipping > 0 ? 0 : take_directory(s, name);
		s->skipping += s->skipping > 0 || r < 0;
	} else if (s->skipping > 0) {
		return; /* of a directory that could not be made */
	} else if (m->type == TRANSFER_FILE) {
		r = take_file(s, name, fd);
	} else if (m->type == TRANSFER_LINK) {
		r = (int)sys_result(symlinkat(m->text, s->directories[s->depth], name));
	} else if (m->type == TRANSFER_SKIPPED) {
		complain(s, m->name[0] != '\0' ? name : "a directory", m->error,
			m->error == 0 ? "neither a file nor a directory nor a symlink" : NULL);
	}
	if (r < 0)
		complain(s, name, -r, NULL);
}

/* Where things go, in s->directories[0]; the name of what comes first. NULL with `e`. */
static const char *place(struct outside *s, struct arena *a, struct err *e)
{
	const char *to = s->o->to, *name = last_name(a, s->o->from);
	int fd = sys_openat2(AT_FDCWD, to, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (fd == -ENOENT || fd == -ENOTDIR) {
		name = last_name(a, to);
		fd = open_above(a, to, e);
	} else if (fd < 0) {
		(void)cannot(e, fd, "open", to);
	}
	s->directories[0] = fd;
	if (fd >= 0 && name == NULL)
		(void)err_set(e, 0, "%s has no name to copy it under", s->o->from);
	return fd >= 0 ? name : NULL;
}

static int first_message(struct outside *s, int *ret_fd, struct err *e)
{
	s->message = (struct transfer){ .type = TRANSFER_GET };
	(void)snprintf(s->message.text, sizeof s->message.text, "%s", s->o->from);
	if (transfer_send(s->channel, &s->message, -1) < 0 || transfer_receive(s->channel, &s->message, ret_fd) != 1)
		return lost(s, e);
	const struct transfer *m = &s->message;
	int error = m->type == TRANSFER_END || m->type == TRANSFER_SKIPPED ? m->error : 0;
	if (m->type == TRANSFER_SKIPPED && error == 0)
		return err_set(e, 0, "%s is neither a file nor a directory", s->o->from);
	if (error != 0)
		return err_set(e, error, "cannot open %s in the sandbox", s->o->from);
	if (m->type != TRANSFER_DIRECTORY || s->o->recursive)
		return 0;
	(void)err_set(e, 0, "%s is a directory", s->o->from);
	return err_hint(e, "--recursive copies what is in it");
}

static int acknowledge(struct outside *s)
{
	s->message = (struct transfer){ .type = TRANSFER_OK };
	return transfer_send(s->channel, &s->message, -1);
}

static int copy_out(struct outside *s, struct arena *a, struct err *e)
{
	bool to_stdout = strcmp(s->o->to, "-") == 0;
	const char *top = to_stdout ? "standard output" : place(s, a, e);
	int fd = -1;
	int r = top == NULL ? -e->code : first_message(s, &fd, e);
	if (r == 0 && to_stdout && s->message.type != TRANSFER_FILE)
		r = err_set(e, 0, "only a file can go to standard output");
	while (r == 0 && s->message.type != TRANSFER_END) {
		if (to_stdout && s->names++ == 0 && fd >= 0) {
			int code = copy_file(s, fd, STDOUT_FILENO);
			if (code < 0)
				complain(s, top, -code, NULL);
		} else if (!to_stdout && s->names <= TRANSFER_NAMES * 2) {
			take(s, top, fd);
		} else {
			r = err_set(e, E2BIG, "cannot copy %s", s->o->from);
		}
		if (fd >= 0)
			(void)close(fd);
		fd = -1;
		if (r == 0 && (acknowledge(s) < 0 || transfer_receive(s->channel, &s->message, &fd) != 1))
			r = lost(s, e);
	}
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* ---- into the sandbox ---- */

/* Asks for one thing to be made. The answer's error, negative; or -ESRCH with `e` when nobody answers. */
static int ask(
	struct outside *s, enum transfer_type type, const char *name, mode_t mode, const char *text, int *ret_fd, struct err *e)
{
	s->message = (struct transfer){ .type = type, .mode = mode & 0777 };
	(void)snprintf(s->message.name, sizeof s->message.name, "%s", name);
	(void)snprintf(s->message.text, sizeof s->message.text, "%s", text);
	*ret_fd = -1;
	if (transfer_send(s->channel, &s->message, -1) < 0 || transfer_receive(s->channel, &s->message, ret_fd) != 1 ||
		s->message.type != TRANSFER_OK)
		return lost(s, e);
	return -s->message.error;
}

/* The bytes of an open file, or of standard input; closes `from` if it is not that. */
static int give_file(struct outside *s, int from, const char *name, mode_t mode, struct err *e)
{
	struct stat st;
	int to, r = ask(s, TRANSFER_FILE, name, mode, "", &to, e);
	if (r == 0 && (to < 0 || fstat(to, &st) < 0 || !S_ISREG(st.st_mode)))
		r = -EBADMSG;
	if (r == 0)
		r = from == STDIN_FILENO ? copy_stream(s, from, to, INT64_MAX) : copy_file(s, from, to);
	if (to >= 0 && close(to) < 0 && r == 0)
		r = -errno;
	if (from != STDIN_FILENO)
		(void)close(from);
	return r;
}

static int give(struct outside *s, int dir, const char *name, const char *as, size_t depth, struct err *e);

/* Closes `fd`. */
static int give_directory(struct outside *s, int fd, const char *as, mode_t mode, size_t depth, struct err *e)
{
	struct arena a = { 0 };
	const char **names;
	size_t count;
	int ignored, r = depth >= TRANSFER_DEPTH ? -ELOOP : dir_names(fd, &a, &names, &count);
	if (r == 0)
		r = ask(s, TRANSFER_DIRECTORY, as, mode | 0700, "", &ignored, e);
	bool made = r == 0;
	for (size_t i = 0; made && i < count && e->code == 0; i++) {
		int code = give(s, fd, names[i], names[i], depth + 1, e);
		if (code < 0 && e->code == 0)
			complain(s, names[i], -code, code == -EMEDIUMTYPE ? "neither a file nor a directory nor a symlink" : NULL);
	}
	if (made && e->code == 0)
		r = ask(s, TRANSFER_UP, "", 0, "", &ignored, e);
	(void)close(fd);
	arena_free(&a);
	return r;
}

/* No symlink is followed: something inside may be able to make one there. */
static int give(struct outside *s, int dir, const char *name, const char *as, size_t depth, struct err *e)
{
	char text[PATH_MAX];
	struct stat st;
	int fd, ignored;
	if (++s->names > TRANSFER_NAMES)
		return -E2BIG;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlinkat(dir, name, text, sizeof text - 1);
		text[n > 0 ? n : 0] = '\0';
		return n < 0 ? -errno : ask(s, TRANSFER_LINK, as, 0, text, &ignored, e);
	}
	if (S_ISDIR(st.st_mode) && !s->o->recursive)
		return -EISDIR;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return -EMEDIUMTYPE;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (S_ISDIR(st.st_mode) ? O_DIRECTORY : 0));
	if (fd < 0)
		return -errno;
	/* copy_file() looks again whether it is a regular file. */
	return S_ISDIR(st.st_mode) ? give_directory(s, fd, as, st.st_mode, depth, e) : give_file(s, fd, as, st.st_mode, e);
}

static int copy_in(struct outside *s, struct arena *a, struct err *e)
{
	const bool from_stdin = strcmp(s->o->from, "-") == 0;
	const char *own = from_stdin ? NULL : last_name(a, s->o->from), *name = last_name(a, s->o->to), *to = s->o->to;
	size_t len = strlen(to);
	int ignored, above = -1;
	while (len > 1 && to[len - 1] == '/')
		len--;
	if (!from_stdin) {
		if (own == NULL)
			return err_set(e, 0, "%s has no name to copy it under", s->o->from);
		above = open_above(a, s->o->from, e);
		if (above < 0)
			return -e->code;
	}
	int r = ask(s, TRANSFER_PUT, "", 0, arena_strndup(a, to, len), &ignored, e);
	if (r == 0)
		name = own; /* into that directory */
	else if (r == -ENOTDIR && e->code == 0)
		r = 0;
	else
		(void)err_set(e, -r, "cannot open %s in the sandbox", to);
	if (r == 0 && name == NULL)
		r = err_set(e, 0, "%s is a directory: which name is the file to have in it?", to);
	if (r == 0) {
		r = from_stdin ? give_file(s, STDIN_FILENO, name, 0644, e) : give(s, above, own, name, 0, e);
		if (r == -EISDIR && e->code == 0) {
			(void)err_set(e, 0, "%s is a directory", s->o->from);
			(void)err_hint(e, "--recursive copies what is in it");
		} else if (r < 0) {
			(void)err_set(e, -r, "cannot copy %s to %s in the sandbox", s->o->from, to);
		}
	}
	if (above >= 0)
		(void)close(above);
	return e->code != 0 ? -e->code : 0;
}

int transfer(const struct state_sandbox *sandbox, const struct transfer_options *o, struct err *e)
{
	struct arena a = { 0 };
	struct outside *s = arena_alloc(&a, sizeof *s);
	*s = (struct outside){ .o = o, .sandbox = sandbox->record.name, .block = arena_alloc(&a, BLOCK) };
	struct entrance way;
	int r = entrance_open(&way, sandbox, &(const struct request_head){ .files = true }, NULL, e);
	s->channel = way.channel;
	if (r == 0 && (strlen(o->from) >= PATH_MAX || strlen(o->to) >= PATH_MAX))
		r = err_set(e, ENAMETOOLONG, "cannot copy that");
	if (r == 0)
		r = o->out ? copy_out(s, &a, e) : copy_in(s, &a, e);
	entrance_close(&way);
	r = r < 0 ? r : s->left_out;
	arena_free(&a);
	return r;
}
