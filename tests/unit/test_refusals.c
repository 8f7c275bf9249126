/* What network.log makes of packets that the program wrote. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "launch/refusals.h"
#include "tap.h"

static struct refusals r;

/* An IPv4 header and the ports, of which `len` bytes are looked at. */
static void add4(uint8_t protocol, uint8_t last, uint16_t port, uint8_t words, size_t len)
{
	uint8_t p[64] = { (uint8_t)(0x40 | words) };
	p[9] = protocol;
	p[16] = 192;
	p[17] = 0;
	p[18] = 2;
	p[19] = last;
	if (words * 4 + 4 <= (int)sizeof p) {
		p[words * 4 + 2] = (uint8_t)(port >> 8);
		p[words * 4 + 3] = (uint8_t)port;
	}
	refusals_add(&r, p, len);
}

static void add6(uint8_t protocol, uint16_t port, size_t len)
{
	uint8_t p[64] = { 0x60 };
	p[6] = protocol;
	p[24] = 0x20;
	p[25] = 0x01;
	p[26] = 0x0d;
	p[27] = 0xb8;
	p[39] = 1;
	p[42] = (uint8_t)(port >> 8);
	p[43] = (uint8_t)port;
	refusals_add(&r, p, len);
}

static const char *text(size_t i)
{
	static char t[REFUSAL_TEXT];
	refusal_text(&r.list[i], t);
	return i < r.count ? t : "none";
}

static void test_packets(void)
{
	r = (struct refusals){ .fd = -1 };
	add4(IPPROTO_TCP, 1, 8080, 5, 40);
	add4(IPPROTO_TCP, 1, 8080, 5, 40);
	ok(r.count == 1 && r.list[0].packets == 2, "the same twice is one with two packets");
	same(text(0), "TCP port 8080 at 192.0.2.1", "in words");
	add4(IPPROTO_UDP, 1, 8080, 5, 28);
	same(text(1), "UDP port 8080 at 192.0.2.1", "another protocol");
	add4(IPPROTO_TCP, 2, 443, 7, 40);
	same(text(2), "TCP port 443 at 192.0.2.2", "behind options of the header");
	add4(IPPROTO_ICMP, 1, 2048, 5, 40);
	same(text(3), "IP protocol 1 at 192.0.2.1", "a protocol without ports");
	add6(IPPROTO_TCP, 25, 60);
	same(text(4), "TCP port 25 at 2001:db8::1", "IPv6");
	ok(r.more == 0 && r.count == 5, "and nothing else");
}

static void test_short(void)
{
	r = (struct refusals){ .fd = -1 };
	for (size_t len = 0; len < 20; len++)
		add4(IPPROTO_TCP, 1, 80, 5, len);
	for (size_t len = 0; len < 40; len++)
		add6(IPPROTO_TCP, 80, len);
	ok(r.count == 0 && r.more == 60, "less than a header is only counted");
	add4(IPPROTO_TCP, 1, 80, 5, 23);
	same(text(0), "TCP port 0 at 192.0.2.1", "no ports");
	add4(IPPROTO_TCP, 1, 80, 15, 24);
	ok(r.count == 1, "a header longer than the packet has none either");
	uint8_t other[40] = { 0x50 };
	refusals_add(&r, other, sizeof other);
	ok(r.more == 61, "another version");
}

static void test_many(void)
{
	r = (struct refusals){ .fd = -1 };
	for (unsigned port = 1; port <= 1000; port++)
		add4(IPPROTO_TCP, 1, (uint16_t)port, 5, 40);
	ok(r.count == REFUSALS_MAX && r.more == 1000 - REFUSALS_MAX, "no more than there is room for");
	add4(IPPROTO_TCP, 1, 1, 5, 40);
	ok(r.list[0].packets == 2, "those that are known go on being counted");
}

int main(void)
{
	test_packets();
	test_short();
	test_many();
	return tap_done();
}
