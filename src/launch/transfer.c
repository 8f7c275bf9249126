/* The messages of bailey cp, and the inside. */
#include "launch/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/sys.h"

int transfer_send(int channel, const struct transfer *t, int fd)
{
	const struct iovec iov = { .iov_base = (void *)(uintptr_t)t, .iov_len = sizeof *t };
	ssize_t n = descriptors_send(channel, &iov, 1, &fd, fd >= 0, 0);
	return n < 0 ? (int)n : 0;
}

/* One name in a directory, and nothing else; for messages without one it is empty. */
static bool proper(const struct transfer *t)
{
	if (memchr(t->name, '\0', sizeof t->name) == NULL || memchr(t->text, '\0', sizeof t->text) == NULL)
		return false;
	bool named = t->type == TRANSFER_FILE || t->type == TRANSFER_DIRECTORY || t->type == TRANSFER_LINK;
	return !named ||
		(t->name[0] != '\0' && strchr(t->name, '/') == NULL && strcmp(t->name, ".") != 0 && strcmp(t->name, "..") != 0);
}

int transfer_receive(int channel, struct transfer *ret, int *ret_fd)
{
	const struct iovec iov = { .iov_base = ret, .iov_len = sizeof *ret };
	struct descriptors d;
	ssize_t n = descriptors_receive(channel, &iov, 1, &d, 0);
	bool good = n == (ssize_t)sizeof *ret && d.count <= 1 && proper(ret);
	if (!good)
		descriptors_close(&d);
	*ret_fd = d.fds[0];
	return n <= 0 ? (int)n : good ? 1 : -EBADMSG;
}

/* ---- the inside ---- */

struct inside {
	int channel;
	struct transfer message;
	size_t names; /* so far */
	int directories[TRANSFER_DEPTH + 1]; /* of a put: the last one is where things go */
	size_t depth;
};

/* Says something and waits until it has been taken note of. A caller that is gone ends it. */
static void say(struct inside *s, enum transfer_type type, int error, int fd)
{
	s->message.type = type;
	s->message.error = error;
	int ignored;
	if (transfer_send(s->channel, &s->message, fd) < 0 || transfer_receive(s->channel, &s->message, &ignored) != 1)
		_exit(1);
	if (ignored >= 0)
		(void)close(ignored);
}

static void name_it(struct inside *s, const char *name)
{
	memset(&s->message, 0, sizeof s->message);
	memcpy(s->message.name, name, strnlen(name, NAME_MAX));
}

/*
 * For reading, if it is a regular file.  First as a place only: opening a FIFO or a device does something, and may wait.  The name may
 * be something else the next moment: then that is seen.
 */
static int open_regular(int dir, const char *name, uint64_t flags, struct stat *ret)
{
	int fd = sys_openat2(dir, name, O_PATH | flags, RESOLVE_NO_MAGICLINKS);
	if (fd < 0)
		return fd;
	int r = fstat(fd, ret) < 0 ? -errno : S_ISREG(ret->st_mode) ? 0 : -EMEDIUMTYPE;
	(void)close(fd);
	if (r < 0)
		return r;
	fd = sys_openat2(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags, RESOLVE_NO_MAGICLINKS);
	if (fd < 0)
		return fd;
	if (fstat(fd, ret) == 0 && S_ISREG(ret->st_mode))
		return fd;
	(void)close(fd);
	return -EMEDIUMTYPE;
}

static void get_file(struct inside *s, int dir, const char *name, const char *as, uint64_t flags)
{
	struct stat st;
	int fd = open_regular(dir, name, flags, &st);
	name_it(s, as);
	if (fd < 0) {
		say(s, TRANSFER_SKIPPED, fd == -EMEDIUMTYPE ? 0 : -fd, -1);
		return;
	}
	s->message.mode = st.st_mode & 0777;
	say(s, TRANSFER_FILE, 0, fd);
	(void)close(fd);
}

static void get_link(struct inside *s, int dir, const char *name)
{
	name_it(s, name);
	ssize_t n = readlinkat(dir, name, s->message.text, sizeof s->message.text - 1);
	if (n < 0)
		say(s, TRANSFER_SKIPPED, errno, -1);
	else
		say(s, TRANSFER_LINK, 0, -1);
}

static void get_directory(struct inside *s, int fd, const char *as, unsigned depth);

static void get_entry(struct inside *s, int dir, const char *name, unsigned depth)
{
	struct stat st;
	int r = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : ++s->names > TRANSFER_NAMES ? -E2BIG : 0;
	if (r == 0 && S_ISREG(st.st_mode)) {
		get_file(s, dir, name, name, O_NOFOLLOW);
	} else if (r == 0 && S_ISLNK(st.st_mode)) {
		get_link(s, dir, name);
	} else if (r == 0 && S_ISDIR(st.st_mode) && depth < TRANSFER_DEPTH) {
		int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) {
			get_directory(s, fd, name, depth);
			return;
		}
		r = -errno;
		name_it(s, name);
		say(s, TRANSFER_SKIPPED, -r, -1);
	} else {
		name_it(s, name);
		say(s, TRANSFER_SKIPPED, r < 0 ? -r : S_ISDIR(st.st_mode) ? ELOOP : 0, -1);
	}
}

