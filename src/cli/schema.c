/* bailey schema: the settings there are, as text for people and as JSON. */
#include "cli/schema.h"

#include <string.h>

#include "base/json.h"

static const char *const type_words[] = {
	[TYPE_BOOL] = "bool",
	[TYPE_INT] = "int",
	[TYPE_SIZE] = "size",
	[TYPE_DURATION] = "duration",
	[TYPE_MODE] = "mode",
	[TYPE_CHOICE] = "choice",
	[TYPE_STRING] = "string",
	[TYPE_LIST] = "list",
	[TYPE_RECORDS] = "records",
};

static const char *const merge_words[] = { [MERGE_REPLACE] = "replace", [MERGE_APPEND] = "append", [MERGE_KEYED] = "keyed" };

bool schema_selects(const char *wanted, const char *path)
{
	if (wanted == NULL)
		return true;
	size_t n = strlen(wanted);
	return strncmp(path, wanted, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

static void text_values(struct buf *out, const struct setting *s, const char *margin)
{
	for (size_t i = 0; s->type == TYPE_CHOICE && i < schema_choice_count; i++)
		if (strcmp(schema_choices[i].list, s->list) == 0)
			buf_printf(out, "%s\"%s\": %s\n", margin, schema_choices[i].word, schema_choices[i].help);
}

static void text_setting(struct buf *out, const struct setting *s)
{
	buf_printf(out, "%s\n    %s\n", s->path, s->help);
	buf_printf(out, "    takes:   %s\n", schema_form(out->arena, s));
	text_values(out, s, "        ");
	for (size_t i = 0; s->type == TYPE_RECORDS && i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		if (strcmp(m->record, s->list) != 0)
			continue;
		const char *note = "";
		if (m->flags & FLAG_MUST)
			note = ", needed";
		else if (m->flags & FLAG_KEY)
			note = ", tells entries apart";
		buf_printf(out, "        %s: %s (%s%s)\n", m->path, m->help, schema_form(out->arena, m), note);
		text_values(out, m, "            ");
	}
	if (s->def != NULL)
		buf_printf(out, "    default: %s\n", s->def);
	const char *name = strrchr(s->path, '.');
	buf_printf(out, "    example: %s = %s;\n", name != NULL ? name + 1 : s->path, s->example);
}

static void print_text(struct buf *out, const char *wanted)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (!schema_selects(wanted, schema_settings[i].path))
			continue;
		if (out->len > 0)
			buf_putc(out, '\n');
		text_setting(out, &schema_settings[i]);
	}
}

static void json_row(struct json *j, const struct setting *s)
{
	json_object(j, NULL);
	json_string(j, s->record != NULL ? "name" : "path", s->path);
	json_string(j, "type", type_words[s->type]);
	if (s->type == TYPE_STRING || s->type == TYPE_LIST || s->type == TYPE_INT)
		json_string(j, "kind", schema_kind_word(s->kind));
	if (s->record == NULL) {
		json_string(j, "merge", merge_words[s->merge]);
		json_bool(j, "lockable", s->flags & FLAG_LOCK || s->flags & FLAG_BOUND);
		json_bool(j, "boundable", s->flags & FLAG_BOUND);
	} else {
		json_bool(j, "key", s->flags & FLAG_KEY);
		json_bool(j, "required", s->flags & FLAG_MUST);
	}
	json_string(j, "default", s->def);
	json_string(j, "example", s->example);
	json_string(j, "help", s->help);
	if (s->type == TYPE_CHOICE) {
		json_array(j, "values");
		for (size_t i = 0; i < schema_choice_count; i++) {
			if (strcmp(schema_choices[i].list, s->list) != 0)
				continue;
			json_object(j, NULL);
			json_string(j, "word", schema_choices[i].word);
			json_string(j, "help", schema_choices[i].help);
			json_object_end(j);
		}
		json_array_end(j);
	}
	if (s->type == TYPE_RECORDS) {
		json_array(j, "members");
		for (size_t i = 0; i < schema_member_count; i++)
			if (strcmp(schema_members[i].record, s->list) == 0)
				json_row(j, &schema_members[i]);
		json_array_end(j);
	}
	json_object_end(j);
}

static void print_json(struct buf *out, const char *wanted)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_array(&j, "groups");
	for (size_t i = 0; i < schema_group_count; i++) {
		if (!schema_selects(wanted, schema_groups[i].path))
			continue;
		json_object(&j, NULL);
		json_string(&j, "path", schema_groups[i].path);
		json_string(&j, "help", schema_groups[i].help);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_array(&j, "settings");
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (schema_selects(wanted, schema_settings[i].path))
			json_row(&j, &schema_settings[i]);
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

int cmd_schema(struct cli *cli, struct args *args)
{
	struct buf out = { .arena = &cli->arena };
	const char *list = args_value(args, "--words");
	if (list != NULL) {
		if (!words_print(cli, &out, list, args->rest))
			return cli_fail(cli, EXIT_USAGE,
				"there are: settings, values:SETTING, profiles, options:PROFILE, verbs, flags:VERB, sandboxes",
				"no word list %s", list);
		return cli_write(cli, &out);
	}
	if (args->rest_count > 1)
		return cli_fail(cli, EXIT_USAGE, NULL, "one setting or group at a time");
	const char *wanted = args->rest[0];
	if (wanted != NULL && schema_find(wanted) == NULL && !schema_is_group(wanted)) {
		const char *near = schema_nearest_setting(wanted);
		return cli_fail(cli, EXIT_USAGE, near != NULL ? arena_printf(&cli->arena, "did you mean %s?", near) : NULL,
			"there is no setting %s", wanted);
	}
	if (args_has(args, "--mdoc-options"))
		mdoc_options(&out);
	else if (args_has(args, "--mdoc"))
		mdoc_settings(&out, wanted);
	else if (args_has(args, "--json"))
		print_json(&out, wanted);
	else
		print_text(&out, wanted);
	return cli_write(cli, &out);
}
