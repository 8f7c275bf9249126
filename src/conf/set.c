#include <string.h>

#include "conf/internal.h"
#include "conf/value.h"

static void load_set(struct loader *l, const struct conf_set *s, struct layer *to)
{
	struct diags *d = l->diags;
	const struct origin o = {
		.file = arena_printf(l->arena, "command line (%s)", s->option != NULL ? s->option : "--set"),
		.layer = l->next,
	};
	const struct setting *row = schema_find(s->path);
	if (row == NULL) {
		bool group = schema_is_group(s->path);
		struct diag *e =
			diag_error(d, o, s->path, "%s", group ? "a group of settings, not one of them" : "unknown setting");
		if (!group)
			value_suggest(d, e, schema_nearest_setting(s->path));
		return;
	}
	if (row->flags & FLAG_RUN) {
		struct diag *e = diag_error(d, o, row->path, "cannot be set on the command line");
		if (row == &schema_settings[SET_enable] || row == &schema_settings[SET_options])
			diag_hint(d, e, "use --with NAME");
		return;
	}
	if (row->type == TYPE_RECORDS) {
		struct diag *e = diag_error(d, o, row->path, "cannot be set on the command line: a %s", schema_form(l->arena, row));
		diag_hint(d, e, "write a profile that inherits this one, or NAME.local.conf");
		return;
	}
	const struct place at = { d, o, row->path };
	const char *text = arena_strdup(l->arena, s->value);
	struct value v;
	struct item item;
	if (row->type == TYPE_LIST) {
		if (value_item(&at, row, text, &item))
			list_add(l->arena, &layer_entry(l->arena, to, row, o)->list, item);
	} else if (value_read(&at, row, text, &v)) {
		layer_entry(l->arena, to, row, o)->value = v;
	}
}

void load_sets(struct loader *l)
{
	struct layer layer = { .origin = { .file = "command line", .layer = l->next } };
	for (size_t i = 0; i < l->request->set_count; i++)
		load_set(l, &l->request->sets[i], &layer);
	layer_check(l->diags, &layer, "");
	layer_merge(l->diags, l->profile, &layer);
	l->next++;
}
