/*
 * The system calls of a plan: lists, rules and what is always refused, resolved to one line for each call.  The text is
 * described in seccomp/filter.h.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "plan/internal.h"
#include "schema/condition.h"
#include "schema/syscalls.h"

enum { TEXT_USUAL = 12 * 1024 };

enum slot { ALLOW_NAME, ALLOW_GROUP, DENY_NAME, DENY_GROUP, SLOT_COUNT };

/* An entry of a list, or a rule without conditions. */
struct say {
	const struct origin *origin; /* NULL: nothing was said */
	enum choice_value action; /* CHOICE_NONE: by syscalls.allow or syscalls.deny; else by a rule */
};

/* A rule with conditions, or one that is built in. */
struct rule {
	size_t call;
	const char *when; /* canonical; "" for always */
	enum choice_value action;
	const struct origin *origin; /* NULL: always refused, no profile can lift it */
};

struct filter {
	struct planner *pl;
	size_t calls;
	struct say *says; /* the first one is empty */
	size_t say_count;
	uint16_t (*last)[SLOT_COUNT]; /* by call: what was said last about its name or a group, by place in says[]; 2 bytes, as
	                                 every page that a launch touches costs it more than all the comparing does */
	bool *marks; /* of one group, while it is looked at */
	uint8_t *verdict; /* by call: RULE_ALLOW, RULE_LOG, RULE_EPERM..., or CHOICE_NONE for "not allowed" */
	struct rule *rules; /* by call, then by condition */
	size_t rule_count, rule_cap;
	bool *cases; /* which of syscall_cases[] hold */
};

static const char *where(const struct filter *f, const struct origin *o)
{
	return o != NULL ? origin_text(f->pl->arena, *o) : "bailey itself";
}

static const struct say *said(const struct filter *f, size_t call, enum slot slot)
{
	return &f->says[f->last[call][slot]];
}

/* What was said by name, or else through a group. */
static const struct say *said_of(const struct filter *f, size_t call, enum slot name, enum slot group)
{
	return said(f, call, name)->origin != NULL ? said(f, call, name) : said(f, call, group);
}

/* The newest entry of says[] is about this call. */
static void hear(struct filter *f, size_t call, enum slot slot)
{
	const struct say *old = said(f, call, slot), *new = &f->says[f->say_count - 1];
	if (old->origin != NULL && old->origin->layer > new->origin->layer)
		return;
	if (old->origin != NULL && old->origin->layer == new->origin->layer && old->action != new->action) {
		if (new->action == CHOICE_NONE)
			return;
		if (old->action != CHOICE_NONE)
			diag_error(f->pl->diags, *new->origin, "syscalls.rules", "%s has another action at %s", syscall_name(call),
				where(f, old->origin));
	}
	f->last[call][slot] = (uint16_t)(f->say_count - 1);
}

/* One entry of a list, or a rule without conditions: `name` is a call or a group. */
static void say(
	struct filter *f, const char *setting, const char *name, bool allow, const struct origin *origin, enum choice_value action)
{
	if (f->say_count > UINT16_MAX) {
		diag_error(f->pl->diags, *origin, setting, "more than %d entries about system calls", UINT16_MAX);
		return;
	}
	f->says[f->say_count++] = (struct say){ .origin = origin, .action = action };
	if (name[0] != '@') {
		int call = syscall_index(name);
		if (call >= 0)
			hear(f, (size_t)call, allow ? ALLOW_NAME : DENY_NAME);
		else
			diag_error(f->pl->diags, *origin, setting, "there is no system call \"%s\"", name);
		return;
	}
	memset(f->marks, 0, f->calls * sizeof f->marks[0]);
	if (!syscall_mark(name, f->marks)) {
		diag_error(f->pl->diags, *origin, setting, "there is no group \"%s\"", name);
		return;
	}
	for (size_t i = 0; i < f->calls; i++)
		if (f->marks[i])
			hear(f, i, allow ? ALLOW_GROUP : DENY_GROUP);
	if (allow)
		syscall_mark_cases(name, f->cases);
}

