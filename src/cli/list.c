/* bailey list: which sandboxes of the caller run. */
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/sandboxes.h"
#include "plan/layout.h"

struct table_row {
	const char *user, *name, *profile, *pid, *age, *memory, *tasks, *state, *restarts, *program, *degraded;
};

static size_t wider(size_t width, const char *text)
{
	size_t n = strlen(text);
	return n > width ? n : width;
}

/* Settings without the group they are all in. */
static const char *degraded(struct arena *a, const struct state_record *r)
{
	struct buf b = { .arena = a };
	for (size_t i = 0; i < r->degraded_count; i++) {
		const char *dot = strrchr(r->degraded[i], '.');
		buf_printf(&b, "%s%s", i > 0 ? "," : "", layout_clean(a, dot != NULL ? dot + 1 : r->degraded[i]));
	}
	return buf_text(&b);
}

static void print_text(struct cli *cli, struct buf *out, const struct sandboxes *all, const struct state_tasks *tasks)
{
	struct arena *a = &cli->arena;
	const struct table_row head = { "USER", "NAME", "PROFILE", "PID", "AGE", "MEMORY", "TASKS", "STATE", "RESTARTS", "PROGRAM",
		"DEGRADED" };
	struct table_row *rows = arena_array(a, all->count + 1, sizeof *rows);
	size_t user = 0, name = 4, profile = 7, pid = 3, state = 0, again = 0, less = 0, program;
	rows[0] = head;
	for (size_t i = 0; i < all->count; i++) {
		const struct state_record *r = &all->items[i].record;
		struct sandbox_use use;
		sandboxes_use(&use, r, tasks);
		rows[i + 1] = (struct table_row){
			.user = all->items[i].user != NULL ? layout_clean(a, all->items[i].user) : "",
			.name = r->name,
			.profile = layout_clean(a, path_base(r->profile)),
			.pid = arena_printf(a, "%d", (int)r->launcher.pid),
			.age = sandboxes_age(a, state_process_age(&r->launcher)),
			.memory = use.group.memory >= 0 ? sandboxes_bytes(a, (uint64_t)use.group.memory) : "-",
			.tasks = use.group.tasks >= 0 ? arena_printf(a, "%lld", (long long)use.group.tasks) : "-",
			.state = sandboxes_activity(&all->items[i]),
			.restarts = arena_printf(a, "%u", r->restarts),
			.program = layout_clean(a, path_base(r->program)),
			.degraded = degraded(a, r),
		};
		name = wider(name, rows[i + 1].name);
		if (all->items[i].user != NULL)
			user = wider(user > 4 ? user : 4, rows[i + 1].user);
		profile = wider(profile, rows[i + 1].profile);
		pid = wider(pid, rows[i + 1].pid);
		less = wider(less, rows[i + 1].degraded);
		if (strcmp(rows[i + 1].state, "running") != 0)
			state = sizeof "starting";
		if (r->restarts > 0)
			again = sizeof "RESTARTS";
	}
	if (less > 0)
		less = wider(less, head.degraded) + 1;
	/* A name is for typing and stays whole; what is cut to the width is the program. */
	if (profile > 20)
		profile = 20;
	size_t left = (user > 0 ? user + 1 : 0) + name + profile + pid + 5 + 7 + 6 + 5 + state + again + less,
	       width = cli_width(cli);
	program = width > left + 7 ? width - left : 7;
	for (size_t i = 0; i <= all->count; i++) {
		const struct table_row *r = &rows[i];
		if (user > 0)
			buf_printf(out, "%-*s ", (int)user, r->user);
		buf_printf(out, "%-*s %-*.*s %*s %4s %6s %5s ", (int)name, r->name, (int)profile, (int)profile, r->profile,
			(int)pid, r->pid, r->age, r->memory, r->tasks);
		if (state > 0) /* when all of them run, it says nothing */
			buf_printf(out, "%-*s", (int)state, r->state);
		if (again > 0)
			buf_printf(out, "%-*s", (int)again, r->restarts);
		if (less > 0)
			buf_printf(out, "%-*.*s %s", (int)program, (int)program, r->program, r->degraded);
		else
			buf_printf(out, "%.*s", (int)program, r->program);
		while (out->len > 0 && out->text[out->len - 1] == ' ')
			out->len--;
		buf_putc(out, '\n');
	}
}

static void json_pid(struct json *j, const char *key, const struct state_process *p)
{
	if (p->pid > 0)
		json_int(j, key, p->pid);
	else
		json_null(j, key);
}

static void json_number(struct json *j, const char *key, int64_t n)
{
	if (n >= 0)
		json_int(j, key, n);
	else
		json_null(j, key);
}

static void print_json(struct buf *out, const struct sandboxes *all, const struct state_tasks *tasks)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_array(&j, "sandboxes");
	for (size_t i = 0; i < all->count; i++) {
		const struct state_record *r = &all->items[i].record;
		struct sandbox_use use;
		sandboxes_use(&use, r, tasks);
		json_object(&j, NULL);
		if (all->items[i].user != NULL)
			json_string(&j, "user", all->items[i].user);
		json_string(&j, "name", r->name);
		json_string(&j, "profile", r->profile);
		json_string(&j, "profile_path", r->profile_path);
		json_string(&j, "program", r->program);
		json_string(&j, "plan", r->plan);
		json_string(&j, "state", sandboxes_activity(&all->items[i]));
		json_int(&j, "started", r->started);
		json_uint(&j, "age_ms", state_process_age(&r->launcher));
		json_pid(&j, "launcher_pid", &r->launcher);
		json_pid(&j, "sandbox_pid", &r->sandbox);
		json_pid(&j, "program_pid", &r->task);
		json_number(&j, "memory", use.group.memory);
		json_string(&j, "memory_counted_by", use.memory_summed ? "processes" : "cgroup");
		json_number(&j, "tasks", use.group.tasks);
		json_uint(&j, "restarts", r->restarts);
		json_string(&j, "log", r->log);
		json_array(&j, "degraded");
		for (size_t k = 0; k < r->degraded_count; k++)
			json_string(&j, NULL, r->degraded[k]);
		json_array_end(&j);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

int cmd_list(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	struct state_tasks tasks = { .count = 0 };
	struct buf out = { .arena = &cli->arena };
	if (args->rest_count > 0)
		return cli_fail(cli, EXIT_USAGE, arena_printf(&cli->arena, "for one of them: bailey stats %s", args->rest[0]),
			"list takes no words");
	if (args_has(args, "--all") && geteuid() != 0)
		return cli_fail(cli, EXIT_USAGE, NULL, "--all shows the sandboxes of all users, which takes root");
	sandboxes_load(cli, &all);
	if (args_has(args, "--all"))
		sandboxes_of_everyone(cli, &all);
	int r = all.count > 0 ? state_tasks_read(&tasks, &cli->arena) : 0;
	if (r < 0)
		return cli_fail(cli, EXIT_SETUP, NULL, "cannot read /proc: %s", strerror(-r));
	if (args_has(args, "--json"))
		print_json(&out, &all, &tasks);
	else
		print_text(cli, &out, &all, &tasks);
	return cli_write(cli, &out);
}
