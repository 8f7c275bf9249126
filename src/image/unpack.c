#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/dir.h"
#include "base/path.h"
#include "base/sys.h"
#include "host/facts.h"
#include "image/image.h"
#include "image/run.h"
#include "launch/prepare.h"

enum {
	ABOUT_MAX = 3 * PATH_MAX,
	/* What an archive may unpack to: a fixed part and a multiple of its size. Good compressors make a system's tree 3 to 10 times
	 * smaller. */
	GIGABYTE = 1 << 30,
	TIMES = 64,
	MOST_GIGABYTES = 64,
	MEMBERS = 1000000,
	SETTLE_NS = 50 * 1000 * 1000, /* longer than a kernel's tick, by which it takes times of files */
};

struct unpacking {
	const struct plan *plan;
	const struct image *image;
	struct arena *arena;
	const char *helper;
	bool quiet;
	int cache; /* descriptor of image->cache */
	const char *fresh; /* name below it */
	sigset_t mask; /* the caller's */
	struct err *e;
};

/* The small file `about` of an entry, or NULL. */
static const char *read_about(struct unpacking *u, const char *entry)
{
	int fd = sys_openat2(u->cache, path_join(u->arena, entry, "about"), O_RDONLY | O_NONBLOCK | O_NOCTTY,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return NULL;
	char *text = arena_alloc(u->arena, ABOUT_MAX + 1);
	ssize_t n = read(fd, text, ABOUT_MAX);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static bool is_whole(struct unpacking *u, const char *entry)
{
	const char *about = read_about(u, entry);
	return about != NULL && strcmp(about, u->image->about) == 0;
}

/* ---- taking away ---- */

/* Removes the directory `name` of the cache and all that is in it; some of it may belong to ids that only a map can reach. */
static void take_away(struct unpacking *u, const char *name)
{
	/* What nothing was unpacked into needs no help. */
	(void)unlinkat(u->cache, path_join(u->arena, name, "tree"), AT_REMOVEDIR);
	if (unlinkat(u->cache, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return;
	if (errno == ENOTDIR) {
		(void)unlinkat(u->cache, name, 0);
		return;
	}
	char *words[] = { arena_strdup(u->arena, "remove"), arena_strdup(u->arena, path_join(u->arena, u->image->cache, name)),
		NULL };
	struct run r = { .helper = u->helper, .words = words, .archive = -1, .to_the_end = true };
	struct err ignored = { 0 }; /* what cannot be removed by these ids is left for a launch with the right ones */
	if (run_unpack(&r, u->plan, u->arena, &u->mask, &ignored) == 0)
		(void)unlinkat(u->cache, name, AT_REMOVEDIR);
}

/* A name with a dot that nobody has: 64 random bits. */
static const char *fresh_name(struct unpacking *u)
{
	uint64_t draw = 0;
	if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw)
		draw = (uint64_t)getpid();
	return arena_printf(u->arena, ".%016" PRIx64, draw);
}

/* Whether the archive of an entry is still what it was made of. */
static bool is_current(struct unpacking *u, const char *about)
{
	const char *stamp = strstr(about, "\nstamp "), *archive = strstr(about, "\narchive ");
	if (stamp == NULL || archive == NULL)
		return false;
	stamp += strlen("\nstamp ");
	archive += strlen("\narchive ");
	size_t len = strlen(archive);
	struct stat st;
	if (len == 0 || lstat(arena_strndup(u->arena, archive, len - 1), &st) < 0)
		return false;
	const char *now = facts_stamp_text(u->arena, &st);
	return strlen(now) == strcspn(stamp, "\n") && strncmp(now, stamp, strlen(now)) == 0;
}

/* Whether the map of this launch reaches all files of an entry: they are the user's, or those of the same map. */
static bool can_remove(struct unpacking *u, const char *about)
{
	const char *user =
		arena_printf(u->arena, "bailey root 1\nowner user %u %u\n", (unsigned)u->plan->uid, (unsigned)u->plan->gid);
	return strncmp(about, user, strlen(user)) == 0 || strncmp(about, u->image->about, u->image->owner_len) == 0;
}

static void sweep_entry(struct unpacking *u, const char *name)
{
	const char *about = read_about(u, name);
	if (about == NULL || is_current(u, about) || !can_remove(u, about))
		return;
	int fd = sys_openat2(u->cache, name, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	const char *old = fresh_name(u);
	/* A sandbox that uses it holds a lock on it. */
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && renameat(u->cache, name, u->cache, old) == 0)
		take_away(u, old);
	if (fd >= 0)
		(void)close(fd);
}

/* What killed ones left, and trees whose archive has changed or gone. Only with the lock held. */
static void sweep(struct unpacking *u)
{
	const char **names;
	size_t count;
	if (dir_names(u->cache, u->arena, &names, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], ".lock") == 0)
			continue;
		if (names[i][0] == '.')
			take_away(u, names[i]);
		else
			sweep_entry(u, names[i]);
	}
}

/* ---- the cache ---- */

static int open_cache(struct unpacking *u)
{
	const char *path = u->image->cache;
	int r = prepare_directory(path);
	u->cache = r < 0 ? r : sys_openat2(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (u->cache < 0)
		return err_set(u->e, -u->cache, "cannot make %s", path);
	struct stat st;
	if (fstat(u->cache, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return err_set(u->e, 0, "%s is no directory that only the user can write to", path);
	return 0;
}

/* One at a time unpacks; who waited finds it done. Returns the descriptor that holds the lock. */
static int lock_cache(struct unpacking *u)
{
	int fd = openat(u->cache, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return err_set(u->e, errno, "cannot make %s/.lock", u->image->cache);
	int r = (int)sys_result(flock(fd, LOCK_EX | LOCK_NB));
	if (r == -EWOULDBLOCK) {
		if (!u->quiet)
			(void)dprintf(STDERR_FILENO, "bailey: waiting for another bailey that unpacks an archive\n");
		do
			r = (int)sys_result(flock(fd, LOCK_EX));
		while (r == -EINTR);
	}
	if (r == 0)
		return fd;
	(void)close(fd);
	return err_set(u->e, -r, "cannot lock %s", u->image->cache);
}

/* ---- unpacking ---- */

static int check_stamp(struct unpacking *u, int archive, struct stat *st)
{
	if (fstat(archive, st) < 0)
		return err_set(u->e, errno, "cannot look at it");
	if (S_ISREG(st->st_mode) && strcmp(facts_stamp_text(u->arena, st), u->image->stamp) == 0)
		return 0;
	(void)err_set(u->e, 0, "it was changed at this very time");
	return err_hint(u->e, "start again when whoever writes it is done");
}

static int open_archive(struct unpacking *u, struct stat *st)
{
	int fd = sys_openat2(AT_FDCWD, u->image->archive, O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return err_set(u->e, -fd, "cannot open it");
	int r = check_stamp(u, fd, st);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	/* Two changes within a tick have the same time: what changes from here on is to have another one. */
	struct timespec now = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	int64_t age = (now.tv_sec - st->st_ctim.tv_sec) * INT64_C(1000000000) + now.tv_nsec - st->st_ctim.tv_nsec;
	if (age < SETTLE_NS) {
		const struct timespec settle = { .tv_nsec = SETTLE_NS };
		(void)nanosleep(&settle, NULL);
	}
	return fd;
}

static int run_helper(struct unpacking *u, int archive, int64_t size)
{
	uint64_t bytes = GIGABYTE + (uint64_t)size * TIMES;
	if (bytes > (uint64_t)MOST_GIGABYTES * GIGABYTE || (uint64_t)size > UINT64_MAX / (2 * TIMES))
		bytes = (uint64_t)MOST_GIGABYTES * GIGABYTE;
	struct arena *a = u->arena;
	char *words[] = {
		arena_strdup(a, "unpack"),
		arena_printf(a, "%s/%s/tree", u->image->cache, u->fresh),
		arena_strdup(a, u->plan->mode == IDENTITY_MAPPED ? "archive" : "user"),
		arena_printf(a, "%" PRIu64, bytes),
		arena_printf(a, "%d", (int)MEMBERS),
		NULL,
	};
	struct run r = { .helper = u->helper, .words = words, .archive = archive };
	if (!u->quiet)
		(void)dprintf(STDERR_FILENO, "bailey: unpacking %s, once\n", u->image->asked);
	int got = run_unpack(&r, u->plan, a, &u->mask, u->e);
	if (got == 0 && r.said[0] != '\0' && !u->quiet)
		(void)dprintf(STDERR_FILENO, "bailey: left out of it: %s\n", r.said);
	return got;
}

/* Writes `about`, brings all of it to the disk, and gives the entry its name. */
static int complete(struct unpacking *u)
{
	const struct image *m = u->image;
	const char *name = path_base(m->entry);
	size_t len = strlen(m->about);
	int fd = openat(u->cache, path_join(u->arena, u->fresh, "about"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool whole = fd >= 0 && write(fd, m->about, len) == (ssize_t)len && syncfs(fd) == 0;
	int error = errno;
	if (fd >= 0 && close(fd) < 0 && whole) {
		error = errno;
		whole = false;
	}
	if (!whole)
		return err_set(u->e, error, "cannot write to %s", m->cache);
	/* One of that name that is not the same: damaged, or another one with the same sum. */
	const char *old = fresh_name(u);
	bool replaced = renameat(u->cache, name, u->cache, old) == 0;
	if (renameat(u->cache, u->fresh, u->cache, name) < 0)
		return err_set(u->e, errno, "cannot write to %s", m->cache);
	(void)fsync(u->cache); /* without its name the entry would be a left-over, nothing worse */
	if (replaced)
		take_away(u, old);
	return 0;
}

static int make_entry(struct unpacking *u)
{
	struct stat st = { 0 };
	int archive = open_archive(u, &st);
	if (archive < 0)
		return archive;
	u->fresh = fresh_name(u);
	int r = 0;
	if (mkdirat(u->cache, u->fresh, 0700) < 0 || mkdirat(u->cache, path_join(u->arena, u->fresh, "tree"), 0755) < 0)
		r = err_set(u->e, errno, "cannot make a directory in %s", u->image->cache);
	if (r == 0)
		r = run_helper(u, archive, st.st_size);
	if (r == 0)
		r = check_stamp(u, archive, &st);
	if (r == 0)
		r = complete(u);
	(void)close(archive);
	if (r < 0)
		take_away(u, u->fresh);
	return r;
}

/* With the signals blocked that would end us in the middle. */
static int make_entry_calmly(struct unpacking *u)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ };
	sigset_t set;
	struct sigaction plain = { .sa_handler = SIG_DFL }, before;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		(void)sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, &u->mask) < 0 || sigaction(SIGCHLD, &plain, &before) < 0)
		return err_set(u->e, errno, "cannot block signals");
	sweep(u);
	int r = make_entry(u);
	(void)sigaction(SIGCHLD, &before, NULL);
	(void)sigprocmask(SIG_SETMASK, &u->mask, NULL); /* here a signal that came ends us */
	return r;
}

static int unpack_as_user(struct unpacking *u)
{
	int r = open_cache(u);
	int lock = r < 0 ? r : lock_cache(u);
	if (lock >= 0 && !is_whole(u, path_base(u->image->entry)))
		r = make_entry_calmly(u);
	if (lock >= 0)
		(void)close(lock);
	if (u->cache >= 0)
		(void)close(u->cache);
	return lock < 0 ? lock : r;
}

/* Started by root: a process that becomes the user does it, since nothing of root's may meet what strangers wrote. */
static int unpack_as_other(struct unpacking *u)
{
	struct err *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return err_set(u->e, errno, "no memory");
	int status = 0;
	pid_t launcher = getpid(), pid = fork();
	if (pid == 0) {
		u->e = shared;
		int r = prepare_become(u->plan, shared);
		/* After the change of ids, which makes the kernel forget it. */
		if (r == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != launcher))
			_exit(1);
		_exit(r == 0 && unpack_as_user(u) == 0 ? 0 : 1);
	}
	if (pid < 0)
		(void)err_set(u->e, errno, "cannot start a process");
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (pid > 0 && shared->code != 0) {
		*u->e = *shared;
		/* The user's other programs could have written there too. */
		u->e->origin = (struct origin){ .file = NULL };
		u->e->text[sizeof u->e->text - 1] = u->e->hint[sizeof u->e->hint - 1] = '\0';
	}
	if (pid > 0 && u->e->code == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		(void)err_set(u->e, 0, "the process that did it was killed");
	(void)munmap(shared, sizeof *shared);
	return u->e->code == 0 ? 0 : -u->e->code;
}

int image_unpack(const struct plan *plan, struct arena *a, const char *helper, bool quiet, struct err *e)
{
	struct err inner = { 0 };
	struct unpacking u = {
		.plan = plan, .image = &plan->image, .arena = a, .helper = helper, .quiet = quiet, .cache = -1, .e = &inner
	};
	int r = plan->become ? unpack_as_other(&u) : unpack_as_user(&u);
	if (r == 0)
		return 0;
	(void)err_set(e, 0, "cannot unpack %s: %s", plan->image.asked, inner.text);
	if (inner.hint[0] != '\0')
		(void)err_hint(e, "%s", inner.hint);
	return err_at(e, plan->image.origin);
}
