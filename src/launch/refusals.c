#include "launch/refusals.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/diag.h"
#include "launch/events.h"

enum {
	RECEIVED = 8192, /* a message has one packet, of FIREWALL_LOG_BYTES, and little besides */
	AT_ONCE = 64,
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	PORTS = 4,
};

void refusals_begin(struct refusals *ret, struct arena *a, const struct plan *plan)
{
	*ret = (struct refusals){ .fd = -1 };
	(void)snprintf(ret->from, sizeof ret->from, "%s", origin_text(a, plan->firewall.origin));
}

/* ---- asking the kernel ---- */

struct request {
	struct nlmsghdr head;
	struct nfgenmsg group;
	struct nlattr command_head;
	struct nfulnl_msg_config_cmd command;
	uint8_t command_pad[3];
	struct nlattr mode_head;
	struct nfulnl_msg_config_mode mode;
	uint8_t mode_pad[2];
	struct nlattr threshold_head;
	uint32_t threshold;
};

static int bind_group(int fd)
{
	struct request r = {
		.head = { .nlmsg_len = sizeof r,
			.nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.group = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(FIREWALL_LOG_GROUP) },
		.command_head = { sizeof r.command_head + sizeof r.command, NFULA_CFG_CMD },
		.command = { NFULNL_CFG_CMD_BIND },
		.mode_head = { sizeof r.mode_head + sizeof r.mode, NFULA_CFG_MODE },
		.mode = { .copy_range = htonl(FIREWALL_LOG_BYTES), .copy_mode = NFULNL_COPY_PACKET },
		/* Each at once: the kernel would keep up to 100 of them for a second. */
		.threshold_head = { sizeof r.threshold_head + sizeof r.threshold, NFULA_CFG_QTHRESH },
		.threshold = htonl(1),
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		uint8_t more[256];
	} answer;
	if (sendto(fd, &r, sizeof r, 0, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
		return -errno;
	ssize_t n = recv(fd, &answer, sizeof answer, MSG_DONTWAIT); /* answered within sendto() */
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof answer.head + sizeof answer.error || answer.head.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.error.error;
}

int refusals_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (fd < 0)
		return -errno;
	int r = bind_group(fd);
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

/* ---- what it tells ---- */

static bool same(const struct refusal *a, const struct refusal *b)
{
	return a->family == b->family && a->protocol == b->protocol && a->port == b->port &&
		memcmp(a->address, b->address, sizeof a->address) == 0;
}

static void count(struct refusals *r, const struct refusal *met)
{
	for (size_t i = 0; i < r->count; i++) {
		if (same(&r->list[i], met)) {
			r->list[i].packets++;
			return;
		}
	}
	if (r->count == REFUSALS_MAX) {
		r->more++;
		return;
	}
	r->list[r->count] = *met;
	r->list[r->count++].packets = 1;
}

void refusals_add(struct refusals *r, const uint8_t *packet, size_t len)
{
	struct refusal met = { .family = AF_UNSPEC };
	size_t header;
	if (len >= IP4_HEADER && packet[0] >> 4 == 4) {
		header = (size_t)(packet[0] & 0xf) * 4;
		met.family = AF_INET;
		met.protocol = packet[9];
		memcpy(met.address, packet + 16, 4);
	} else if (len >= IP6_HEADER && packet[0] >> 4 == 6) {
		header = IP6_HEADER;
		met.family = AF_INET6;
		met.protocol = packet[6];
		memcpy(met.address, packet + 24, 16);
	} else {
		r->more++;
		return;
	}
	bool ports = met.protocol == IPPROTO_TCP || met.protocol == IPPROTO_UDP;
	if (ports && len >= header + PORTS)
		met.port = (uint16_t)(packet[header + 2] << 8 | packet[header + 3]);
	count(r, &met);
}

/* One message of the kernel's: its attributes, of which one is the packet. */
static void read_message(struct refusals *r, const uint8_t *at, size_t len)
{
	while (len >= sizeof(struct nlattr)) {
		struct nlattr a;
		memcpy(&a, at, sizeof a);
		size_t step = ((size_t)a.nla_len + NLA_ALIGNTO - 1) & ~(size_t)(NLA_ALIGNTO - 1);
		if (a.nla_len < sizeof a || a.nla_len > len)
			return;
		if ((a.nla_type & NLA_TYPE_MASK) == NFULA_PAYLOAD)
			refusals_add(r, at + sizeof a, a.nla_len - sizeof a);
		if (step >= len)
			return;
		at += step;
		len -= step;
	}
}

static void read_messages(struct refusals *r, const uint8_t *at, size_t len)
{
	const size_t before = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	while (len >= before) {
		struct nlmsghdr head;
		memcpy(&head, at, sizeof head);
		size_t step = ((size_t)head.nlmsg_len + NLMSG_ALIGNTO - 1) & ~(size_t)(NLMSG_ALIGNTO - 1);
		if (head.nlmsg_len < before || head.nlmsg_len > len)
			return;
		if (head.nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
			read_message(r, at + before, head.nlmsg_len - before);
		if (step >= len)
			return;
		at += step;
		len -= step;
	}
}

void refusals_read(struct refusals *r)
{
	uint8_t bytes[RECEIVED];
	for (int i = 0; i < AT_ONCE && r->fd >= 0; i++) {
		struct sockaddr_nl from = { .nl_family = AF_UNSPEC };
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(r->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		if (n < 0 && errno == ENOBUFS)
			r->more++;
		else if (n < 0)
			return;
		else if (from.nl_pid == 0) /* the kernel's */
			read_messages(r, bytes, (size_t)n);
	}
}

void refusal_text(const struct refusal *r, char ret[REFUSAL_TEXT])
{
	char address[INET6_ADDRSTRLEN], protocol[24];
	if (inet_ntop(r->family, r->address, address, sizeof address) == NULL)
		address[0] = '\0';
	if (r->protocol == IPPROTO_TCP || r->protocol == IPPROTO_UDP)
		(void)snprintf(
			protocol, sizeof protocol, "%s port %u", r->protocol == IPPROTO_TCP ? "TCP" : "UDP", (unsigned)r->port);
	else
		(void)snprintf(protocol, sizeof protocol, "IP protocol %u", (unsigned)r->protocol);
	(void)snprintf(ret, REFUSAL_TEXT, "%s at %s", protocol, address);
}

void refusals_tell(const struct refusals *r, int status_fd, bool quiet)
{
	char text[REFUSAL_TEXT];
	quiet = quiet || ((r->count > 0 || r->more > 0) && !event_room(STDERR_FILENO));
	for (size_t i = 0; i < r->count; i++) {
		uint64_t n = r->list[i].packets;
		refusal_text(&r->list[i], text);
		event_refused(status_fd, text, r->from, (int64_t)n);
		if (!quiet)
			(void)dprintf(STDERR_FILENO, "bailey: refused: %s (%" PRIu64 " packet%s); rules from %s\n", text, n,
				n == 1 ? "" : "s", r->from);
	}
	if (r->more == 0)
		return;
	event_refused(status_fd, NULL, r->from, (int64_t)r->more);
	if (!quiet)
		(void)dprintf(STDERR_FILENO, "bailey: refused: more that is not listed\n");
}
