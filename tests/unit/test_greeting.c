/* Greetings of TLS and what bailey-tls knows of names: src/resolver/greeting.c, known.c, tls_rules.c. */
#include <errno.h>
#include <string.h>

#include "resolver/greeting.h"
#include "resolver/known.h"
#include "resolver/tls_rules.h"
#include "tap.h"

enum { PIECE = 16384 };

/* A message that is built, with its head filled in at the end. */
struct building {
	uint8_t bytes[GREETING_MAX * 2];
	size_t len;
};

static void put(struct building *b, const void *data, size_t len)
{
	memcpy(b->bytes + b->len, data, len);
	b->len += len;
}

static void put16(struct building *b, size_t n)
{
	const uint8_t bytes[] = { (uint8_t)(n >> 8), (uint8_t)n };
	put(b, bytes, 2);
}

static void begin(struct building *b)
{
	b->len = 0;
	put(b, "\1\0\0\0\3\3", 6);
	memset(b->bytes + b->len, 7, 32);
	b->len += 32;
	put(b, "\2ss\0\2\x13\1\1\0", 9);
}

static void put_extension(struct building *b, unsigned kind, const void *data, size_t len)
{
	put16(b, kind);
	put16(b, len);
	put(b, data, len);
}

static void put_name(struct building *b, const char *name, size_t len)
{
	put16(b, 0);
	put16(b, len + 5);
	put16(b, len + 3);
	put(b, "\0", 1);
	put16(b, len);
	put(b, name, len);
}

/* The extensions begin after what begin() has put. */
static void finish(struct building *b, size_t extensions)
{
	if (b->len > extensions) {
		memmove(b->bytes + extensions + 2, b->bytes + extensions, b->len - extensions);
		b->bytes[extensions] = (uint8_t)((b->len - extensions) >> 8);
		b->bytes[extensions + 1] = (uint8_t)(b->len - extensions);
		b->len += 2;
	}
	b->bytes[1] = (uint8_t)((b->len - 4) >> 16);
	b->bytes[2] = (uint8_t)((b->len - 4) >> 8);
	b->bytes[3] = (uint8_t)(b->len - 4);
}

/* In records of so many bytes. */
static size_t wrap(uint8_t *ret, const struct building *b, size_t piece)
{
	size_t len = 0;
	for (size_t at = 0; at < b->len; at += piece) {
		size_t n = b->len - at < piece ? b->len - at : piece;
		const uint8_t head[] = { TLS_HANDSHAKE, 3, 1, (uint8_t)(n >> 8), (uint8_t)n };
		memcpy(ret + len, head, sizeof head);
		memcpy(ret + len + sizeof head, b->bytes + at, n);
		len += sizeof head + n;
	}
	return len;
}

/* As many bytes at a time as are asked for, but `step` at most. 0, or what was wrong with it. */
static int take(const uint8_t *bytes, size_t len, size_t step, struct greeting_said *ret)
{
	struct greeting g = { .size = 0 };
	size_t at = 0;
	ssize_t want;
	while ((want = greeting_next(&g, bytes, at)) > 0) {
		if (at == len)
			return -EAGAIN;
		size_t n = (size_t)want < step ? (size_t)want : step;
		at += n < len - at ? n : len - at;
	}
	return want < 0 ? (int)want : greeting_read(&g, bytes, ret);
}

static uint8_t wire[GREETING_MAX * 8];
static struct building b;

static int try_name(const char *name, size_t len, struct greeting_said *ret)
{
	begin(&b);
	size_t from = b.len;
	put_name(&b, name, len);
	finish(&b, from);
	return take(wire, wrap(wire, &b, PIECE), SIZE_MAX, ret);
}

