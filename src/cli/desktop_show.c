/* bailey desktop list and status. */

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/desktop.h"
#include "plan/layout.h"

struct table {
	const char *cells[4];
};

static void print_table(struct buf *out, const struct table *rows, size_t count)
{
	int wide[3] = { 0, 0, 0 };
	for (size_t i = 0; i < count; i++)
		for (int k = 0; k < 3; k++)
			if ((int)strlen(rows[i].cells[k]) > wide[k])
				wide[k] = (int)strlen(rows[i].cells[k]);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%-*s  %-*s  %-*s  %s\n", wide[0], rows[i].cells[0], wide[1], rows[i].cells[1], wide[2],
			rows[i].cells[2], rows[i].cells[3]);
}

static const char *state_of(struct desktop_task *t, const struct override *r)
{
	return r != NULL ? override_state_word(override_state(&t->d, r)) : "-";
}

static void json_items(struct desktop_task *t, struct buf *out, bool all)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_array(&j, "entries");
	for (size_t i = 0; i < t->item_count; i++) {
		const struct desktop_item *item = &t->items[i];
		if (!all && item->profile == NULL && item->record == NULL)
			continue;
		json_object(&j, NULL);
		json_string(&j, "kind", desktop_kind_word(item->kind));
		json_string(&j, "id", item->id);
		json_string(&j, "name", item->entry.name);
		json_string(&j, "source", item->source);
		json_string(&j, "program", item->path);
		json_string(&j, "profile", item->profile);
		json_bool(&j, "enabled", item->record != NULL);
		json_string(&j, "problem", item->wrong);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

int desktop_list(struct desktop_task *t)
{
	struct arena *a = &t->cli->arena;
	struct buf out = { .arena = a };
	const bool all = args_has(t->args, "--all");
	if (args_has(t->args, "--json")) {
		json_items(t, &out, all);
		return cli_write(t->cli, &out);
	}
	struct table *rows = arena_array(a, t->item_count + 1, sizeof *rows);
	size_t count = 0;
	rows[count++] = (struct table){ { "ENTRY", "PROFILE", "STATE", "PROGRAM" } };
	for (size_t i = 0; i < t->item_count; i++) {
		const struct desktop_item *item = &t->items[i];
		if (item->kind != DESKTOP_APPLICATION || (!all && item->profile == NULL && item->record == NULL))
			continue;
		const char *profile = item->record != NULL ? item->record->profile : item->profile;
		const char *program = item->path != NULL ? item->path : item->wrong != NULL ? item->wrong : item->entry.program;
		rows[count++] = (struct table){ { item->id, profile != NULL ? layout_clean(a, profile) : "-",
			state_of(t, item->record), layout_clean(a, program != NULL ? program : "") } };
	}
	print_table(&out, rows, count);
	return cli_write(t->cli, &out);
}

static bool is_asked(const struct desktop_task *t, const struct override *r, char **words)
{
	for (char **w = words; *w != NULL; w++)
		if (desktop_means_record(t, r, *w))
			return true;
	return words[0] == NULL;
}

static void json_records(struct desktop_task *t, struct buf *out, char **words)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_array(&j, "files");
	for (size_t i = 0; i < t->d.manifest.count; i++) {
		const struct override *r = t->d.manifest.records[i];
		const struct files_dir *own = &t->d.place.dirs[r->kind].own;
		if (!is_asked(t, r, words))
			continue;
		json_object(&j, NULL);
		json_string(&j, "kind", desktop_kind_word(r->kind));
		json_string(&j, "id", desktop_id(out->arena, r->kind, r->name));
		json_string(&j, "path", path_join(out->arena, path_join(out->arena, own->base, own->below), r->name));
		json_string(&j, "profile", r->profile);
		json_string(&j, "program", r->program);
		json_string(&j, "source", r->source);
		json_string(&j, "state", state_of(t, r));
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

/* What to do about the worst of the states. */
static const char *advice(const bool seen[])
{
	if (seen[OVERRIDE_CHANGED])
		return "what was changed is left alone: move it away, then bailey desktop refresh";
	return "bailey desktop refresh brings them up to date";
}

int desktop_status(struct desktop_task *t, char **words)
{
	struct arena *a = &t->cli->arena;
	struct buf out = { .arena = a };
	struct table *rows = arena_array(a, t->d.manifest.count + 1, sizeof *rows);
	bool seen[OVERRIDE_ORPHAN + 1] = { false };
	size_t count = 0, bad = 0;
	rows[count++] = (struct table){ { "NAME", "PROFILE", "STATE", "FILE" } };
	for (size_t i = 0; i < t->d.manifest.count; i++) {
		const struct override *r = t->d.manifest.records[i];
		if (!is_asked(t, r, words))
			continue;
		enum override_state state = override_state(&t->d, r);
		seen[state] = true;
		bad += state != OVERRIDE_OK;
		rows[count++] = (struct table){ { desktop_id(a, r->kind, r->name), layout_clean(a, r->profile),
			override_state_word(state), desktop_shown(t, r) } };
	}
	if (args_has(t->args, "--json"))
		json_records(t, &out, words);
	else if (count > 1)
		print_table(&out, rows, count);
	else
		buf_puts(&out, "Nothing is enabled.\n");
	int status = cli_write(t->cli, &out);
	if (bad > 0 && status == 0)
		return cli_fail(t->cli, EXIT_FAILURE, advice(seen), "%zu of %zu %s not as %s should be", bad, count - 1,
			count == 2 ? "files is" : "files are", count == 2 ? "it" : "they");
	return status;
}
