/*
 * Conditions on the arguments of a system call: "arg0 == 1 && arg1 & 0xff != 2".
 *
 * Values are unsigned, decimal or hexadecimal, and compared as 64 bits.  An argument that the kernel takes as an int should be
 * written with the mask 0xffffffff: the upper half of the register is not looked at by the call, but a caller can set it.
 */
#ifndef BAILEY_SCHEMA_CONDITION_H
#define BAILEY_SCHEMA_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum condition_op { CONDITION_EQ, CONDITION_NE, CONDITION_LT, CONDITION_LE, CONDITION_GT, CONDITION_GE };

struct condition {
	unsigned arg; /* 0 to 5 */
	uint64_t mask; /* all ones when none was written; other masks come with EQ and NE only */
	enum condition_op op;
	uint64_t value; /* has no bits outside of the mask */
};

enum { CONDITION_MAX = 8 };

/* All of them must hold. */
struct conditions {
	struct condition items[CONDITION_MAX];
	size_t count; /* at least 1 after a successful parse */
};

/*
 * Reads the whole text into *ret, ordered by argument, without repetitions.  Returns 0, or -EINVAL with *ret_why set to a
 * constant text that says what is wrong.
 */
int condition_parse(const char *text, struct conditions *ret, const char **ret_why);

/* Whether condition_parse() takes the text; *ret_why as there when it does not. */
bool condition_valid(const char *text, const char **ret_why);

/* The one spelling of the conditions ("arg1 & 0xffffffff == 0x5412"), which condition_parse() reads back. Owned by the arena. */
const char *condition_text(struct arena *a, const struct conditions *c);

#endif
