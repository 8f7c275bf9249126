#include "background/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/dir.h"

static const char newest[] = "log", older[] = "log.1";

static int open_newest(int directory)
{
	int fd = openat(directory, newest, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : !S_ISREG(st.st_mode) || st.st_uid != geteuid() ? -EPERM : 0;
	if (r == 0 && (st.st_mode & 077) != 0 && fchmod(fd, 0600) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

/* Where the last whole record ends: a launcher that was killed may have left a part of one. */
static int64_t whole_records(int fd, int64_t size)
{
	char head[64];
	int64_t at = 0;
	for (;;) {
		struct log_record record;
		ssize_t n = pread(fd, head, sizeof head, at);
		int length = n > 0 ? log_head(&record, head, (size_t)n) : 0;
		if (length <= 0)
			return at;
		int64_t end = at + length + 1 + (int64_t)record.len + 1;
		if (end > size)
			return at;
		at = end;
	}
}

int log_open(struct log *ret, const char *path, uint64_t bound, struct err *e)
{
	*ret = (struct log){ .directory = dir_make(path, O_RDONLY), .file = -1, .bound = bound };
	if (ret->directory < 0)
		return err_set(e, -ret->directory, "cannot make the directory %s", path);
	if (flock(ret->directory, LOCK_EX | LOCK_NB) < 0) {
		int error = errno;
		(void)close(ret->directory);
		(void)err_set(e, error == EWOULDBLOCK ? EBUSY : error, "cannot write to the log in %s", path);
		return error == EWOULDBLOCK ? err_hint(e, "another sandbox that was renamed writes there; choose another --name")
					    : -error;
	}
	int r = ret->file = open_newest(ret->directory);
	struct stat st = { .st_size = 0 };
	if (r >= 0) {
		r = fstat(ret->file, &st) < 0 ? -errno : 0;
		int64_t whole = r == 0 ? whole_records(ret->file, st.st_size) : 0;
		if (r == 0 && whole < st.st_size)
			r = ftruncate(ret->file, whole) < 0 ? -errno : 0;
		ret->size = (uint64_t)whole;
	}
	if (r >= 0)
		return 0;
	log_close(ret);
	return err_set(e, -r, "cannot write to the log in %s", path);
}

void log_close(struct log *l)
{
	if (l->file >= 0)
		(void)close(l->file);
	if (l->directory >= 0)
		(void)close(l->directory);
	l->file = l->directory = -1;
}

/* The newest part becomes the older one. A failure leaves it growing no further: see put(). */
static int rotate(struct log *l)
{
	if (renameat(l->directory, newest, l->directory, older) < 0)
		return -errno;
	int fd = open_newest(l->directory);
	if (fd < 0) {
		(void)renameat(l->directory, older, l->directory, newest);
		return fd;
	}
	(void)close(l->file);
	l->file = fd;
	l->size = 0;
	return 0;
}

static int put(struct log *l, enum log_stream stream, const void *bytes, size_t len)
{
	char head[64];
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* this clock always exists */
	int n = snprintf(
		head, sizeof head, "%c %" PRId64 ".%06ld %zu\n", (char)stream, (int64_t)now.tv_sec, now.tv_nsec / 1000, len);
	size_t all = (size_t)n + len + 1;
	if (l->size + all > l->bound / 2) {
		int r = rotate(l);
		if (r < 0)
			return r;
	}
	char end = '\n';
	struct iovec parts[3] = { { head, (size_t)n }, { (void *)(uintptr_t)bytes, len }, { &end, 1 } };
	ssize_t done;
	do
		done = writev(l->file, parts, 3);
	while (done < 0 && errno == EINTR);
	if (done == (ssize_t)all) {
		l->size += all;
		return 0;
	}
	int error = done < 0 ? errno : ENOSPC;
	/* Half a record would make all that follow unreadable. */
	if (done > 0 && ftruncate(l->file, (off_t)l->size) < 0)
		l->size = l->bound; /* the next one goes to a new file */
	return -error;
}

void log_write(struct log *l, enum log_stream stream, const void *bytes, size_t len)
{
	int r = put(l, stream, bytes, len);
	if (r < 0) {
		l->error = -r;
		l->lost += len;
		return;
	}
	if (l->lost == 0)
		return;
	char text[128];
	int n = snprintf(text, sizeof text, "%" PRIu64 " bytes before this were lost: %s", l->lost, strerror(l->error));
	if (put(l, LOG_NOTE, text, (size_t)n) == 0)
		l->lost = 0;
}

void log_note(struct log *l, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n > 0)
		log_write(l, LOG_NOTE, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}
