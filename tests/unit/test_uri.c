/* What a program inside may have opened outside: base/uri.h; and the names and rules of D-Bus, base/bus.h. */
#include <string.h>

#include "base/bus.h"
#include "base/uri.h"
#include "tap.h"

static char https[] = "https", mailto[] = "mailto", special[] = "x-special+1";
static char *const schemes[] = { https, mailto, special };

static bool opens(const char *text)
{
	return uri_wrong(text, strlen(text), schemes, sizeof schemes / sizeof *schemes) == NULL;
}

static void test_uris(void)
{
	static const char *const good[] = { "https://example.org/", "HTTPS://example.org/a?b=c&d=%41#e", "mailto:a@example.org",
		"mailto:a@example.org?subject=attachment&body=x%0Ay", "x-special+1:1", "https://[2001:db8::1]:8443/(x)'y*;$z" };
	static const char *const bad[] = { "", ":", "https", "https:", "http://example.org/", "httpss://x", "/etc/passwd", "a/b:c",
		"https://example.org/a b", "https://example.org/\n", "https://example.org/\x1b[0m", "https://example.org/`id`",
		"https://example.org/\"x", "https://example.org/<x>", "https://example.org/%", "https://example.org/%4",
		"https://x/%zz", "https://ex\xc3\xa4mple.org", "mailto:?attach=/etc/passwd", "mailto:a@b?subject=x&ATTACHMENT=/x",
		"mailto:a@b?x=y&%61tt%41ch=/x", "mailto:?x=y;attach=z", "-x:y", "--help" };
	char text[URI_MAX + 2];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(opens(good[i]), "%s is opened", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!opens(bad[i]), "bad address %zu is not", i);
	memset(text, 'a', sizeof text);
	memcpy(text, "https:", 6);
	ok(uri_wrong(text, URI_MAX, schemes, 1) == NULL, "as long as can be");
	ok(uri_wrong(text, URI_MAX + 1, schemes, 1) != NULL, "one byte longer");
	ok(uri_wrong("https:a\0b", 9, schemes, 1) != NULL, "a NUL in it");
	ok(uri_wrong("https:a", 7, schemes, 0) != NULL, "no schemes at all");
}

static void test_schemes(void)
{
	static const char *const bad[] = { "", "1a", "https:", "HTTPS", "file", "javascript", "data", "a b", "-x" };
	ok(uri_scheme_wrong("https") == NULL && uri_scheme_wrong("x-special+1.2") == NULL, "schemes");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(uri_scheme_wrong(bad[i]) != NULL, "\"%s\" is none", bad[i]);
}

static void test_names(void)
{
	static const char *const good[] = { "org.example.A", "a.b", "org.example.A-b_c", "org.example.*", "_x._y" };
	static const char *const bad[] = { "", "org", "*", "org.*", ".*", "org.example*", "org.example.A*", "org..example",
		".org.example", "org.example.", "org.5x.a", "org.example.*.b", ":1.5", "org.ex ample", "org.example.*x",
		"org/example.a" };
	char text[300];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(bus_name_wrong(good[i]) == NULL, "%s is a name", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(bus_name_wrong(bad[i]) != NULL, "\"%s\" is none", bad[i]);
	memset(text, 'a', sizeof text);
	text[1] = '.';
	text[255] = '\0';
	ok(bus_name_wrong(text) == NULL, "255 bytes");
	text[255] = 'a';
	text[256] = '\0';
	ok(bus_name_wrong(text) != NULL, "256 bytes");
}

static void test_rules(void)
{
	static const char *const good[] = { "org.example.A=*", "org.example.A=org.x.I.M", "org.example.A=org.x.*@/a/b",
		"org.example.*=*@/", "org.example.A=@/a/b_1/*", "org.example.A=*@/*" };
	static const char *const bad[] = { "org.example.A", "org.example.A=", "=org.x.I", "*=*", "org.example.A=M",
		"org.example.A=*@", "org.example.A=*@a", "org.example.A=*@/a//b", "org.example.A=*@/a/", "org.example.A=*@/a*",
		"org.example.A=*@/a-b", "org.example.A=*.x", "org.example.A=org.x-y.M" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(bus_rule_wrong(good[i]) == NULL, "%s is a rule", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(bus_rule_wrong(bad[i]) != NULL, "\"%s\" is none", bad[i]);
}

int main(void)
{
	test_uris();
	test_schemes();
	test_names();
	test_rules();
	return tap_done();
}
