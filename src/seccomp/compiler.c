/* filter_get(): out of the cache, or by the helper program. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seccomp/bpf.h"
#include "seccomp/cache.h"
#include "seccomp/filter.h"

enum { DEADLINE_MS = 10000, WORDS_MAX = 400 };

/* Memory files instead of pipes: neither side ever waits for the other, however much it writes. */
struct channels {
	int in, out, words;
};

static void close_channels(struct channels *c)
{
	if (c->in >= 0)
		close(c->in);
	if (c->out >= 0)
		close(c->out);
	if (c->words >= 0)
		close(c->words);
}

/* Never one of the descriptors 0 to 2, which may be closed here: those are what the helper gets the channels as. */
static int open_channel(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return moved;
}

static int open_channels(struct channels *c, const char *spec, size_t len)
{
	c->in = open_channel("filter text");
	c->out = open_channel("filter");
	c->words = open_channel("filter messages");
	if (c->in < 0 || c->out < 0 || c->words < 0)
		return -errno;
	for (size_t at = 0; at < len;) {
		ssize_t n = pwrite(c->in, spec + at, len - at, (off_t)at);
		if (n < 0)
			return -errno;
		at += (size_t)n;
	}
	return 0;
}

/* Starts the helper with the three channels and nothing else: no other descriptors, no environment, default signals. */
static int start(pid_t *ret_pid, const char *helper, const struct channels *c)
{
	char *argv[] = { (char *)(uintptr_t) "bailey-filter", NULL };
	char *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	int got = posix_spawn_file_actions_init(&actions);
	if (got != 0)
		return -got;
	got = posix_spawnattr_init(&attributes);
	if (got != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -got;
	}
	const int from[3] = { c->in, c->out, c->words };
	for (int i = 0; i < 3 && got == 0; i++)
		got = posix_spawn_file_actions_adddup2(&actions, from[i], i);
	if (got == 0)
		got = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (got == 0)
		got = posix_spawnattr_setsigmask(&attributes, &none);
	if (got == 0)
		got = posix_spawnattr_setsigdefault(&attributes, &all);
	if (got == 0)
		got = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (got == 0)
		got = posix_spawn(ret_pid, helper, &actions, &attributes, argv, envp);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -got;
}

enum outcome { OUTCOME_STATUS, OUTCOME_UNKNOWN, OUTCOME_LATE };

/* Waits for the end. The status is unknown where the caller was started with SIGCHLD ignored: then the kernel throws it away. */
static enum outcome wait_for(pid_t pid, int *ret_status)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int ready = 1;
	if (fd >= 0) {
		do
			ready = poll(&p, 1, DEADLINE_MS);
		while (ready < 0 && errno == EINTR);
		close(fd);
	}
	if (ready == 0)
		kill(pid, SIGKILL);
	pid_t got;
	do
		got = waitpid(pid, ret_status, 0);
	while (got < 0 && errno == EINTR);
	if (ready == 0)
		return OUTCOME_LATE;
	return got == pid ? OUTCOME_STATUS : OUTCOME_UNKNOWN;
}

/* What the helper said, one line of it. */
static void read_words(int fd, char words[WORDS_MAX])
{
	ssize_t n = pread(fd, words, WORDS_MAX - 1, 0);
	words[n > 0 ? n : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	for (char *p = words; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
}

static int read_program(struct sock_fprog *ret, struct arena *a, int fd, struct err *e)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "cannot read the compiled filter");
	size_t count = (size_t)st.st_size / sizeof(struct sock_filter);
	if (st.st_size == 0 || count > BPF_MAXINSNS || count * sizeof(struct sock_filter) != (size_t)st.st_size)
		return err_set(e, 0, "bailey-filter gave %lld bytes, which is no filter", (long long)st.st_size);
	struct sock_filter *insns = arena_array(a, count, sizeof insns[0]);
	if (pread(fd, insns, (size_t)st.st_size, 0) != (ssize_t)st.st_size)
		return err_set(e, EIO, "cannot read the compiled filter");
	const char *why = "";
	if (!bpf_valid(insns, count, &why))
		return err_set(e, 0, "bailey-filter gave a filter that cannot be used: %s", why);
	*ret = (struct sock_fprog){ .len = (unsigned short)count, .filter = insns };
	return 0;
}

static int compile(struct sock_fprog *ret, struct arena *a, const char *spec, size_t len, const char *helper, struct channels *c,
	struct err *e)
{
	int got = open_channels(c, spec, len);
	if (got < 0)
		return err_set(e, -got, "cannot make a memory file for the system call filter");
	pid_t pid = -1;
	got = start(&pid, helper, c);
	if (got < 0) {
		err_set(e, -got, "cannot run %s", helper);
		return err_hint(e, "bailey-filter comes with bailey and makes its system call filters; install bailey again");
	}
	int status = 0;
	enum outcome outcome = wait_for(pid, &status);
	char words[WORDS_MAX];
	read_words(c->words, words);
	if (outcome == OUTCOME_LATE)
		return err_set(e, ETIMEDOUT, "bailey-filter did not end within %d seconds", DEADLINE_MS / 1000);
	if (outcome == OUTCOME_STATUS && WIFSIGNALED(status))
		return err_set(e, 0, "bailey-filter was killed by signal %d", WTERMSIG(status));
	if (words[0] != '\0' || (outcome == OUTCOME_STATUS && WEXITSTATUS(status) != 0))
		return err_set(e, 0, "cannot make the system call filter: %s",
			words[0] != '\0' ? words : "bailey-filter does not say why");
	return read_program(ret, a, c->out, e);
}

int filter_get(
	struct sock_fprog *ret, struct arena *a, const char *spec, size_t len, const struct filter_places *places, struct err *e)
{
	struct cache_maker maker = { 0 };
	struct stat st;
	bool cache = places->cache_dir != NULL && stat(places->helper, &st) == 0;
	if (cache) {
		maker = (struct cache_maker){ .size = (uint64_t)st.st_size,
			.inode = st.st_ino,
			.seconds = st.st_mtim.tv_sec,
			.nanoseconds = st.st_mtim.tv_nsec };
		if (cache_load(ret, a, places->cache_dir, spec, len, &maker))
			return 0;
	}
	/* A caller's RLIMIT_FSIZE is to be an error in words (EFBIG), not a death by its signal: setrlimit(2). */
	sigset_t too_large, before;
	(void)sigemptyset(&too_large);
	(void)sigaddset(&too_large, SIGXFSZ);
	(void)sigprocmask(SIG_BLOCK, &too_large, &before);
	struct channels c = { -1, -1, -1 };
	int got = compile(ret, a, spec, len, places->helper, &c, e);
	close_channels(&c);
	if (got == 0 && cache)
		cache_store(a, places->cache_dir, spec, len, &maker, ret);
	const struct timespec now = { 0 };
	(void)sigtimedwait(&too_large, NULL, &now); /* one that is pending has been dealt with */
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return got;
}
