/*
 * bailey-netd [--socket PATH]
 *
 * Gives sandboxes of ordinary users an interface on a network of the administrator's.  Started by systemd with a socket that listens
 * (sd_listen_fds(3)), or by hand with the path of one to make.  It keeps CAP_NET_ADMIN alone and serves many connections in one
 * process; a connection is one request, and then the interface's life.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "network/netd/confine.h"
#include "network/netd/serve.h"
#include "plan/networks.h"

enum {
	FIRST_LISTENING = 3, /* sd_listen_fds(3) */
	CONNECTIONS_MAX = 2048,
	WAITING_MAX = 256, /* without a request yet */
	WAITING_OF_USER = 16,
	REQUEST_MS = 3000,
	IDLE_MS = 30000,
	LISTEN_BACKLOG = 128,
	LOG_LINES = 20, /* in a second */
};

struct connection {
	struct peer peer;
	struct served served; /* no device: waiting */
	int64_t deadline; /* ms, of clock_ms(); while it waits */
};

struct service {
	struct link link;
	int listening;
	const char *path; /* made by us, or NULL */
	bool leaves; /* when nobody is connected for a while: systemd starts it again */
	struct connection *connections[CONNECTIONS_MAX];
	size_t count;
};

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

/* On standard error, a few lines in a second: callers must not fill a disk. */
__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	static int64_t second;
	static unsigned lines;
	char text[600];
	va_list ap;
	int64_t now = clock_ms() / 1000;
	lines = now == second ? lines + 1 : 0;
	second = now;
	if (lines >= LOG_LINES)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	(void)dprintf(STDERR_FILENO, "bailey-netd: %s\n", text);
}

/* ---- connections ---- */

static void answer(const struct connection *c, struct netd_answer *a, const struct err *e)
{
	if (e->text[0] != '\0') {
		a->error = e->code != 0 ? (uint32_t)e->code : EINVAL;
		a->about = e->origin.line;
		(void)snprintf(a->text, sizeof a->text, "%s", e->text);
		(void)snprintf(a->hint, sizeof a->hint, "%s", e->hint);
		say("refused to user %u, process %d: %s", (unsigned)c->peer.uid, (int)c->peer.pid, e->text);
	}
	(void)!send(c->peer.socket, a, sizeof *a, MSG_DONTWAIT | MSG_NOSIGNAL); /* one that does not read loses it */
}

static void refuse(const struct connection *c, const struct err *e)
{
	struct netd_answer a;
	netd_answer_begin(&a);
	answer(c, &a, e);
}

static void drop(struct service *s, size_t i)
{
	struct connection *c = s->connections[i];
	serve_end(&s->link, &c->served);
	(void)close(c->peer.socket);
	free(c);
	s->connections[i] = s->connections[--s->count];
}

static bool is_waiting(const struct connection *c)
{
	return c->served.device[0] == '\0';
}

/*
 * Room for one more of the user.  Who wants to be served asks at once, so when too many are silent the one that has been so for longest
 * goes: somebody with many numbers, such as subordinate ones, could keep all others out else.
 */
static int make_room(struct service *s, uid_t uid, struct err *e)
{
	size_t waiting = 0, of_user = 0, oldest = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct connection *c = s->connections[i];
		if (!is_waiting(c))
			continue;
		if (waiting++ == 0 || c->deadline < s->connections[oldest]->deadline)
			oldest = i;
		of_user += c->peer.uid == uid;
	}
	if (of_user >= WAITING_OF_USER)
		return err_set(e, EBUSY, "this user has %zu connections that ask for nothing", of_user);
	if (waiting > 0 && (waiting >= WAITING_MAX || s->count >= CONNECTIONS_MAX)) {
		struct err late = { 0 };
		(void)err_set(&late, EBUSY, "there are too many connections that ask for nothing");
		refuse(s->connections[oldest], &late);
		drop(s, oldest);
	}
	return s->count < CONNECTIONS_MAX ? 0 : err_set(e, EBUSY, "there are too many connections");
}

static void accept_one(struct service *s)
{
	struct err e = { 0 };
	int fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct connection *c = calloc(1, sizeof *c);
	if (c == NULL) {
		(void)close(fd);
		return;
	}
	int r = peer_look(&c->peer, fd, &e);
	if (r == 0)
		r = make_room(s, c->peer.uid, &e);
	c->peer.socket = fd;
	if (r == 0) {
		c->deadline = clock_ms() + REQUEST_MS;
		s->connections[s->count++] = c;
		return;
	}
	refuse(c, &e);
	(void)close(fd);
	free(c);
}

/* False when the connection is to be dropped. */
static bool hear(struct service *s, struct connection *c)
{
	struct netd_request wanted;
	struct netd_answer a;
	struct err e = { 0 };
	int namespace = -1, r = peer_receive(&c->peer, &wanted, &namespace, &e);
	if (r == -ENOTCONN)
		return false;
	netd_answer_begin(&a);
	if (r == 0 && !is_waiting(c))
		r = err_set(&e, EBUSY, "one connection is for one interface");
	else if (r == 0)
		r = serve(&s->link, &c->peer, &wanted, namespace, &a, &c->served, &e);
	if (namespace >= 0)
		(void)close(namespace);
	answer(c, &a, &e);
	if (r == 0)
		say("user %u, process %d: %s on %s, \"%s\"", (unsigned)c->peer.uid, (int)c->peer.pid, c->served.device,
			c->served.network, a.name);
	return r == 0;
}

