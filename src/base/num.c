#include "base/num.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static int digit(char c, unsigned base)
{
	unsigned v;
	if (c >= '0' && c <= '9')
		v = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		v = (unsigned)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		v = (unsigned)(c - 'A') + 10;
	else
		return -1;
	return v < base ? (int)v : -1;
}

/* Reads digits up to the first other character; at least one, no leading zero. Moves `*text` behind them. */
static int digits(const char **text, unsigned base, bool zeros, uint64_t *ret)
{
	const char *p = *text;
	uint64_t v = 0;
	if (digit(*p, base) < 0)
		return -EINVAL;
	if (!zeros && p[0] == '0' && digit(p[1], base) >= 0)
		return -EINVAL;
	for (; digit(*p, base) >= 0; p++) {
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) || __builtin_add_overflow(v, (uint64_t)digit(*p, base), &v))
			return -ERANGE;
	}
	*text = p;
	*ret = v;
	return 0;
}

int num_int(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	const char *p = text;
	bool minus = *p == '-';
	bool hex;
	uint64_t v;
	p += minus;
	hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	if (hex)
		p += 2;
	int r = digits(&p, hex ? 16 : 10, hex, &v);
	if (r == -EINVAL || (r == 0 && *p != '\0'))
		return -EINVAL;
	if (r < 0 || v > (uint64_t)INT64_MAX + (minus ? 1 : 0))
		return -ERANGE;
	int64_t n = minus ? (int64_t)(0 - v) : (int64_t)v;
	if (n < min || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

int num_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	const char *p = text;
	uint64_t v;
	int r = digits(&p, 10, false, &v);
	if (r == -EINVAL)
		return r;
	if (r == -ERANGE)
		p += strspn(p, "0123456789");
	unsigned shift = 0;
	char up = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
	const char *unit = up != '\0' ? strchr(units, up) : NULL;
	if (unit != NULL) {
		shift = 10 * (unsigned)(unit - units + 1);
		p++;
		if (*p == 'i' && (p[1] == 'B' || p[1] == 'b'))
			p += 2;
		else if (*p == 'B' || *p == 'b')
			p++;
	} else if (up == 'B') {
		p++;
	}
	if (*p != '\0')
		return -EINVAL;
	/* Sizes travel as int64_t in struct value. */
	if (r < 0 || v > (uint64_t)INT64_MAX >> shift)
		return -ERANGE;
	*ret = v << shift;
	return 0;
}

static const struct {
	const char *name;
	uint64_t ms;
} duration_units[] = {
	{ "d", 86400000 },
	{ "h", 3600000 },
	{ "min", 60000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

enum { DURATION_UNITS = sizeof duration_units / sizeof duration_units[0] };

int num_duration(const char *text, uint64_t *ret_ms)
{
	const char *p = text;
	uint64_t sum = 0, before = UINT64_MAX;
	bool range = false;
	do {
		uint64_t v = 0, unit = 0;
		int r = digits(&p, 10, false, &v);
		if (r == -EINVAL)
			return r;
		if (r < 0) {
			range = true;
			p += strspn(p, "0123456789");
		}
		size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		if (n == 0) {
			/* Plain seconds stand alone: "1h30" would be read by one as minutes, by another as seconds. */
			if (*p != '\0' || before != UINT64_MAX)
				return -EINVAL;
			unit = 1000;
		}
		for (size_t i = 0; i < DURATION_UNITS && unit == 0; i++)
			if (strlen(duration_units[i].name) == n && strncmp(p, duration_units[i].name, n) == 0)
				unit = duration_units[i].ms;
		if (unit == 0 || unit >= before)
			return -EINVAL;
		before = unit;
		p += n;
		if (__builtin_mul_overflow(v, unit, &v) || __builtin_add_overflow(sum, v, &sum) || sum > INT64_MAX)
			range = true;
	} while (*p != '\0');
	if (range)
		return -ERANGE;
	*ret_ms = sum;
	return 0;
}

int num_percent(const char *text, int64_t max, int64_t *ret)
{
	const char *p = text;
	uint64_t v;
	int r = digits(&p, 10, false, &v);
	if (r == -EINVAL)
		return r;
	if (r == -ERANGE)
		p += strspn(p, "0123456789");
	if (strcmp(p, "%") != 0)
		return -EINVAL;
	if (r < 0 || v == 0 || v > (uint64_t)max)
		return -ERANGE;
	*ret = (int64_t)v;
	return 0;
}

static const struct {
	const char *name;
	uint64_t bits;
} rate_units[] = {
	{ "Gbit", 1000000000 },
	{ "Mbit", 1000000 },
	{ "kbit", 1000 },
	{ "bit", 1 },
};

enum { RATE_UNITS = sizeof rate_units / sizeof rate_units[0] };

/* tc(8) counts bytes in 32 bits, of which libnl uses 31. */
static const uint64_t rate_min = 64000, rate_max = 16000000000;

int num_rate(const char *text, int64_t *ret)
{
	const char *p = text;
	uint64_t v, unit = 0;
	int r = digits(&p, 10, false, &v);
	if (r == -EINVAL)
		return r;
	if (r == -ERANGE)
		p += strspn(p, "0123456789");
	for (size_t i = 0; i < RATE_UNITS; i++)
		if (strcasecmp(p, rate_units[i].name) == 0)
			unit = rate_units[i].bits;
	if (unit == 0)
		return -EINVAL;
	if (r < 0 || v > rate_max || v * unit < rate_min || v > rate_max / unit)
		return -ERANGE;
	*ret = (int64_t)(v * unit);
	return 0;
}

int num_mode(const char *text, unsigned *ret)
{
	size_t n = strspn(text, "01234567");
	unsigned v = 0;
	if (text[n] != '\0' || n < 3 || n > 4)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		v = v * 8 + (unsigned)(text[i] - '0');
	*ret = v;
	return 0;
}

const char *num_size_text(struct arena *a, uint64_t bytes)
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	size_t u = 0;
	while (u < 4 && bytes != 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		u++;
	}
	return arena_printf(a, "%llu%s", (unsigned long long)bytes, units[u]);
}

const char *num_rate_text(struct arena *a, uint64_t bits)
{
	size_t u = 0;
	while (u < RATE_UNITS - 1 && (bits == 0 || bits % rate_units[u].bits != 0))
		u++;
	return arena_printf(a, "%llu%s", (unsigned long long)(bits / rate_units[u].bits), rate_units[u].name);
}

const char *num_duration_text(struct arena *a, uint64_t ms)
{
	const char *text = "";
	if (ms == 0)
		return "0s";
	for (size_t i = 0; i < DURATION_UNITS; i++) {
		uint64_t unit = duration_units[i].ms;
		if (ms >= unit) {
			text = arena_printf(a, "%s%llu%s", text, (unsigned long long)(ms / unit), duration_units[i].name);
			ms %= unit;
		}
	}
	return text;
}
