#include <errno.h>

#include "base/num.h"
#include "tap.h"

static void test_int(void)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int r;
		int64_t value;
	} rows[] = {
		{ "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 },
		{ "-5", -10, 10, 0, -5 },
		{ "0x1f", 0, 100, 0, 31 },
		{ "0x001F", 0, 100, 0, 31 },
		{ "-0x10", -100, 0, 0, -16 },
		{ "9223372036854775807", 0, INT64_MAX, 0, INT64_MAX },
		{ "-9223372036854775808", INT64_MIN, 0, 0, INT64_MIN },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "18446744073709551616", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "11", 0, 10, -ERANGE, 0 },
		{ "-1", 0, 10, -ERANGE, 0 },
		{ "", 0, 10, -EINVAL, 0 },
		{ "-", -10, 10, -EINVAL, 0 },
		{ "+5", 0, 10, -EINVAL, 0 },
		{ " 5", 0, 10, -EINVAL, 0 },
		{ "5 ", 0, 10, -EINVAL, 0 },
		{ "05", 0, 10, -EINVAL, 0 },
		{ "5x", 0, 10, -EINVAL, 0 },
		{ "0x", 0, 10, -EINVAL, 0 },
		{ "1e3", 0, 10000, -EINVAL, 0 },
		{ "1.0", 0, 10, -EINVAL, 0 },
		{ "--1", -10, 10, -EINVAL, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t v = 0;
		int r = num_int(rows[i].text, rows[i].min, rows[i].max, &v);
		ok(r == rows[i].r && v == rows[i].value, "num_int(\"%s\") is %d, %lld", rows[i].text, rows[i].r,
			(long long)rows[i].value);
	}
}

static void test_size(struct arena *a)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
		const char *back;
	} rows[] = {
		{ "0", 0, 0, "0" },
		{ "1", 0, 1, "1" },
		{ "1000", 0, 1000, "1000" },
		{ "512B", 0, 512, "512" },
		{ "1K", 0, 1024, "1K" },
		{ "1k", 0, 1024, "1K" },
		{ "1KB", 0, 1024, "1K" },
		{ "1KiB", 0, 1024, "1K" },
		{ "4G", 0, 4294967296, "4G" },
		{ "4096M", 0, 4294967296, "4G" },
		{ "3T", 0, 3298534883328, "3T" },
		{ "2048T", 0, 2251799813685248, "2048T" },
		{ "8388607T", 0, 8388607ull << 40, "8388607T" },
		{ "8388608T", -ERANGE, 0, NULL },
		{ "99999999999999999999", -ERANGE, 0, NULL },
		{ "99999999999999999999Q", -EINVAL, 0, NULL },
		{ "", -EINVAL, 0, NULL },
		{ "G", -EINVAL, 0, NULL },
		{ "-8M", -EINVAL, 0, NULL },
		{ "5 apples", -EINVAL, 0, NULL },
		{ "4 G", -EINVAL, 0, NULL },
		{ "4GG", -EINVAL, 0, NULL },
		{ "4Gi", -EINVAL, 0, NULL },
		{ "0x10", -EINVAL, 0, NULL },
		{ "010", -EINVAL, 0, NULL },
		{ "1.5G", -EINVAL, 0, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t v = 0;
		int r = num_size(rows[i].text, &v);
		ok(r == rows[i].r && v == rows[i].value, "num_size(\"%s\") is %d, %llu", rows[i].text, rows[i].r,
			(unsigned long long)rows[i].value);
		if (rows[i].back != NULL)
			same(num_size_text(a, v), rows[i].back, "and back to text");
	}
}

