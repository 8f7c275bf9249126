/* A filter that is being put together. */
#ifndef BAILEY_SECCOMP_HELPER_PROGRAM_H
#define BAILEY_SECCOMP_HELPER_PROGRAM_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "schema/condition.h"

struct program {
	struct arena *arena;
	struct sock_filter *insns;
	size_t count, cap;
};

/* Adds one instruction, or several that stand together. */
void program_add(struct program *p, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k);
void program_append(struct program *p, const struct sock_filter *insns, size_t count);

/* Loads the number of the call. */
void program_load_number(struct program *p);

/* Returns the action when all conditions hold, else goes on behind. The accumulator is lost. */
void program_add_case(struct program *p, const struct conditions *c, uint32_t action);

#endif
