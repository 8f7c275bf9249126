#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>

static size_t decode(const char *s, size_t n, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (n == 0)
		return 0;
	unsigned char c = (unsigned char)s[0];
	*ret = c;
	if (c < 0x80)
		return 1;
	size_t len = c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc0 && c < 0xe0 ? 2 : 0;
	if (len == 0 || len > n)
		return 0;
	uint32_t code = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)s[i];
		if ((next & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (next & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret = code;
	return len;
}

size_t utf8_length(const char *s, size_t n)
{
	uint32_t code;
	return decode(s, n, &code);
}

size_t utf8_shown(const char *s, size_t n)
{
	uint32_t code = 0;
	size_t len = decode(s, n, &code);
	bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
	/* Bidirectional embeddings, overrides and isolates; the separators of lines and paragraphs. */
	bool turns = code == 0x61c || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
	return len == 0 || control || turns ? 0 : len;
}
