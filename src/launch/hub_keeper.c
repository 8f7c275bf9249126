/*
 * Two processes: the keeper stays in the namespaces of the launcher, where pasta has to be started; the holder does nothing but be in the hub's
 * namespaces, and is killed with the keeper.  What joins them by setns(2) keeps them too.
 */
#include "launch/hub_keeper.h"

#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/sys.h"
#include "launch/hub.h"
#include "launch/network.h"
#include "state/control.h"

enum { FIXED_POLLS = 3, CONNECTIONS = 1000, RETRY_MS = 20, PATIENCE_MS = 5000 };

struct keeper {
	const struct plan *plan;
	struct arena *arena;
	int dir, lock; /* the lock is opened anew: one that is shared with the launcher would be ours already */
	pid_t holder;
	int holder_pidfd;
	struct outside pasta; /* pidfd -1: it does not run */
	struct undo undo; /* of pasta */
	struct pollfd polls[FIXED_POLLS + CONNECTIONS]; /* listener, holder, pasta, connections */
	bool outside[CONNECTIONS]; /* told when pasta ends */
	size_t count;
};

/* ---- the holder ---- */

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* Every id means the same as outside: what is said of ids below the hub is as it would be without. */
static int map_ids(const struct plan *plan)
{
	char uids[48], gids[48];
	(void)snprintf(uids, sizeof uids, "%u %u 1\n", (unsigned)plan->uid, (unsigned)plan->uid);
	(void)snprintf(gids, sizeof gids, "%u %u 1\n", (unsigned)plan->gid, (unsigned)plan->gid);
	int r = write_text("/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_text("/proc/self/uid_map", uids);
	return r == 0 ? write_text("/proc/self/gid_map", gids) : r;
}

static int loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int r = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static _Noreturn void hold(const struct plan *plan, int said)
{
	int r = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : map_ids(plan);
	if (r == 0)
		r = loopback_up();
	(void)!write(said, &r, sizeof r); /* nobody is left to hear it: then the signal is on its way */
	if (r < 0)
		_exit(1);
	(void)prctl(PR_SET_NAME, "bailey-hub");
	(void)sys_close_range(0, ~0U, 0);
	for (;;)
		(void)pause();
}

static int start_holder(struct keeper *k)
{
	int ends[2], r = -EIO;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNET | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&k->holder_pidfd,
		.exit_signal = SIGCHLD,
	};
	k->holder = sys_clone3(&args);
	if (k->holder == 0) {
		(void)close(ends[0]);
		hold(k->plan, ends[1]);
	}
	(void)close(ends[1]);
	if (k->holder > 0 && read(ends[0], &r, sizeof r) != (ssize_t)sizeof r)
		r = -EIO;
	(void)close(ends[0]);
	return k->holder < 0 ? (int)k->holder : r;
}

/* ---- answers ---- */

static void refuse(int fd, int error, const char *text)
{
	const struct control_head head = { .kind = CONTROL_ERROR, .value = error };
	(void)control_send(fd, &head, text, strlen(text), NULL, 0);
}

/* 0, or -errno after the words have been sent to `fd`. */
static int connect_outside(struct keeper *k, int fd)
{
	struct err e = { 0 };
	if (k->pasta.pidfd >= 0)
		return 0;
	if (k->plan->user_network.pasta == NULL) {
		refuse(fd, ENETUNREACH, "they were started where no way led outside, and go with the last sandbox on them");
		return -ENETUNREACH;
	}
	sigset_t none;
	(void)sigemptyset(&none);
	int r = network_start(&k->pasta, k->plan, k->plan->user_network.argv, k->plan->user_network.argc, k->arena, k->holder,
		k->holder_pidfd, -1, &none, &k->undo, &e);
	if (r == 0) {
		k->polls[2].fd = k->pasta.pidfd;
		return 0;
	}
	refuse(fd, -r, e.text);
	undo_run(&k->undo);
	k->pasta.pidfd = -1;
	return r;
}

/* False when the connection is over. */
static bool hear(struct keeper *k, size_t i)
{
	struct control_message m;
	int fd = k->polls[FIXED_POLLS + i].fd, r = control_receive(fd, &m);
	if (r == -EAGAIN)
		return true;
	if (r != 1)
		return false;
	control_drop(&m);
	if (m.head.kind != CONTROL_COUNT) {
		refuse(fd, EPROTO,
			"the networks were started by a bailey of another version; they go with the last sandbox on them");
		return false;
	}
	k->outside[i] = m.head.value == HUB_OUTSIDE;
	if (k->outside[i] && connect_outside(k, fd) < 0)
		return false;
	const struct control_head head = { .kind = CONTROL_COUNT };
	return control_send(fd, &head, NULL, 0, &k->holder_pidfd, 1) == 0;
}