static void test_names(void)
{
	static const char *const good[][2] = { { "www.example.org", "www.example.org" }, { "WWW.Example.ORG", "www.example.org" },
		{ "www.example.org.", "www.example.org" }, { "a_b.xn--p1ai", "a_b.xn--p1ai" } };
	static const char *const bad[] = { ".", "org", "1.2.3.4", "::1", "*.example.org", "www.example.org..", "a b.org", "a/b.org",
		"\xc3\xa4.org", ".example.org" };
	struct greeting_said said;
	char longest[DOMAIN_TEXT + 8];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		int r = try_name(good[i][0], strlen(good[i][0]), &said);
		same(r == 0 ? said.name : "(none)", good[i][1], good[i][0]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(try_name(bad[i], strlen(bad[i]), &said) == -EINVAL, "\"%s\" is no host's name", bad[i]);
	ok(try_name("", 0, &said) == -EINVAL, "an empty name");
	ok(try_name("www.example.org\0.evil.example", 29, &said) == -EINVAL, "a NUL in a name");
	memset(longest, 'a', sizeof longest);
	for (size_t i = 50; i < sizeof longest; i += 50)
		longest[i] = '.';
	ok(try_name(longest, DOMAIN_TEXT - 1, &said) == 0 && strlen(said.name) == DOMAIN_TEXT - 1, "the longest name");
	ok(try_name(longest, DOMAIN_TEXT, &said) == -EINVAL, "one longer than that");
	ok(try_name(longest, sizeof longest, &said) == -EINVAL, "one much longer");
}

static void test_extensions(void)
{
	static const char name[] = "www.example.org";
	struct greeting_said said;
	begin(&b);
	size_t from = b.len;
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == -ENOENT, "no extensions at all");
	begin(&b);
	put_extension(&b, 10, "\0\2\0\x1d", 4);
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == -ENOENT, "none with a name");
	begin(&b);
	put_extension(&b, 43, "\2\3\4", 3);
	put_name(&b, name, sizeof name - 1);
	put_extension(&b, 42, "", 0);
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == 0 && said.later && said.early, "TLS 1.3 with early data");
	begin(&b);
	put_name(&b, name, sizeof name - 1);
	put_name(&b, name, sizeof name - 1);
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == -EBADMSG, "the extension twice");
	begin(&b);
	put_extension(&b, 0, "\0\x0c\0\0\3a.b\0\0\3c.d", 14);
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == -EBADMSG, "two names in one");
	begin(&b);
	put_extension(&b, 0, "\0\6\1\0\3a.b", 8);
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == -EBADMSG, "a name of another kind");
	begin(&b);
	put_extension(&b, 0, "\0\6\0\0\4a.b", 8);
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == -EBADMSG, "a name that ends beyond its list");
	begin(&b);
	put_name(&b, name, sizeof name - 1);
	finish(&b, from);
	b.bytes[from + 1]++;
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == -EBADMSG, "extensions that end beyond the message");
}

static void test_records(void)
{
	static const char name[] = "www.example.org";
	struct greeting_said said;
	static uint8_t padding[GREETING_MAX];
	begin(&b);
	size_t from = b.len;
	put_name(&b, name, sizeof name - 1);
	finish(&b, from);
	for (size_t piece = 1; piece < b.len; piece += 9)
		ok(take(wire, wrap(wire, &b, piece), 1 + piece % 4, &said) == 0 && strcmp(said.name, name) == 0,
			"in records of %zu bytes", piece);
	size_t len = wrap(wire, &b, PIECE);
	ok(take(wire, len - 1, SIZE_MAX, &said) == -EAGAIN, "one byte is missing");
	wire[0] = 'G';
	ok(take(wire, len, 1, &said) == -EBADMSG, "no record");
	(void)wrap(wire, &b, PIECE);
	wire[1] = 2;
	ok(take(wire, len, 1, &said) == -EBADMSG, "a version that is none");
	(void)wrap(wire, &b, PIECE);
	wire[5] = 2;
	ok(take(wire, len, 1, &said) == -EBADMSG, "another message");
	b.bytes[3]--;
	ok(take(wire, wrap(wire, &b, PIECE), 1, &said) == -EBADMSG, "something behind it");
	b.bytes[3]++;
	len = wrap(wire, &b, 20);
	wire[TLS_HEAD + 20] = TLS_ALERT;
	ok(take(wire, len, SIZE_MAX, &said) == -EBADMSG, "something of another kind in between");
	wire[3] = wire[4] = 0;
	ok(take(wire, len, SIZE_MAX, &said) == -EBADMSG, "an empty record");
	begin(&b);
	put_name(&b, name, sizeof name - 1);
	put_extension(&b, 21, padding, 30000);
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == 0, "a long one");
	ok(take(wire, wrap(wire, &b, 1), SIZE_MAX, &said) == -EMSGSIZE, "too many records");
	begin(&b);
	put_name(&b, name, sizeof name - 1);
	put_extension(&b, 21, padding, sizeof padding);
	finish(&b, from);
	ok(take(wire, wrap(wire, &b, PIECE), SIZE_MAX, &said) == -EMSGSIZE, "one that is too long");
	ok(tls_greets((const uint8_t *)"\1", 1) && tls_greets((const uint8_t *)"\1\2", 2), "a record that greets");
	ok(!tls_greets((const uint8_t *)"\1\3", 40) && !tls_greets((const uint8_t *)"\x10", 1), "others do not");
	size_t size;
	ok(tls_record((const uint8_t *)"\x17\3\3\x48\0", &size) == TLS_DATA && size == 18432, "the largest record");
	ok(tls_record((const uint8_t *)"\x17\3\3\x48\1", &size) == -EBADMSG, "a larger one");
	ok(tls_record((const uint8_t *)"\x18\3\3\0\1", &size) == -EBADMSG, "another kind");
}

