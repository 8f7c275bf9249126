#include "launch/journal.h"

#include <stdio.h>

static void reached(struct track *t, const struct cap *c, int64_t count)
{
	struct state_event e = { .kind = STATE_EVENT_LIMITED, .count = count };
	if (c->setting == NULL || count <= 0)
		return;
	(void)snprintf(e.setting, sizeof e.setting, "%s", c->setting);
	(void)snprintf(e.what, sizeof e.what, "%s", c->what);
	track_event(t, &e);
}

static void refused(struct track *t, const char *what, uint64_t packets)
{
	struct state_event e = { .kind = STATE_EVENT_REFUSED, .count = (int64_t)packets };
	(void)snprintf(e.what, sizeof e.what, "%s", what);
	track_event(t, &e);
}

void journal_end(
	struct track *t, const struct cgroup *group, const struct caps *c, const struct refusals *r, const struct outcome *o)
{
	struct cgroup_events seen;
	char text[REFUSAL_TEXT];
	if (!track_is_known(t))
		return;
	if (cgroup_events(group, &seen) == 0) {
		reached(t, &c->memory, seen.oom_kills);
		reached(t, &c->tasks, seen.task_refusals);
	}
	for (size_t i = 0; r != NULL && i < r->count; i++) {
		refusal_text(&r->list[i], text);
		refused(t, text, r->list[i].packets);
	}
	if (r != NULL && r->more > 0)
		refused(t, "", r->more);
	const struct state_event end = { .kind = STATE_EVENT_STOPPED, .status = o->status, .signal = o->signal };
	track_event(t, &end);
}
