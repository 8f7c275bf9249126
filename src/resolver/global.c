#include "resolver/global.h"

#include <string.h>

enum { BYTE_BITS = 8 };

bool address_within(const uint8_t *bytes, const uint8_t *network, unsigned prefix)
{
	unsigned whole = prefix / BYTE_BITS, rest = prefix % BYTE_BITS;
	uint8_t mask = (uint8_t)(0xff00u >> rest);
	return memcmp(bytes, network, whole) == 0 && (rest == 0 || ((bytes[whole] ^ network[whole]) & mask) == 0);
}

struct range {
	uint8_t network[16];
	unsigned prefix;
};

static bool is_in(const uint8_t *bytes, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (address_within(bytes, ranges[i].network, ranges[i].prefix))
			return true;
	return false;
}

static const struct range special4[] = {
	{ { 0 }, 8 }, /* this host, this network */
	{ { 10 }, 8 }, /* private */
	{ { 100, 64 }, 10 }, /* shared behind a provider's translation */
	{ { 127 }, 8 }, /* loopback */
	{ { 169, 254 }, 16 }, /* link; clouds serve their machines' secrets there */
	{ { 172, 16 }, 12 }, /* private */
	{ { 192, 0, 0 }, 24 }, /* protocols */
	{ { 192, 0, 2 }, 24 }, /* documentation */
	{ { 192, 88, 99 }, 24 }, /* relays of 6to4 */
	{ { 192, 168 }, 16 }, /* private */
	{ { 198, 18 }, 15 }, /* measuring */
	{ { 198, 51, 100 }, 24 }, /* documentation */
	{ { 203, 0, 113 }, 24 }, /* documentation */
	{ { 224 }, 3 }, /* groups, reserved, broadcast */
};

/* All unicast that was given out lies in 2000::/3; what is outside is local, a group, mapped or translated. */
static const struct range unicast6[] = { { { 0x20 }, 3 } };
static const struct range special6[] = {
	{ { 0x20, 0x01, 0x00 }, 23 }, /* protocols, Teredo */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
	{ { 0x20, 0x02 }, 16 }, /* 6to4: an IPv4 address is in it */
	{ { 0x3f, 0xff, 0x00 }, 20 }, /* documentation */
};

bool address_is_global(const uint8_t *bytes, size_t size)
{
	if (size == 4)
		return !is_in(bytes, special4, sizeof special4 / sizeof *special4);
	return is_in(bytes, unicast6, 1) && !is_in(bytes, special6, sizeof special6 / sizeof *special6);
}
