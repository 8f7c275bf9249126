/*
 * Every row of the table has an effect: a profile with nothing but the row's example gives another plan than one without it.
 * So a setting that is parsed and then forgotten cannot be in the table.
 */
#include "conf/conf.h"
#include "plan/print.h"
#include "tap.h"

static const char machine[] =
	"{ \"uid\": 1000, \"gid\": 1000, \"user\": \"ada\", \"home\": \"/home/ada\", \"cwd\": \"/home/ada/project\","
	" \"environment\": { \"LANG\": \"C.UTF-8\", \"LD_PRELOAD\": \"/x.so\" }, \"landlock\": 6, \"terminal\": [ \"/dev/pts/3\", null, null ],"
	" \"paths\": { \"/usr\": \"dir\", \"/opt\": \"dir\", \"/srv/debian\": \"dir\", \"/work\": \"dir\", \"/tmp\": \"dir\", \"/dev/dri/card0\": \"dev\","
	"   \"/dev/kfd\": \"dev\", \"/dev/snd/seq\": \"dev\", \"/dev/video0\": \"dev\", \"/dev/input/js0\": \"dev\","
	"   \"/dev/hidraw0\": \"dev\", \"/dev/bus/usb/001\": \"dir\", \"/dev/kvm\": \"dev\", \"/dev/ttyS0\": \"dev\","
	"   \"/dev/usb/lp0\": \"dev\", \"/dev/net/tun\": \"dev 0600 1000\", \"/usr/bin/pasta\": \"file 0755\", \"/usr/sbin/nft\": \"file 0755\", \"/dev/fuse\": \"dev\","
	"   \"/home/ada/Downloads\": \"dir\", \"/home/ada/project\": \"dir\", \"/home/ada/Documents/private\": \"dir\","
	"   \"/etc/machine-id\": \"file\", \"/var/lib/www\": \"dir\", \"/dev/pts/3\": \"dev\", \"/dev/null\": \"dev\", \"/dev/zero\": \"dev\","
	"   \"/sys/fs/cgroup/box\": \"dir 0755 1000\", \"/sys/fs/cgroup/box/cgroup.type\": \"file\", \"/run/systemd/system\": \"dir\","
	"   \"/sys/fs/cgroup/box/cgroup.procs\": \"file 0644 1000\", \"/sys/fs/cgroup/box/shell/cgroup.procs\": \"file 0644 1000\","
	"   \"/sys/dev/block/8:1\": \"dir\", \"/run/user/1000/bus\": \"socket\", \"/run/user/1000/wayland-0\": \"socket\", \"/sys/kernel/mm/hugepages/hugepages-2048kB\": \"dir\","
	"   \"/dev/full\": \"dev\", \"/dev/random\": \"dev\", \"/dev/urandom\": \"dev\", \"/dev/tty\": \"dev\" },"
	" \"files\": { \"/proc/net/route\": \"Iface\\tDestination\\neth0\\t00000000\\t0101A8C0\\n\","
	"   \"/etc/resolv.conf\": \"nameserver 192.0.2.1\\n\", \"/etc/passwd\": \"www-data:x:33:33::/var/lib/www:/bin/sh\\n\", \"/proc/self/cgroup\": \"0::/box/shell\\n\","
	"   \"/sys/fs/cgroup/box/cgroup.procs\": \"\","
	"   \"/etc/bailey/networks.conf\": \"networks = ( { name = \\\"lan\\\"; subnet4 = \\\"10.9.0.0/24\\\"; subnet6 = \\\"fd00:9::/64\\\"; masquerade = true; } );\","
	"   \"/sys/fs/cgroup/box/shell/cgroup.procs\": \"7\\n\","
	"   \"/sys/fs/cgroup/box/cgroup.controllers\": \"cpuset cpu io memory hugetlb pids\\n\","
	"   \"/proc/meminfo\": \"MemTotal:  8000000 kB\\nSwapTotal:  1000000 kB\\n\","
	"   \"/sys/fs/cgroup/cgroup.controllers\": \"cpuset cpu io memory hugetlb pids\\n\","
	"   \"/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers\": \"memory pids\\n\" },"
	" \"devices\": { \"/\": \"8:1\" } }";

