#include "background/viewers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "background/attach.h"
#include "base/clock.h"

enum { REDRAW_MS = 100, DRAIN_READS = 4096 };

int viewers_begin(struct viewers *v, int directory, struct winsize size)
{
	v->master = -1;
	v->size = size;
	v->redraw = 0;
	v->at = v->len = 0;
	for (size_t i = 0; i < VIEWERS; i++)
		v->items[i].fd = -1;
	modes_begin(&v->modes);
	v->listener = control_listen_at(directory, ATTACH_SOCKET);
	return v->listener < 0 ? v->listener : 0;
}

int viewers_open(struct viewers *v)
{
	int unlocked = 0;
	modes_begin(&v->modes);
	v->at = v->len = 0;
	v->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (v->master < 0)
		return -errno;
	return ioctl(v->master, TIOCSPTLCK, &unlocked) < 0 || ioctl(v->master, TIOCSWINSZ, &v->size) < 0 ? -errno : 0;
}

int viewers_become_terminal(struct viewers *v)
{
	struct termios modes;
	int terminal = ioctl(v->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0 || tcgetattr(terminal, &modes) < 0)
		return -errno;
	modes.c_iflag |= IUTF8;
	if (tcsetattr(terminal, TCSANOW, &modes) < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(terminal, fd) < 0)
			return -errno;
	if (terminal > STDERR_FILENO)
		(void)close(terminal);
	(void)close(v->master);
	(void)close(v->listener);
	for (size_t i = 0; i < VIEWERS; i++)
		if (v->items[i].fd >= 0)
			(void)close(v->items[i].fd);
	return 0;
}

/* ---- to the viewers ---- */

static void let_go(struct viewer *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
}

static void show(struct viewer *w, const char *bytes, size_t n)
{
	const struct control_head head = { .kind = ATTACH_OUTPUT };
	if (w->fd < 0 || !w->greeted || n == 0)
		return;
	/* Nothing more is read from the program while something waits, so there is room. */
	int r = w->len > 0 ? -EAGAIN : control_send(w->fd, &head, bytes, n, NULL, 0);
	if (r == -EAGAIN && w->len + n <= sizeof w->waiting) {
		if (w->len == 0)
			w->deadline = clock_ms() + VIEWERS_PATIENCE_MS;
		memcpy(w->waiting + w->len, bytes, n);
		w->len += n;
	} else if (r < 0) {
		let_go(w);
	}
}

static void show_more(struct viewer *w)
{
	const struct control_head head = { .kind = ATTACH_OUTPUT };
	int r = w->len > 0 ? control_send(w->fd, &head, w->waiting, w->len, NULL, 0) : 0;
	if (r == -EAGAIN)
		return;
	if (r < 0)
		let_go(w);
	w->len = 0;
	w->deadline = 0;
}

/* Whether somebody has not taken what was written last. */
static bool held_up(const struct viewers *v)
{
	for (size_t i = 0; i < VIEWERS; i++)
		if (v->items[i].fd >= 0 && v->items[i].len > 0)
			return true;
	return false;
}

/* One read of what the program writes. False when there is nothing. */
static bool copy_output(struct viewers *v, struct log *log)
{
	char bytes[CONTROL_PAYLOAD];
	ssize_t n = v->master >= 0 ? read(v->master, bytes, sizeof bytes) : 0;
	if (n <= 0)
		return n < 0 && errno == EINTR;
	log_write(log, LOG_TERMINAL, bytes, (size_t)n);
	modes_follow(&v->modes, bytes, (size_t)n);
	for (size_t i = 0; i < VIEWERS; i++)
		show(&v->items[i], bytes, (size_t)n);
	return true;
}

/* ---- from the viewers ---- */

/*
 * The kernel tells the programs of a new size only, and most that draw a whole screen do so for a new one only: they get a column less
 * for a moment.  To others, one in pixels says that somebody looks.
 */
static void resize(struct viewers *v, const struct attach_size *asked, bool redraws)
{
	struct winsize size = { .ws_row = asked->rows, .ws_col = asked->columns };
	if (asked->rows == 0 || asked->columns == 0)
		size = v->size;
	bool same = size.ws_row == v->size.ws_row && size.ws_col == v->size.ws_col;
	v->size = size;
	v->size.ws_xpixel = same && redraws ? !v->size.ws_xpixel : 0;
	size.ws_xpixel = v->size.ws_xpixel;
	if (same && redraws && modes_draws(&v->modes) && size.ws_col > 1) {
		size.ws_col--;
		v->redraw = clock_ms() + REDRAW_MS;
	}
	if (v->master >= 0)
		(void)ioctl(v->master, TIOCSWINSZ, &size); /* cannot fail on a terminal */
}

static void redraw(struct viewers *v)
{
	v->redraw = 0;
	if (v->master >= 0)
		(void)ioctl(v->master, TIOCSWINSZ, &v->size);
}

/* The modes of the program's terminal and what is on it; then comes what is written from now on. */
static void greet(struct viewers *v, struct viewer *w, const struct attach_size *size)
{
	static const char clear[] = "\033[H\033[2J";
	char switches[MODES_SWITCHES];
	size_t len;
	w->greeted = true;
	w->deadline = 0;
	show(w, switches, modes_switch_on(&v->modes, switches));
	const char *text = modes_text(&v->modes, &len);
	if (len == 0)
		show(w, clear, sizeof clear - 1);
	for (size_t at = 0; at < len && w->fd >= 0; at += CONTROL_PAYLOAD)
		show(w, text + at, len - at < CONTROL_PAYLOAD ? len - at : CONTROL_PAYLOAD);
	if (!w->looks_on)
		resize(v, size, true);
}

