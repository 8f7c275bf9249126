/* JSON out (for every --json) and JSON in (host facts for tests). */
#ifndef BAILEY_BASE_JSON_H
#define BAILEY_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/origin.h"

/* A writer: commas, quotes and (when `indent`) line breaks are its business. */
struct json {
	struct buf *out;
	bool indent;
	unsigned depth;
	bool comma; /* something stands before at this depth */
};

/* `key` is NULL inside an array and at the top. Bytes that are no UTF-8 are written as U+FFFD. */
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
void json_string(struct json *j, const char *key, const char *value); /* value NULL writes null */
void json_int(struct json *j, const char *key, int64_t value);
void json_uint(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_raw(struct json *j, const char *key, const char *json); /* what is JSON already, on one line */
/* An origin as {"file":..., "line":...}, or null when nothing is known. */
void json_origin(struct json *j, const char *key, struct origin o);

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* A value that was read. Members and elements are a linked list in the order of the text. */
struct json_value {
	enum json_type type;
	const char *key; /* name inside an object, else NULL */
	const char *string;
	int64_t number; /* also 0/1 for JSON_BOOL */
	struct json_value *first, *next;
	unsigned line;
};

/*
 * Reads a whole text (integers only, 64 levels deep at most). Returns 0, or -EINVAL with `*ret_line` and `*ret_why` set.
 * Values live in the arena.
 */
int json_read(struct arena *a, const char *text, size_t len, struct json_value **ret, unsigned *ret_line, const char **ret_why);

/* The member of that name, or NULL; NULL objects give NULL. */
const struct json_value *json_member(const struct json_value *object, const char *key);

#endif
