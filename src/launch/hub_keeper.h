/* The process that keeps a user's hub for as long as somebody is connected to it. */
#ifndef BAILEY_LAUNCH_HUB_KEEPER_H
#define BAILEY_LAUNCH_HUB_KEEPER_H

#include "base/arena.h"
#include "plan/plan.h"

/*
 * Makes the hub's namespaces, answers on `listener` (a socket of control_listen(), in the directory `dir`), has pasta(1) of the plan connect the
 * hub when somebody asks for the way outside, and ends once nobody is connected and nobody holds the lock.  Does not return.
 */
_Noreturn void hub_keep(const struct plan *plan, struct arena *a, int dir, int listener);

/* Removes what a hub leaves in its directory, but for the lock. */
void hub_clear(int dir, struct arena *a);

#endif
