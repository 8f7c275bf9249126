/*
 * nft(8) and not libnftables: it is the same code in a process of its own, so neither this program nor a launch without rules
 * carries it, and its build needs nothing.  It enters the sandbox's user and network namespace with one capability there, at a time
 * when nothing of the profile's choice runs in them.
 */
#include "launch/firewall.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/descriptors.h"
#include "base/name_set.h"
#include "base/sys.h"
#include "base/tool.h"
#include "launch/network.h"
#include "launch/privileges.h"
#include "launch/refusals.h"
#include "resolver/nfset.h"

enum { TOOL_SECONDS = 10, CAP_NET_ADMIN_NUMBER = 12 };

struct entering {
	const struct plan *plan;
	int pidfd; /* of the sandbox's first process */
	int way; /* a socket that descriptors go through to the launcher, or -1 */
};

static int send_descriptors(int socket, const int *fds, size_t count)
{
	char byte = 0;
	const struct iovec iov = { &byte, 1 };
	ssize_t n = descriptors_send(socket, &iov, 1, fds, count, 0);
	return n < 0 ? (int)n : 0;
}

/* Exactly as many. False when there are none. */
static bool receive_descriptors(int socket, int *fds, size_t count)
{
	char byte;
	const struct iovec iov = { &byte, 1 };
	struct descriptors d;
	if (descriptors_receive(socket, &iov, 1, &d, MSG_DONTWAIT) != 1 || d.count != count) {
		descriptors_close(&d);
		return false;
	}
	memcpy(fds, d.fds, count * sizeof *fds);
	return true;
}

/* Where programs inside ask for names.  The loopback may not be up yet: IP_FREEBIND of ip(7). */
static int open_names(void)
{
	const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(53), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int on = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) == 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	int r = -errno;
	(void)close(fd);
	return r;
}

/* Where the rules send connections: the loopback's port that no program inside can take. */
static int open_listener(int family)
{
	enum { WAITING = 256, IPV6_FREEBIND_OPTION = 78 }; /* ipv6(7); not in the headers of every libc */
	const struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_port = htons(NAME_SET_PORT), .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	const struct sockaddr_in6 six = {
		.sin6_family = AF_INET6, .sin6_port = htons(NAME_SET_PORT), .sin6_addr = IN6ADDR_LOOPBACK_INIT
	};
	const bool is_six = family == AF_INET6;
	const int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int r = setsockopt(
		fd, is_six ? IPPROTO_IPV6 : IPPROTO_IP, is_six ? (int)IPV6_FREEBIND_OPTION : IP_FREEBIND, &on, sizeof on);
	if (r == 0)
		r = is_six ? bind(fd, (const struct sockaddr *)&six, sizeof six)
			   : bind(fd, (const struct sockaddr *)&four, sizeof four);
	if (r == 0 && listen(fd, WAITING) == 0)
		return fd;
	r = -errno;
	(void)close(fd);
	return r;
}

/* Both; on a machine without IPv6, where nothing arrives by it, the second is the first again. */
static int open_listeners(int *fds)
{
	fds[0] = open_listener(AF_INET);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = open_listener(AF_INET6);
	if (fds[1] == -EAFNOSUPPORT)
		fds[1] = (int)sys_result(fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
	return fds[1] < 0 ? fds[1] : 0;
}

/* What others will use of the sandbox's network, in the order of enum firewall_socket. The process ends soon after a failure. */
static int open_sockets(const struct entering *in, const char **ret_failed)
{
	const struct firewall_plan *f = &in->plan->firewall;
	int fds[FIREWALL_SOCKETS];
	size_t count = 0;
	*ret_failed = "cannot listen to what the rules refuse";
	if (f->log && (fds[count++] = refusals_open()) < 0)
		return fds[count - 1];
	*ret_failed = "cannot take the place of the sandbox's name server";
	if (f->names.spec != NULL && ((fds[count++] = open_names()) < 0 || (fds[count++] = nfset_open()) < 0))
		return fds[count - 1];
	*ret_failed = "cannot listen to the sandbox's connections to names";
	int r = f->names.tls != NULL ? open_listeners(fds + count) : 0;
	if (r < 0)
		return r;
	count += f->names.tls != NULL ? 2 : 0;
	*ret_failed = "cannot hand a socket to the launcher";
	return count > 0 ? send_descriptors(in->way, fds, count) : 0;
}

static int enter(void *data, const char **ret_failed)
{
	const struct entering *in = data;
	*ret_failed = "cannot enter the sandbox's network";
	int r = network_enter(in->plan, in->pidfd);
	if (r == 0)
		r = open_sockets(in, ret_failed);
	if (r < 0)
		return r;
	*ret_failed = "cannot give up what making the rules does not need";
	return privileges_drop(UINT64_C(1) << CAP_NET_ADMIN_NUMBER, false);
}

static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	return poll(&p, 1, 0) > 0;
}

static int load(const struct plan *plan, struct entering *in, const sigset_t *mask, struct err *e)
{
	static char name[] = "nft", option[] = "-f", input[] = "-";
	char *const argv[] = { name, option, input, NULL };
	int text = tool_text(plan->firewall.ruleset, strlen(plan->firewall.ruleset));
	if (text < 0)
		return err_set(e, -text, "cannot write the rules of the sandbox's network");
	const struct tool_extra extra = { .input = text, .prepare = enter, .data = in };
	int r = tool_run_with(
		&extra, plan->firewall.nft, argv, mask, TOOL_SECONDS, "cannot make the rules of the sandbox's network: nft", e);
	(void)close(text);
	if (r < 0)
		(void)err_hint(e,
			"the kernel needs nf_tables with conntrack and reject (CONFIG_NF_TABLES_INET, NFT_CT, NFT_REJECT_INET)%s%s",
			plan->firewall.log ? ", and for network.log NFT_LOG and NETFILTER_NETLINK_LOG" : "",
			plan->firewall.names.tls != NULL ? ", and for network.tls_name NFT_NAT and NFT_REDIR (Linux 5.2)" : "");
	return r;
}

int firewall_load(const struct plan *plan, int pidfd, const sigset_t *mask, struct firewall_sockets *ret, struct err *e)
{
	const struct firewall_plan *f = &plan->firewall;
	int pair[2] = { -1, -1 }, fds[FIREWALL_SOCKETS] = { -1, -1, -1, -1, -1 }, r = 0;
	size_t count = (size_t)f->log + (f->names.spec != NULL ? 2 : 0) + (f->names.tls != NULL ? 2 : 0), at = 0;
	if (count > 0 && socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		r = err_set(e, errno, "cannot make a socket pair");
	struct entering in = { .plan = plan, .pidfd = pidfd, .way = pair[1] };
	if (r == 0)
		r = load(plan, &in, mask, e);
	if (r == 0 && count > 0 && !receive_descriptors(pair[0], fds, count))
		r = err_set(e, EIO, "cannot get the sockets of the sandbox's network");
	for (int i = 0; i < 2 && pair[i] >= 0; i++)
		(void)close(pair[i]);
	*ret = (struct firewall_sockets){ -1, -1, -1, -1, -1 };
	if (r == 0 && f->log)
		ret->log = fds[at++];
	if (r == 0 && f->names.spec != NULL) {
		ret->names = fds[at++];
		ret->sets = fds[at++];
	}
	if (r == 0 && f->names.tls != NULL) {
		ret->tls4 = fds[at++];
		ret->tls6 = fds[at++];
	}
	if (r == 0)
		return 0;
	return has_ended(pidfd) ? -ESRCH : err_at(e, f->origin);
}
