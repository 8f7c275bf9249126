#include "base/inet_rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

enum { PART = INET_TEXT + 4, BYTE_BITS = 8 };

__attribute__((format(printf, 2, 3))) static int refuse(char why[INET_RULE_WHY], const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(why, INET_RULE_WHY, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Digits alone, as num_int() takes more. */
static int number(const char *text, size_t len, int64_t min, int64_t max, int64_t *ret)
{
	char digits[8];
	if (len == 0 || len >= sizeof digits || strspn(text, "0123456789") < len)
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = '\0';
	return num_int(digits, min, max, ret);
}

static int ports(const char *text, struct inet_rule *r, char *why)
{
	size_t len = strlen(text), dash = strcspn(text, "-");
	int64_t first, last;
	if (number(text, dash, 1, UINT16_MAX, &first) < 0)
		return refuse(why, "a port is a number from 1 to %d", UINT16_MAX);
	last = first;
	if (dash < len && number(text + dash + 1, len - dash - 1, 1, UINT16_MAX, &last) < 0)
		return refuse(why, "a port is a number from 1 to %d", UINT16_MAX);
	if (last < first)
		return refuse(why, "the range of ports ends before it begins");
	r->first = (uint16_t)first;
	r->last = (uint16_t)last;
	return 0;
}

/* Clears the bits beyond the prefix; true when there were any. */
static bool cut(unsigned char *bytes, size_t size, unsigned prefix)
{
	bool any = false;
	for (size_t i = 0; i < size; i++) {
		unsigned before = (unsigned)i * BYTE_BITS;
		unsigned keep = prefix <= before ? 0 : prefix - before >= BYTE_BITS ? BYTE_BITS : prefix - before;
		unsigned char mask = (unsigned char)(0xff00u >> keep);
		any = any || (bytes[i] & (unsigned char)~mask) != 0;
		bytes[i] &= mask;
	}
	return any;
}

static int addresses(const char *text, struct inet_rule *r, char *why)
{
	char part[PART];
	size_t len = strcspn(text, "/");
	struct in6_addr bytes;
	if (len == 0 || len >= sizeof part)
		return refuse(why, "an address is wanted");
	memcpy(part, text, len);
	part[len] = '\0';
	r->family = strchr(part, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(r->family, part, &bytes) != 1)
		return refuse(why, "there is no IPv4 or IPv6 address in it where one is wanted");
	/* Packets to such an address are IPv4, and a rule for it would match none. */
	if (r->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&bytes))
		return refuse(why, "write the IPv4 address alone, without \"::ffff:\"");
	bool six = r->family == AF_INET6;
	int64_t prefix = six ? 128 : 32;
	if (text[len] == '/' && number(text + len + 1, strlen(text + len + 1), 0, prefix, &prefix) < 0)
		return refuse(why, "after the / goes a number from 0 to %d", six ? 128 : 32);
	r->prefix = (unsigned)prefix;
	bool beyond = cut((unsigned char *)&bytes, six ? 16 : 4, r->prefix);
	if (inet_ntop(r->family, &bytes, r->address, sizeof r->address) == NULL)
		return refuse(why, "the address cannot be written");
	return beyond ? refuse(why, "the address has bits set beyond its prefix; the network is %s/%u", r->address, r->prefix) : 0;
}

/* What follows an "@". */
static int where(const char *text, struct inet_rule *r, char *why)
{
	bool address = strpbrk(text, ":/") != NULL || strspn(text, "0123456789.") == strlen(text);
	if (address)
		return addresses(text, r, why);
	const char *wrong = domain_pattern(text, r->name);
	return wrong != NULL ? refuse(why, "%s", wrong) : 0;
}

/* ":echo", and where to. */
static int echo(const char *text, struct inet_rule *r, char *why)
{
	static const char word[] = ":echo";
	r->protocol = IPPROTO_ICMP;
	bool is_echo = strncmp(text, word, sizeof word - 1) == 0;
	const char *rest = is_echo ? text + sizeof word - 1 : text;
	if (!is_echo || (*rest != '\0' && *rest != '@'))
		return refuse(why, "of ICMP there is \"icmp:echo\", which ping sends");
	return *rest == '@' ? where(rest + 1, r, why) : 0;
}

int inet_rule(const char *text, struct inet_rule *ret, char why[INET_RULE_WHY])
{
	*ret = (struct inet_rule){ .protocol = 0 };
	size_t word = strcspn(text, ":@");
	if (word == 4 && strncmp(text, "icmp", 4) == 0)
		return echo(text + word, ret, why);
	if (word == 3 && (strncmp(text, "tcp", 3) == 0 || strncmp(text, "udp", 3) == 0)) {
		ret->protocol = text[0] == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	} else {
		bool letters = word > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") >= word;
		bool hex = strspn(text, "0123456789abcdefABCDEF:") == strlen(text); /* "fe80::" */
		if (letters && !hex)
			return refuse(why, "it begins with \"tcp\", \"udp\", \"icmp\" or an address");
		return addresses(text, ret, why);
	}
	const char *rest = text + word;
	if (*rest == ':') {
		char part[PART];
		size_t len = strcspn(++rest, "@");
		if (len >= sizeof part)
			return refuse(why, "a port is a number from 1 to %d", UINT16_MAX);
		memcpy(part, rest, len);
		part[len] = '\0';
		int r = ports(part, ret, why);
		if (r < 0)
			return r;
		rest += len;
	}
	return *rest == '@' ? where(rest + 1, ret, why) : 0;
}
