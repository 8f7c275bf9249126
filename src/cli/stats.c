/* bailey stats: what one sandbox uses, and what it met with. */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "cgroup/usage.h"
#include "cli/sandboxes.h"
#include "plan/layout.h"

/* ---- text ---- */

static const char *seconds(struct arena *a, int64_t us)
{
	if (us >= 60000000)
		return arena_printf(a, "%" PRIi64 " min %02" PRIi64 " s", us / 60000000, us / 1000000 % 60);
	return arena_printf(a, "%" PRIi64 ".%02" PRIi64 " s", us / 1000000, us / 10000 % 100);
}

static const char *bytes(struct arena *a, int64_t n)
{
	return sandboxes_bytes(a, n > 0 ? (uint64_t)n : 0);
}

static void line(struct buf *out, const char *word, const char *text)
{
	if (text[0] != '\0')
		buf_printf(out, "  %-10s %s\n", word, text);
}

static const char *memory_text(struct arena *a, const struct sandbox_use *s)
{
	const struct cgroup_usage *u = &s->group;
	struct buf b = { .arena = a };
	if (u->memory < 0)
		return "";
	buf_puts(&b, bytes(a, u->memory));
	if (u->memory_cap >= 0)
		buf_printf(&b, " of %s", bytes(a, u->memory_cap));
	if (u->memory_peak >= 0)
		buf_printf(&b, ", at most %s so far", bytes(a, u->memory_peak));
	if (u->swap > 0)
		buf_printf(&b, ", and %s of swap", bytes(a, u->swap));
	if (s->memory_summed)
		buf_puts(&b, ", counting what processes share for each");
	if (u->cap_hits > 0)
		buf_printf(&b, "; the cap was met %" PRIi64 " times", u->cap_hits);
	if (u->oom_kills > 0)
		buf_printf(&b, "; the kernel killed %" PRIi64 " for want of memory", u->oom_kills);
	return buf_text(&b);
}

static const char *cpu_text(struct arena *a, const struct sandbox_use *s)
{
	const struct cgroup_usage *u = &s->group;
	struct buf b = { .arena = a };
	if (u->cpu_us < 0)
		return "";
	buf_puts(&b, seconds(a, u->cpu_us));
	if (u->user_us >= 0 && u->system_us >= 0)
		buf_printf(&b, " (%s for itself, %s in the kernel)", seconds(a, u->user_us), seconds(a, u->system_us));
	if (s->cpu_summed)
		buf_puts(&b, ", of the processes that are there");
	if (u->throttled > 0)
		buf_printf(&b, "; held back %" PRIi64 " times by the quota, for %s", u->throttled,
			seconds(a, u->throttled_us > 0 ? u->throttled_us : 0));
	return buf_text(&b);
}

static const char *tasks_text(struct arena *a, const struct sandbox_use *s)
{
	const struct cgroup_usage *u = &s->group;
	struct buf b = { .arena = a };
	if (u->tasks < 0)
		return "";
	buf_printf(&b, "%" PRIi64, u->tasks);
	if (u->tasks_cap >= 0)
		buf_printf(&b, " of %" PRIi64, u->tasks_cap);
	if (u->tasks_peak >= 0)
		buf_printf(&b, ", at most %" PRIi64 " so far", u->tasks_peak);
	if (u->task_refusals > 0)
		buf_printf(&b, "; %" PRIi64 " more were refused", u->task_refusals);
	return buf_text(&b);
}

static const char *io_text(struct arena *a, const struct cgroup_usage *u)
{
	if (u->read_bytes < 0 && u->write_bytes < 0)
		return "";
	return arena_printf(a, "read %s in %" PRIi64 " operations, written %s in %" PRIi64, bytes(a, u->read_bytes),
		u->read_ops > 0 ? u->read_ops : 0, bytes(a, u->write_bytes), u->write_ops > 0 ? u->write_ops : 0);
}

static void add_pressure(struct buf *b, const char *what, const struct cgroup_pressure *p)
{
	if (p->some >= 0)
		buf_printf(b, "%s%s %" PRIi64 ".%02" PRIi64 "%%", b->len > 0 ? ", " : "", what, p->some / 100, p->some % 100);
}

static const char *pressure_text(struct arena *a, const struct cgroup_usage *u)
{
	struct buf b = { .arena = a };
	add_pressure(&b, "processor", &u->cpu);
	add_pressure(&b, "memory", &u->memory_pressure);
	add_pressure(&b, "disk", &u->io);
	if (b.len > 0)
		buf_puts(&b, " of the last 10 s waited for");
	return buf_text(&b);
}

