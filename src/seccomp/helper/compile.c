#include "seccomp/helper/compile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "schema/syscalls.h"
#include "seccomp/bpf.h"

/* Set in the numbers of x32 calls, which come under the arch of x86_64. */
enum { X32_BIT = 0x40000000 };

struct arch {
	const char *name;
	uint32_t audit; /* AUDIT_ARCH_* */
	uint32_t token; /* SCMP_ARCH_* */
};

static const struct arch arches[SPEC_ARCH_COUNT] = {
	[SPEC_X86_64] = { "x86_64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64 },
	[SPEC_I386] = { "i386", AUDIT_ARCH_I386, SCMP_ARCH_X86 },
	[SPEC_AARCH64] = { "aarch64", AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64 },
};

/*
 * i386 programs may reach these through socketcall(2) and ipc(2) as well, with the arguments in memory.  socketcall and ipc are
 * therefore never allowed as a whole: libseccomp allows those of their parts that are allowed by their own names.
 */
struct part {
	const char *call;
	const char *gate;
	unsigned number; /* of the part: arg0 */
};

static const struct part parts[] = {
	{ "socket", "socketcall", 1 },
	{ "bind", "socketcall", 2 },
	{ "connect", "socketcall", 3 },
	{ "listen", "socketcall", 4 },
	{ "accept", "socketcall", 5 },
	{ "getsockname", "socketcall", 6 },
	{ "getpeername", "socketcall", 7 },
	{ "socketpair", "socketcall", 8 },
	{ "sendto", "socketcall", 9 },
	{ "recvfrom", "socketcall", 10 },
	{ "sendto", "socketcall", 11 },
	{ "recvfrom", "socketcall", 12 },
	{ "shutdown", "socketcall", 13 },
	{ "setsockopt", "socketcall", 14 },
	{ "getsockopt", "socketcall", 15 },
	{ "sendmsg", "socketcall", 16 },
	{ "recvmsg", "socketcall", 17 },
	{ "accept4", "socketcall", 18 },
	{ "recvmmsg", "socketcall", 19 },
	{ "sendmmsg", "socketcall", 20 },
	{ "semop", "ipc", 1 },
	{ "semget", "ipc", 2 },
	{ "semctl", "ipc", 3 },
	{ "semtimedop", "ipc", 4 },
	{ "msgsnd", "ipc", 11 },
	{ "msgrcv", "ipc", 12 },
	{ "msgget", "ipc", 13 },
	{ "msgctl", "ipc", 14 },
	{ "shmat", "ipc", 21 },
	{ "shmdt", "ipc", 22 },
	{ "shmget", "ipc", 23 },
	{ "shmctl", "ipc", 24 },
};

/* A statement for the hand-made part, with its number on this arch. */
struct entry {
	unsigned number;
	enum effect effect;
	struct conditions conditions;
	uint32_t action;
};

struct entries {
	struct entry *items;
	size_t count, cap;
};

struct compiler {
	const struct spec *spec;
	struct arena *arena;
	struct err *err;
};

/* The number on that arch, or -1; *ret_ours when only our own table knows it. */
static int number_of(const struct arch *arch, const char *call, bool *ret_ours)
{
	int number = seccomp_syscall_resolve_name_arch(arch->token, call);
	*ret_ours = number == __NR_SCMP_ERROR;
	if (*ret_ours)
		number = syscall_new_number(call, arch->name);
	return number < 0 ? -1 : number;
}

static void add_entry(struct compiler *c, struct entries *to, struct entry new)
{
	to->items = arena_grow(c->arena, to->items, to->count, &to->cap, sizeof to->items[0]);
	to->items[to->count++] = new;
}

/* The ways around a denied call that i386 has. Arguments in memory cannot be looked at, so a condition counts as met. */
static void add_parts(struct compiler *c, struct entries *to, const struct arch *arch, const struct statement *s)
{
	uint32_t action = s->conditions.count > 0 ? SECCOMP_RET_ERRNO | ENOSYS : s->action;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].call, s->call) != 0)
			continue;
		bool ours;
		int number = number_of(arch, parts[i].gate, &ours);
		if (number < 0)
			continue;
		/* The upper half of ipc's first argument is a version that the kernel cuts off. */
		struct condition part = {
			.arg = 0, .mask = strcmp(parts[i].gate, "ipc") == 0 ? 0xffff : UINT32_MAX, .value = parts[i].number
		};
		add_entry(c, to,
			(struct entry){ .number = (unsigned)number,
				.effect = EFFECT_DENY,
				.conditions = { .items = { part }, .count = 1 },
				.action = action });
	}
}

