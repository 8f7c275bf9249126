#include "launch/forker.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>

#include "base/sys.h"
#include "launch/entering.h"

enum turn { TURN_FIRST, TURN_FORKER };

/* For what is forked, which has a copy of its own, and the directories of transfer.h; the thread itself touches a page of it. */
enum { STACK = 512 * 1024 };

/* futex(2) without errno, which belongs to the thread whose turn it is. -EAGAIN and -EINTR are for the caller's loop. */
static void futex(const uint32_t *word, unsigned long op, unsigned long value)
{
#if defined(__x86_64__)
	long r = SYS_futex;
	register unsigned long no_timeout __asm__("r10") = 0;
	__asm__ volatile("syscall" : "+a"(r) : "D"(word), "S"(op), "d"(value), "r"(no_timeout) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long number __asm__("x8") = SYS_futex;
	register unsigned long a __asm__("x0") = (unsigned long)word;
	register unsigned long b __asm__("x1") = op;
	register unsigned long c __asm__("x2") = value;
	register unsigned long no_timeout __asm__("x3") = 0;
	__asm__ volatile("svc 0" : "+r"(a) : "r"(number), "r"(b), "r"(c), "r"(no_timeout) : "memory");
#else
#error "bailey knows the system calls of x86_64 and aarch64"
#endif
}

static void hand_over(struct forker *f, enum turn to)
{
	__atomic_store_n(&f->turn, (uint32_t)to, __ATOMIC_RELEASE);
	futex(&f->turn, FUTEX_WAKE_PRIVATE, 1);
}

/* Until it is not that one's turn any more. */
static void wait_for(struct forker *f, enum turn other)
{
	while (__atomic_load_n(&f->turn, __ATOMIC_ACQUIRE) == (uint32_t)other)
		futex(&f->turn, FUTEX_WAIT_PRIVATE, other);
}

static _Noreturn void serve(struct forker *f)
{
	for (;;) {
		wait_for(f, TURN_FIRST);
		/* With a copy of the memory: what the child waits for is nothing that pid 1 has to wait for. */
		pid_t pid = (pid_t)sys_result(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
		if (pid == 0)
			entering_main(f->channel, f->template);
		f->result = pid;
		hand_over(f, TURN_FIRST);
	}
}

static int run(void *forker)
{
	serve(forker);
}

int forker_start(struct forker *f)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	*f = (struct forker){ .turn = TURN_FIRST };
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED)
		return -errno;
	/* Signals are the first thread's: all are blocked in it, and so here. */
	int r = (int)sys_result(clone(run, stack + STACK, flags, f));
	if (r < 0)
		(void)munmap(stack, STACK);
	return r < 0 ? r : 0;
}

pid_t forker_fork(struct forker *f, int channel, int template)
{
	f->channel = channel;
	f->template = template;
	hand_over(f, TURN_FORKER);
	wait_for(f, TURN_FORKER);
	return f->result;
}
