/* UTF-8 as bytes. */
#ifndef BAILEY_BASE_UTF8_H
#define BAILEY_BASE_UTF8_H

#include <stddef.h>

/*
 * How many of the `n` bytes at `s` make up the first character: 1 to 4, or 0 when they are no UTF-8 (cut off, over-long,
 * a surrogate, beyond U+10FFFF).
 */
size_t utf8_length(const char *s, size_t n);

/*
 * The same for a character that a terminal shows in its place, and does not obey: 0 for control characters too, and for those that
 * turn the direction of the text or begin a line.  For texts of others, in which such bytes are written as \xNN.
 */
size_t utf8_shown(const char *s, size_t n);

#endif
