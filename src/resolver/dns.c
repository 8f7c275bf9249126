#include "resolver/dns.h"

#include <errno.h>
#include <string.h>

/* RFC 1035, 4.1.1 */
enum {
	HEADER = 12,
	FLAG_ANSWER = 0x8000,
	FLAG_CUT = 0x0200,
	FLAG_RECURSION = 0x0100,
	FLAG_AVAILABLE = 0x0080,
	MASK_OPCODE = 0x7800,
	MASK_CODE = 0x000f,
	CLASS_IN = 1,
	RECORD = 10, /* what follows the name of a record */
	POINTER = 0xc0,
	LABEL = 63,
	ALIASES = 16, /* longer chains than this are nobody's */
	ROOM = 1232, /* goes through every network in one piece */
};

struct reader {
	const uint8_t *message;
	size_t len, at;
	bool bad;
};

static unsigned number16(struct reader *r)
{
	if (r->len - r->at < 2) {
		r->bad = true;
		return 0;
	}
	unsigned n = (unsigned)r->message[r->at] << 8 | r->message[r->at + 1];
	r->at += 2;
	return n;
}

static uint32_t number32(struct reader *r)
{
	uint32_t high = number16(r);
	return high << 16 | number16(r);
}

/*
 * A name, which may end with a pointer to an earlier place of the message.  A pointer leads before everything that was read of the
 * name, so there is no way round.
 */
static bool read_name(struct reader *r, struct dns_name *ret)
{
	size_t at = r->at, end = 0;
	size_t before = at;
	ret->len = 0;
	while (at < r->len) {
		uint8_t n = r->message[at];
		if (n >= POINTER) {
			if (r->len - at < 2)
				break;
			size_t to = (size_t)(n & ~POINTER) << 8 | r->message[at + 1];
			end = end != 0 ? end : at + 2;
			if (to >= before)
				break;
			before = at = to;
			continue;
		}
		if (n > LABEL || r->len - at < (size_t)n + 1 || ret->len + n + 1 > DNS_NAME)
			break;
		memcpy(ret->bytes + ret->len, r->message + at, (size_t)n + 1);
		ret->len += (size_t)n + 1;
		at += (size_t)n + 1;
		if (n == 0) {
			r->at = end != 0 ? end : at;
			return true;
		}
	}
	r->bad = true;
	return false;
}

static uint8_t small(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Lengths of labels are below 'A', so no care is needed for them. */
static bool same_name(const struct dns_name *a, const struct dns_name *b, bool exact)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (exact ? a->bytes[i] != b->bytes[i] : small(a->bytes[i]) != small(b->bytes[i]))
			return false;
	return true;
}

/* "" where it has characters that no host's name has: dots and bytes beyond ASCII can stand in a label. */
static void name_text(const struct dns_name *name, char ret[DOMAIN_TEXT])
{
	size_t out = 0;
	for (size_t at = 0; name->bytes[at] != 0;) {
		size_t end = at + 1 + name->bytes[at];
		if (out > 0)
			ret[out++] = '.';
		for (at++; at < end; at++) {
			ret[out] = (char)small(name->bytes[at]);
			if (!domain_character(ret[out++])) {
				ret[0] = '\0';
				return;
			}
		}
	}
	ret[out] = '\0';
}

int dns_read_query(const uint8_t *message, size_t len, struct dns_query *ret)
{
	struct reader r = { .message = message, .len = len };
	*ret = (struct dns_query){ 0 };
	if (len < HEADER || len > DNS_MESSAGE)
		return -EINVAL;
	ret->id = (uint16_t)number16(&r);
	unsigned flags = number16(&r), questions = number16(&r), answers = number16(&r), authorities = number16(&r);
	unsigned extra = number16(&r);
	if ((flags & FLAG_ANSWER) != 0)
		return -EINVAL;
	ret->recursion = (flags & FLAG_RECURSION) != 0;
	if ((flags & (MASK_OPCODE | FLAG_CUT)) != 0 || questions != 1 || answers != 0 || authorities != 0 || extra > 1)
		return -EBADMSG;
	size_t begin = r.at;
	if (!read_name(&r, &ret->name) || r.at - begin != ret->name.len) /* nothing to point to yet */
		return -EBADMSG;
	ret->type = (uint16_t)number16(&r);
	if (number16(&r) != CLASS_IN || r.bad)
		return -EBADMSG;
	name_text(&ret->name, ret->text);
	return 0;
}

/* One record of an answer: the place of its data, whose length is `size`. */
struct record {
	struct dns_name name;
	unsigned type, class;
	uint32_t seconds;
	size_t data, size;
};

static bool read_record(struct reader *r, struct record *ret)
{
	if (!read_name(r, &ret->name))
		return false;
	ret->type = number16(r);
	ret->class = number16(r);
	ret->seconds = number32(r);
	ret->size = number16(r);
	ret->data = r->at;
	r->bad = r->bad || r->len - r->at < ret->size;
	if (r->bad)
		return false;
	r->at += ret->size;
	return true;
}

/* RFC 2181, 8: with the highest bit it is none. */
static void keep_least(struct dns_answer *ret, uint32_t seconds)
{
	if (seconds > INT32_MAX)
		seconds = 0;
	if (seconds < ret->seconds)
		ret->seconds = seconds;
}

