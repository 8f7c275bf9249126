/* bailey top: what the running sandboxes use, again and again. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/path.h"
#include "cli/sandboxes.h"
#include "cli/screen.h"
#include "plan/layout.h"
#include "plan/networks.h"

enum { ONCE_MS = 500, INTERVAL_S = 2, INTERVAL_MAX_S = 3600, TEXT_SIZE = 16384 };

/* -1 in a rate: it is not counted, or there is nothing to compare with yet. */
struct use {
	const char *name, *program, *state;
	uint64_t id; /* start of its launcher: what has the same name later is another one */
	int64_t cpu_us, read_bytes, write_bytes, received, sent; /* so far; -1: not counted */
	int64_t memory, tasks;
	int64_t cpu_tenths, read_rate, write_rate, in_rate,
		out_rate; /* tenths of a percent of one processor; bytes for each second */
};

struct sample {
	struct arena arena;
	int64_t ms;
	struct use *items;
	size_t count;
};

static ssize_t read_text(pid_t pid, const char *file, char *ret, size_t size)
{
	char path[48];
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);
	if (fd >= 0)
		(void)close(fd);
	ret[n > 0 ? n : 0] = '\0';
	return n;
}

/* Neither the loopback, nor the queue of another interface. */
static bool is_counted(const char *name)
{
	static const char queue[] = PLAN_RATED_QUEUE ":";
	return strncmp(name, "lo:", 3) != 0 && strncmp(name, queue, sizeof queue - 1) != 0;
}

/* All interfaces that count, as the sandbox's first process has them: nothing inside can change whose these are. */
static void read_network(struct use *u, const struct state_record *r)
{
	char text[TEXT_SIZE];
	u->received = u->sent = -1;
	if (!r->own_network || r->sandbox.pid == 0 || read_text(r->sandbox.pid, "net/dev", text, sizeof text) <= 0)
		return;
	u->received = u->sent = 0;
	for (char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		char *colon = memchr(line, ':', len);
		unsigned long long in, out;
		if (colon != NULL && is_counted(line + strspn(line, " ")) &&
			sscanf(colon + 1, "%llu %*u %*u %*u %*u %*u %*u %*u %llu", &in, &out) == 2) {
			u->received += (int64_t)in;
			u->sent += (int64_t)out;
		}
		line += len + (line[len] == '\n');
	}
}

/* Without a control group that counts it: what the processes that are there have read and written. */
static void sum_disk(struct use *u, const struct state_record *r, const struct state_tasks *tasks)
{
	char text[512];
	for (size_t i = 0; i < tasks->count && r->sandbox.pid != 0; i++) {
		const struct state_task *t = &tasks->items[i];
		if (!state_task_within(tasks, t, r->sandbox.pid) || read_text(t->pid, "io", text, sizeof text) <= 0)
			continue;
		const char *in = strstr(text, "\nread_bytes: "), *out = strstr(text, "\nwrite_bytes: ");
		if (in == NULL || out == NULL)
			continue;
		u->read_bytes = (u->read_bytes < 0 ? 0 : u->read_bytes) + strtoll(in + 13, NULL, 10);
		u->write_bytes = (u->write_bytes < 0 ? 0 : u->write_bytes) + strtoll(out + 14, NULL, 10);
	}
}

static void look_at(struct use *u, struct arena *a, const struct state_sandbox *s, const struct state_tasks *tasks)
{
	const struct state_record *r = &s->record;
	struct sandbox_use use;
	sandboxes_use(&use, r, tasks);
	*u = (struct use){
		.name = r->name,
		.program = layout_clean(a, path_base(r->program)),
		.state = sandboxes_activity(s),
		.id = r->launcher.start,
		.cpu_us = use.group.cpu_us,
		.read_bytes = use.group.read_bytes,
		.write_bytes = use.group.write_bytes,
		.memory = use.group.memory,
		.tasks = use.group.tasks,
	};
	if (u->read_bytes < 0 && u->write_bytes < 0)
		sum_disk(u, r, tasks);
	read_network(u, r);
}

static int64_t rate(int64_t now, int64_t before, int64_t ms)
{
	if (now < 0 || before < 0 || ms <= 0)
		return -1;
	return now > before ? (now - before) * 1000 / ms : 0; /* who has ended is not in the sums any more */
}

static void compare(struct sample *now, const struct sample *before)
{
	for (size_t i = 0; i < now->count; i++) {
		struct use *u = &now->items[i];
		const struct use *b = NULL;
		for (size_t k = 0; k < before->count && b == NULL; k++)
			if (before->items[k].id == u->id && strcmp(before->items[k].name, u->name) == 0)
				b = &before->items[k];
		int64_t ms = b != NULL ? now->ms - before->ms : 0;
		int64_t cpu = rate(u->cpu_us, b != NULL ? b->cpu_us : -1, ms);
		u->cpu_tenths = cpu < 0 ? -1 : cpu / 1000;
		u->read_rate = rate(u->read_bytes, b != NULL ? b->read_bytes : -1, ms);
		u->write_rate = rate(u->write_bytes, b != NULL ? b->write_bytes : -1, ms);
		u->in_rate = rate(u->received, b != NULL ? b->received : -1, ms);
		u->out_rate = rate(u->sent, b != NULL ? b->sent : -1, ms);
	}
}

