/* bailey profiles: what there is, where it comes from, what overrides it. */
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/cli.h"
#include "plan/layout.h"

/* Below home a path is shown with "~". */
static const char *short_path(struct cli *cli, const char *path)
{
	const char *home = cli->facts.home;
	if (home[0] == '/' && home[1] != '\0' && path_below(path, home))
		path = arena_printf(&cli->arena, "~%s", path + strlen(home));
	return layout_clean(&cli->arena, path);
}

static void print_programs(struct buf *out, const struct conf_entry *e, int margin, size_t width)
{
	size_t at = width;
	for (size_t i = 0; i < e->program_count; i++) {
		const char *after = i + 1 < e->program_count ? "," : "";
		size_t n = strlen(e->programs[i]) + strlen(after) + 1;
		if (at + n > width) {
			buf_printf(out, i == 0 ? "%*s  for" : "\n%*s     ", margin, "");
			at = (size_t)margin + 5;
		}
		buf_printf(out, " %s%s", e->programs[i], after);
		at += n;
	}
	if (e->program_count > 0)
		buf_putc(out, '\n');
}

static void print_text(struct cli *cli, struct buf *out, const struct conf_entry *entries, size_t count)
{
	int wide = 4;
	const char *bold = cli->color_out ? "\033[1m" : "", *plain = cli->color_out ? "\033[0m" : "";
	for (size_t i = 0; i < count; i++)
		if ((int)strlen(entries[i].name) > wide)
			wide = (int)strlen(entries[i].name);
	for (size_t i = 0; i < count; i++) {
		const struct conf_entry *e = &entries[i];
		buf_printf(out, "%s%-*s%s  %s\n", bold, wide, e->name, plain,
			e->description[0] != '\0' ? layout_clean(&cli->arena, e->description) : "(no description)");
		buf_printf(out, "%*s  %s\n", wide, "", short_path(cli, e->path));
		print_programs(out, e, wide, cli_width(cli));
		if (e->tried[0] != '\0')
			buf_printf(out, "%*s  tried with %s\n", wide, "", layout_clean(&cli->arena, e->tried));
		for (size_t k = 0; k < e->shadow_count; k++)
			buf_printf(out, "%*s  instead of %s\n", wide, "", short_path(cli, e->shadows[k]));
		for (size_t k = 0; k < e->local_count; k++)
			buf_printf(out, "%*s  changed by %s\n", wide, "", short_path(cli, e->locals[k]));
	}
}

static void words(struct json *j, const char *key, const char *const *items, size_t count)
{
	json_array(j, key);
	for (size_t i = 0; i < count; i++)
		json_string(j, NULL, items[i]);
	json_array_end(j);
}

static void print_json(struct buf *out, const struct conf_entry *entries, size_t count)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_array(&j, "profiles");
	for (size_t i = 0; i < count; i++) {
		const struct conf_entry *e = &entries[i];
		json_object(&j, NULL);
		json_string(&j, "name", e->name);
		json_string(&j, "path", e->path);
		json_string(&j, "description", e->description);
		words(&j, "programs", e->programs, e->program_count);
		if (e->tried[0] != '\0')
			json_string(&j, "tried", e->tried);
		words(&j, "instead_of", e->shadows, e->shadow_count);
		words(&j, "changed_by", e->locals, e->local_count);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

int cmd_profiles(struct cli *cli, struct args *args)
{
	struct conf_entry *entries = NULL;
	size_t count = 0;
	struct diags diags = { .arena = &cli->arena };
	struct buf out = { .arena = &cli->arena };
	if (args->rest_count > 0)
		return cli_fail(cli, EXIT_USAGE, arena_printf(&cli->arena, "to see what it does: bailey explain %s", args->rest[0]),
			"profiles takes no words");
	if (args_has(args, "--identities"))
		return cli_print_identities(cli, args_has(args, "--json"));
	conf_list(&entries, &count, &cli->arena, &cli->places, args_has(args, "--all"), &diags);
	if (args_has(args, "--json"))
		print_json(&out, entries, count);
	else
		print_text(cli, &out, entries, count);
	cli_print_diags(cli, &diags);
	int status = cli_write(cli, &out);
	return status != 0 ? status : diags.errors > 0 ? EXIT_USAGE : 0;
}
