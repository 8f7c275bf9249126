/*
 * Pieces of a short list of system calls for a helper of ours: raw filters (seccomp(2)) that need no library.  A list begins with
 * ALLOW_LIST_BEGIN and ends with ALLOW_LIST_KILL; include it in the one file that has the list.
 */
#ifndef BAILEY_BASE_ALLOW_LIST_H
#define BAILEY_BASE_ALLOW_LIST_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ALLOW_LIST_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ALLOW_LIST_ARCH AUDIT_ARCH_AARCH64
#else
#error "bailey knows the system calls of x86_64 and aarch64"
#endif

#define ALLOW_LIST_KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW_LIST_PASS BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Other architectures' calls have other numbers. */
#define ALLOW_LIST_BEGIN \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)), \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ALLOW_LIST_ARCH, 1, 0), ALLOW_LIST_KILL, \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))

#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), ALLOW_LIST_PASS

/* The low half of a call's argument; both arches are little-endian. */
#define ALLOW_LIST_ARGUMENT(number) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + (number) * sizeof(uint64_t))

/* Only when the bits are not in the call's third argument. */
#define ALLOW_WITHOUT(name, bits) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 4), ALLOW_LIST_ARGUMENT(2), \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1), ALLOW_LIST_KILL, ALLOW_LIST_PASS

/* Only when its first argument is one of two. */
#define ALLOW_EITHER(name, one, other) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 5), ALLOW_LIST_ARGUMENT(0), \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (one), 1, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (other), 0, 1), \
		ALLOW_LIST_PASS, ALLOW_LIST_KILL

/* What libc does in any helper; no memory becomes a program. */
#define ALLOW_LIST_LIBC \
	ALLOW_WITHOUT(mmap, PROT_EXEC), ALLOW_WITHOUT(mprotect, PROT_EXEC), ALLOW(munmap), ALLOW(brk), ALLOW(getrandom), \
		ALLOW(rt_sigreturn), ALLOW(exit_group)

/* Only for one option of sockets, by its level and its name: the call's second and third argument. */
#define ALLOW_OPTION(call, level, name) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 6), ALLOW_LIST_ARGUMENT(1), \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (level), 0, 3), ALLOW_LIST_ARGUMENT(2), \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (name), 0, 1), ALLOW_LIST_PASS, \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))

#endif
