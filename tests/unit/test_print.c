/* Text, JSON and differences of plans that were filled in by hand. */
#include <sched.h>

#include "base/json.h"
#include "plan/layout.h"
#include "plan/print.h"
#include "tap.h"

static struct arena arena;

static const struct origin at_14 = { .file = "/usr/share/bailey/profiles/p.conf", .line = 14, .layer = 1 };
static const struct origin at_local = { .file = "/home/ada/.config/bailey/profiles/p.local.conf", .line = 2, .layer = 2 };

static struct plan_path paths[] = {
	{ .path = "/usr", .access = "read", .origin = { "/usr/share/bailey/profiles/p.conf", 3, 1 } },
	{ .path = "/home/ada/Downloads",
		.access = "read, write",
		.origin = { "/home/ada/.config/bailey/profiles/p.local.conf", 2, 2 } },
	{ .path = "/work", .access = "read", .source = "/home/ada/x\ny", .origin = { "command line (--ro)", 0, 3 } },
};
static struct mount_op mounts[] = {
	{ .kind = MOUNT_DIRECTORY, .target = "/home", .mode = 0755, .origin = { "built in", 0, 0 } },
	{ .kind = MOUNT_BIND, .target = "/usr", .source = "/usr", .flags = MOUNT_READ_ONLY | MOUNT_MAKE, .asked = "/usr" },
	{ .kind = MOUNT_TMPFS, .target = "/tmp", .mode = 01777, .size = 4096, .asked = "/tmp", .flags = MOUNT_NOEXEC },
	{ .kind = MOUNT_FILE, .target = "/etc/machine-id", .mode = 0444, .content = "a\"b\n", .why = "private" },
};
static struct env_var env[] = { { "HOME=/home/ada", { "built in", 0, 0 } }, { "X=\x1b[31m\xc2\x9b", { "/a/q.conf", 7, 1 } } };
static struct limit limits[] = { { RLIMIT_NOFILE, "RLIMIT_NOFILE", { 64, 64 }, { NULL, 0, 0 } },
	{ RLIMIT_CORE, "RLIMIT_CORE", { 1 << 20, 1 << 20 }, { NULL, 0, 0 } },
	{ RLIMIT_CPU, "RLIMIT_CPU", { 90, 90 }, { NULL, 0, 0 } } };
static struct note notes[] = { { "One long note that has more words than fit into a line of forty columns.",
	{ "/usr/share/bailey/profiles/p.conf", 14, 1 } } };
static int descriptors[] = { 3, 5 };
static const char spec[] = "bailey-filter 1\nallow read\nallow write\nallow personality arg0 == 0x0\n";

static struct plan example(void)
{
	return (struct plan){
		.profile_name = "p",
		.description = "a profile",
		.uid = 1000,
		.gid = 1000,
		.hostname = "p",
		.clone_flags = CLONE_NEWUSER | CLONE_NEWNS,
		.network = NETWORK_NONE,
		.network_origin = at_14,
		.mounts = mounts,
		.mount_count = 4,
		.paths = paths,
		.path_count = 3,
		.filter_spec = spec,
		.filter_spec_len = sizeof spec - 1,
		.keep_caps = 1 << 12,
		.program = "/usr/bin/true",
		.env = env,
		.env_count = 2,
		.terminal_mode = TERMINAL_INHERIT,
		.terminal_rdev = 0,
		.wait = WAIT_PROGRAM,
		.has_umask = true,
		.umask = 077,
		.timeout_ms = 90000,
		.timeout_origin = at_local,
		.limits = limits,
		.limit_count = 3,
		.descriptors = descriptors,
		.descriptor_count = 2,
		.notes = notes,
		.note_count = 1,
	};
}

static const char *text_of(const struct plan *plan, unsigned width, bool color)
{
	struct buf out = { .arena = &arena };
	struct profile p = { .name = "p" };
	const struct plan_text_options o = { .width = width, .color = color, .home = "/home/ada" };
	plan_text(&out, plan, &p, &o);
	return buf_text(&out);
}

static bool has(const char *text, const char *line)
{
	bool found = strstr(text, line) != NULL;
	if (!found)
		printf("# wanted: %s\n# in:\n%s\n", line, text);
	return found;
}

static void test_text(void)
{
	struct plan plan = example();
	const char *text = text_of(&plan, 100, false);
	ok(strncmp(text, "p: a profile\n", 13) == 0, "begins with name and description");
	ok(has(text, "\n  read         /usr                      p.conf:3\n"), "a row of files");
	ok(has(text, "\n  read, write  ~/Downloads               p.local.conf:2\n"), "home is ~");
	ok(has(text, "\n  read         /work, which is ~/x\\x0ay  command line (--ro)\n"),
		"a line break in a name is shown, not made");
	ok(has(text, "\n  HOME  /home/ada") && has(text, "X     \\x1b[31m\\xc2\\x9b"),
		"control sequences in the environment are harmless");
	ok(has(text, "System calls (2 allowed)\n"), "only unconditional calls are counted");
	ok(has(text, "RLIMIT_NOFILE  64\n") && has(text, "RLIMIT_CORE    1M\n") && has(text, "RLIMIT_CPU     1min30s\n"),
		"limits with units");
	ok(has(text, "descriptors    0, 1, 2 and 3, 5\n") && has(text, "umask          0077\n"), "descriptors, umask");
	ok(has(text, "timeout        1min30s") && has(text, "p.local.conf:2\n"), "timeout with its line");
	ok(strchr(text, '\033') == NULL, "no colour unless asked for");
	ok(has(text_of(&plan, 100, true), "\033[1mNetwork\033[0m\n"), "colour when asked for");
	struct env_var other = { "A=1", { "/home/ada/p.conf", 7, 1 } };
	plan.env = &other;
	plan.env_count = 1;
	text = text_of(&plan, 100, false);
	ok(has(text, " ~/p.conf:7\n") && has(text, " /usr/share/bailey/profiles/p.conf:3\n") && has(text, " p.local.conf:2\n"),
		"two files of one name are told apart by their paths");
}