/* What libseccomp is not asked for: refusals, conditions (it takes one per argument, and no masked "!="), calls it does not know. */
static void collect(struct compiler *c, struct entries *to, const struct arch *arch)
{
	for (enum effect effect = EFFECT_DENY; effect < EFFECT_COUNT; effect++) {
		for (size_t i = 0; i < c->spec->count; i++) {
			const struct statement *s = &c->spec->statements[i];
			if (s->effect != effect)
				continue;
			bool ours;
			int number = number_of(arch, s->call, &ours);
			if (number >= 0 && (ours || effect == EFFECT_DENY || s->conditions.count > 0))
				add_entry(c, to,
					(struct entry){ .number = (unsigned)number,
						.effect = effect,
						.conditions = s->conditions,
						.action = s->action });
			if (effect == EFFECT_DENY)
				add_parts(c, to, arch, s);
		}
	}
}

/* All entries of one number: tests in their order, then back to the number for the tests behind. */
static void add_block(struct compiler *c, struct program *to, const struct entries *from, unsigned number)
{
	struct program block = { .arena = c->arena };
	bool open = true;
	for (size_t i = 0; i < from->count && open; i++) {
		if (from->items[i].number != number)
			continue;
		program_add_case(&block, &from->items[i].conditions, from->items[i].action);
		open = from->items[i].conditions.count > 0;
	}
	if (open)
		program_load_number(&block);
	/* A conditional jump reaches 255 instructions, an unconditional one all. */
	program_add(to, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, number);
	program_add(to, BPF_JMP | BPF_JA, 0, 0, (uint32_t)block.count);
	program_append(to, block.insns, block.count);
}

static int scmp_fail(struct compiler *c, int got, const char *what, const char *call)
{
	return err_set(c->err, -got, "libseccomp cannot %s%s%s", what, call[0] != '\0' ? " " : "", call);
}

static bool gate_name(const char *call)
{
	return strcmp(call, "socketcall") == 0 || strcmp(call, "ipc") == 0;
}

/* Adds the statements that libseccomp knows and that hold always. */
static int add_rules(struct compiler *c, scmp_filter_ctx ctx, const struct arch *arch)
{
	bool i386 = arch->token == SCMP_ARCH_X86;
	for (size_t i = 0; i < c->spec->count; i++) {
		const struct statement *s = &c->spec->statements[i];
		if (s->effect == EFFECT_DENY || s->conditions.count > 0 || s->action == c->spec->otherwise ||
			(i386 && gate_name(s->call)))
			continue;
		/* libseccomp wants the number, or pseudo number, of this machine's own arch, whatever the filter is for. */
		int native = seccomp_syscall_resolve_name(s->call);
		if (native == __NR_SCMP_ERROR)
			continue;
		uint32_t action = s->effect == EFFECT_LOG ? SCMP_ACT_LOG : SCMP_ACT_ALLOW;
		int got = seccomp_rule_add(ctx, action, native, 0);
		/* Without numbers of their own, these only exist as parts of socketcall. */
		if (got == 0 && i386 && strcmp(s->call, "sendto") == 0)
			got = seccomp_rule_add(ctx, action, SCMP_SYS(send), 0);
		if (got == 0 && i386 && strcmp(s->call, "recvfrom") == 0)
			got = seccomp_rule_add(ctx, action, SCMP_SYS(recv), 0);
		if (got < 0)
			return scmp_fail(c, got, "allow", s->call);
	}
	return 0;
}

