#include "resolver/helper/confine.h"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/allow_list.h"
#include "base/sys.h"

enum { DESCRIPTORS = 64 };

static const struct sock_filter insns[] = {
	ALLOW_LIST_BEGIN,

	/* the sandbox, the servers, the kernel's rules */
	ALLOW_EITHER(socket, AF_INET, AF_INET6),
	ALLOW(connect),
	ALLOW(sendto),
	ALLOW(recvfrom),
	ALLOW(write),
	ALLOW(close),
#ifdef __NR_poll
	ALLOW(poll),
#endif
	ALLOW(ppoll),
	ALLOW(restart_syscall),

	/* what libc does besides */
	ALLOW_WITHOUT(mmap, PROT_EXEC),
	ALLOW_WITHOUT(mprotect, PROT_EXEC),
	ALLOW(munmap),
	ALLOW(brk),
	ALLOW(getrandom),
	ALLOW(clock_gettime),
	ALLOW(rt_sigreturn),
	ALLOW(exit_group),
	ALLOW_LIST_KILL,
};

int confine(struct err *e)
{
	static const struct sock_fprog filter = { .len = sizeof insns / sizeof insns[0],
		.filter = (struct sock_filter *)(uintptr_t)insns };
	const struct rlimit none = { 0, 0 }, some = { DESCRIPTORS, DESCRIPTORS };
	const uint64_t admin = UINT64_C(1) << CAP_NET_ADMIN;
	int r = (int)sys_result(setrlimit(RLIMIT_CORE, &none));
	if (r == 0)
		r = (int)sys_result(setrlimit(RLIMIT_NOFILE, &some));
	if (r == 0)
		r = (int)sys_result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (r == 0)
		r = (int)sys_result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	/* Whoever made the namespace needs none for it, and root, who did not have one made, no other. */
	if (r == 0 && sys_capset(admin, admin, 0) < 0)
		r = sys_capset(0, 0, 0);
	if (r == 0)
		r = sys_seccomp_filter(&filter);
	return r < 0 ? err_set(e, -r, "cannot confine bailey-resolver") : 0;
}
