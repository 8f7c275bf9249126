#include "image/run.h"

#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "base/write.h"
#include "image/image.h"
#include "launch/maps.h"

enum { NOT_EXECUTED = 127 };

struct channels {
	int said, complaint; /* memory files: neither side ever waits for the other */
	int pair[2]; /* ours, the child's: one byte each way about the id maps */
	int signals;
};

static int open_channels(struct channels *c)
{
	sigset_t ends;
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	(void)sigaddset(&ends, SIGQUIT);
	c->said = memfd_create("unpacked", MFD_CLOEXEC);
	c->complaint = memfd_create("complaint", MFD_CLOEXEC);
	c->signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->pair) < 0)
		return -errno;
	return c->said < 0 || c->complaint < 0 || c->signals < 0 ? -errno : 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void close_channels(struct channels *c)
{
	close_one(&c->said);
	close_one(&c->complaint);
	close_one(&c->pair[0]);
	close_one(&c->pair[1]);
	close_one(&c->signals);
}

/* Only the user, who is uid 0 in there and so has the capabilities to mount. */
static int map_one(const struct plan *plan)
{
	char uid[48], gid[48];
	(void)snprintf(uid, sizeof uid, "0 %u 1\n", (unsigned)plan->uid);
	(void)snprintf(gid, sizeof gid, "0 %u 1\n", (unsigned)plan->gid);
	int r = write_to_file("/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_to_file("/proc/self/uid_map", uid);
	return r == 0 ? write_to_file("/proc/self/gid_map", gid) : r;
}

static int map_ranges(const struct channels *c)
{
	char byte = 0;
	if (write(c->pair[1], &byte, 1) != 1 || read(c->pair[1], &byte, 1) != 1)
		return -ESRCH;
	const gid_t none = 0;
	return setgroups(1, &none) < 0 ? -errno : 0;
}

/* The child: a failure goes where the helper's own complaints go. */
static _Noreturn void become_helper(const struct run *r, const struct plan *plan, const struct channels *c, pid_t launcher,
	const sigset_t *mask, char *const *argv)
{
	char language[] = "LC_ALL=C.UTF-8";
	char *const envp[] = { language, NULL };
	const char *what = "cannot make namespaces to unpack in";
	(void)close(c->pair[0]);
	int got = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : getppid() != launcher ? -ESRCH : 0;
	if (got == 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		got = -errno;
	if (got == 0)
		got = plan->mode == IDENTITY_MAPPED ? map_ranges(c) : map_one(plan);
	int null = got == 0 && r->archive < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : r->archive;
	if (got == 0 && (dup2(null, STDIN_FILENO) < 0 || dup2(c->said, STDOUT_FILENO) < 0))
		got = -errno;
	/* The complaint's own number stays open for what follows. */
	if (got == 0 && (dup2(c->complaint, STDERR_FILENO) < 0 || sys_close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0))
		got = -errno;
	if (got == 0 && sigprocmask(SIG_SETMASK, mask, NULL) < 0)
		got = -errno;
	if (got == 0) {
		(void)execve(r->helper, argv, envp);
		got = -errno;
		what = "cannot run bailey-unpack";
	}
	(void)dprintf(c->complaint, "%s: %s\n%s", what, strerror(-got),
		got == -ENOENT || got == -EACCES
			? "bailey-unpack unpacks archives, and comes with a bailey that was built with libarchive"
			: "");
	_exit(NOT_EXECUTED);
}

/* Waits until it asks for its maps, and has them written. */
static int write_maps(const struct plan *plan, struct arena *a, pid_t pid, struct channels *c, const sigset_t *mask, struct err *e)
{
	char byte;
	close_one(&c->pair[1]);
	if (plan->mode != IDENTITY_MAPPED || read(c->pair[0], &byte, 1) != 1)
		return 0; /* one that died says why, or its status does */
	int r = maps_write(plan, a, pid, mask, e);
	if (r == 0)
		(void)!write(c->pair[0], &byte, 1); /* as above */
	return r;
}

/* To its end, or a signal's. */
static int wait_for(pid_t pid, int signals, bool *ret_interrupted)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	while (fd >= 0 && poll(p, 2, -1) < 0 && errno == EINTR)
		continue;
	/* The signal stays pending: it ends bailey when that has cleaned up. */
	*ret_interrupted = fd >= 0 && p[0].revents == 0 && p[1].revents != 0;
	if (*ret_interrupted)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (fd >= 0)
		(void)close(fd);
	return status;
}

/* Up to `size` bytes, without what a terminal would act upon. */
static void read_text(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\n') || *p == 0x7f)
			*p = '?';
}

static int complain(const char *text, int status, struct err *e)
{
	const char *hint = text + strcspn(text, "\n");
	int len = (int)(hint - text);
	hint += *hint == '\n';
	if (strstr(text, "loading shared libraries") != NULL) {
		(void)err_set(e, 0, "%.*s", len, text);
		return err_hint(e, "install libarchive (Debian: libarchive13, Fedora and Arch: libarchive)");
	}
	if (len == 0 && WIFSIGNALED(status))
		return err_set(e, 0, "bailey-unpack was killed by signal %d", WTERMSIG(status));
	if (len == 0)
		return err_set(e, 0, "bailey-unpack failed without a word (status %d)", WEXITSTATUS(status));
	(void)err_set(e, 0, "%.*s", len, text);
	return err_hint(e, "%.*s", (int)strcspn(hint, "\n"), hint);
}

static char **arguments(const struct run *r, struct arena *a)
{
	size_t count = 0;
	while (r->words[count] != NULL)
		count++;
	char **argv = arena_array(a, count + 3, sizeof *argv);
	argv[0] = arena_strdup(a, "bailey-unpack");
	argv[1] = arena_printf(a, "%d", (int)getpid());
	memcpy(argv + 2, r->words, count * sizeof *argv);
	return argv;
}

int run_unpack(struct run *r, const struct plan *plan, struct arena *a, const sigset_t *mask, struct err *e)
{
	struct channels c = { -1, -1, { -1, -1 }, -1 };
	char words[RUN_WORDS];
	char **argv = arguments(r, a);
	bool interrupted = false;
	r->said[0] = '\0';
	int got = open_channels(&c);
	if (got < 0) {
		close_channels(&c);
		return err_set(e, -got, "cannot make memory files for bailey-unpack");
	}
	pid_t launcher = getpid(), pid = fork();
	if (pid == 0)
		become_helper(r, plan, &c, launcher, mask, argv);
	if (pid < 0) {
		got = err_set(e, errno, "cannot start bailey-unpack");
	} else {
		got = write_maps(plan, a, pid, &c, mask, e);
		if (got < 0)
			(void)kill(pid, SIGKILL);
		int status = wait_for(pid, r->to_the_end ? -1 : c.signals, &interrupted);
		read_text(c.complaint, words, sizeof words);
		read_text(c.said, r->said, sizeof r->said);
		r->said[strcspn(r->said, "\n")] = '\0';
		if (got == 0 && interrupted)
			got = err_set(e, EINTR, "interrupted");
		if (got == 0 && status != 0)
			got = complain(words, status, e);
	}
	close_channels(&c);
	return got;
}