/* Closes `fd`. One frame for each level: the stack is large enough for TRANSFER_DEPTH of them. */
static void get_directory(struct inside *s, int fd, const char *as, unsigned depth)
{
	_Alignas(8) char buffer[1024];
	struct stat st;
	name_it(s, as);
	s->message.mode = fstat(fd, &st) == 0 ? st.st_mode & 0777 : 0700;
	say(s, TRANSFER_DIRECTORY, 0, -1);
	long n;
	while ((n = sys_getdents(fd, buffer, sizeof buffer)) > 0 && s->names <= TRANSFER_NAMES) {
		const struct sys_dirent *e;
		for (long at = 0; at < n; at += e->len) {
			e = (const struct sys_dirent *)(buffer + at);
			if (strcmp(e->name, ".") != 0 && strcmp(e->name, "..") != 0)
				get_entry(s, fd, e->name, depth + 1);
		}
	}
	(void)close(fd);
	name_it(s, "");
	if (n < 0)
		say(s, TRANSFER_SKIPPED, (int)-n, -1);
	say(s, TRANSFER_UP, 0, -1);
}

/* The path is the caller's own: links on its way are followed, to what the program would come to. */
static void get(struct inside *s)
{
	char path[PATH_MAX];
	struct stat st;
	memcpy(path, s->message.text, sizeof path);
	int fd = sys_openat2(AT_FDCWD, path, O_PATH, RESOLVE_NO_MAGICLINKS);
	int r = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;
	if (fd >= 0)
		(void)close(fd);
	if (r == 0 && S_ISDIR(st.st_mode)) {
		r = fd = sys_openat2(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
		if (fd >= 0)
			get_directory(s, fd, "top", 0);
	} else if (r == 0) {
		get_file(s, AT_FDCWD, path, "top", 0);
	}
	name_it(s, "");
	say(s, TRANSFER_END, r < 0 ? -r : 0, -1);
}

/* Answers what was asked. */
static void answer(struct inside *s, int r, int fd)
{
	s->message.type = TRANSFER_OK;
	s->message.error = r < 0 ? -r : 0;
	if (transfer_send(s->channel, &s->message, fd) < 0)
		_exit(1);
}

static int make_directory(struct inside *s, int dir)
{
	if (s->depth >= TRANSFER_DEPTH)
		return -ELOOP;
	if (mkdirat(dir, s->message.name, (mode_t)s->message.mode & 0777) < 0 && errno != EEXIST)
		return -errno;
	int fd = openat(dir, s->message.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	s->directories[++s->depth] = fd;
	return 0;
}

/* A new one, or a regular one that is there already. */
static int make_file(const struct inside *s, int dir)
{
	struct stat st;
	const int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(dir, s->message.name, flags | O_CREAT | O_EXCL, (mode_t)s->message.mode & 0777);
	if (fd < 0 && errno == EEXIST)
		fd = openat(dir, s->message.name, flags);
	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 ? -errno : !S_ISREG(st.st_mode) ? -EEXIST : (int)sys_result(ftruncate(fd, 0));
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

static void put(struct inside *s, int top)
{
	s->directories[0] = top;
	for (;;) {
		int fd, dir = s->directories[s->depth];
		if (transfer_receive(s->channel, &s->message, &fd) != 1)
			_exit(0);
		if (fd >= 0)
			(void)close(fd);
		fd = -1;
		switch (s->message.type) {
		case TRANSFER_FILE:
			fd = make_file(s, dir);
			answer(s, fd, fd);
			break;
		case TRANSFER_DIRECTORY: answer(s, make_directory(s, dir), -1); break;
		case TRANSFER_LINK: answer(s, (int)sys_result(symlinkat(s->message.text, dir, s->message.name)), -1); break;
		case TRANSFER_UP:
			if (s->depth > 0)
				(void)close(s->directories[s->depth--]);
			answer(s, 0, -1);
			break;
		default: _exit(1);
		}
		if (fd >= 0)
			(void)close(fd);
	}
}

/* Where things go: the directory that is there, or the one above a name that is not, or is a file. */
static void begin_put(struct inside *s)
{
	char path[PATH_MAX];
	memcpy(path, s->message.text, sizeof path);
	int fd = sys_openat2(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
	int error = 0;
	if (fd == -ENOENT || fd == -ENOTDIR) {
		char *slash = strrchr(path, '/');
		error = ENOTDIR;
		if (slash != NULL)
			slash[slash == path] = '\0';
		fd = sys_openat2(AT_FDCWD, slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
	}
	answer(s, fd < 0 ? fd : -error, -1);
	if (fd < 0)
		_exit(1);
	put(s, fd);
}

void transfer_serve(int channel, const char *directory)
{
	struct inside s = { .channel = channel };
	int fd;
	if (chdir(directory) < 0 && chdir("/") < 0)
		_exit(1);
	if (transfer_receive(channel, &s.message, &fd) != 1)
		_exit(1);
	if (s.message.type == TRANSFER_GET)
		get(&s);
	else if (s.message.type == TRANSFER_PUT)
		begin_put(&s);
	_exit(0);
}
