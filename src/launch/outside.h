/*
 * Programs that serve a sandbox from outside for as long as it runs (pasta).  They end with it, and with the launcher however
 * that ends: the kernel's parent-death signal is lost when a program changes its credentials or enters a user namespace
 * (prctl(2), PR_SET_PDEATHSIG), so a small process of ours waits for the launcher's end and then kills the program.
 */
#ifndef BAILEY_LAUNCH_OUTSIDE_H
#define BAILEY_LAUNCH_OUTSIDE_H

#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "launch/undo.h"
#include "plan/plan.h"

struct outside {
	int pidfd; /* of the program; readable once it has ended */
	int ready; /* its standard output: readable once it serves */
	int said; /* its standard error */
};

enum { OUTSIDE_DESCRIPTORS = 4 };

struct outside_program {
	const char *path;
	char *const *argv, *const *envp; /* NULL-terminated; no `envp`: LC_ALL=C and a PATH */
	const struct view *view; /* the file tree that it sees, in a user namespace of its own; NULL: the host's */
	const char *const *served; /* with a view: see struct mount_state */
	int input; /* becomes its standard input; 0: /dev/null does */
	int descriptors[OUTSIDE_DESCRIPTORS]; /* become 3, 4, ... */
	size_t descriptor_count;
};

/*
 * Starts the program with `mask`.  Its release goes on `undo`; descriptors that it gets stay the caller's too.  0, or -errno with `e`;
 * that its view could not be made shows as its end, with outside_said() telling why.
 */
int outside_start(struct outside *ret, const struct outside_program *p, const sigset_t *mask, struct undo *undo, struct err *e);

/*
 * Waits until the program writes something to its standard output, for `timeout_ms` at most, or until `sandbox` (a pidfd) or the
 * program ends, or a signal of `signals` (a signalfd) comes that would end us.
 * 0, -ETIMEDOUT, -ECHILD (the program ended: outside_said() tells why), -ESRCH (the sandbox ended), -EINTR.
 */
int outside_await(const struct outside *o, int sandbox, int signals, int timeout_ms);

/* Among the signals that are blocked, and answered later, is there one that ends the launch? */
bool outside_interrupted(void);

/* The last line that the program wrote to its standard error so far, without control characters; "" for none. */
const char *outside_said(const struct outside *o, struct arena *a);

#endif
