#include "launch/track.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "plan/print.h"

void track_init(struct track *t, struct arena *a, const struct plan *plan, const struct facts *facts, const char *name)
{
	*t = (struct track){
		.arena = a,
		.plan = plan,
		.facts = facts,
		.name = name,
		.started = (int64_t)time(NULL),
		.entry = { .place = -1, .directory = -1 },
	};
}

static const char *digest(struct arena *a, const struct plan *plan)
{
	struct buf text = { .arena = a };
	plan_json(&text, plan);
	return arena_printf(a, "%016llx", (unsigned long long)hash_add(text.len, buf_text(&text), text.len));
}

static int enter(struct track *t, struct err *e)
{
	struct state_search s;
	const char *path;
	state_search(&s, t->facts, geteuid());
	int place = state_place_make(t->arena, &s, &path, e);
	return place < 0 ? -e->code : state_enter(&t->entry, t->arena, place, t->name, t->plan->profile_name, e);
}

/* The memory for this is of its own and given back: the launch's may be as large as one chunk already. */
static int describe(struct track *t, pid_t sandbox, pid_t program, struct err *e)
{
	struct arena a = { 0 };
	struct state_record r = {
		.name = t->entry.name,
		.profile = t->plan->profile_name,
		.profile_path = t->plan->profile_path,
		.program = t->plan->program,
		.plan = digest(&a, t->plan),
		.started = t->started,
	};
	(void)state_process(&r.launcher, getpid());
	/* One that has ended is not described; the launcher learns of it by other ways. */
	(void)state_process(&r.sandbox, sandbox);
	(void)state_process(&r.task, program);
	int code = state_write(&t->entry, &r, e);
	arena_free(&a);
	return code;
}

int track_begin(struct track *t, struct err *e)
{
	if (t->name == NULL)
		return 0;
	struct state_search s;
	struct state_sandbox *others;
	size_t count;
	struct diags d = { .arena = t->arena }; /* what cannot be removed is told by bailey list */
	state_search(&s, t->facts, geteuid());
	state_list(&others, &count, t->arena, &s, &d);
	/* The directory itself refuses the name; those in other places do not know of it. */
	for (size_t i = 0; i < count; i++)
		if (strcmp(others[i].record.name, t->name) == 0)
			return state_name_taken(&others[i].record, e);
	int r = enter(t, e);
	return r == 0 ? describe(t, 0, 0, e) : r;
}

int track_running(struct track *t, pid_t sandbox, pid_t program, struct err *e)
{
	bool begun = t->entry.directory >= 0;
	int r = begun ? 0 : enter(t, e);
	/* A service's user has no session and often no home; with a name, root would have kept track before. */
	if (r < 0 && !begun && t->plan->become)
		return 0;
	if (r == 0)
		r = describe(t, sandbox, program, e);
	if (r < 0 && !begun)
		state_leave(&t->entry);
	return r;
}

void track_end(struct track *t)
{
	state_leave(&t->entry);
}
