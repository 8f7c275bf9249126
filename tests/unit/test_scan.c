#include "conf/scan.h"

#include "tap.h"

struct row {
	const char *text;
	enum scan_result result;
	unsigned line; /* of the first diagnostic */
	const char *says; /* its text; NULL: no diagnostic at all */
};

static const struct row rows[] = {
	{ "", SCAN_OK, 0, NULL },
	{ "a = 1;\n# 0755 @include \"x\"\n// 1.5\n/* [ */ b = \"@include #\";\n", SCAN_OK, 0, NULL },
	{ "a = 1\r\nb = [ \"x\",\r\n \"y\" ]\r\n", SCAN_OK, 0, NULL },
	{ "a = ( { b = \"\\\"\"; }, { c = [ true, FALSE ]; } );", SCAN_OK, 0, NULL },
	{ "a = 2147483647; b = -2147483648; c = 0x7fffffff; d = 5368709120L; e = +5; f = 0;", SCAN_OK, 0, NULL },
	{ "a-b = 1; x_1 : 2,", SCAN_OK, 0, NULL },
	{ "\n\na = 2147483648;", SCAN_MISTAKES, 3, "the number 2147483648 is too large" },
	{ "a = 0x80000000;", SCAN_MISTAKES, 1, "the number 0x80000000 is too large" },
	{ "a = 5368709120;", SCAN_MISTAKES, 1, "the number 5368709120 is too large" },
	{ "a = 9223372036854775808L;", SCAN_MISTAKES, 1, "the number 9223372036854775808L is too large" },
	{ "a = 0755;", SCAN_MISTAKES, 1, "the number 0755 begins with a zero" },
	{ "a = -08;", SCAN_MISTAKES, 1, "the number -08 begins with a zero" },
	{ "a = 1.5;", SCAN_MISTAKES, 1, "1.5 is not a whole number" },
	{ "a = .5;", SCAN_MISTAKES, 1, ".5 is not a whole number" },
	{ "a = 1e400;", SCAN_MISTAKES, 1, "1e400 is not a whole number" },
	{ "a = 1.5.2;", SCAN_MISTAKES, 1, "1.5.2 is not a whole number" },
	{ "a = 4G;", SCAN_MISTAKES, 1, "4G is neither a number nor a text" },
	{ "a = 0b11;", SCAN_MISTAKES, 1, "0b11 is neither a number nor a text" },
	{ "a = [ \"x\"\n  \"y\" ];", SCAN_MISTAKES, 2, "two texts without a comma between them" },
	{ "a = \"x\" /* , */ \"y\";", SCAN_MISTAKES, 1, "two texts without a comma between them" },
	{ "a = [ \"x\",\n ];", SCAN_MISTAKES, 2, "a comma before ']'" },
	{ "a = ( { b = 1; }, );", SCAN_MISTAKES, 1, "a comma before ')'" },
	{ "a = yes;", SCAN_MISTAKES, 1, "the word yes stands without quotation marks" },
	{ "a = [ \"x\", y ];", SCAN_MISTAKES, 1, "the word y stands without quotation marks" },
	{ "a*b = 1;", SCAN_MISTAKES, 1, "no setting has a '*' in its name: a*b" },
	{ "set = { _X = 1; };", SCAN_MISTAKES, 1, "the name of a setting begins with a letter: _X" },
	{ "a = \"x\\x00y\";", SCAN_MISTAKES, 1, "a NUL byte (\\x00) in a text" },
	{ "a = 1;\n@include \"x\"\n", SCAN_STOP, 2, "profiles have no @include" },
	{ "a = 1;\n  @include \"/dev\"", SCAN_STOP, 2, "profiles have no @include" },
	{ "\n\na = \"x;\nb = 1;\nc = \"y\";", SCAN_STOP, 3, "the text has no end" },
	{ "a = \"x", SCAN_STOP, 1, "the text has no end" },
	{ "a = \"x\\", SCAN_STOP, 1, "the text has no end" },
	{ "a = 1;\n/* b = 2;\n\n", SCAN_STOP, 2, "the comment has no end" },
	{ "/", SCAN_OK, 0, NULL },
	{ "/*/", SCAN_STOP, 1, "the comment has no end" },
	{ "a = {\n b = [ 1;\n};", SCAN_STOP, 3, "'}' cannot close the '[' of line 2" },
	{ "\na = {\n b = 1;\n", SCAN_STOP, 2, "'{' is not closed" },
	{ "a = 1; }", SCAN_STOP, 1, "'}' closes nothing" },
	{ "a = ((((((((1))))))));", SCAN_OK, 0, NULL },
	{ "a =\n(((((((((1)))))))));", SCAN_STOP, 2, "brackets nest deeper than 8" },
	{ "\xef\xbb\xbf"
	  "a = 1;",
		SCAN_STOP, 1, "the file begins with a byte order mark" },
	{ "a = 12345678901234567890123456789012345678901;", SCAN_MISTAKES, 1, "a number of 41 digits" },
};

