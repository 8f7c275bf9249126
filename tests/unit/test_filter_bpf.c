/* Compiled filters at work: in the kernel for this machine's calls, in an interpreter for those of other arches. */
#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bpf_run.h"
#include "filter_helper.h"
#include "plan/internal.h"
#include "schema/condition.h"
#include "seccomp/bpf.h"
#include "tap.h"

#define HEAD "bailey-filter 1\narch x86_64\ndefault errno EPERM\nnewest 469\n"
#define NEEDED "allow exit_group\nallow rt_sigreturn\nallow write\n"

enum { ENDED_BY_SIGNAL = 1000 };

static struct arena arena;

static bool compile(struct sock_fprog *ret, const char *spec)
{
	const struct filter_places places = { .helper = helper_path(&arena), .cache_dir = NULL };
	struct err e = { 0 };
	int got = filter_get(ret, &arena, spec, strlen(spec), &places, &e);
	if (got < 0)
		printf("# %s\n", e.text);
	return got == 0;
}

/* ---- in the kernel ---- */

/* A call as a program makes it: 0, or the errno. */
typedef int probe(void);

static int result(long got)
{
	return got < 0 ? errno : 0;
}

static int probe_getppid(void)
{
	return result(syscall(SYS_getppid));
}

static int probe_getpid(void)
{
	return result(syscall(SYS_getpid));
}

static int probe_nothing(void)
{
	return 0;
}

/* As libc has it: errno is set for any result that the kernel gives as -1 to -4095, whoever implements the number. */
static int probe_future(void)
{
	return result(syscall(470, -1, -1, -1));
}

static int probe_minus_one(void)
{
	return result(syscall(-1));
}