/* ---- the socket ---- */

static int find_socket(struct err *e)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int type = 0, listens = 0;
	socklen_t len = sizeof type;
	if (pid == NULL || count == NULL || atol(pid) != (long)getpid() || strcmp(count, "1") != 0)
		return err_set(e, 0, "usage: bailey-netd --socket PATH, or by a socket of systemd's");
	if (getsockopt(FIRST_LISTENING, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET ||
		getsockopt(FIRST_LISTENING, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || listens == 0)
		return err_set(e, 0, "the socket of systemd's has to be one with ListenSequentialPacket");
	return fcntl(FIRST_LISTENING, F_SETFL, O_NONBLOCK) < 0 ? err_set(e, errno, "cannot use the socket") : FIRST_LISTENING;
}

/* A socket of that name where nobody listens any more is what a killed service has left. */
static int make_socket(const char *path, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	if (strlen(path) >= sizeof at.sun_path)
		return err_set(e, ENAMETOOLONG, "cannot listen at %s", path);
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
		errno = EADDRINUSE;
	else if (fd >= 0) {
		if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
			(void)unlink(path);
		(void)umask(0111); /* everybody may ask */
		if (bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
			return fd;
	}
	(void)err_set(e, errno, "cannot listen at %s", path);
	if (fd >= 0)
		(void)close(fd);
	return -e->code;
}

/* ---- the loop ---- */

static int next_ms(const struct service *s)
{
	int64_t now = clock_ms(), next = s->leaves && s->count == 0 ? IDLE_MS : -1;
	for (size_t i = 0; i < s->count; i++) {
		int64_t left = s->connections[i]->deadline - now;
		if (is_waiting(s->connections[i]) && (next < 0 || left < next))
			next = left > 0 ? left : 0;
	}
	return (int)next;
}

static void hang_up_late(struct service *s)
{
	int64_t now = clock_ms();
	for (size_t i = s->count; i-- > 0;)
		if (is_waiting(s->connections[i]) && s->connections[i]->deadline <= now) {
			struct err e = { 0 };
			(void)err_set(&e, ETIMEDOUT, "no request came in time");
			refuse(s->connections[i], &e);
			drop(s, i);
		}
}

static void run(struct service *s, const sigset_t *outside)
{
	static struct pollfd polled[CONNECTIONS_MAX + 1];
	while (!ended) {
		size_t count = s->count;
		int ms = next_ms(s);
		struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
		polled[0] = (struct pollfd){ .fd = s->listening, .events = POLLIN };
		for (size_t i = 0; i < count; i++)
			polled[i + 1] = (struct pollfd){ .fd = s->connections[i]->peer.socket, .events = POLLIN };
		int ready = ppoll(polled, count + 1, ms >= 0 ? &wait : NULL, outside);
		if (ready == 0 && s->leaves && s->count == 0)
			return;
		/* From behind: what is dropped gives its place to the last one, which has had its turn. */
		for (size_t i = count; ready > 0 && i-- > 0;)
			if (polled[i + 1].revents != 0 && !hear(s, s->connections[i]))
				drop(s, i);
		hang_up_late(s);
		if (ready > 0 && polled[0].revents != 0)
			accept_one(s);
	}
}

static int begin(struct service *s, int argc, char **argv, struct err *e)
{
	bool by_hand = argc == 3 && strcmp(argv[1], "--socket") == 0;
	if (argc != 1 && !by_hand)
		return err_set(e, 0, "usage: bailey-netd [--socket PATH]");
	s->path = by_hand ? argv[2] : NULL;
	s->leaves = !by_hand;
	s->listening = by_hand ? make_socket(s->path, e) : find_socket(e);
	if (s->listening < 0 || (s->listening == 0 && e->text[0] != '\0'))
		return -1;
	(void)umask(022);
	const struct rlimit files = { CONNECTIONS_MAX + 64, CONNECTIONS_MAX + 64 };
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_set(e, errno, "cannot have as many connections as are needed");
	int r = link_open(&s->link, e);
	return r == 0 ? confine(e) : r;
}

int main(int argc, char **argv)
{
	static struct service s;
	struct err e = { 0 };
	sigset_t ends, before;
	struct sigaction act = { .sa_handler = on_signal };
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, &before); /* but while it waits: what it has begun it ends */
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGINT, &act, NULL);
	(void)!chdir("/");
	if (begin(&s, argc, argv, &e) < 0 || e.text[0] != '\0') {
		(void)fprintf(stderr, "bailey-netd: %s\n%s%s", e.text, e.hint, e.hint[0] != '\0' ? "\n" : "");
		return 1;
	}
	say("serves the networks of " PLAN_NETWORKS_FILE);
	run(&s, &before);
	while (s.count > 0)
		drop(&s, s.count - 1);
	if (s.path != NULL)
		(void)unlink(s.path);
	return 0;
}