static void test_width(void)
{
	struct plan plan = example();
	plan.env_count = 1;
	plan.path_count = 2;
	size_t widest = 0;
	for (const char *line = text_of(&plan, 60, false); *line != '\0';) {
		size_t len = strcspn(line, "\n");
		widest = len > widest ? len : widest;
		line += len + (line[len] == '\n');
	}
	ok(widest <= 60, "all lines fit 60 columns (%zu)", widest);
	ok(has(text_of(&plan, 40, false),
		   "\n  - One long note that has more words\n    than fit into a line of forty\n    columns. (p.conf:14)\n"),
		"paragraphs are wrapped");
}

static void test_layout(void)
{
	struct buf out = { .arena = &arena };
	struct layout l = { .out = &out, .arena = &arena, .width = 40, .home = "/" };
	same(layout_path(&l, "/etc/x"), "/etc/x", "a home of / shortens nothing");
	l.home = "/home/ada";
	same(layout_path(&l, "/home/ada"), "~", "home itself");
	same(layout_path(&l, "/home/adam"), "/home/adam", "not a longer name");
	layout_row(&l, "\xc3\xa4", "a", "f:1");
	layout_row(&l, "bb", "\xc3\xb6\xc3\xb6", "f:2");
	layout_table(&l);
	same(buf_text(&out), "  \xc3\xa4   a   f:1\n  bb  \xc3\xb6\xc3\xb6  f:2\n", "columns count characters");
	struct buf second = { .arena = &arena };
	l.out = &second;
	layout_row(&l, "w", "/a/path/that/is/longer/than/the/column/is/wide", "f:1");
	layout_table(&l);
	same(buf_text(&second), "  w  /a/path/that/is/longer/than/the/column/is/wide\n                                     f:1\n",
		"an origin goes below a path that is too long");
	struct buf third = { .arena = &arena };
	l.out = &third;
	layout_row(&l, "", "", "");
	layout_table(&l);
	same(buf_text(&third), "  \n", "an empty row ends");
}

static void test_json(void)
{
	struct plan plan = example();
	struct buf out = { .arena = &arena };
	struct json_value *root = NULL;
	unsigned line = 0;
	const char *why = "";
	plan_json(&out, &plan);
	ok(json_read(&arena, buf_text(&out), out.len, &root, &line, &why) == 0, "is JSON (%u: %s)", line, why);
	ok(root != NULL && root->first != NULL && strcmp(root->first->key, "bailey") == 0 && root->first->number == 1,
		"version first");
	const struct json_value *m = json_member(json_member(root, "files"), "mounts");
	size_t count = 0;
	for (const struct json_value *v = m != NULL ? m->first : NULL; v != NULL; v = v->next)
		count++;
	ok(count == 4, "every operation");
	const struct json_value *tmpfs = m->first->next->next;
	same(json_member(tmpfs, "mode")->string, "1777", "modes are octal text");
	ok(json_member(tmpfs, "size")->number == 4096, "sizes are numbers");
	same(json_member(tmpfs, "flags")->first->string, "noexec", "flags by name");
	same(json_member(tmpfs->next, "content")->string, "a\"b\n", "content is quoted");
	const struct json_value *filter = json_member(json_member(root, "syscalls"), "filter");
	same(filter->first->string, "bailey-filter 1", "the filter, line by line");
	same(filter->first->next->next->next->string, "allow personality arg0 == 0x0", "to its last line");
	ok(filter->first->next->next->next->next == NULL, "and no more");
	same(json_member(json_member(root, "capabilities"), "keep")->first->string, "net_admin", "capabilities by name");
	const struct json_value *process = json_member(root, "process");
	same(json_member(process, "umask")->string, "0077", "umask");
	ok(json_member(process, "nice")->type == JSON_NULL, "what was not said is null");
	ok(json_member(json_member(process, "timeout_origin"), "line")->number == 2, "origins have lines");
}

static void test_diff(void)
{
	struct plan a = example(), b = example();
	struct buf out = { .arena = &arena }, json = { .arena = &arena };
	const struct plan_text_options o = { .home = "/home/ada" };
	b.network_origin = at_local;
	ok(plan_diff(&out, &a, &b, &o) == 0 && out.len == 0, "another origin is no difference");
	b.path_count = 1;
	b.network = NETWORK_HOST;
	b.has_umask = false;
	ok(plan_diff(&out, &a, &b, &o) == 5, "five differences");
	same(buf_text(&out),
		"- files: read, write: ~/Downloads (p.local.conf:2)\n"
		"- files: read: /work, which is ~/x\\x0ay (command line (--ro))\n"
		"+ network: host (p.local.conf:2)\n"
		"- network: none (p.conf:14)\n"
		"- process: umask 0077\n",
		"in words, sorted");
	struct json_value *root = NULL;
	unsigned line;
	const char *why;
	ok(plan_diff_json(&json, &a, &b) == 5, "the same as JSON");
	ok(json_read(&arena, buf_text(&json), json.len, &root, &line, &why) == 0, "is JSON");
	const struct json_value *added = json_member(root, "added");
	ok(added != NULL && added->first != NULL && added->first->next == NULL, "one is added");
	same(json_member(added->first, "text")->string, "host", "the network");
}

int main(void)
{
	test_text();
	test_width();
	test_layout();
	test_json();
	test_diff();
	arena_free(&arena);
	return tap_done();
}
