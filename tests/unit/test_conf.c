#include <errno.h>

#include "conf_fixture.h"

/* ---- where profiles come from ---- */

static void test_search(void)
{
	write_file("shipped/tool.conf", "description = \"shipped\";\nprograms = [ \"othertool\" ];\n");
	write_file("shipped/default.conf", "description = \"default\";\n");
	ok(load("tool") == 0 && diags.count == 0, "a shipped profile is found");
	same(profile.description.s, "shipped", "with its text");
	same(profile.name, "tool", "and its name");
	same(profile.path, place("shipped/tool.conf"), "and its path");
	write_file("system/tool.conf", "description = \"system\";\n");
	load("tool");
	same(profile.description.s, "system", "the system's comes before it");
	write_file("user/tool.conf", "description = \"user\";\n");
	load("tool");
	same(profile.description.s, "user", "and the user's before that");
	write_file("user/tool.local.conf", "description = \"user local\";\n");
	write_file("system/tool.local.conf", "description = \"system local\"; network = { mode = \"host\"; };\n");
	load("tool");
	same(profile.description.s, "user local", "the user's local file is the last");
	ok(profile.network_mode.i == NETWORK_HOST, "after the system's local file");
	remove_file("user/tool.conf");
	remove_file("system/tool.conf");
	remove_file("user/tool.local.conf");
	remove_file("system/tool.local.conf");

	ok(load("tol") == -ENOENT, "no such profile");
	same(messages(), "command line: error: there is no profile \"tol\"\n  hint: did you mean \"tool\"?\n",
		"with the nearest name");
	ok(load("./tool") == -ENOENT, "a word with a slash is a path");
	ok(load(place("shipped/tool.conf")) == 0, "which is taken as it is");
	same(profile.name, "tool", "and gives a name");
	ok(load("..") == -ENOENT && load("") == -ENOENT && load("a b") == -ENOENT, "words that are no names");

	static const struct {
		const char *program, *path, *name;
	} rows[] = {
		{ "tool", "/usr/bin/tool", "tool" },
		{ "othertool", "/usr/bin/othertool", "tool" },
		{ "ertool", "/usr/bin/ertool", "default" },
		{ "./tool", NULL, "default" },
		{ "/usr/bin/tool", "/usr/bin/tool", "default" },
		{ "tool", NULL, "default" },
		{ "tool.local", "/usr/bin/tool.local", "default" },
		{ "..", "/usr/bin/..", "default" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		load_request(&(struct conf_request){ .program = rows[i].program, .program_path = rows[i].path });
		same(profile.name, rows[i].name, rows[i].program);
	}
	write_file("user/zz.conf", "programs = [ \"o\\x74hertool\" ];\n");
	load_request(&(struct conf_request){ .program = "othertool", .program_path = "/usr/bin/othertool" });
	same(profile.name, "zz", "escapes hide no program from the search, and the user's profiles come first");
	write_file("user/zz.conf", "programs = [ \"othertool\" ;\n");
	load_request(&(struct conf_request){ .program = "othertool", .program_path = "/usr/bin/othertool" });
	same(profile.name, "tool", "a file that cannot be read is passed over");
	ok(diags.errors == 0 && diags.count == 1, "with a warning");
	remove_file("user/zz.conf");
}

static void test_files(void)
{
	write_file("user/f.conf", "description = \"f\";\n");
	(void)chmod(place("user/f.conf"), 0664);
	ok(load("f") == 0 && diags.errors == 1, "a file that the group can write is refused");
	same(messages(),
		"user/f.conf: error: others than its owner can write the file\n  hint: look at what it says, then: chmod go-w user/f.conf\n",
		"and says what to do");
	(void)chmod(place("user/f.conf"), 0646);
	load("f");
	ok(diags.errors == 1, "so is one that all can write");
	const struct conf_places p = places();
	struct conf_places others = p;
	others.uid = p.uid + 1;
	(void)chmod(place("user/f.conf"), 0644);
	diags = (struct diags){ .arena = &arena };
	conf_load(&profile, &arena, &others, &(struct conf_request){ .profile = "f" }, &diags);
	ok(diags.errors == (p.uid == 0 ? 0u : 1u), "one of another user is refused, unless that is root");
	others = p;
	others.system_owner = p.uid + 1;
	write_file("system/g.conf", "");
	diags = (struct diags){ .arena = &arena };
	conf_load(&profile, &arena, &others, &(struct conf_request){ .profile = "g" }, &diags);
	ok(diags.errors == 1 && strstr(diags.items[0].text, "the file belongs to user") != NULL,
		"the system's directory has one owner");

	remove_file("user/f.conf");
	ok(mkfifo(place("user/f.conf"), 0644) == 0 && load("f") == 0 && diags.errors == 1, "a FIFO does not hang");
	same(diags.items[0].text, "this is not a regular file", "and is refused");
	remove_file("user/f.conf");
	ok(mkdir(place("user/f.conf"), 0755) == 0 && load("f") == 0 && diags.errors == 1, "a directory is refused");
	same(diags.items[0].text, "this is a directory, not a file", "and called one");
	(void)rmdir(place("user/f.conf"));
	ok(load("/dev/null") == 0 && diags.errors == 1, "so is a device");
	write_file("user/f.conf", "");
	ok(truncate(place("user/f.conf"), 100 << 20) == 0 && load("f") == 0 && diags.errors == 1, "100 MB are not read");
	same(diags.items[0].text, "the file is larger than 1024 KiB", "because of their size");
	(void)chmod(place("user/f.conf"), 0644);
	ok(truncate(place("user/f.conf"), 1 << 20) == 0 && load("f") == 0 && diags.errors == 1, "1 MiB is read");
	same(diags.items[0].text, "a NUL byte", "and looked at");
	remove_file("user/f.conf");
	write_file("user/f.conf", "a = = 1;\n");
	load("f");
	same(messages(),
		"user/f.conf:1: error: syntax error\n  hint: look at this line and the one before: name = value; with texts in quotation marks\n",
		"a syntax error");
	write_file("user/f.conf", "filesystem = { };\n\nfilesystem = { };\n");
	load("f");
	same(messages(), "user/f.conf:3: error: a setting that stands in this group already\n  hint: keep one of the two\n",
		"a name twice");
	remove_file("user/f.conf");
}

/* ---- inherit ---- */

static void test_inherit(void)
{
	write_file("shipped/common/base.conf",
		"filesystem = { read_only = [ \"/base\" ]; };\ndescription = \"base\";\nprograms = [ \"x\" ];\n");
	write_file("shipped/common/one.conf", "inherit = [ \"common/base\" ];\nfilesystem = { read_only = [ \"/one\" ]; };\n");
	write_file("shipped/common/two.conf",
		"inherit = [ \"common/base\" ];\nfilesystem = { read_only = [ \"/two\", \"/one\" ]; };\n");
	write_file(
		"shipped/d.conf", "inherit = [ \"common/one\", \"common/two\" ];\nfilesystem = { read_only = [ \"/own\" ]; };\n");
	load("d");
	ok(diags.count == 0, "a diamond");
	same(items(&profile.filesystem_read_only), "/base /one /two /own", "left to right, each once, the file itself last");
	ok(!profile.description.set && profile.programs.count == 0, "a part's description and programs are its own");
	same(profile.filesystem_read_only.items[1].origin.file, place("shipped/common/two.conf"),
		"a later layer owns what it repeats");
	unsigned last = 0;
	for (size_t i = 0; i < profile.filesystem_read_only.count; i++) {
		unsigned layer = profile.filesystem_read_only.items[i].origin.layer;
		ok(layer > 0 && (i == 1 || layer > last), "layers count upwards");
		last = i == 1 ? last : layer;
	}
	write_file("system/common/one.local.conf", "drop = { filesystem = { read_only = [ \"/base/\" ]; }; };\n");
	load("d");
	same(items(&profile.filesystem_read_only), "/one /two /own", "a part has local files too");
	remove_file("system/common/one.local.conf");

	write_file("shipped/common/a.conf", "inherit = [ \"common/b\" ];\n");
	write_file("shipped/common/b.conf", "\ninherit = [\n \"common/a\" ];\n");
	write_file("shipped/c.conf", "inherit = [ \"common/a\" ];\n");
	load("c");
	same(messages(),
		"shipped/common/b.conf:3: error: inherit: profiles inherit each other in a circle: common/a -> common/b -> common/a\n",
		"a circle is reported with its chain");
	write_file("user/c.conf", "inherit = [ \"c\" ];\n");
	load("c");
	same(messages(),
		"user/c.conf:1: error: inherit: profiles inherit each other in a circle: c -> c\n"
		"  hint: to add to a profile of the same name write c.local.conf\n",
		"so is a profile that inherits itself");
	write_file("user/c.conf", "inherit = [ \"common/basse\", \"../x\" ];\n");
	load("c");
	same(messages(),
		"user/c.conf:1: error: inherit: the profile name \"../x\" has \"..\" in it\n"
		"user/c.conf:1: error: inherit: no profile \"common/basse\" in the profile directories\n"
		"  hint: did you mean \"common/base\"?\n",
		"missing parts");
	write_file("shipped/common/a.conf", "bogus = 1;\n");
	write_file("shipped/common/b.conf", "filesystem = {\n");
	write_file("user/c.conf", "inherit = [ \"common/a\", \"common/b\" ];\nbogus = 2;\n");
	load("c");
	same(messages(),
		"shipped/common/a.conf:1: error: bogus: unknown setting\nshipped/common/b.conf:1: error: '{' is not closed\n"
		"user/c.conf:2: error: bogus: unknown setting\n",
		"the mistakes of all files at once");
	remove_file("user/c.conf");
}

/* ---- merging ---- */

static void test_merge(void)
{
	write_file("shipped/common/m.conf",
		"filesystem = { read_only = [ \"/a\", \"/b\", \"-/c\" ]; read_write = [ \"/d\" ]; hide = [ \"/a/x\" ];\n"
		"  tmpfs = ( { path = \"/tmp\"; size = \"1G\"; }, { path = \"/run\"; } ); };\n"
		"environment = { set = [ \"A=1\", \"B=2\" ]; };\n"
		"syscalls = { rules = ( { name = \"ioctl\"; when = \"arg1 == 1\"; action = \"allow\"; },\n"
		"                       { name = \"ioctl\"; when = \"arg1 == 2\"; action = \"allow\"; } ); };\n");
	load_text(
		"inherit = [ \"common/m\" ];\nfilesystem = { read_write = [ \"/a//\" ]; hide = [ \"/d\" ]; read_only = [ \"/c\" ];\n"
		"  tmpfs = ( { path = \"/tmp/\"; } ); };\nenvironment = { set = [ \"B=3\" ]; };\n");
	ok(diags.count == 0, "a later layer may say otherwise");
	same(items(&profile.filesystem_read_only), "/b /c", "a path leaves one list");
	same(items(&profile.filesystem_read_write), "/a", "for another");
	same(items(&profile.filesystem_hide), "/a/x /d", "or is hidden");
	same(items(&profile.environment_set), "A=1 B=3", "a variable has one value");
	ok(profile.filesystem_tmpfs.count == 2 && !MEMBER_OF(&profile.filesystem_tmpfs.items[0], tmpfs, size)->set,
		"an entry replaces the whole entry of its key");
	ok(MEMBER_OF(&profile.filesystem_tmpfs.items[0], tmpfs, mode)->i == 0755, "its defaults are filled in");

	load_text(
		"inherit = [ \"common/m\" ];\ndrop = { filesystem = { read_only = [ \"/c\", \"-/b\" ]; hide = true; tmpfs = [ \"/run\" ]; };\n"
		"  environment = { set = [ \"A\" ]; }; syscalls = { rules = [ \"ioctl\" ]; }; };\n");
	same(messages(), "", "drop");
	same(items(&profile.filesystem_read_only), "/a", "takes entries");
	ok(profile.filesystem_hide.count == 0 && profile.syscalls_rules.count == 0, "and whole lists");
	ok(profile.filesystem_tmpfs.count == 1 && strcmp(profile.filesystem_tmpfs.items[0].key, "/tmp") == 0,
		"and entries by their key");
	same(items(&profile.environment_set), "B=2", "and variables by their name");
	load_text(
		"inherit = [ \"common/m\" ];\ndrop = {\n filesystem = {\n  read_only = [ \"/a\",\n \"/bb\" ]; home = true;\n };\n inherit = true; };\n");
	same(messages(),
		"text.conf:5: error: drop.filesystem.read_only: nothing inherited to take away: \"/bb\"\n  hint: did you mean \"/b\"?\n"
		"text.conf:5: error: drop.filesystem.home: nothing inherited to take away\n"
		"text.conf:7: error: drop.inherit: cannot be taken away\n",
		"what is not there cannot be taken");

	load_text(
		"filesystem = {\n read_only = [ \"/a\" ];\n read_write = [\n  \"/b\",\n  \"/a/\" ];\n hide = [ \"/b\" ]; };\n"
		"environment = { set = [ \"X=1\",\n \"X=2\" ]; };\nsyscalls = { rules = (\n { name = \"read\"; when = \"arg0 == 1\"; },\n"
		" { name = \"read\"; when = \"arg0 == 1\"; } ); };\n");
	same(messages(),
		"text.conf:5: error: filesystem.read_write: \"/a\" conflicts with line 2: it is in filesystem.read_only too\n"
		"  hint: a path has one meaning; take one of the two out\n"
		"text.conf:6: error: filesystem.hide: \"/b\" conflicts with line 4: it is in filesystem.read_write too\n"
		"  hint: a path has one meaning; take one of the two out\n"
		"text.conf:8: error: environment.set: \"X\" conflicts with line 7: it has another value there\n"
		"text.conf:11: error: syscalls.rules: \"read: arg0 == 1\" conflicts with line 10: it is there already\n",
		"one file against itself");
}

static void test_options(void)
{
	static const char text[] =
		"network = { mode = \"none\"; };\noptions = (\n { name = \"net\"; description = \"x\"; network = { mode = \"host\"; }; },\n"
		" { name = \"two\"; description = \"y\"; filesystem = { read_only = [ \"/two\" ]; }; } );\n";
	write_file("user/o.conf", text);
	const char *net = "net", *nit = "nit", *two = "two";
	load("o");
	ok(diags.count == 0 && profile.options.count == 2 && profile.network_mode.i == NETWORK_NONE, "options are off");
	struct conf_request with = { .profile = "o", .with = &net, .with_count = 1 };
	load_request(&with);
	ok(profile.network_mode.i == NETWORK_HOST && profile.network_mode.origin.line == 3, "and on when they are asked for");
	ok(conf_option_enabled(&profile, &with, "net") && !conf_option_enabled(&profile, &with, "two"), "which can be told");
	write_file("user/o.local.conf", "enable = [ \"two\", \"net\" ];\nnetwork = { mode = \"none\"; };\n");
	load("o");
	same(items(&profile.filesystem_read_only), "/two", "enable switches them on");
	ok(profile.network_mode.i == NETWORK_HOST, "above all files");
	load_request(&(struct conf_request){ .profile = "o", .without = &net, .without_count = 1, .with = &two, .with_count = 1 });
	ok(profile.network_mode.i == NETWORK_NONE, "--without switches them off");
	remove_file("user/o.local.conf");
	load_request(&(struct conf_request){ .profile = "o", .with = &nit, .with_count = 1 });
	same(messages(), "command line (--with): error: the profile has no option \"nit\"\n  hint: did you mean \"net\"?\n",
		"a slip in --with");
	write_file("user/o.conf",
		"options = (\n { name = \"a\"; description = \"x\";\n  netwrk = { };\n  network = { mode = \"some\"; };\n  inherit = [ \"y\" ]; } );\n");
	load("o");
	same(messages(),
		"user/o.conf:3: error: options.a.netwrk: unknown setting\n  hint: did you mean \"network\"?\n"
		"user/o.conf:4: error: options.a.network.mode: \"some\" is not \"none\", \"host\", \"user\", \"bridge\" or \"join\"\n"
		"user/o.conf:5: error: options.a.inherit: cannot be part of an option\n",
		"options are checked although they are off");
	remove_file("user/o.conf");
}

static void test_sets(void)
{
	write_file("user/s.conf", "filesystem = { read_only = [ \"/a\" ]; };\n");
	const struct conf_set good[] = { { "network.mode", "host", "--net" }, { "filesystem.read_write", "/a", "--rw" },
		{ "process.umask", "077", NULL }, { "process.descriptors", "0x5", "--fd" } };
	load_request(&(struct conf_request){ .profile = "s", .sets = good, .set_count = 4 });
	ok(diags.count == 0 && profile.network_mode.i == NETWORK_HOST && profile.process_umask.i == 077,
		"settings of the command line");
	same(profile.network_mode.origin.file, "command line (--net)", "have its origin");
	same(items(&profile.filesystem_read_write), "/a", "lists are added to");
	same(items(&profile.filesystem_read_only), "", "and win over files");
	same(items(&profile.process_descriptors), "5", "numbers have one spelling");
	const struct conf_set bad[] = { { "network.mod", "host", NULL }, { "filesystem.read_only", "x", "--ro" },
		{ "inherit", "x", NULL }, { "filesystem.binds", "x", NULL }, { "filesystem", "x", NULL },
		{ "filesystem.read_only", "/q", "--ro" }, { "filesystem.read_write", "/q", "--rw" } };
	load_request(&(struct conf_request){ .profile = "s", .sets = bad, .set_count = 7 });
	same(messages(),
		"command line (--set): error: network.mod: unknown setting\n  hint: did you mean \"network.mode\"?\n"
		"command line (--ro): error: filesystem.read_only: \"x\" is not an absolute path\n"
		"  hint: begin it with /, ~/ or a variable such as ${CWD}\n"
		"command line (--set): error: inherit: cannot be set on the command line\n"
		"command line (--set): error: filesystem.binds: cannot be set on the command line: a list of groups with from, to, mode, exec, optional\n"
		"  hint: write a profile that inherits this one, or NAME.local.conf\n"
		"command line (--set): error: filesystem: a group of settings, not one of them\n"
		"command line (--rw): error: filesystem.read_write: \"/q\" conflicts with command line (--ro): it is in filesystem.read_only too\n"
		"  hint: a path has one meaning; take one of the two out\n",
		"mistakes of the command line");
	remove_file("user/s.conf");
}

/* ---- machine policy ---- */

static void test_policy(void)
{
	write_file("bailey.conf",
		"lock = {\n network = { mode = \"none\"; };\n syscalls = { deny = [ \"ptrace\" ]; };\n"
		" environment = { keep = [ \"LANG\", \"PATH\" ]; };\n filesystem = { hide = [ \"/secret\" ]; };\n};\n"
		"bound = { process = { timeout = \"1h\"; limits = { open_files = 100; }; }; };\n"
		"forbid = { filesystem = { read_write = [ \"/etc\" ]; read_only = [ \"/root\" ]; };\n"
		" capabilities = { keep = [ \"CAP_SYS_ADMIN\" ]; }; };\n");
	write_file("user/p.conf", "environment = { keep = [ \"LANG\" ]; };\nsyscalls = { deny = [ \"mount\" ]; };\n");
	load("p");
	ok(diags.count == 0 && profile.network_mode.i == NETWORK_NONE, "a profile that keeps to the policy");
	same(profile.network_mode.origin.file, policy, "has the locked values");
	same(items(&profile.syscalls_deny), "mount ptrace", "and what is denied besides its own");
	same(items(&profile.filesystem_hide), "/secret", "and hidden");
	same(items(&profile.environment_keep), "LANG", "a locked list is not added");
	ok(profile.process_timeout.i == 3600000 && profile.process_limits_open_files.i == 100, "bounds hold when nothing is said");
	write_file("user/p.conf",
		"process = { timeout = \"5min\"; limits = { open_files = 100; }; };\nnetwork = { mode = \"none\"; };\n");
	load("p");
	ok(diags.count == 0 && profile.process_timeout.i == 300000, "and lower values stay");
	write_file("user/p.conf",
		"network = { mode = \"host\"; };\nsyscalls = { allow = [ \"ptrace\" ];\n rules = ( { name = \"ptrace\"; when = \"arg0 == 0\"; } ); };\n"
		"environment = { keep = [ \"LANG\",\n \"HOME\" ]; };\nfilesystem = {\n read_only = [ \"/secret/\" ];\n"
		" read_write = [ \"/etc\", \"/root\" ];\n binds = ( { from = \"/etc\"; to = \"/x\"; mode = \"read_write\"; },\n"
		"  { from = \"/root\"; to = \"/y\"; },\n  { from = \"/etc\"; to = \"/z\"; } ); };\n"
		"process = { timeout = \"2h\"; limits = { open_files = 101; }; };\ncapabilities = { keep = [ \"sys_admin\" ]; };\n");
	load("p");
	for (size_t i = 0; i < diags.count; i++)
		diags.items[i].hint = NULL;
	same(messages(),
		"user/p.conf:1: error: network.mode: locked to \"none\" by bailey.conf:2\n"
		"user/p.conf:2: error: syscalls.allow: \"ptrace\" is denied by bailey.conf:3\n"
		"user/p.conf:3: error: syscalls.rules: \"ptrace\" is denied by bailey.conf:3\n"
		"user/p.conf:5: error: environment.keep: \"HOME\" is not in the list that bailey.conf:4 locks\n"
		"user/p.conf:7: error: filesystem.read_only: \"/secret\" is hidden by bailey.conf:5\n"
		"user/p.conf:8: error: filesystem.read_write: \"/etc\" is forbidden by bailey.conf:8\n"
		"user/p.conf:8: error: filesystem.read_write: \"/root\" is forbidden by bailey.conf:8\n"
		"user/p.conf:9: error: filesystem.binds: \"/etc\" is forbidden by bailey.conf:8\n"
		"user/p.conf:10: error: filesystem.binds: \"/root\" is forbidden by bailey.conf:8\n"
		"user/p.conf:12: error: process.timeout: \"2h\" is more than the \"1h\" that bailey.conf:7 allows\n"
		"user/p.conf:12: error: process.limits.open_files: \"101\" is more than the \"100\" that bailey.conf:7 allows\n"
		"user/p.conf:13: error: capabilities.keep: \"sys_admin\" is forbidden by bailey.conf:9\n",
		"each breach names both lines");
	write_file("bailey.conf",
		"lock = {\n syscalls = { deny = [ \"@debug\" ]; };\n filesystem = { hide = [ \"~/s\" ]; };\n"
		" environment = { unset = [ \"LD_*\", \"TZ\" ]; };\n};\n"
		"forbid = { filesystem = { read_only = [ \"/var/db\" ]; }; };\n");
	write_file("user/p.conf",
		"syscalls = { allow = [ \"read\", \"ptrace\" ]; };\nfilesystem = { read_only = [ \"~/s/x\", \"~/sx\",\n \"/var\" ];\n"
		" binds = ( { from = \"~/s\"; to = \"/y\"; },\n  { from = \"/srv\"; to = \"~/s/y\"; } ); };\n"
		"environment = { set = [ \"LD_PRELOAD=x\", \"TZ=y\", \"TZX=z\" ]; };\n");
	load("p");
	for (size_t i = 0; i < diags.count; i++)
		diags.items[i].hint = NULL;
	same(messages(),
		"user/p.conf:1: error: syscalls.allow: \"ptrace\" is denied by bailey.conf:2\n"
		"user/p.conf:2: error: filesystem.read_only: \"~/s/x\" is hidden by bailey.conf:3\n"
		"user/p.conf:3: error: filesystem.read_only: \"/var\" is forbidden by bailey.conf:6\n"
		"user/p.conf:4: error: filesystem.binds: \"/y\" is hidden by bailey.conf:3\n"
		"user/p.conf:5: error: filesystem.binds: \"~/s/y\" is hidden by bailey.conf:3\n"
		"user/p.conf:6: error: environment.set: \"LD_PRELOAD\" is taken out by bailey.conf:4\n"
		"user/p.conf:6: error: environment.set: \"TZ\" is taken out by bailey.conf:4\n",
		"what is locked cannot be had by another way");
	write_file("user/p.conf", "filesystem = { read_only = [ \"/var\" ]; hide = [ \"/var/db\" ]; };\n");
	load("p");
	ok(diags.count == 0, "a forbidden path may be hidden instead");
	write_file("bailey.conf", "lock = { network = { mode = \"none\"; }; };\n");
	const struct conf_set net = { "network.mode", "host", "--net" };
	write_file("user/p.conf", "");
	load_request(&(struct conf_request){ .profile = "p", .sets = &net, .set_count = 1 });
	ok(diags.errors == 1 && profile.network_mode.i == NETWORK_NONE, "the command line is held against it too");
	write_file("bailey.conf",
		"lock = {\n networ = 1;\n description = \"x\"; };\nbound = { filesystem = { home = \"host\"; };\n};\n"
		"forbid = { network = { mode = \"host\"; }; };\nlok = { };\n");
	load("p");
	same(messages(),
		"bailey.conf:2: error: lock.networ: unknown setting\n  hint: did you mean \"network\"?\n"
		"bailey.conf:3: error: lock.description: cannot be locked\n"
		"bailey.conf:4: error: bound.filesystem.home: has no upper bound\n"
		"bailey.conf:6: error: forbid.network.mode: is no list; use lock\n"
		"bailey.conf:7: error: lok: unknown group\n  hint: a machine policy has the groups lock, bound and forbid\n",
		"mistakes of the policy itself");
	(void)chmod(policy, 0666);
	load("p");
	ok(diags.errors == 1, "a policy that anybody can write is refused");
	remove_file("bailey.conf");
	remove_file("user/p.conf");
}

static void test_list(void)
{
	struct conf_entry *list;
	size_t count;
	const struct conf_places p = places();
	write_file("user/listed.conf", "description = \"mine\"; programs = [ \"l1\", \"l2\" ];\n");
	write_file("system/listed.conf", "description = \"theirs\";\n");
	write_file("user/listed.local.conf", "");
	write_file("user/broken.conf", "((((\n");
	diags = (struct diags){ .arena = &arena };
	ok(conf_list(&list, &count, &arena, &p, false, &diags) == 0 && count > 2, "the list of profiles");
	const struct conf_entry *found = NULL, *broken = NULL;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].name, "listed") == 0)
			found = &list[i];
		if (strcmp(list[i].name, "broken") == 0)
			broken = &list[i];
		ok(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0, "sorted, %s", list[i].name);
		ok(strchr(list[i].name, '/') == NULL && strstr(list[i].name, ".local") == NULL, "no parts, no local files");
	}
	ok(found != NULL && strcmp(found->description, "mine") == 0 && found->program_count == 2 && found->shadow_count == 1 &&
			found->local_count == 1,
		"with what each says and replaces");
	same(found != NULL ? found->path : NULL, place("user/listed.conf"), "and its file");
	ok(broken != NULL && broken->description[0] == '\0', "broken ones too");
	size_t all;
	conf_list(&list, &all, &arena, &p, true, &diags);
	ok(all > count, "parts on request");
}

int main(void)
{
	begin();
	test_search();
	test_files();
	test_inherit();
	test_merge();
	test_options();
	test_sets();
	test_policy();
	test_list();
	return end();
}
