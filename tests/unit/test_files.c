/* The file part of the plan: exact operations for machines and profiles that stand for each rule. */
#include <sched.h>

#include "plan/internal.h"
#include "tap.h"

/* One case: facts, what the profile says, what comes out. */
struct rig {
	struct arena arena;
	struct facts facts;
	struct profile profile;
	struct plan plan;
	struct diags diags;
	struct planner planner;
	unsigned line;
};

static const char *const debian =
	"\"/usr/bin/sh\":\"file 0755\",\"/usr/lib\":\"dir\",\"/usr/share/doc\":\"dir\",\"/bin\":\"-> usr/bin\","
	"\"/lib\":\"-> usr/lib\",\"/etc/passwd\":\"file\",\"/etc/machine-id\":\"file\",\"/home/ada\":\"dir 0700\",\"/dev/null\":\"dev\"";

static void setup(struct rig *r, const char *paths)
{
	*r = (struct rig){ 0 };
	const char *json = arena_printf(&r->arena,
		"{\"uid\":1000,\"gid\":1000,\"user\":\"ada\",\"home\":\"/home/ada\",\"cwd\":\"/home/ada/project\",\"paths\":{%s}}",
		paths);
	struct err e = { 0 };
	if (facts_json(&r->facts, &r->arena, json, strlen(json), "facts.json", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	r->diags.arena = &r->arena;
	r->profile.name = "test";
}

static struct origin next_line(struct rig *r)
{
	return (struct origin){ .file = "t.conf", .line = ++r->line, .layer = 3 };
}

/* Each item gets the next line number. */
static void say(struct rig *r, struct list *list, const char *text)
{
	list->items = arena_grow(&r->arena, list->items, list->count, &list->cap, sizeof *list->items);
	bool optional = text[0] == '-';
	list->items[list->count++] = (struct item){ .text = text + optional, .optional = optional, .origin = next_line(r) };
}

static struct record *say_record(struct rig *r, struct records *list)
{
	list->items = arena_grow(&r->arena, list->items, list->count, &list->cap, sizeof *list->items);
	list->items[list->count].origin = next_line(r);
	return &list->items[list->count++];
}

static void set_text(struct value *v, const char *s)
{
	v->set = true;
	v->s = s;
}

static void set_number(struct value *v, int64_t i)
{
	v->set = true;
	v->i = i;
}

static void set_home(struct rig *r, enum choice_value v)
{
	r->profile.filesystem_home = (struct value){ .set = true, .i = v, .origin = next_line(r) };
}

static void bind_to(struct rig *r, const char *from, const char *to, enum choice_value mode)
{
	struct record *b = say_record(r, &r->profile.filesystem_binds);
	set_text(MEMBER_OF(b, bind, from), from);
	if (to != NULL)
		set_text(MEMBER_OF(b, bind, to), to);
	set_number(MEMBER_OF(b, bind, mode), mode);
}

static void tmpfs_at(struct rig *r, const char *path, int64_t mode, int64_t size)
{
	struct record *t = say_record(r, &r->profile.filesystem_tmpfs);
	set_text(MEMBER_OF(t, tmpfs, path), path);
	set_number(MEMBER_OF(t, tmpfs, mode), mode);
	if (size > 0)
		set_number(MEMBER_OF(t, tmpfs, size), size);
}

static int plan_it(struct rig *r)
{
	r->planner =
		(struct planner){ .plan = &r->plan, .arena = &r->arena, .p = &r->profile, .facts = &r->facts, .diags = &r->diags };
	return plan_files(&r->planner);
}

static const char *flag_letters(struct arena *a, unsigned flags)
{
	struct buf b = { .arena = a };
	static const char letters[] = "rxdfmboV";
	for (unsigned i = 0; letters[i] != '\0'; i++)
		if ((flags & 1u << i) != 0)
			buf_putc(&b, letters[i]);
	return buf_text(&b);
}

/*
 * The operations, one a line, without those that every sandbox has: KIND TARGET [SOURCE or mode] [FLAGS] [LINE].
 * Flags: r read-only, x noexec, d devices, f on a file, m make, b in a bind, o over, V may vanish.
 */
static const char *ops(struct rig *r)
{
	static const char *const kinds[] = { "dir", "link", "file", "bind", "tmpfs", "proc", "pts", "mqueue" };
	struct buf b = { .arena = &r->arena };
	for (size_t i = 0; i < r->plan.mount_count; i++) {
		const struct mount_op *op = &r->plan.mounts[i];
		if (op->origin.file != NULL && strcmp(op->origin.file, "built in") == 0 && op->kind != MOUNT_FILE &&
			strncmp(op->target, "/home", 5) != 0)
			continue;
		buf_printf(&b, "%s %s", kinds[op->kind], op->target);
		if (op->source != NULL && (op->kind == MOUNT_SYMLINK || strcmp(op->source, op->target) != 0))
			buf_printf(&b, " <- %s", op->source);
		if (op->kind == MOUNT_DIRECTORY || op->kind == MOUNT_TMPFS || op->kind == MOUNT_FILE)
			buf_printf(&b, " %04o", op->mode);
		if (op->size > 0)
			buf_printf(&b, " size=%llu", (unsigned long long)op->size);
		if (op->flags != 0)
			buf_printf(&b, " %s", flag_letters(&r->arena, op->flags));
		if (op->origin.line > 0)
			buf_printf(&b, " :%u", op->origin.line);
		buf_putc(&b, '\n');
	}
	return buf_text(&b);
}

static const char *mistakes(struct rig *r)
{
	struct buf b = { .arena = &r->arena };
	for (size_t i = 0; i < r->diags.count; i++)
		buf_printf(&b, "%u: %s: %s\n", r->diags.items[i].origin.line, r->diags.items[i].setting, r->diags.items[i].text);
	return buf_text(&b);
}

static const char *all_ops(struct rig *r)
{
	struct buf b = { .arena = &r->arena };
	for (size_t i = 0; i < r->plan.mount_count; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", r->plan.mounts[i].target);
	return buf_text(&b);
}

static void check(struct rig *r, const char *what, const char *want)
{
	plan_it(r);
	same(mistakes(r), "", arena_printf(&r->arena, "%s: no mistakes", what));
	same(ops(r), want, what);
	arena_free(&r->arena);
}

static void check_wrong(struct rig *r, const char *what, const char *want)
{
	int err = plan_it(r);
	ok(err < 0, "%s: refused", what);
	same(mistakes(r), want, what);
	arena_free(&r->arena);
}

static void test_layouts(void)
{
	struct rig r;
	setup(&r, "\"/usr\":\"dir\"");
	r.plan.clone_flags = CLONE_NEWIPC;
	r.plan.terminal = "/dev/pts/3";
	plan_it(&r);
	same(all_ops(&r),
		"/dev /dev/console /dev/fd /dev/full /dev/mqueue /dev/null /dev/ptmx /dev/pts /dev/random /dev/shm /dev/stderr /dev/stdin "
		"/dev/stdout /dev/tty /dev/urandom /dev/zero /home /home/ada /proc",
		"what every sandbox has");
	arena_free(&r.arena);

	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_only, "/usr");
	say(&r, &r.profile.filesystem_read_only, "/bin");
	say(&r, &r.profile.filesystem_read_only, "/lib");
	say(&r, &r.profile.filesystem_read_only, "-/lib64");
	check(&r, "merged usr",
		"link /bin <- usr/bin :2\ndir /home 0755\ntmpfs /home/ada 0700 m\nlink /lib <- usr/lib :3\nbind /usr rm :1\n");

	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_only, "/bin");
	check(&r, "a symlink whose target is not granted is bound",
		"bind /bin <- /usr/bin rm :1\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, "\"/usr/bin\":\"dir\",\"/bin\":\"dir\",\"/lib\":\"dir\"");
	say(&r, &r.profile.filesystem_read_only, "/usr");
	say(&r, &r.profile.filesystem_read_only, "/bin");
	check(&r, "plain usr", "bind /bin rm :2\ndir /home 0755\ntmpfs /home/ada 0700 m\nbind /usr rm :1\n");

	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_only, "/usr");
	say(&r, &r.profile.filesystem_read_only, "/lib");
	tmpfs_at(&r, "/lib/cache", 0755, 0);
	check(&r, "an entry behind a kept symlink goes to the real name",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nlink /lib <- usr/lib :2\ntmpfs /usr 0755 rm :1\nbind /usr/bin rmV :1\n"
		"dir /usr/lib 0755 :1\ntmpfs /usr/lib/cache 0755 m :3\nbind /usr/share rmV :1\n");
}

