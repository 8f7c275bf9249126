/* Names, addresses and messages of bailey-resolver: src/base/domain.c, src/resolver/. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/domain.h"
#include "resolver/dns.h"
#include "resolver/global.h"
#include "resolver/policy.h"
#include "tap.h"

static struct arena arena = { .head = NULL };

static void test_names(void)
{
	static const char *const good[][2] = { { "example.org", "example.org" }, { "WWW.Example.ORG", "www.example.org" },
		{ "*.example.org", "*.example.org" }, { "a-b.c_d.xn--p1ai", "a-b.c_d.xn--p1ai" }, { "1.example", "1.example" } };
	static const char *const bad[] = { "", ".", "*", "*.", "org", "*.org", "example.org.", ".example.org", "a..org", "*.*.org",
		"www.*.org", "*example.org", "-a.org", "a-.org", "exa mple.org", "example.org/24", "ex\xc3\xa4mple.org", "1.2.3.4",
		"10.0.0", "a.org\n", "a@b.org", "a123456789012345678901234567890123456789012345678901234567890123.org" };
	char got[DOMAIN_TEXT], whole[DOMAIN_TEXT + 1];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const char *wrong = domain_pattern(good[i][0], got);
		same(wrong == NULL ? got : wrong, good[i][1], good[i][0]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(domain_pattern(bad[i], got) != NULL, "\"%s\" is none", bad[i]);
	memset(whole, 'a', sizeof whole);
	for (size_t i = 50; i < sizeof whole; i += 50)
		whole[i] = '.';
	whole[DOMAIN_TEXT - 1] = '\0';
	ok(domain_pattern(whole, got) == NULL, "253 characters are a name");
	whole[DOMAIN_TEXT - 1] = 'a';
	whole[DOMAIN_TEXT] = '\0';
	ok(domain_pattern(whole, got) != NULL, "254 are none");
	ok(domain_matches("example.org", "example.org") && !domain_matches("example.org", "www.example.org"), "a name is itself");
	ok(domain_matches("*.example.org", "www.example.org") && domain_matches("*.example.org", "a.b.example.org"),
		"a star is all below");
	ok(!domain_matches("*.example.org", "example.org") && !domain_matches("*.example.org", "badexample.org") &&
			!domain_matches("*.example.org", ".example.org.evil.com"),
		"and nothing else");
}

static void test_addresses(void)
{
	static const struct {
		const char *text;
		bool global;
	} rows[] = { { "8.8.8.8", true }, { "1.1.1.1", true }, { "172.15.255.255", true }, { "172.32.0.0", true },
		{ "100.128.0.1", true }, { "198.20.0.0", true }, { "223.255.255.255", true }, { "192.0.1.1", true },
		{ "0.1.2.3", false }, { "10.0.0.1", false }, { "100.64.0.1", false }, { "100.127.255.255", false },
		{ "127.1.2.3", false }, { "169.254.169.254", false }, { "172.16.0.1", false }, { "172.31.255.255", false },
		{ "192.0.0.8", false }, { "192.0.2.1", false }, { "192.88.99.1", false }, { "192.168.255.1", false },
		{ "198.18.0.1", false }, { "198.19.255.255", false }, { "198.51.100.1", false }, { "203.0.113.1", false },
		{ "224.0.0.1", false }, { "240.0.0.1", false }, { "255.255.255.255", false }, { "2a00:1450::1", true },
		{ "2606:4700::1111", true }, { "2001:4860::8888", true }, { "::", false }, { "::1", false },
		{ "::ffff:8.8.8.8", false }, { "::8.8.8.8", false }, { "64:ff9b::808:808", false }, { "64:ff9b:1::1", false },
		{ "100::1", false }, { "2001::1", false }, { "2001:2::1", false }, { "2001:db8::1", false },
		{ "2002:808:808::", false }, { "3fff::1", false }, { "5f00::1", false }, { "fc00::1", false }, { "fd12::1", false },
		{ "fe80::1", false }, { "fec0::1", false }, { "ff02::1", false }, { "4000::1", false } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct in6_addr at;
		bool six = strchr(rows[i].text, ':') != NULL;
		ok(inet_pton(six ? AF_INET6 : AF_INET, rows[i].text, &at) == 1 &&
				address_is_global((const uint8_t *)&at, six ? 16 : 4) == rows[i].global,
			"%s %s of the Internet at large", rows[i].text, rows[i].global ? "is" : "is not");
	}
}

static void test_policy(void)
{
	struct policy p;
	struct err e = { .code = 0 };
	char good[] =
		"name 0 *.example.org\nname 1 example.org\nname 1 www.example.org\nreachable 10.0.0.0/8\nserver 192.0.2.1\nleast 2000\nlog\n";
	static const char *const bad[] = { "server 192.0.2.1\nleast 1\n", "name 0 a.b\nleast 1\n", "name 0 a.b\nserver 192.0.2.1\n",
		"name 32 a.b\nserver 192.0.2.1\nleast 1\n", "name 0 A.b\nserver 192.0.2.1\nleast 1\n",
		"name 0 a.b c\nserver 192.0.2.1\nleast 1\n", "name 0 a.b\nserver 192.0.2.1/24\nleast 1\n",
		"name 0 a.b\nserver here\nleast 1\n", "name 0 a.b\nserver 192.0.2.1\nleast 0\n", "what\n",
		"name 0 a.b\nserver 1.1.1.1\nserver 1.1.1.1\nserver 1.1.1.1\nserver 1.1.1.1\nleast 1\n" };
	ok(policy_read(&p, &arena, good, &e) == 0 && p.server_count == 1 && p.name_count == 3 && p.least_ms == 2000 && p.log,
		"all of it");
	ok(policy_groups(&p, "a.example.org") == 1 && policy_groups(&p, "example.org") == 2 &&
			policy_groups(&p, "www.example.org") == 3,
		"groups of names");
	ok(policy_groups(&p, "") == 0 && policy_groups(&p, "example.com") == 0, "and of none");
	ok(policy_judge(&p, &(struct dns_address){ 4, { 10, 1, 2, 3 } }) == POLICY_KNOWN, "a rule has it");
	ok(policy_judge(&p, &(struct dns_address){ 4, { 192, 168, 2, 3 } }) == POLICY_REFUSED, "no rule has it");
	ok(policy_judge(&p, &(struct dns_address){ 4, { 9, 9, 9, 9 } }) == POLICY_PINNED, "everybody has it");
	ok(policy_judge(&p, &(struct dns_address){ 16, { 10 } }) == POLICY_REFUSED, "the same bytes of another family");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(policy_read(&p, &arena, arena_strdup(&arena, bad[i]), &e) == -EINVAL, "not enough, or too much: %zu", i);
}

/* A message, and its length without the NUL. */
#define MESSAGE(bytes) (const uint8_t *)(bytes), sizeof(bytes) - 1
#define NAME "\3www\7example\3org\0"
#define QUERY "\x12\x34\1\0\0\1\0\0\0\0\0\0"

