#include "schema/schema.h"

#include "conf/value.h"
#include "tap.h"

static void test_rows(struct arena *a)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &schema_settings[i];
		ok(schema_find(s->path) == s, "%s is found, and only once", s->path);
		size_t n = strlen(s->help);
		ok(n > 10 && s->help[n - 1] == '.', "%s has a sentence of help", s->path);
		ok(s->example != NULL && s->bad != NULL && s->example[0] != '\0' && s->bad[0] != '\0', "%s has examples", s->path);
		ok(schema_form(a, s)[0] != '\0', "%s says what it takes", s->path);
		ok((s->merge == MERGE_REPLACE) == (s->type != TYPE_LIST && s->type != TYPE_RECORDS) ||
				s == &schema_settings[SET_programs] || s == &schema_settings[SET_process_command] ||
				s == &schema_settings[SET_desktop_display],
			"%s: single values replace, lists add, but those in an order of preference", s->path);
		ok((s->flags & (FLAG_RUN | FLAG_LOCK)) != 0 && (s->flags & (FLAG_RUN | FLAG_LOCK)) != (FLAG_RUN | FLAG_LOCK),
			"%s can be locked, or is about the file", s->path);
		ok(!(s->flags & FLAG_BOUND) || s->type == TYPE_INT || s->type == TYPE_SIZE || s->type == TYPE_DURATION,
			"%s: only amounts have bounds", s->path);
		ok(s->def == NULL || (s->type != TYPE_LIST && s->type != TYPE_RECORDS), "%s: lists begin empty", s->path);
		const char *dot = strchr(s->path, '.');
		bool group = dot == NULL;
		for (size_t g = 0; g < schema_group_count && !group; g++)
			group = strncmp(schema_groups[g].path, s->path, (size_t)(dot - s->path)) == 0 &&
				schema_groups[g].path[dot - s->path] == '\0';
		ok(group, "%s lies in a group that is described", s->path);
		if (s->def != NULL) {
			struct diags d = { .arena = a };
			struct value v;
			value_default(&d, s, &v);
			ok(d.errors == 0 && v.set, "the default of %s is good", s->path);
			same(v.origin.file, "built in", "and is built in");
		}
		if (s->type == TYPE_CHOICE)
			ok(schema_choice_words(a, s->list)[0] == '"', "%s has words to choose from", s->path);
	}
}

static void test_members(struct arena *a)
{
	for (size_t i = 0; i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		struct diags d = { .arena = a };
		struct value v;
		ok(schema_member(m->record, m->path) == m, "%s.%s is found", m->record, m->path);
		ok(m->offset > 0 && m->offset < RECORD_MEMBERS, "%s.%s has a place", m->record, m->path);
		ok(m->help[0] != '\0' && m->example[0] != '\0' && m->bad[0] != '\0', "%s.%s has help and examples", m->record,
			m->path);
		value_default(&d, m, &v);
		ok(d.errors == 0 && v.set == (m->def != NULL), "the default of %s.%s is good", m->record, m->path);
	}
	ok(schema_member("bind", "nothing") == NULL, "no such member");
	ok(schema_member("tmpfs", "from") == NULL, "a member of another record");
}

int main(void)
{
	struct arena a = { 0 };
	test_rows(&a);
	test_members(&a);

	ok(schema_find("filesystem") == NULL, "a group is no setting");
	ok(schema_is_group("filesystem") && schema_is_group("process.limits"), "groups");
	ok(!schema_is_group("") && !schema_is_group("file") && !schema_is_group("filesystem.home"), "no groups");

	ok(schema_choice("choice_home", "host")->value == HOME_HOST, "a word");
	ok(schema_choice("choice_home", "none") == NULL, "a word of another list");
	same(schema_choice_word(NETWORK_NONE), "none", "the word of a value");
	same(schema_choice_word(-7), "?", "the word of no value");
	same(schema_choice_words(&a, "choice_home"), "\"private\", \"persistent\" or \"host\"", "words for messages");
	same(schema_form(&a, schema_find("filesystem.binds")), "list of groups with from, to, mode, exec, optional",
		"form of records");
	same(schema_form(&a, schema_find("filesystem.hide")), "list of paths", "form of a list");

	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "filesystem.read_onyl", "filesystem.read_only" },
		{ "filesystem.hoem", "filesystem.home" },
		{ "filesytem.home", "filesystem.home" },
		{ "filesytem", "filesystem" },
		{ "Network.Mode", "network.mode" },
		{ "network.modes", "network.mode" },
		{ "process.limits.open_file", "process.limits.open_files" },
		{ "process.limits.opne_files", "process.limits.open_files" },
		{ "read_only", "filesystem.read_only" },
		{ "capabilities.deny", "syscalls.deny" },
		{ "inherits", "inherit" },
		{ "zzzzzzzz", NULL },
		{ "filesystem.zzzzzz", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		same(schema_nearest_setting(rows[i].word), rows[i].nearest, rows[i].word);
	char *endless = arena_alloc(&a, 100001);
	memset(endless, 'x', 100000);
	ok(schema_nearest_setting(endless) == NULL, "a word of 100000 letters has no neighbour");
	arena_free(&a);
	return tap_done();
}
