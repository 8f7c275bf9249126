/* How the program is started: mask, priority, time, limits, descriptors, terminal. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "plan/parts.h"

static struct limit *find_limit(struct plan *plan, int resource)
{
	for (size_t i = 0; i < plan->limit_count; i++)
		if (plan->limits[i].resource == resource)
			return &plan->limits[i];
	return NULL;
}

/* The real machine must not show through facts that were read from a file. */
static rlim_t hard_limit(const struct planner *pl, int resource)
{
	struct rlimit now;
	return !pl->facts->injected && getrlimit((__rlimit_resource_t)resource, &now) == 0 ? now.rlim_max : RLIM_INFINITY;
}

void planner_limit(struct planner *pl, int resource, const char *name, uint64_t value, struct origin o)
{
	struct plan *plan = pl->plan;
	struct limit *old = find_limit(plan, resource);
	if (value > hard_limit(pl, resource) || (old != NULL && old->value.rlim_max <= value))
		return;
	if (old == NULL) {
		plan->limits = arena_grow(pl->arena, plan->limits, plan->limit_count, &pl->limit_cap, sizeof *plan->limits);
		old = &plan->limits[plan->limit_count++];
	}
	*old = (struct limit){
		.resource = resource,
		.name = name,
		.value = { .rlim_cur = value, .rlim_max = value },
		.origin = o,
	};
}

static void add_limit(
	struct planner *pl, int resource, const char *name, const char *setting, const struct value *v, uint64_t value)
{
	if (!v->set)
		return;
	rlim_t most = hard_limit(pl, resource);
	if (most != RLIM_INFINITY && value > most) {
		struct diag *at = diag_error(pl->diags, v->origin, setting,
			"%s is above the limit that bailey itself runs under (%" PRIu64 ")", v->s != NULL ? v->s : name,
			(uint64_t)most);
		diag_hint(pl->diags, at, "say a smaller value, or raise the hard limit %s that the session has", name);
		return;
	}
	planner_limit(pl, resource, name, value, v->origin);
}