static void test_queries(void)
{
	struct dns_query q;
	ok(dns_read_query(MESSAGE(QUERY NAME "\0\1\0\1"), &q) == 0 && q.id == 0x1234 && q.type == DNS_A && q.recursion, "a query");
	same(q.text, "www.example.org", "its name");
	ok(dns_read_query(MESSAGE(QUERY "\3WwW\7eXample\3org\0\0\x1c\0\1"), &q) == 0 && q.type == DNS_AAAA, "capitals");
	same(q.text, "www.example.org", "are small letters");
	ok(dns_read_query(MESSAGE("\x12\x34\1\0\0\1\0\0\0\0\0\1" NAME "\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\0"), &q) == 0,
		"with an extension");
	ok(dns_read_query(MESSAGE(QUERY "\0\0\1\0\1"), &q) == 0 && q.text[0] == '\0', "the root is no host");
	ok(dns_read_query(MESSAGE(QUERY "\4w.ww\3org\0\0\1\0\1"), &q) == 0 && q.text[0] == '\0', "nor is a label with a dot");
	ok(dns_read_query(MESSAGE(QUERY "\2w\0\3org\0\0\1\0\1"), &q) == 0 && q.text[0] == '\0', "or with a NUL");
	ok(dns_read_query(MESSAGE("\x12\x34\x81\0\0\1\0\0\0\0\0\0" NAME "\0\1\0\1"), &q) == -EINVAL, "an answer is no query");
	ok(dns_read_query(MESSAGE("\x12\x34\1"), &q) == -EINVAL, "nor is half a header");
	ok(dns_read_query(MESSAGE("\x12\x34\1\0\0\2\0\0\0\0\0\0" NAME "\0\1\0\1" NAME "\0\1\0\1"), &q) == -EBADMSG,
		"two questions");
	ok(dns_read_query(MESSAGE("\x12\x34\x29\0\0\1\0\0\0\0\0\0" NAME "\0\1\0\1"), &q) == -EBADMSG, "an update");
	ok(dns_read_query(MESSAGE(QUERY NAME "\0\1\0\3"), &q) == -EBADMSG, "another class");
	ok(dns_read_query(MESSAGE(QUERY NAME "\0\1\0"), &q) == -EBADMSG, "cut off");
	ok(dns_read_query(MESSAGE(QUERY "\3www\xc0\x0c\0\1\0\1"), &q) == -EBADMSG, "a pointer in a question");
	ok(dns_read_query(MESSAGE(QUERY "\x40www"), &q) == -EBADMSG, "a label of another kind");
}