/* ---- order ---- */

struct order {
	char key;
	const char *word;
	int64_t (*of)(const struct use *u); /* NULL: by name */
};

static int64_t of_cpu(const struct use *u)
{
	return u->cpu_tenths;
}
static int64_t of_memory(const struct use *u)
{
	return u->memory;
}
static int64_t of_tasks(const struct use *u)
{
	return u->tasks;
}
static int64_t of_disk(const struct use *u)
{
	return u->read_rate < 0 ? -1 : u->read_rate + u->write_rate;
}
static int64_t of_network(const struct use *u)
{
	return u->in_rate < 0 ? -1 : u->in_rate + u->out_rate;
}

static const struct order orders[] = {
	{ 'c', "cpu", of_cpu },
	{ 'm', "memory", of_memory },
	{ 't', "tasks", of_tasks },
	{ 'd', "disk", of_disk },
	{ 'w', "net", of_network },
	{ 'n', "name", NULL },
};
enum { ORDERS = sizeof orders / sizeof *orders };

/* Most first; the names decide among equals, so that nothing jumps about. */
static void sort(struct sample *s, const struct order *o)
{
	for (size_t i = 1; i < s->count; i++) {
		struct use u = s->items[i];
		size_t k = i;
		for (; k > 0; k--) {
			const struct use *p = &s->items[k - 1];
			int64_t above = o->of != NULL ? o->of(p) : 0, own = o->of != NULL ? o->of(&u) : 0;
			if (above > own || (above == own && strverscmp(p->name, u.name) <= 0))
				break;
			s->items[k] = *p;
		}
		s->items[k] = u;
	}
}

/* ---- output ---- */

static const char *amount(struct arena *a, int64_t n)
{
	return n < 0 ? "-" : sandboxes_bytes(a, (uint64_t)n);
}

static void print_text(struct buf *out, struct arena *a, const struct sample *s, unsigned width, size_t rows, bool color)
{
	size_t name = 4;
	for (size_t i = 0; i < s->count; i++)
		name = strlen(s->items[i].name) > name ? strlen(s->items[i].name) : name;
	name = name > 22 ? 22 : name; /* the rest of a longer one is in bailey list */
	size_t used = name + 7 + 7 + 6 + 4 * 7 + 1, program = width > used + 7 ? width - used : 7;
	buf_printf(out, "%s%-*s %6s %6s %5s %6s %6s %6s %6s  %-*s%s\n", color ? "\033[7m" : "", (int)name, "NAME", "CPU%", "MEMORY",
		"TASKS", "READ/s", "WRIT/s", "IN/s", "OUT/s", color ? (int)program : 0, "PROGRAM", color ? "\033[0m" : "");
	for (size_t i = 0; i < s->count && i < rows; i++) {
		const struct use *u = &s->items[i];
		bool runs = strcmp(u->state, "running") == 0;
		const char *cpu =
			u->cpu_tenths < 0 ? "-" : arena_printf(a, "%" PRIi64 ".%" PRIi64, u->cpu_tenths / 10, u->cpu_tenths % 10);
		const char *tasks = u->tasks < 0 ? "-" : arena_printf(a, "%" PRIi64, u->tasks);
		const char *what = runs ? u->program : arena_printf(a, "%s (%s)", u->program, u->state);
		buf_printf(out, "%-*.*s %6s %6s %5s %6s %6s %6s %6s  %.*s\n", (int)name, (int)name, u->name, cpu,
			amount(a, u->memory), tasks, amount(a, u->read_rate), amount(a, u->write_rate), amount(a, u->in_rate),
			amount(a, u->out_rate), (int)program, what);
	}
}

static void number(struct json *j, const char *key, int64_t n)
{
	if (n >= 0)
		json_int(j, key, n);
	else
		json_null(j, key);
}

