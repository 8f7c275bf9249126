/* From the syscalls settings of a profile to the text of the filter. */
#include <errno.h>
#include <time.h>

#include "plan/internal.h"
#include "schema/syscalls.h"
#include "tap.h"

struct bench {
	struct arena arena;
	struct profile profile;
	struct facts facts;
	struct diags diags;
	struct plan plan;
	int got;
};

static void begin(struct bench *b)
{
	*b = (struct bench){ 0 };
	b->facts.machine = "x86_64";
	b->profile.namespaces_user.i = USER_REFUSED;
	b->profile.syscalls_on_refusal.i = REFUSE_EPERM;
}

/* Files are named after their layer, so that messages can be checked. */
static struct origin at(unsigned layer, unsigned line)
{
	static const char *const files[] = { "zero.conf", "one.conf", "two.conf", "three.conf" };
	return (struct origin){ .file = files[layer], .line = line, .layer = layer };
}

static void add(struct bench *b, struct list *l, const char *text, unsigned layer, unsigned line)
{
	l->items = arena_grow(&b->arena, l->items, l->count, &l->cap, sizeof l->items[0]);
	l->items[l->count++] = (struct item){ .text = text, .origin = at(layer, line) };
}

static void allow(struct bench *b, const char *text, unsigned layer, unsigned line)
{
	add(b, &b->profile.syscalls_allow, text, layer, line);
}

static void deny(struct bench *b, const char *text, unsigned layer, unsigned line)
{
	add(b, &b->profile.syscalls_deny, text, layer, line);
}

static void rule(struct bench *b, const char *name, const char *when, enum choice_value action, unsigned layer, unsigned line)
{
	struct records *l = &b->profile.syscalls_rules;
	l->items = arena_grow(&b->arena, l->items, l->count, &l->cap, sizeof l->items[0]);
	struct record *r = &l->items[l->count++];
	*r = (struct record){ .origin = at(layer, line) };
	*MEMBER_OF(r, rule, name) = (struct value){ .set = true, .origin = r->origin, .s = name };
	if (when != NULL)
		*MEMBER_OF(r, rule, when) = (struct value){ .set = true, .origin = r->origin, .s = when };
	*MEMBER_OF(r, rule, action) = (struct value){ .set = true, .origin = r->origin, .i = action };
}

static void make(struct bench *b)
{
	b->diags = (struct diags){ .arena = &b->arena };
	struct planner pl = { .plan = &b->plan, .arena = &b->arena, .p = &b->profile, .facts = &b->facts, .diags = &b->diags };
	b->got = plan_filter(&pl);
}

/* What every program needs, so that short lists can be tested. */
static void allow_needed(struct bench *b, unsigned layer)
{
	allow(b, "execve", layer, 1);
	allow(b, "exit_group", layer, 1);
	allow(b, "rt_sigreturn", layer, 1);
	allow(b, "write", layer, 1);
}

static bool has_line(const struct bench *b, const char *line)
{
	char *want = NULL;
	if (asprintf(&want, "\n%s\n", line) < 0)
		abort();
	bool found = strstr(b->plan.filter_spec, want) != NULL;
	free(want);
	return found;
}

static void end(struct bench *b)
{
	arena_free(&b->arena);
}

/* One diagnostic, which reads "FILE:LINE: SETTING: TEXT". */
static void one_fault(struct bench *b, const char *want)
{
	make(b);
	ok(b->got == -EINVAL && b->diags.errors == 1 && b->diags.count == 1, "one mistake: %s", want);
	const char *text = "none";
	if (b->diags.count > 0) {
		const struct diag *d = &b->diags.items[0];
		text = arena_printf(&b->arena, "%s: %s: %s", origin_text(&b->arena, d->origin), d->setting, d->text);
	}
	same(text, want, "  its words");
	end(b);
}

