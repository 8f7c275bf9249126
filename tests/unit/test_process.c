/* The plan besides files and filter: identity, environment, program, directory, limits, descriptors, capabilities. */
#include <errno.h>
#include <sched.h>
#include <sys/sysmacros.h>

#include "conf/conf.h"
#include "plan/plan.h"
#include "tap.h"

static const char machine[] =
	"{ \"uid\": 1000, \"gid\": 1000, \"user\": \"ada\", \"home\": \"/home/ada\", \"cwd\": \"/home/ada/work\","
	" \"environment\": { \"LANG\": \"C.UTF-8\", \"LC_ALL\": \"C\", \"LC_TIME\": \"de\", \"LD_PRELOAD\": \"/x.so\", \"SECRET\": \"1\","
	"   \"GLIBC_TUNABLES\": \"a\", \"PATH\": \"/nowhere:/usr/local/bin:/bin:/usr/bin:\", \"HOME\": \"/elsewhere\" },"
	" \"terminal\": [ null, \"/dev/pts/3\", null ],"
	" \"paths\": { \"/usr/bin/true\": \"file 0755\", \"/usr/bin/sh\": \"-> dash\", \"/usr/bin/dash\": \"file 0755\", \"/bin\": \"-> usr/bin\","
	"   \"/usr/local/bin/plain\": \"file 0644\", \"/usr/local/bin/both\": \"file 0644\", \"/usr/bin/both\": \"file 0755\","
	"   \"/usr/bin/vi\": \"-> /etc/alternatives/vi\", \"/etc/alternatives/vi\": \"-> /usr/bin/vim\", \"/usr/bin/vim\": \"file 0755\","
	"   \"/opt/x/foo\": \"file 0755\", \"/usr/local/bin/foo\": \"-> /opt/x/foo\", \"/usr/bin/loop\": \"-> loop\","
	"   \"/home/ada/work/tool\": \"file 0755\", \"/home/ada/work/sub\": \"dir\", \"/home/ada/other/tool\": \"file 0755\","
	"   \"/srv/data\": \"dir\", \"/srv/data/in\": \"dir\","
	"   \"/dev/pts/3\": \"dev\", \"/dev/null\": \"dev\", \"/dev/zero\": \"dev\", \"/dev/full\": \"dev\", \"/dev/random\": \"dev\","
	"   \"/dev/urandom\": \"dev\", \"/dev/tty\": \"dev\", \"/var/lib/www\": \"dir\" },"
	" \"files\": { \"/etc/passwd\": \"root:x:0:0:root:/root:/bin/sh\\nwww:x:33:34:web:/var/lib/www:/bin/sh\\nbad:x:x:1::/:\\n"
	"toor:x:0:0::/root:\\n\", \"/etc/group\": \"adm:x:4:ada,www\\nwww:x:34:\\nmedia:x:44:www,bob\\nnot:x:45:www2\\n\" } }";

static struct arena arena;

struct result {
	struct facts facts;
	struct profile profile;
	struct plan plan;
	struct diags diags;
	int status;
};

static char *const no_arguments[] = { (char *)"x", NULL };