static void test_rate(struct arena *a)
{
	static const struct {
		const char *text;
		int r;
		int64_t value;
		const char *back;
	} rows[] = {
		{ "10Mbit", 0, 10000000, "10Mbit" },
		{ "10mbit", 0, 10000000, "10Mbit" },
		{ "2500kbit", 0, 2500000, "2500kbit" },
		{ "64000bit", 0, 64000, "64kbit" },
		{ "64001bit", 0, 64001, "64001bit" },
		{ "16Gbit", 0, 16000000000, "16Gbit" },
		{ "17Gbit", -ERANGE, 0, NULL },
		{ "63kbit", -ERANGE, 0, NULL },
		{ "0Mbit", -ERANGE, 0, NULL },
		{ "99999999999999999999bit", -ERANGE, 0, NULL },
		{ "18446744073709552kbit", -ERANGE, 0, NULL },
		{ "10M", -EINVAL, 0, NULL },
		{ "10MB", -EINVAL, 0, NULL },
		{ "10", -EINVAL, 0, NULL },
		{ "10 Mbit", -EINVAL, 0, NULL },
		{ "1.5Mbit", -EINVAL, 0, NULL },
		{ "-1Mbit", -EINVAL, 0, NULL },
		{ "010Mbit", -EINVAL, 0, NULL },
		{ "Mbit", -EINVAL, 0, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t v = 0;
		int r = num_rate(rows[i].text, &v);
		ok(r == rows[i].r && v == rows[i].value, "num_rate(\"%s\") is %d, %lld", rows[i].text, rows[i].r,
			(long long)rows[i].value);
		if (rows[i].back != NULL)
			same(num_rate_text(a, (uint64_t)v), rows[i].back, "and back to text");
	}
}

static void test_duration(struct arena *a)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
		const char *back;
	} rows[] = {
		{ "500ms", 0, 500, "500ms" },
		{ "30", 0, 30000, "30s" },
		{ "30s", 0, 30000, "30s" },
		{ "5min", 0, 300000, "5min" },
		{ "5m", 0, 300000, "5min" },
		{ "90s", 0, 90000, "1min30s" },
		{ "2h", 0, 7200000, "2h" },
		{ "1d", 0, 86400000, "1d" },
		{ "1h30min", 0, 5400000, "1h30min" },
		{ "1d2h3m4s5ms", 0, 93784005, "1d2h3min4s5ms" },
		{ "0", 0, 0, "0s" },
		{ "999999999999d", -ERANGE, 0, NULL },
		{ "99999999999999999999s", -ERANGE, 0, NULL },
		{ "", -EINVAL, 0, NULL },
		{ "soon", -EINVAL, 0, NULL },
		{ "1h30", -EINVAL, 0, NULL },
		{ "30 s", -EINVAL, 0, NULL },
		{ "1min1h", -EINVAL, 0, NULL },
		{ "1s1s", -EINVAL, 0, NULL },
		{ "1m1min", -EINVAL, 0, NULL },
		{ "-1s", -EINVAL, 0, NULL },
		{ "1y", -EINVAL, 0, NULL },
		{ "1.5h", -EINVAL, 0, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t v = 0;
		int r = num_duration(rows[i].text, &v);
		ok(r == rows[i].r && v == rows[i].value, "num_duration(\"%s\") is %d, %llu", rows[i].text, rows[i].r,
			(unsigned long long)rows[i].value);
		if (rows[i].back != NULL)
			same(num_duration_text(a, v), rows[i].back, "and back to text");
	}
}

static void test_mode(void)
{
	static const struct {
		const char *text;
		int r;
		unsigned value;
	} rows[] = {
		{ "755", 0, 0755 },
		{ "0755", 0, 0755 },
		{ "1777", 0, 01777 },
		{ "000", 0, 0 },
		{ "7777", 0, 07777 },
		{ "9", -EINVAL, 0 },
		{ "77", -EINVAL, 0 },
		{ "00755", -EINVAL, 0 },
		{ "rwx", -EINVAL, 0 },
		{ "0o755", -EINVAL, 0 },
		{ "-755", -EINVAL, 0 },
		{ "788", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "755 ", -EINVAL, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned v = 0;
		int r = num_mode(rows[i].text, &v);
		ok(r == rows[i].r && v == rows[i].value, "num_mode(\"%s\") is %d, %o", rows[i].text, rows[i].r, rows[i].value);
	}
}

int main(void)
{
	struct arena a = { 0 };
	test_int();
	test_size(&a);
	test_rate(&a);
	test_duration(&a);
	test_mode();
	arena_free(&a);
	return tap_done();
}
