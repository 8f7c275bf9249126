/* Strict reading of numbers: the whole text or nothing, no locale, no silent wrap. All return 0 or -EINVAL / -ERANGE. */
#ifndef BAILEY_BASE_NUM_H
#define BAILEY_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Decimal, or hexadecimal after 0x; an optional leading '-'; no '+', no blanks, no leading zeros. */
int num_int(const char *text, int64_t min, int64_t max, int64_t *ret);

/* Bytes: digits and one of none, B, K, M, G, T (binary, 1K = 1024; lower case and a trailing "iB" or "B" allowed). */
int num_size(const char *text, uint64_t *ret);

/* Milliseconds: "500ms", "30s" (also plain "30"), "5min" (also "5m"), "2h", "1d"; pieces add up: "1h30min". */
int num_duration(const char *text, uint64_t *ret_ms);

/* "150%": digits and a percent sign, from 1 up to `max`. */
int num_percent(const char *text, int64_t max, int64_t *ret);

/*
 * Bits in a second: "10Mbit", "2500kbit", "1Gbit", "64000bit"; units of 1000, in upper or lower case.  -ERANGE below 64kbit and above
 * 16Gbit.
 */
int num_rate(const char *text, int64_t *ret);

/* File mode: three or four octal digits, "755" or "0755" or "1777". */
int num_mode(const char *text, unsigned *ret);

/* Back to text, as short as is exact: 4294967296 -> "4G", 90000 -> "1min30s", 10000000 -> "10Mbit". Owned by the arena. */
const char *num_size_text(struct arena *a, uint64_t bytes);
const char *num_rate_text(struct arena *a, uint64_t bits);
const char *num_duration_text(struct arena *a, uint64_t ms);

#endif