enum { ROOT = 0, ADA = 1000, EVE = 1001 /* who may not open /dev/net/tun */ };

/* What a row needs to be seen: another setting that its effect shows in, said on the command line; or another caller. */
static const struct {
	const char *row, *path, *value;
	uid_t caller;
} needs[] = {
	{ "filesystem.identity", "filesystem.home", "persistent", ADA },
	{ "filesystem.hide", "filesystem.read_only", "~/Documents", ADA },
	{ "filesystem.argument_directories", "filesystem.arguments", "read_only", ADA },
	{ "environment.unset", "environment.keep", "LD_PRELOAD", ADA },
	{ "process.directory", "filesystem.read_only", "/work", ADA },
	{ "identity.machine_id", "filesystem.read_only", "/etc/machine-id", ADA },
	{ "syscalls.deny", "syscalls.allow", "@default", ADA },
	{ "syscalls.deny", "syscalls.allow", "@io_uring", ADA },
	{ "filesystem.changes", "filesystem.read_write", "~/project", ADA },
	{ "filesystem.root_mode", "filesystem.root", "/opt", ADA },
	{ "filesystem.root_upper", "filesystem.root", "/opt", ADA },
	{ "filesystem.root_upper", "filesystem.root_mode", "overlay", ADA },
	{ "filesystem.root_size", "filesystem.root", "/opt", ADA },
	{ "filesystem.root_size", "filesystem.root_mode", "overlay", ADA },
	{ "identity.user", NULL, NULL, ROOT },
	{ "resources.driver", "resources.memory", "1G", ADA },
	{ "resources.optional", "resources.memory", "1G", ADA },
	{ "resources.optional", "resources.driver", "v1", ADA },
	{ "network.bridge", "network.mode", "bridge", ADA },
	{ "network.join", "network.mode", "join", ADA },
	{ "network.address", "network.mode", "bridge", ADA },
	{ "network.address", "network.bridge", "lan", ADA },
	{ "network.gateway", "network.mode", "bridge", ADA },
	{ "network.gateway", "network.bridge", "lan", ADA },
	{ "network.mac", "network.mode", "bridge", ADA },
	{ "network.mac", "network.bridge", "lan", ADA },
	{ "network.mtu", "network.mode", "bridge", ADA },
	{ "network.mtu", "network.bridge", "lan", ADA },
	{ "network.rate_in", "network.mode", "bridge", ADA },
	{ "network.rate_in", "network.bridge", "lan", ADA },
	{ "network.rate_out", "network.mode", "bridge", ADA },
	{ "network.rate_out", "network.bridge", "lan", ADA },
	{ "network.interfaces", "network.mode", "bridge", ADA },
	{ "network.dns", "network.mode", "user", ADA },
	{ "network.forward", "network.mode", "user", ADA },
	{ "network.allow", "network.mode", "user", ADA },
	{ "network.deny", "network.mode", "user", ADA },
	{ "network.name_time", "network.mode", "user", ADA },
	{ "network.name_time", "network.allow", "tcp:443@example.org", ADA },
	{ "network.tls_name", "network.mode", "user", ADA },
	{ "network.tls_name", "network.allow", "tcp:443@example.org", ADA },
	{ "network.log", "network.mode", "user", ADA },
	{ "network.log", "network.allow", "tcp:443", ADA },
	{ "network.host_fallback", "network.mode", "user", EVE },
	{ "network.abstract_sockets", "network.mode", "host", ADA },
	{ "desktop.wayland_context", "desktop.display", "wayland", ADA },
};

static struct arena arena;

struct made {
	struct plan plan;
	size_t errors;
};

