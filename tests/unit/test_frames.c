/* The frames that a sandbox may send, judged by the kernel: the program is the filter of a socket that gets them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network/frames.h"
#include "tap.h"

static const unsigned char own_mac[MAC_BYTES] = { 2, 0, 0, 0, 0, 5 }, other_mac[MAC_BYTES] = { 2, 0, 0, 0, 0, 6 };
static const char own4[] = "10.9.0.5", other4[] = "10.9.0.6", own6[] = "fd00:9::5", other6[] = "fd00:9::6";
static const char local6[] = "fe80::ff:fe00:5";

struct frame {
	unsigned char bytes[256];
	size_t len;
};

/* Whether the kernel lets it pass: an empty datagram comes after it in any case, and nothing of it before when it was dropped. */
static bool passes(const struct frames *f, const struct frame *x)
{
	int pair[2];
	char got[256];
	struct sock_fprog program = { .len = (unsigned short)f->count, .filter = (struct sock_filter *)f->code };
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 ||
		setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) {
		ok(false, "the kernel takes the program: %s", strerror(errno));
		return false;
	}
	(void)!send(pair[0], x->bytes, x->len, 0);
	ssize_t n = recv(pair[1], got, sizeof got, MSG_DONTWAIT);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return n == (ssize_t)x->len;
}

static struct frame ether(const unsigned char *mac, uint16_t type)
{
	struct frame x = { .bytes = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, .len = ETH_HLEN };
	memcpy(x.bytes + 6, mac, MAC_BYTES);
	x.bytes[12] = (unsigned char)(type >> 8);
	x.bytes[13] = (unsigned char)type;
	return x;
}

