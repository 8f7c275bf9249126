#include "base/numset.h"

#include <errno.h>

#include "base/buf.h"

/* One number, moved behind. Anything from NUMSET_MAX up gives NUMSET_MAX. */
static int number(const char **text, size_t *ret)
{
	const char *p = *text;
	size_t n = 0;
	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++)
		n = n >= NUMSET_MAX ? NUMSET_MAX : n * 10 + (size_t)(*p - '0');
	*ret = n < NUMSET_MAX ? n : NUMSET_MAX;
	*text = p;
	return 0;
}

int numset_read(const char *text, struct numset *ret)
{
	bool range = false;
	*ret = (struct numset){ 0 };
	for (;;) {
		size_t low, high;
		if (number(&text, &low) < 0)
			return -EINVAL;
		high = low;
		if (*text == '-') {
			text++;
			if (number(&text, &high) < 0 || high < low)
				return -EINVAL;
		}
		range = range || high >= NUMSET_MAX;
		for (size_t n = low; n <= high && n < NUMSET_MAX; n++)
			ret->words[n / 64] |= (uint64_t)1 << n % 64;
		if (*text != ',')
			break;
		text++;
	}
	if (*text != '\0' && !(*text == '\n' && text[1] == '\0'))
		return -EINVAL;
	return range ? -ERANGE : 0;
}

bool numset_has(const struct numset *s, size_t n)
{
	return n < NUMSET_MAX && (s->words[n / 64] >> n % 64 & 1) != 0;
}

const char *numset_text(struct arena *a, const struct numset *s)
{
	struct buf b = { .arena = a };
	for (size_t n = 0; n < NUMSET_MAX; n++) {
		size_t low = n;
		if (!numset_has(s, n))
			continue;
		while (numset_has(s, n + 1))
			n++;
		buf_printf(&b, "%s%zu", b.len > 0 ? "," : "", low);
		if (n > low)
			buf_printf(&b, "-%zu", n);
	}
	return buf_text(&b);
}

int numset_beyond(const struct numset *s, const struct numset *all)
{
	for (size_t i = 0; i < NUMSET_MAX / 64; i++) {
		uint64_t rest = s->words[i] & ~all->words[i];
		if (rest != 0)
			return (int)(i * 64) + __builtin_ctzll(rest);
	}
	return -1;
}

size_t numset_bytes(const struct numset *s)
{
	size_t n = NUMSET_MAX / 64;
	while (n > 1 && s->words[n - 1] == 0)
		n--;
	return n * sizeof s->words[0];
}
