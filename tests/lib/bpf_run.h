/* What the kernel does with a filter, for tests: so that those of other arches can be tried here. */
#ifndef BAILEY_TESTS_BPF_RUN_H
#define BAILEY_TESTS_BPF_RUN_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The action for a call; only for programs that bpf_valid() takes. */
__attribute__((unused)) static uint32_t bpf_run(const struct sock_fprog *p, const struct seccomp_data *d)
{
	uint32_t a = 0;
	for (size_t at = 0; at < p->len; at++) {
		const struct sock_filter *s = &p->filter[at];
		switch (s->code) {
		case BPF_LD | BPF_W | BPF_ABS: memcpy(&a, (const char *)d + s->k, sizeof a); break;
		case BPF_ALU | BPF_AND | BPF_K: a &= s->k; break;
		case BPF_JMP | BPF_JA: at += s->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K: at += a == s->k ? s->jt : s->jf; break;
		case BPF_JMP | BPF_JGT | BPF_K: at += a > s->k ? s->jt : s->jf; break;
		case BPF_JMP | BPF_JGE | BPF_K: at += a >= s->k ? s->jt : s->jf; break;
		case BPF_JMP | BPF_JSET | BPF_K: at += (a & s->k) != 0 ? s->jt : s->jf; break;
		case BPF_RET | BPF_K: return s->k;
		default: abort();
		}
	}
	abort();
}

#endif