static void test_whole_text(void)
{
	struct bench b;
	begin(&b);
	allow_needed(&b, 1);
	make(&b);
	ok(b.got == 0 && b.diags.count == 0, "a short list is good");
	const char *want = "bailey-filter 1\n"
			   "arch x86_64\n"
			   "default errno EPERM\n"
			   "newest 469\n"
			   "deny errno EPERM clone arg0 & 0x10000000 == 0x10000000\n"
			   "deny errno EPERM ioctl arg1 & 0xffffffff == 0x5412\n"
			   "deny errno EPERM ioctl arg1 & 0xffffffff == 0x541c\n"
			   "deny errno EPERM ioctl arg1 & 0xffffffff == 0x5423\n"
			   "deny errno EPERM unshare arg0 & 0x10000000 == 0x10000000\n"
			   "deny errno ENOSYS clone3\n"
			   "allow execve\n"
			   "allow exit_group\n"
			   "allow rt_sigreturn\n"
			   "allow write\n";
	same(b.plan.filter_spec, want, "its text");
	ok(b.plan.filter_spec_len == strlen(want), "the length is that of the text");
	ok(b.plan.filter_origin.layer == 1 && b.plan.filter_origin.line == 1, "the origin is the list's");
	end(&b);

	begin(&b);
	allow_needed(&b, 1);
	allow(&b, "clone3", 1, 2);
	b.facts.machine = "aarch64";
	b.profile.namespaces_user.i = USER_NESTED;
	b.profile.syscalls_on_refusal.i = REFUSE_KILL;
	make(&b);
	same(b.plan.filter_spec,
		"bailey-filter 1\narch aarch64\ndefault kill\nnewest 469\n"
		"deny errno EPERM ioctl arg1 & 0xffffffff == 0x5412\ndeny errno EPERM ioctl arg1 & 0xffffffff == 0x541c\n"
		"deny errno EPERM ioctl arg1 & 0xffffffff == 0x5423\n"
		"allow clone3\nallow execve\nallow exit_group\nallow rt_sigreturn\nallow write\n",
		"nested, aarch64, kill");
	end(&b);
}

static void test_defaults(void)
{
	struct bench b;
	begin(&b);
	make(&b);
	ok(b.got == 0 && has_line(&b, "allow read") && has_line(&b, "allow personality arg0 & 0xffffffff == 0x8"),
		"no list means @default");
	ok(!has_line(&b, "allow ptrace") && !has_line(&b, "allow personality") && !has_line(&b, "allow keyctl"),
		"which has its limits");
	ok(!has_line(&b, "allow clone3"), "clone3 is not allowed beside its refusal");
	same(b.plan.filter_origin.file, "built in", "said by nobody");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	b.profile.syscalls_compat.i = 1;
	b.profile.syscalls_on_refusal.i = REFUSE_ENOSYS;
	make(&b);
	ok(b.got == 0 && has_line(&b, "arch x86_64\narch i386\ndefault errno ENOSYS"), "compat and ENOSYS");
	end(&b);

	begin(&b);
	b.profile.syscalls_on_refusal.i = REFUSE_LOG;
	allow(&b, "read", 1, 1);
	make(&b);
	ok(b.got == 0 && has_line(&b, "default log"), "with log nothing is needed");
	end(&b);
}

static void test_lists(void)
{
	struct bench b;
	begin(&b);
	allow(&b, "@default", 2, 1);
	deny(&b, "socketpair", 1, 5);
	deny(&b, "@ipc", 1, 6);
	deny(&b, "personality", 1, 7);
	make(&b);
	ok(b.got == 0 && !has_line(&b, "allow socketpair") && !has_line(&b, "allow shmget") && has_line(&b, "allow bind"),
		"deny beats a group, also one of a later layer");
	ok(!has_line(&b, "allow personality arg0 & 0xffffffff == 0x0"), "deny takes the cases of a group too");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	deny(&b, "bind", 1, 2);
	deny(&b, "@debug", 1, 3);
	allow(&b, "bind", 2, 4);
	allow(&b, "ptrace", 2, 5);
	make(&b);
	ok(b.got == 0 && b.diags.count == 0 && has_line(&b, "allow bind") && has_line(&b, "allow ptrace"),
		"a name in a later layer is allowed again");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	allow(&b, "bind", 1, 2);
	allow(&b, "ptrace", 1, 2);
	deny(&b, "bind", 2, 3);
	deny(&b, "@debug", 3, 3);
	make(&b);
	ok(b.got == 0 && b.diags.count == 0 && !has_line(&b, "allow bind") && !has_line(&b, "allow ptrace"),
		"and denied again in a later one");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	allow(&b, "bind", 2, 1);
	deny(&b, "bind", 1, 2);
	deny(&b, "@socket", 3, 3);
	make(&b);
	ok(b.got == 0 && !has_line(&b, "allow bind"),
		"a group that is denied last counts, though the name was allowed again before");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	allow(&b, "ptrace", 1, 2);
	deny(&b, "@debug", 1, 3);
	make(&b);
	ok(b.got == 0 && b.diags.count == 1 && b.diags.items[0].severity == DIAG_WARNING && !has_line(&b, "allow ptrace"),
		"name and group in one file: a warning");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	allow(&b, "personality", 1, 2);
	make(&b);
	ok(b.got == 0 && has_line(&b, "allow personality") && !has_line(&b, "allow personality arg0 & 0xffffffff == 0x0"),
		"a whole call swallows its cases");
	end(&b);
}

