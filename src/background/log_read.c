#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "background/log.h"
#include "base/path.h"
#include "host/resolve.h"

enum { HEAD_MAX = 48 };

static const char newest[] = "log", older[] = "log.1";

int log_place(struct arena *a, struct facts *f, const char **ret, struct err *e)
{
	const char *state = facts_env(f, "XDG_STATE_HOME");
	struct resolved r = { 0 };
	if (state != NULL && state[0] == '/')
		*ret = path_join(a, state, "bailey/logs");
	else if (f->home[0] == '/')
		*ret = path_join(a, f->home, ".local/state/bailey/logs");
	else {
		(void)err_set(e, 0, "there is no place for the log");
		e->code = ENOENT;
		return err_hint(e, "set HOME or XDG_STATE_HOME");
	}
	/* A state directory that is a symlink is the user's choice; on the way that is left, none is followed. */
	int resolved = facts_resolve(f, *ret, &r);
	if (resolved == 0 || resolved == -ENOENT)
		*ret = r.path;
	return 0;
}

/* Digits up to `end`, a value of at most `max`. The place after them, or NULL. */
static const char *digits(const char *at, const char *end, int64_t max, int64_t *ret)
{
	*ret = 0;
	const char *from = at;
	for (; at < end && isdigit((unsigned char)*at); at++) {
		*ret = *ret * 10 + (*at - '0');
		if (*ret > max)
			return NULL;
	}
	return at > from ? at : NULL;
}

int log_head(struct log_record *ret, const char *text, size_t n)
{
	const char *line = memchr(text, '\n', n < HEAD_MAX ? n : HEAD_MAX);
	if (line == NULL)
		return n < HEAD_MAX ? 0 : -EBADMSG;
	int64_t seconds = 0, fraction = 0, len = 0;
	const char *at = text + 2;
	if (line - text < 6 || text[0] == '\0' || strchr("oetn", text[0]) == NULL || text[1] != ' ' ||
		(at = digits(at, line, INT64_MAX / 16, &seconds)) == NULL || *at != '.' ||
		(at = digits(at + 1, line, 999999, &fraction)) == NULL || *at != ' ' ||
		digits(at + 1, line, LOG_RECORD_MAX, &len) != line)
		return -EBADMSG;
	*ret = (struct log_record){
		.stream = (enum log_stream)text[0], .seconds = seconds, .microseconds = (long)fraction, .len = (size_t)len
	};
	return (int)(line - text);
}

static int open_part(struct log_reader *r, const char *name)
{
	int fd = openat(r->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return -EBADMSG;
	}
	if (r->file >= 0)
		(void)close(r->file);
	r->file = fd;
	r->inode = st.st_ino;
	r->older = name == older;
	r->at = r->filled = 0;
	return 0;
}

int log_reader_open(struct log_reader *ret, const char *path)
{
	ret->file = -1;
	ret->at = ret->filled = 0;
	ret->gap = false;
	ret->directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->directory < 0)
		return -errno;
	int r = open_part(ret, older);
	if (r == -ENOENT)
		r = open_part(ret, newest);
	if (r < 0 && r != -ENOENT) {
		log_reader_close(ret);
		return r;
	}
	return 0;
}

void log_reader_close(struct log_reader *r)
{
	if (r->file >= 0)
		(void)close(r->file);
	if (r->directory >= 0)
		(void)close(r->directory);
	r->file = r->directory = -1;
}

bool log_written(const struct log_reader *r)
{
	/* Shared: two that look at the same time are not taken for a writer. */
	if (flock(r->directory, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	(void)flock(r->directory, LOCK_UN);
	return false;
}

/* Whether another part follows this one, which then is not written to any more. */
static bool is_replaced(const struct log_reader *r)
{
	struct stat now;
	return fstatat(r->directory, newest, &now, AT_SYMLINK_NOFOLLOW) == 0 && (r->file < 0 || now.st_ino != r->inode);
}

/* Opens the part after this one. 1 or -errno. */
static int next_part(struct log_reader *r)
{
	struct stat before;
	/* This part was renamed before the next one was begun; a rename since then has put another one in between. */
	bool next = r->file < 0 || (fstatat(r->directory, older, &before, AT_SYMLINK_NOFOLLOW) == 0 && before.st_ino == r->inode);
	r->gap = r->gap || !next;
	int error = open_part(r, next ? newest : older);
	return error < 0 ? error : 1;
}

/* Reads on. 1 when there is more, 0 when there is none, or -errno. */
static int fill(struct log_reader *r)
{
	memmove(r->bytes, r->bytes + r->at, r->filled - r->at);
	r->filled -= r->at;
	r->at = 0;
	ssize_t n;
	do
		n = r->file >= 0 ? read(r->file, r->bytes + r->filled, sizeof r->bytes - r->filled) : 0;
	while (n < 0 && errno == EINTR);
	if (n > 0)
		r->filled += (size_t)n;
	return n < 0 ? -errno : n > 0;
}

int log_next(struct log_reader *r, struct log_record *ret)
{
	for (;;) {
		size_t left = r->filled - r->at;
		int head = log_head(ret, r->bytes + r->at, left);
		if (head < 0)
			return head;
		if (head > 0 && left >= (size_t)head + 1 + ret->len + 1) {
			ret->bytes = r->bytes + r->at + head + 1;
			r->at += (size_t)head + 1 + ret->len + 1;
			return ret->bytes[ret->len] == '\n' ? 1 : -EBADMSG;
		}
		int more = fill(r);
		/* What was written before the part was replaced is seen by another look. */
		if (more == 0 && is_replaced(r) && (more = fill(r)) == 0)
			more = next_part(r);
		if (more <= 0)
			return more;
	}
}