static void take_one(struct keeper *k)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	int fd = accept4(k->polls[0].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		(void)poll(NULL, 0, RETRY_MS); /* EMFILE: until others have gone */
		return;
	}
	if (k->count == CONNECTIONS || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != geteuid()) {
		refuse(fd, EUSERS, "too many sandboxes are on them");
		(void)close(fd);
		return;
	}
	k->outside[k->count] = false;
	k->polls[FIXED_POLLS + k->count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

/* pasta has ended: nobody reaches the outside any more, until somebody asks anew. */
static void outside_lost(struct keeper *k)
{
	undo_run(&k->undo);
	k->pasta.pidfd = k->polls[2].fd = -1;
	for (size_t i = 0; i < k->count; i++)
		if (k->outside[i])
			refuse(k->polls[FIXED_POLLS + i].fd, ENOLINK, "");
}

/* ---- the end ---- */

static void clear_directory(int dir, const char *name, struct arena *a)
{
	const char **names;
	size_t count;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (dir_names(fd, a, &names, &count) == 0)
		for (size_t i = 0; i < count; i++)
			(void)unlinkat(fd, names[i], 0);
	(void)close(fd);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

void hub_clear(int dir, struct arena *a)
{
	const char **names;
	size_t count;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	int r = dir_names(fd, a, &names, &count);
	(void)close(fd);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (strcmp(names[i], "lock") != 0 && unlinkat(dir, names[i], 0) < 0)
			clear_directory(dir, names[i], a);
}

/* Nobody can join while we hold the lock; a lock that lost its name tells those who wait for it to begin anew. */
static bool end(struct keeper *k)
{
	if (flock(k->lock, LOCK_EX | LOCK_NB) < 0)
		return false;
	undo_run(&k->undo);
	undo_kill(k->holder_pidfd);
	hub_clear(k->dir, k->arena);
	(void)unlinkat(k->dir, "lock", 0);
	(void)rmdir(k->plan->bridge.hub);
	return true;
}

static _Noreturn void serve(struct keeper *k)
{
	for (;;) {
		int n = poll(k->polls, FIXED_POLLS + k->count, k->count == 0 ? RETRY_MS : -1);
		if (n < 0)
			continue;
		for (size_t i = k->count; i-- > 0;) {
			struct pollfd *p = &k->polls[FIXED_POLLS + i];
			if (p->revents == 0 || hear(k, i))
				continue;
			(void)close(p->fd);
			*p = k->polls[FIXED_POLLS + --k->count];
			k->outside[i] = k->outside[k->count];
		}
		if (k->polls[2].revents != 0)
			outside_lost(k);
		if (k->polls[0].revents != 0)
			take_one(k);
		if (k->polls[1].revents != 0 || (k->count == 0 && end(k)))
			_exit(0);
	}
}

/* What the caller's pipes, terminal and signals are for is none of its business. */
static int settle(struct keeper *k, int *listener)
{
	sigset_t none;
	struct sigaction plain = { .sa_handler = SIG_DFL };
	(void)setsid();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)sigaction(SIGCHLD, &plain, NULL);
	(void)prctl(PR_SET_NAME, "bailey-hub");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int lock = openat(k->dir, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int high[3] = { fcntl(k->dir, F_DUPFD_CLOEXEC, 6), fcntl(lock, F_DUPFD_CLOEXEC, 6), fcntl(*listener, F_DUPFD_CLOEXEC, 6) };
	for (int i = 0; i < 3; i++)
		if (null < 0 || high[i] < 0 || dup2(null, i) < 0 || dup3(high[i], 3 + i, O_CLOEXEC) < 0)
			return -errno;
	k->dir = 3;
	k->lock = 4;
	*listener = 5;
	return sys_close_range(6, ~0U, 0) < 0 || chdir("/") < 0 ? -errno : 0;
}

/* The launcher that started us learns why. */
static _Noreturn void give_up(int listener, int error)
{
	struct control_message m;
	struct pollfd p = { .fd = listener, .events = POLLIN };
	(void)poll(&p, 1, PATIENCE_MS);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0 && control_receive(fd, &m) == 1)
		refuse(fd, error, "a network namespace of the user's own is refused");
	_exit(1);
}

_Noreturn void hub_keep(const struct plan *plan, struct arena *a, int dir, int listener)
{
	struct keeper *k = arena_alloc(a, sizeof *k);
	*k = (struct keeper){ .plan = plan, .arena = a, .dir = dir, .pasta = { .pidfd = -1 } };
	int r = settle(k, &listener);
	if (r == 0)
		r = start_holder(k);
	if (r < 0)
		give_up(listener, -r);
	k->polls[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	k->polls[1] = (struct pollfd){ .fd = k->holder_pidfd, .events = POLLIN };
	k->polls[2] = (struct pollfd){ .fd = -1, .events = POLLIN };
	serve(k);
}
