/* The caller: who, from where, with which environment. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/path.h"
#include "host/facts.h"

enum { ANSWER_MAX = 16 * 1024, FIELDS = 7, GETENT_MS = 5000 };

/* Reads to the end, or until the deadline: a name service that hangs must not hang the launch for ever. */
static int read_answer(struct arena *a, int fd, const char **ret_text)
{
	char *text = arena_alloc(a, ANSWER_MAX + 1);
	int64_t end = clock_ms() + GETENT_MS;
	for (size_t len = 0;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms();
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return ready < 0 ? -errno : -ETIMEDOUT;
		ssize_t n = read(fd, text + len, ANSWER_MAX + 1 - len);
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (len > ANSWER_MAX)
			return -EFBIG;
		if (n == 0) {
			*ret_text = text;
			return 0;
		}
	}
}

int facts_getent(struct facts *f, const char *database, const char *key, const char **ret_text)
{
	*ret_text = "";
	if (f->injected)
		return -ENOENT;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	char *argv[] = { arena_strdup(f->arena, "getent"), arena_strdup(f->arena, "--"), arena_strdup(f->arena, database),
		arena_strdup(f->arena, key), NULL };
	char *envp[] = { arena_strdup(f->arena, "PATH=/usr/bin:/bin"), NULL };
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);
	pid_t pid = -1;
	if (err == 0) {
		err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
		if (err == 0)
			err = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
		if (err == 0)
			err = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
		if (err == 0)
			err = posix_spawn(&pid, "/usr/bin/getent", &actions, NULL, argv, envp);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(ends[1]);
	int result = -err;
	if (err == 0) {
		result = read_answer(f->arena, ends[0], ret_text);
		int status = 0;
		if (result < 0)
			(void)kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		if (result == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
			result = -ENOENT;
	}
	(void)close(ends[0]);
	return result;
}

/* The line of a user id: name:x:uid:gid:comment:home:shell. */
static bool find_account(struct facts *f, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char *line = arena_strndup(f->arena, text, len), *field[FIELDS] = { line };
		size_t n = 1;
		for (char *c = line; *c != '\0' && n < FIELDS; c++) {
			if (*c == ':') {
				*c = '\0';
				field[n++] = c + 1;
			}
		}
		int64_t uid;
		if (n == FIELDS && num_int(field[2], 0, UINT32_MAX, &uid) == 0 && (uid_t)uid == f->uid) {
			if (f->user[0] == '\0')
				f->user = field[0];
			if (f->home[0] == '\0' && field[5][0] == '/')
				f->home = field[5];
			return true;
		}
		text += len + (text[len] == '\n');
	}
	return false;
}

static void ask_accounts(struct facts *f)
{
	const char *text;
	if (facts_read(f, "/etc/passwd", &text) == 0 && find_account(f, text))
		return;
	if (facts_getent(f, "passwd", arena_printf(f->arena, "%u", f->uid), &text) == 0)
		(void)find_account(f, text); /* nothing found leaves the fields empty, which callers expect */
}

/* "6.1.0-18-amd64": the first two numbers. */
static void read_kernel(struct facts *f, const char *release)
{
	char *end;
	f->kernel_major = (unsigned)strtoul(release, &end, 10);
	if (*end == '.')
		f->kernel_minor = (unsigned)strtoul(end + 1, NULL, 10);
}

/*
 * sudo(8) may have left root the home of the user who called it.  What is found, made and granted there would be that user's to
 * decide, by a symlink.
 */
static bool is_anothers(const char *home)
{
	struct stat st;
	return getuid() == 0 && stat(home, &st) == 0 && st.st_uid != 0;
}

int facts_live(struct facts *f, struct arena *a, struct err *e)
{
	struct utsname u;
	if (uname(&u) < 0)
		return err_set(e, errno, "cannot ask the kernel for its version");
	*f = (struct facts){
		.arena = a,
		.uid = getuid(),
		.gid = getgid(),
		.environment = environ,
		.machine = arena_strdup(a, u.machine),
		.landlock_abi = -1,
	};
	read_kernel(f, u.release);
	char cwd[PATH_MAX];
	/* "(unreachable)/..." comes from a directory outside of our root. */
	f->cwd = getcwd(cwd, sizeof cwd) != NULL && cwd[0] == '/' ? arena_strdup(a, cwd) : "";
	const char *user = facts_env(f, "USER"), *home = facts_env(f, "HOME");
	if (user == NULL || user[0] == '\0')
		user = facts_env(f, "LOGNAME");
	f->user = user != NULL ? user : "";
	f->home = "";
	/* One with ".." in it stays as it is, for the message that refuses it. */
	if (home != NULL && home[0] == '/' && !is_anothers(home) && path_normal(a, home, &f->home) < 0)
		f->home = home;
	if (f->home[0] == '\0')
		ask_accounts(f);
	return 0;
}