static void test_known(void)
{
	static struct known k;
	struct known_answer m = { .until = 1000, .groups = 5, .count = 2, .name = "www.example.org" };
	const struct dns_address other = { 4, { 45, 0, 0, 3 } };
	m.list[0] = (struct dns_address){ 4, { 45, 0, 0, 1 } };
	m.list[1] = (struct dns_address){ 16, { 0x2a } };
	ok(known_add(&k, &m, sizeof m, 0) && k.count == 2, "two addresses");
	ok(known_groups(&k, "www.example.org", &m.list[0], 999) == 5 && known_groups(&k, "www.example.org", &m.list[1], 999) == 5,
		"are its own");
	ok(known_groups(&k, "www.example.org", &other, 0) == 0, "another is not");
	ok(known_groups(&k, "www.example.net", &m.list[0], 0) == 0, "nor are they another's");
	ok(known_groups(&k, "www.example.org", &m.list[0], 1000) == 0, "nor any more when their time is over");
	m.until = 500;
	ok(known_add(&k, &m, sizeof m, 0) && known_groups(&k, "www.example.org", &m.list[0], 999) == 5,
		"a shorter time changes nothing");
	ok(!known_add(&k, &m, sizeof m - 1, 0), "half a message");
	m.count = DNS_ADDRESSES + 1;
	ok(!known_add(&k, &m, sizeof m, 0), "too many addresses");
	m.count = 1;
	m.list[0].size = 5;
	ok(!known_add(&k, &m, sizeof m, 0), "an address of 5 bytes");
	m.list[0] = other;
	memset(m.name, 'a', sizeof m.name);
	ok(!known_add(&k, &m, sizeof m, 0), "a name without end");
	for (unsigned i = 0; i < KNOWN_MAX + 10; i++) {
		m.until = 2000 + i;
		(void)snprintf(m.name, sizeof m.name, "n%u.example.org", i);
		(void)known_add(&k, &m, sizeof m, 0);
	}
	ok(k.count == KNOWN_MAX && known_groups(&k, m.name, &other, 0) == 5 && known_groups(&k, "n1.example.org", &other, 0) == 0,
		"the first to go makes room");
}

static void test_rules(void)
{
	static const char *const bad[] = { "", "ports", "ports 0 1", "ports 32 1 2", "ports 0 2 1", "ports 0 0 1",
		"ports 0 1 65536", "ports 0 1 2 3", "log log", "other" };
	char text[] = "ports 0 443 443\nports 31 1 65535\nlog\n", line[32];
	struct tls_rules r;
	struct err e = { .code = 0 };
	ok(tls_rules_read(&r, text, &e) == 0 && r.log, "what it is told");
	ok(tls_rules_allow(&r, 1, 443) && !tls_rules_allow(&r, 1, 444), "one port");
	ok(tls_rules_allow(&r, UINT32_C(1) << 31, 22) && !tls_rules_allow(&r, 2, 443) && !tls_rules_allow(&r, 0, 443),
		"its group's");
	ok(!tls_rules_allow(&r, UINT32_MAX, 0), "port 0 is none");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		(void)snprintf(line, sizeof line, "%s", bad[i]);
		ok(tls_rules_read(&r, line, &e) == -EINVAL, "\"%s\" is no line", bad[i]);
	}
}

int main(void)
{
	test_names();
	test_extensions();
	test_records();
	test_known();
	test_rules();
	return tap_done();
}