/* Puts a rule in its place; of two for the same arguments the later layer's counts. */
static void add_rule(struct filter *f, struct rule new)
{
	size_t at = 0;
	for (; at < f->rule_count; at++) {
		struct rule *old = &f->rules[at];
		int order = old->call != new.call ? (old->call < new.call ? -1 : 1) : strcmp(old->when, new.when);
		if (order > 0)
			break;
		if (order < 0)
			continue;
		if (old->origin == NULL) {
			if (new.action == RULE_ALLOW || new.action == RULE_LOG)
				diag_error(f->pl->diags, *new.origin, "syscalls.rules", "%s with these arguments is always refused",
					syscall_name(new.call));
			return;
		}
		if (new.origin != NULL && old->origin->layer == new.origin->layer && old->action != new.action)
			diag_error(f->pl->diags, *new.origin, "syscalls.rules",
				"%s with the same condition has another action at %s", syscall_name(new.call),
				where(f, old->origin));
		*old = new;
		return;
	}
	f->rules = arena_grow(f->pl->arena, f->rules, f->rule_count, &f->rule_cap, sizeof f->rules[0]);
	memmove(&f->rules[at + 1], &f->rules[at], (f->rule_count - at) * sizeof f->rules[0]);
	f->rules[at] = new;
	f->rule_count++;
}

static void read_rule(struct filter *f, const struct record *r)
{
	const struct value *name = MEMBER_OF(r, rule, name);
	const struct value *when = MEMBER_OF(r, rule, when);
	enum choice_value action = (enum choice_value)MEMBER_OF(r, rule, action)->i;
	if (!name->set || name->s == NULL)
		return; /* conf has said that it is missing */
	if (!when->set || when->s == NULL) {
		say(f, "syscalls.rules.name", name->s, action == RULE_ALLOW || action == RULE_LOG, &r->origin, action);
		return;
	}
	if (name->s[0] == '@') {
		struct diag *at = diag_error(f->pl->diags, r->origin, "syscalls.rules.name",
			"conditions look at the arguments of one call, not of the group %s", name->s);
		diag_hint(f->pl->diags, at, "write one rule for each call that is meant");
		return;
	}
	int call = syscall_index(name->s);
	struct conditions conditions;
	const char *why;
	if (call < 0)
		diag_error(f->pl->diags, r->origin, "syscalls.rules.name", "there is no system call \"%s\"", name->s);
	else if (condition_parse(when->s, &conditions, &why) < 0)
		diag_error(f->pl->diags, r->origin, "syscalls.rules.when", "%s", why);
	else
		add_rule(f,
			(struct rule){ .call = (size_t)call,
				.when = condition_text(f->pl->arena, &conditions),
				.action = action,
				.origin = &r->origin });
}

static void refuse(struct filter *f, const char *name, const char *when, enum choice_value action)
{
	int call = syscall_index(name);
	if (call >= 0)
		add_rule(f, (struct rule){ .call = (size_t)call, .when = when, .action = action });
}

/*
 * Landlock looks at connect(2) and bind(2) of TCP sockets only: MSG_FASTOPEN connects without the one, MPTCP and SMC sockets speak
 * TCP without being such (tried on Linux 6.18).  What io_uring and i386's socketcall(2) do no filter sees.
 */
static void close_detours(struct filter *f)
{
	refuse(f, "socket", "arg2 & 0xffffffff == 0x100", RULE_EPERM);
	refuse(f, "socket", "arg2 & 0xffffffff == 0x106", RULE_EPERM);
	refuse(f, "sendto", "arg3 & 0x20000000 == 0x20000000", RULE_EPERM);
	refuse(f, "sendmsg", "arg2 & 0x20000000 == 0x20000000", RULE_EPERM);
	refuse(f, "sendmmsg", "arg3 & 0x20000000 == 0x20000000", RULE_EPERM);
	refuse(f, "io_uring_setup", "", RULE_EPERM);
	refuse(f, "socketcall", "", RULE_EPERM);
}