static void test_rows(struct arena *a)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct diags d = { .arena = a };
		struct scanned s;
		enum scan_result r = scan_text(&d, (struct origin){ .file = "x" }, rows[i].text, strlen(rows[i].text), &s);
		ok(r == rows[i].result, "row %zu: result", i);
		same(d.count > 0 ? d.items[0].text : NULL, rows[i].says, "what it says");
		ok(d.count == 0 || d.items[0].origin.line == rows[i].line, "at line %u", rows[i].line);
		ok(d.count < 2, "and nothing else");
	}
}

static void test_lines(struct arena *a)
{
	static const char text[] = "a = [ # x\n \"1\",\n\n \"2\" /* 3\n4 */ ]; b =\n 7; c = true;";
	static const unsigned want[] = { 2, 4, 6, 6 };
	struct diags d = { .arena = a };
	struct scanned s;
	ok(scan_text(&d, (struct origin){ 0 }, text, sizeof text - 1, &s) == SCAN_OK, "a text over several lines");
	ok(s.count == 4, "its values");
	for (size_t i = 0; i < 4 && i < s.count; i++)
		ok(s.line[i] == want[i], "value %zu is in line %u", i, want[i]);
	same(s.text, "a = [\n\"1\",\n\n\"2\"\n]; b =\n7; c = true;", "what is left for libconfig");
}

static void test_hostile(struct arena *a)
{
	enum { MANY = 1000000 };
	char *text = arena_alloc(a, MANY + 1);
	struct diags d = { .arena = a };
	struct scanned s;
	memset(text, '(', MANY);
	ok(scan_text(&d, (struct origin){ 0 }, text, MANY, &s) == SCAN_STOP && d.count == 1, "a million brackets: one mistake");
	d.count = 0;
	for (size_t i = 0; i < MANY; i += 2)
		memcpy(text + i, "1,", 2);
	ok(scan_text(&d, (struct origin){ 0 }, text, MANY, &s) == SCAN_STOP && d.count == 1, "half a million values: one mistake");
	same(d.items[0].text, "more than 8192 values in one file", "which says so");
	d.count = 0;
	for (size_t i = 0; i < MANY; i += 2)
		memcpy(text + i, "{}", 2);
	ok(scan_text(&d, (struct origin){ 0 }, text, MANY, &s) == SCAN_STOP && d.count == 1, "half a million groups: one mistake");
	d.count = 0;
	for (size_t i = 0; i < MANY; i += 5)
		memcpy(text + i, "a*=1 ", 5);
	ok(scan_text(&d, (struct origin){ 0 }, text, MANY, &s) == SCAN_STOP && d.count == 50,
		"not more than 50 mistakes of one file");
	d.count = 0;
	ok(scan_text(&d, (struct origin){ 0 }, "a = 1;\nb\0", 9, &s) == SCAN_STOP && d.items[0].origin.line == 2,
		"a NUL byte and its line");
	unsigned seed = 1;
	for (unsigned round = 0; round < 2000; round++) {
		d.count = 0;
		for (size_t i = 0; i < 200; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = (char)(seed >> 16);
		}
		if (scan_text(&d, (struct origin){ 0 }, text, 200, &s) == SCAN_OK && d.count > 0)
			break;
	}
	ok(true, "2000 texts of any bytes are survived");
}

int main(void)
{
	struct arena a = { 0 };
	test_rows(&a);
	test_lines(&a);
	test_hostile(&a);
	arena_free(&a);
	return tap_done();
}
