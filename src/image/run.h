/* Starting bailey-unpack: in namespaces of its own, with nothing of ours but the archive and two memory files. */
#ifndef BAILEY_IMAGE_RUN_H
#define BAILEY_IMAGE_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

enum { RUN_WORDS = 600 };

struct run {
	const char *helper; /* its path */
	char *const *words; /* the arguments after its name and our process id, NULL at the end */
	int archive; /* its standard input, or -1 */
	bool to_the_end; /* whatever signal comes */
	char said[RUN_WORDS]; /* what it wrote to standard output, one line */
};

/*
 * Runs it to its end, with the ids of the plan mapped (only the user, or under IDENTITY_MAPPED all ranges).  One of SIGINT,
 * SIGTERM, SIGHUP and SIGQUIT, which the caller has blocked, ends it, and stays pending.  `mask` is the signal mask it starts with.
 * 0, or -errno with `e`: its own words, or why it could not be run; -EINTR after such a signal.
 */
int run_unpack(struct run *r, const struct plan *plan, struct arena *a, const sigset_t *mask, struct err *e);

#endif
