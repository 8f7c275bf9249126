#include "launch/hub.h"

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/dir.h"
#include "base/sys.h"
#include "launch/hub_keeper.h"
#include "launch/privileges.h"
#include "state/control.h"

enum { ANSWER_MS = 30000, TRIES = 20 };

/* capabilities(7): what bailey-net does in the hub. Entering the sandbox's network takes the last two. */
enum { CAP_NET_ADMIN_NUMBER = 12, CAP_SYS_PTRACE_NUMBER = 19, CAP_SYS_ADMIN_NUMBER = 21 };

/* ---- the directory ---- */

/* The directory of the hub, made where it is absent, or -errno: nobody else may look into it. */
static int open_place(const char *path)
{
	struct stat st;
	int dir = dir_make(path, 0);
	if (dir < 0)
		return dir;
	int r = fstat(dir, &st) < 0 ? -errno : st.st_uid != geteuid() || (st.st_mode & 077) != 0 ? -EPERM : 0;
	if (r == 0)
		return dir;
	(void)close(dir);
	return r;
}

/* Waits for the lock; -ENOENT when the hub went meanwhile, and took it along. */
static int take_lock(int dir)
{
	struct stat held, named;
	int lock = openat(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0)
		return -errno;
	while (flock(lock, LOCK_EX) < 0 && errno == EINTR) {
	}
	if (fstat(lock, &held) == 0 && fstatat(dir, "lock", &named, AT_SYMLINK_NOFOLLOW) == 0 && held.st_ino == named.st_ino)
		return lock;
	(void)close(lock);
	return -ENOENT;
}

static int hold_place(const char *path, int *ret_dir)
{
	int lock = -ENOENT;
	for (int i = 0; i < TRIES && lock == -ENOENT; i++) {
		*ret_dir = open_place(path);
		if (*ret_dir < 0)
			return *ret_dir;
		lock = take_lock(*ret_dir);
		if (lock < 0)
			(void)close(*ret_dir);
	}
	return lock;
}

/* ---- the keeper ---- */

static int start_keeper(const struct plan *plan, struct arena *a, int dir, struct err *e)
{
	hub_clear(dir, a); /* of one that was killed */
	int listener = control_listen(dir);
	if (listener < 0)
		return err_set(e, -listener, "cannot listen in %s", plan->bridge.hub);
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	if (pid == 0) { /* so that it is not our child, and nobody's zombie: it may go before us, and after us */
		if (sys_clone3(&args) == 0)
			hub_keep(plan, a, dir, listener);
		_exit(0);
	}
	(void)close(listener);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	return pid < 0 ? err_set(e, -pid, "cannot start the keeper of the user's networks") : 0;
}

/* Whether it is the user's own process that listens. */
static bool is_ours(int connection)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

/* Whether one of the sandbox's networks leads outside. */
static bool leads_outside(const struct plan *plan)
{
	bool leads = plan->bridge.masquerade;
	for (size_t i = 0; i < plan->bridge.more_count; i++)
		leads = leads || plan->bridge.more[i].masquerade;
	return leads && plan->user_network.pasta != NULL;
}

/* 0; -ECONNREFUSED when nobody is there any more; or -errno with `e`. */
static int ask(struct hub *h, const struct plan *plan, struct err *e)
{
	struct control_message m;
	const struct control_head head = { .kind = CONTROL_COUNT, .value = leads_outside(plan) ? HUB_OUTSIDE : HUB_INSIDE };
	struct pollfd p = { .fd = h->connection, .events = POLLIN };
	if (!is_ours(h->connection))
		return err_set(e, EPERM, "what listens in %s is not the user's", plan->bridge.hub);
	if (control_send(h->connection, &head, NULL, 0, NULL, 0) < 0)
		return -ECONNREFUSED;
	int ready;
	do
		ready = poll(&p, 1, ANSWER_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return err_set(e, ETIMEDOUT, "the keeper of the user's networks does not answer");
	if (control_receive(h->connection, &m) != 1)
		return -ECONNREFUSED;
	if (m.head.kind == CONTROL_ERROR) {
		control_drop(&m);
		(void)err_set(e, 0, "cannot connect the user's networks: %.*s", (int)m.len, m.payload);
		e->code = m.head.value != 0 ? m.head.value : EIO;
		return -e->code;
	}
	if (m.fd_count != 1) {
		control_drop(&m);
		return err_set(e, EPROTO, "the keeper of the user's networks says what makes no sense");
	}
	h->holder = m.fds[0];
	return 0;
}

static int join(struct hub *h, struct arena *a, const struct plan *plan, int dir, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		h->connection = control_dial(dir);
		int r = h->connection >= 0 ? ask(h, plan, e) : h->connection;
		if (r == 0 || e->code != 0)
			return r;
		if (h->connection >= 0)
			(void)close(h->connection);
		h->connection = -1;
		if (r != -ENOENT && r != -ECONNREFUSED)
			return err_set(e, -r, "cannot reach the keeper of the user's networks");
		if (start_keeper(plan, a, dir, e) < 0)
			return -e->code;
	}
	return err_set(e, EAGAIN, "the keeper of the user's networks does not stay");
}

int hub_join(struct hub *ret, struct arena *a, const struct plan *plan, struct err *e)
{
	int dir = -1;
	*ret = (struct hub){ .connection = -1, .holder = -1 };
	int lock = hold_place(plan->bridge.hub, &dir);
	if (lock < 0) {
		(void)err_set(e, -lock, "cannot use %s for the user's networks", plan->bridge.hub);
		return err_at(e, plan->bridge.origin);
	}
	int r = join(ret, a, plan, dir, e);
	(void)close(dir);
	(void)flock(lock, LOCK_UN); /* the keeper may still have a copy */
	(void)close(lock);
	return r == 0 ? 0 : err_at(e, plan->bridge.origin);
}

void hub_leave(void *hub)
{
	const struct hub *h = hub;
	if (h->connection >= 0)
		(void)close(h->connection);
	if (h->holder >= 0)
		(void)close(h->holder);
}

/* ---- namespaces ---- */

int hub_enter(const struct hub *h)
{
	const uint64_t keep =
		UINT64_C(1) << CAP_NET_ADMIN_NUMBER | UINT64_C(1) << CAP_SYS_PTRACE_NUMBER | UINT64_C(1) << CAP_SYS_ADMIN_NUMBER;
	return setns(h->holder, CLONE_NEWUSER | CLONE_NEWNET) < 0 ? -errno : privileges_drop(keep, false);
}