static void test_rules(void)
{
	struct bench b;
	begin(&b);
	allow(&b, "@default", 1, 1);
	deny(&b, "socket", 1, 2);
	rule(&b, "socket", "arg0==1", RULE_ALLOW, 1, 3);
	rule(&b, "mkdir", "arg1 & 07 == 0x7", RULE_EPERM, 1, 4);
	make(&b);
	ok(b.got == -EINVAL && b.diags.errors == 1, "a condition that cannot be read is a mistake");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	deny(&b, "socket", 1, 2);
	rule(&b, "socket", "arg0==1", RULE_ALLOW, 1, 3);
	rule(&b, "mkdir", "arg1 & 7 == 7", RULE_EPERM, 1, 4);
	rule(&b, "rmdir", "arg0 == 0", RULE_KILL, 1, 5);
	rule(&b, "unlink", NULL, RULE_LOG, 1, 6);
	rule(&b, "acct", NULL, RULE_LOG, 1, 7);
	rule(&b, "@debug", NULL, RULE_KILL, 1, 8);
	rule(&b, "mknod", NULL, RULE_ENOSYS, 1, 9);
	rule(&b, "chmod", "arg1 == 0x1ff", RULE_LOG, 1, 10);
	make(&b);
	ok(b.got == 0, "rules of all kinds");
	ok(has_line(&b, "allow socket arg0 == 0x1") && !has_line(&b, "allow socket") &&
			!has_line(&b, "allow socket arg0 & 0xffffffff == 0x2"),
		"deny and a rule: with these arguments only");
	ok(has_line(&b, "deny errno EPERM mkdir arg1 & 0x7 == 0x7") && has_line(&b, "allow mkdir"),
		"a refusal with a condition leaves the rest");
	ok(has_line(&b, "deny kill rmdir arg0 == 0x0"), "kill with a condition");
	ok(has_line(&b, "log unlink") && !has_line(&b, "allow unlink") && has_line(&b, "log acct"),
		"log instead of allow, and in place of nothing");
	ok(has_line(&b, "deny kill ptrace") && has_line(&b, "deny kill kcmp"), "a group that kills");
	ok(has_line(&b, "deny errno ENOSYS mknod") && !has_line(&b, "allow mknod"), "a rule without a condition refuses like deny");
	ok(has_line(&b, "log chmod arg1 == 0x1ff") && has_line(&b, "allow chmod"), "log with a condition beside allow");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	rule(&b, "ptrace", "arg0 == 0", RULE_ALLOW, 1, 2);
	deny(&b, "ptrace", 2, 3);
	make(&b);
	ok(b.got == 0 && !has_line(&b, "allow ptrace arg0 == 0x0"), "a later deny takes the rule away");
	end(&b);

	begin(&b);
	allow(&b, "@default", 1, 1);
	rule(&b, "ptrace", "arg0 == 0", RULE_ALLOW, 1, 2);
	rule(&b, "ptrace", "arg0==0x0", RULE_KILL, 2, 2);
	make(&b);
	ok(b.got == 0 && has_line(&b, "deny kill ptrace arg0 == 0x0") && !has_line(&b, "allow ptrace arg0 == 0x0"),
		"of two layers the later rule counts");
	end(&b);
}

