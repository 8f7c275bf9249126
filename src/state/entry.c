/* One sandbox's directory: taken, described, let go. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/path.h"
#include "base/write.h"
#include "cgroup/cgroup.h"
#include "state/internal.h"

enum { DESCRIPTION_MAX = 64 * 1024, WAIT_MS = 5, WAITS = 60, NUMBERS = 100000 };

static const char file_name[] = "state.json";

bool state_name_valid(const char *name, const char **ret_why)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	*ret_why = NULL;
	if (name[0] == '\0')
		*ret_why = "it is empty";
	else if (strlen(name) > STATE_NAME_MAX)
		*ret_why = "it is longer than 63 characters";
	else if (name[strspn(name, letters)] != '\0')
		*ret_why = "letters, digits, '_', '.' and '-' are possible";
	else if (name[0] == '.' || name[0] == '-')
		*ret_why = "it has to begin with a letter, a digit or '_'";
	else if (name[strspn(name, "0123456789")] == '\0')
		*ret_why = "a number by itself means a process";
	return *ret_why == NULL;
}

/* The name may lead to another directory by now, made after the one behind `fd` was removed. */
static bool still_named(int place, const char *name, int fd)
{
	struct stat x, y;
	return fstat(fd, &x) == 0 && fstatat(place, name, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_dev == y.st_dev &&
		x.st_ino == y.st_ino;
}

int entry_hold(int place, const char *name, int *ret_fd)
{
	int fd = openat(place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? HOLD_GONE : -errno;
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : st.st_uid != geteuid() ? -EPERM : HOLD_OURS;
	if (r == HOLD_OURS && flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? HOLD_TAKEN : -errno;
	if (r == HOLD_OURS && !still_named(place, name, fd))
		r = HOLD_GONE;
	if (r != HOLD_OURS)
		(void)close(fd);
	else
		*ret_fd = fd;
	return r;
}

int entry_read(struct state_record *ret, struct arena *a, int directory, struct err *e)
{
	/* Written by us; but whatever lies there must not make us wait or fill the memory. */
	int fd = openat(directory, file_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "cannot open %s", file_name);
	int r = 0;
	char *text = NULL;
	size_t len = 0;
	if (!S_ISREG(st.st_mode) || st.st_size > DESCRIPTION_MAX) {
		r = err_set(e, 0, "%s is no small file", file_name);
	} else {
		text = arena_alloc(a, DESCRIPTION_MAX);
		ssize_t n = 0;
		while (len < DESCRIPTION_MAX && (n = read(fd, text + len, DESCRIPTION_MAX - len)) > 0)
			len += (size_t)n;
		if (n < 0)
			r = err_set(e, errno, "cannot read %s", file_name);
	}
	(void)close(fd);
	return r < 0 ? r : state_record_read(ret, a, text, len, e);
}

/* Replacing the file replaces the lock: then its holder is done, and the next one is waited for. */
int entry_lock(int directory)
{
	for (;;) {
		int fd = openat(directory, file_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		int r;
		do
			r = flock(fd, LOCK_EX);
		while (r < 0 && errno == EINTR);
		if (r == 0 && still_named(directory, file_name, fd))
			return fd;
		r = r < 0 ? -errno : 0;
		(void)close(fd);
		if (r < 0)
			return r;
	}
}

int entry_write(int directory, const char *text, size_t len)
{
	char temporary[32];
	(void)snprintf(temporary, sizeof temporary, ".new-%d", (int)getpid());
	int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = write_all(fd, text, len);
	/* A full disk may show only now. */
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(directory, temporary, directory, file_name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(directory, temporary, 0);
	return r;
}

/* The files in it go by name, none is followed; a directory among them is nothing of ours and keeps the whole where it is. */
static int remove_entry(struct arena *a, int place, const char *name, int fd)
{
	const char **names = NULL;
	size_t count = 0;
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* from the beginning, wherever `fd` has been read to */
	int r = again < 0 ? -errno : dir_names(again, a, &names, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (unlinkat(fd, names[i], 0) < 0)
			r = -errno;
	if (again >= 0)
		(void)close(again);
	if (r == 0 && unlinkat(place, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

/* The control groups that the description names. What cannot be read was not written by a launcher, and names none. */
static int remove_cgroups(struct arena *a, int fd, struct err *e)
{
	struct state_record left = { 0 };
	struct err ignored = { .code = 0 };
	if (entry_read(&left, a, fd, &ignored) < 0)
		return 0;
	int r = left.cgroup_count > 0 ? cgroup_sweep(left.cgroups, left.cgroup_count) : 0;
	if (r < 0 && r != -EINVAL) /* no names that a launcher gives */
		return err_set(e, -r, "cannot remove the control group %s", left.cgroups[0]);
	return 0;
}

int entry_clear(struct arena *a, int place, const char *name, int fd, struct err *e)
{
	if (remove_cgroups(a, fd, e) < 0) {
		(void)close(fd); /* the next one tries again */
		return -e->code;
	}
	int r = remove_entry(a, place, name, fd);
	(void)close(fd); /* and the lock with it */
	return r == 0 ? 0 : err_set(e, -r, "cannot remove what is left of the sandbox %s", name);
}

static void wait_a_little(void)
{
	const struct timespec t = { .tv_nsec = WAIT_MS * 1000000L };
	(void)nanosleep(&t, NULL);
}

/* Makes the directory and holds it. HOLD_OURS, HOLD_TAKEN when somebody else has it, or -errno with `e`. */
static int take(struct state_entry *entry, struct arena *a, const char *name, struct err *e)
{
	for (int tries = 0; tries < WAITS; tries++) {
		if (mkdirat(entry->place, name, 0700) < 0 && errno != EEXIST)
			return err_set(e, errno, "cannot keep track of the sandbox %s", name);
		int fd = -1;
		int r = entry_hold(entry->place, name, &fd);
		if (r == HOLD_GONE)
			continue; /* somebody found it before it was held, and took it for a left one */
		if (r < 0)
			return err_set(e, -r, "cannot keep track of the sandbox %s", name);
		if (r == HOLD_TAKEN)
			return r;
		struct err ignored = { .code = 0 };
		struct state_record left = { 0 };
		if (entry_read(&left, a, fd, &ignored) == -ENOENT) {
			entry->directory = fd;
			(void)snprintf(entry->name, sizeof entry->name, "%s", name);
			return HOLD_OURS;
		}
		r = entry_clear(a, entry->place, name, fd, e);
		if (r < 0)
			return r;
	}
	return err_set(e, EAGAIN, "cannot keep track of the sandbox %s", name);
}

int state_name_taken(const struct state_record *other, struct err *e)
{
	(void)err_set(e, 0, "a sandbox named %s is running", other->name);
	e->code = EEXIST;
	if (other->launcher.pid == 0)
		return err_hint(e, "choose another name, or end that one; bailey list shows what is running");
	return err_hint(e, "it is process %d, %s, profile %s; choose another name, or end that one", (int)other->launcher.pid,
		path_base(other->program), other->profile);
}

/* Takes a name that was asked for; one that is only just being removed is waited for. */
static int take_name(struct state_entry *entry, struct arena *a, const char *name, struct err *e)
{
	struct state_record other = { 0 };
	for (int waits = 0; waits < WAITS; waits++) {
		int r = take(entry, a, name, e);
		if (r != HOLD_TAKEN)
			return r;
		struct err ignored = { .code = 0 };
		int fd = openat(entry->place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -errno : entry_read(&other, a, fd, &ignored);
		if (fd >= 0)
			(void)close(fd);
		if (r == 0 && state_process_lives(&other.launcher))
			break;
		other = (struct state_record){ 0 };
		wait_a_little();
	}
	other.name = name;
	return state_name_taken(&other, e);
}

/* "firefox-2" for the second one of the profile. */
static int take_number(struct state_entry *entry, struct arena *a, const char *profile, struct err *e)
{
	char stem[41], name[STATE_NAME_MAX + 1];
	const char *base = path_base(profile), *why;
	size_t n = 0;
	for (; n + 1 < sizeof stem && base[n] != '\0'; n++) {
		const char one[2] = { base[n], '\0' };
		stem[n] = state_name_valid(one, &why) || strchr("0123456789.-", base[n]) != NULL ? base[n] : '-';
	}
	stem[n] = '\0';
	const char *from = stem + strspn(stem, ".-");
	for (int number = 1; number <= NUMBERS; number++) {
		(void)snprintf(name, sizeof name, "%s-%d", *from != '\0' ? from : "sandbox", number);
		int r = take(entry, a, name, e);
		if (r != HOLD_TAKEN)
			return r;
	}
	return err_set(e, EMFILE, "cannot keep track of the sandbox");
}

int state_enter(struct state_entry *ret, struct arena *a, int place, const char *name, const char *profile, struct err *e)
{
	*ret = (struct state_entry){ .place = place, .directory = -1 };
	int r = name != NULL ? take_name(ret, a, name, e) : take_number(ret, a, profile, e);
	if (r == HOLD_OURS)
		return 0;
	(void)close(place);
	ret->place = -1;
	return r;
}

int state_write(const struct state_entry *entry, const struct state_record *r, struct err *e)
{
	struct arena a = { 0 };
	struct buf text = { .arena = &a };
	state_record_print(&text, r);
	int code = entry_write(entry->directory, text.text, text.len);
	arena_free(&a);
	return code == 0 ? 0 : err_set(e, -code, "cannot write down what runs as %s", r->name);
}

int state_update(
	const struct state_entry *entry, void (*change)(struct state_record *r, const void *data), const void *data, struct err *e)
{
	struct arena a = { 0 };
	struct state_record r = { 0 };
	int lock = entry_lock(entry->directory);
	int code = lock < 0 ? err_set(e, -lock, "cannot change what is known of %s", entry->name)
			    : entry_read(&r, &a, entry->directory, e);
	if (code == 0) {
		change(&r, data);
		code = state_write(entry, &r, e);
	}
	if (lock >= 0)
		(void)close(lock);
	arena_free(&a);
	return code;
}

static const char end_file[] = "end";

int state_ask_end(const struct state_sandbox *sandbox)
{
	int directory = open(sandbox->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int fd = directory < 0 ? -1 : openat(directory, end_file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : close(fd);
	if (directory >= 0)
		(void)close(directory);
	return r;
}

bool state_end_asked(const struct state_entry *entry)
{
	return faccessat(entry->directory, end_file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void state_entry_name(struct state_entry *entry)
{
	char link[32], path[PATH_MAX];
	const char *why;
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", entry->directory);
	ssize_t n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	const char *name = path_base(path);
	if (n > 0 && state_name_valid(name, &why) && still_named(entry->place, name, entry->directory))
		(void)snprintf(entry->name, sizeof entry->name, "%s", name);
}

void state_leave(struct state_entry *entry)
{
	if (entry->directory < 0)
		return;
	state_entry_name(entry);
	struct arena a = { 0 };
	struct err ignored = { .code = 0 }; /* whoever comes next tries again, and tells */
	(void)entry_clear(&a, entry->place, entry->name, entry->directory, &ignored);
	(void)close(entry->place);
	*entry = (struct state_entry){ .place = -1, .directory = -1 };
	arena_free(&a);
}
