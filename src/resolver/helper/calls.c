#include "resolver/helper/calls.h"

#include <sys/socket.h>

#include "base/allow_list.h"

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
	ALLOW(clock_gettime),
	ALLOW_LIST_LIBC,
	ALLOW_LIST_KILL,
};

const struct sock_fprog resolver_calls = { .len = sizeof insns / sizeof insns[0],
	.filter = (struct sock_filter *)(uintptr_t)insns };
