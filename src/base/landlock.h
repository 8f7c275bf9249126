/*
 * The kernel's Landlock interface, landlock(7), up to ABI 6.  Own constants: the headers of systems that bailey is built on are
 * older than the kernels that it runs on.
 */
#ifndef BAILEY_BASE_LANDLOCK_H
#define BAILEY_BASE_LANDLOCK_H

#include <stdint.h>
#include <sys/syscall.h>

#include "base/sys.h"

/* Accesses to files; the comments name the first ABI that knows them. */
enum landlock_file_access {
	LL_EXECUTE = 1 << 0, /* ABI 1 */
	LL_WRITE_FILE = 1 << 1,
	LL_READ_FILE = 1 << 2,
	LL_READ_DIR = 1 << 3,
	LL_REMOVE_DIR = 1 << 4,
	LL_REMOVE_FILE = 1 << 5,
	LL_MAKE_CHAR = 1 << 6,
	LL_MAKE_DIR = 1 << 7,
	LL_MAKE_REG = 1 << 8,
	LL_MAKE_SOCK = 1 << 9,
	LL_MAKE_FIFO = 1 << 10,
	LL_MAKE_BLOCK = 1 << 11,
	LL_MAKE_SYM = 1 << 12,
	LL_REFER = 1 << 13, /* ABI 2: rename and link from one directory to another; refused by a domain that does not handle it */
	LL_TRUNCATE = 1 << 14, /* ABI 3 */
	LL_IOCTL_DEV = 1 << 15, /* ABI 5 */
};

/* ABI 4: TCP by port. */
enum landlock_tcp_access { LL_BIND_TCP = 1 << 0, LL_CONNECT_TCP = 1 << 1 };

/* ABI 6: not beyond the domain. */
enum landlock_scope { LL_SCOPE_ABSTRACT_SOCKETS = 1 << 0, LL_SCOPE_SIGNALS = 1 << 1 };

/* The ABIs from which on the kernel has something, and the most nested domains it allows. */
enum { LL_ABI_REFER = 2, LL_ABI_TRUNCATE = 3, LL_ABI_TCP = 4, LL_ABI_IOCTL_DEV = 5, LL_ABI_SCOPE = 6, LL_DOMAINS_MAX = 16 };

/* The numbers are the same on all machines that bailey knows of. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

/* The kernel's Landlock ABI; -EOPNOTSUPP or -ENOSYS where it has none. */
static inline int sys_landlock_abi(void)
{
	const unsigned version = 1;
	return (int)sys_result(syscall(SYS_landlock_create_ruleset, NULL, 0, version));
}

/* A ruleset (a descriptor, closed on execve) that handles these; an older kernel takes members that it does not know when they are 0. */
static inline int sys_landlock_ruleset(uint64_t files, uint64_t tcp, uint64_t scoped)
{
	const uint64_t attr[3] = { files, tcp, scoped };
	return (int)sys_result(syscall(SYS_landlock_create_ruleset, attr, sizeof attr, 0));
}

/* Allows these accesses to what is at or below the open file. */
static inline int sys_landlock_path(int ruleset, int fd, uint64_t access)
{
	const struct __attribute__((packed)) {
		uint64_t access;
		int32_t fd;
	} attr = { access, fd };
	enum { PATH_BENEATH = 1 };
	return (int)sys_result(syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH, &attr, 0));
}

/* Allows these accesses to a TCP port. */
static inline int sys_landlock_port(int ruleset, uint16_t port, uint64_t access)
{
	const uint64_t attr[2] = { access, port };
	enum { NET_PORT = 2 };
	return (int)sys_result(syscall(SYS_landlock_add_rule, ruleset, NET_PORT, attr, 0));
}

/* Puts the calling thread into a domain of that ruleset, for good; needs no_new_privs. */
static inline int sys_landlock_restrict(int ruleset)
{
	return (int)sys_result(syscall(SYS_landlock_restrict_self, ruleset, 0));
}

#endif
