/* The part of network.mode that is done from outside of the sandbox, while its first process waits. */
#ifndef BAILEY_LAUNCH_NETWORK_H
#define BAILEY_LAUNCH_NETWORK_H

#include <signal.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "launch/outside.h"
#include "launch/undo.h"
#include "plan/plan.h"

/* Whether something outside has to be done to the sandbox's network before the program starts; its first process waits for it. */
static inline bool network_waits(const struct plan *plan)
{
	return plan->user_network.pasta != NULL || plan->bridge.spec != NULL || plan->firewall.nft != NULL;
}

/*
 * Has pasta(1), told `words`, connect the network namespace of the process `sandbox` (whose pidfd is `pidfd`) and waits until it does, 10 s at
 * most.  `signals` is the signalfd, `mask` the signal mask for the program.  0 with `*ret` for watching it, or -errno with `e`.
 */
int network_start(struct outside *ret, const struct plan *plan, char *const *words, size_t count, struct arena *a, pid_t sandbox,
	int pidfd, int signals, const sigset_t *mask, struct undo *undo, struct err *e);

/*
 * For a process of ours that becomes a tool: enters the network namespace of the process behind `pidfd`, with the user namespace where the plan
 * makes one, and goes on to be killed with its parent.  0 or -errno.
 */
int network_enter(const struct plan *plan, int pidfd);

/*
 * Has bailey-net at `helper` bound what the sandbox's interface of mode "user" receives and sends, 10 s at most.  It has to be connected, and
 * its process behind `pidfd` to wait.  `mask` is the signal mask for the helper.  0, also when that process has ended, or -errno with `e`.
 */
int network_limit(const struct plan *plan, const char *helper, int pidfd, const sigset_t *mask, struct err *e);

#endif