/* What stays shut whatever a profile says. Comes before its rules. */
static void add_built_in(struct filter *f)
{
	/* TIOCSTI and TIOCLINUX put input into the terminal, for the shell that started the sandbox to read. */
	refuse(f, "ioctl", "arg1 & 0xffffffff == 0x5412", RULE_EPERM);
	refuse(f, "ioctl", "arg1 & 0xffffffff == 0x541c", RULE_EPERM);
	/* TIOCSETD: another line discipline would stay on the caller's terminal; the useful ones want privileges on the host. */
	refuse(f, "ioctl", "arg1 & 0xffffffff == 0x5423", RULE_EPERM);
	if (f->pl->plan->cgroup.affinity != NULL)
		refuse(f, "sched_setaffinity", "", RULE_EPERM);
	if (f->pl->p->network_tcp_connect.count + f->pl->p->network_tcp_bind.count > 0)
		close_detours(f);
	if (f->pl->p->namespaces_user.i == USER_NESTED)
		return;
	/* CLONE_NEWUSER; clone3 has its flags in memory, where no filter sees them, and libc falls back to clone on ENOSYS. */
	refuse(f, "clone", "arg0 & 0x10000000 == 0x10000000", RULE_EPERM);
	refuse(f, "unshare", "arg0 & 0x10000000 == 0x10000000", RULE_EPERM);
	refuse(f, "clone3", "", RULE_ENOSYS);
}

/* One file both allows a call by its name and denies it. */
static void conflict(struct filter *f, size_t call, const struct say *allow, const struct say *deny, enum slot slot)
{
	const char *name = syscall_name(call);
	struct diag *at;
	if (slot == DENY_NAME)
		at = diag_error(f->pl->diags, *deny->origin, "syscalls.deny", "%s conflicts with %s, which allows it", name,
			where(f, allow->origin));
	else
		at = diag_warning(f->pl->diags, *allow->origin, "syscalls.allow", "%s is denied by a group at %s", name,
			where(f, deny->origin));
	diag_hint(f->pl->diags, at, "take it out of one of the two lists");
}

/*
 * A call by itself.  What is denied is not allowed, whoever said so last; but a name in a later layer counts for more than
 * what earlier layers said.
 */
static void decide(struct filter *f, size_t call)
{
	const struct say *allow = said_of(f, call, ALLOW_NAME, ALLOW_GROUP);
	bool by_name = said(f, call, ALLOW_NAME)->origin != NULL;
	for (enum slot slot = DENY_NAME; slot <= DENY_GROUP; slot++) {
		const struct say *deny = said(f, call, slot);
		if (deny->origin == NULL || (by_name && deny->origin->layer < allow->origin->layer))
			continue;
		if (by_name && deny->origin->layer == allow->origin->layer)
			conflict(f, call, allow, deny, slot);
		f->verdict[call] = (uint8_t)deny->action; /* CHOICE_NONE: as every call that is not allowed */
		return;
	}
	if (allow->origin != NULL)
		f->verdict[call] = allow->action == RULE_LOG ? RULE_LOG : RULE_ALLOW;
}

static bool made(enum choice_value verdict)
{
	return verdict == RULE_ALLOW || verdict == RULE_LOG;
}

/* The layer that denies a call as a whole, or 0. */
static unsigned deny_layer(const struct filter *f, size_t call)
{
	const struct origin *name = said(f, call, DENY_NAME)->origin, *group = said(f, call, DENY_GROUP)->origin;
	unsigned name_layer = name != NULL ? name->layer : 0, group_layer = group != NULL ? group->layer : 0;
	return name_layer > group_layer ? name_layer : group_layer;
}

