#include "base/buf.h"

#include <string.h>

char *buf_room(struct buf *b, size_t n)
{
	if (b->text == NULL || b->cap - b->len <= n) {
		size_t cap = (b->cap + n + 64) * 2;
		char *p = arena_alloc(b->arena, cap);
		if (b->text != NULL)
			memcpy(p, b->text, b->len);
		b->text = p;
		b->cap = cap;
	}
	char *room = b->text + b->len;
	b->len += n;
	b->text[b->len] = '\0';
	return room;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	memcpy(buf_room(b, n), bytes, n);
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	buf_puts(b, arena_vprintf(b->arena, fmt, ap));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *buf_text(const struct buf *b)
{
	return b->text != NULL ? b->text : "";
}
