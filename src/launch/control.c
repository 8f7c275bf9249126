#include "launch/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

static void (*const handlers[CONTROL_COUNT])(struct control_request *) = {
#define CONTROL(id, name) [CONTROL_##id] = control_on_##name,
#include "state/control.def"
};

void control_begin(struct control *c, int listener, struct supervise *s)
{
	c->listener = listener;
	c->supervise = s;
	for (size_t i = 0; i < CONTROL_PEERS; i++)
		c->peers[i] = (struct control_peer){ .fd = -1 };
}

nfds_t control_wants(const struct control *c, struct pollfd fds[CONTROL_POLLS])
{
	if (c->listener < 0)
		return 0;
	fds[0] = (struct pollfd){ .fd = c->listener, .events = POLLIN };
	for (size_t i = 0; i < CONTROL_PEERS; i++)
		fds[1 + i] = (struct pollfd){ .fd = c->peers[i].fd, .events = POLLIN };
	return CONTROL_POLLS;
}

void control_close(struct control_peer *p)
{
	const struct control_keep *keep = p->keep;
	if (p->fd < 0)
		return;
	p->keep = NULL;
	if (keep != NULL && keep->gone != NULL)
		keep->gone(p);
	(void)close(p->fd);
	*p = (struct control_peer){ .fd = -1 };
}

/* Accepted sockets do not block, so neither does this. */
static bool send_or_close(struct control_peer *p, const struct control_head *head, const void *payload, size_t len)
{
	if (p->fd < 0)
		return false;
	if (control_send(p->fd, head, payload, len, NULL, 0) == 0)
		return true;
	control_close(p);
	return false;
}

bool control_reply(struct control_peer *p, enum control_kind kind, int value, uint64_t number)
{
	const struct control_head head = { .kind = kind, .value = value, .number = number };
	return send_or_close(p, &head, NULL, 0);
}

bool control_reply_text(struct control_peer *p, enum control_kind kind, int value, const void *payload, size_t len)
{
	const struct control_head head = { .kind = kind, .value = value };
	return send_or_close(p, &head, payload, len);
}

bool control_reply_descriptor(struct control_peer *p, enum control_kind kind, int fd)
{
	const struct control_head head = { .kind = kind };
	if (p->fd < 0)
		return false;
	if (control_send(p->fd, &head, NULL, 0, &fd, 1) == 0)
		return true;
	control_close(p);
	return false;
}

void control_refuse(struct control_peer *p, int error, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args); /* a longer one is cut */
	va_end(args);
	(void)control_reply_text(p, CONTROL_ERROR, error, text, strlen(text));
}

void control_keep(struct control_peer *p, const struct control_keep *keep, void *data)
{
	p->keep = keep;
	p->data = data;
	p->deadline = 0;
}

/* The directory is the user's own; this holds also where it has been handed to others by mistake. */
static bool may_ask(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == 0 || peer.uid == getuid());
}

static void take_one(struct control *c)
{
	int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return; /* it has gone already */
	struct control_peer fresh = { .fd = fd, .deadline = clock_ms() + CONTROL_PATIENCE_MS };
	for (size_t i = 0; i < CONTROL_PEERS && may_ask(fd); i++) {
		if (c->peers[i].fd < 0) {
			c->peers[i] = fresh;
			return;
		}
	}
	if (may_ask(fd))
		control_refuse(&fresh, EUSERS, "%d commands are connected to this sandbox already", CONTROL_PEERS);
	else
		control_refuse(&fresh, EPERM, "this sandbox is another user's");
	control_close(&fresh);
}

/* One message of somebody, or the end of the connection. */
static void hear(struct control *c, struct control_peer *p)
{
	struct control_message m;
	struct control_request q = { .control = c, .peer = p, .message = &m };
	int r = control_receive(p->fd, &m);
	if (r == -EAGAIN)
		return;
	if (r != 1) {
		control_close(p);
		return;
	}
	p->deadline = 0;
	if (m.head.kind < CONTROL_COUNT && handlers[m.head.kind] != NULL)
		handlers[m.head.kind](&q);
	else
		control_refuse(
			p, ENOSYS, "the bailey that started this sandbox is older, and knows no request number %u", m.head.kind);
	for (size_t i = 0; i < m.fd_count; i++)
		if (m.fds[i] >= 0)
			(void)close(m.fds[i]);
	if (p->fd >= 0 && p->keep == NULL)
		control_close(p);
}

void control_serve(struct control *c, const struct pollfd *fds, nfds_t count)
{
	if (count == 0)
		return;
	int64_t now = clock_ms();
	for (nfds_t i = 1; i < count; i++) {
		struct control_peer *p = &c->peers[i - 1];
		/* The place may be free by now, or somebody else's: by what was asked before in this round. */
		if (fds[i].revents != 0 && p->fd >= 0 && p->fd == fds[i].fd)
			hear(c, p);
		if (p->fd >= 0 && p->deadline != 0 && now >= p->deadline)
			control_close(p);
	}
	if (fds[0].revents != 0)
		take_one(c);
}

int64_t control_deadline(const struct control *c)
{
	int64_t next = 0;
	for (size_t i = 0; c->listener >= 0 && i < CONTROL_PEERS; i++)
		if (c->peers[i].fd >= 0 && c->peers[i].deadline != 0 && (next == 0 || c->peers[i].deadline < next))
			next = c->peers[i].deadline;
	return next;
}

void control_end(struct control *c, const struct outcome *outcome)
{
	if (c->listener < 0)
		return; /* nobody has ever been able to connect */
	for (size_t i = 0; i < CONTROL_PEERS; i++) {
		struct control_peer *p = &c->peers[i];
		if (p->fd >= 0 && p->keep != NULL && p->keep->ended != NULL && outcome != NULL)
			p->keep->ended(p, outcome);
		control_close(p);
	}
	(void)close(c->listener);
	c->listener = -1;
}

/* ---- WAIT ---- */

static void tell_end(struct control_peer *p, const struct outcome *outcome)
{
	(void)control_reply(p, CONTROL_WAIT, outcome->status, (uint64_t)outcome->signal);
}

void control_on_wait(struct control_request *q)
{
	static const struct control_keep keep = { .ended = tell_end };
	if (q->peer->keep == NULL)
		control_keep(q->peer, &keep, NULL);
}
