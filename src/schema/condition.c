#include "schema/condition.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"

static const char *const op_words[] = {
	[CONDITION_EQ] = "==",
	[CONDITION_NE] = "!=",
	[CONDITION_LT] = "<",
	[CONDITION_LE] = "<=",
	[CONDITION_GT] = ">",
	[CONDITION_GE] = ">=",
};

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* num_int() ends at INT64_MAX; arguments use all 64 bits. */
static int read_number(const char **s, uint64_t *ret, const char **why)
{
	const char *p = *s;
	if (*p == '-') {
		*why = "values are unsigned: for -1 of an int write \"arg0 & 0xffffffff == 0xffffffff\"";
		return -EINVAL;
	}
	unsigned base = 10;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	} else if (p[0] == '0' && p[1] >= '0' && p[1] <= '9') {
		*why = "a value may not begin with 0: octal numbers are not known here";
		return -EINVAL;
	}
	uint64_t value = 0;
	const char *first = p;
	for (int digit; (digit = digit_value(*p)) >= 0 && (unsigned)digit < base; p++) {
		if (value > (UINT64_MAX - (unsigned)digit) / base) {
			*why = "the value does not fit into 64 bits";
			return -EINVAL;
		}
		value = value * base + (unsigned)digit;
	}
	if (p == first || (*p != '\0' && strchr(" \t&=!<>", *p) == NULL)) {
		*why = "expected a number, decimal or 0x...";
		return -EINVAL;
	}
	*ret = value;
	*s = p;
	return 0;
}

static int read_op(const char **s, enum condition_op *ret, const char **why)
{
	/* Longer words are tried first: "<=" begins with "<". */
	static const enum condition_op order[] = { CONDITION_EQ, CONDITION_NE, CONDITION_LE, CONDITION_GE, CONDITION_LT,
		CONDITION_GT };
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		size_t n = strlen(op_words[order[i]]);
		if (strncmp(*s, op_words[order[i]], n) == 0) {
			*ret = order[i];
			*s += n;
			return 0;
		}
	}
	*why = "expected one of == != < <= > >= after the argument";
	return -EINVAL;
}

/* "arg1 & 0xff == 2", with `*s` left behind it. */
static int read_condition(const char **s, struct condition *ret, const char **why)
{
	const char *p = skip_blanks(*s);
	if (strncmp(p, "arg", 3) != 0 || p[3] < '0' || p[3] > '5' || (p[4] >= '0' && p[4] <= '9')) {
		*why = "expected an argument, arg0 to arg5";
		return -EINVAL;
	}
	*ret = (struct condition){ .arg = (unsigned)(p[3] - '0'), .mask = UINT64_MAX };
	p = skip_blanks(p + 4);
	bool masked = false;
	if (p[0] == '&' && p[1] != '&') {
		p = skip_blanks(p + 1);
		if (read_number(&p, &ret->mask, why) < 0)
			return -EINVAL;
		masked = ret->mask != UINT64_MAX;
		p = skip_blanks(p);
	}
	if (read_op(&p, &ret->op, why) < 0)
		return -EINVAL;
	p = skip_blanks(p);
	if (read_number(&p, &ret->value, why) < 0)
		return -EINVAL;
	if (masked && ret->op != CONDITION_EQ && ret->op != CONDITION_NE) {
		*why = "after a mask only == and != can be used";
		return -EINVAL;
	}
	if ((ret->value & ~ret->mask) != 0) {
		*why = "the value has bits that the mask takes away";
		return -EINVAL;
	}
	*s = skip_blanks(p);
	return 0;
}

static int compare(const struct condition *a, const struct condition *b)
{
	if (a->arg != b->arg)
		return a->arg < b->arg ? -1 : 1;
	if (a->op != b->op)
		return a->op < b->op ? -1 : 1;
	if (a->mask != b->mask)
		return a->mask < b->mask ? -1 : 1;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return 0;
}

/* False when there is no room. */
static bool insert(struct conditions *c, const struct condition *new)
{
	size_t at = 0;
	while (at < c->count && compare(&c->items[at], new) < 0)
		at++;
	if (at < c->count && compare(&c->items[at], new) == 0)
		return true;
	if (c->count == CONDITION_MAX)
		return false;
	memmove(&c->items[at + 1], &c->items[at], (c->count - at) * sizeof(c->items[0]));
	c->items[at] = *new;
	c->count++;
	return true;
}

int condition_parse(const char *text, struct conditions *ret, const char **ret_why)
{
	*ret = (struct conditions){ 0 };
	const char *p = text;
	for (;;) {
		struct condition one;
		if (read_condition(&p, &one, ret_why) < 0)
			return -EINVAL;
		if (!insert(ret, &one)) {
			*ret_why = "more than 8 conditions in one rule";
			return -EINVAL;
		}
		if (*p == '\0')
			return 0;
		if (p[0] != '&' || p[1] != '&') {
			*ret_why = "expected && or the end after a condition";
			return -EINVAL;
		}
		p += 2;
	}
}

bool condition_valid(const char *text, const char **ret_why)
{
	struct conditions c;
	return condition_parse(text, &c, ret_why) == 0;
}

const char *condition_text(struct arena *a, const struct conditions *c)
{
	struct buf out = { .arena = a };
	for (size_t i = 0; i < c->count; i++) {
		const struct condition *one = &c->items[i];
		buf_printf(&out, "%sarg%u ", i > 0 ? " && " : "", one->arg);
		if (one->mask != UINT64_MAX)
			buf_printf(&out, "& 0x%llx ", (unsigned long long)one->mask);
		buf_printf(&out, "%s 0x%llx", op_words[one->op], (unsigned long long)one->value);
	}
	return buf_text(&out);
}
