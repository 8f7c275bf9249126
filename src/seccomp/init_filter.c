/* The filter of a sandbox's pid 1, which only reaps, passes signals on, talks to the launcher and has its second thread fork. */
#include <asm/ioctls.h>

#include "base/allow_list.h"
#include "seccomp/filter.h"

static const struct sock_filter insns[] = {
	ALLOW_LIST_BEGIN,

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
	ALLOW_LIST_KILL,
	ALLOW_LIST_ARGUMENT(1), /* ioctl(2) looks at 32 bits of its request */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCGPGRP, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSPGRP, 0, 1),
	ALLOW_LIST_PASS,
	ALLOW_LIST_KILL,
};

/* struct sock_fprog has no place for a const; the kernel copies the program. */
const struct sock_fprog filter_init = { .len = sizeof(insns) / sizeof(insns[0]), .filter = (struct sock_filter *)(uintptr_t)insns };
