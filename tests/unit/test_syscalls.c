/* The table of system calls against libseccomp's, and the conditions. */
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>

#include "base/arena.h"
#include "schema/condition.h"
#include "schema/syscalls.h"
#include "tap.h"

static const uint32_t tokens[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64 };
static const char *const arch_names[] = { "x86_64", "i386", "aarch64" };

static bool exists_somewhere(const char *name)
{
	for (size_t i = 0; i < 3; i++)
		if (seccomp_syscall_resolve_name_arch(tokens[i], name) >= 0 || syscall_new_number(name, arch_names[i]) >= 0)
			return true;
	return false;
}

static void test_names(void)
{
	bool sorted = true, resolved = true, found = true;
	for (size_t i = 0; i < syscall_count(); i++) {
		const char *name = syscall_name(i);
		if (i > 0 && strcmp(syscall_name(i - 1), name) >= 0)
			sorted = ok(false, "%s is out of order", name);
		if (!exists_somewhere(name))
			resolved = ok(false, "%s has no number anywhere", name);
		if (syscall_index(name) != (int)i)
			found = ok(false, "%s is not found", name);
	}
	ok(sorted, "names are sorted");
	ok(resolved, "every name is a call of some arch");
	ok(found, "every name is found at its place");
	ok(syscall_index("openn") == -1 && syscall_index("") == -1 && syscall_index("zz") == -1, "other names are not found");
	ok(syscall_name(syscall_count()) == NULL, "there is no name behind the last");
	ok(!exists_somewhere("openn"), "the look-up can say no");
}

static void test_complete(void)
{
	for (size_t k = 0; k < 3; k++) {
		size_t missing = 0, seen = 0;
		for (int number = 0; number <= 600; number++) {
			char *name = seccomp_syscall_resolve_num_arch(tokens[k], number);
			if (name == NULL)
				continue;
			seen++;
			if (syscall_index(name) < 0) {
				missing++;
				printf("# %s of %s is not in the table\n", name, arch_names[k]);
			}
			free(name);
		}
		ok(missing == 0 && seen > 300, "all %zu calls of %s are in the table", seen, arch_names[k]);
	}
}

static void test_numbers(void)
{
	bool agree = true;
	for (size_t i = 0; i < syscall_count(); i++) {
		for (size_t k = 0; k < 3; k++) {
			int theirs = seccomp_syscall_resolve_name_arch(tokens[k], syscall_name(i));
			int ours = syscall_new_number(syscall_name(i), arch_names[k]);
			if (theirs >= 0 && ours != -2 && ours != theirs)
				agree = ok(false, "%s of %s is %d, not %d", syscall_name(i), arch_names[k], theirs, ours);
			if (theirs > syscall_newest())
				agree = ok(false, "%s is newer than the newest", syscall_name(i));
		}
	}
	ok(agree, "our numbers are those of libseccomp where it has them");
	ok(syscall_new_number("mseal", "x86_64") == 462 && syscall_new_number("mseal", "aarch64") == 462, "mseal");
	ok(syscall_new_number("uretprobe", "x86_64") == 335 && syscall_new_number("uretprobe", "aarch64") == -1,
		"uretprobe is for x86_64 alone");
	ok(syscall_new_number("read", "x86_64") == -2 && syscall_new_number("mseal", "mips") == -2, "others are not ours to know");
	ok(syscall_newest() == 469, "the newest");
}

static bool *marked(struct arena *a, const char *name)
{
	bool *set = arena_array(a, syscall_count(), sizeof *set);
	return syscall_mark(name, set) ? set : NULL;
}

static bool has(const bool *set, const char *call)
{
	int i = syscall_index(call);
	return i >= 0 && set[i];
}

static size_t count(const bool *set)
{
	size_t n = 0;
	for (size_t i = 0; i < syscall_count(); i++)
		n += set[i];
	return n;
}

static unsigned depth_below(const char *name, unsigned limit)
{
	const struct syscall_group *g = syscall_group(name);
	unsigned deepest = 0;
	for (size_t i = 0; limit > 0 && i < g->count; i++) {
		if (syscall_member(g, i)[0] != '@')
			continue;
		unsigned d = depth_below(syscall_member(g, i), limit - 1) + 1;
		deepest = d > deepest ? d : deepest;
	}
	return deepest;
}

