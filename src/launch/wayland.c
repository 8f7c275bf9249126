#include "launch/wayland.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "launch/outside.h"

enum {
	ANSWER_MS = 5000,
	RETRY_MS = 20,
	HEARD_MAX = 1 << 20, /* bytes, of all that the compositor may say: a registry has some hundred lines */
	WAITING = 64, /* connections of the program */
};

/* A connection to the compositor. */
struct talk {
	int fd, signals;
	int64_t end; /* of the monotonic clock, ms */
	size_t heard;
	size_t len; /* of what is in `data` and no whole message yet */
	uint8_t data[WIRE_MAX];
	struct wire_seen seen;
};

/* Waits for the socket, or with `fd` -1 for a while. 0, -ETIMEDOUT or -EINTR. */
static int wait_for(struct talk *t, int fd)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .fd = t->signals, .events = POLLIN } };
	for (;;) {
		int64_t left = t->end - clock_ms();
		int n = left > 0 ? poll(fds, 2, fd < 0 ? RETRY_MS : (int)left) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (fds[1].revents != 0 && outside_interrupted())
			return -EINTR;
		if (fds[1].revents != 0)
			fds[1].fd = -1; /* read later, by who passes signals on */
		if (fds[0].revents != 0 || (fd < 0 && left > 0))
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
	}
}

/* By way of a descriptor a path may be longer than a socket's address. 0 or -errno; -ECONNREFUSED: nobody listens. */
static int dial(struct talk *t, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int place = open(path, O_PATH | O_CLOEXEC);
	if (place < 0)
		return -errno;
	(void)snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d", place);
	int r = 0;
	while (connect(t->fd, (const struct sockaddr *)&to, sizeof to) < 0) {
		/* EAGAIN: there are others in front of us. unix(7) */
		r = errno == EAGAIN ? wait_for(t, -1) : -errno;
		if (r < 0)
			break;
	}
	(void)close(place);
	return r;
}

/* Sends all of it, with the descriptors. A connection that is new has room for so little. */
static int tell(const struct talk *t, struct wire_out *out, const int *fds, size_t count)
{
	const struct iovec data = { .iov_base = out->data, .iov_len = out->len };
	if (out->overflow)
		return -EMSGSIZE;
	ssize_t n = descriptors_send(t->fd, &data, 1, fds, count, 0);
	return n < 0 ? (int)n : n == (ssize_t)out->len ? 0 : -EIO;
}

/*
 * Listens until *done or an error has been said. Descriptors that come along are dropped by the kernel: there is no room for them.
 * 0, -errno, -EPIPE (the compositor ended the connection), -EPROTO.
 */
static int hear(struct talk *t, const bool *done)
{
	while (!*done && !t->seen.refused) {
		int r = wait_for(t, t->fd);
		if (r < 0)
			return r;
		ssize_t n = recv(t->fd, t->data + t->len, sizeof t->data - t->len, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n < 0 && errno != ECONNRESET ? -errno : -EPIPE;
		t->heard += (size_t)n;
		t->len += (size_t)n;
		int taken = t->heard <= HEARD_MAX ? wire_read(&t->seen, t->data, t->len) : -EPROTO;
		if (taken < 0)
			return taken;
		t->len -= (size_t)taken;
		memmove(t->data, t->data + taken, t->len);
	}
	return 0;
}

/* The socket that the sandbox gets, where nobody listens yet. A descriptor, or -errno. */
static int make_socket(const struct wayland_request *w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	(void)snprintf(at.sun_path, sizeof at.sun_path, "/proc/self/fd/%d/%s", w->directory, w->name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	int r = -errno;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* Hands the socket over; once the compositor has committed, it listens there for as long as our end of a pipe is open. */
static int hand_over(struct talk *t, const struct wayland_request *w)
{
	struct wire_out out = { .len = 0 };
	int ends[2] = { -1, -1 }, listener = make_socket(w);
	if (listener < 0)
		return listener;
	int r = listen(listener, WAITING) < 0 || pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
	if (r == 0) {
		undo_push(w->undo, undo_close, ends[1]);
		wire_context(&out, t->seen.manager, &w->identity);
		r = tell(t, &out, (int[]){ listener, ends[0] }, 2);
		(void)close(ends[0]);
	}
	/* Ours is closed, or a program would wait for a compositor that has died. */
	(void)close(listener);
	return r < 0 ? r : hear(t, &t->seen.committed);
}

static int converse(struct talk *t, const struct wayland_request *w, enum wayland_answer *ret)
{
	struct wire_out out = { .len = 0 };
	*ret = WAYLAND_NOT_OFFERED;
	int r = dial(t, w->compositor);
	if (r == -ECONNREFUSED) {
		*ret = WAYLAND_NOBODY;
		int dead = make_socket(w);
		return dead < 0 ? dead : close(dead);
	}
	wire_ask(&out);
	if (r == 0)
		r = tell(t, &out, NULL, 0);
	if (r == 0)
		r = hear(t, &t->seen.listed);
	if (r < 0 || t->seen.refused || t->seen.manager == 0)
		return r;
	*ret = WAYLAND_CONTEXT;
	return hand_over(t, w);
}

int wayland_context(const struct wayland_request *w, enum wayland_answer *ret, struct err *e)
{
	static const char failed[] = "cannot ask the Wayland compositor for a security context";
	struct talk t = { .signals = w->signals, .end = clock_ms() + ANSWER_MS };
	t.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = t.fd < 0 ? -errno : converse(&t, w, ret);
	if (t.fd >= 0)
		(void)close(t.fd);
	if (r == 0 && !t.seen.refused)
		return 0;
	if (r == -EINTR)
		return err_set(e, EINTR, "interrupted while the Wayland compositor was asked for a security context");
	if (t.seen.refused)
		(void)err_set(e, 0, "%s: %s says: %s", failed, w->compositor, t.seen.said);
	else if (r == -ETIMEDOUT)
		(void)err_set(e, 0, "%s: %s does not answer", failed, w->compositor);
	else if (r == -EPIPE)
		(void)err_set(e, 0, "%s: %s ended the connection", failed, w->compositor);
	else if (r == -EPROTO)
		(void)err_set(e, 0, "%s: what answers at %s is no compositor", failed, w->compositor);
	else
		(void)err_set(e, -r, "%s at %s", failed, w->compositor);
	return err_hint(e, "desktop.wayland_context = \"none\" hands the compositor's own socket over without asking");
}
