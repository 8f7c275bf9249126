#include "seccomp/helper/program.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

void program_add(struct program *p, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	p->insns = arena_grow(p->arena, p->insns, p->count, &p->cap, sizeof p->insns[0]);
	p->insns[p->count++] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
}

void program_append(struct program *p, const struct sock_filter *insns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		program_add(p, insns[i].code, insns[i].jt, insns[i].jf, insns[i].k);
}

void program_load_number(struct program *p)
{
	program_add(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
}

/* Targets that are not known yet; the jumps are filled in once the condition or the case is complete. */
enum target { NEXT, HOLDS, FAILS };

/* At most 8 conditions of 6 instructions each: all jumps of a case are short. */
struct jump {
	enum target yes, no;
};

struct test {
	struct program *program;
	size_t first; /* where the case begins */
	struct jump jumps[CONDITION_MAX * 8]; /* by place in the case */
};

static void add_jump(struct test *t, uint16_t comparison, uint32_t k, enum target yes, enum target no)
{
	t->jumps[t->program->count - t->first] = (struct jump){ yes, no };
	program_add(t->program, BPF_JMP | BPF_K | comparison, 0, 0, k);
}

/* One half of an argument, without the bits that do not count. */
static void load_half(struct test *t, unsigned arg, bool high, uint32_t mask)
{
	/* Both arches that we know are little-endian, and i386 has the upper half at zero. */
	uint32_t at = (uint32_t)(offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) + (high ? sizeof(uint32_t) : 0));
	program_add(t->program, BPF_LD | BPF_W | BPF_ABS, 0, 0, at);
	if (mask != UINT32_MAX)
		program_add(t->program, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
}

static void add_equal(struct test *t, const struct condition *c, enum target yes, enum target no)
{
	uint32_t mask_high = (uint32_t)(c->mask >> 32), mask_low = (uint32_t)c->mask;
	if (mask_high != 0) {
		load_half(t, c->arg, true, mask_high);
		add_jump(t, BPF_JEQ, (uint32_t)(c->value >> 32), NEXT, no);
	}
	load_half(t, c->arg, false, mask_low);
	add_jump(t, BPF_JEQ, (uint32_t)c->value, yes, no);
}

/* Greater, or greater or equal: the upper halves decide unless they are the same. */
static void add_greater(struct test *t, const struct condition *c, uint16_t comparison, enum target yes, enum target no)
{
	uint32_t high = (uint32_t)(c->value >> 32);
	load_half(t, c->arg, true, UINT32_MAX);
	add_jump(t, BPF_JGT, high, yes, NEXT);
	add_jump(t, BPF_JEQ, high, NEXT, no);
	load_half(t, c->arg, false, UINT32_MAX);
	add_jump(t, comparison, (uint32_t)c->value, yes, no);
}

static void add_condition(struct test *t, const struct condition *c)
{
	switch (c->op) {
	case CONDITION_EQ: add_equal(t, c, HOLDS, FAILS); break;
	case CONDITION_NE: add_equal(t, c, FAILS, HOLDS); break;
	case CONDITION_GT: add_greater(t, c, BPF_JGT, HOLDS, FAILS); break;
	case CONDITION_GE: add_greater(t, c, BPF_JGE, HOLDS, FAILS); break;
	case CONDITION_LE: add_greater(t, c, BPF_JGT, FAILS, HOLDS); break;
	case CONDITION_LT: add_greater(t, c, BPF_JGE, FAILS, HOLDS); break;
	}
}

static bool is_jump(const struct sock_filter *s)
{
	return BPF_CLASS(s->code) == BPF_JMP;
}

/* The jumps of instructions `from` to the end that mean `target` go to place `to`. */
static void point(struct test *t, size_t from, enum target target, size_t to)
{
	for (size_t i = from; i < t->program->count; i++) {
		struct sock_filter *s = &t->program->insns[i];
		if (!is_jump(s))
			continue;
		struct jump *j = &t->jumps[i - t->first];
		if (j->yes == target)
			s->jt = (uint8_t)(to - i - 1);
		if (j->no == target)
			s->jf = (uint8_t)(to - i - 1);
	}
}

void program_add_case(struct program *p, const struct conditions *c, uint32_t action)
{
	struct test t = { .program = p, .first = p->count };
	for (size_t i = 0; i < c->count; i++) {
		size_t from = p->count;
		add_condition(&t, &c->items[i]);
		point(&t, from, HOLDS, p->count);
	}
	program_add(p, BPF_RET | BPF_K, 0, 0, action);
	point(&t, t.first, FAILS, p->count);
}
