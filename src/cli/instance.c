#include "cli/instance.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/hash.h"
#include "cli/sandboxes.h"
#include "launch/enter.h"
#include "plan/layout.h"
#include "plan/print.h"

/* The plan of the profile without a program, with what its launches share. */
static int shared_plan(struct cli *cli, const struct profile *profile, struct plan *ret)
{
	const struct plan_request nothing = { .streams = STREAMS_OF_LOG };
	struct diags d = { .arena = &cli->arena };
	int made = plan_make(ret, &cli->arena, profile, &cli->facts, &nothing, false, &d);
	if (made == 0)
		return 0;
	cli_print_diags(cli, &d);
	return cli_plan_status(made);
}

static const char *digest(struct arena *a, const struct plan *shared, const char *program)
{
	struct buf text = { .arena = a };
	struct plan p = *shared;
	p.envp = NULL;
	p.env = NULL;
	p.env_count = 0;
	buf_printf(&text, "%s\n", program);
	plan_json(&text, &p);
	return arena_printf(a, "%016llx", (unsigned long long)hash_add(text.len, buf_text(&text), text.len));
}

static bool has_mount(const struct plan *plan, const struct mount_op *op)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *other = &plan->mounts[i];
		if (other->kind == op->kind && other->flags == op->flags && strcmp(other->target, op->target) == 0)
			return true;
	}
	return false;
}

/* What is granted because the command line names it. The terminal is none of it. */
static void list_grants(struct arena *a, const struct plan *plan, const struct plan *shared, struct launch_instance *ret)
{
	const char **grants = arena_array(a, plan->mount_count, sizeof *grants);
	ret->grant_count = 0;
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];
		if (op->kind == MOUNT_BIND && strncmp(op->target, "/dev/", 5) != 0 && !has_mount(shared, op))
			grants[ret->grant_count++] =
				arena_printf(a, "%s %s", (op->flags & MOUNT_READ_ONLY) != 0 ? "read" : "write", op->target);
	}
	ret->grants = grants;
}

static const char *missing_grant(const struct launch_instance *wanted, const struct state_record *r)
{
	for (size_t i = 0; i < wanted->grant_count; i++) {
		bool there = false;
		for (size_t k = 0; k < r->grant_count; k++)
			there = there || strcmp(r->grants[k], wanted->grants[i]) == 0;
		if (!there)
			return strchr(wanted->grants[i], ' ') + 1;
	}
	return NULL;
}

/* Until another one that asks the same has started its sandbox, or found one. */
static int lock(struct cli *cli)
{
	struct state_search s;
	struct err e = { .code = 0 };
	const char *path;
	state_search(&s, &cli->facts, geteuid());
	int place = state_place_make(&cli->arena, &s, &path, &e);
	if (place < 0) {
		(void)cli_fail_err(cli, EXIT_SETUP, &e);
		return -1;
	}
	int r;
	do
		r = flock(place, LOCK_EX);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return place;
	(void)cli_fail(cli, EXIT_SETUP, NULL, "cannot lock %s: %s", path, strerror(errno));
	(void)close(place);
	return -1;
}

static struct state_sandbox *running(const struct sandboxes *all, const struct plan *plan)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct state_record *r = &all->items[i].record;
		bool same =
			r->profile_path != NULL && plan->profile_path != NULL && strcmp(r->profile_path, plan->profile_path) == 0;
		if (r->instance != NULL && same && strcmp(r->program, plan->program) == 0)
			return &all->items[i];
	}
	return NULL;
}

static int may_join(struct cli *cli, const struct state_sandbox *s, const struct launch_instance *own, bool background)
{
	const char *name = s->record.name, *path;
	if (background)
		return cli_fail(cli, EXIT_SETUP, arena_printf(&cli->arena, "bailey stop %s ends it", name),
			"%s runs already, and there is to be one of it", name);
	if (strcmp(s->record.instance, own->digest) != 0)
		return cli_fail(cli, EXIT_SETUP,
			arena_printf(&cli->arena,
				"start it in the same way, end it (bailey stop %s), or start another with --set process.instance=many",
				name),
			"%s runs already, but with other settings than it would have now", name);
	path = missing_grant(own, &s->record);
	if (path == NULL)
		return 0;
	return cli_fail(cli, EXIT_SETUP,
		arena_printf(&cli->arena,
			"bailey stop %s ends it; --set process.instance=many starts another one; bailey cp copies a file into it",
			name),
		"%s runs already and does not see %s", name, layout_clean(&cli->arena, path));
}

static int join(struct cli *cli, const struct state_sandbox *s, const struct plan *plan)
{
	struct outcome outcome;
	struct err e = { .code = 0 };
	size_t count = 0;
	while (plan->argv[count] != NULL)
		count++;
	char **words = arena_array(&cli->arena, count + 1, sizeof *words);
	memcpy(words, plan->argv, count * sizeof *words);
	words[0] = arena_strdup(&cli->arena, plan->program);
	const struct enter_options o = { .words = words, .term = facts_env(&cli->facts, "TERM") };
	if (enter(&outcome, s, &o, &e) < 0)
		return cli_fail_err(cli, outcome.status, &e);
	return cli_end_like(&outcome);
}

int instance_join(struct cli *cli, const struct profile *profile, const struct plan *plan, bool background,
	struct launch_instance *ret, bool *ret_joined)
{
	struct sandboxes all;
	struct plan *shared = arena_alloc(&cli->arena, sizeof *shared);
	*ret_joined = false;
	int status = shared_plan(cli, profile, shared);
	if (status != 0)
		return status;
	ret->digest = digest(&cli->arena, shared, plan->program);
	list_grants(&cli->arena, plan, shared, ret);
	ret->lock = lock(cli);
	if (ret->lock < 0)
		return EXIT_SETUP;
	sandboxes_load(cli, &all);
	struct state_sandbox *s = running(&all, plan);
	if (s == NULL)
		return 0;
	(void)close(ret->lock);
	ret->lock = -1;
	status = may_join(cli, s, ret, background);
	if (status != 0)
		return status;
	*ret_joined = true;
	sandboxes_await_start(cli, s);
	return join(cli, s, plan);
}