/* The records of `name`: its addresses, or the name that it is an alias of. True when there was one of those. */
static int collect(struct reader r, unsigned count, unsigned type, struct dns_name *name, bool *ret_alias, struct dns_answer *ret)
{
	const size_t size = type == DNS_A ? 4 : 16;
	struct dns_name target = { .len = 0 };
	*ret_alias = false;
	for (unsigned i = 0; i < count; i++) {
		struct record x;
		if (!read_record(&r, &x))
			return -EBADMSG;
		if (x.class != CLASS_IN || !same_name(&x.name, name, false))
			continue;
		if (x.type == DNS_CNAME && !*ret_alias) {
			struct reader inner = { .message = r.message, .len = x.data + x.size, .at = x.data };
			if (!read_name(&inner, &target) || inner.at != inner.len)
				return -EBADMSG;
			*ret_alias = true;
			keep_least(ret, x.seconds);
		}
		if (x.type != type)
			continue;
		if (x.size != size)
			return -EBADMSG;
		keep_least(ret, x.seconds);
		if (ret->count == DNS_ADDRESSES)
			continue;
		ret->list[ret->count].size = (uint8_t)size;
		memcpy(ret->list[ret->count++].bytes, r.message + x.data, size);
	}
	if (*ret_alias)
		*name = target;
	return 0;
}

int dns_read_answer(const uint8_t *message, size_t len, const struct dns_asked *asked, struct dns_answer *ret)
{
	struct reader r = { .message = message, .len = len };
	struct dns_name name;
	*ret = (struct dns_answer){ .seconds = UINT32_MAX };
	if (len < HEADER)
		return -ENOMSG;
	unsigned id = number16(&r), flags = number16(&r), questions = number16(&r), answers = number16(&r);
	r.at = HEADER;
	if (id != asked->id || (flags & FLAG_ANSWER) == 0 || (flags & MASK_OPCODE) != 0 || questions > 1)
		return -ENOMSG;
	ret->code = (int)(flags & MASK_CODE);
	ret->cut = (flags & FLAG_CUT) != 0;
	/* A server that does not know the extension may leave the question out of its complaint. */
	if (questions == 0)
		return ret->code == DNS_FORMAT_ERROR || ret->code == DNS_NOT_IMPLEMENTED ? 0 : -ENOMSG;
	if (!read_name(&r, &name) || !same_name(&name, &asked->name, asked->exact) || number16(&r) != asked->type ||
		number16(&r) != CLASS_IN || r.bad)
		return -ENOMSG;
	if (ret->code != DNS_OK || ret->cut)
		return 0;
	bool alias = true;
	for (int i = 0; i < ALIASES && alias && ret->count == 0; i++) {
		int bad = collect(r, answers, asked->type, &name, &alias, ret);
		if (bad < 0)
			return bad;
	}
	if (ret->seconds == UINT32_MAX)
		ret->seconds = 0;
	return 0;
}

/* ---- writing ---- */

static size_t put16(uint8_t *at, unsigned n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
	return 2;
}

static size_t put_header(uint8_t *at, unsigned id, unsigned flags, unsigned questions, unsigned answers, unsigned extra)
{
	const unsigned numbers[] = { id, flags, questions, answers, 0, extra };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		at += put16(at, numbers[i]);
	return HEADER;
}

static size_t put_question(uint8_t *at, const struct dns_name *name, unsigned type)
{
	memcpy(at, name->bytes, name->len);
	size_t n = name->len;
	n += put16(at + n, type);
	return n + put16(at + n, CLASS_IN);
}

size_t dns_write_query(uint8_t ret[DNS_QUERY], const struct dns_asked *asked, bool extended)
{
	size_t n = put_header(ret, asked->id, FLAG_RECURSION, 1, 0, extended);
	n += put_question(ret + n, &asked->name, asked->type);
	if (!extended)
		return n;
	ret[n++] = 0; /* the root's name, then type, room, and nothing else */
	n += put16(ret + n, DNS_OPT);
	n += put16(ret + n, ROOM);
	memset(ret + n, 0, 6);
	return n + 6;
}

size_t dns_room(const struct dns_query *query, size_t size)
{
	return (DNS_QUERY - HEADER - query->name.len - 4) / (2 + RECORD + size);
}

static unsigned answer_flags(const struct dns_query *q, int code)
{
	return FLAG_ANSWER | FLAG_AVAILABLE | (q->recursion ? FLAG_RECURSION : 0U) | ((unsigned)code & MASK_CODE);
}

size_t dns_write_answer(uint8_t ret[DNS_QUERY], const struct dns_query *query, const struct dns_answer *answer)
{
	size_t count = answer->count, size = query->type == DNS_A ? 4 : 16;
	if (count > dns_room(query, size))
		count = dns_room(query, size);
	size_t n = put_header(ret, query->id, answer_flags(query, answer->code), 1, (unsigned)count, 0);
	n += put_question(ret + n, &query->name, query->type);
	for (size_t i = 0; i < count; i++) {
		n += put16(ret + n, POINTER << 8 | HEADER); /* the name in the question */
		n += put16(ret + n, query->type);
		n += put16(ret + n, CLASS_IN);
		n += put16(ret + n, answer->seconds >> 16);
		n += put16(ret + n, answer->seconds & 0xffff);
		n += put16(ret + n, (unsigned)size);
		memcpy(ret + n, answer->list[i].bytes, size);
		n += size;
	}
	return n;
}

size_t dns_write_error(uint8_t ret[DNS_QUERY], uint16_t id, int code)
{
	return put_header(ret, id, FLAG_ANSWER | FLAG_AVAILABLE | (unsigned)code, 0, 0, 0);
}
