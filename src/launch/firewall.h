/* The rules of network.allow and network.deny, loaded from outside while the sandbox's first process waits. */
#ifndef BAILEY_LAUNCH_FIREWALL_H
#define BAILEY_LAUNCH_FIREWALL_H

#include <signal.h>

#include "base/err.h"
#include "launch/refusals.h"
#include "plan/plan.h"

/*
 * Has nft(8) make plan->firewall in the network namespace of the waiting process behind `pidfd`, 10 s at most; `mask` is the signal
 * mask for it.  With `log` not NULL, what they refuse can be read from log->fd, which is the caller's to close.  0, -ESRCH (without `e`) when that process has ended, which whoever waits for it will tell, or -errno with `e`.
 */
int firewall_load(const struct plan *plan, int pidfd, const sigset_t *mask, struct refusals *log, struct err *e);

#endif
