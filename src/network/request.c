#include "network/request.h"

#include <stdbool.h>
#include <string.h>

#include "conf/networks.h"
#include "network/frames.h"

static const char request_magic[8] = "bnetreq", answer_magic[8] = "bnetans";
static const uint64_t rate_min = 64000, rate_max = 16000000000;

/* No bytes between the members, which nobody would look at. */
_Static_assert(sizeof(struct netd_request) == 200 && sizeof(struct netd_answer) == 1176, "the same on all machines");

static bool all_zero(const void *bytes, size_t len)
{
	for (const unsigned char *p = bytes; len > 0; len--, p++)
		if (*p != 0)
			return false;
	return true;
}

/* A text that ends in the field, with nothing behind. */
static bool is_text(const char *field, size_t size)
{
	size_t len = strnlen(field, size);
	return len < size && all_zero(field + len, size - len);
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			return false;
	return true;
}

static bool is_rate(uint64_t bits)
{
	return bits == 0 || (bits >= rate_min && bits <= rate_max);
}

static bool is_address(const struct netd_address *x, size_t len)
{
	bool given = x->want == WANT_THIS_ADDRESS;
	return x->want <= WANT_THIS_ADDRESS && x->prefix == 0 && all_zero(x->bytes + (given ? len : 0), 16 - (given ? len : 0));
}

static bool is_mac(const struct netd_request *r)
{
	bool given = (r->flags & NETD_OWN_MAC) != 0;
	return given ? (r->mac[0] & 1) == 0 && !all_zero(r->mac, MAC_BYTES) && all_zero(r->mac + MAC_BYTES, 2)
		     : all_zero(r->mac, sizeof r->mac);
}

void netd_request_begin(struct netd_request *ret)
{
	memset(ret, 0, sizeof *ret);
	memcpy(ret->magic, request_magic, sizeof request_magic);
	ret->version = NETD_VERSION;
}

void netd_answer_begin(struct netd_answer *ret)
{
	memset(ret, 0, sizeof *ret);
	memcpy(ret->magic, answer_magic, sizeof answer_magic);
}

const char *netd_request_check(const void *bytes, size_t len, struct netd_request *ret)
{
	if (len != sizeof *ret)
		return "it is not as long as a request";
	memcpy(ret, bytes, sizeof *ret);
	if (memcmp(ret->magic, request_magic, sizeof request_magic) != 0)
		return "it is no request";
	if (ret->version != NETD_VERSION)
		return "it is of another version of bailey";
	if (ret->interface >= NETD_INTERFACES)
		return "it names an interface that there cannot be";
	if ((ret->flags & ~(uint32_t)NETD_OWN_MAC) != 0 || ret->zero != 0)
		return "it has marks that mean nothing";
	if (!is_rate(ret->rate_in) || !is_rate(ret->rate_out))
		return "a rate is out of range";
	if (!is_text(ret->network, sizeof ret->network) || !network_name_valid(ret->network))
		return "it names no network";
	if (!is_text(ret->name, sizeof ret->name) || !is_printable(ret->name))
		return "the sandbox's name makes no sense";
	if (!is_mac(ret))
		return "the hardware address is not that of an interface";
	if (!is_address(&ret->at[0], 4) || !is_address(&ret->at[1], 16))
		return "an address makes no sense";
	return NULL;
}

const char *netd_answer_check(const void *bytes, size_t len, struct netd_answer *ret)
{
	if (len != sizeof *ret)
		return "it is not as long as an answer";
	memcpy(ret, bytes, sizeof *ret);
	bool texts = is_text(ret->text, sizeof ret->text) && is_text(ret->hint, sizeof ret->hint) &&
		is_text(ret->device, sizeof ret->device) && is_text(ret->name, sizeof ret->name);
	if (memcmp(ret->magic, answer_magic, sizeof answer_magic) != 0 || !texts || ret->about > ABOUT_RATE_OUT)
		return "it is no answer";
	return ret->at[0].prefix <= 32 && ret->at[1].prefix <= 128 ? NULL : "an address makes no sense";
}
