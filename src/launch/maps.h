/* The id maps that the kernel lets only privileged programs write: newuidmap(1) and newgidmap(1) do it for the launcher, unless root started it. */
#ifndef BAILEY_LAUNCH_MAPS_H
#define BAILEY_LAUNCH_MAPS_H

#include <signal.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

/*
 * Has plan->uid_map and gid_map written for the process `pid`, a child of ours that is not reaped yet, and waits for that (10 s at
 * most for each program).  `mask` is the signal mask for the programs.  0 or -errno with `e`: what the program said.
 */
int maps_write(const struct plan *plan, struct arena *a, pid_t pid, const sigset_t *mask, struct err *e);

#endif
