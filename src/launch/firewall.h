/* The rules of network.allow and network.deny, loaded from outside while the sandbox's first process waits. */
#ifndef BAILEY_LAUNCH_FIREWALL_H
#define BAILEY_LAUNCH_FIREWALL_H

#include <signal.h>

#include "base/err.h"
#include "plan/plan.h"

enum { FIREWALL_SOCKETS = 5 };

/* Sockets that were opened in the sandbox's network namespace, for use outside; -1 for what the plan has no need of. */
struct firewall_sockets {
	int log; /* refusals_open() */
	int names; /* where programs inside ask for names */
	int sets; /* nfset_open() */
	int tls4, tls6; /* where connections to names arrive whose greetings are looked at */
};

/*
 * Has nft(8) make plan->firewall in the network namespace of the waiting process behind `pidfd`, 10 s at most; `mask` is the signal
 * mask for it.  The sockets are the caller's to close.  0, -ESRCH (without `e`) when that process has ended, which whoever waits
 * for it will tell, or -errno with `e`.
 */
int firewall_load(const struct plan *plan, int pidfd, const sigset_t *mask, struct firewall_sockets *ret, struct err *e);

#endif