static void print_text(struct cli *cli, struct buf *out, const struct state_record *r, const struct sandbox_use *s)
{
	struct arena *a = &cli->arena;
	buf_printf(out, "%s: %s, profile %s, process %d, for %s\n", r->name, layout_clean(a, path_base(r->program)),
		layout_clean(a, path_base(r->profile)), (int)r->launcher.pid, sandboxes_age(a, state_process_age(&r->launcher)));
	line(out, "memory", memory_text(a, s));
	line(out, "processor", cpu_text(a, s));
	line(out, "tasks", tasks_text(a, s));
	line(out, "disk", io_text(a, &s->group));
	line(out, "pressure", pressure_text(a, &s->group));
	for (size_t i = 0; i < r->limit_count; i++) {
		const struct state_limit *l = &r->limits[i];
		line(out, i == 0 ? "limits" : "",
			layout_clean(a,
				l->origin.file != NULL ? arena_printf(a, "%s (%s)", l->what, origin_text(a, l->origin)) : l->what));
	}
	for (size_t i = 0; i < r->degraded_count; i++)
		line(out, i == 0 ? "degraded" : "", layout_clean(a, r->degraded[i]));
	if (!s->has_group)
		line(out, "", "no control group: these are sums over its processes");
}

/* ---- JSON ---- */

static void count(struct json *j, const char *key, int64_t n)
{
	if (n >= 0)
		json_int(j, key, n);
	else
		json_null(j, key);
}

static void json_pressure(struct json *j, const char *key, const struct cgroup_pressure *p)
{
	if (p->some < 0) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	count(j, "some_avg10_hundredths", p->some);
	count(j, "full_avg10_hundredths", p->full);
	json_object_end(j);
}

static void print_json(struct buf *out, const struct state_record *r, const struct sandbox_use *s)
{
	struct json j = { .out = out, .indent = true };
	const struct cgroup_usage *u = &s->group;
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_string(&j, "name", r->name);
	json_string(&j, "profile", r->profile);
	json_string(&j, "program", r->program);
	json_uint(&j, "age_ms", state_process_age(&r->launcher));
	json_string(&j, "driver", r->driver);
	json_array(&j, "cgroups");
	for (size_t i = 0; i < r->cgroup_count; i++)
		json_string(&j, NULL, r->cgroups[i]);
	json_array_end(&j);
	json_object(&j, "memory");
	count(&j, "bytes", u->memory);
	json_string(&j, "counted_by", s->memory_summed ? "processes" : "cgroup");
	count(&j, "peak_bytes", u->memory_peak);
	count(&j, "cap_bytes", u->memory_cap);
	count(&j, "swap_bytes", u->swap);
	count(&j, "cap_hits", u->cap_hits);
	count(&j, "oom_kills", u->oom_kills);
	json_object_end(&j);
	json_object(&j, "cpu");
	count(&j, "us", u->cpu_us);
	json_string(&j, "counted_by", s->cpu_summed ? "processes" : "cgroup");
	count(&j, "user_us", u->user_us);
	count(&j, "system_us", u->system_us);
	count(&j, "throttled", u->throttled);
	count(&j, "throttled_us", u->throttled_us);
	json_object_end(&j);
	json_object(&j, "tasks");
	count(&j, "count", u->tasks);
	json_string(&j, "counted_by", s->tasks_summed ? "processes" : "cgroup");
	count(&j, "peak", u->tasks_peak);
	count(&j, "cap", u->tasks_cap);
	count(&j, "refused", u->task_refusals);
	json_object_end(&j);
	json_object(&j, "io");
	count(&j, "read_bytes", u->read_bytes);
	count(&j, "write_bytes", u->write_bytes);
	count(&j, "read_operations", u->read_ops);
	count(&j, "write_operations", u->write_ops);
	json_object_end(&j);
	json_object(&j, "pressure");
	json_pressure(&j, "cpu", &u->cpu);
	json_pressure(&j, "memory", &u->memory_pressure);
	json_pressure(&j, "io", &u->io);
	json_object_end(&j);
	state_record_limits(&j, r);
	json_object_end(&j);
	buf_putc(out, '\n');
}

int cmd_stats(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	const struct state_sandbox *one;
	struct sandbox_use s;
	struct state_tasks tasks;
	struct buf out = { .arena = &cli->arena };
	if (args->rest_count != 1)
		return cli_fail(cli, EXIT_USAGE, "bailey list shows those that run", "stats takes one sandbox");
	sandboxes_load(cli, &all);
	int status = sandboxes_find(cli, &all, args->rest[0], &one);
	if (status != 0)
		return status;
	int r = state_tasks_read(&tasks, &cli->arena);
	if (r < 0)
		return cli_fail(cli, EXIT_SETUP, NULL, "cannot read /proc: %s", strerror(-r));
	sandboxes_use(&s, &one->record, &tasks);
	if (args_has(args, "--json"))
		print_json(&out, &one->record, &s);
	else
		print_text(cli, &out, &one->record, &s);
	return cli_write(cli, &out);
}
