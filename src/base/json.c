#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

static void line_break(struct json *j)
{
	if (!j->indent)
		return;
	buf_putc(j->out, '\n');
	for (unsigned i = 0; i < j->depth; i++)
		buf_putc(j->out, '\t');
}

static void quoted(struct buf *out, const char *s)
{
	buf_putc(out, '"');
	size_t left = strlen(s);
	while (left > 0) {
		/* Runs of plain characters go out in one piece. */
		size_t run = 0;
		while (run < left && (unsigned char)s[run] >= 0x20 && (unsigned char)s[run] < 0x7f && s[run] != '"' &&
			s[run] != '\\')
			run++;
		buf_add(out, s, run);
		s += run;
		left -= run;
		if (left == 0)
			break;
		unsigned char c = (unsigned char)*s;
		size_t used = 1;
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '\t')
			buf_puts(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else if ((used = utf8_length(s, left)) > 0)
			buf_add(out, s, used);
		else {
			buf_puts(out, "\xef\xbf\xbd");
			used = 1;
		}
		s += used;
		left -= used;
	}
	buf_putc(out, '"');
}

/* What stands before every value: the comma, the line break, the name. */
static void begin(struct json *j, const char *key)
{
	if (j->comma)
		buf_putc(j->out, ',');
	if (j->depth > 0)
		line_break(j);
	if (key != NULL) {
		quoted(j->out, key);
		buf_puts(j->out, j->indent ? ": " : ":");
	}
	j->comma = true;
}

static void open_level(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	buf_putc(j->out, bracket);
	j->depth++;
	j->comma = false;
}

static void close_level(struct json *j, char bracket)
{
	j->depth--;
	if (j->comma)
		line_break(j);
	buf_putc(j->out, bracket);
	j->comma = true;
	if (j->depth == 0 && j->indent)
		buf_putc(j->out, '\n');
}

void json_object(struct json *j, const char *key)
{
	open_level(j, key, '{');
}

void json_object_end(struct json *j)
{
	close_level(j, '}');
}

void json_array(struct json *j, const char *key)
{
	open_level(j, key, '[');
}

void json_array_end(struct json *j)
{
	close_level(j, ']');
}

void json_string(struct json *j, const char *key, const char *value)
{
	if (value == NULL) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	quoted(j->out, value);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	begin(j, key);
	buf_printf(j->out, "%" PRId64, value);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	buf_printf(j->out, "%" PRIu64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	buf_puts(j->out, value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	buf_puts(j->out, "null");
}

void json_raw(struct json *j, const char *key, const char *json)
{
	begin(j, key);
	buf_puts(j->out, json);
}

void json_origin(struct json *j, const char *key, struct origin o)
{
	if (o.file == NULL) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_string(j, "file", o.file);
	if (o.line > 0)
		json_uint(j, "line", o.line);
	else
		json_null(j, "line");
	json_object_end(j);
}
