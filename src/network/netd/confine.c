#include "network/netd/confine.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/allow_list.h"
#include "launch/privileges.h"

#define ALLOW_FAMILY(family) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, family, 0, 1), ALLOW_LIST_PASS
/* A service that meets a call of a newer C library goes on. */
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

enum { CAP_NET_ADMIN_NUMBER = 12 };

static const struct sock_filter insns[] = {
	ALLOW_LIST_BEGIN,

	/* connections, and the kernel's network */
	ALLOW(accept4),
	ALLOW(recvmsg),
	ALLOW(recvfrom),
	ALLOW(sendmsg),
	ALLOW(sendto),
	ALLOW(bind),
	ALLOW(getsockname),
	ALLOW(getsockopt),
	ALLOW(setsockopt),
	ALLOW(ioctl),
	ALLOW(ppoll),

	/* files: the configuration, the leases, and what /proc says about callers */
	ALLOW(openat),
	ALLOW(read),
	ALLOW(pread64),
	ALLOW(write),
	ALLOW(pwrite64),
	ALLOW(lseek),
	ALLOW(close),
	ALLOW(fcntl),
	ALLOW(flock),
	ALLOW(fstat),
	ALLOW(newfstatat),
	ALLOW(statx),
	ALLOW(fstatfs),
	ALLOW(faccessat),
	ALLOW(faccessat2),
	ALLOW(fchmod),
	ALLOW(mkdirat),
	ALLOW(unlinkat),
	ALLOW(renameat),
#ifdef __NR_stat
	ALLOW(stat),
	ALLOW(lstat),
	ALLOW(mkdir),
	ALLOW(unlink),
	ALLOW(poll),
	ALLOW(open),
	ALLOW(rename),
#endif
#ifdef __NR_renameat2
	ALLOW(renameat2),
#endif

	/* time, memory, signals */
	ALLOW(pidfd_open),
	ALLOW(clock_gettime),
	ALLOW(gettimeofday),
	ALLOW(getpid),
	ALLOW(getuid),
	ALLOW(mremap),
	ALLOW(madvise),
	ALLOW(futex),
	ALLOW(rt_sigprocmask),
	ALLOW(restart_syscall),
	ALLOW_LIST_LIBC,

	/* libnl and if_nametoindex(3) */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 1, 0),
	REFUSE,
	ALLOW_LIST_ARGUMENT(0),
	ALLOW_FAMILY(AF_UNIX),
	ALLOW_FAMILY(AF_INET),
	ALLOW_FAMILY(AF_NETLINK),
	REFUSE,
};

int confine(struct err *e)
{
	const struct sock_fprog filter = { .len = sizeof insns / sizeof *insns, .filter = (struct sock_filter *)(uintptr_t)insns };
	int r = privileges_drop(UINT64_C(1) << CAP_NET_ADMIN_NUMBER, false);
	if (r < 0) {
		(void)err_set(e, -r, "cannot give up what the service does not need");
		return err_hint(e, "it is to be started by root, with CAP_NET_ADMIN and CAP_SETPCAP");
	}
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) < 0)
		return err_set(e, errno, "cannot load the filter of system calls");
	return 0;
}