static void plan_limits(struct planner *pl)
{
	const struct profile *p = pl->p;
#define LIMIT(resource, id, divide) \
	add_limit(pl, resource, #resource, "process.limits." #id, &p->process_limits_##id, \
		((uint64_t)p->process_limits_##id.i + (divide)-1) / (divide))
	LIMIT(RLIMIT_NOFILE, open_files, 1);
	LIMIT(RLIMIT_NPROC, processes, 1);
	LIMIT(RLIMIT_CORE, core, 1);
	LIMIT(RLIMIT_FSIZE, file_size, 1);
	LIMIT(RLIMIT_STACK, stack, 1);
	LIMIT(RLIMIT_DATA, data, 1);
	LIMIT(RLIMIT_MEMLOCK, locked_memory, 1);
	LIMIT(RLIMIT_MSGQUEUE, message_queues, 1);
	LIMIT(RLIMIT_CPU, cpu_time, 1000); /* the kernel counts full seconds; a started one is given whole */
#undef LIMIT
}

static void plan_descriptors(struct planner *pl)
{
	const struct list *l = &pl->p->process_descriptors;
	struct plan *plan = pl->plan;
	if (l->count == 0)
		return;
	plan->descriptors = arena_array(pl->arena, l->count, sizeof *plan->descriptors);
	for (size_t i = 0; i < l->count; i++) {
		int64_t n;
		if (num_int(l->items[i].text, 3, INT32_MAX, &n) < 0) {
			diag_error(pl->diags, l->items[i].origin, "process.descriptors", "%s is not a descriptor from 3 up",
				l->items[i].text);
			continue;
		}
		/* Sorted and without repetition: the launch closes the gaps between them. */
		size_t at = plan->descriptor_count;
		while (at > 0 && plan->descriptors[at - 1] > (int)n)
			at--;
		if (at > 0 && plan->descriptors[at - 1] == (int)n)
			continue;
		memmove(&plan->descriptors[at + 1], &plan->descriptors[at],
			(plan->descriptor_count - at) * sizeof *plan->descriptors);
		plan->descriptors[at] = (int)n;
		plan->descriptor_count++;
		plan->descriptor_origin = l->items[i].origin;
	}
}

static void plan_terminal(struct planner *pl)
{
	struct plan *plan = pl->plan;
	const struct value *mode = &pl->p->process_terminal;
	plan->terminal_mode = mode->i == TERMINAL_NONE ? TERMINAL_NONE : mode->i == TERMINAL_PTY ? TERMINAL_PTY : TERMINAL_INHERIT;
	plan->terminal_origin = mode->origin;
	if (plan->terminal_mode == TERMINAL_NONE)
		return;
	enum plan_streams streams = pl->request != NULL ? pl->request->streams : STREAMS_OF_CALLER;
	if (streams == STREAMS_ARE_TERMINAL && plan->terminal_mode == TERMINAL_PTY)
		plan->pty_fds = 7;
	if (streams != STREAMS_OF_CALLER)
		return;
	facts_terminal(pl->facts);
	for (unsigned i = 0; i < 3; i++) {
		const char *path = pl->facts->tty[i];
		if (path == NULL)
			continue;
		if (plan->terminal_mode == TERMINAL_PTY) {
			plan->pty_fds |= 1U << i;
			continue;
		}
		if (path[0] == '\0')
			continue;
		struct node n;
		facts_node(pl->facts, path, &n);
		/* A terminal of another mount namespace has a name here that is something else, or nothing: then it is left out. */
		if (n.type != NODE_DEVICE)
			continue;
		plan->terminal = path;
		plan->terminal_rdev = n.rdev;
		return;
	}
}

static void plan_command(struct planner *pl)
{
	const struct list *l = &pl->p->process_command;
	if (l->count == 0)
		return;
	char **words = arena_array(pl->arena, l->count + 1, sizeof *words);
	for (size_t i = 0; i < l->count; i++)
		words[i] = arena_strdup(pl->arena, l->items[i].text);
	pl->plan->command = words;
	pl->plan->command_origin = l->items[0].origin;
	if (words[0][0] == '\0')
		diag_error(pl->diags, l->items[0].origin, "process.command", "the program has no name");
}

static void plan_log(struct planner *pl)
{
	enum { LEAST = 64 * 1024, USUAL = 8 * 1024 * 1024 };
	const struct value *v = &pl->p->process_log_size;
	pl->plan->log_size = v->set ? (uint64_t)v->i : USUAL;
	pl->plan->log_size_origin = v->origin;
	if (v->set && v->i < LEAST)
		diag_error(
			pl->diags, v->origin, "process.log_size", "\"%s\" is too little: 64K at least", v->s != NULL ? v->s : "");
}

void plan_process(struct planner *pl)
{
	const struct profile *p = pl->p;
	struct plan *plan = pl->plan;
	plan->wait = p->process_wait.i == WAIT_ALL ? WAIT_ALL : WAIT_PROGRAM;
	plan->enter = p->process_enter.i != 0;
	plan->enter_origin = p->process_enter.origin;
	plan->has_umask = p->process_umask.set;
	plan->umask = (mode_t)p->process_umask.i & 0777;
	plan->has_nice = p->process_nice.set;
	plan->nice = (int)p->process_nice.i;
	plan->nice_origin = p->process_nice.origin;
	plan->timeout_ms = (uint64_t)p->process_timeout.i;
	plan->timeout_origin = p->process_timeout.origin;
	plan->single = p->process_instance.i == INSTANCE_SINGLE;
	plan->single_origin = p->process_instance.origin;
	plan_command(pl);
	plan_log(pl);
	plan_limits(pl);
	plan_descriptors(pl);
	plan_terminal(pl);
}
