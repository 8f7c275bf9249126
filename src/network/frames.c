#include "network/frames.h"

#include <ctype.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Places in a frame: an Ethernet header of 14 bytes, and then. */
enum {
	SENDER_MAC = 6,
	TYPE = 12,
	ARP_HEAD = 14, /* kinds and lengths of the addresses, what is said, and then the sender's two addresses */
	ARP_LENGTHS = 18,
	ARP_SENDER_MAC = 22,
	ARP_SENDER = 28,
	ARP_END = 42,
	IP4_SENDER = 26,
	IP4_END = 34,
	IP6_NEXT = 20,
	IP6_SENDER = 22,
	IP6_END = 54,
	FRAGMENT_PLACE = 56, /* of an IPv6 fragment in the whole, in the upper 13 bits */
	FRAGMENT_END = 62,
	ND_TARGET = 8, /* from the ICMPv6 header on */
};

enum { AH = IPPROTO_AH };

static void put(struct frames *f, uint16_t code, unsigned yes, unsigned no, uint32_t k)
{
	/* What did not fit would be a program that the kernel refuses: it does not end with a return. */
	if (f->count < FRAMES_MAX)
		f->code[f->count++] = (struct sock_filter){ code, (uint8_t)yes, (uint8_t)no, k };
}

static void refuse(struct frames *f)
{
	put(f, BPF_RET | BPF_K, 0, 0, 0);
}

static void allow(struct frames *f)
{
	put(f, BPF_RET | BPF_K, 0, 0, UINT32_MAX);
}

static void load(struct frames *f, uint16_t size, uint32_t at)
{
	put(f, (uint16_t)(BPF_LD | size | BPF_ABS), 0, 0, at);
}

static void refuse_unless(struct frames *f, uint32_t value)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value);
	refuse(f);
}

static void refuse_if(struct frames *f, uint32_t value)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
	refuse(f);
}

static void refuse_shorter(struct frames *f, uint32_t length)
{
	put(f, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	put(f, BPF_JMP | BPF_JGE | BPF_K, 1, 0, length);
	refuse(f);
}

/* The beginning of a part that is for one value only; end_part() is where others go on. */
static size_t part_for(struct frames *f, uint32_t value)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, value);
	return f->count - 1;
}

static void end_part(struct frames *f, size_t from)
{
	f->code[from].jf = (uint8_t)(f->count - from - 1);
}

static uint32_t word(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void refuse_unless_mac(struct frames *f, uint32_t at, const unsigned char *mac)
{
	load(f, BPF_W, at);
	refuse_unless(f, word(mac));
	load(f, BPF_H, at + 4);
	refuse_unless(f, (uint32_t)mac[4] << 8 | mac[5]);
}

/*
 * Goes on at once when the 16 bytes at `at` are another address; land() is where it goes on else.  `from` is BPF_ABS, or BPF_IND for what
 * is counted from X.
 */
static size_t jump_if_address(struct frames *f, uint16_t from, uint32_t at, const unsigned char *address)
{
	for (unsigned i = 0; i < 4; i++) {
		put(f, (uint16_t)(BPF_LD | BPF_W | from), 0, 0, at + 4 * i);
		put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 2 * (3 - i), word(address + (size_t)4 * i));
	}
	return f->count - 1;
}

static void land(struct frames *f, size_t from)
{
	f->code[from].jt = (uint8_t)(f->count - from - 1);
}

static void arp(struct frames *f, const unsigned char *mac, const struct subnet *at)
{
	size_t part = part_for(f, ETH_P_ARP);
	refuse_shorter(f, ARP_END);
	load(f, BPF_W, ARP_HEAD);
	refuse_unless(f, ARPHRD_ETHER << 16 | ETH_P_IP);
	load(f, BPF_H, ARP_LENGTHS);
	refuse_unless(f, MAC_BYTES << 8 | 4);
	refuse_unless_mac(f, ARP_SENDER_MAC, mac);
	load(f, BPF_W, ARP_SENDER);
	refuse_unless(f, word(at->bytes));
	allow(f);
	end_part(f, part);
}

static void ip4(struct frames *f, const struct subnet *at)
{
	size_t part = part_for(f, ETH_P_IP);
	refuse_shorter(f, IP4_END);
	load(f, BPF_W, IP4_SENDER);
	refuse_unless(f, word(at->bytes));
	allow(f);
	end_part(f, part);
}

/* Two addresses, 16 bytes each: the one that is assigned and the link-local one. */
struct own6 {
	const unsigned char *address;
	unsigned char local[16];
};

/* A message of ICMPv6, whose header X points to: no claims about others' addresses, and no words of a router. */
static void icmp6(struct frames *f, const struct own6 *own)
{
	put(f, BPF_LD | BPF_B | BPF_IND, 0, 0, 0);
	refuse_if(f, ND_ROUTER_ADVERT);
	refuse_if(f, ND_REDIRECT);
	size_t part = part_for(f, ND_NEIGHBOR_ADVERT);
	size_t given = jump_if_address(f, BPF_IND, ND_TARGET, own->address);
	size_t local = jump_if_address(f, BPF_IND, ND_TARGET, own->local);
	refuse(f);
	end_part(f, part);
	land(f, given);
	land(f, local);
	allow(f);
}

/*
 * A piece of a larger packet: no neighbour discovery at all, which nobody sends so and no receiver takes so (RFC 6980).  A's value is what
 * the fragment's header says that follows.
 */