static struct frame arp(const unsigned char *mac, const unsigned char *sender, const char *from)
{
	static const unsigned char head[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	struct frame x = ether(mac, ETH_P_ARP);
	memcpy(x.bytes + 14, head, sizeof head);
	memcpy(x.bytes + 22, sender, MAC_BYTES);
	(void)inet_pton(AF_INET, from, x.bytes + 28);
	x.len = 60;
	return x;
}

static struct frame ip4(const unsigned char *mac, const char *from)
{
	struct frame x = ether(mac, ETH_P_IP);
	x.bytes[14] = 0x45;
	(void)inet_pton(AF_INET, from, x.bytes + 26);
	x.len = 60;
	return x;
}

/* `rest` follows the header, the kind of which is `next`. */
static struct frame ip6(const char *from, unsigned char next, const void *rest, size_t len)
{
	struct frame x = ether(own_mac, ETH_P_IPV6);
	x.bytes[14] = 0x60;
	x.bytes[20] = next;
	(void)inet_pton(AF_INET6, from, x.bytes + 22);
	memcpy(x.bytes + 54, rest, len);
	x.len = 54 + len;
	return x;
}

/* Neighbour discovery about an address, behind `options` bytes of headers of the kind `first`. */
static struct frame nd(const char *from, unsigned char type, const char *target, unsigned char first, size_t options)
{
	unsigned char rest[128] = { 0 };
	if (options > 0) {
		rest[0] = IPPROTO_ICMPV6;
		rest[1] = first == IPPROTO_FRAGMENT ? 0 : (unsigned char)(options / 8 - 1);
	}
	rest[options] = type;
	(void)inet_pton(AF_INET6, target, rest + options + 8);
	return ip6(from, options > 0 ? first : IPPROTO_ICMPV6, rest, options + 32);
}

static void judge(const struct frames *f, bool want, struct frame x, const char *what)
{
	ok(passes(f, &x) == want, "%s: %s", want ? "passes" : "is dropped", what);
}

static void test_ip4(const struct frames *f)
{
	judge(f, true, arp(own_mac, own_mac, own4), "ARP about its own address");
	judge(f, false, arp(own_mac, own_mac, other4), "ARP about another's address");
	judge(f, false, arp(own_mac, other_mac, own4), "ARP with another's hardware address inside");
	judge(f, false, arp(other_mac, own_mac, own4), "ARP from another's hardware address");
	judge(f, false, arp(own_mac, own_mac, "0.0.0.0"), "ARP from nobody");
	struct frame x = arp(own_mac, own_mac, own4);
	x.bytes[15] = 6;
	judge(f, false, x, "ARP of another kind of network");
	x = arp(own_mac, own_mac, own4);
	x.len = 41;
	judge(f, false, x, "ARP that is cut off");
	judge(f, true, ip4(own_mac, own4), "IPv4 from its own address");
	judge(f, false, ip4(own_mac, other4), "IPv4 from another's address");
	judge(f, false, ip4(other_mac, own4), "IPv4 from another's hardware address");
	x = ip4(own_mac, own4);
	x.len = 33;
	judge(f, false, x, "IPv4 that is cut off");
	x.len = 10;
	judge(f, false, x, "a frame that is cut off");
	judge(f, false, ether(own_mac, 0x8100), "a tag of a virtual LAN");
	judge(f, false, ether(own_mac, 0x88cc), "another protocol (LLDP)");
	judge(f, false, ether(own_mac, 4), "another protocol (spanning tree)");
}

static void test_ip6(const struct frames *f)
{
	static const unsigned char udp[8] = { 0 }, behind[16] = { IPPROTO_UDP }, twice[24] = { IPPROTO_DSTOPTS };
	judge(f, true, ip6(own6, IPPROTO_UDP, udp, sizeof udp), "IPv6 from its own address");
	judge(f, true, ip6(local6, IPPROTO_UDP, udp, sizeof udp), "IPv6 from its own link-local address");
	judge(f, false, ip6(other6, IPPROTO_UDP, udp, sizeof udp), "IPv6 from another's address");
	judge(f, false, ip6("fe80::ff:fe00:6", IPPROTO_UDP, udp, sizeof udp), "IPv6 from another's link-local address");
	judge(f, false, ip6("::", IPPROTO_UDP, udp, sizeof udp), "IPv6 from nobody");
	judge(f, true, ip6(own6, IPPROTO_HOPOPTS, behind, sizeof behind), "IPv6 with options");
	judge(f, true, ip6(own6, IPPROTO_FRAGMENT, behind, sizeof behind), "a piece of IPv6");
	judge(f, false, ip6(own6, IPPROTO_HOPOPTS, twice, sizeof twice), "IPv6 with options behind options");
	judge(f, true, nd(own6, 135, other6, 0, 0), "the question who has another address");
	judge(f, true, nd("::", 135, own6, 0, 0), "the question whether its own address is free");
	judge(f, true, nd("::", 135, local6, 0, 0), "the same for the link-local one");
	judge(f, false, nd("::", 135, other6, 0, 0), "the same for another's");
	judge(f, true, nd(own6, 136, own6, 0, 0), "the answer that it has its own address");
	judge(f, true, nd(own6, 136, local6, 0, 0), "the answer that it has its link-local address");
	judge(f, false, nd(own6, 136, other6, 0, 0), "the answer that it has another's address");
	judge(f, false, nd(own6, 136, other6, IPPROTO_HOPOPTS, 8), "the same behind options");
	judge(f, false, nd(own6, 136, other6, IPPROTO_DSTOPTS, 16), "the same behind longer ones");
	judge(f, false, nd(own6, 136, other6, IPPROTO_ROUTING, 8), "the same behind a route");
	judge(f, true, nd(own6, 136, own6, IPPROTO_HOPOPTS, 8), "its own behind options");
	judge(f, false, nd(own6, 136, own6, IPPROTO_FRAGMENT, 8), "an answer in pieces");
	judge(f, false, nd(own6, 134, own6, 0, 0), "a router's advertisement");
	judge(f, false, nd(own6, 137, own6, 0, 0), "a router's redirect");
	judge(f, false, nd(local6, 134, own6, IPPROTO_HOPOPTS, 8), "a router's advertisement behind options");
	judge(f, true, nd(own6, 128, own6, 0, 0), "an echo request");
	judge(f, true, nd(own6, 128, own6, IPPROTO_FRAGMENT, 8), "an echo request in pieces");
	struct frame x = nd(own6, 136, own6, 0, 0);
	x.len = 54 + 16;
	judge(f, false, x, "an answer that is cut off");
	x = nd(own6, 136, other6, IPPROTO_HOPOPTS, 8);
	x.bytes[55] = 0xff;
	judge(f, false, x, "options that are longer than the packet");
}

int main(void)
{
	struct subnet at[2] = { { .family = 0 } }, none[2] = { { .family = 0 } };
	struct frames f;
	unsigned char mac[MAC_BYTES];
	char text[MAC_TEXT];
	(void)subnet_read("10.9.0.5/24", &at[0]);
	(void)subnet_read("fd00:9::5/64", &at[1]);
	frames_allow(&f, own_mac, at);
	ok(f.count < FRAMES_MAX, "the program fits: %zu instructions", f.count);
	test_ip4(&f);
	test_ip6(&f);
	none[0] = at[0];
	frames_allow(&f, own_mac, none);
	judge(&f, true, ip4(own_mac, own4), "IPv4 of one that has IPv4 alone");
	judge(&f, false, nd("::", 135, local6, 0, 0), "IPv6 of one that has IPv4 alone");
	none[0].family = 0;
	none[1] = at[1];
	frames_allow(&f, own_mac, none);
	judge(&f, false, arp(own_mac, own_mac, "0.0.0.0"), "ARP of one that has IPv6 alone");
	judge(&f, true, nd(own6, 136, own6, 0, 0), "IPv6 of one that has IPv6 alone");
	ok(frames_mac_read("02:00:00:00:00:05", mac) == 0 && memcmp(mac, own_mac, sizeof mac) == 0, "a hardware address");
	frames_mac_text(mac, text);
	ok(strcmp(text, "02:00:00:00:00:05") == 0, "and back");
	ok(frames_mac_read("01:00:00:00:00:05", mac) < 0 && frames_mac_read("00:00:00:00:00:00", mac) < 0 &&
			frames_mac_read("02:00:00:00:00:5", mac) < 0 && frames_mac_read("02-00-00-00-00-05", mac) < 0 &&
			frames_mac_read("02:00:00:00:00: 5", mac) < 0,
		"what is none");
	return tap_done();
}