static void test_homes(void)
{
	struct rig r;
	setup(&r, "\"/home/ada\":\"-> ../data/ada\",\"/data/ada/.mozilla\":\"dir\"");
	say(&r, &r.profile.filesystem_read_write, "~/.mozilla");
	check(&r, "a home that is a symlink",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/.mozilla <- /data/ada/.mozilla m :1\n");

	setup(&r, "\"/home/ada\":\"dir 0700\"");
	set_home(&r, HOME_PERSISTENT);
	check(&r, "a persistent home", "dir /home 0755\nbind /home/ada <- /home/ada/.local/share/bailey/homes/test m :1\n");

	setup(&r, "\"/home/ada\":\"dir 0700\",\"/home/ada/proj\":\"dir\",\"/home/ada/cookie\":\"file\"");
	set_home(&r, HOME_PERSISTENT);
	say(&r, &r.profile.filesystem_read_write, "~/proj");
	say(&r, &r.profile.filesystem_read_only, "~/cookie");
	say(&r, &r.profile.filesystem_hide, "~/.ssh");
	plan_it(&r);
	same(mistakes(&r), "", "a grant in a persistent home: no mistakes");
	same(ops(&r),
		"dir /home 0755\nbind /home/ada <- /home/ada/.local/share/bailey/homes/test m :1\nbind /home/ada/cookie rfb :3\n"
		"bind /home/ada/proj b :2\n",
		"what is put into a persistent home gets its mount point there");
	ok(r.plan.create_count == 3 && r.plan.creates[1].file && !r.plan.creates[2].file, "a directory and a file are made in it");
	same(r.plan.creates[2].path, "/home/ada/.local/share/bailey/homes/test/proj", "the directory's place");
	same(r.plan.creates[1].path, "/home/ada/.local/share/bailey/homes/test/cookie", "the file's place");
	arena_free(&r.arena);

	setup(&r,
		"\"/home/ada\":\"dir 0700\",\"/home/ada/proj\":\"dir\","
		"\"/home/ada/.local/share/bailey/homes/test/proj\":\"-> /home/ada\"");
	set_home(&r, HOME_PERSISTENT);
	say(&r, &r.profile.filesystem_read_write, "~/proj");
	check_wrong(&r, "a symlink that an earlier run left in the kept home",
		"2: filesystem.read_write: \"~/proj\" has no place in the kept home: a symlink is in its way\n");

	setup(&r,
		"\"/home/ada/.bashrc\":\"file\",\"/home/ada/a\":\"dir\",\"/home/ada/l\":\"-> a\",\"/home/ada/.config/bailey\":\"dir\","
		"\"/home/ada/.config/gtk\":\"dir\",\"/home/ada\":\"dir 0700\"");
	set_home(&r, HOME_HOST);
	check(&r, "the host's home is rebuilt around what is protected",
		"dir /home 0755\ntmpfs /home/ada 0700 rm :1\nbind /home/ada/.bashrc rfmV :1\ndir /home/ada/.config 0755 :1\n"
		"bind /home/ada/.config/gtk mV :1\nbind /home/ada/a mV :1\nlink /home/ada/l <- a :1\n");

	setup(&r, "\"/home/ada\":\"dir 0700\",\"/home/ada/a\":\"dir\"");
	say(&r, &r.profile.filesystem_read_write, "~");
	check(&r, "an absent ~/.config cannot be made on the host",
		"dir /home 0755\ntmpfs /home/ada 0700 rm :1\nbind /home/ada/a mV :1\n");

	setup(&r, "\"/home/ada\":\"dir 0700\",\"/home/ada/a\":\"dir\"");
	r.facts.home = "";
	say(&r, &r.profile.filesystem_read_only, "~/a");
	check_wrong(&r, "no home directory",
		"1: filesystem.read_only: needs the home directory, but HOME is not set and the user database names none\n");
}

static void test_hide(void)
{
	static const char docs[] =
		"\"/home/ada/Documents/private/x\":\"file\",\"/home/ada/Documents/a.pdf\":\"file\",\"/home/ada/Documents/old\":\"dir\","
		"\"/home/ada/Documents/latest\":\"-> old\",\"/home/ada\":\"dir 0700\"";
	struct rig r;
	setup(&r, docs);
	say(&r, &r.profile.filesystem_read_only, "~/Documents");
	say(&r, &r.profile.filesystem_hide, "~/Documents/private");
	check(&r, "a hidden name in a read-only directory",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ntmpfs /home/ada/Documents 0755 rm :1\nbind /home/ada/Documents/a.pdf rfmV :1\n"
		"link /home/ada/Documents/latest <- old :1\nbind /home/ada/Documents/old rmV :1\n");

	setup(&r, docs);
	say(&r, &r.profile.filesystem_hide, "~/Documents/private");
	bind_to(&r, "~/Documents", "/docs", BIND_READ_ONLY);
	check(&r, "a hidden name is hidden under another name too",
		"tmpfs /docs 0755 rm :2\nbind /docs/a.pdf <- /home/ada/Documents/a.pdf rfmV :2\nlink /docs/latest <- old :2\n"
		"bind /docs/old <- /home/ada/Documents/old rmV :2\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, docs);
	say(&r, &r.profile.filesystem_read_only, "~/Documents");
	say(&r, &r.profile.filesystem_hide, "~/Documents/private");
	say(&r, &r.profile.filesystem_read_only, "~/Documents/private/x");
	check(&r, "the deepest path wins",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ntmpfs /home/ada/Documents 0755 rm :1\nbind /home/ada/Documents/a.pdf rfmV :1\n"
		"link /home/ada/Documents/latest <- old :1\nbind /home/ada/Documents/old rmV :1\ndir /home/ada/Documents/private 0755\n"
		"bind /home/ada/Documents/private/x rfm :3\n");

	setup(&r, docs);
	say(&r, &r.profile.filesystem_read_only, "~/Documents");
	say(&r, &r.profile.filesystem_hide, "-~/Documents/absent");
	say(&r, &r.profile.filesystem_hide, "~/elsewhere");
	check(&r, "nothing to hide, nothing to rebuild",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/Documents rm :1\n");

	setup(&r, "\"/data/a\":\"dir\",\"/data/b\":\"dir\"");
	say(&r, &r.profile.filesystem_read_only, "/data");
	say(&r, &r.profile.filesystem_hide, "/data/c");
	check(&r, "a name that must not come into being",
		"tmpfs /data 0755 rm :1\nbind /data/a rmV :1\nbind /data/b rmV :1\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, "\"/data/link\":\"-> real\",\"/data/real/x\":\"file\"");
	say(&r, &r.profile.filesystem_read_only, "/data");
	say(&r, &r.profile.filesystem_hide, "/data/link");
	check(&r, "what a hidden symlink leads to is hidden with it",
		"tmpfs /data 0755 rm :1\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, docs);
	say(&r, &r.profile.filesystem_hide, "/");
	say(&r, &r.profile.filesystem_hide, "/proc/kcore");
	check_wrong(&r, "hiding everything, hiding in /proc",
		"1: filesystem.hide: \"/\" cannot be hidden or replaced: the tree starts empty as it is\n"
		"2: filesystem.hide: \"/proc/kcore\" is the sandbox's own: nothing is put there, and nothing hidden\n");
}

static void test_protected(void)
{
	struct rig r;
	setup(&r,
		"\"/home/ada\":\"dir 0700\",\"/home/ada/dotfiles/bashrc\":\"file\",\"/home/ada/dotfiles/x\":\"file\","
		"\"/home/ada/.bashrc\":\"-> dotfiles/bashrc\"");
	say(&r, &r.profile.filesystem_read_write, "~/dotfiles");
	check(&r, "a start-up file that is a symlink into a granted directory",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ntmpfs /home/ada/dotfiles 0755 rm :1\nbind /home/ada/dotfiles/bashrc rfmV :1\n"
		"bind /home/ada/dotfiles/x fmV :1\n");

	setup(&r, "\"/home/ada\":\"dir 0700\",\"/home/ada/.config/autostart/a\":\"file\",\"/home/ada/.config/x\":\"dir\"");
	say(&r, &r.profile.filesystem_read_write, "~/.config");
	say(&r, &r.profile.filesystem_read_write, "~/.config/autostart");
	check(&r, "a profile that names a protected path gets it",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ntmpfs /home/ada/.config 0755 rm :1\nbind /home/ada/.config/autostart m :2\n"
		"bind /home/ada/.config/x mV :1\n");

	setup(&r, "\"/home/ada\":\"dir 0700\",\"/home/ada/.config/autostart/a\":\"file\",\"/home/ada/.config/x\":\"dir\"");
	say(&r, &r.profile.filesystem_read_only, "~/.config");
	check(&r, "reading start-up files is no danger, bailey's own are absent all the same",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ntmpfs /home/ada/.config 0755 rm :1\nbind /home/ada/.config/autostart rmV :1\n"
		"bind /home/ada/.config/x rmV :1\n");

	setup(&r, "\"/home/ada\":\"dir 0700\",\"/home/ada/.config/bailey/profiles\":\"dir\"");
	say(&r, &r.profile.filesystem_read_write, "~/.config/bailey/profiles");
	check_wrong(&r, "bailey's own",
		"1: filesystem.read_write: \"~/.config/bailey/profiles\" is never writable inside: there are bailey's own profiles\n");

	setup(&r, "\"/home/ada\":\"dir 0700\"");
	say(&r, &r.profile.filesystem_create, "~/.local/share/bailey/x");
	say(&r, &r.profile.filesystem_read_only, "/");
	check_wrong(&r, "making something there",
		"1: filesystem.create: \"~/.local/share/bailey/x\" lies where bailey keeps the homes of other profiles\n");

	setup(&r,
		"\"/home/ada\":\"dir 0700\",\"/home/ada/.config\":\"-> dot/config\",\"/home/ada/dot/config/autostart\":\"dir\","
		"\"/home/ada/dot/config/x\":\"dir\",\"/home/ada/dot/y\":\"dir\"");
	set_home(&r, HOME_HOST);
	check(&r, "~/.config is a symlink",
		"dir /home 0755\ntmpfs /home/ada 0700 rm :1\nlink /home/ada/.config <- dot/config :1\ndir /home/ada/dot 0755 :1\n"
		"dir /home/ada/dot/config 0755 :1\nbind /home/ada/dot/config/autostart rmV :1\nbind /home/ada/dot/config/x mV :1\n"
		"bind /home/ada/dot/y mV :1\n");
}

static void test_create(void)
{
	struct rig r;
	setup(&r, "\"/home/ada\":\"dir 0700\"");
	say(&r, &r.profile.filesystem_create, "~/.cache/app/x");
	say(&r, &r.profile.filesystem_read_write, "~/.cache/app");
	plan_it(&r);
	same(mistakes(&r), "", "create makes its path and those above it present");
	ok(r.plan.create_count == 1, "one directory to make");
	same(r.plan.creates[0].path, "/home/ada/.cache/app/x", "which one");
	same(ops(&r), "dir /home 0755\ntmpfs /home/ada 0700 m\ndir /home/ada/.cache 0755\nbind /home/ada/.cache/app m :2\n",
		"and bound");
	arena_free(&r.arena);

	setup(&r, "\"/home/ada\":\"dir 0700\",\"/home/ada/a\":\"dir\"");
	say(&r, &r.profile.filesystem_create, "~/new");
	set_home(&r, HOME_HOST);
	check(&r, "a made directory is shown in a rebuilt one",
		"dir /home 0755\ntmpfs /home/ada 0700 rm :2\nbind /home/ada/a mV :2\nbind /home/ada/new mV :2\n");

	setup(&r, "\"/home/ada/there\":\"dir\",\"/home/ada/file\":\"file\"");
	say(&r, &r.profile.filesystem_create, "~/there");
	say(&r, &r.profile.filesystem_create, "~/file");
	check_wrong(&r, "what is there is not made, a file is in the way",
		"2: filesystem.create: \"~/file\" is there, but is no directory\n");
}

static void test_mount_points(void)
{
	struct rig r;
	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_only, "/usr");
	tmpfs_at(&r, "/usr/share/doc", 01777, 4096);
	check(&r, "a mount point that exists in a bind",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /usr rm :1\ntmpfs /usr/share/doc 1777 size=4096 b :2\n");

	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_only, "/usr");
	say(&r, &r.profile.filesystem_read_only, "/usr/share");
	say(&r, &r.profile.filesystem_read_write, "/usr/share/doc");
	check(&r, "a grant that says nothing new costs nothing",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /usr rm :1\nbind /usr/share/doc b :3\n");

	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_only, "/etc/passwd");
	tmpfs_at(&r, "/etc/passwd/x", 0755, 0);
	check_wrong(&r, "below a file",
		"2: filesystem.tmpfs: \"/etc/passwd/x\" lies below /etc/passwd, which is no directory (t.conf:1)\n");

	setup(&r, "\"/etc/passwd\":\"file\",\"/srv/root/etc\":\"dir\",\"/srv/root/bin\":\"-> usr/bin\",\"/srv/root/dev\":\"dir\"");
	bind_to(&r, "/srv/root", "/", BIND_READ_WRITE);
	check(&r, "another root",
		"link /bin <- usr/bin :1\nbind /etc <- /srv/root/etc mV :1\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_only, "/");
	check(&r, "the whole tree",
		"link /bin <- usr/bin :1\nbind /etc rmV :1\nbind /home rmV :1\ntmpfs /home/ada 0700 b\nlink /lib <- usr/lib :1\n"
		"bind /usr rmV :1\n");
}

static void test_machine_id(void)
{
	struct rig r;
	setup(&r, debian);
	r.plan.machine_id_private = true;
	say(&r, &r.profile.filesystem_read_only, "/etc");
	check(&r, "a machine id over the host's",
		"bind /etc rm :1\nfile /etc/machine-id 0444 rfbo\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, debian);
	r.plan.machine_id_private = true;
	check(&r, "no /etc, no machine id", "dir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, debian);
	r.plan.machine_id_private = true;
	say(&r, &r.profile.filesystem_read_only, "/etc/machine-id");
	check(&r, "asked for by name it is private too",
		"dir /etc 0755\nfile /etc/machine-id 0444\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, "\"/etc/machine-id\":\"-> /run/id\",\"/etc/a\":\"file\",\"/run/id\":\"file\"");
	r.plan.machine_id_private = true;
	say(&r, &r.profile.filesystem_read_only, "/etc");
	check(&r, "a symlink in its place",
		"tmpfs /etc 0755 rm :1\nbind /etc/a rfmV :1\nfile /etc/machine-id 0444\ndir /home 0755\ntmpfs /home/ada 0700 m\n");
}

static void test_mistakes(void)
{
	struct rig r;
	setup(&r,
		"\"/home/ada/p/link\":\"-> ../.ssh\",\"/home/ada/.ssh\":\"dir\",\"/home/ada/p/in\":\"-> sub\",\"/home/ada/p/sub\":\"dir\"");
	say(&r, &r.profile.filesystem_read_write, "~/p");
	say(&r, &r.profile.filesystem_read_only, "~/p/link");
	say(&r, &r.profile.filesystem_read_only, "~/p/in");
	check_wrong(&r, "a symlink that the program can turn",
		"2: filesystem.read_only: \"~/p/link\" goes through /home/ada/p/link, a symbolic link that the program may change "
		"(filesystem.read_write, t.conf:1), and leads out of there to /home/ada/.ssh\n");

	setup(&r, "\"/home/ada/x\":\"dir\"");
	say(&r, &r.profile.filesystem_read_only, "~/x");
	say(&r, &r.profile.filesystem_read_write, "${HOME}//x");
	check_wrong(&r, "two meanings in one file",
		"2: filesystem.read_write: \"${HOME}//x\" is the same path as \"~/x\" in filesystem.read_only (t.conf:1), which says something else\n");

	setup(&r, "\"/home/ada/x\":\"dir\"");
	say(&r, &r.profile.filesystem_read_only, "~/x");
	say(&r, &r.profile.filesystem_read_write, "${HOME}/x");
	r.profile.filesystem_read_write.items[0].origin.layer = 4;
	check(&r, "the later layer wins", "dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/x m :2\n");

	setup(&r, "\"/home/ada/x\":\"dir\",\"/home/ada/locked/x\":\"unreadable\"");
	say(&r, &r.profile.filesystem_read_only, "~/absent");
	say(&r, &r.profile.filesystem_read_only, "-~/absent");
	say(&r, &r.profile.filesystem_read_only, "~/locked/x");
	say(&r, &r.profile.filesystem_read_only, "~/*.none");
	say(&r, &r.profile.filesystem_read_only, "~/../x");
	say(&r, &r.profile.filesystem_read_only, "/proc/sys");
	say(&r, &r.profile.filesystem_read_write, "/dev");
	tmpfs_at(&r, "/", 0755, 0);
	bind_to(&r, "/proc", "/x", BIND_READ_ONLY);
	check_wrong(&r, "all at once",
		"4: filesystem.read_only: \"~/*.none\" matches nothing\n"
		"5: filesystem.read_only: \"~/../x\" must not hold \"..\"\n"
		"6: filesystem.read_only: \"/proc/sys\": the host's /proc cannot be shown\n"
		"7: filesystem.read_write: \"/dev\" is the sandbox's own: nothing is put there, and nothing hidden\n"
		"9: filesystem.binds: \"/proc\": the host's /proc cannot be shown\n"
		"8: filesystem.tmpfs: \"/\" cannot be hidden or replaced: the tree starts empty as it is\n"
		"1: filesystem.read_only: \"~/absent\": no such file or directory\n"
		"3: filesystem.read_only: \"~/locked/x\" cannot be looked up: Permission denied\n");

	setup(&r, "\"/x\":\"dir\"");
	r.facts.home = "/";
	set_home(&r, HOME_HOST);
	check_wrong(&r, "/ as a home", "1: filesystem.home: \"/\" cannot serve as a home directory\n");
}

static void test_special_sources(void)
{
	struct rig r;
	setup(&r, "\"/etc/mtab\":\"-> ../proc/self/mounts\",\"/etc/net\":\"-> /proc/net\",\"/proc/net/tcp\":\"file\"");
	say(&r, &r.profile.filesystem_read_only, "/etc/mtab");
	check(&r, "a link into /proc shows the sandbox's own",
		"dir /etc 0755\nlink /etc/mtab <- ../proc/self/mounts :1\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, "\"/etc/mtab\":\"-> ../proc/self/mounts\",\"/etc/net\":\"-> /proc/net\",\"/proc/net/tcp\":\"file\"");
	bind_to(&r, "/etc/mtab", "/mtab", BIND_READ_ONLY);
	say(&r, &r.profile.filesystem_read_only, "/etc/net/tcp");
	check_wrong(&r, "the host's /proc by a detour",
		"2: filesystem.read_only: \"/etc/net/tcp\" leads to /proc/net/tcp: the host's /proc cannot be shown\n"
		"1: filesystem.binds: \"/etc/mtab\" leads to /proc/self/mounts: the host's /proc cannot be shown\n");

	setup(&r, "\"/dev/dri/card0\":\"dev\",\"/dev/sub/x\":\"dev\",\"/home/ada/f\":\"file\"");
	say(&r, &r.profile.devices_nodes, "/dev/dri");
	say(&r, &r.profile.devices_nodes, "/dev/s*/x");
	check(&r, "devices",
		"bind /dev/dri xdm :1\ndir /dev/sub 0755\nbind /dev/sub/x xdfm :2\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

	setup(&r, "\"/home/ada/f\":\"file\"");
	say(&r, &r.profile.devices_nodes, "~");
	say(&r, &r.profile.devices_nodes, "~/f");
	check_wrong(&r, "no devices",
		"1: devices.nodes: \"~\" is no device, and no directory of devices below /dev\n"
		"2: devices.nodes: \"~/f\" is no device, and no directory of devices below /dev\n");

	setup(&r, "\"/home/ada/Downloads\":\"-> /data/down\",\"/data/down\":\"dir\",\"/home/ada\":\"dir 0700\"");
	set_home(&r, HOME_HOST);
	say(&r, &r.profile.filesystem_read_write, "~/Downloads");
	check(&r, "a link in the home cannot be turned, because the home is rebuilt",
		"dir /home 0755\ntmpfs /home/ada 0700 rm :1\nbind /home/ada/Downloads <- /data/down m :2\n");
}

static bool visible(struct rig *r, const char *path, bool want_writable)
{
	bool writable;
	return plan_visible(&r->planner, path, &writable) && writable == want_writable;
}

static void test_visible(void)
{
	struct rig r;
	setup(&r,
		"\"/usr/bin/vi\":\"-> /etc/alternatives/vi\",\"/etc/alternatives/vi\":\"-> /usr/bin/vim\",\"/usr/bin/vim\":\"file 0755\","
		"\"/usr/bin/ed\":\"-> /etc/alternatives/ed\",\"/etc/alternatives/ed\":\"-> /opt/ed\",\"/opt/ed\":\"file\","
		"\"/bin\":\"-> usr/bin\",\"/home/ada/p/src\":\"dir\",\"/home/ada/p/key\":\"file\",\"/srv/x\":\"dir\"");
	say(&r, &r.profile.filesystem_read_only, "/usr");
	say(&r, &r.profile.filesystem_read_only, "/etc");
	say(&r, &r.profile.filesystem_read_only, "/bin");
	say(&r, &r.profile.filesystem_read_write, "~/p");
	say(&r, &r.profile.filesystem_hide, "~/p/key");
	bind_to(&r, "/srv", "/srv2", BIND_READ_ONLY);
	plan_it(&r);
	same(mistakes(&r), "", "no mistakes");
	ok(visible(&r, "/usr/bin/vim", false), "a file in a bind");
	ok(visible(&r, "/bin/vim", false), "through a kept symlink");
	ok(visible(&r, "/bin/vi", false), "through symlinks of the host");
	ok(!visible(&r, "/bin/ed", false), "a symlink whose end is not granted");
	ok(visible(&r, "/home/ada/p/src", true), "writable");
	ok(visible(&r, "/home/ada/p", true), "a rebuilt directory");
	ok(!visible(&r, "/home/ada/p/key", true), "hidden");
	ok(!visible(&r, "/home/ada", false), "a private home is not the host's");
	ok(!visible(&r, "/home", false), "a directory of ours");
	ok(!visible(&r, "/srv/x", false), "bound elsewhere");
	ok(!visible(&r, "/", false), "the root");
	arena_free(&r.arena);
}

static void test_table(void)
{
	struct rig r;
	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_only, "/usr");
	say(&r, &r.profile.filesystem_read_only, "/bin");
	say(&r, &r.profile.devices_nodes, "-/dev/dri");
	say(&r, &r.profile.devices_nodes, "/dev/null");
	bind_to(&r, "/usr/share", "/s", BIND_READ_WRITE);
	tmpfs_at(&r, "/tmp", 01777, 0);
	plan_it(&r);
	struct buf b = { .arena = &r.arena };
	for (size_t i = 0; i < r.plan.path_count; i++)
		buf_printf(&b, "%s %s%s%s:%u\n", r.plan.paths[i].path, r.plan.paths[i].access,
			r.plan.paths[i].source != NULL ? " " : "", r.plan.paths[i].source != NULL ? r.plan.paths[i].source : "",
			r.plan.paths[i].origin.line);
	same(buf_text(&b),
		"/bin read /usr/bin:2\n/dev/null device:4\n/home/ada empty:0\n/s read, write /usr/share:5\n/tmp empty:6\n/usr read:1\n",
		"the table for people");
	arena_free(&r.arena);
}

int main(void)
{
	test_layouts();
	test_homes();
	test_hide();
	test_protected();
	test_create();
	test_mount_points();
	test_machine_id();
	test_mistakes();
	test_special_sources();
	test_visible();
	test_table();
	return tap_done();
}
