#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

enum { DEPTH_MAX = 64 };

struct reader {
	struct arena *arena;
	const char *at, *end;
	unsigned line, depth;
	const char *why;
};

static int fail(struct reader *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	return -EINVAL;
}

static void blanks(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) {
		if (*r->at == '\n')
			r->line++;
		r->at++;
	}
}

static int hex4(struct reader *r, unsigned *ret)
{
	if (r->end - r->at < 4)
		return fail(r, "\\u needs four hexadecimal digits");
	*ret = 0;
	for (int i = 0; i < 4; i++) {
		char c = *r->at++;
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
			: c >= 'a' && c <= 'f'        ? (unsigned)(c - 'a' + 10)
			: c >= 'A' && c <= 'F'        ? (unsigned)(c - 'A' + 10)
						      : 16;
		if (digit > 15)
			return fail(r, "\\u needs four hexadecimal digits");
		*ret = *ret << 4 | digit;
	}
	return 0;
}

static void add_code(struct buf *b, unsigned code)
{
	if (code < 0x80)
		buf_putc(b, (char)code);
	else if (code < 0x800) {
		buf_putc(b, (char)(0xc0 | code >> 6));
		buf_putc(b, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		buf_putc(b, (char)(0xe0 | code >> 12));
		buf_putc(b, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_putc(b, (char)(0x80 | (code & 0x3f)));
	} else {
		buf_putc(b, (char)(0xf0 | code >> 18));
		buf_putc(b, (char)(0x80 | (code >> 12 & 0x3f)));
		buf_putc(b, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_putc(b, (char)(0x80 | (code & 0x3f)));
	}
}

static int escape_code(struct reader *r, struct buf *b)
{
	unsigned code, low;
	int err = hex4(r, &code);
	if (err < 0)
		return err;
	if (code == 0)
		return fail(r, "a string must not hold NUL");
	if (code >= 0xdc00 && code < 0xe000)
		return fail(r, "half of a surrogate pair");
	if (code >= 0xd800 && code < 0xdc00) {
		if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
			return fail(r, "half of a surrogate pair");
		r->at += 2;
		err = hex4(r, &low);
		if (err < 0)
			return err;
		if (low < 0xdc00 || low >= 0xe000)
			return fail(r, "half of a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	add_code(b, code);
	return 0;
}

static int escape(struct reader *r, struct buf *b)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	if (r->at == r->end)
		return fail(r, "string without an end");
	char c = *r->at++;
	if (c == 'u')
		return escape_code(r, b);
	const char *found = c != '\0' ? strchr(names, c) : NULL;
	if (found == NULL)
		return fail(r, "unknown escape in a string");
	buf_putc(b, values[found - names]);
	return 0;
}

/* The opening quote has been read. */
static int read_string(struct reader *r, const char **ret)
{
	struct buf b = { .arena = r->arena };
	for (;;) {
		const char *from = r->at;
		while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20) {
			size_t n = utf8_length(r->at, (size_t)(r->end - r->at));
			if (n == 0)
				return fail(r, "a string that is not UTF-8");
			r->at += n;
		}
		buf_add(&b, from, (size_t)(r->at - from));
		if (r->at == r->end)
			return fail(r, "string without an end");
		char c = *r->at++;
		if (c == '"')
			break;
		if (c != '\\')
			return fail(r, "control character in a string");
		int err = escape(r, &b);
		if (err < 0)
			return err;
	}
	*ret = buf_text(&b);
	return 0;
}

static int read_number(struct reader *r, int64_t *ret)
{
	bool negative = r->at < r->end && *r->at == '-';
	if (negative)
		r->at++;
	if (r->at == r->end || *r->at < '0' || *r->at > '9')
		return fail(r, "a value was expected");
	if (*r->at == '0' && r->end - r->at > 1 && r->at[1] >= '0' && r->at[1] <= '9')
		return fail(r, "a number must not begin with 0");
	int64_t value = 0;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
		/* Counted downwards, because the negative range is the larger one. */
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *r->at - '0', &value))
			return fail(r, "a number that is too large");
	}
	if (r->at < r->end && (*r->at == '.' || *r->at == 'e' || *r->at == 'E'))
		return fail(r, "only whole numbers are read");
	if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
		return fail(r, "a number that is too large");
	*ret = value;
	return 0;
}

static bool word(struct reader *r, const char *text)
{
	size_t n = strlen(text);
	if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0)
		return false;
	r->at += n;
	return true;
}

static int read_value(struct reader *r, struct json_value **ret);

/* Members or elements up to the closing bracket; the opening one has been read. */
static int read_level(struct reader *r, struct json_value *v, char close)
{
	struct json_value **link = &v->first;
	if (++r->depth > DEPTH_MAX)
		return fail(r, "nested too deeply");
	blanks(r);
	if (r->at < r->end && *r->at == close) {
		r->at++;
		r->depth--;
		return 0;
	}
	for (;;) {
		const char *key = NULL;
		int err;
		blanks(r);
		if (close == '}') {
			if (r->at == r->end || *r->at++ != '"')
				return fail(r, "a name in quotes was expected");
			err = read_string(r, &key);
			if (err < 0)
				return err;
			if (json_member(v, key) != NULL)
				return fail(r, "the same name twice in one object");
			blanks(r);
			if (r->at == r->end || *r->at++ != ':')
				return fail(r, "':' was expected");
		}
		err = read_value(r, link);
		if (err < 0)
			return err;
		(*link)->key = key;
		link = &(*link)->next;
		blanks(r);
		char c = r->at < r->end ? *r->at++ : '\0';
		if (c == close) {
			r->depth--;
			return 0;
		}
		if (c != ',')
			return fail(r, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
	}
}

static int read_value(struct reader *r, struct json_value **ret)
{
	blanks(r);
	struct json_value *v = arena_alloc(r->arena, sizeof *v);
	*ret = v;
	v->line = r->line;
	if (r->at == r->end)
		return fail(r, "a value was expected");
	switch (*r->at) {
	case '{':
		r->at++;
		v->type = JSON_OBJECT;
		return read_level(r, v, '}');
	case '[':
		r->at++;
		v->type = JSON_ARRAY;
		return read_level(r, v, ']');
	case '"':
		r->at++;
		v->type = JSON_STRING;
		return read_string(r, &v->string);
	default: break;
	}
	if (word(r, "null"))
		return 0;
	v->type = JSON_BOOL;
	v->number = 1;
	if (word(r, "true"))
		return 0;
	v->number = 0;
	if (word(r, "false"))
		return 0;
	v->type = JSON_INT;
	return read_number(r, &v->number);
}

int json_read(struct arena *a, const char *text, size_t len, struct json_value **ret, unsigned *ret_line, const char **ret_why)
{
	struct reader r = { .arena = a, .at = text, .end = text + len, .line = 1 };
	int err = read_value(&r, ret);
	if (err == 0) {
		blanks(&r);
		if (r.at != r.end)
			err = fail(&r, "text after the end of the value");
	}
	*ret_line = r.line;
	*ret_why = r.why;
	return err;
}

const struct json_value *json_member(const struct json_value *object, const char *key)
{
	if (object == NULL || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json_value *v = object->first; v != NULL; v = v->next)
		if (v->key != NULL && strcmp(v->key, key) == 0)
			return v;
	return NULL;
}