static void test_answers(void)
{
#define ANSWER(count) "\x12\x34\x81\x80\0\1\0" count "\0\0\0\0" NAME "\0\1\0\1"
#define RECORD_A(seconds, last) "\xc0\x0c\0\1\0\1\0\0\0" seconds "\0\4\x2d\x2d\x2d" last
	struct dns_asked asked = { .id = 0x1234, .type = DNS_A, .name = { NAME, sizeof NAME - 1 }, .exact = true };
	struct dns_answer a;
	ok(dns_read_answer(MESSAGE(ANSWER("\2") RECORD_A("\5", "\1") RECORD_A("\3", "\2")), &asked, &a) == 0 && a.count == 2 &&
			a.seconds == 3 && a.list[1].bytes[3] == 2,
		"two addresses, the shorter time");
	ok(dns_read_answer(MESSAGE(ANSWER("\2") "\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1x\xc0\x10"
						"\1x\xc0\x10\0\1\0\1\0\0\0\7\0\4\x2d\x2d\x2d\1"),
		   &asked, &a) == 0 &&
			a.count == 1 && a.seconds == 1,
		"an alias");
	ok(dns_read_answer(MESSAGE(ANSWER("\1") "\1x\xc0\x10\0\1\0\1\0\0\0\7\0\4\x2d\x2d\x2d\1"), &asked, &a) == 0 && a.count == 0,
		"somebody else's address");
	ok(dns_read_answer(MESSAGE(ANSWER("\1") "\xc0\x0c\0\5\0\1\0\0\0\1\0\2\xc0\x0c"), &asked, &a) == 0 && a.count == 0,
		"an alias of itself");
	ok(dns_read_answer(MESSAGE(ANSWER("\1") "\xc0\x2d\0\1\0\1\0\0\0\1\0\4\x2d\x2d\x2d\1"), &asked, &a) == -EBADMSG,
		"a pointer ahead");
	ok(dns_read_answer(MESSAGE(ANSWER("\1") "\xc0\x21\0\1\0\1\0\0\0\1\0\4\x2d\x2d\x2d\1"), &asked, &a) == -EBADMSG,
		"a pointer to itself");
	ok(dns_read_answer(MESSAGE(ANSWER("\1") "\xc0\x0c\0\1\0\1\0\0\0\1\0\5\x2d\x2d\x2d\1\1"), &asked, &a) == -EBADMSG,
		"an address of 5 bytes");
	ok(dns_read_answer(MESSAGE(ANSWER("\2") RECORD_A("\5", "\1")), &asked, &a) == -EBADMSG, "a record is missing");
	ok(dns_read_answer(MESSAGE(ANSWER("\1") "\xc0\x0c\0\1\0\1\xff\0\0\1\0\4\x2d\x2d\x2d\1"), &asked, &a) == 0 && a.seconds == 0,
		"a time below 0");
	ok(dns_read_answer(MESSAGE("\x12\x35\x81\x80\0\1\0\0\0\0\0\0" NAME "\0\1\0\1"), &asked, &a) == -ENOMSG, "another id");
	ok(dns_read_answer(MESSAGE("\x12\x34\1\0\0\1\0\0\0\0\0\0" NAME "\0\1\0\1"), &asked, &a) == -ENOMSG, "a question");
	ok(dns_read_answer(MESSAGE("\x12\x34\x81\x80\0\1\0\0\0\0\0\0" NAME "\0\x1c\0\1"), &asked, &a) == -ENOMSG, "another type");
	ok(dns_read_answer(MESSAGE("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\3wwW\7example\3org\0\0\1\0\1"), &asked, &a) == -ENOMSG,
		"another case");
	asked.exact = false;
	ok(dns_read_answer(MESSAGE("\x12\x34\x81\x83\0\1\0\0\0\0\0\0\3wwW\7example\3org\0\0\1\0\1"), &asked, &a) == 0 &&
			a.code == DNS_NO_SUCH_NAME,
		"which may be");
	ok(dns_read_answer(MESSAGE("\x12\x34\x83\x80\0\1\0\0\0\0\0\0" NAME "\0\1\0\1"), &asked, &a) == 0 && a.cut, "cut");
	ok(dns_read_answer(MESSAGE("\x12\x34\x81\x81\0\0\0\0\0\0\0\0"), &asked, &a) == 0 && a.code == DNS_FORMAT_ERROR,
		"not understood");
	ok(dns_read_answer(MESSAGE("\x12\x34\x81\x80\0\0\0\0\0\0\0\0"), &asked, &a) == -ENOMSG, "an answer without its question");
}

