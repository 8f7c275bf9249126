/* A growing text in an arena. */
#ifndef BAILEY_BASE_BUF_H
#define BAILEY_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/arena.h"

struct buf {
	struct arena *arena;
	char *text; /* always NUL-terminated once something was added; may hold NUL bytes */
	size_t len, cap;
};

void buf_add(struct buf *b, const void *bytes, size_t n);

/* Adds `n` bytes for the caller to write, at once: the next addition may move them. */
char *buf_room(struct buf *b, size_t n) __attribute__((returns_nonnull));

void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The text, "" when empty. Owned by the arena; moves when more is added. */
const char *buf_text(const struct buf *b) __attribute__((returns_nonnull));

#endif
