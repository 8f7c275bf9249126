#include "seccomp/helper/spec.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/num.h"
#include "schema/syscalls.h"

struct reader {
	struct arena *arena;
	struct spec *spec;
	unsigned line;
	const char *why;
};

/* Cuts the first word off: *rest is left at the next word. The words of a line have one blank between them. */
static const char *word(struct reader *r, const char **rest)
{
	size_t n = strcspn(*rest, " ");
	const char *w = arena_strndup(r->arena, *rest, n);
	*rest += n;
	if (**rest == ' ')
		(*rest)++;
	return w;
}

static int fail(struct reader *r, const char *why)
{
	r->why = why;
	return -EINVAL;
}

static int read_action(struct reader *r, const char **rest, bool log_too, uint32_t *ret)
{
	const char *kind = word(r, rest);
	if (strcmp(kind, "kill") == 0) {
		*ret = SECCOMP_RET_KILL_PROCESS;
	} else if (strcmp(kind, "log") == 0 && log_too) {
		*ret = SECCOMP_RET_LOG;
	} else if (strcmp(kind, "errno") == 0) {
		const char *name = word(r, rest);
		if (strcmp(name, "EPERM") == 0)
			*ret = SECCOMP_RET_ERRNO | EPERM;
		else if (strcmp(name, "ENOSYS") == 0)
			*ret = SECCOMP_RET_ERRNO | ENOSYS;
		else
			return fail(r, "expected EPERM or ENOSYS");
	} else {
		return fail(r, "expected an action");
	}
	return 0;
}

static int read_arch(struct reader *r, const char *rest)
{
	static const char *const known[SPEC_ARCH_COUNT] = {
		[SPEC_X86_64] = "x86_64", [SPEC_I386] = "i386", [SPEC_AARCH64] = "aarch64"
	};
	struct spec *s = r->spec;
	for (enum spec_arch i = 0; i < SPEC_ARCH_COUNT; i++) {
		if (strcmp(rest, known[i]) != 0)
			continue;
		for (size_t k = 0; k < s->arch_count; k++)
			if (s->arches[k] == i)
				return fail(r, "the arch is there twice");
		if (s->arch_count == SPEC_ARCHES)
			return fail(r, "more than two arches");
		s->arches[s->arch_count++] = i;
		return 0;
	}
	return fail(r, "unknown arch");
}

static int read_statement(struct reader *r, enum effect effect, const char *rest)
{
	struct spec *s = r->spec;
	struct statement new = { .effect = effect, .line = r->line };
	new.action = effect == EFFECT_LOG ? SECCOMP_RET_LOG : SECCOMP_RET_ALLOW;
	if (effect == EFFECT_DENY && read_action(r, &rest, false, &new.action) < 0)
		return -EINVAL;
	const char *name = word(r, &rest);
	int index = syscall_index(name);
	if (index < 0)
		return fail(r, "unknown system call");
	new.call = syscall_name((size_t)index);
	if (*rest != '\0' && condition_parse(rest, &new.conditions, &r->why) < 0)
		return -EINVAL;
	s->statements = arena_grow(r->arena, s->statements, s->count, &s->cap, sizeof s->statements[0]);
	s->statements[s->count++] = new;
	return 0;
}

/* The lines at the head come in a fixed order; "arch" may come twice, before "default". */
enum stage { STAGE_VERSION, STAGE_ARCH, STAGE_NEWEST, STAGE_STATEMENTS };

static int read_line(struct reader *r, enum stage *stage, const char *line)
{
	const char *rest = line;
	const char *first = word(r, &rest);
	if (*stage == STAGE_VERSION) {
		if (strcmp(line, "bailey-filter 1") != 0)
			return fail(r, "expected \"bailey-filter 1\": another version of bailey wrote this");
		*stage = STAGE_ARCH;
		return 0;
	}
	if (*stage == STAGE_ARCH && strcmp(first, "arch") == 0)
		return read_arch(r, rest);
	if (*stage == STAGE_ARCH && r->spec->arch_count > 0 && strcmp(first, "default") == 0) {
		*stage = STAGE_NEWEST;
		int got = read_action(r, &rest, true, &r->spec->otherwise);
		return got == 0 && *rest != '\0' ? fail(r, "more than an action") : got;
	}
	if (*stage == STAGE_NEWEST && strcmp(first, "newest") == 0) {
		int64_t newest;
		*stage = STAGE_STATEMENTS;
		if (num_int(rest, 1, 100000, &newest) < 0)
			return fail(r, "expected a number, 1 to 100000");
		r->spec->newest = (unsigned)newest;
		return 0;
	}
	if (*stage != STAGE_STATEMENTS)
		return fail(r, "expected arch, default and newest, in this order");
	if (strcmp(first, "deny") == 0)
		return read_statement(r, EFFECT_DENY, rest);
	if (strcmp(first, "allow") == 0)
		return read_statement(r, EFFECT_ALLOW, rest);
	if (strcmp(first, "log") == 0)
		return read_statement(r, EFFECT_LOG, rest);
	return fail(r, "expected deny, allow or log");
}

int spec_read(struct spec *ret, struct arena *a, const char *text, size_t len, struct spec_fault *ret_fault)
{
	*ret = (struct spec){ 0 };
	struct reader r = { .arena = a, .spec = ret };
	enum stage stage = STAGE_VERSION;
	const char *end = text + len;
	int got = 0;
	for (const char *p = text; got == 0 && p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		r.line++;
		if (stop == NULL)
			got = fail(&r, "the last line is cut off");
		else if (memchr(p, '\0', (size_t)(stop - p)) != NULL)
			got = fail(&r, "there is a NUL in it");
		else
			got = read_line(&r, &stage, arena_strndup(a, p, (size_t)(stop - p)));
		p = stop != NULL ? stop + 1 : end;
	}
	if (got == 0 && stage != STAGE_STATEMENTS)
		got = fail(&r, "the text ends before its first statement");
	*ret_fault = (struct spec_fault){ .line = r.line, .text = r.why };
	return got;
}
