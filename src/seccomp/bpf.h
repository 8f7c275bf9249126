/* Whether bytes are a program that the kernel would take as a filter. */
#ifndef BAILEY_SECCOMP_BPF_H
#define BAILEY_SECCOMP_BPF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * True for 1 to BPF_MAXINSNS instructions, each one that our filters use (load of an aligned word of struct seccomp_data, and,
 * comparisons, jumps, a return of a known action), all jumps inside, a return at the end.  `why` (may be NULL) gets a constant
 * text when it is false.
 */
bool bpf_valid(const struct sock_filter *insns, size_t count, const char **why);

#endif