static void test_faults(void)
{
	struct bench b;
	begin(&b);
	allow(&b, "@default", 1, 1);
	allow(&b, "ptrace", 1, 3);
	deny(&b, "ptrace", 1, 4);
	one_fault(&b, "one.conf:4: syscalls.deny: ptrace conflicts with one.conf:3, which allows it");

	begin(&b);
	allow(&b, "@default", 1, 1);
	rule(&b, "mkdir", "arg0 == 1", RULE_ALLOW, 1, 6);
	one_fault(&b, "one.conf:6: syscalls.rules: mkdir is allowed without a condition by one.conf:1");

	begin(&b);
	rule(&b, "ptrace", "arg0 == 1 && arg1 == 2", RULE_KILL, 1, 6);
	rule(&b, "ptrace", "arg1==2 && arg0==1", RULE_EPERM, 1, 7);
	one_fault(&b, "one.conf:7: syscalls.rules: ptrace with the same condition has another action at one.conf:6");

	begin(&b);
	rule(&b, "ptrace", NULL, RULE_KILL, 1, 6);
	rule(&b, "ptrace", NULL, RULE_EPERM, 1, 7);
	one_fault(&b, "one.conf:7: syscalls.rules: ptrace has another action at one.conf:6");

	begin(&b);
	deny(&b, "ioctl", 1, 1);
	rule(&b, "ioctl", "arg1 & 0xffffffff == 0x5412", RULE_ALLOW, 1, 2);
	one_fault(&b, "one.conf:2: syscalls.rules: ioctl with these arguments is always refused");

	begin(&b);
	rule(&b, "@ipc", "arg0 == 1", RULE_ALLOW, 1, 2);
	one_fault(&b, "one.conf:2: syscalls.rules.name: conditions look at the arguments of one call, not of the group @ipc");

	begin(&b);
	allow(&b, "@default", 1, 1);
	allow(&b, "openn", 1, 2);
	one_fault(&b, "one.conf:2: syscalls.allow: there is no system call \"openn\"");

	begin(&b);
	deny(&b, "@nothing", 1, 2);
	one_fault(&b, "one.conf:2: syscalls.deny: there is no group \"@nothing\"");

	begin(&b);
	allow(&b, "@default", 1, 1);
	deny(&b, "execve", 2, 9);
	one_fault(&b, "two.conf:9: syscalls.deny: without execve no program can run");

	begin(&b);
	allow_needed(&b, 1);
	b.profile.syscalls_allow.count--; /* write */
	one_fault(&b, "one.conf:1: syscalls.allow: without write no program can run");

	begin(&b);
	b.facts.machine = "aarch64";
	b.profile.syscalls_compat = (struct value){ .set = true, .i = 1, .origin = at(1, 5) };
	one_fault(&b, "one.conf:5: syscalls.compat: 32-bit programs can be filtered on x86_64 only; this machine is aarch64");

	begin(&b);
	b.facts.machine = "riscv64";
	allow(&b, "@default", 1, 4);
	one_fault(&b, "one.conf:4: syscalls.allow: no filter can be made for this machine: riscv64 is not x86_64 or aarch64");
}

static double milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A launch pays for this each time. The bound is ten times what it takes, so that a busy machine does not fail the test. */
static void test_speed(void)
{
	enum { RUNS = 200 };
	double best = 1e9;
	for (int i = 0; i < RUNS; i++) {
		struct bench b;
		begin(&b);
		allow(&b, "@desktop", 1, 1);
		allow(&b, "@network", 1, 1);
		allow(&b, "@sandbox", 1, 1);
		double start = milliseconds();
		make(&b);
		double took = milliseconds() - start;
		best = took < best ? took : best;
		end(&b);
	}
	ok(best < 1, "a long list takes %.0f us", best * 1e3);
}

int main(void)
{
	test_whole_text();
	test_defaults();
	test_lists();
	test_rules();
	test_faults();
	test_speed();
	return tap_done();
}
