/* Each row of the table of settings: its examples, its merge rule, its type; and what texts each kind takes. */
#include "conf/layer.h"
#include "conf_fixture.h"

/* A profile whose line 3 says `path = value`. */
static const char *with_setting(const char *path, const char *value)
{
	struct buf b = { .arena = &arena };
	unsigned groups = 0, lines = 0;
	for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1, groups++) {
		buf_printf(&b, "%.*s = {%s", (int)(dot - path), path, lines < 2 ? "\n" : " ");
		lines += lines < 2;
	}
	for (; lines < 2; lines++)
		buf_putc(&b, '\n');
	buf_printf(&b, "%s = %s;\n", path, value);
	for (; groups > 0; groups--)
		buf_puts(&b, "};\n");
	if (strcmp(path, "enable") == 0)
		buf_puts(&b, "options = ( { name = \"webcam\"; description = \"x\"; } );\n");
	return buf_text(&b);
}

static void test_row(const struct setting *row)
{
	bool single = row->type != TYPE_LIST && row->type != TYPE_RECORDS;
	load_text(with_setting(row->path, row->example));
	ok(diags.count == 0, "the example of %s is accepted", row->path);
	if (diags.count > 0)
		printf("# %s\n", messages());
	struct origin o = { 0 };
	if (single)
		o = profile_value(&profile, row)->origin;
	else if (row->type == TYPE_LIST && profile_list(&profile, row)->count > 0)
		o = profile_list(&profile, row)->items[0].origin;
	else if (row->type == TYPE_RECORDS && profile_records(&profile, row)->count > 0)
		o = profile_records(&profile, row)->items[0].origin;
	ok(o.line == 3 && o.layer > 0 && o.file != NULL, "%s has the origin of its line", row->path);

	load_text(with_setting(row->path, row->bad));
	ok(diags.errors == 1, "the bad example of %s is one mistake", row->path);
	ok(diags.count > 0 && diags.items[0].origin.line == 3, "in its line");
	ok(diags.count > 0 && diags.items[0].setting != NULL && strncmp(diags.items[0].setting, row->path, strlen(row->path)) == 0,
		"with its name");
	if (diags.errors != 1)
		printf("# %s\n", messages());

	load_text(with_setting(row->path, single ? "( )" : "true"));
	ok(diags.errors == 1 && strstr(diags.items[0].text, "wrong type") != NULL, "%s has a type", row->path);

	if (row->flags & FLAG_RUN)
		return;
	/* Merging: said below, then said again on top. */
	write_file("shipped/common/row.conf", with_setting(row->path, row->example));
	load_text(arena_printf(&arena, "inherit = [ \"common/row\" ];\n"));
	unsigned below = 0;
	size_t count = single            ? 0
		: row->type == TYPE_LIST ? profile_list(&profile, row)->count
					 : profile_records(&profile, row)->count;
	if (single)
		below = profile_value(&profile, row)->origin.layer;
	load_text(arena_printf(&arena, "%sinherit = [ \"common/row\" ];\n", with_setting(row->path, row->example)));
	ok(diags.count == 0, "%s may be said twice", row->path);
	if (single)
		same(profile_value(&profile, row)->origin.file, "text.conf", "and the later file replaces");
	else if (row->type == TYPE_LIST)
		ok(count > 0 && profile_list(&profile, row)->count == count, "and nothing is there twice");
	else
		ok(count > 0 && profile_records(&profile, row)->count == count, "and nothing is there twice");
	ok(!single || profile_value(&profile, row)->origin.layer > below, "with a higher layer");
	load_text(arena_printf(&arena, "inherit = [ \"common/row\" ];\ndrop = {\n%s};\n", with_setting(row->path, "true")));
	ok(diags.count == 0, "%s can be dropped", row->path);
	if (single)
		ok(profile_value(&profile, row)->set == (row->def != NULL) && profile_value(&profile, row)->origin.layer == 0,
			"to its default");
	else
		ok((row->type == TYPE_LIST ? profile_list(&profile, row)->count : profile_records(&profile, row)->count) == 0,
			"to nothing");
	load_text(with_setting(arena_printf(&arena, "drop.%s", row->path), "true"));
	ok(diags.errors == 1 && strcmp(diags.items[0].text, "nothing inherited to take away") == 0, "but only when it is there");
}

static void test_member(const struct setting *m)
{
	const char *path = NULL;
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (schema_settings[i].type == TYPE_RECORDS && strcmp(schema_settings[i].list, m->record) == 0)
			path = schema_settings[i].path;
	struct buf b = { .arena = &arena };
	for (size_t i = 0; i < schema_member_count; i++)
		if (strcmp(schema_members[i].record, m->record) == 0 && &schema_members[i] != m)
			buf_printf(&b, " %s = %s;", schema_members[i].path, schema_members[i].example);
	load_text(with_setting(path, arena_printf(&arena, "( { %s = %s;%s } )", m->path, m->example, buf_text(&b))));
	ok(diags.count == 0, "the example of %s.%s is accepted", path, m->path);
	load_text(with_setting(path, arena_printf(&arena, "( { %s = %s;%s } )", m->path, m->bad, buf_text(&b))));
	ok(diags.errors == 1 && diags.items[0].origin.line == 3, "the bad example of %s.%s is a mistake", path, m->path);
	same(diags.count > 0 ? diags.items[0].setting : NULL, arena_printf(&arena, "%s.%s", path, m->path), "with its name");
	if (m->flags & FLAG_MUST) {
		load_text(with_setting(path, arena_printf(&arena, "( {%s } )", buf_text(&b))));
		ok(diags.errors == 1, "%s.%s has to be there", path, m->path);
	}
}