static void test_writing(void)
{
	struct dns_query q;
	struct dns_asked asked = { .id = 0x1234, .type = DNS_A, .exact = true };
	struct dns_answer a = { .seconds = 70000, .count = DNS_ADDRESSES }, got;
	uint8_t out[DNS_QUERY];
	(void)dns_read_query(MESSAGE(QUERY NAME "\0\1\0\1"), &q);
	asked.name = q.name;
	for (uint8_t i = 0; i < DNS_ADDRESSES; i++)
		a.list[i] = (struct dns_address){ 4, { 45, 45, 45, i } };
	size_t len = dns_write_answer(out, &q, &a);
	ok(len <= sizeof out && dns_read_answer(out, len, &asked, &got) == 0 && got.count == dns_room(&q, 4) &&
			got.seconds == 70000,
		"as many addresses as there is room for");
	memset(q.name.bytes, 1, sizeof q.name.bytes);
	q.name.len = DNS_NAME;
	q.type = DNS_AAAA;
	len = dns_write_answer(out, &q, &a);
	ok(len <= sizeof out && dns_room(&q, 16) >= 8, "also with the longest name");
	len = dns_write_query(out, &asked, true);
	ok(dns_read_query(out, len, &q) == 0 && q.id == 0x1234 && q.type == DNS_A, "what is asked can be read");
	same(q.text, "www.example.org", "with its name");
	len = dns_write_error(out, 7, DNS_FORMAT_ERROR);
	ok(len == 12 && out[1] == 7 && (out[2] & 0x80) != 0 && out[3] == 0x81, "a complaint");
}

int main(void)
{
	test_names();
	test_addresses();
	test_policy();
	test_queries();
	test_answers();
	test_writing();
	arena_free(&arena);
	return tap_done();
}
