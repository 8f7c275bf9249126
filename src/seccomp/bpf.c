#include "seccomp/bpf.h"

#include <linux/seccomp.h>

static bool known_action(__u32 value)
{
	switch (value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_KILL_PROCESS: return true;
	default: return false;
	}
}

static const char *fault(const struct sock_filter *insns, size_t count)
{
	if (count == 0)
		return "it is empty";
	if (count > BPF_MAXINSNS)
		return "it is longer than the kernel takes (4096 instructions)";
	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *s = &insns[i];
		size_t left = count - 1 - i;
		switch (s->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (s->k % 4 != 0 || s->k >= sizeof(struct seccomp_data))
				return "it loads from outside of the call";
			break;
		case BPF_ALU | BPF_AND | BPF_K: break;
		case BPF_JMP | BPF_JA:
			if (s->k >= left)
				return "it jumps out of itself";
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			if (s->jt >= left || s->jf >= left)
				return "it jumps out of itself";
			break;
		case BPF_RET | BPF_K:
			if (!known_action(s->k))
				return "it returns an unknown action";
			break;
		default: return "it has an instruction that no filter of ours uses";
		}
	}
	if (insns[count - 1].code != (BPF_RET | BPF_K))
		return "it does not end";
	return NULL;
}

bool bpf_valid(const struct sock_filter *insns, size_t count, const char **why)
{
	const char *f = fault(insns, count);
	if (f != NULL && why != NULL)
		*why = f;
	return f == NULL;
}