/* Plans `text` (a profile) for `program` (or NULL) on the machine above; `uid` 0 stands for root. */
static struct result *make_as(uid_t uid, const char *text, const char *program)
{
	struct result *r = arena_alloc(&arena, sizeof *r);
	struct err e = { 0 };
	const struct conf_places places = {
		.shipped_dir = "/nonexistent", .system_dir = "/nonexistent", .policy = "/nonexistent/x"
	};
	const struct conf_request request = { .profile = "-" };
	r->diags.arena = &arena;
	if (facts_json(&r->facts, &arena, machine, sizeof machine - 1, "machine", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	r->facts.uid = r->facts.gid = uid;
	conf_load_text(&r->profile, &arena, &places, &request, "a/test.conf", text, strlen(text), &r->diags);
	for (size_t i = 0; i < r->diags.count; i++)
		printf("# %s\n", r->diags.items[i].text);
	r->status = plan_make(&r->plan, &arena, &r->profile, &r->facts,
		&(struct plan_request){ .program = program, .argv = program != NULL ? no_arguments : NULL }, true, &r->diags);
	return r;
}

static struct result *make(const char *text, const char *program)
{
	return make_as(1000, text, program);
}

static const char *mistake(const struct result *r)
{
	return r->diags.errors == 0 ? "none" : r->diags.errors == 1 ? r->diags.items[0].text : "several";
}

/* "A=1 B=2" of the planned environment. */
static const char *environment(const struct result *r)
{
	const char *all = "";
	for (size_t i = 0; r->plan.envp[i] != NULL; i++)
		all = arena_printf(&arena, "%s%s%s", all, i > 0 ? " " : "", r->plan.envp[i]);
	return all;
}

#define USR "filesystem = { read_only = [ \"/usr\" ]; };\n"
#define USUAL "HOME=/home/ada LOGNAME=ada PATH=/usr/local/bin:/usr/bin:/bin USER=ada"

static void test_environment(void)
{
	same(environment(make("", NULL)), USUAL, "nothing is passed on by itself");
	same(environment(make("environment = { keep = [ \"LC_*\", \"LANG\" ]; unset = [ \"LC_TIME\" ]; };", NULL)),
		"HOME=/home/ada LANG=C.UTF-8 LC_ALL=C LOGNAME=ada PATH=/usr/local/bin:/usr/bin:/bin USER=ada",
		"keep with a pattern, less unset");
	same(environment(make("environment = { keep = [ \"L*\", \"G*\" ]; };", NULL)),
		"HOME=/home/ada LANG=C.UTF-8 LC_ALL=C LC_TIME=de LOGNAME=ada PATH=/usr/local/bin:/usr/bin:/bin USER=ada",
		"a pattern does not reach what steers the loader or libc");
	same(environment(make("environment = { keep = [ \"LD_PRELOAD\" ]; };", NULL)),
		"HOME=/home/ada LD_PRELOAD=/x.so LOGNAME=ada PATH=/usr/local/bin:/usr/bin:/bin USER=ada", "its exact name does");
	same(environment(make("environment = { keep = [ \"PATH\" ]; };", NULL)),
		"HOME=/home/ada LOGNAME=ada PATH=/nowhere:/usr/local/bin:/bin:/usr/bin: USER=ada",
		"PATH is the caller's when kept");
	same(environment(make("environment = { keep = [ \"HOME\" ]; };", NULL)), USUAL, "HOME is the one that is there inside");
	same(environment(make("environment = { set = [ \"A=${HOME}/x\", \"EMPTY=\", \"USER=eve\", \"B=x=y\" ]; };", NULL)),
		"A=/home/ada/x B=x=y EMPTY= HOME=/home/ada LOGNAME=ada PATH=/usr/local/bin:/usr/bin:/bin USER=eve",
		"set fills variables in and wins over all else");
	struct result *r = make("environment = {\n set = [ \"A=1\" ]; };", NULL);
	ok(r->plan.env[0].origin.line == 2, "a variable knows the line that set it");
}

static void test_program(void)
{
	static const struct {
		const char *profile, *program, *path, *mistake;
		int status;
	} rows[] = {
		{ USR, "true", "/usr/bin/true", "none", 0 },
		{ USR, "sh", "/usr/bin/sh", "none", 0 },
		{ USR, "/usr/bin/true", "/usr/bin/true", "none", 0 },
		{ USR, "/usr//bin/./true", "/usr/bin/true", "none", 0 },
		{ USR, "/usr/bin/../bin/true", "/usr/bin/true", "none", 0 },
		{ USR, "/bin/sh", "/usr/bin/sh", "none", 0 },
		{ "filesystem = { read_only = [ \"/usr\", \"/bin\" ]; };", "/bin/true", "/bin/true", "none", 0 },
		{ USR, "both", "/usr/bin/both", "none", 0 },
		{ USR, "nothing", NULL, "nothing: command not found", -ENOENT },
		{ USR, "", NULL, ": command not found", -ENOENT },
		{ USR, "/usr/bin/nothing", NULL, "/usr/bin/nothing: no such file", -ENOENT },
		{ USR, "/usr/bin/true/x", NULL, "/usr/bin/true/x: no such file", -ENOENT },
		{ USR, "plain", NULL, "plain is not executable", -EACCES },
		{ USR, "/usr/bin", NULL, "/usr/bin is a directory", -EACCES },
		{ USR, "/usr/bin/loop", NULL, "/usr/bin/loop: too many symbolic links", -EACCES },
		{ USR, "foo", NULL, "foo is at /opt/x/foo, which the sandbox does not show", -EACCES },
		{ USR, "vi", NULL, "vi is at /usr/bin/vim, which the sandbox does not show", -EACCES },
		{ "filesystem = { read_only = [ \"/usr\", \"/etc/alternatives\" ]; };", "vi", "/usr/bin/vi", "none", 0 },
		{ "filesystem = { read_only = [ \"~/work\" ]; };", "./tool", "/home/ada/work/tool", "none", 0 },
		{ "filesystem = { read_only = [ \"~/other\" ]; };", "../other/tool", "/home/ada/other/tool", "none", 0 },
		{ "filesystem = { read_only = [ \"~/work\" ]; };", "tool", "/home/ada/work/tool", "none", 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct result *r = make(rows[i].profile, rows[i].program);
		ok(r->status == rows[i].status, "\"%s\": status %d", rows[i].program, rows[i].status);
		same(r->plan.program, rows[i].path, "its path inside");
		same(mistake(r), rows[i].mistake, "what is said");
	}
	struct result *r = make("filesystem = { read_only = [ \"/nope\" ]; };", "nothing");
	ok(r->status == -EINVAL && r->diags.errors == 2, "a mistake in the profile weighs more than a missing program");
	ok(make(USR, "true")->plan.argv == no_arguments, "the arguments are the request's");
}

static void test_directory(void)
{
	same(make(USR, NULL)->plan.directory, NULL, "without a program there is no directory");
	same(make(USR, "true")->plan.directory, "/home/ada", "an invisible present directory: the home directory");
	same(make("filesystem = { read_only = [ \"/usr\", \"~/work\" ]; };", "true")->plan.directory, "/home/ada/work",
		"a visible one");
	static const struct {
		const char *path;
		bool good;
	} rows[] = { { "/work", true }, { "/work/in", true }, { "/work/out", false }, { "/tmp", true }, { "/tmp/x", false },
		{ "/usr/bin", true }, { "/usr/bin/true", false }, { "/srv/data", false }, { "/proc/sys", true }, { "/", true },
		{ "~", true }, { "${CWD}", false } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[512];
		snprintf(text, sizeof text,
			"filesystem = { read_only = [ \"/usr\" ]; binds = ( { from = \"/srv/data\"; to = \"/work\"; } );"
			" tmpfs = ( { path = \"/tmp\"; } ); };\nprocess = { directory = \"%s\"; };",
			rows[i].path);
		struct result *r = make(text, NULL);
		ok((r->plan.directory != NULL && r->diags.errors == 0) == rows[i].good, "directory %s: %s", rows[i].path,
			rows[i].good ? "there" : "refused");
		if (!rows[i].good && r->diags.count > 0)
			ok(r->diags.items[0].origin.line == 2, "with the line");
	}
}

static void test_process(void)
{
	struct result *r =
		make("process = {\n limits = { open_files = 64; core = \"0\"; cpu_time = \"1500ms\"; stack = \"8M\"; };\n"
		     " descriptors = [ 9, 3, 9 ]; timeout = \"2min\"; umask = \"0077\"; nice = 5; wait = \"all\"; };\n"
		     "capabilities = { keep = [ \"net_admin\", \"CAP_NET_BIND_SERVICE\" ]; };",
			NULL);
	same(mistake(r), "none", "a profile with process settings");
	const struct plan *p = &r->plan;
	ok(p->limit_count == 4, "four limits");
	for (size_t i = 0; i < p->limit_count; i++) {
		const struct limit *l = &p->limits[i];
		rlim_t want = l->resource == RLIMIT_NOFILE ? 64
			: l->resource == RLIMIT_CORE       ? 0
			: l->resource == RLIMIT_CPU        ? 2
							   : 8 << 20;
		ok(l->value.rlim_cur == want && l->value.rlim_max == want && l->origin.line == 2, "%s, soft and hard", l->name);
	}
	ok(p->descriptor_count == 2 && p->descriptors[0] == 3 && p->descriptors[1] == 9, "descriptors in order, once each");
	ok(p->timeout_ms == 120000 && p->timeout_origin.line == 3, "timeout");
	ok(p->has_umask && p->umask == 0077 && p->has_nice && p->nice == 5 && p->wait == WAIT_ALL, "umask, nice, wait");
	ok(p->keep_caps == (UINT64_C(1) << 12 | UINT64_C(1) << 10), "capabilities in both spellings");
	ok(p->terminal_mode == TERMINAL_INHERIT, "the terminal is shared");
	same(p->terminal, "/dev/pts/3", "the first of 0..2 that is one");
	ok(p->pty_fds == 0, "and nothing takes its place");
	p = &make("process = {\n terminal = \"pty\"; };", NULL)->plan;
	ok(p->terminal_mode == TERMINAL_PTY && p->terminal == NULL && p->pty_fds == 1U << 1 && p->terminal_origin.line == 2,
		"a pseudo terminal takes the place of those of 0..2 that are one");
	bool console = false;
	for (size_t i = 0; i < p->mount_count; i++)
		console |= p->mounts[i].kind == MOUNT_SYMLINK && strcmp(p->mounts[i].target, "/dev/console") == 0 &&
			strcmp(p->mounts[i].source, "pts/0") == 0;
	ok(console, "and is the console");
	p = &make("process = { terminal = \"none\"; };", NULL)->plan;
	ok(p->terminal_mode == TERMINAL_NONE && p->terminal == NULL && !p->has_umask && !p->has_nice && p->timeout_ms == 0,
		"no terminal, and nothing else said");
}

static void test_namespaces(void)
{
	const uint64_t always = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | 0x02000000;
	const struct plan *p = &make("", NULL)->plan;
	ok(p->clone_flags == (always | CLONE_NEWIPC | CLONE_NEWNET) && p->network == NETWORK_NONE,
		"everything of its own by default");
	ok(!p->nested && p->machine_id_private, "no inner user namespaces, a machine id of its own");
	same(p->hostname, "test", "the host name is the profile's name");
	p = &make("namespaces = { ipc = \"host\"; user = \"nested\"; }; network = { mode = \"host\"; };"
		  "identity = { hostname = \"random\"; machine_id = \"host\"; };",
		NULL)
		     ->plan;
	ok(p->clone_flags == always && p->network == NETWORK_HOST && p->nested && !p->machine_id_private, "what a profile shares");
	ok(p->hostname == NULL && p->hostname_random, "a random host name");
	p = &make("identity = { hostname = \"host\"; };", NULL)->plan;
	ok(p->hostname == NULL && !p->hostname_random, "the host's name");
	same(make("identity = { hostname = \"x-${USER}\"; };", NULL)->plan.hostname, "x-ada", "a name with a variable");
}

static void test_identity(void)
{
	struct result *r = make(USR, "true");
	ok(r->plan.uid == 1000 && r->plan.gid == 1000 && !r->plan.become, "an ordinary user stays who they are");
	same(mistake(make(USR "identity = { user = \"www\"; };", "true")), "only root can become another user (\"www\")",
		"and nobody else");
	same(mistake(make_as(0, USR, "true")), "started by root, a program must run as another user: \"self\" would be root",
		"root has to name a user");
	same(mistake(make_as(0, USR, NULL)), "none", "but may look at a profile");
	same(mistake(make_as(0, USR "identity = { user = \"nobody-there\"; };", "true")), "there is no user \"nobody-there\"",
		"unknown user");
	same(mistake(make_as(0, USR "identity = { user = \"bad\"; };", "true")), "there is no user \"bad\"",
		"a broken line of passwd");
	same(mistake(make_as(0, USR "identity = { user = \"toor\"; };", "true")),
		"\"toor\" is root, or in root's group: no program is run as that", "root by another name");
	r = make_as(0, USR "identity = { user = \"www\"; };\nenvironment = { keep = [ \"*\" ]; };", "true");
	same(mistake(r), "none", "root becomes www");
	const struct plan *p = &r->plan;
	ok(p->become && p->uid == 33 && p->gid == 34, "uid and gid of the user");
	ok(p->group_count == 3 && p->groups[0] == 34 && p->groups[1] == 4 && p->groups[2] == 44, "and the groups");
	same(environment(r),
		"HOME=/var/lib/www LANG=C.UTF-8 LC_ALL=C LC_TIME=de LOGNAME=www PATH=/nowhere:/usr/local/bin:/bin:/usr/bin: SECRET=1 USER=www",
		"the environment speaks of them");
	ok(r->facts.uid == 0 && strcmp(r->facts.home, "/home/ada") == 0 && facts_env(&r->facts, "HOME") != NULL,
		"the facts are the caller's again afterwards");
}

static void test_inside_ids(void)
{
	struct result *r = make(USR "identity = { user = \"root\"; };", "true");
	same(mistake(r), "none", "root inside");
	const struct plan *p = &r->plan;
	ok(p->mode == IDENTITY_ROOT && p->uid == 1000 && p->inside_uid == 0 && p->inside_gid == 0 && p->keep_caps == 0,
		"is the user outside, and keeps nothing");
	ok(strstr(environment(r), " USER=root") != NULL && strstr(environment(r), "HOME=/home/ada") != NULL,
		"has root's name and the user's home");
	p = &make("identity = { user = \"root\"; };\nnamespaces = { user = \"nested\"; };", NULL)->plan;
	ok(p->keep_caps == UINT64_C(1) << 31 && p->default_cap_count == 1, "inner namespaces take setfcap");

	r = make(USR "identity = {\n user = \"mapped\"; };", "true");
	ok(r->diags.errors == 4 && r->diags.items[0].origin.line == 3, "mapped without anything: two programs and two files");
	same(r->diags.items[0].text, "\"mapped\" needs the program newuidmap, which is not in PATH", "the first of them");
	for (size_t i = 0; i < 2; i++) {
		r = make_as(0, i == 0 ? USR "identity = { user = \"mapped\"; };" : USR "identity = { user = \"root\"; };", "true");
		ok(r->diags.errors == 2 && strstr(r->diags.items[0].text, "/etc/subuid has no line for the user") != NULL &&
				strstr(r->diags.items[1].text, "/etc/subgid has no line for the user") != NULL,
			"root needs ids that are set aside, not those programs");
	}
	r = make_as(0, USR "identity = { user = \"host-root\"; };", "true");
	same(mistake(r), "none", "the host's root, where root says so");
	p = &r->plan;
	ok(p->mode == IDENTITY_HOST && p->uid == 0 && p->inside_uid == 0 && !p->become && p->keep_caps == 0 &&
			p->newuidmap == NULL && p->uid_map.count == 1 && p->uid_map.ranges[0].outside == 0,
		"keeps no capabilities");
	bool closed = false;
	for (size_t i = 0; i < p->mount_count; i++)
		closed |= p->mounts[i].kind == MOUNT_PROC && (p->mounts[i].flags & MOUNT_READ_ONLY) != 0;
	ok(closed, "and cannot write to /proc");
	same(mistake(make(USR "identity = { user = \"host-root\"; };", "true")), "only root can start a program as \"host-root\"",
		"nobody else is");
	same(mistake(make_as(0, USR "identity = { user = \"host-root\"; };\nnamespaces = { user = \"nested\"; };", "true")),
		"\"nested\" does not go with identity.user = \"host-root\": in an inner namespace the host's root would have all "
		"capabilities over what is granted",
		"without inner namespaces");
}

static void test_machine(void)
{
	struct facts f;
	struct err e = { 0 };
	struct diags d = { .arena = &arena };
	static const char old[] =
		"{ \"kernel\": \"5.11\", \"userns\": { \"answer\": \"no\", \"reason\": \"because\", \"hint\": \"do this\" } }";
	static const char young[] = "{ \"kernel\": \"5.12\" }";
	const struct plan plan = { 0 };
	ok(facts_json(&f, &arena, young, sizeof young - 1, "young", &e) == 0, "facts");
	plan_check_machine(&plan, &f, &d);
	ok(d.count == 0, "Linux 5.12 will do");
	ok(facts_json(&f, &arena, old, sizeof old - 1, "old", &e) == 0, "facts");
	plan_check_machine(&plan, &f, &d);
	ok(d.errors == 2, "an old kernel and no user namespaces");
	same(d.count > 0 ? d.items[0].text : "", "this kernel is Linux 5.11; sandboxes need 5.12 or newer (for mount_setattr)",
		"kernel");
	same(d.count > 1 ? d.items[1].text : "", "user namespaces cannot be made here: because", "user namespaces");
	same(d.count > 1 ? d.items[1].hint : "", "do this", "with the hint");
}

int main(void)
{
	test_environment();
	test_program();
	test_directory();
	test_process();
	test_namespaces();
	test_identity();
	test_inside_ids();
	test_machine();
	arena_free(&arena);
	return tap_done();
}
