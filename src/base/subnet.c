#include "base/subnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/inet.h"
#include "base/num.h"

unsigned subnet_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

int subnet_read(const char *text, struct subnet *ret)
{
	char address[INET_TEXT];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	int64_t prefix;
	*ret = (struct subnet){ 0 };
	if (len == 0 || len >= sizeof address)
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_address(address, &ret->family) < 0)
		return -EINVAL;
	(void)inet_pton(ret->family, address, ret->bytes);
	ret->prefix = subnet_bits(ret->family);
	if (slash == NULL)
		return 0;
	int r = num_int(slash + 1, 0, ret->prefix, &prefix);
	if (r == 0)
		ret->prefix = (unsigned)prefix;
	return r;
}

static void fill(struct subnet *s, bool ones)
{
	for (unsigned bit = s->prefix; bit < subnet_bits(s->family); bit++) {
		unsigned char mask = (unsigned char)(0x80U >> bit % 8);
		if (ones)
			s->bytes[bit / 8] |= mask;
		else
			s->bytes[bit / 8] &= (unsigned char)~mask;
	}
}

struct subnet subnet_network(const struct subnet *s)
{
	struct subnet n = *s;
	fill(&n, false);
	return n;
}

struct subnet subnet_last(const struct subnet *s)
{
	struct subnet n = *s;
	fill(&n, true);
	return n;
}

bool subnet_contains(const struct subnet *network, const struct subnet *s)
{
	if (network->family != s->family)
		return false;
	struct subnet at = *s, net = subnet_network(network);
	at.prefix = network->prefix;
	at = subnet_network(&at);
	return memcmp(at.bytes, net.bytes, sizeof at.bytes) == 0;
}

bool subnet_overlaps(const struct subnet *a, const struct subnet *b)
{
	return a->prefix <= b->prefix ? subnet_contains(a, b) : subnet_contains(b, a);
}

int subnet_compare(const struct subnet *a, const struct subnet *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

struct subnet subnet_add(const struct subnet *s, uint32_t n)
{
	struct subnet sum = *s;
	uint64_t carry = n;
	for (unsigned i = subnet_bits(s->family) / 8; i-- > 0 && carry > 0; carry >>= 8) {
		carry += sum.bytes[i];
		sum.bytes[i] = (unsigned char)(carry & 0xff);
	}
	return sum;
}

const char *subnet_address(struct arena *a, const struct subnet *s)
{
	char text[INET6_ADDRSTRLEN] = "";
	if (s->family != 0)
		(void)inet_ntop(s->family, s->bytes, text, sizeof text);
	return arena_strdup(a, text);
}

const char *subnet_text(struct arena *a, const struct subnet *s)
{
	return arena_printf(a, "%s/%u", subnet_address(a, s), s->prefix);
}
