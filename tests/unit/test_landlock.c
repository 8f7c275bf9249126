/* The Landlock domain of a plan: which rules, what an older kernel gets, what is refused; and the domain itself, in a process. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/landlock.h"
#include "conf/conf.h"
#include "landlock/domain.h"
#include "plan/plan.h"
#include "tap.h"

enum {
	READ = LL_READ_FILE | LL_READ_DIR,
	FILES = 0xffff, /* all of ABI 5 */
	CHANGE = FILES & ~(READ | LL_EXECUTE | LL_IOCTL_DEV),
};

static struct arena arena;

struct result {
	struct plan plan;
	struct diags diags;
};

static const struct result *make(int abi, const char *text)
{
	struct result *r = arena_alloc(&arena, sizeof *r);
	struct facts facts;
	struct profile profile;
	struct err e = { 0 };
	const struct conf_places places = {
		.shipped_dir = "/nonexistent", .system_dir = "/nonexistent", .policy = "/nonexistent/x"
	};
	const struct conf_request request = { .profile = "-" };
	const char *machine = arena_printf(&arena,
		"{ \"uid\": 1000, \"gid\": 1000, \"user\": \"ada\", \"home\": \"/home/ada\", \"cwd\": \"/\", \"environment\": { },"
		" \"kernel\": \"6.1\", \"landlock\": %d,"
		" \"paths\": { \"/usr\": \"dir\", \"/dev/null\": \"dev\", \"/dev/zero\": \"dev\", \"/dev/full\": \"dev\","
		"   \"/dev/random\": \"dev\", \"/dev/urandom\": \"dev\", \"/dev/tty\": \"dev\", \"/dev/kvm\": \"dev\","
		"   \"/tmp/.X11-unix\": \"dir\", \"/w\": \"dir\", \"/w/a\": \"dir\", \"/w/file\": \"file\", \"/run/socket\": \"socket\" } }",
		abi);
	r->diags.arena = &arena;
	if (facts_json(&facts, &arena, machine, strlen(machine), "machine", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	conf_load_text(&profile, &arena, &places, &request, "test.conf", text, strlen(text), &r->diags);
	plan_make(&r->plan, &arena, &profile, &facts, &(struct plan_request){ 0 }, false, &r->diags);
	return r;
}

/* The access of the rule for a path; 0 without one. */
static uint64_t rule(const struct result *r, const char *path)
{
	const struct landlock_plan *l = &r->plan.landlock;
	for (size_t i = 0; i < l->rule_count; i++)
		if (strcmp(l->rules[i].path, path) == 0)
			return l->rules[i].access;
	return 0;
}

static const char *mistake(const struct result *r)
{
	return r->diags.errors == 0 ? "none" : r->diags.errors == 1 ? r->diags.items[0].text : "several";
}

static const char *hint(const struct result *r)
{
	return r->diags.errors == 1 && r->diags.items[0].hint != NULL ? r->diags.items[0].hint : "";
}

/* Why something is not ruled, or NULL. */
static const char *gap(const struct result *r, const char *what)
{
	const struct landlock_plan *l = &r->plan.landlock;
	for (size_t i = 0; i < l->gap_count; i++)
		if (strcmp(l->gaps[i].what, what) == 0)
			return l->gaps[i].why;
	return NULL;
}

static void test_rules(void)
{
	const struct result *r = make(7, "filesystem = { read_only = [ \"/usr\", \"/run/socket\" ]; read_write = [ \"/w\" ]; };");
	const struct landlock_plan *l = &r->plan.landlock;
	same(mistake(r), "none", "no mistake");
	ok(l->handled_files == FILES, "all accesses are ruled");
	ok(rule(r, "/") == (READ | LL_EXECUTE), "one rule for reading and executing in the whole tree");
	ok(rule(r, "/w") == CHANGE, "one for changes below a writable grant");
	ok(rule(r, "/dev") == (CHANGE | LL_IOCTL_DEV), "one for all devices and what is mounted among them");
	ok(rule(r, "/proc") == (LL_WRITE_FILE | LL_TRUNCATE), "/proc: files are written, none is made");
	ok(rule(r, "/usr") == 0 && rule(r, "/dev/shm") == 0, "none for what the others cover");
	ok(rule(r, "/dev/mqueue") == (READ | CHANGE), "message queues are reached past /dev");
	ok(l->rule_count == 6 && rule(r, "/home/ada") == CHANGE, "the home, and no more");
	ok(l->scoped == (LL_SCOPE_SIGNALS | LL_SCOPE_ABSTRACT_SOCKETS) && l->gap_count == 0, "signals and abstract sockets");

	r = make(7, "filesystem = { read_write = [ \"/w\", \"/w/file\", \"/run/socket\" ]; };");
	ok(rule(r, "/w/file") == 0, "a file in a writable directory needs none");
	ok(rule(r, "/run/socket") == 0, "nor does a socket, which Landlock does not rule");
	r = make(7, "filesystem = { read_write = [ \"/w/file\" ]; };");
	ok(rule(r, "/w/file") == (LL_WRITE_FILE | LL_TRUNCATE), "a writable file: only what there is for files");
	r = make(7,
		"filesystem = { tmpfs = ( { path = \"/tmp\"; exec = false; } ); read_only = [ \"/usr\" ]; read_write = [ \"/w\" ]; };");
	ok(rule(r, "/") == READ && rule(r, "/tmp") == CHANGE, "where something is not to be executed, that is not said for all");
	ok(rule(r, "/usr") == LL_EXECUTE && rule(r, "/w") == (CHANGE | LL_EXECUTE), "but for each place");
	r = make(7, "devices = { nodes = [ \"/dev/kvm\" ]; };");
	ok(rule(r, "/dev/kvm") == 0, "a device in /dev has the rule for all");
	r = make(7, "filesystem = { root = \"/w\"; root_mode = \"overlay\"; };");
	ok(rule(r, "/") == (READ | LL_EXECUTE), "a root of its own that is an overlay");
	ok(r->plan.landlock.rule_count >= 2 && r->plan.landlock.rules[1].access == CHANGE, "is writable all over");
}

static void test_no_rules(void)
{
	const struct result *r = make(7, "namespaces = { user = \"nested\"; };");
	ok(r->plan.landlock.handled_files == 0 && r->plan.landlock.rule_count == 0, "nested: no rules for files");
	ok(gap(r, "rules for files") != NULL && r->plan.landlock.scoped != 0, "which is said; the others hold");
	r = make(7, "capabilities = { keep = [ \"sys_admin\" ]; };");
	ok(r->plan.landlock.handled_files == 0 && gap(r, "rules for files") != NULL, "sys_admin: the same");
	r = make(7, "landlock = { use = \"off\"; };");
	const struct landlock_plan *l = &r->plan.landlock;
	ok((l->handled_files | l->handled_tcp | l->scoped) == 0 && l->gap_count == 0, "off: nothing");
}

static void test_old(void)
{
	const struct result *r = make(0, "");
	ok(r->plan.landlock.handled_files == 0 && r->plan.landlock.scoped == 0, "a kernel without: nothing");
	same(mistake(r), "none", "and no mistake");
	r = make(1, "");
	ok(r->plan.landlock.handled_files == 0 && gap(r, "rules for files") != NULL,
		"ABI 1: every rename to another directory would fail");
	r = make(2, "");
	ok(r->plan.landlock.handled_files == (FILES & ~(LL_TRUNCATE | LL_IOCTL_DEV)), "ABI 2 knows neither truncation nor devices");
	ok((rule(r, "/home/ada") & LL_TRUNCATE) == 0 && (rule(r, "/home/ada") & LL_REFER) != 0, "nor do the rules");
	ok(gap(r, "truncation of files") != NULL && gap(r, "signals") != NULL, "each is said");
	ok(gap(r, "abstract sockets") == NULL, "but what the network's namespace keeps is no gap");
	r = make(0, "landlock = { use = \"required\"; };");
	same(mistake(r), "\"required\", but this kernel has no Landlock", "required and none");
	ok(strstr(hint(r), "lsm=") != NULL && r->diags.items[0].origin.line == 1,
		"at its line: a kernel of this age has it switched off");
	r = make(4, "landlock = { use = \"required\"; };");
	same(mistake(r), "\"required\", but this kernel's Landlock has ABI 4, which lacks: signals, ioctl on devices",
		"required and old");
	ok(strncmp(hint(r), "Linux 6.12 has it", 17) == 0, "the kernel that has it");
	r = make(6, "landlock = { use = \"required\"; };");
	same(mistake(r), "none", "required and there");
}

static void test_sockets(void)
{
	const struct result *r = make(7, "network = { mode = \"host\"; };");
	ok((r->plan.landlock.scoped & LL_SCOPE_ABSTRACT_SOCKETS) != 0, "the host's network without its abstract sockets");
	r = make(7, "network = { mode = \"host\"; abstract_sockets = \"host\"; };");
	ok(r->plan.landlock.scoped == LL_SCOPE_SIGNALS && gap(r, "abstract sockets") != NULL, "or with them");
	r = make(7, "network = { mode = \"host\"; }; filesystem = { read_only = [ \"/tmp/.X11-unix\" ]; };");
	ok(r->plan.landlock.scoped == LL_SCOPE_SIGNALS && gap(r, "abstract sockets") != NULL, "X11 needs its own");
	r = make(7,
		"network = { mode = \"host\"; abstract_sockets = \"own\"; }; filesystem = { read_only = [ \"/tmp/.X11-unix\" ]; };");
	ok((r->plan.landlock.scoped & LL_SCOPE_ABSTRACT_SOCKETS) != 0, "unless that is said");
	r = make(5, "network = { mode = \"host\"; };");
	same(mistake(r), "none", "an older kernel");
	ok(gap(r, "abstract sockets") != NULL, "leaves a gap");
	r = make(5, "network = { mode = \"host\"; abstract_sockets = \"own\"; };");
	same(mistake(r), "it takes Landlock's ABI 6 to keep this; this kernel's Landlock has ABI 5",
		"which is not what was asked for");
	r = make(5, "network = { abstract_sockets = \"own\"; };");
	same(mistake(r), "none", "a network of its own keeps it in any case");
	r = make(5, "network = { mode = \"user\"; host_fallback = true; };");
	ok(strncmp(mistake(r), "the host's network has", 22) == 0, "the host's in the place of it does not");
	r = make(5, "network = { mode = \"user\"; host_fallback = true; abstract_sockets = \"host\"; };");
	same(mistake(r), "none", "and may when that is said");
	r = make(6, "network = { mode = \"user\"; host_fallback = true; };");
	ok((r->plan.landlock.scoped & LL_SCOPE_ABSTRACT_SOCKETS) != 0 && r->diags.errors == 0, "or when they are kept away");
}

static void test_ports(void)
{
	const struct result *r = make(4, "network = { tcp_connect = [ 443, 80 ]; tcp_bind = [ \"none\" ]; };");
	const struct landlock_plan *l = &r->plan.landlock;
	same(mistake(r), "none", "ports");
	ok(l->handled_tcp == (LL_CONNECT_TCP | LL_BIND_TCP) && l->port_count == 2, "two ports, and none to bind to");
	ok(l->ports[0].number == 443 && l->ports[0].access == LL_CONNECT_TCP, "as they are listed");
	ok(strstr(r->plan.filter_spec, "deny errno EPERM socket arg2 & 0xffffffff == 0x106\n") != NULL, "MPTCP is closed");
	ok(strstr(r->plan.filter_spec, "deny errno EPERM sendto arg3 & 0x20000000 == 0x20000000\n") != NULL, "and Fast Open");
	r = make(4, "network = { tcp_connect = [ 443 ]; }; syscalls = { allow = [ \"@default\", \"@io_uring\" ]; };");
	ok(strstr(r->plan.filter_spec, "allow io_uring_setup") == NULL, "io_uring is, whatever the profile says");
	r = make(3, "network = { tcp_bind = [ 0 ]; };");
	same(mistake(r), "it takes Landlock's ABI 4 to keep this; this kernel's Landlock has ABI 3", "an older kernel cannot");
	r = make(7, "network = { tcp_bind = [ 0 ]; }; landlock = { use = \"off\"; };");
	same(mistake(r), "it is Landlock that keeps this, and landlock.use is \"off\" (test.conf:1)", "nor one that must not");
	r = make(7, "network = { tcp_bind = [ 1 ]; };");
	ok(r->plan.landlock.handled_tcp == LL_BIND_TCP, "what is not listed is not ruled");
}

/* In a child, since a domain is for good: the exit status says what failed. */
static int in_domain(void)
{
	struct landlock_rule rules[] = { { .path = "/", .access = READ },
		{ .path = "/no/such", .access = READ, .may_vanish = true } };
	struct landlock_plan l = { .handled_files = FILES & ~LL_IOCTL_DEV, .rules = rules, .rule_count = 2 };
	int pipes[2];
	size_t at;
	if (pipe(pipes) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return 1;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct domain_file files[] = { { .fd = pipes[0], .access = LL_READ_FILE }, { .fd = null, .access = LL_WRITE_FILE } };
	int ruleset = domain_make(&l, files, 2, &at);
	if (ruleset < 0 || sys_landlock_restrict(ruleset) < 0)
		return 2;
	if (open("/dev/zero", O_RDONLY | O_CLOEXEC) < 0)
		return 3;
	if (open("/dev/zero", O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 4;
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) < 0)
		return 5;
	rules[1].may_vanish = false;
	if (domain_make(&l, NULL, 0, &at) != -ENOENT || at != 1)
		return 6;
	l.rule_count = 1;
	l.handled_files = LL_WRITE_FILE; /* reading is not ruled, and so cannot be allowed */
	return domain_make(&l, NULL, 0, &at) == -EINVAL && at == 0 ? 0 : 7;
}

static void test_domain(void)
{
	if (sys_landlock_abi() < LL_ABI_TRUNCATE) {
		ok(true, "a domain # SKIP this kernel has Landlock ABI %d, which is too old", sys_landlock_abi());
		return;
	}
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(in_domain());
	ok(waitpid(pid, &status, 0) == pid && status == 0, "a domain of the rules; a failure names its rule");
}

int main(void)
{
	test_rules();
	test_no_rules();
	test_old();
	test_sockets();
	test_ports();
	test_domain();
	arena_free(&arena);
	return tap_done();
}