static void hear(struct viewers *v, struct viewer *w)
{
	struct control_message *m = &v->message;
	int r = control_receive(w->fd, m);
	if (r == -EAGAIN)
		return;
	if (r == 1)
		control_drop(m); /* none is wanted */
	struct attach_size size = { .rows = 0 };
	if (r == 1 && m->len == sizeof size)
		memcpy(&size, m->payload, sizeof size);
	if (r != 1 || w->greeted == (m->head.kind == ATTACH_HELLO)) {
		let_go(w);
	} else if (!w->greeted) {
		w->looks_on = m->head.value == 1;
		greet(v, w, &size);
	} else if (m->head.kind == ATTACH_SIZE && !w->looks_on) {
		resize(v, &size, false);
	} else if (m->head.kind == ATTACH_INPUT && !w->looks_on) {
		memcpy(v->input, m->payload, m->len);
		v->at = 0;
		v->len = m->len;
	}
}

/* What was typed. A program that does not read keeps it waiting; a terminal that has hung up wants none. */
static void copy_input(struct viewers *v)
{
	ssize_t n = v->master >= 0 ? write(v->master, v->input + v->at, v->len - v->at) : (ssize_t)(v->len - v->at);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	v->at += n > 0 ? (size_t)n : v->len - v->at;
	if (v->at == v->len)
		v->at = v->len = 0;
}

static bool may_look(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == 0 || peer.uid == getuid());
}

static void take_one(struct viewers *v)
{
	static const char full[] = "too many terminals are attached to this sandbox", strange[] = "this sandbox is another user's";
	int fd = accept4(v->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return; /* it has gone already */
	bool may = may_look(fd);
	for (size_t i = 0; may && i < VIEWERS; i++) {
		struct viewer *w = &v->items[i];
		if (w->fd >= 0)
			continue;
		w->fd = fd;
		w->greeted = w->looks_on = false;
		w->len = 0;
		w->deadline = clock_ms() + VIEWERS_PATIENCE_MS;
		return;
	}
	const struct control_head head = { .kind = ATTACH_ERROR, .value = may ? EUSERS : EPERM };
	(void)control_send(fd, &head, may ? full : strange, may ? sizeof full - 1 : sizeof strange - 1, NULL, 0);
	(void)close(fd);
}

/* ---- the loop ---- */

void viewers_wants(const struct viewers *v, struct pollfd fds[VIEWERS_POLLS], int *wait_ms)
{
	int64_t next = v->redraw, now = clock_ms();
	/* Without events a poll would return for a terminal that has hung up, again and again. */
	bool reads = !held_up(v), writes = v->len > 0;
	fds[0] = (struct pollfd){ .fd = v->listener, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = reads || writes ? v->master : -1,
		.events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)) };
	for (size_t i = 0; i < VIEWERS; i++) {
		const struct viewer *w = &v->items[i];
		/* One that types more than the program reads is not heard for a while. */
		fds[2 + i] = (struct pollfd){ .fd = w->fd, .events = (short)((writes ? 0 : POLLIN) | (w->len > 0 ? POLLOUT : 0)) };
		if (w->fd >= 0 && w->deadline != 0 && (next == 0 || w->deadline < next))
			next = w->deadline;
	}
	*wait_ms = next == 0 ? -1 : next > now ? (int)(next - now) : 0;
}

void viewers_serve(struct viewers *v, const struct pollfd fds[VIEWERS_POLLS], struct log *log)
{
	int64_t now = clock_ms();
	if ((fds[1].revents & POLLOUT) != 0)
		copy_input(v);
	if ((fds[1].revents & (POLLIN | POLLHUP)) != 0 && !held_up(v) && !copy_output(v, log) && (fds[1].revents & POLLHUP) != 0) {
		(void)close(v->master); /* the launcher is about to end */
		v->master = -1;
	}
	for (size_t i = 0; i < VIEWERS; i++) {
		struct viewer *w = &v->items[i];
		short events = w->fd >= 0 && fds[2 + i].fd == w->fd ? fds[2 + i].revents : 0;
		if ((events & POLLOUT) != 0)
			show_more(w);
		if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && w->fd >= 0 && v->len == 0)
			hear(v, w);
		else if ((events & (POLLHUP | POLLERR)) != 0)
			let_go(w);
		if (w->fd >= 0 && w->deadline != 0 && now >= w->deadline)
			let_go(w);
	}
	if (v->len > 0)
		copy_input(v);
	if (v->redraw != 0 && now >= v->redraw)
		redraw(v);
	if (fds[0].revents != 0)
		take_one(v);
}

void viewers_drain(struct viewers *v, struct log *log)
{
	for (int i = 0; i < DRAIN_READS && copy_output(v, log); i++)
		for (size_t k = 0; held_up(v) && k < VIEWERS; k++)
			if (v->items[k].fd >= 0 && v->items[k].len > 0) {
				struct pollfd room = { .fd = v->items[k].fd, .events = POLLOUT };
				(void)poll(&room, 1, 1000);
				show_more(&v->items[k]);
				if (v->items[k].len > 0)
					let_go(&v->items[k]);
			}
	if (v->master >= 0)
		(void)close(v->master);
	v->master = -1;
}

void viewers_end(struct viewers *v, int status, int sig)
{
	const struct control_head head = { .kind = ATTACH_END, .value = status, .number = (uint64_t)sig };
	for (size_t i = 0; i < VIEWERS; i++) {
		if (v->items[i].fd >= 0)
			(void)control_send(v->items[i].fd, &head, NULL, 0, NULL, 0);
		let_go(&v->items[i]);
	}
	(void)close(v->listener);
	v->listener = -1;
}