/* libseccomp writes to a descriptor only. */
static int export(struct compiler *c, scmp_filter_ctx ctx, struct program *to)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		return err_set(c->err, errno, "cannot make a memory file");
	int got = seccomp_export_bpf(ctx, fd);
	if (got < 0) {
		close(fd);
		return scmp_fail(c, got, "write the filter", "");
	}
	struct sock_filter s;
	ssize_t n;
	for (off_t at = 0; (n = pread(fd, &s, sizeof s, at)) == (ssize_t)sizeof s; at += (off_t)sizeof s)
		program_append(to, &s, 1);
	close(fd);
	return n == 0 ? 0 : err_set(c->err, n < 0 ? errno : EIO, "cannot read the filter back");
}

static uint32_t scmp_action(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS: return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_RET_LOG: return SCMP_ACT_LOG;
	default: return SCMP_ACT_ERRNO(action & SECCOMP_RET_DATA);
	}
}

static int fill(struct compiler *c, scmp_filter_ctx ctx, const struct arch *arch, struct program *to)
{
	int got = 0;
	if (seccomp_arch_native() != arch->token) {
		got = seccomp_arch_add(ctx, arch->token);
		if (got == 0)
			got = seccomp_arch_remove(ctx, seccomp_arch_native());
		if (got < 0)
			return scmp_fail(c, got, "make filters for", arch->name);
	}
	got = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A binary tree: fewer comparisons for each call where the kernel has no bitmap of its answers. */
	if (got == 0)
		got = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (got < 0)
		return scmp_fail(c, got, "set an attribute", "");
	got = add_rules(c, ctx, arch);
	return got == 0 ? export(c, ctx, to) : got;
}

static int add_libseccomp(struct compiler *c, struct program *to, const struct arch *arch)
{
	scmp_filter_ctx ctx = seccomp_init(scmp_action(c->spec->otherwise));
	if (ctx == NULL)
		return err_set(c->err, EINVAL, "libseccomp cannot start a filter");
	int got = fill(c, ctx, arch, to);
	seccomp_release(ctx);
	return got;
}

static int add_section(struct compiler *c, struct program *to, const struct arch *arch)
{
	program_load_number(to);
	if (arch->token == SCMP_ARCH_X86_64) {
		/* -1 is no x32 call but a number that no call has. */
		program_add(to, BPF_JMP | BPF_JGE | BPF_K, 0, 2, X32_BIT);
		program_add(to, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, UINT32_MAX);
		program_add(to, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	}
	program_add(to, BPF_JMP | BPF_JGT | BPF_K, 0, 1, c->spec->newest);
	program_add(to, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);

	struct entries entries = { 0 };
	collect(c, &entries, arch);
	for (size_t i = 0; i < entries.count; i++) {
		bool first = true;
		for (size_t k = 0; k < i; k++)
			first = first && entries.items[k].number != entries.items[i].number;
		if (first)
			add_block(c, to, &entries, entries.items[i].number);
	}
	return add_libseccomp(c, to, arch);
}

int compile_spec(struct program *ret, struct arena *a, const struct spec *s, struct err *e)
{
	struct compiler c = { .spec = s, .arena = a, .err = e };
	*ret = (struct program){ .arena = a };
	/* Says that the kernel can log, without asking it: inside of another sandbox the question may be refused. */
	seccomp_api_set(3);

	struct program sections[SPEC_ARCHES] = { 0 };
	for (size_t i = 0; i < s->arch_count; i++) {
		sections[i].arena = a;
		int got = add_section(&c, &sections[i], &arches[s->arches[i]]);
		if (got < 0)
			return got;
	}
	program_add(ret, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	size_t before = 0; /* instructions of the sections in front */
	for (size_t i = 0; i < s->arch_count; i++) {
		program_add(ret, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, arches[s->arches[i]].audit);
		program_add(ret, BPF_JMP | BPF_JA, 0, 0, (uint32_t)((s->arch_count - i - 1) * 2 + 1 + before));
		before += sections[i].count;
	}
	program_add(ret, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < s->arch_count; i++)
		program_append(ret, sections[i].insns, sections[i].count);

	const char *why;
	if (!bpf_valid(ret->insns, ret->count, &why))
		return err_set(e, 0, "the filter of %zu instructions cannot be used: %s", ret->count, why);
	return 0;
}
