/* Texts of network.address and network.mac. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/subnet.h"
#include "conf/value.h"

enum { MAC_TEXT = 17 };

static bool is_multicast(const struct subnet *s)
{
	return s->family == AF_INET ? s->bytes[0] >= 224 : s->bytes[0] == 0xff;
}

bool value_interface(const struct place *at, const char *text)
{
	struct subnet s;
	struct diag *e;
	if (strcmp(text, "pool") == 0)
		return true;
	int r = subnet_read(text, &s);
	if (r == -ERANGE) {
		diag_error(at->d, at->origin, at->setting, "the prefix in \"%s\" is not between 0 and %u", text,
			subnet_bits(s.family));
		return false;
	}
	if (r < 0 || strchr(text, '/') == NULL) {
		e = diag_error(at->d, at->origin, at->setting, "\"%s\" is no address with a prefix", text);
		diag_hint(at->d, e, "write \"10.9.0.5/24\", \"fd00:9::5/64\", or \"pool\" for the next free ones");
		return false;
	}
	struct subnet net = subnet_network(&s), last = subnet_last(&s);
	bool small = s.prefix + 1 >= subnet_bits(s.family);
	if (is_multicast(&s) || s.prefix == 0 || (!small && subnet_compare(&s, &net) == 0) ||
		(!small && s.family == AF_INET && subnet_compare(&s, &last) == 0)) {
		diag_error(at->d, at->origin, at->setting, "\"%s\" cannot be the address of one interface", text);
		return false;
	}
	return true;
}

bool value_mac(const struct place *at, const char *text)
{
	bool good = strlen(text) == MAC_TEXT;
	for (size_t i = 0; i < MAC_TEXT && good; i++)
		good = i % 3 == 2 ? text[i] == ':' : isxdigit((unsigned char)text[i]) != 0;
	/* The lowest bit of the first byte is that of groups. */
	bool group = good && strchr("13579bBdDfF", text[1]) != NULL;
	if (good && !group && strcmp(text, "00:00:00:00:00:00") != 0)
		return true;
	struct diag *e = diag_error(at->d, at->origin, at->setting,
		group ? "\"%s\" is the hardware address of a group" : "\"%s\" is no hardware address of an interface", text);
	diag_hint(at->d, e, "addresses of one's own choice begin with 02: \"02:00:00:00:00:05\"");
	return false;
}
