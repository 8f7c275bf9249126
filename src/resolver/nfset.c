#include "resolver/nfset.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/name_set.h"

enum { BATCH = 8192, ANSWER = 4096, CHANGES = 3 };

/* A transaction: messages between a beginning and an end. The kernel carries out all of them or none. */
struct batch {
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[BATCH];
	size_t len;
	uint32_t sequence;
};

static void put(struct batch *b, const void *data, size_t len)
{
	if (b->len + NLMSG_ALIGN(len) > BATCH)
		return; /* cannot be: see the size of what is put */
	memcpy(b->bytes + b->len, data, len);
	memset(b->bytes + b->len + len, 0, NLMSG_ALIGN(len) - len);
	b->len += NLMSG_ALIGN(len);
}

/* An attribute, or with `data` NULL the beginning of one that contains others. Its place. */
static size_t put_attribute(struct batch *b, unsigned type, const void *data, size_t len)
{
	size_t at = b->len;
	const struct nlattr a = { .nla_len = (uint16_t)(sizeof a + len),
		.nla_type = (uint16_t)(type | (data == NULL ? NLA_F_NESTED : 0)) };
	put(b, &a, sizeof a);
	if (data != NULL)
		put(b, data, len);
	return at;
}

static void end_attribute(struct batch *b, size_t at)
{
	uint16_t len = (uint16_t)(b->len - at);
	memcpy(b->bytes + at, &len, sizeof len);
}

/* The head of a message. Its place, for end_message(). */
static size_t put_message(struct batch *b, unsigned type, unsigned flags, unsigned family, unsigned resource)
{
	size_t at = b->len;
	const struct nlmsghdr head = {
		.nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = b->sequence++
	};
	const struct nfgenmsg about = {
		.nfgen_family = (uint8_t)family, .version = NFNETLINK_V0, .res_id = htons((uint16_t)resource)
	};
	put(b, &head, sizeof head);
	put(b, &about, sizeof about);
	return at;
}

static void end_message(struct batch *b, size_t at)
{
	uint32_t len = (uint32_t)(b->len - at);
	memcpy(b->bytes + at, &len, sizeof len);
}

static void begin(struct batch *b)
{
	b->len = 0;
	b->sequence = 1;
	end_message(b, put_message(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

/* One change to a set. With `count` 0 it is about all of its elements. */
static void put_change(
	struct batch *b, unsigned what, unsigned group, unsigned version, const struct dns_address *list, size_t count, uint64_t ms)
{
	char set[NAME_SET_TEXT];
	(void)snprintf(set, sizeof set, NAME_SET_FORMAT, group, version);
	size_t message = put_message(b, NFNL_SUBSYS_NFTABLES << 8 | what,
		NLM_F_ACK | (what == NFT_MSG_NEWSETELEM ? (unsigned)NLM_F_CREATE : 0U), NFPROTO_INET, 0);
	(void)put_attribute(b, NFTA_SET_ELEM_LIST_TABLE, NAME_SET_TABLE, sizeof NAME_SET_TABLE);
	(void)put_attribute(b, NFTA_SET_ELEM_LIST_SET, set, strlen(set) + 1);
	size_t elements = count > 0 ? put_attribute(b, NFTA_SET_ELEM_LIST_ELEMENTS, NULL, 0) : 0;
	const uint64_t timeout = htobe64(ms);
	for (size_t i = 0; i < count; i++) {
		size_t element = put_attribute(b, NFTA_LIST_ELEM, NULL, 0);
		size_t key = put_attribute(b, NFTA_SET_ELEM_KEY, NULL, 0);
		(void)put_attribute(b, NFTA_DATA_VALUE, list[i].bytes, list[i].size);
		end_attribute(b, key);
		if (ms != 0)
			(void)put_attribute(b, NFTA_SET_ELEM_TIMEOUT, &timeout, sizeof timeout);
		end_attribute(b, element);
	}
	if (count > 0)
		end_attribute(b, elements);
	end_message(b, message);
}

/* The kernel has answered before sendto(2) returns: one message for each change. */
static int send_batch(int fd, struct batch *b, unsigned changes)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[ANSWER];
	end_message(b, put_message(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
	/* What was left unread would be taken for the answer. */
	while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) >= 0 || errno == ENOBUFS) {
	}
	if (sendto(fd, b->bytes, b->len, 0, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN ? -EPROTO : -errno;
		for (size_t at = 0; (size_t)n - at >= sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr);) {
			struct nlmsghdr head;
			struct nlmsgerr error;
			memcpy(&head, bytes + at, sizeof head);
			memcpy(&error, bytes + at + sizeof head, sizeof error);
			if (head.nlmsg_type != NLMSG_ERROR || head.nlmsg_len < sizeof head + sizeof error)
				return -EPROTO;
			if (error.error != 0)
				return error.error;
			if (--changes == 0)
				return 0;
			at += NLMSG_ALIGN(head.nlmsg_len);
			if (at >= (size_t)n)
				break;
		}
	}
}

int nfset_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	return fd < 0 ? -errno : fd;
}

int nfset_put(int fd, unsigned group, const struct dns_address *list, size_t count, uint64_t ms)
{
	struct batch b;
	if (count == 0)
		return 0;
	if (count > DNS_ADDRESSES)
		return -E2BIG;
	unsigned version = list[0].size == 4 ? 4 : 6;
	/* To add one that is there changes nothing, its end neither, and to remove one that is not there is a mistake. */
	begin(&b);
	put_change(&b, NFT_MSG_NEWSETELEM, group, version, list, count, ms);
	put_change(&b, NFT_MSG_DELSETELEM, group, version, list, count, 0);
	put_change(&b, NFT_MSG_NEWSETELEM, group, version, list, count, ms);
	return send_batch(fd, &b, CHANGES);
}

int nfset_empty(int fd, unsigned group)
{
	struct batch b;
	begin(&b);
	put_change(&b, NFT_MSG_DELSETELEM, group, 4, NULL, 0, 0);
	put_change(&b, NFT_MSG_DELSETELEM, group, 6, NULL, 0, 0);
	return send_batch(fd, &b, 2);
}