static void test_values(void)
{
	static const struct {
		const char *path, *value;
		const char *says; /* NULL: good */
	} rows[] = {
		{ "filesystem.hide", "[ \"~\" ]", NULL },
		{ "filesystem.hide", "[ \"-${HOME}/x\", \"/a\\\\$b\", \"/a\\\\*\", \"/a/*.txt\", \"/a..b\" ]", NULL },
		{ "filesystem.hide", "[ \"~ada/x\" ]", "\"~ada/x\" names another user's home" },
		{ "filesystem.hide", "[ \"/a/../b\" ]", "\"..\" in the path \"/a/../b\"" },
		{ "filesystem.hide", "[ \"\" ]", "an empty path" },
		{ "filesystem.hide", "[ \"-\" ]", "an empty path" },
		{ "filesystem.hide", "[ \"/a$b\" ]", "a lone $ in \"/a$b\"" },
		{ "filesystem.hide", "[ \"/a${HOME\" ]", "a lone $ in \"/a${HOME\"" },
		{ "filesystem.hide", "[ \"/a${HOEM}\" ]", "unknown variable ${HOEM}" },
		{ "filesystem.hide", "\"/a\"", "wrong type: a text; wanted: list of paths" },
		{ "process.directory", "\"/a/*\"", "a pattern cannot stand here: \"/a/*\"" },
		{ "process.directory", "\"-/a\"", "\"-/a\" is not an absolute path" },
		{ "process.directory", "\"/a/\\\\*\"", NULL },
		{ "capabilities.keep", "[ \"CAP_NET_ADMIN\", \"cap_chown\", \"bpf\" ]", NULL },
		{ "capabilities.keep", "[ \"12\" ]", "unknown capability: \"12\"" },
		{ "identity.hostname", "\"a.b-c.d1\"", NULL },
		{ "identity.hostname", "\"x-${PROFILE}\"", NULL },
		{ "identity.hostname", "\"a..b\"", "\"a..b\" is no host name" },
		{ "identity.hostname", "\"a-\"", "\"a-\" is no host name" },
		{ "environment.keep", "[ \"*\", \"A_*\" ]", NULL },
		{ "environment.keep", "[ \"A*B\" ]", "\"A*B\" is no variable name" },
		{ "environment.set", "[ \"A=\", \"B=${HOME}/x\", \"C=a=b\" ]", NULL },
		{ "environment.set", "[ \"1A=x\" ]", "\"1A=x\" is not NAME=VALUE" },
		{ "process.nice", "-20", NULL },
		{ "process.nice", "-21", "-21 is not between -20 and 19" },
		{ "process.nice", "\"5\"", "wrong type: a text; wanted: whole number from -20 to 19" },
		{ "process.timeout", "\"0s\"", "\"0s\" is no time at all" },
		{ "process.timeout", "90", "wrong type: a number; wanted: time as in \"10min\"" },
		{ "process.limits.core", "\"9999999999T\"", "the size \"9999999999T\" is too large" },
		{ "process.descriptors", "[ 2 ]", "2 is no file descriptor from 3" },
		{ "syscalls.rules", "( { name = \"@default\"; when = \"arg0 == 1\"; } )",
			"a rule is for one system call, not for a group: \"@default\"" },
		{ "syscalls.compat", "\"yes\"", "wrong type: a text; wanted: true or false" },
		{ "syscalls", "5", "wrong type: a number; wanted: a group" },
		{ "inherit", "[ \"/etc/x\" ]", "the profile name \"/etc/x\" is no name below the profile directories" },
		{ "inherit", "[ \"x.local\" ]",
			"the profile name \"x.local\" ends in .local, which is kept for additions to a profile" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		load_text(with_setting(rows[i].path, rows[i].value));
		same(diags.count > 0 ? diags.items[0].text : NULL, rows[i].says,
			arena_printf(&arena, "%s = %s", rows[i].path, rows[i].value));
		ok(diags.count == (rows[i].says != NULL ? 1u : 0u) && (diags.count == 0 || diags.items[0].origin.line == 3),
			"in line 3");
	}
	load_text(with_setting("capabilities.keep", "[ \"CAP_NET_ADMIN\", \"net_admin\" ]"));
	same(items(&profile.capabilities_keep), "net_admin", "a capability has one name");
	load_text("network = { mode = \"no\x1b[31m\"; };\n");
	same(messages(),
		"text.conf:1: error: network.mode: \"no\\x1b[31m\" is not \"none\", \"host\", \"user\", \"bridge\" or \"join\"\n",
		"nothing of a profile drives a terminal");
	load_text("process = { nice = 0100; };\n");
	ok(diags.count == 1, "one mistake is reported once");
}

int main(void)
{
	begin();
	write_file("shipped/common/desktop.conf", "");
	for (size_t i = 0; i < SETTING_COUNT; i++)
		test_row(&schema_settings[i]);
	for (size_t i = 0; i < schema_member_count; i++)
		test_member(&schema_members[i]);
	test_values();
	return end();
}