static void test_groups(struct arena *a)
{
	bool *every = arena_array(a, syscall_count(), sizeof *every);
	bool good = true;
	for (size_t i = 0; i < syscall_group_count; i++) {
		const struct syscall_group *g = &syscall_groups[i];
		if (g->name[0] != '@' || strlen(g->help) < 10 || g->help[strlen(g->help) - 1] != '.' || g->count == 0 ||
			syscall_group(g->name) != g)
			good = ok(false, "%s is well made", g->name);
		for (size_t k = 0; k < g->count; k++)
			if (syscall_member(g, k)[0] == '@' ? syscall_group(syscall_member(g, k)) == NULL
							   : syscall_index(syscall_member(g, k)) < 0)
				good = ok(false, "%s is known in %s", syscall_member(g, k), g->name);
		if (depth_below(g->name, 10) >= 10)
			good = ok(false, "%s contains itself", g->name);
		syscall_mark(g->name, every);
	}
	ok(good, "groups are well made");
	ok(count(every) == syscall_count(), "every call is in a group");
	ok(syscall_group("@nothing") == NULL && marked(a, "@nothing") == NULL && marked(a, "openn") == NULL,
		"unknown names mark nothing");
	ok(count(marked(a, "ptrace")) == 1 && has(marked(a, "ptrace"), "ptrace"), "a call marks itself");

	static const char *const needed[] = { "read", "write", "openat", "execve", "clone3", "clone", "exit_group", "mmap", "futex",
		"rseq", "statx", "faccessat2", "openat2", "close_range", "futex_waitv", "rt_sigreturn", "getrandom", "socketpair",
		"connect", "memfd_create", "mseal", "set_thread_area", "landlock_create_ruleset", "seccomp", "prctl", "prlimit64",
		"epoll_pwait2", "inotify_add_watch", "sched_setaffinity" };
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		ok(has(marked(a, "@default"), needed[i]), "@default has %s", needed[i]);

	static const char *const kept_out[] = { "keyctl", "add_key", "request_key", "init_module", "finit_module", "delete_module",
		"kexec_load", "kexec_file_load", "reboot", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
		"io_uring_enter", "io_uring_register", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
		"process_madvise", "ioperm", "iopl", "mount", "umount2", "move_mount", "open_tree", "fsopen", "pivot_root",
		"chroot", "kcmp", "quotactl", "acct", "swapon", "swapoff", "open_by_handle_at", "uselib", "_sysctl", "settimeofday",
		"clock_settime", "clock_adjtime", "adjtimex", "stime", "setns", "unshare", "syslog", "vhangup", "personality",
		"socket", "modify_ldt", "lookup_dcookie", "fanotify_init", "migrate_pages", "move_pages", "sethostname",
		"nfsservctl", "remap_file_pages" };
	static const char *const groups[] = { "@default", "@desktop", "@network" };
	for (size_t k = 0; k < 3; k++) {
		const bool *set = marked(a, groups[k]);
		size_t inside = 0;
		for (size_t i = 0; i < sizeof(kept_out) / sizeof(kept_out[0]); i++) {
			if (syscall_index(kept_out[i]) < 0 || has(set, kept_out[i])) {
				inside++;
				printf("# %s is in %s\n", kept_out[i], groups[k]);
			}
		}
		ok(inside == 0, "what is dangerous is not in %s", groups[k]);
	}
	const bool *sandbox = marked(a, "@sandbox");
	ok(has(sandbox, "mount") && has(sandbox, "unshare") && has(sandbox, "pivot_root") && has(sandbox, "seccomp") &&
			!has(sandbox, "ptrace"),
		"@sandbox has what sandboxes need");
	size_t keys = 0;
	for (size_t i = 0; i < syscall_group_count; i++)
		keys += has(marked(a, syscall_groups[i].name), "keyctl");
	ok(keys == 1 && has(marked(a, "@keyring"), "keyctl"), "keyctl is in @keyring alone");
}

