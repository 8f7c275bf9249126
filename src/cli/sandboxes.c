#include "cli/sandboxes.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cgroup/cgroup.h"
#include "host/cgroups.h"

enum { PLACES_MAX = 32, START_MS = 2000 };

void sandboxes_load(struct cli *cli, struct sandboxes *ret)
{
	struct state_search s;
	struct diags d = { .arena = &cli->arena };
	state_search(&s, &cli->facts, geteuid());
	state_list(&ret->items, &ret->count, &cli->arena, &s, &d);
	cli_print_diags(cli, &d);
	const char *places[PLACES_MAX];
	size_t count = facts_cgroup_places(&cli->facts, places, PLACES_MAX);
	for (size_t i = 0; i < count; i++)
		cgroup_sweep_place(places[i]);
}

int sandboxes_find(struct cli *cli, const struct sandboxes *all, const char *word, const struct state_sandbox **ret)
{
	struct err e = { .code = 0 };
	return state_find(ret, all->items, all->count, word, &e) < 0 ? cli_fail_err(cli, EXIT_USAGE, &e) : 0;
}

void sandboxes_use(struct sandbox_use *ret, const struct state_record *r, const struct state_tasks *tasks)
{
	struct state_sum sum;
	struct cgroup_usage *u = &ret->group;
	*ret = (struct sandbox_use){ .has_group = false };
	ret->has_group = cgroup_usage_read(u, r->cgroups, r->cgroup_count) > 0;
	if (r->sandbox.pid == 0)
		return;
	state_sum(&sum, tasks, r->sandbox.pid);
	ret->memory_summed = u->memory < 0;
	ret->cpu_summed = u->cpu_us < 0;
	ret->tasks_summed = u->tasks < 0;
	u->memory = ret->memory_summed ? (int64_t)sum.memory : u->memory;
	u->cpu_us = ret->cpu_summed ? (int64_t)sum.cpu_us : u->cpu_us;
	u->tasks = ret->tasks_summed ? (int64_t)sum.tasks : u->tasks;
}

const char *sandboxes_bytes(struct arena *a, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned unit = 0;
	uint64_t rest = 0;
	while (bytes >= 1024 && units[unit + 1] != '\0') {
		rest = bytes % 1024 * 10 / 1024;
		bytes /= 1024;
		unit++;
	}
	if (unit > 0 && bytes < 10)
		return arena_printf(a, "%" PRIu64 ".%" PRIu64 "%c", bytes, rest, units[unit]);
	return arena_printf(a, "%" PRIu64 "%c", bytes, units[unit]);
}

const char *sandboxes_age(struct arena *a, uint64_t ms)
{
	uint64_t s = ms / 1000;
	if (s < 60)
		return arena_printf(a, "%" PRIu64 "s", s);
	if (s < 3600)
		return arena_printf(a, "%" PRIu64 "m", s / 60);
	if (s < UINT64_C(48) * 3600)
		return arena_printf(a, "%" PRIu64 "h", s / 3600);
	return arena_printf(a, "%" PRIu64 "d", s / 86400);
}

static bool chosen_already(struct state_sandbox *const *chosen, size_t count, const struct state_sandbox *s)
{
	for (size_t i = 0; i < count; i++)
		if (chosen[i] == s)
			return true;
	return false;
}

const char *sandboxes_activity(const struct state_sandbox *s)
{
	enum state_activity activity = state_activity(s);
	if (activity == STATE_STARTING && s->record.waits_until > 0)
		return "waiting";
	return activity == STATE_PAUSED ? "paused" : activity == STATE_STARTING ? "starting" : "running";
}

int sandboxes_choose(
	struct cli *cli, const struct args *args, int words, bool none_is_all, struct sandboxes *all, struct chosen *ret)
{
	const char *profile = args_value(args, "--profile");
	bool every = args_has(args, "--all");
	if (words == 0 && profile == NULL && none_is_all)
		every = true;
	else if (words == 0 && profile == NULL && !every)
		return cli_fail(cli, EXIT_USAGE, "bailey list shows those there are; --all means all of them", "which sandbox?");
	if (every && (words > 0 || profile != NULL))
		return cli_fail(cli, EXIT_USAGE, NULL, "--all names every sandbox already");
	sandboxes_load(cli, all);
	*ret = (struct chosen){ .items = arena_array(&cli->arena, all->count + 1, sizeof(struct state_sandbox *)) };
	for (size_t i = 0; i < all->count; i++)
		if (every || (profile != NULL && strcmp(all->items[i].record.profile, profile) == 0))
			ret->items[ret->count++] = &all->items[i];
	if (profile != NULL && ret->count == 0)
		return cli_fail(
			cli, EXIT_USAGE, "bailey list shows those there are", "no sandbox of the profile %s is running", profile);
	for (int i = 0; i < words; i++) {
		const struct state_sandbox *one;
		int status = sandboxes_find(cli, all, args->rest[i], &one);
		if (status != 0)
			return status;
		struct state_sandbox *s = &all->items[one - all->items];
		if (!chosen_already(ret->items, ret->count, s))
			ret->items[ret->count++] = s;
	}
	return 0;
}

void sandboxes_await_start(struct cli *cli, struct state_sandbox *s)
{
	for (int64_t end = clock_ms() + START_MS; s->record.sandbox.pid == 0 && clock_ms() < end;) {
		struct err ignored = { .code = 0 }; /* one that has ended meanwhile */
		int lock = state_change(s, &cli->arena, &ignored);
		if (lock < 0)
			return;
		(void)close(lock);
		if (s->record.sandbox.pid == 0)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}
