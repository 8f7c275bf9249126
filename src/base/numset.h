/* Sets of small numbers as the kernel writes them, "0-3,6": processors, memory nodes. */
#ifndef BAILEY_BASE_NUMSET_H
#define BAILEY_BASE_NUMSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { NUMSET_MAX = 4096 }; /* numbers from 0 to one less */

struct numset {
	uint64_t words[NUMSET_MAX / 64]; /* number n is bit n % 64 of word n / 64, as sched_setaffinity(2) has it */
};

/*
 * Reads "0-3,6"; a line end after it is allowed, blanks are not.  0, -EINVAL for anything else (also for "3-1" and for nothing at
 * all), -ERANGE for a number from NUMSET_MAX up.
 */
int numset_read(const char *text, struct numset *ret);

/* The shortest text of a set; "" for an empty one. Owned by the arena. */
const char *numset_text(struct arena *a, const struct numset *s);

bool numset_has(const struct numset *s, size_t n);

/* The lowest number that is in `s` and not in `all`, or -1. */
int numset_beyond(const struct numset *s, const struct numset *all);

/* How many bytes the words take that are needed for the highest number. */
size_t numset_bytes(const struct numset *s);

#endif