static int probe_tiocsti(void)
{
	return result(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

/* The upper half of the register is not looked at by the kernel, so it must not help around the filter. */
static int probe_tiocsti_wide(void)
{
	return result(syscall(SYS_ioctl, STDIN_FILENO, 0x5412 | (1L << 40), "x"));
}

static int probe_tioclinux(void)
{
	return result(ioctl(STDIN_FILENO, TIOCLINUX, "x"));
}

static int probe_unshare_user(void)
{
	return result(unshare(CLONE_NEWUSER | CLONE_NEWUTS));
}

static int probe_clone_user(void)
{
	/* CLONE_NEWUSER with CLONE_FS is EINVAL for the kernel: no process is made where the filter lets it pass. */
	return result(syscall(SYS_clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int probe_clone3(void)
{
	return result(syscall(SYS_clone3, NULL, 0));
}

static int probe_socket_unix(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int probe_socket_packet(void)
{
	return result(socket(AF_AX25, SOCK_STREAM, 0));
}

#ifdef __x86_64__
static int probe_x32(void)
{
	return result(syscall(0x40000000 + SYS_getpid));
}

static int int80(int number, long a, long b, long c)
{
	long got;
	__asm__ volatile("int $0x80" : "=a"(got) : "a"((long)number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return (int)got < 0 ? -(int)got : 0;
}

enum { I386_GETPID = 20, I386_GETPPID = 64, I386_IOCTL = 54, I386_SOCKETCALL = 102, I386_FUTURE = 470 };

static int probe_i386_getpid(void)
{
	return int80(I386_GETPID, 0, 0, 0);
}

static int probe_i386_getppid(void)
{
	return int80(I386_GETPPID, 0, 0, 0);
}

static int probe_i386_tiocsti(void)
{
	return int80(I386_IOCTL, STDIN_FILENO, 0x5412, 0);
}

static int probe_i386_future(void)
{
	return int80(I386_FUTURE, -1, -1, -1);
}

/* socketcall(SYS_SOCKET), with its arguments at address 0: EFAULT when it gets through. */
static int probe_i386_socketcall(void)
{
	return int80(I386_SOCKETCALL, 1, 0, 0);
}
#endif

/* The errno of a probe in a process of its own under a filter (NULL: none), or ENDED_BY_SIGNAL + the signal. */
static int under(const struct sock_fprog *filter, probe *run)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0);
		if (filter != NULL &&
			(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) < 0))
			syscall(SYS_exit_group, 255);
		syscall(SYS_exit_group, run()); /* _exit() of a sanitizer does more than that */
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? ENDED_BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect(const struct sock_fprog *filter, probe *run, int want, const char *what)
{
	int got = under(filter, run);
	if (!ok(got == want, "%s", what))
		printf("#  got: %d\n# want: %d\n", got, want);
}

/* With the filter this result, without it another one. */
static void differs(const struct sock_fprog *filter, probe *run, int want, const char *what)
{
	expect(filter, run, want, what);
	int without = under(NULL, run);
	ok(without != want, "  and without the filter: %d", without);
}

static void test_kernel(void)
{
	struct sock_fprog f;
	if (!ok(compile(&f,
			HEAD "deny errno EPERM clone arg0 & 0x10000000 == 0x10000000\n"
			     "deny errno EPERM ioctl arg1 & 0xffffffff == 0x5412\n"
			     "deny errno EPERM ioctl arg1 & 0xffffffff == 0x541c\n"
			     "deny errno EPERM unshare arg0 & 0x10000000 == 0x10000000\n"
			     "deny errno ENOSYS clone3\n"
			     "allow clone\nallow clone3\nallow getppid\nallow ioctl\n"
			     "allow socket arg0 & 0xffffffff == 0x1\nallow unshare\n" NEEDED),
		    "a filter"))
		return;
	expect(&f, probe_nothing, 0, "the filter loads");
	expect(&f, probe_getppid, 0, "an allowed call works");
	differs(&f, probe_getpid, EPERM, "a call that is not allowed is refused");
	expect(&f, probe_future, ENOSYS, "a call above the newest is not there");
	expect(&f, probe_minus_one, ENOSYS, "nor is -1");
	differs(&f, probe_tiocsti, EPERM, "TIOCSTI is refused");
	differs(&f, probe_tiocsti_wide, EPERM, "also with the upper half of the register set");
	differs(&f, probe_tioclinux, EPERM, "TIOCLINUX is refused");
	differs(&f, probe_clone_user, EPERM, "clone of a user namespace is refused");
	differs(&f, probe_clone3, ENOSYS, "clone3 is not there");
	expect(&f, probe_unshare_user, EPERM, "unshare of a user namespace is refused");
	expect(&f, probe_socket_unix, 0, "a socket of the allowed family");
	differs(&f, probe_socket_packet, EPERM, "a socket of another family");
#ifdef __x86_64__
	differs(&f, probe_x32, ENDED_BY_SIGNAL + SIGSYS, "x32 calls kill");
	if (under(NULL, probe_i386_getpid) == 0)
		differs(&f, probe_i386_getpid, ENDED_BY_SIGNAL + SIGSYS, "i386 calls kill where they are not filtered");
#endif
	struct sock_fprog open;
	if (ok(compile(&open, HEAD "allow clone\nallow clone3\nallow getpid\nallow ioctl\nallow socket\nallow unshare\n" NEEDED),
		    "a filter without refusals")) {
		expect(&open, probe_getpid, 0, "lets getpid pass");
		expect(&open, probe_tiocsti, under(NULL, probe_tiocsti), "lets TIOCSTI pass");
		expect(&open, probe_clone_user, EINVAL, "lets clone pass");
		expect(&open, probe_unshare_user, under(NULL, probe_unshare_user), "lets unshare pass");
		expect(&open, probe_socket_packet, under(NULL, probe_socket_packet), "lets every socket pass");
	}
}

static void test_actions(void)
{
	struct sock_fprog f;
	ok(compile(&f, "bailey-filter 1\narch x86_64\ndefault kill\nnewest 469\ndeny errno EPERM getppid\n" NEEDED),
		"a filter that kills");
	expect(&f, probe_nothing, 0, "lets what is allowed pass");
	differs(&f, probe_getpid, ENDED_BY_SIGNAL + SIGSYS, "kills for what is not");
	differs(&f, probe_getppid, EPERM, "refuses what is denied by errno");
	expect(&f, probe_future, ENOSYS, "does not kill for what is above the newest");

	ok(compile(&f, "bailey-filter 1\narch x86_64\ndefault log\nnewest 469\ndeny kill getppid\nlog write\n"),
		"a filter that logs");
	expect(&f, probe_getpid, 0, "lets everything pass");
	expect(&f, probe_getppid, ENDED_BY_SIGNAL + SIGSYS, "but what is denied");

	ok(compile(&f, "bailey-filter 1\narch x86_64\ndefault errno ENOSYS\nnewest 469\n" NEEDED "log getppid\n"),
		"a filter that answers ENOSYS");
	expect(&f, probe_getpid, ENOSYS, "does so");
	expect(&f, probe_getppid, 0, "a logged call is made");
}

#ifdef __x86_64__
static void test_i386(void)
{
	if (under(NULL, probe_i386_getpid) != 0) {
		ok(true, "i386 calls # SKIP this kernel has none");
		return;
	}
	struct sock_fprog f;
	ok(compile(&f,
		   "bailey-filter 1\narch x86_64\narch i386\ndefault errno EPERM\nnewest 469\n"
		   "deny errno EPERM ioctl arg1 & 0xffffffff == 0x5412\nallow getpid\nallow ioctl\nallow mseal\nallow socketcall\n" NEEDED),
		"a filter for both");
	expect(&f, probe_getpid, 0, "an allowed call works");
	expect(&f, probe_i386_getpid, 0, "as an i386 call too");
	differs(&f, probe_getppid, EPERM, "another one is refused");
	differs(&f, probe_i386_getppid, EPERM, "as an i386 call too");
	differs(&f, probe_i386_tiocsti, EPERM, "TIOCSTI as an i386 call is refused");
	expect(&f, probe_i386_future, ENOSYS, "an i386 call above the newest is not there");
	differs(&f, probe_i386_socketcall, EPERM, "socketcall is not a way around socket");
	expect(&f, probe_x32, ENDED_BY_SIGNAL + SIGSYS, "x32 calls still kill");

	ok(compile(&f, "bailey-filter 1\narch x86_64\narch i386\ndefault errno EPERM\nnewest 469\nallow socket\n" NEEDED),
		"a filter with socket");
	expect(&f, probe_i386_socketcall, EFAULT, "allows socketcall for it");
	ok(compile(&f,
		   "bailey-filter 1\narch x86_64\narch i386\ndefault errno EPERM\nnewest 469\n"
		   "deny errno EPERM socket arg0 == 0x3\nallow socket\n" NEEDED),
		"a filter with a condition on socket");
	expect(&f, probe_i386_socketcall, ENOSYS, "closes socketcall, where the condition cannot be looked at");
}
#endif

/* ---- in the interpreter ---- */

static uint32_t answer(const struct sock_fprog *f, uint32_t audit, int number, uint64_t arg0, uint64_t arg1)
{
	struct seccomp_data d = { .nr = number, .arch = audit, .args = { arg0, arg1 } };
	return bpf_run(f, &d);
}

static int number(uint32_t token, const char *name)
{
	return seccomp_syscall_resolve_name_arch(token, name);
}

enum { EPERM_ACTION = SECCOMP_RET_ERRNO | EPERM, ENOSYS_ACTION = SECCOMP_RET_ERRNO | ENOSYS };

/* The same text gives the same answers by the numbers of each arch. */
static void test_arch(const char *name, uint32_t token, uint32_t audit, uint32_t other)
{
	struct sock_fprog f;
	const char *spec = arena_printf(&arena,
		"bailey-filter 1\narch %s\ndefault errno EPERM\nnewest 469\n"
		"deny errno EPERM clone arg0 & 0x10000000 == 0x10000000\ndeny errno EPERM ioctl arg1 & 0xffffffff == 0x5412\n"
		"deny errno ENOSYS clone3\nallow clone\nallow ioctl\nallow mseal\nallow openat\nallow open\nallow rt_sigtimedwait_time64\n"
		"allow file_setattr\nlog getpid\n" NEEDED,
		name);
	if (!ok(compile(&f, spec), "%s: compiled here", name))
		return;
	ok(answer(&f, audit, number(token, "openat"), 0, 0) == SECCOMP_RET_ALLOW, "%s: openat", name);
	ok(answer(&f, audit, number(token, "getpid"), 0, 0) == SECCOMP_RET_LOG, "%s: getpid is logged", name);
	ok(answer(&f, audit, number(token, "getppid"), 0, 0) == EPERM_ACTION, "%s: getppid", name);
	ok(answer(&f, audit, number(token, "ioctl"), 0, 0x5412) == EPERM_ACTION, "%s: TIOCSTI", name);
	ok(answer(&f, audit, number(token, "ioctl"), 0, 0x5413) == SECCOMP_RET_ALLOW, "%s: another ioctl", name);
	ok(answer(&f, audit, number(token, "clone"), 0x10000011, 0) == EPERM_ACTION, "%s: clone of a user namespace", name);
	ok(answer(&f, audit, number(token, "clone"), 0x11, 0) == SECCOMP_RET_ALLOW, "%s: clone of a process", name);
	ok(answer(&f, audit, 435, 0, 0) == ENOSYS_ACTION, "%s: clone3", name);
	ok(answer(&f, audit, 462, 0, 0) == SECCOMP_RET_ALLOW, "%s: mseal, which libseccomp need not know", name);
	ok(answer(&f, audit, 461, 0, 0) == EPERM_ACTION, "%s: lsm_list_modules, which is not allowed", name);
	ok(answer(&f, audit, 469, 0, 0) == SECCOMP_RET_ALLOW, "%s: the newest", name);
	ok(answer(&f, audit, 470, 0, 0) == ENOSYS_ACTION && answer(&f, audit, 4000, 0, 0) == ENOSYS_ACTION, "%s: above the newest",
		name);
	ok(answer(&f, audit, -1, 0, 0) == ENOSYS_ACTION, "%s: -1", name);
	ok(answer(&f, other, number(token, "openat"), 0, 0) == SECCOMP_RET_KILL_PROCESS, "%s: another arch kills", name);
	ok(answer(&f, AUDIT_ARCH_ARM, number(token, "openat"), 0, 0) == SECCOMP_RET_KILL_PROCESS,
		"%s: and one that is never filtered", name);
	uint32_t x32 = answer(&f, audit, 0x40000000 + number(token, "openat"), 0, 0);
	ok(x32 == (token == SCMP_ARCH_X86_64 ? (uint32_t)SECCOMP_RET_KILL_PROCESS : (uint32_t)ENOSYS_ACTION), "%s: the x32 bit",
		name);
}

static bool holds(const struct conditions *c, const uint64_t args[6])
{
	for (size_t i = 0; i < c->count; i++) {
		const struct condition *one = &c->items[i];
		uint64_t v = args[one->arg] & one->mask;
		bool good = false;
		switch (one->op) {
		case CONDITION_EQ: good = v == one->value; break;
		case CONDITION_NE: good = v != one->value; break;
		case CONDITION_LT: good = v < one->value; break;
		case CONDITION_LE: good = v <= one->value; break;
		case CONDITION_GT: good = v > one->value; break;
		case CONDITION_GE: good = v >= one->value; break;
		}
		if (!good)
			return false;
	}
	return true;
}

/* Every operator, with values around each border of both halves. */
static void test_conditions(void)
{
	static const char *const texts[] = { "arg0 == 0x5", "arg0 != 0x5", "arg0 < 0x100000005", "arg0 <= 0x100000005",
		"arg0 > 0x100000005", "arg0 >= 0x100000005", "arg0 == 0xffffffffffffffff", "arg0 != 0x100000000", "arg0 < 0x1",
		"arg0 >= 0x0", "arg0 > 0xffffffffffffffff", "arg0 & 0xff == 0x5", "arg0 & 0xff00000000 == 0x100000000",
		"arg0 & 0xff000000ff != 0x100000005", "arg0 & 0xffffffff != 0x5", "arg0 > 0x4 && arg0 < 0x7 && arg5 == 0x1",
		"arg0 != 0x5 && arg0 != 0x6 && arg5 >= 0x1 && arg3 & 0x1 != 0x1" };
	static const uint64_t values[] = { 0, 1, 4, 5, 6, 7, 0x104, 0x105, 0xffffffff, 0x100000000, 0x100000004, 0x100000005,
		0x100000006, 0x200000005, 0xfffffffe00000005, UINT64_MAX - 1, UINT64_MAX };
	size_t count = sizeof(values) / sizeof(values[0]);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sock_fprog f;
		struct conditions c;
		const char *why = "";
		bool good = condition_parse(texts[i], &c, &why) == 0 &&
			compile(&f,
				arena_printf(&arena, HEAD "deny kill mkdir arg1 == 0x7\nallow mkdir %s\nallow rmdir\n", texts[i]));
		size_t wrong = 0, met = 0;
		for (size_t k = 0; good && k < count * 8; k++) {
			struct seccomp_data d = { .nr = SYS_mkdir, .arch = AUDIT_ARCH_X86_64 };
			d.args[0] = values[k % count];
			d.args[1] = (k / count & 4) != 0 ? 7 : 0;
			d.args[3] = k / count & 1;
			d.args[5] = k / count >> 1 & 1;
			uint64_t args[6];
			memcpy(args, d.args, sizeof args);
			uint32_t want = d.args[1] == 7 ? SECCOMP_RET_KILL_PROCESS
				: holds(&c, args)      ? SECCOMP_RET_ALLOW
						       : (uint32_t)EPERM_ACTION;
			wrong += bpf_run(&f, &d) != want;
			met += want == SECCOMP_RET_ALLOW;
			d.nr = SYS_rmdir;
			wrong += bpf_run(&f, &d) != SECCOMP_RET_ALLOW;
		}
		ok(good && wrong == 0, "%s: met %zu times, wrong %zu times", texts[i], met, wrong);
	}
}

/* What @default gives for each arch, by the numbers. */
static void test_default(const char *machine, uint32_t token, uint32_t audit)
{
	struct profile profile = { 0 };
	struct facts facts = { .machine = machine };
	struct diags diags = { .arena = &arena };
	struct plan plan = { 0 };
	struct planner pl = { .plan = &plan, .arena = &arena, .p = &profile, .facts = &facts, .diags = &diags };
	struct sock_fprog f;
	if (!ok(plan_filter(&pl) == 0 && compile(&f, plan.filter_spec), "%s: @default compiles", machine))
		return;
	static const char *const good[] = { "read", "openat", "mmap", "execve", "futex", "clone", "exit_group", "rt_sigreturn",
		"connect", "statx" };
	static const char *const bad[] = { "ptrace", "mount", "keyctl", "bpf", "reboot", "init_module", "io_uring_setup", "setns",
		"syslog" };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(answer(&f, audit, number(token, good[i]), 0, 0) == SECCOMP_RET_ALLOW, "%s: @default allows %s", machine,
			good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(answer(&f, audit, number(token, bad[i]), 0, 0) == EPERM_ACTION, "%s: @default refuses %s", machine, bad[i]);
	ok(answer(&f, audit, number(token, "socket"), 1, 1) == SECCOMP_RET_ALLOW &&
			answer(&f, audit, number(token, "socket"), 31, 1) == EPERM_ACTION,
		"%s: @default has local sockets and no Bluetooth", machine);
	ok(answer(&f, audit, number(token, "personality"), 8, 0) == SECCOMP_RET_ALLOW &&
			answer(&f, audit, number(token, "personality"), 0x40000, 0) == EPERM_ACTION,
		"%s: @default leaves address randomisation on", machine);
#ifdef __x86_64__
	if (token == SCMP_ARCH_X86_64)
		expect(&f, probe_getpid, 0, "@default loads into the kernel");
#endif
}

/* Whether the kernel can tell a call's answer without its arguments; what it has a bitmap of is the fastest. */
static bool constant(const struct sock_fprog *f, uint32_t audit, int nr)
{
	uint32_t a = 0;
	for (size_t at = 0; at < f->len; at++) {
		const struct sock_filter *s = &f->filter[at];
		if (s->code == (BPF_LD | BPF_W | BPF_ABS)) {
			if (s->k > 4)
				return false;
			a = s->k == 0 ? (uint32_t)nr : audit;
		} else if (s->code == (BPF_RET | BPF_K)) {
			return true;
		} else if (s->code == (BPF_JMP | BPF_JA)) {
			at += s->k;
		} else if (BPF_OP(s->code) == BPF_JEQ) {
			at += a == s->k ? s->jt : s->jf;
		} else if (BPF_OP(s->code) == BPF_JGT) {
			at += a > s->k ? s->jt : s->jf;
		} else if (BPF_OP(s->code) == BPF_JGE) {
			at += a >= s->k ? s->jt : s->jf;
		} else {
			return false;
		}
	}
	return false;
}

static void test_bitmap(void)
{
	struct sock_fprog f;
	ok(compile(&f,
		   HEAD
		   "deny errno EPERM ioctl arg1 == 0x5412\ndeny errno ENOSYS clone3\nallow ioctl\nallow read\nallow socket arg0 == 0x1\n" NEEDED),
		"a filter with conditions");
	ok(constant(&f, AUDIT_ARCH_X86_64, SYS_read) && constant(&f, AUDIT_ARCH_X86_64, SYS_write),
		"calls without conditions have constant answers");
	ok(!constant(&f, AUDIT_ARCH_X86_64, SYS_ioctl) && !constant(&f, AUDIT_ARCH_X86_64, SYS_socket), "the others have not");
}

static void test_texts(void)
{
	static const char *const bad[] = { "", "\n", "bailey-filter 2\n", "bailey-filter 1\n", "bailey-filter 1\narch x86_64\n",
		"bailey-filter 1\narch sparc\ndefault kill\nnewest 469\n",
		"bailey-filter 1\narch x86_64\narch x86_64\ndefault kill\nnewest 469\n",
		"bailey-filter 1\ndefault kill\nnewest 469\n", "bailey-filter 1\narch x86_64\ndefault allow\nnewest 469\n",
		"bailey-filter 1\narch x86_64\ndefault errno EFOO\nnewest 469\n",
		"bailey-filter 1\narch x86_64\ndefault kill all\nnewest 469\n",
		"bailey-filter 1\narch x86_64\ndefault kill\nnewest many\n", HEAD "allow\n", HEAD "allow openn\n",
		HEAD "allow read arg9 == 0x1\n", HEAD "allow read write\n", HEAD "deny read\n", HEAD "deny log read\n",
		HEAD "deny errno EPERM\n", HEAD "permit read\n", HEAD "allow read", HEAD "\nallow read\n", HEAD "allow  read\n",
		HEAD "arch i386\n" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct filter_places places = { .helper = helper_path(&arena) };
		struct sock_fprog f;
		struct err e = { 0 };
		int got = filter_get(&f, &arena, bad[i], strlen(bad[i]), &places, &e);
		ok(got < 0 && strstr(e.text, "bailey-filter: line ") != NULL, "refused: %s", e.text);
	}
	struct sock_fprog f;
	struct err e = { 0 };
	const struct filter_places places = { .helper = helper_path(&arena) };
	ok(filter_get(&f, &arena, HEAD "allow read\0\nallow write\n", sizeof(HEAD "allow read\0\nallow write\n") - 1, &places, &e) <
			0,
		"a NUL is refused");

	/* Conditions enough for more than 4096 instructions. */
	char *big = arena_strdup(&arena, HEAD);
	for (int i = 0; i < 40; i++) {
		char *more = arena_strdup(&arena, big);
		for (int k = 0; k < 20; k++)
			more = arena_printf(&arena, "%sallow ioctl arg0 > 0x%x && arg1 < 0x5\n", more, i * 20 + k);
		big = more;
	}
	e = (struct err){ 0 };
	ok(filter_get(&f, &arena, big, strlen(big), &places, &e) < 0 && strstr(e.text, "4096") != NULL, "too long: %s", e.text);
}

static void test_init_filter(void)
{
	const char *why = "";
	ok(bpf_valid(filter_init.filter, filter_init.len, &why), "the filter of pid 1 is one: %s", why);
#ifdef __x86_64__
	uint32_t arch = AUDIT_ARCH_X86_64;
#else
	uint32_t arch = AUDIT_ARCH_AARCH64;
#endif
	static const int good[] = { SYS_wait4, SYS_read, SYS_write, SYS_kill, SYS_exit_group, SYS_rt_sigreturn };
	static const int bad[] = { SYS_execve, SYS_clone, SYS_openat, SYS_socket, SYS_ptrace, SYS_mmap, SYS_setns, SYS_prctl };
	bool right = true;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		right = right && answer(&filter_init, arch, good[i], 0, 0) == SECCOMP_RET_ALLOW;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		right = right && answer(&filter_init, arch, bad[i], 0, 0) == SECCOMP_RET_KILL_PROCESS;
	ok(right, "it allows what pid 1 does and kills for the rest");
	ok(answer(&filter_init, arch, SYS_ioctl, 0, TIOCSPGRP) == SECCOMP_RET_ALLOW &&
			answer(&filter_init, arch, SYS_ioctl, 0, TIOCGPGRP) == SECCOMP_RET_ALLOW &&
			answer(&filter_init, arch, SYS_ioctl, 0, TIOCSTI) == SECCOMP_RET_KILL_PROCESS,
		"of ioctl the foreground alone");
	ok(answer(&filter_init, AUDIT_ARCH_I386, SYS_read, 0, 0) == SECCOMP_RET_KILL_PROCESS, "no other arch");
	expect(&filter_init, probe_getpid, 0, "it loads");
	differs(&filter_init, probe_socket_unix, ENDED_BY_SIGNAL + SIGSYS, "it kills");
}

int main(void)
{
#ifdef __x86_64__
	test_kernel();
	test_actions();
	test_i386();
	test_conditions();
	test_bitmap();
#endif
	test_arch("x86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64);
	test_arch("i386", SCMP_ARCH_X86, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64);
	test_arch("aarch64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_X86_64);
	test_default("x86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64);
	test_default("aarch64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64);
	test_texts();
	test_init_filter();
	arena_free(&arena);
	return tap_done();
}