static void print_json(struct buf *out, const struct sample *s)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_array(&j, "sandboxes");
	for (size_t i = 0; i < s->count; i++) {
		const struct use *u = &s->items[i];
		json_object(&j, NULL);
		json_string(&j, "name", u->name);
		json_string(&j, "state", u->state);
		json_string(&j, "program", u->program);
		number(&j, "cpu_permille", u->cpu_tenths);
		number(&j, "cpu_us", u->cpu_us);
		number(&j, "memory", u->memory);
		number(&j, "tasks", u->tasks);
		number(&j, "read_per_second", u->read_rate);
		number(&j, "written_per_second", u->write_rate);
		number(&j, "received_per_second", u->in_rate);
		number(&j, "sent_per_second", u->out_rate);
		number(&j, "received", u->received);
		number(&j, "sent", u->sent);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

/* ---- the verb ---- */

/* Each look has memory of its own, so that watching for a day takes no more than two looks. */
static int look(struct cli *cli, const struct args *args, struct sample *ret, const struct sample *before)
{
	struct cli at = *cli;
	struct sandboxes all;
	struct chosen chosen;
	struct state_tasks tasks;
	at.arena = (struct arena){ .head = NULL };
	*ret = (struct sample){ .count = 0 };
	int status = sandboxes_choose(&at, args, args->rest_count, true, &all, &chosen);
	int r = status == 0 ? state_tasks_read(&tasks, &at.arena) : 0;
	if (r < 0)
		status = cli_fail(cli, EXIT_SETUP, NULL, "cannot read /proc: %s", strerror(-r));
	if (status == 0) {
		ret->ms = clock_ms();
		ret->items = arena_array(&at.arena, chosen.count + 1, sizeof *ret->items);
		for (size_t i = 0; i < chosen.count; i++)
			look_at(&ret->items[ret->count++], &at.arena, chosen.items[i], &tasks);
		compare(ret, before);
	}
	ret->arena = at.arena;
	return status;
}

static int once(struct cli *cli, const struct args *args, const struct order *o)
{
	struct sample first, second = { .count = 0 };
	const struct sample none = { .count = 0 };
	struct buf out = { .arena = &cli->arena };
	int status = look(cli, args, &first, &none);
	if (status == 0 && first.count > 0)
		(void)nanosleep(&(struct timespec){ .tv_nsec = ONCE_MS * 1000000L }, NULL);
	if (status == 0)
		status = look(cli, args, &second, &first);
	if (status == 0) {
		sort(&second, o);
		if (args_has(args, "--json"))
			print_json(&out, &second);
		else
			print_text(&out, &cli->arena, &second, cli_width(cli), second.count, false);
		status = cli_write(cli, &out);
	}
	arena_free(&first.arena);
	arena_free(&second.arena);
	return status;
}

static void show(const struct cli *cli, struct sample *s, const struct order *o)
{
	struct arena a = { .head = NULL };
	struct buf out = { .arena = &a };
	unsigned rows = screen_rows();
	sort(s, o);
	print_text(&out, &a, s, cli_width(cli), rows > 1 ? rows - 1 : 1, cli->color_out);
	screen_show(buf_text(&out), out.len);
	arena_free(&a);
}

static int live(struct cli *cli, const struct args *args, const struct order *o, int64_t seconds)
{
	struct screen screen;
	struct sample now, before = { .count = 0 };
	int status = look(cli, args, &now, &before), r = status == 0 ? screen_begin(&screen) : 0;
	if (r < 0)
		status = cli_fail(cli, EXIT_SETUP, "--once shows it once", "cannot use the terminal: %s", strerror(-r));
	bool begun = status == 0;
	int64_t next = clock_ms() + 500; /* the first rates come soon */
	for (int key = SCREEN_CHANGED; status == 0 && key != 'q' && key != SCREEN_END;) {
		show(cli, &now, o);
		key = screen_wait(&screen, next > clock_ms() ? (int)(next - clock_ms()) : 0);
		for (size_t i = 0; i < ORDERS; i++)
			if (key == orders[i].key)
				o = &orders[i];
		if (key != SCREEN_TIME)
			continue;
		next = clock_ms() + seconds * 1000;
		arena_free(&before.arena);
		before = now;
		status = look(cli, args, &now, &before);
		/* Those that were named have ended, which is no mistake any more. */
		if (status == EXIT_USAGE) {
			status = 0;
			break;
		}
	}
	if (begun)
		screen_end(&screen);
	arena_free(&before.arena);
	arena_free(&now.arena);
	return status;
}

int cmd_top(struct cli *cli, struct args *args)
{
	const char *word = args_value(args, "--sort"), *interval = args_value(args, "--interval");
	const struct order *o = word == NULL ? &orders[0] : NULL;
	int64_t seconds = INTERVAL_S;
	for (size_t i = 0; i < ORDERS && o == NULL; i++)
		if (strcmp(orders[i].word, word) == 0)
			o = &orders[i];
	if (o == NULL)
		return cli_fail(cli, EXIT_USAGE, "name, cpu, memory, tasks, disk or net", "top cannot sort by %s", word);
	if (interval != NULL && num_int(interval, 1, INTERVAL_MAX_S, &seconds) < 0)
		return cli_fail(cli, EXIT_USAGE, "for example: --interval 5", "--interval=%s is no number of seconds", interval);
	if (args_has(args, "--once") || args_has(args, "--json") || isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
		return once(cli, args, o);
	return live(cli, args, o, seconds);
}
