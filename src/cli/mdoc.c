/* The generated parts of the manual pages. */
#include <string.h>

#include "cli/schema.h"

static void escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\\')
			buf_puts(out, "\\e");
		else if (*text == '~')
			buf_puts(out, "\\(ti");
		else if (*text == '^')
			buf_puts(out, "\\(ha");
		else
			buf_putc(out, *text);
	buf_putc(out, '\n');
}

/* A sentence begins a line of its own, as mdoc wants it. */
static void text_line(struct buf *out, const char *text)
{
	for (const char *end; (end = strstr(text, ". ")) != NULL; text = end + 2)
		text_line(out, arena_strndup(out->arena, text, (size_t)(end - text) + 1));
	if (*text == '.' || *text == '\'')
		buf_puts(out, "\\&"); /* else it would be a request */
	escaped(out, text);
}

/* A macro with one argument: in quotes, those inside doubled. */
static void macro(struct buf *out, const char *name, const char *text)
{
	struct buf line = { .arena = out->arena };
	buf_printf(&line, ".%s \"", name);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"')
			buf_putc(&line, '"');
		buf_putc(&line, *c);
	}
	buf_putc(&line, '"');
	escaped(out, buf_text(&line));
}

static void choices(struct buf *out, const struct setting *s)
{
	if (s->type != TYPE_CHOICE)
		return;
	buf_puts(out, ".Bl -tag -width \"persistent\" -compact\n");
	for (size_t i = 0; i < schema_choice_count; i++) {
		if (strcmp(schema_choices[i].list, s->list) != 0)
			continue;
		macro(out, "It Cm", schema_choices[i].word);
		text_line(out, schema_choices[i].help);
	}
	buf_puts(out, ".El\n");
}

static void default_line(struct buf *out, const struct setting *s)
{
	if (s->def == NULL)
		return;
	buf_puts(out, "Default:\n");
	macro(out, "Ql", s->def);
}

static void members(struct buf *out, const struct setting *s)
{
	buf_puts(out, "Each entry has:\n.Bl -tag -width \"description\"\n");
	for (size_t i = 0; i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		if (strcmp(m->record, s->list) != 0)
			continue;
		macro(out, "It Va", m->path);
		text_line(out, m->help);
		text_line(out,
			arena_printf(
				out->arena, "Takes %s%s.", schema_form(out->arena, m), m->flags & FLAG_MUST ? "; needed" : ""));
		if (m->flags & FLAG_KEY)
			buf_puts(out, "A later entry with the same text replaces an earlier one.\n");
		choices(out, m);
		default_line(out, m);
	}
	buf_puts(out, ".El\n");
}

static void setting(struct buf *out, const struct setting *s)
{
	const char *name = strrchr(s->path, '.');
	macro(out, "It Va", s->path);
	text_line(out, s->help);
	text_line(out, arena_printf(out->arena, "Takes %s.", schema_form(out->arena, s)));
	choices(out, s);
	if (s->type == TYPE_RECORDS)
		members(out, s);
	default_line(out, s);
	buf_puts(out, "Example:\n");
	macro(out, "Dl", arena_printf(out->arena, "%s = %s;", name != NULL ? name + 1 : s->path, s->example));
}

/* The settings of one group, or those outside of any. */
static void list(struct buf *out, const char *group, const char *wanted)
{
	bool begun = false;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &schema_settings[i];
		bool inside = group != NULL ? schema_selects(group, s->path) : strchr(s->path, '.') == NULL;
		if (!inside || !schema_selects(wanted, s->path))
			continue;
		if (!begun)
			buf_puts(out, ".Bl -tag -width Ds\n");
		begun = true;
		setting(out, s);
	}
	if (begun)
		buf_puts(out, ".El\n");
}

void mdoc_settings(struct buf *out, const char *wanted)
{
	if (wanted == NULL)
		buf_puts(out, ".Ss The file itself\n");
	list(out, NULL, wanted);
	for (size_t i = 0; i < schema_group_count; i++) {
		const struct setting_group *g = &schema_groups[i];
		if (wanted != NULL && !schema_selects(wanted, g->path) && !schema_selects(g->path, wanted))
			continue;
		macro(out, "Ss", arena_printf(out->arena, "The group %s", g->path));
		text_line(out, g->help);
		list(out, g->path, wanted);
	}
}

void mdoc_options(struct buf *out)
{
	for (size_t v = 0; v < VERB_COUNT; v++) {
		const struct verb_row *verb = &verb_rows[v];
		macro(out, "Ss", arena_printf(out->arena, "bailey %s %s", verb->name, verb->synopsis));
		text_line(out, arena_printf(out->arena, "%c%s.", verb->help[0] - 'a' + 'A', verb->help + 1));
		bool any = false;
		for (size_t i = 0; i < option_row_count; i++) {
			const struct option_row *o = &option_rows[i];
			if (o->verb != (enum verb)v)
				continue;
			if (!any)
				buf_puts(out, ".Bl -tag -width Ds\n");
			any = true;
			struct buf head = { .arena = out->arena };
			if (o->letter != 0)
				buf_printf(&head, ".It Fl %c", o->letter);
			else
				buf_puts(&head, ".It");
			buf_printf(&head, "%s Fl Fl %s", o->letter != 0 ? " ," : "", o->name + 2);
			if (o->argument != NULL)
				buf_printf(&head, " Ar \"%s\"", o->argument);
			buf_printf(out, "%s\n", buf_text(&head));
			text_line(out,
				arena_printf(out->arena, "%c%s.",
					o->help[0] >= 'a' && o->help[0] <= 'z' ? o->help[0] - 'a' + 'A' : o->help[0], o->help + 1));
		}
		if (any)
			buf_puts(out, ".El\n");
	}
}
