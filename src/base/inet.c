#include "base/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/num.h"

int inet_address(const char *text, int *ret_family)
{
	struct in6_addr bytes;
	*ret_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	return inet_pton(*ret_family, text, &bytes) == 1 ? 0 : -EINVAL;
}

bool inet_is_loopback(const char *text)
{
	return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
}

int inet_endpoint(const char *text, struct inet_endpoint *ret)
{
	*ret = (struct inet_endpoint){ .address = "127.0.0.1", .family = AF_INET };
	const char *colon = strrchr(text, ':'), *port = colon != NULL ? colon + 1 : text;
	if (colon != NULL) {
		bool six = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
		const char *from = six ? text + 1 : text;
		size_t len = (size_t)(colon - from) - six;
		if (len == 0 || len >= sizeof ret->address)
			return -EINVAL;
		memcpy(ret->address, from, len);
		ret->address[len] = '\0';
		if (inet_address(ret->address, &ret->family) < 0 || six != (ret->family == AF_INET6))
			return -EINVAL;
	}
	int64_t n;
	int r = num_int(port, 1, UINT16_MAX, &n);
	if (r == 0)
		ret->port = (uint16_t)n;
	return r;
}
