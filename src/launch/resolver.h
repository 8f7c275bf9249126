/*
 * Rules for names: bailey-resolver looks them up for the sandbox, from outside.  Both it and the launcher may change the sets of the
 * rules, because their user made the namespace that these belong to; no process inside has a power over that namespace, and the
 * descriptors never go there.
 */
#ifndef BAILEY_LAUNCH_RESOLVER_H
#define BAILEY_LAUNCH_RESOLVER_H

#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "launch/firewall.h"
#include "launch/undo.h"
#include "plan/plan.h"

enum { RESOLVER_FROM = 96 };

/* Paths of the programs. */
struct resolver_programs {
	const char *resolver, *tls;
};

struct resolver {
	int pidfd; /* readable once it has ended; or -1 */
	int said; /* "ready", and the names that it refused when that is listed; one on each line */
	int tls; /* the same of bailey-tls, with network.tls_name */
	int tls_said; /* "ready", and the connections that it refused */
	int sets; /* nfset_open() */
	unsigned groups; /* of sets */
	bool log;
	char from[RESOLVER_FROM]; /* the line that asks for it */
};

/* Not started, nothing open. */
void resolver_begin(struct resolver *ret);

/*
 * Starts it, and bailey-tls where greetings are looked at, and waits until they serve, 10 s at most.  `sockets` are closed here or by `undo`.  `pidfd` is the sandbox's first
 * process, `signals` the signalfd, `mask` the signal mask for the program.  0, or -errno with `e`.
 */
int resolver_start(struct resolver *ret, const struct plan *plan, struct arena *a, const struct resolver_programs *programs,
	const struct firewall_sockets *sockets, int pidfd, int signals, const sigset_t *mask, struct undo *undo, struct err *e);

/* It has ended: what it has made reachable is so no more. 0 or -errno. */
int resolver_close_sets(struct resolver *r);

/* At the end: the names that it refused, and connections with others in their greeting, once each, on standard error unless `quiet`, and on `status_fd` unless that is -1. */
void resolver_tell(const struct resolver *r, int status_fd, bool quiet);

#endif
