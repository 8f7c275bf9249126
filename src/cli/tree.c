/* bailey tree: the running sandboxes with the processes in each. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/sandboxes.h"
#include "plan/layout.h"

enum { COMMAND_MAX = 512, DEPTH_MAX = 40 };

/* The words of a process, which are its own and may be anything; its name in brackets when it has none. */
static const char *command(struct arena *a, pid_t pid)
{
	char path[32], text[COMMAND_MAX];
	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		(void)close(fd);
	while (n > 0 && text[n - 1] == '\0')
		n--;
	if (n > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (text[i] == '\0')
				text[i] = ' ';
		text[n] = '\0';
		return layout_clean(a, arena_strdup(a, text));
	}
	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return layout_clean(a, arena_printf(a, "[%s]", text));
}

struct forest {
	struct cli *cli;
	struct buf *out;
	struct json *json; /* or NULL for text */
	const struct state_tasks *tasks;
	unsigned width;
};

static void line(const struct forest *f, const char *before, const char *mark, const struct state_task *t)
{
	struct arena *a = &f->cli->arena;
	const char *head = arena_printf(a, "%s%s%d ", before, mark, (int)t->pid);
	size_t used = strlen(head), left = f->width > used + 8 ? f->width - used : 8;
	buf_printf(f->out, "%s%.*s\n", head, (int)left, command(a, t->pid));
}

/* Children by their numbers. A loop in what /proc told at different moments ends at a depth nobody reaches. */
static void children(const struct forest *f, pid_t parent, const char *before, unsigned depth)
{
	const struct state_tasks *all = f->tasks;
	size_t last = 0;
	if (depth == DEPTH_MAX)
		return;
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].parent == parent)
			last = i;
	for (size_t i = 0; i < all->count; i++) {
		const struct state_task *t = &all->items[i];
		if (t->parent != parent)
			continue;
		if (f->json != NULL) {
			json_object(f->json, NULL);
			json_int(f->json, "pid", t->pid);
			json_int(f->json, "parent", t->parent);
			json_int(f->json, "threads", (int64_t)t->threads);
			json_string(f->json, "command", command(&f->cli->arena, t->pid));
			json_object_end(f->json);
			children(f, t->pid, "", depth + 1);
			continue;
		}
		line(f, before, i == last ? "`- " : "|- ", t);
		children(f, t->pid, arena_printf(&f->cli->arena, "%s%s", before, i == last ? "   " : "|  "), depth + 1);
	}
}

static void one(const struct forest *f, const struct state_sandbox *s)
{
	struct arena *a = &f->cli->arena;
	const struct state_record *r = &s->record;
	const char *state = sandboxes_activity(s);
	if (f->json == NULL) {
		buf_printf(f->out, "%s (%s, profile %s, process %d%s%s)\n", r->name, layout_clean(a, path_base(r->program)),
			layout_clean(a, path_base(r->profile)), (int)r->launcher.pid, strcmp(state, "running") != 0 ? ", " : "",
			strcmp(state, "running") != 0 ? state : "");
		if (r->sandbox.pid != 0)
			children(f, r->sandbox.pid, "", 0);
		return;
	}
	json_object(f->json, NULL);
	json_string(f->json, "name", r->name);
	json_string(f->json, "profile", r->profile);
	json_string(f->json, "state", state);
	json_int(f->json, "launcher_pid", r->launcher.pid);
	json_array(f->json, "processes");
	if (r->sandbox.pid != 0)
		children(f, r->sandbox.pid, "", 0);
	json_array_end(f->json);
	json_object_end(f->json);
}

int cmd_tree(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	struct chosen chosen;
	struct state_tasks tasks = { .count = 0 };
	struct buf out = { .arena = &cli->arena };
	struct json j = { .out = &out, .indent = true };
	int status = sandboxes_choose(cli, args, args->rest_count, true, &all, &chosen);
	if (status != 0)
		return status;
	int r = chosen.count > 0 ? state_tasks_read(&tasks, &cli->arena) : 0;
	if (r < 0)
		return cli_fail(cli, EXIT_SETUP, NULL, "cannot read /proc: %s", strerror(-r));
	bool json = args_has(args, "--json");
	const struct forest f = { cli, &out, json ? &j : NULL, &tasks, cli_width(cli) };
	if (json) {
		json_object(&j, NULL);
		json_int(&j, "bailey", 1);
		json_array(&j, "sandboxes");
	}
	for (size_t i = 0; i < chosen.count; i++)
		one(&f, chosen.items[i]);
	if (json) {
		json_array_end(&j);
		json_object_end(&j);
		buf_putc(&out, '\n');
	}
	return cli_write(cli, &out);
}