static struct made *make(const char *row, const char *text, bool extra)
{
	struct made *m = arena_alloc(&arena, sizeof *m);
	struct facts facts;
	struct profile profile;
	struct err e = { 0 };
	struct diags d = { .arena = &arena };
	struct conf_set sets[4] = { { "filesystem.read_only", "/usr", "--ro" } };
	struct conf_request request = { .profile = "-", .sets = sets, .set_count = 1 };
	const struct conf_places places = {
		.shipped_dir = "/nonexistent", .system_dir = "/nonexistent", .policy = "/nonexistent/x"
	};
	if (facts_json(&facts, &arena, machine, sizeof machine - 1, "machine", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	for (size_t i = 0; extra && i < sizeof needs / sizeof needs[0]; i++) {
		if (strcmp(needs[i].row, row) != 0)
			continue;
		facts.uid = facts.gid = needs[i].caller;
		if (needs[i].path != NULL)
			sets[request.set_count++] = (struct conf_set){ needs[i].path, needs[i].value, "--set" };
	}
	conf_load_text(&profile, &arena, &places, &request, "row.conf", text, strlen(text), &d);
	plan_make(&m->plan, &arena, &profile, &facts, &(struct plan_request){ 0 }, false, &d);
	for (size_t i = 0; i < d.count; i++)
		printf("# %s: %s\n", row, d.items[i].text);
	m->errors = d.errors;
	return m;
}

/* "a.b.c" and "1" -> "a = { b = { c = 1; }; };" */
static const char *profile_text(const char *path, const char *value)
{
	const char *head = "", *tail = "";
	for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		head = arena_printf(&arena, "%s%.*s = { ", head, (int)(dot - path), path);
		tail = arena_printf(&arena, " };%s", tail);
	}
	return arena_printf(&arena, "%s%s = %s;%s", head, path, value, tail);
}

/* The number of differences; a row may also turn a mistake into none. */
static bool differ(const struct made *a, const struct made *b)
{
	struct buf out = { .arena = &arena };
	const struct plan_text_options o = { 0 };
	return plan_diff(&out, &a->plan, &b->plan, &o) > 0 || a->errors != b->errors;
}

static void test_settings(void)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &schema_settings[i];
		if ((s->flags & FLAG_RUN) != 0)
			continue;
		const struct made *without = make(s->path, "", true);
		const struct made *with = make(s->path, profile_text(s->path, s->example), true);
		ok(with->errors == 0, "%s = %s is a good profile", s->path, s->example);
		ok(differ(without, with), "%s = %s changes the plan", s->path, s->example);
	}
}

static const struct setting *holder(const char *record)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (schema_settings[i].list != NULL && schema_settings[i].type == TYPE_RECORDS &&
			strcmp(schema_settings[i].list, record) == 0)
			return &schema_settings[i];
	return NULL;
}

/* "( { name = example; ... } )" with the members that a record must have, its key, and `add`. */
static const char *record_text(const char *record, const struct setting *add)
{
	const char *text = "( { ";
	for (size_t i = 0; i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		const char *value = m->example;
		if (strcmp(m->record, record) != 0 || ((m->flags & (FLAG_MUST | FLAG_KEY)) == 0 && m != add))
			continue;
		/* Whether a source may be absent only shows when it is. */
		if (add != NULL && strcmp(record, "bind") == 0 && strcmp(add->path, "optional") == 0 &&
			strcmp(m->path, "from") == 0)
			value = "\"/absent\"";
		text = arena_printf(&arena, "%s%s = %s; ", text, m->path, value);
	}
	return arena_printf(&arena, "%s} )", text);
}

static void test_members(void)
{
	for (size_t i = 0; i < schema_member_count; i++) {
		const struct setting *m = &schema_members[i];
		const struct setting *s = holder(m->record);
		if (!ok(s != NULL, "record %s is used", m->record) || (s->flags & FLAG_RUN) != 0)
			continue;
		const struct made *with = make(s->path, profile_text(s->path, record_text(m->record, m)), true);
		ok(with->errors == 0, "%s of %s is good", m->path, s->path);
		if ((m->flags & (FLAG_MUST | FLAG_KEY)) != 0)
			continue; /* the setting's own example has them */
		/* Without it: the same record, with an absent source where the member is about that. */
		const char *text = record_text(m->record, m);
		const char *at = strstr(text, arena_printf(&arena, "%s = %s; ", m->path, m->example));
		size_t len = strlen(arena_printf(&arena, "%s = %s; ", m->path, m->example));
		text = arena_printf(&arena, "%.*s%s", (int)(at - text), text, at + len);
		ok(differ(make(s->path, profile_text(s->path, text), true), with), "%s.%s = %s changes the plan", s->path, m->path,
			m->example);
	}
}

int main(void)
{
	test_settings();
	test_members();
	arena_free(&arena);
	return tap_done();
}
