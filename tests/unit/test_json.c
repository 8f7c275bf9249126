/* JSON out and in. */
#include <errno.h>

#include "base/json.h"
#include "base/utf8.h"
#include "tap.h"

static struct arena arena;

static const char *written(bool indent)
{
	struct buf out = { .arena = &arena };
	struct json j = { .out = &out, .indent = indent };
	json_object(&j, NULL);
	json_string(&j, "plain", "a \"b\" \\ c/d");
	json_string(&j, "control", "\n\t\x01\x7f");
	json_string(&j, "utf8", "\xc3\xa4\xf0\x9f\x98\x80");
	json_string(&j, "not utf8", "x\xff\xc3y\xed\xa0\x80");
	json_string(&j, "none", NULL);
	json_int(&j, "least", INT64_MIN);
	json_uint(&j, "large", 4294967296);
	json_bool(&j, "yes", true);
	json_array(&j, "list");
	json_int(&j, NULL, 1);
	json_null(&j, NULL);
	json_array_end(&j);
	json_object(&j, "empty");
	json_object_end(&j);
	json_origin(&j, "line", (struct origin){ .file = "a.conf", .line = 7 });
	json_origin(&j, "whole", (struct origin){ .file = "command line" });
	json_origin(&j, "nowhere", (struct origin){ 0 });
	json_object_end(&j);
	return buf_text(&out);
}

static void test_writer(void)
{
	same(written(false),
		"{\"plain\":\"a \\\"b\\\" \\\\ c/d\",\"control\":\"\\n\\t\\u0001\\u007f\",\"utf8\":\"\xc3\xa4\xf0\x9f\x98\x80\","
		"\"not utf8\":\"x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"none\":null,\"least\":-9223372036854775808,"
		"\"large\":4294967296,\"yes\":true,\"list\":[1,null],\"empty\":{},\"line\":{\"file\":\"a.conf\",\"line\":7},"
		"\"whole\":{\"file\":\"command line\",\"line\":null},\"nowhere\":null}",
		"on one line");
	struct buf out = { .arena = &arena };
	struct json j = { .out = &out, .indent = true };
	json_object(&j, NULL);
	json_array(&j, "a");
	json_int(&j, NULL, 1);
	json_int(&j, NULL, 2);
	json_array_end(&j);
	json_array(&j, "b");
	json_array_end(&j);
	json_uint(&j, "most", UINT64_MAX);
	json_object_end(&j);
	same(buf_text(&out), "{\n\t\"a\": [\n\t\t1,\n\t\t2\n\t],\n\t\"b\": [],\n\t\"most\": 18446744073709551615\n}\n",
		"with line breaks");
}

static void test_round(void)
{
	struct json_value *v;
	unsigned line;
	const char *why;
	const char *text = written(true);
	ok(json_read(&arena, text, strlen(text), &v, &line, &why) == 0, "what was written can be read");
	ok(json_member(v, "least")->number == INT64_MIN, "the least number");
	same(json_member(v, "control")->string, "\n\t\x01\x7f", "control characters come back");
	same(json_member(v, "plain")->string, "a \"b\" \\ c/d", "quotes come back");
	ok(json_member(v, "list")->first->next->type == JSON_NULL && json_member(v, "list")->first->next->next == NULL, "the list");
	ok(json_member(json_member(v, "line"), "line")->number == 7, "inner members");
	ok(json_member(v, "no such") == NULL && json_member(NULL, "x") == NULL, "what is not there");
}

