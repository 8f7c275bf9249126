#include "resolver/greeting.h"

#include <errno.h>
#include <string.h>

/* RFC 8446, 4 and 5.1; RFC 6066, 3 */
enum {
	MAJOR = 3, /* of the version in a record's head, from SSL 3.0 to TLS 1.3 */
	RECORD_MAX = 16384, /* without cipher */
	CIPHERED_MAX = RECORD_MAX + 2048, /* with it, in TLS 1.2 */
	CLIENT_HELLO = 1,
	HIGHEST_SIZE = 2, /* the first byte of its size: none is above 128 KiB */
	MESSAGE_HEAD = 4,
	RANDOM = 32,
	SESSION_MAX = 32,

	EXTENSION_NAME = 0,
	EXTENSION_EARLY = 42,
	EXTENSION_VERSIONS = 43,
	NAME_OF_HOST = 0,
};

int tls_record(const uint8_t bytes[TLS_HEAD], size_t *ret_size)
{
	*ret_size = (size_t)bytes[3] << 8 | bytes[4];
	bool known = bytes[0] >= TLS_CHANGE_CIPHER && bytes[0] <= TLS_DATA && bytes[1] == MAJOR;
	return known && *ret_size <= CIPHERED_MAX ? bytes[0] : -EBADMSG;
}

bool tls_greets(const uint8_t *body, size_t size)
{
	return body[0] == CLIENT_HELLO && (size < TLS_GREETS || body[1] <= HIGHEST_SIZE);
}

/* Takes note of a record of `size` bytes that is there as a whole. */
static int take_record(struct greeting *g, const uint8_t *body, size_t size)
{
	for (size_t i = 0; i < size && g->have + i < MESSAGE_HEAD; i++)
		g->head[g->have + i] = body[i];
	g->have += size;
	if (g->head[0] != CLIENT_HELLO)
		return -EBADMSG;
	if (g->size == 0 && g->have >= MESSAGE_HEAD)
		g->size = MESSAGE_HEAD + ((size_t)g->head[1] << 16 | (size_t)g->head[2] << 8 | g->head[3]);
	if (g->size > GREETING_MAX)
		return -EMSGSIZE;
	return g->size != 0 && g->have > g->size ? -EBADMSG : 0; /* another message behind it, which nobody else may look at */
}

ssize_t greeting_next(struct greeting *g, const uint8_t *bytes, size_t len)
{
	while (g->size == 0 || g->have < g->size) {
		const uint8_t *at = bytes + g->record;
		size_t there = len - g->record, size;
		if (there > 0 && at[0] != TLS_HANDSHAKE)
			return -EBADMSG;
		if (g->record > GREETING_MAX - TLS_HEAD)
			return -EMSGSIZE;
		if (there < TLS_HEAD)
			return (ssize_t)(TLS_HEAD - there);
		if (tls_record(at, &size) < 0 || size == 0 || size > RECORD_MAX)
			return -EBADMSG;
		if (g->record + TLS_HEAD + size > GREETING_MAX)
			return -EMSGSIZE;
		if (there < TLS_HEAD + size)
			return (ssize_t)(TLS_HEAD + size - there);
		int r = take_record(g, at + TLS_HEAD, size);
		if (r < 0)
			return r;
		g->record += TLS_HEAD + size;
	}
	return len == g->record ? 0 : -EBADMSG;
}

/* Through the message, over the heads of the records that it is spread over. */
struct cursor {
	const uint8_t *at;
	size_t in_record; /* what is left of the record */
	size_t left; /* of the message, or of the part that is looked at */
	bool bad;
};

/* A number of so many bytes, the highest first. 0 and `bad` when there are less. */
static unsigned number(struct cursor *c, size_t size)
{
	unsigned n = 0;
	if (c->left < size) {
		c->bad = true;
		c->left = 0;
		return 0;
	}
	for (c->left -= size; size > 0; size--) {
		if (c->in_record == 0) {
			(void)tls_record(c->at, &c->in_record);
			c->at += TLS_HEAD;
		}
		n = n << 8 | *c->at++;
		c->in_record--;
	}
	return n;
}

static void skip(struct cursor *c, size_t size)
{
	if (c->left < size)
		c->bad = true;
	for (; size > 0 && !c->bad; size--)
		(void)number(c, 1);
}

/* A list whose length, of `width` bytes, comes before it, and is from `min` to `max`. */
static void skip_list(struct cursor *c, size_t width, size_t min, size_t max)
{
	size_t size = number(c, width);
	c->bad = c->bad || size < min || size > max;
	skip(c, size);
}

/* In small letters; the dot at the end of a full name is left out.  A wildcard, an address and a single word are no name of a host. */
static bool is_host(char *name, size_t len)
{
	char checked[DOMAIN_TEXT];
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= DOMAIN_TEXT)
		return false;
	name[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
		if (!domain_character(name[i]) && name[i] != '.')
			return false;
	}
	return domain_pattern(name, checked) == NULL;
}

/* The extension's whole content: a list of one name. */
static int read_name(struct cursor *c, char ret[DOMAIN_TEXT])
{
	char name[DOMAIN_TEXT + 1]; /* with a final dot, and its NUL */
	size_t list = number(c, 2);
	if (c->bad || list != c->left)
		return -EBADMSG;
	unsigned kind = number(c, 1);
	size_t len = number(c, 2);
	if (c->bad || kind != NAME_OF_HOST || len != c->left)
		return -EBADMSG;
	if (len == 0 || len > DOMAIN_TEXT) {
		skip(c, len);
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++)
		name[i] = (char)number(c, 1);
	if (!is_host(name, len))
		return -EINVAL;
	memcpy(ret, name, strlen(name) + 1);
	return 0;
}

static int read_extensions(struct cursor *c, struct greeting_said *ret)
{
	int name = -ENOENT;
	if (number(c, 2) != c->left || c->bad)
		return -EBADMSG;
	while (c->left > 0) {
		unsigned kind = number(c, 2);
		size_t size = number(c, 2);
		if (c->bad || size > c->left)
			return -EBADMSG;
		size_t after = c->left - size;
		ret->later = ret->later || kind == EXTENSION_VERSIONS;
		ret->early = ret->early || kind == EXTENSION_EARLY;
		if (kind == EXTENSION_NAME) {
			if (name != -ENOENT)
				return -EBADMSG; /* twice */
			c->left = size;
			name = read_name(c, ret->name);
			if (name == -EBADMSG)
				return name;
			c->left += after;
		} else {
			skip(c, size);
		}
	}
	return c->bad ? -EBADMSG : name;
}

int greeting_read(const struct greeting *g, const uint8_t *bytes, struct greeting_said *ret)
{
	struct cursor c = { .at = bytes, .left = g->size };
	*ret = (struct greeting_said){ .later = false };
	skip(&c, MESSAGE_HEAD + 2 + RANDOM); /* with the version, which is not the one that will be used */
	skip_list(&c, 1, 0, SESSION_MAX);
	skip_list(&c, 2, 2, UINT16_MAX); /* ciphers */
	skip_list(&c, 1, 1, UINT8_MAX); /* compression */
	if (c.bad)
		return -EBADMSG;
	return c.left == 0 ? -ENOENT : read_extensions(&c, ret);
}
