/* The filter of a sandbox's pid 1, which only reaps, passes signals on, talks to the launcher and has its second thread fork. */
#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "seccomp/filter.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "bailey knows the system calls of x86_64 and aarch64"
#endif

#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

/* The lower half of args[1]: ioctl(2) looks at 32 bits of its request, and both arches are little-endian. */
#define REQUEST (offsetof(struct seccomp_data, args) + sizeof(__u64))

static const struct sock_filter insns[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
	KILL,
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),

	/* children and signals */
	ALLOW(wait4),
	ALLOW(waitid),
	ALLOW(kill),
	ALLOW(rt_sigaction),
	ALLOW(rt_sigprocmask),
	ALLOW(rt_sigreturn),
	ALLOW(rt_sigtimedwait),
	ALLOW(restart_syscall),

	/* the turns of its two threads */
	ALLOW(futex),

	/* the turns of its two threads */
	ALLOW(futex),

	/* the launcher's socket */
	ALLOW(read),
	ALLOW(write),
	ALLOW(recvmsg),
	ALLOW(sendmsg),
	ALLOW(recvfrom),
	ALLOW(sendto),
	ALLOW(ppoll),
	ALLOW(fcntl),
	ALLOW(close),
	ALLOW(close_range),

	/* time, memory, the end */
	ALLOW(clock_gettime),
	ALLOW(clock_nanosleep),
	ALLOW(nanosleep),
	ALLOW(getpid),
	ALLOW(madvise),
	ALLOW(munmap),
	ALLOW(exit),
	ALLOW(exit_group),
#ifdef __NR_poll
	ALLOW(poll),
#endif
#ifdef __NR_pause
	ALLOW(pause),
#endif

	/* the foreground of the terminal */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 1, 0),
	KILL,
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, REQUEST),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCGPGRP, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSPGRP, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	KILL,
};

/* struct sock_fprog has no place for a const; the kernel copies the program. */
const struct sock_fprog filter_init = { .len = sizeof(insns) / sizeof(insns[0]), .filter = (struct sock_filter *)(uintptr_t)insns };
