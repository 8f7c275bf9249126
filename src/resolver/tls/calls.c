#include "resolver/tls/calls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/allow_list.h"

static const struct sock_filter insns[] = {
	ALLOW_LIST_BEGIN,

	/* the bytes that pass */
	ALLOW(splice),
	ALLOW(recvfrom),
	ALLOW(sendto),
	ALLOW(epoll_ctl),
	ALLOW(epoll_pwait),
#ifdef __NR_epoll_wait
	ALLOW(epoll_wait),
#endif
	ALLOW(clock_gettime),

	/* the sandbox and the servers */
	ALLOW(accept4),
	ALLOW_EITHER(socket, AF_INET, AF_INET6),
	ALLOW(connect),
	ALLOW(shutdown),
	ALLOW(close),
	ALLOW(pipe2),
	ALLOW_OPTION(setsockopt, SOL_SOCKET, SO_MARK),
	ALLOW_OPTION(setsockopt, SOL_SOCKET, SO_LINGER),
	ALLOW_OPTION(setsockopt, SOL_SOCKET, SO_KEEPALIVE),
	ALLOW_OPTION(setsockopt, IPPROTO_TCP, TCP_KEEPIDLE),
	ALLOW_OPTION(setsockopt, IPPROTO_TCP, TCP_NODELAY),
	ALLOW_OPTION(getsockopt, SOL_SOCKET, SO_ERROR),
	ALLOW_OPTION(getsockopt, IPPROTO_IP, TLS_ORIGINAL),
	ALLOW_OPTION(getsockopt, IPPROTO_IPV6, TLS_ORIGINAL),
	ALLOW(write),
	ALLOW(restart_syscall),
	ALLOW_LIST_LIBC,
	ALLOW_LIST_KILL,
};

const struct sock_fprog tls_calls = { .len = sizeof insns / sizeof insns[0], .filter = (struct sock_filter *)(uintptr_t)insns };