static void test_cases(struct arena *a)
{
	bool spelled = true;
	for (size_t i = 0; i < syscall_case_count; i++) {
		struct conditions c;
		const char *why = "";
		if (condition_parse(syscall_cases[i].condition, &c, &why) < 0 ||
			strcmp(condition_text(a, &c), syscall_cases[i].condition) != 0)
			spelled = ok(false, "\"%s\" is in the one spelling %s", syscall_cases[i].condition, why);
	}
	ok(spelled, "cases are in the one spelling");
	bool *of_default = arena_array(a, syscall_case_count, sizeof *of_default);
	bool *of_desktop = arena_array(a, syscall_case_count, sizeof *of_desktop);
	bool *of_call = arena_array(a, syscall_case_count, sizeof *of_call);
	syscall_mark_cases("@default", of_default);
	syscall_mark_cases("@desktop", of_desktop);
	syscall_mark_cases("personality", of_call);
	size_t personalities = 0, more = 0, less = 0, calls = 0;
	for (size_t i = 0; i < syscall_case_count; i++) {
		personalities += of_default[i] && strcmp(syscall_name(syscall_cases[i].call), "personality") == 0;
		more += of_desktop[i] && !of_default[i];
		less += of_default[i] && !of_desktop[i];
		calls += of_call[i];
	}
	ok(personalities == 5, "@default has five personalities");
	ok(more == 1 && less == 0, "@desktop has the cases of @default and one more");
	ok(calls == 0, "a call's name marks no case");
}

static void test_conditions(struct arena *a)
{
	static const struct {
		const char *text, *canonical; /* NULL: refused */
	} rows[] = {
		{ "arg0 == 0", "arg0 == 0x0" },
		{ "arg0==0x10", "arg0 == 0x10" },
		{ "  arg5\t>=  18446744073709551615 ", "arg5 >= 0xffffffffffffffff" },
		{ "arg1 & 0xff == 2 && arg0 != 1", "arg0 != 0x1 && arg1 & 0xff == 0x2" },
		{ "arg0 != 1 && arg1 & 0xFF == 2", "arg0 != 0x1 && arg1 & 0xff == 0x2" },
		{ "arg0 == 1&&arg0 == 1", "arg0 == 0x1" },
		{ "arg2 < 7 && arg2 > 3 && arg2 <= 6", "arg2 < 0x7 && arg2 <= 0x6 && arg2 > 0x3" },
		{ "arg2 & 0xff != 0x12", "arg2 & 0xff != 0x12" },
		{ "arg0 & 0xffffffffffffffff < 5", "arg0 < 0x5" },
		{ "", NULL },
		{ "arg9 == 0", NULL },
		{ "arg6 == 0", NULL },
		{ "arg10 == 0", NULL },
		{ "arg0", NULL },
		{ "arg0 = 1", NULL },
		{ "arg0 == ", NULL },
		{ "arg0 == 0x", NULL },
		{ "arg0 == 1x", NULL },
		{ "arg0 == 012", NULL },
		{ "arg0 == -1", NULL },
		{ "arg0 == 18446744073709551616", NULL },
		{ "arg0 == 1 &&", NULL },
		{ "arg0 == 1 & arg1 == 2", NULL },
		{ "arg0 == 1 || arg1 == 2", NULL },
		{ "arg0 == 1 arg1 == 2", NULL },
		{ "arg0 & 0xff < 2", NULL },
		{ "arg0 & 0xf == 0x10", NULL },
		{ "arg0 & == 1", NULL },
		{ "arg0 == 1;", NULL },
		{ "arg0==1&&arg1==1&&arg2==1&&arg3==1&&arg4==1&&arg5==1&&arg0!=2&&arg0!=3",
			"arg0 == 0x1 && arg0 != 0x2 && arg0 != 0x3 && "
			"arg1 == 0x1 && arg2 == 0x1 && arg3 == 0x1 && "
			"arg4 == 0x1 && arg5 == 0x1" },
		{ "arg0==1&&arg1==1&&arg2==1&&arg3==1&&arg4==1&&arg5==1&&arg0!=2&&arg0!=3&&arg0!=4", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conditions c;
		const char *why = NULL;
		int got = condition_parse(rows[i].text, &c, &why);
		if (rows[i].canonical == NULL) {
			ok(got == -EINVAL && why != NULL && !condition_valid(rows[i].text, &why), "refused: \"%s\" (%s)",
				rows[i].text, why != NULL ? why : "?");
			continue;
		}
		ok(got == 0 && condition_valid(rows[i].text, &why), "read: \"%s\"", rows[i].text);
		same(got == 0 ? condition_text(a, &c) : why, rows[i].canonical, "  its one spelling");
	}
}

int main(void)
{
	struct arena a = { 0 };
	test_names();
	test_complete();
	test_numbers();
	test_groups(&a);
	test_cases(&a);
	test_conditions(&a);
	same(syscall_nearest("openta"), "openat", "the nearest call");
	same(syscall_nearest("@defualt"), "@default", "the nearest group");
	arena_free(&a);
	return tap_done();
}
