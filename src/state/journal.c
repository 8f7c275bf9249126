/*
 * What happens to sandboxes, for whoever listens (bailey events): lines of JSON in a file of the place that is there only while somebody
 * does.  A line is one write(2) to its end, so a launcher never waits, and the file is exchanged when it has become large.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "state/internal.h"

enum { JOURNAL_MAX = 256 * 1024 };

static const char file_name[] = ".events", old_name[] = ".events.old";

static const char *const words[] = {
	[STATE_EVENT_STARTED] = "started",
	[STATE_EVENT_LIMITED] = "limited",
	[STATE_EVENT_REFUSED] = "refused",
	[STATE_EVENT_STOPPED] = "stopped",
};

static int open_journal(int place, int flags)
{
	return openat(place, file_name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

/* Listeners read the old one to its end, and find the new one by its name. */
static int exchange(int place, int fd)
{
	struct stat st, named;
	if (fstat(fd, &st) < 0 || st.st_size < JOURNAL_MAX)
		return fd;
	if (fstatat(place, file_name, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == st.st_ino)
		(void)renameat(place, file_name, place, old_name);
	(void)close(fd);
	return open_journal(place, O_WRONLY | O_APPEND | O_CREAT);
}

static void print(struct buf *out, const char *name, const struct state_event *e, const struct state_record *r)
{
	struct json j = { .out = out };
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	json_object(&j, NULL);
	json_int(&j, "time_ms", (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	json_string(&j, "event", words[e->kind]);
	json_string(&j, "name", name);
	if (r != NULL) {
		json_string(&j, "profile", r->profile);
		json_string(&j, "program", r->program);
		json_int(&j, "launcher_pid", r->launcher.pid);
		json_int(&j, "program_pid", r->task.pid);
	}
	if (e->kind == STATE_EVENT_LIMITED || e->kind == STATE_EVENT_REFUSED) {
		json_string(&j, "setting", e->setting[0] != '\0' ? e->setting : NULL);
		json_string(&j, "what", e->what[0] != '\0' ? e->what : NULL);
		json_int(&j, "count", e->count);
	}
	if (e->kind == STATE_EVENT_STOPPED && e->status >= 0)
		json_int(&j, "status", e->status);
	else if (e->kind == STATE_EVENT_STOPPED)
		json_null(&j, "status");
	if (e->kind == STATE_EVENT_STOPPED && e->signal > 0)
		json_int(&j, "signal", e->signal);
	json_object_end(&j);
	buf_putc(out, '\n');
}

void state_event(int place, const char *name, const struct state_event *e, const struct state_record *r)
{
	int fd = open_journal(place, O_WRONLY | O_APPEND);
	if (fd < 0)
		return; /* nobody listens */
	fd = exchange(place, fd);
	if (fd < 0)
		return;
	struct arena a = { .head = NULL };
	struct buf line = { .arena = &a };
	print(&line, name, e, r);
	(void)!write(fd, buf_text(&line), line.len); /* on a full file system it is lost */
	(void)close(fd);
	arena_free(&a);
}

int state_listen(int place)
{
	int fd = open_journal(place, O_RDWR | O_APPEND | O_CREAT);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_SH) < 0 || lseek(fd, 0, SEEK_END) < 0) {
		int r = -errno;
		(void)close(fd);
		return r;
	}
	return fd;
}

int state_listen_next(int place, int fd)
{
	struct stat own, named;
	if (fstat(fd, &own) == 0 && fstatat(place, file_name, &named, AT_SYMLINK_NOFOLLOW) == 0 && own.st_ino == named.st_ino)
		return -EAGAIN;
	int next = open_journal(place, O_RDWR | O_APPEND | O_CREAT);
	if (next < 0 || flock(next, LOCK_SH) == 0)
		return next < 0 ? -errno : next;
	int r = -errno;
	(void)close(next);
	return r;
}

/* Holds what is there under the name: a descriptor, -ENOENT when nothing is, or -EWOULDBLOCK when somebody listens. */
static int hold(int place, const char *name)
{
	int fd = openat(place, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	int r = -errno;
	(void)close(fd);
	return r;
}

/* Whoever listens has a lock on one of the two: on the next one before that on the old one is given up. */
void journal_sweep(int place)
{
	int fd = hold(place, file_name);
	if (fd < 0)
		return;
	int old = hold(place, old_name);
	if (old >= 0 || old == -ENOENT) {
		(void)unlinkat(place, file_name, 0);
		(void)unlinkat(place, old_name, 0);
	}
	if (old >= 0)
		(void)close(old);
	(void)close(fd);
}

void state_listen_end(int place, int fd)
{
	(void)close(fd);
	journal_sweep(place);
}
