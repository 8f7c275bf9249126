/*
 * bailey-tls user|network < SPEC
 *
 * Reads the names in TLS greetings for one sandbox, in its network namespace, which it enters: with "user" by way of its user namespace.
 * Descriptors 3 and 4 are sockets where the rules send connections to names, over IPv4 and IPv6; 5 is a socket from which
 * bailey-resolver tells which name has which address; 6 is a process of the sandbox.  A connection whose greeting has a name that may be
 * had where the program wanted to go is made in its stead, and bytes pass both ways; any other is reset.
 *
 * It writes "ready\n" to standard output once it serves and, when asked to, a line for each connection that it refused (gate_tell());
 * what goes wrong before that, to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/sys.h"
#include "resolver/service.h"
#include "resolver/tls/calls.h"
#include "resolver/tls/connection.h"

enum {
	LISTENER4 = 3,
	LISTENER6 = 4,
	ANSWERS = 5,
	SANDBOX = 6,
	CONNECTIONS = 512,
	DESCRIPTORS = 6 * CONNECTIONS, /* two sockets and two pipes each, at most */
	EVENTS = 64,
	ACCEPTED_AT_ONCE = 16,
	PAUSE_MS = 100,
};

/* Who an event is about, where it is about no connection. */
static const uint64_t of_listener4 = UINT64_MAX, of_listener6 = UINT64_MAX - 1, of_answers = UINT64_MAX - 2;

struct server {
	struct gate gate;
	struct connection connections[CONNECTIONS];
	bool listening;
	int64_t paused; /* until then nobody is accepted: there are no descriptors */
};

static int watch(const struct gate *g, int fd, uint64_t who)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = who };
	return epoll_ctl(g->epoll, EPOLL_CTL_ADD, fd, &e) == 0 ? 0 : -errno;
}

static struct connection *find_free(struct server *s)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (!s->connections[i].used)
			return &s->connections[i];
	return NULL;
}

/* Whoever is not accepted waits in the queue of listen(2). */
static void listen_or_not(struct server *s, int64_t now)
{
	bool want = now >= s->paused && find_free(s) != NULL;
	if (want == s->listening)
		return;
	s->listening = want;
	if (want) {
		(void)watch(&s->gate, LISTENER4, of_listener4);
		(void)watch(&s->gate, LISTENER6, of_listener6);
	} else {
		(void)epoll_ctl(s->gate.epoll, EPOLL_CTL_DEL, LISTENER4, NULL);
		(void)epoll_ctl(s->gate.epoll, EPOLL_CTL_DEL, LISTENER6, NULL);
	}
}

static void accept_some(struct server *s, int listener, int64_t now)
{
	for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
		struct connection *c = find_free(s);
		if (c == NULL)
			return;
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
				s->paused = now + PAUSE_MS;
			return;
		}
		connection_begin(c, &s->gate, fd, now);
	}
}

/* Those that have said too little for too long, and how long until the next has. */
static int end_silent(struct server *s, int64_t now)
{
	int64_t next = now < s->paused ? s->paused : INT64_MAX;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &s->connections[i];
		if (!c->used || c->stage != STAGE_GREETING)
			continue;
		if (c->deadline <= now)
			connection_run(c, &s->gate, INNER, 0, now);
		else if (c->deadline < next)
			next = c->deadline;
	}
	return next == INT64_MAX ? -1 : (int)(next - now);
}

static void serve(struct server *s, const struct epoll_event *e, int64_t now)
{
	uint32_t index = (uint32_t)e->data.u64 >> 1, turn = (uint32_t)(e->data.u64 >> 32);
	if (e->data.u64 == of_listener4 || e->data.u64 == of_listener6)
		accept_some(s, e->data.u64 == of_listener4 ? LISTENER4 : LISTENER6, now);
	else if (e->data.u64 == of_answers)
		gate_learn(&s->gate, now);
	else if (index < CONNECTIONS && s->connections[index].used && s->connections[index].turn == turn)
		connection_run(&s->connections[index], &s->gate, (e->data.u64 & 1) != 0 ? OUTER : INNER, e->events, now);
}

static _Noreturn void loop(struct server *s)
{
	for (uint32_t i = 0; i < CONNECTIONS; i++)
		s->connections[i].index = i;
	for (;;) {
		struct epoll_event events[EVENTS];
		int64_t now = clock_ms();
		int wait = end_silent(s, now);
		listen_or_not(s, now);
		int n = epoll_wait(s->gate.epoll, events, EVENTS, wait);
		now = clock_ms();
		for (int i = 0; i < n; i++)
			serve(s, &events[i], now);
	}
}

/* ---- before it serves ---- */

static const struct service service = { "bailey-tls", &tls_calls, DESCRIPTORS, true };

static int read_spec(struct tls_rules *ret, struct err *e)
{
	char text[TLS_RULES_SPEC + 1];
	int r = service_read(&service, text, TLS_RULES_SPEC, e);
	return r < 0 ? r : tls_rules_read(ret, text, e);
}

static int check_descriptors(struct err *e)
{
	for (int fd = LISTENER4; fd <= SANDBOX; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return err_set(e, EBADF, "bailey-tls is started by bailey, with sockets of a sandbox");
	return 0;
}

/* All of what it does from here on is in the sandbox's network, also that its connections are let out. */
static int enter(bool user, struct err *e)
{
	if (setns(SANDBOX, (user ? CLONE_NEWUSER : 0) | CLONE_NEWNET) < 0)
		return err_set(e, errno, "bailey-tls cannot enter the sandbox's network");
	(void)close(SANDBOX);
	int fd = connection_socket(AF_INET);
	if (fd < 0)
		return err_set(e, -fd, "bailey-tls cannot mark its connections");
	(void)close(fd);
	return 0;
}

static int begin_events(struct gate *g, struct err *e)
{
	g->answers = ANSWERS;
	g->epoll = epoll_create1(EPOLL_CLOEXEC);
	int r = g->epoll < 0 ? -errno : watch(g, ANSWERS, of_answers);
	return r < 0 ? err_set(e, -r, "bailey-tls cannot wait for connections") : 0;
}

int main(int argc, char *argv[])
{
	struct arena arena = { .head = NULL };
	struct server *s = arena_alloc(&arena, sizeof *s);
	struct err e = { .code = 0 };
	service_begin();
	int r = check_descriptors(&e);
	if (r == 0)
		r = read_spec(&s->gate.rules, &e);
	if (r == 0)
		r = enter(argc == 2 && strcmp(argv[1], "user") == 0, &e);
	if (r == 0)
		r = begin_events(&s->gate, &e);
	if (!service_ready(&service, r, &e))
		return 1;
	loop(s);
}