/* Whether a rule still means something beside what the lists say; a rule that never can is a mistake. */
static bool rule_counts(struct filter *f, const struct rule *r)
{
	if (r->origin == NULL || !(r->action == RULE_ALLOW || r->action == RULE_LOG))
		return true;
	if (deny_layer(f, r->call) > r->origin->layer)
		return false;
	if (r->action == RULE_LOG || !made(f->verdict[r->call]))
		return true;
	const struct origin *allow = said_of(f, r->call, ALLOW_NAME, ALLOW_GROUP)->origin;
	if (allow->layer <= r->origin->layer) {
		const char *name = syscall_name(r->call);
		struct diag *at = diag_error(f->pl->diags, *r->origin, "syscalls.rules", "%s is allowed without a condition by %s",
			name, where(f, allow));
		diag_hint(f->pl->diags, at, "to allow it with these arguments only, add \"%s\" to syscalls.deny", name);
	}
	return false;
}

/* A built-in case of a group: only where nothing else decides about the call. */
static bool case_counts(const struct filter *f, size_t i)
{
	size_t call = syscall_cases[i].call;
	if (!f->cases[i] || made(f->verdict[call]) || said_of(f, call, DENY_NAME, DENY_GROUP)->origin != NULL)
		return false;
	for (size_t k = 0; k < f->rule_count; k++)
		if (f->rules[k].call == call && strcmp(f->rules[k].when, syscall_cases[i].condition) == 0)
			return false;
	return true;
}

/* Without these no program starts, or none ends. */
static void check_needed(struct filter *f)
{
	static const char *const needed[] = { "execve", "exit_group", "rt_sigreturn", "write" };
	if (f->pl->p->syscalls_on_refusal.i == REFUSE_LOG)
		return;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		int call = syscall_index(needed[i]);
		if (call < 0 || made(f->verdict[call]))
			continue;
		const struct say *deny = said_of(f, (size_t)call, DENY_NAME, DENY_GROUP);
		bool asked = deny->origin != NULL;
		struct diag *at = diag_error(f->pl->diags, asked ? *deny->origin : f->pl->plan->filter_origin,
			asked ? "syscalls.deny" : "syscalls.allow", "without %s no program can run", needed[i]);
		diag_hint(f->pl->diags, at, asked ? "take it out of syscalls.deny" : "add \"@default\" or \"%s\"", needed[i]);
	}
}

/* "allow read": some 360 of these are written at each launch, so each is put in its place without a detour. */
static void write_line(struct buf *out, const char *prefix, size_t prefix_len, const char *name)
{
	size_t len = strlen(name);
	char *line = buf_room(out, prefix_len + len + 1);
	*(char *)mempcpy(mempcpy(line, prefix, prefix_len), name, len) = '\n';
}

static void write_head(struct filter *f, struct buf *out)
{
	const struct profile *p = f->pl->p;
	const char *machine = f->pl->facts->machine;
	bool x86 = strcmp(machine, "x86_64") == 0;
	buf_puts(out, "bailey-filter 1\n");
	if (!x86 && strcmp(machine, "aarch64") != 0)
		diag_error(f->pl->diags, f->pl->plan->filter_origin, "syscalls.allow",
			"no filter can be made for this machine: %s is not x86_64 or aarch64", machine);
	buf_printf(out, "arch %s\n", machine);
	if (p->syscalls_compat.i != 0 && !x86)
		diag_error(f->pl->diags, p->syscalls_compat.origin, "syscalls.compat",
			"32-bit programs can be filtered on x86_64 only; this machine is %s", machine);
	else if (p->syscalls_compat.i != 0)
		buf_puts(out, "arch i386\n");
	switch (p->syscalls_on_refusal.i) {
	case REFUSE_KILL: buf_puts(out, "default kill\n"); break;
	case REFUSE_LOG: buf_puts(out, "default log\n"); break;
	case REFUSE_ENOSYS: buf_puts(out, "default errno ENOSYS\n"); break;
	default: buf_puts(out, "default errno EPERM\n"); break;
	}
	buf_printf(out, "newest %d\n", syscall_newest());
}

