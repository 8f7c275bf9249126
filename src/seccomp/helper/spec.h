/* The text of seccomp/filter.h as data. */
#ifndef BAILEY_SECCOMP_HELPER_SPEC_H
#define BAILEY_SECCOMP_HELPER_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "schema/condition.h"

enum { SPEC_ARCHES = 2 };

enum spec_arch { SPEC_X86_64, SPEC_I386, SPEC_AARCH64, SPEC_ARCH_COUNT };

enum effect { EFFECT_DENY, EFFECT_LOG, EFFECT_ALLOW, EFFECT_COUNT };

struct statement {
	const char *call;
	enum effect effect;
	uint32_t action; /* SECCOMP_RET_* */
	struct conditions conditions; /* count 0: always */
	unsigned line;
};

struct spec {
	enum spec_arch arches[SPEC_ARCHES];
	size_t arch_count;
	uint32_t otherwise; /* SECCOMP_RET_* for what no statement is about */
	unsigned newest;
	struct statement *statements;
	size_t count, cap;
};

struct spec_fault {
	unsigned line;
	const char *text;
};

/* Reads the whole text, which may be any bytes. 0, or -EINVAL with *ret_fault. What *ret points to is owned by the arena. */
int spec_read(struct spec *ret, struct arena *a, const char *text, size_t len, struct spec_fault *ret_fault);

#endif