static void fragment6(struct frames *f)
{
	size_t part = part_for(f, IPPROTO_FRAGMENT);
	refuse_shorter(f, FRAGMENT_END);
	load(f, BPF_B, IP6_END);
	static const uint32_t headers[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS, AH };
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		refuse_if(f, headers[i]);
	size_t icmp = part_for(f, IPPROTO_ICMPV6);
	load(f, BPF_H, FRAGMENT_PLACE);
	put(f, BPF_JMP | BPF_JSET | BPF_K, 0, 1, 0xfff8);
	allow(f);
	load(f, BPF_B, FRAGMENT_END);
	put(f, BPF_JMP | BPF_JGE | BPF_K, 0, 2, ND_ROUTER_SOLICIT);
	put(f, BPF_JMP | BPF_JGT | BPF_K, 1, 0, ND_REDIRECT);
	refuse(f);
	end_part(f, icmp);
	allow(f);
	end_part(f, part);
}

/* What follows the header of IPv6: at most one header with options before that of the message. A's value is its kind. */
static void next6(struct frames *f, const struct own6 *own)
{
	static const uint32_t options[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS };
	static const uint32_t headers[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS, AH };
	load(f, BPF_B, IP6_NEXT);
	fragment6(f);
	refuse_if(f, AH);
	size_t plain = part_for(f, IPPROTO_ICMPV6);
	put(f, BPF_LDX | BPF_IMM, 0, 0, IP6_END);
	icmp6(f, own);
	end_part(f, plain);
	/* Each of them leads behind the next instruction, which allows what is neither. */
	for (unsigned i = 0; i < 3; i++)
		put(f, BPF_JMP | BPF_JEQ | BPF_K, 3 - i, 0, options[i]);
	allow(f);
	refuse_shorter(f, IP6_END + 8);
	load(f, BPF_B, IP6_END);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		refuse_if(f, headers[i]);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, IPPROTO_ICMPV6);
	allow(f);
	/* Its length is in units of 8 bytes, the first of which does not count. */
	load(f, BPF_B, IP6_END + 1);
	put(f, BPF_ALU | BPF_LSH | BPF_K, 0, 0, 3);
	put(f, BPF_ALU | BPF_ADD, 0, 0, IP6_END + 8);
	put(f, BPF_MISC | BPF_TAX, 0, 0, 0);
	icmp6(f, own);
}

/* A question whether somebody has one of its own addresses: before it uses that, a machine asks so, as nobody. */
static void question6(struct frames *f, const struct own6 *own)
{
	load(f, BPF_B, IP6_NEXT);
	refuse_unless(f, IPPROTO_ICMPV6);
	load(f, BPF_B, IP6_END);
	refuse_unless(f, ND_NEIGHBOR_SOLICIT);
	size_t given = jump_if_address(f, BPF_ABS, IP6_END + ND_TARGET, own->address);
	size_t local = jump_if_address(f, BPF_ABS, IP6_END + ND_TARGET, own->local);
	refuse(f);
	land(f, given);
	land(f, local);
	allow(f);
}

static void ip6(struct frames *f, const unsigned char *mac, const struct subnet *at)
{
	static const unsigned char nobody[16] = { 0 };
	struct own6 own = { .address = at->bytes };
	size_t part = part_for(f, ETH_P_IPV6);
	frames_link_local(mac, own.local);
	refuse_shorter(f, IP6_END);
	size_t given = jump_if_address(f, BPF_ABS, IP6_SENDER, own.address);
	size_t local = jump_if_address(f, BPF_ABS, IP6_SENDER, own.local);
	size_t none = jump_if_address(f, BPF_ABS, IP6_SENDER, nobody);
	refuse(f);
	land(f, none);
	question6(f, &own);
	land(f, given);
	land(f, local);
	next6(f, &own);
	end_part(f, part);
}

void frames_allow(struct frames *ret, const unsigned char mac[MAC_BYTES], const struct subnet at[2])
{
	ret->count = 0;
	/* The kernel has taken the tag of a virtual LAN out of the frame already, and the bridge would believe it. */
	put(ret, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
	refuse_unless(ret, 0);
	refuse_unless_mac(ret, SENDER_MAC, mac);
	load(ret, BPF_H, TYPE);
	if (at[0].family != 0) {
		arp(ret, mac, &at[0]);
		load(ret, BPF_H, TYPE);
		ip4(ret, &at[0]);
	}
	if (at[1].family != 0)
		ip6(ret, mac, &at[1]);
	refuse(ret);
}

void frames_link_local(const unsigned char mac[MAC_BYTES], unsigned char ret[16])
{
	static const unsigned char prefix[8] = { 0xfe, 0x80 };
	memcpy(ret, prefix, sizeof prefix);
	ret[8] = mac[0] ^ 2;
	ret[9] = mac[1];
	ret[10] = mac[2];
	ret[11] = 0xff;
	ret[12] = 0xfe;
	memcpy(ret + 13, mac + 3, 3);
}

int frames_mac_read(const char *text, unsigned char ret[MAC_BYTES])
{
	if (strlen(text) != MAC_TEXT - 1)
		return -EINVAL;
	for (size_t i = 0; i < MAC_BYTES; i++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) || (i < MAC_BYTES - 1 && text[2] != ':'))
			return -EINVAL;
		ret[i] = (unsigned char)strtoul(text, NULL, 16);
	}
	static const unsigned char none[MAC_BYTES] = { 0 };
	return (ret[0] & 1) != 0 || memcmp(ret, none, sizeof none) == 0 ? -EINVAL : 0;
}

void frames_mac_text(const unsigned char mac[MAC_BYTES], char ret[MAC_TEXT])
{
	(void)snprintf(ret, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}
