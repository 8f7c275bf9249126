/* bailey limit: other limits for a sandbox while it runs. */
#include <string.h>
#include <unistd.h>

#include "cgroup/change.h"
#include "cli/sandboxes.h"
#include "plan/layout.h"
#include "plan/limits.h"

static const char group[] = "resources.";

/* One SETTING=VALUE of the command line; "memory" is short for "resources.memory". */
static int read_word(struct cli *cli, const char *word, struct conf_set *ret)
{
	const char *equals = strchr(word, '=');
	if (equals == NULL || equals == word)
		return cli_fail(cli, EXIT_USAGE, "for example: memory=1G", "%s: this is no SETTING=VALUE", word);
	const char *name = arena_strndup(&cli->arena, word, (size_t)(equals - word));
	if (strncmp(name, group, strlen(group)) != 0 && strchr(name, '.') == NULL)
		name = arena_printf(&cli->arena, "%s%s", group, name);
	const struct setting *row = schema_find(name);
	if (strncmp(name, group, strlen(group)) != 0 || row == &schema_settings[SET_resources_driver] ||
		row == &schema_settings[SET_resources_optional])
		return cli_fail(cli, EXIT_USAGE, "limits are the settings of the group resources: bailey schema resources",
			"%s is no limit", name);
	*ret = (struct conf_set){ .path = name, .value = equals + 1, .option = "limit" };
	return 0;
}

static bool named(const struct conf_set *sets, size_t count, const char *setting)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(sets[i].path, setting) == 0)
			return true;
	return false;
}

/* What the machine policy sets for others is no reason to change those. */
static void only_named(struct profile *p, const struct conf_set *sets, size_t count)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *row = &schema_settings[i];
		if (strncmp(row->path, group, strlen(group)) != 0 || named(sets, count, row->path))
			continue;
		if (row->type == TYPE_RECORDS)
			((struct records *)(void *)((char *)p + row->offset))->count = 0;
		else if (row->type != TYPE_LIST)
			((struct value *)(void *)((char *)p + row->offset))->set = false;
	}
	if (!named(sets, count, "resources.oom"))
		p->resources_oom.i = OOM_KERNEL;
}

/* From the words to what is written. 0, or an exit status after saying what is wrong. */
static int plan_change(
	struct cli *cli, const struct state_record *r, const struct conf_set *sets, size_t count, struct cgroup_plan *ret)
{
	struct diags d = { .arena = &cli->arena };
	const struct conf_request request = { .sets = sets, .set_count = count };
	struct profile p;
	(void)conf_load_text(&p, &cli->arena, &cli->places, &request, "limit", "", 0, &d);
	only_named(&p, sets, count);
	if (d.errors == 0)
		(void)plan_limits(ret, &cli->arena, &p, &cli->facts, r->driver, r->cgroups, r->cgroup_count, &d);
	cli_print_diags(cli, &d);
	if (d.errors > 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < count; i++) {
		bool any = false;
		for (size_t k = 0; k < ret->write_count; k++)
			any = any || strcmp(ret->writes[k].setting, sets[i].path) == 0;
		if (!any)
			return cli_fail(cli, EXIT_USAGE, NULL, "%s cannot be changed while a sandbox runs", sets[i].path);
	}
	return 0;
}

/* Version 1 keeps the bound for swap and memory together in a file of its own, which goes with that for memory. */
static bool wanted(const struct cgroup_write *w, const struct conf_set *sets, size_t count)
{
	return named(sets, count, w->setting) ||
		(strcmp(w->file, "memory.memsw.limit_in_bytes") == 0 && named(sets, count, "resources.memory"));
}

static const char *text_of(const struct state_record *r, const char *setting)
{
	for (size_t i = 0; i < r->limit_count; i++)
		if (strcmp(r->limits[i].setting, setting) == 0)
			return r->limits[i].what;
	return "no limit";
}

/* Puts the limit into the description, in the place of those of its setting. */
static void record(struct arena *a, struct state_record *r, const struct cgroup_write *w)
{
	struct state_limit *limits = arena_array(a, r->limit_count + 1, sizeof *limits);
	size_t n = 0;
	bool there = false;
	for (size_t i = 0; i < r->limit_count; i++) {
		bool same = strcmp(r->limits[i].setting, w->setting) == 0;
		if (!same)
			limits[n++] = r->limits[i];
		else if (!there)
			limits[n++] = (struct state_limit){ w->setting, w->what, w->origin };
		there = there || same;
	}
	if (!there)
		limits[n++] = (struct state_limit){ w->setting, w->what, w->origin };
	r->limits = limits;
	r->limit_count = n;
}

static int change_locked(struct cli *cli, const struct state_sandbox *one, const struct conf_set *sets, size_t count)
{
	struct arena *a = &cli->arena;
	struct state_record r = one->record;
	struct cgroup_plan p = { 0 };
	struct err e = { .code = 0 };
	int status = plan_change(cli, &r, sets, count, &p);
	if (status != 0)
		return status;
	struct cgroup_write *writes = arena_array(a, p.write_count, sizeof *writes);
	size_t n = 0;
	for (size_t i = 0; i < p.write_count; i++)
		if (wanted(&p.writes[i], sets, count))
			writes[n++] = p.writes[i];
	if (cgroup_change(r.cgroups, r.cgroup_count, writes, n, &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	struct buf out = { .arena = a };
	for (size_t i = 0; i < count; i++) {
		const struct cgroup_write *w = NULL;
		for (size_t k = 0; k < n; k++)
			if (strcmp(writes[k].setting, sets[i].path) == 0)
				w = &writes[k];
		if (w == NULL)
			continue;
		buf_printf(&out, "%s: %s -> %s\n", r.name, layout_clean(a, text_of(&r, w->setting)), layout_clean(a, w->what));
		record(a, &r, w);
	}
	if (state_replace(one, &r, &e) < 0)
		(void)cli_fail_err(cli, EXIT_SETUP, &e);
	status = cli_write(cli, &out);
	return status != 0 ? status : e.code != 0 ? EXIT_SETUP : 0;
}

/* One at a time: the limits in the description are those that are in force. */
static int change(struct cli *cli, const struct state_sandbox *found, const struct conf_set *sets, size_t count)
{
	struct state_sandbox one = *found;
	struct err e = { .code = 0 };
	int lock = state_change(&one, &cli->arena, &e);
	if (lock < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	int status = change_locked(cli, &one, sets, count);
	(void)close(lock);
	return status;
}

int cmd_limit(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	const struct state_sandbox *one;
	if (args->rest_count < 2)
		return cli_fail(cli, EXIT_USAGE, "for example: bailey limit firefox-1 memory=1G tasks=500",
			"limit takes a sandbox and what to change");
	size_t count = (size_t)args->rest_count - 1;
	struct conf_set *sets = arena_array(&cli->arena, count, sizeof *sets);
	for (size_t i = 0; i < count; i++) {
		int status = read_word(cli, args->rest[i + 1], &sets[i]);
		if (status != 0)
			return status;
	}
	sandboxes_load(cli, &all);
	int status = sandboxes_find(cli, &all, args->rest[0], &one);
	if (status != 0)
		return status;
	if (one->record.cgroup_count == 0 || one->record.driver == NULL)
		return cli_fail(cli, EXIT_SETUP,
			"start it with a limit: bailey run --memory SIZE, or resources.memory in its profile",
			"%s has no control group whose limits could be changed", one->record.name);
	if (one->record.sandbox.pid == 0)
		return cli_fail(cli, EXIT_SETUP, "try again in a moment", "%s is only just starting", one->record.name);
	return change(cli, one, sets, count);
}
