/* UTF-8 as bytes. */
#ifndef BAILEY_BASE_UTF8_H
#define BAILEY_BASE_UTF8_H

#include <stddef.h>

/*
 * How many of the `n` bytes at `s` make up the first character: 1 to 4, or 0 when they are no UTF-8 (cut off, over-long,
 * a surrogate, beyond U+10FFFF).
 */
size_t utf8_length(const char *s, size_t n);

#endif