/* The lines of one action, by call; first those with conditions. */
static void write_lines(const struct filter *f, struct buf *out, enum choice_value action)
{
	const char *prefix = action == RULE_ALLOW ? "allow "
		: action == RULE_LOG              ? "log "
		: action == RULE_KILL             ? "deny kill "
		: action == RULE_ENOSYS           ? "deny errno ENOSYS "
						  : "deny errno EPERM ";
	size_t rule = 0, prefix_len = strlen(prefix);
	for (size_t call = 0; call < f->calls; call++) {
		for (; rule < f->rule_count && f->rules[rule].call == call; rule++)
			if (f->rules[rule].action == action)
				buf_printf(out, "%s%s%s%s\n", prefix, syscall_name(call), f->rules[rule].when[0] != '\0' ? " " : "",
					f->rules[rule].when);
		if (f->verdict[call] == action)
			write_line(out, prefix, prefix_len, syscall_name(call));
	}
}

/* The lists and rules of the profile, as they were said. */
static void read_profile(struct filter *f)
{
	static const struct origin built_in = { .file = "built in" };
	const struct profile *p = f->pl->p;
	const struct list *allow = &p->syscalls_allow;
	if (allow->count == 0)
		say(f, "syscalls.allow", "@default", true, &built_in, CHOICE_NONE);
	for (size_t i = 0; i < allow->count; i++)
		say(f, "syscalls.allow", allow->items[i].text, true, &allow->items[i].origin, CHOICE_NONE);
	f->pl->plan->filter_origin = allow->count > 0 ? allow->items[allow->count - 1].origin : built_in;
	for (size_t i = 0; i < p->syscalls_deny.count; i++)
		say(f, "syscalls.deny", p->syscalls_deny.items[i].text, false, &p->syscalls_deny.items[i].origin, CHOICE_NONE);
	add_built_in(f);
	for (size_t i = 0; i < p->syscalls_rules.count; i++)
		read_rule(f, &p->syscalls_rules.items[i]);
}

/* Drops the rules that mean nothing and adds the cases that hold. */
static void settle_rules(struct filter *f)
{
	static const struct origin built_in = { .file = "built in" };
	size_t kept = 0;
	for (size_t i = 0; i < f->rule_count; i++) {
		if (f->rules[i].when[0] == '\0')
			f->verdict[f->rules[i].call] = CHOICE_NONE;
		if (rule_counts(f, &f->rules[i]))
			f->rules[kept++] = f->rules[i];
	}
	f->rule_count = kept;
	for (size_t i = 0; i < syscall_case_count; i++)
		if (case_counts(f, i))
			add_rule(f,
				(struct rule){ .call = syscall_cases[i].call,
					.when = syscall_cases[i].condition,
					.action = RULE_ALLOW,
					.origin = &built_in });
}

int plan_filter(struct planner *pl)
{
	const struct profile *p = pl->p;
	struct filter f = { .pl = pl, .calls = syscall_count() };
	size_t errors = pl->diags->errors;
	f.says = arena_array(
		pl->arena, 2 + p->syscalls_allow.count + p->syscalls_deny.count + p->syscalls_rules.count, sizeof f.says[0]);
	f.say_count = 1;
	f.last = arena_array(pl->arena, f.calls, sizeof f.last[0]);
	f.marks = arena_array(pl->arena, f.calls, sizeof f.marks[0]);
	f.verdict = arena_array(pl->arena, f.calls, sizeof f.verdict[0]);
	f.cases = arena_array(pl->arena, syscall_case_count, sizeof f.cases[0]);
	read_profile(&f);
	for (size_t call = 0; call < f.calls; call++)
		decide(&f, call);
	settle_rules(&f);
	check_needed(&f);

	struct buf out = { .arena = pl->arena, .text = arena_alloc(pl->arena, TEXT_USUAL), .cap = TEXT_USUAL };
	write_head(&f, &out);
	static const enum choice_value order[] = { RULE_KILL, RULE_EPERM, RULE_ENOSYS, RULE_ALLOW, RULE_LOG };
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		write_lines(&f, &out, order[i]);
	pl->plan->filter_spec = buf_text(&out);
	pl->plan->filter_spec_len = out.len;
	return pl->diags->errors > errors ? -EINVAL : 0;
}
