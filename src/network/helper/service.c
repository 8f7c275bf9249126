#include "network/helper/service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "network/request.h"

enum { ANSWER_MS = 30000, END_MS = 10000 };

static int reach(const char *path, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct ucred who;
	socklen_t len = sizeof who;
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) < 0)
		(void)err_set(e, errno, "cannot reach bailey-netd at %s", path);
	else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0 || who.uid != 0)
		(void)err_set(e, EPERM, "who listens at %s is not root", path);
	else
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return err_hint(e, "an administrator starts it: systemctl enable --now bailey-netd.socket");
}

static void fill(struct netd_request *r, const struct spec *s, const char *name)
{
	netd_request_begin(r);
	r->interface = s->interface;
	r->rate_in = s->rate_in;
	r->rate_out = s->rate_out;
	(void)snprintf(r->network, sizeof r->network, "%s", s->network);
	for (size_t i = 0; i < sizeof r->name - 1 && name[i] != '\0'; i++)
		r->name[i] = (char)(name[i] > ' ' && name[i] <= '~' ? name[i] : '-');
	if (s->mac != NULL && frames_mac_read(s->mac, r->mac) == 0)
		r->flags |= NETD_OWN_MAC;
	for (size_t i = 0; i < s->address_count; i++) {
		const struct spec_address *x = &s->addresses[i];
		bool six = x->first.family == AF_INET6;
		r->at[six].want = x->pool ? WANT_NEXT_ADDRESS : WANT_THIS_ADDRESS;
		if (!x->pool)
			memcpy(r->at[six].bytes, x->first.bytes, six ? 16 : 4);
	}
}

static int send_request(int socket, const struct netd_request *r, int namespace)
{
	const struct iovec iov = { (void *)(uintptr_t)r, sizeof *r };
	ssize_t n = descriptors_send(socket, &iov, 1, &namespace, 1, 0);
	return n < 0 ? (int)n : 0;
}

/* The line of the spec that a refusal is about. */
static unsigned line_about(const struct spec *s, unsigned about)
{
	for (size_t i = 0; i < s->address_count; i++)
		if (about == (s->addresses[i].first.family == AF_INET6 ? ABOUT_IP6 : ABOUT_IP4))
			return s->addresses[i].line;
	return about == ABOUT_MAC         ? s->mac_line
		: about == ABOUT_RATE_IN  ? s->rate_in_line
		: about == ABOUT_RATE_OUT ? s->rate_out_line
					  : s->bridge_line;
}

static void read_lease(const struct netd_answer *a, struct lease *ret)
{
	*ret = (struct lease){ .name = "-" };
	memcpy(ret->mac, a->mac, MAC_BYTES);
	(void)snprintf(ret->device, sizeof ret->device, "%.15s", a->device);
	(void)snprintf(ret->name, sizeof ret->name, "%s", a->name);
	for (size_t i = 0; i < 2; i++) {
		if (a->at[i].want == WANT_NO_ADDRESS)
			continue;
		ret->at[i].family = i == 1 ? AF_INET6 : AF_INET;
		ret->at[i].prefix = a->at[i].prefix;
		memcpy(ret->at[i].bytes, a->at[i].bytes, sizeof ret->at[i].bytes);
	}
}

static int receive(int socket, const struct spec *s, struct lease *ret, struct err *e)
{
	char bytes[sizeof(struct netd_answer) + 1];
	struct netd_answer a;
	struct pollfd p = { .fd = socket, .events = POLLIN };
	if (poll(&p, 1, ANSWER_MS) <= 0)
		return err_set(e, ETIMEDOUT, "bailey-netd does not answer");
	ssize_t n = recv(socket, bytes, sizeof bytes, 0);
	const char *why = n > 0 ? netd_answer_check(bytes, (size_t)n, &a) : "it has ended";
	if (why != NULL)
		return err_set(e, EPROTO, "bailey-netd gives no answer: %s", why);
	if (a.error == 0) {
		read_lease(&a, ret);
		return 0;
	}
	(void)err_set(e, 0, "bailey-netd: %s", a.text);
	if (a.hint[0] != '\0')
		(void)err_hint(e, "%s", a.hint);
	return spec_at(e, line_about(s, a.about));
}

int service_ask(const struct spec *s, int namespace, const char *name, struct lease *ret, struct err *e)
{
	struct netd_request r;
	int fd = reach(s->service, e);
	if (fd < 0)
		return spec_at(e, s->bridge_line);
	fill(&r, s, name);
	int sent = send_request(fd, &r, namespace);
	/* A service that has no room for us has said so before it read anything. */
	if (sent == 0 || sent == -EPIPE || sent == -ECONNRESET)
		(void)receive(fd, s, ret, e);
	else
		(void)err_set(e, -sent, "cannot ask bailey-netd");
	if (e->text[0] == '\0')
		return fd;
	(void)close(fd);
	return e->origin.line != 0 ? -e->code : spec_at(e, s->bridge_line);
}

void service_end(int connection)
{
	char byte;
	struct pollfd p = { .fd = connection, .events = POLLIN };
	(void)shutdown(connection, SHUT_WR);
	while (poll(&p, 1, END_MS) > 0 && recv(connection, &byte, sizeof byte, 0) > 0) {
	}
	(void)close(connection);
}