static void test_reader(void)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *why; /* NULL: good */
	} cases[] = {
		{ "0", 1, NULL },
		{ " [ ] ", 1, NULL },
		{ "\"\\u00e4\\ud83d\\ude00\\/\"", 1, NULL },
		{ "-9223372036854775808", 1, NULL },
		{ "9223372036854775807", 1, NULL },
		{ "", 1, "a value was expected" },
		{ "{\"a\":1,\n\"a\":2}", 2, "the same name twice in one object" },
		{ "{\"a\" 1}", 1, "':' was expected" },
		{ "{a:1}", 1, "a name in quotes was expected" },
		{ "{\"a\":1,}", 1, "a name in quotes was expected" },
		{ "[1,]", 1, "a value was expected" },
		{ "[1\n2]", 2, "',' or ']' was expected" },
		{ "{\"a\":1", 1, "',' or '}' was expected" },
		{ "1 2", 1, "text after the end of the value" },
		{ "01", 1, "a number must not begin with 0" },
		{ "1.5", 1, "only whole numbers are read" },
		{ "1e3", 1, "only whole numbers are read" },
		{ "9223372036854775808", 1, "a number that is too large" },
		{ "-9223372036854775809", 1, "a number that is too large" },
		{ "-", 1, "a value was expected" },
		{ "nul", 1, "a value was expected" },
		{ "\"a", 1, "string without an end" },
		{ "\"a\nb\"", 1, "control character in a string" },
		{ "\"\\x\"", 1, "unknown escape in a string" },
		{ "\"\\u12\"", 1, "\\u needs four hexadecimal digits" },
		{ "\"\\u0000\"", 1, "a string must not hold NUL" },
		{ "\"\\ud83d\"", 1, "half of a surrogate pair" },
		{ "\"\\ude00\"", 1, "half of a surrogate pair" },
		{ "\"\xff\"", 1, "a string that is not UTF-8" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json_value *v;
		unsigned line;
		const char *why;
		int err = json_read(&arena, cases[i].text, strlen(cases[i].text), &v, &line, &why);
		ok(err == (cases[i].why != NULL ? -EINVAL : 0) && line == cases[i].line, "result and line of %zu", i);
		same(err < 0 ? why : NULL, cases[i].why, "reason");
	}
	char deep[201];
	memset(deep, '[', 200);
	struct json_value *v;
	unsigned line;
	const char *why;
	ok(json_read(&arena, deep, 200, &v, &line, &why) == -EINVAL && strcmp(why, "nested too deeply") == 0, "200 brackets");
	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	ok(json_read(&arena, deep, 128, &v, &line, &why) == 0, "64 are allowed");
	ok(json_read(&arena, "\"\\u00e4\"", 8, &v, &line, &why) == 0, "an escape");
	same(v->string, "\xc3\xa4", "as UTF-8");
}

static void test_utf8(void)
{
	ok(utf8_length("a", 1) == 1 && utf8_length("\xc3\xa4", 2) == 2 && utf8_length("\xe2\x82\xac", 3) == 3,
		"one to three bytes");
	ok(utf8_length("\xf0\x9f\x98\x80", 4) == 4 && utf8_length("\xf4\x8f\xbf\xbf", 4) == 4, "four bytes");
	ok(utf8_length("", 0) == 0 && utf8_length("\xc3", 1) == 0 && utf8_length("\xc3z", 2) == 0, "cut off");
	ok(utf8_shown("\xc3\xa4", 2) == 2 && utf8_shown("a", 1) == 1 && utf8_shown("\xe2\x80\x93", 3) == 3, "what is shown");
	ok(utf8_shown("\n", 1) == 0 && utf8_shown("\x7f", 1) == 0 && utf8_shown("\xc2\x9b", 2) == 0 && utf8_shown("\x9b", 1) == 0 &&
			utf8_shown("\xe2\x80\xae", 3) == 0 && utf8_shown("\xe2\x81\xa6", 3) == 0 && utf8_shown("", 0) == 0,
		"what a terminal obeys");
	ok(utf8_length("\xc0\x80", 2) == 0 && utf8_length("\xe0\x80\x80", 3) == 0, "longer than needed");
	ok(utf8_length("\xed\xa0\x80", 3) == 0 && utf8_length("\xf4\x90\x80\x80", 4) == 0 && utf8_length("\xff", 1) == 0,
		"no characters");
}

int main(void)
{
	test_writer();
	test_round();
	test_reader();
	test_utf8();
	arena_free(&arena);
	return tap_done();
}
