/* What a launch tells those who listen to the sandboxes of the user: state/state.h, state_event(). */
#ifndef BAILEY_LAUNCH_JOURNAL_H
#define BAILEY_LAUNCH_JOURNAL_H

#include "launch/caps.h"
#include "launch/launch.h"
#include "launch/refusals.h"
#include "launch/track.h"

/* The end: which caps were reached, what the network's rules refused (`r` may be NULL), how the program ended. */
void journal_end(
	struct track *t, const struct cgroup *group, const struct caps *c, const struct refusals *r, const struct outcome *o);

#endif
