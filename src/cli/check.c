/* bailey check: every mistake of every profile named, and of their options and the machine's policy. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/cli.h"

struct checked {
	const char *name, *path; /* path is NULL when no file was found */
	struct diags diags;
};

struct check {
	struct cli *cli;
	struct facts *facts;
	struct checked *items;
	size_t count, cap;
};

/* A profile is read once for itself and once for each of its options; a pipe can be read only once. */
static int keep_standard_input(void)
{
	int fd = memfd_create("bailey profile", MFD_CLOEXEC);
	char piece[16384];
	ssize_t n;
	if (fd < 0)
		return -errno;
	while ((n = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write(fd, piece, (size_t)n) != n) {
			int code = errno;
			close(fd);
			return -code;
		}
	}
	int r = dup2(fd, STDIN_FILENO) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* Parts (common/...) are no whole profiles: a plan of one alone would find things missing that its users have. */
static void check_with(
	struct check *c, struct checked *item, const char *profile, const char *option, bool part, struct profile *ret)
{
	struct conf_request request = { .profile = profile, .with = &option, .with_count = option != NULL };
	if (strcmp(profile, "-") == 0)
		lseek(STDIN_FILENO, 0, SEEK_SET);
	if (conf_load(ret, &c->cli->arena, &c->cli->places, &request, &item->diags) != 0 || part)
		return;
	struct plan plan = { 0 };
	plan_make(&plan, &c->cli->arena, ret, c->facts, &(struct plan_request){ 0 }, true, &item->diags);
}

static void check_one(struct check *c, const char *name, const char *profile, bool part)
{
	c->items = arena_grow(&c->cli->arena, c->items, c->count, &c->cap, sizeof *c->items);
	struct checked *item = &c->items[c->count++];
	*item = (struct checked){ .name = name, .diags = { .arena = &c->cli->arena } };
	struct profile loaded = { 0 }, again = { 0 };
	check_with(c, item, profile, NULL, part, &loaded);
	for (size_t i = 0; i < loaded.options.count; i++)
		check_with(c, item, profile, MEMBER_OF(&loaded.options.items[i], option, name)->s, part, &again);
	item->path = loaded.path;
	diags_sort(&item->diags);
}

static void check_all(struct check *c)
{
	struct conf_entry *entries = NULL;
	size_t count = 0;
	struct diags diags = { .arena = &c->cli->arena };
	conf_list(&entries, &count, &c->cli->arena, &c->cli->places, true, &diags);
	for (size_t i = 0; i < count; i++) {
		bool part = strchr(entries[i].name, '/') != NULL;
		check_one(c, entries[i].name, part ? entries[i].path : entries[i].name, part);
	}
}

static size_t count_of(const struct checked *item, enum severity severity)
{
	return severity == DIAG_ERROR ? item->diags.errors : item->diags.count - item->diags.errors;
}

/* One mistake in a part that ten profiles inherit is shown once. */
static void print_text(struct check *c, struct buf *out)
{
	struct diags all = { .arena = &c->cli->arena };
	size_t bad = 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct checked *item = &c->items[i];
		bad += item->diags.errors > 0;
		for (size_t k = 0; k < item->diags.count; k++) {
			all.items = arena_grow(all.arena, all.items, all.count, &all.cap, sizeof *all.items);
			all.items[all.count] = item->diags.items[k];
			all.errors += item->diags.items[k].severity == DIAG_ERROR;
			/* Each is sorted already; a rank by place keeps profile after profile. */
			all.items[all.count].origin.layer = (unsigned)all.count;
			all.count++;
		}
	}
	cli_print_diags(c->cli, &all);
	if (bad == 0)
		buf_printf(out, "%zu %s checked: no errors", c->count, c->count == 1 ? "profile" : "profiles");
	else
		buf_printf(out, "%zu %s checked: %zu %s in %zu of them", c->count, c->count == 1 ? "profile" : "profiles",
			all.errors, all.errors == 1 ? "error" : "errors", bad);
	size_t warnings = all.count - all.errors;
	if (warnings > 0)
		buf_printf(out, ", %zu %s", warnings, warnings == 1 ? "warning" : "warnings");
	buf_putc(out, '\n');
}

static void print_json(const struct check *c, struct buf *out)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_array(&j, "profiles");
	for (size_t i = 0; i < c->count; i++) {
		const struct checked *item = &c->items[i];
		json_object(&j, NULL);
		json_string(&j, "name", item->name);
		json_string(&j, "path", item->path);
		json_uint(&j, "errors", count_of(item, DIAG_ERROR));
		json_uint(&j, "warnings", count_of(item, DIAG_WARNING));
		json_array(&j, "diagnostics");
		for (size_t k = 0; k < item->diags.count; k++) {
			const struct diag *d = &item->diags.items[k];
			json_object(&j, NULL);
			json_string(&j, "severity", d->severity == DIAG_ERROR ? "error" : "warning");
			json_string(&j, "file", d->origin.file);
			if (d->origin.line > 0)
				json_uint(&j, "line", d->origin.line);
			else
				json_null(&j, "line");
			json_string(&j, "setting", d->setting);
			json_string(&j, "text", d->text);
			json_string(&j, "hint", d->hint);
			json_object_end(&j);
		}
		json_array_end(&j);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

int cmd_check(struct cli *cli, struct args *args)
{
	struct facts store;
	struct check c = { .cli = cli, .facts = cli_facts(cli, args, &store) };
	if (c.facts == NULL)
		return EXIT_USAGE;
	if (args->rest_count == 0 || args_has(args, "--all"))
		check_all(&c);
	for (int i = 0; i < args->rest_count; i++) {
		const char *word = args->rest[i];
		int r = strcmp(word, "-") == 0 ? keep_standard_input() : 0;
		if (r < 0)
			return cli_fail(cli, EXIT_USAGE, NULL, "cannot read standard input: %s", strerror(-r));
		check_one(&c, word, cli_profile_for(cli, c.facts, word), false);
	}
	struct buf out = { .arena = &cli->arena };
	if (args_has(args, "--json"))
		print_json(&c, &out);
	else
		print_text(&c, &out);
	bool strict = args_has(args, "--strict");
	size_t errors = 0;
	for (size_t i = 0; i < c.count; i++)
		errors += strict ? c.items[i].diags.count : c.items[i].diags.errors;
	int status = cli_write(cli, &out);
	return status != 0 ? status : errors > 0 ? EXIT_USAGE : 0;
}
