/* A root file system of its own and overlays: operations, and that no name in them leads to the host. */
#include "files_rig.h"

/* A root with merged /usr by absolute symlinks, and some that would lead out of a tree that is not a root. */
static const char *const root =
	"\"/srv/r/usr/bin/sh\":\"file 0755\",\"/srv/r/usr/lib\":\"dir\",\"/srv/r/bin\":\"-> /usr/bin\",\"/srv/r/lib\":\"-> usr/lib\","
	"\"/srv/r/etc\":\"dir\",\"/srv/r/proc\":\"dir\",\"/srv/r/dev\":\"dir\",\"/srv/r/root\":\"-> ../../../home/ada\","
	"\"/srv/r/loop\":\"-> ../../loop\",\"/usr/lib/host\":\"dir\",\"/home/ada/data\":\"dir\",\"/home/ada/.ssh\":\"dir\","
	"\"/etc\":\"dir\",\"/usr/bin/host\":\"file 0755\"";

static void set_root(struct rig *r, enum choice_value mode)
{
	r->profile.filesystem_root = (struct value){ .set = true, .s = "/srv/r", .origin = next_line(r) };
	r->profile.filesystem_root_mode = (struct value){ .set = true, .i = mode, .origin = next_line(r) };
}

static void set_upper(struct rig *r, const char *path)
{
	r->profile.filesystem_root_upper = (struct value){ .set = true, .s = path, .origin = next_line(r) };
}

static struct record *overlay_at(struct rig *r, const char *path, const char *upper)
{
	struct record *o = say_record(r, &r->profile.filesystem_overlay);
	set_text(MEMBER_OF(o, overlay, path), path);
	set_text(MEMBER_OF(o, overlay, upper), upper);
	return o;
}

static void test_read_only(void)
{
	struct rig r;
	setup(&r, root);
	set_root(&r, ROOT_READ_ONLY);
	bind_to(&r, "/home/ada/data", "/lib/data", BIND_READ_WRITE);
	check(&r, "read-only: name by name, an entry goes where the root's symlinks lead",
		"link /bin <- /usr/bin :1\nbind /etc <- /srv/r/etc rmV :1\ndir /home 0755\ntmpfs /home/ada 0700 m\n"
		"link /lib <- usr/lib :1\nlink /loop <- ../../loop :1\nlink /root <- ../../../home/ada :1\n"
		"dir /usr 0755 :1\nbind /usr/bin <- /srv/r/usr/bin rmV :1\ndir /usr/lib 0755 :1\n"
		"bind /usr/lib/data <- /home/ada/data m :3\n");
}

static void test_overlay(void)
{
	struct rig r;
	setup(&r, root);
	set_root(&r, ROOT_OVERLAY);
	say(&r, &r.profile.filesystem_hide, "/usr/bin/sh");
	bind_to(&r, "/home/ada/data", "/root/data", BIND_READ_ONLY);
	check(&r, "overlay: missing mount points and whiteouts in the upper, before the mount",
		"upper / 0755 :1\ndir /home 0755 u :1\n"
		"dir /home/ada 0755 u\ndir /usr 0755 u :1\ndir /usr/bin 0755 u :1\nwhiteout /usr/bin/sh u :3\noverlay / <- /srv/r :1\n"
		"tmpfs /home/ada 0700 b\nbind /home/ada/data rm :4\n");

	setup(&r, root);
	set_root(&r, ROOT_OVERLAY);
	set_upper(&r, "/home/ada/changes");
	plan_it(&r);
	same(mistakes(&r), "", "a kept upper");
	ok(r.plan.create_count == 2 && strcmp(r.plan.creates[0].path, "/home/ada/changes") == 0 &&
			strcmp(r.plan.creates[1].path, "/home/ada/changes.work") == 0,
		"it and the work directory beside it are made");
	ok(r.plan.mounts[0].kind == MOUNT_UPPER && strcmp(r.plan.mounts[0].source, "/home/ada/changes") == 0 &&
			strcmp(r.plan.mounts[0].work, "/home/ada/changes.work") == 0,
		"and used");
	arena_free(&r.arena);
}

static void test_inside(void)
{
	struct rig r;
	struct node n;
	static const char more[] = "\"/home/ada/up/usr/bin/sh\":\"dev\",\"/home/ada/up/usr/bin/new\":\"file 0755\"";
	struct arena a = { 0 };
	setup(&r, arena_printf(&a, "%s,%s", root, more));
	set_root(&r, ROOT_OVERLAY);
	set_upper(&r, "/home/ada/up");
	plan_it(&r);
	ok(plan_inside(&r.planner, "/bin/new", &n) && n.type == NODE_FILE, "what was added is found behind the root's symlink");
	ok(!plan_inside(&r.planner, "/bin/sh", &n), "what was removed is not");
	ok(!plan_inside(&r.planner, "/usr/bin/host", &n), "the host's is not");
	ok(!plan_inside(&r.planner, "/root/.ssh", &n), "nor behind ..");
	ok(!plan_inside(&r.planner, "/loop", &n), "a symlink to itself ends");
	ok(plan_inside(&r.planner, "/lib", &n) && n.type == NODE_DIRECTORY, "the rest is the lower one's");
	arena_free(&r.arena);
	arena_free(&a);
}

static void test_in_place(void)
{
	struct rig r;
	setup(&r, root);
	overlay_at(&r, "/home/ada/data", "discard");
	set_number(MEMBER_OF(&r.profile.filesystem_overlay.items[0], overlay, size), 1 << 20);
	check(&r, "a directory of the host",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nupper /home/ada/data 0755 size=1048576 :1\noverlay /home/ada/data m :1\n");

	setup(&r, root);
	overlay_at(&r, "/home/ada", "discard");
	say(&r, &r.profile.filesystem_hide, "/home/ada/.ssh");
	check(&r, "what is hidden is not in it",
		"dir /home 0755\nupper /home/ada 0755 :1\nwhiteout /home/ada/.ssh u :2\noverlay /home/ada m :1\n");
}

static void test_wrong(void)
{
	struct rig r;
	setup(&r, root);
	set_root(&r, ROOT_OVERLAY);
	bind_to(&r, "/home/ada/data", "/loop/x", BIND_READ_ONLY);
	check_wrong(&r, "a loop",
		"3: filesystem.binds: \"/home/ada/data\" cannot be looked up in /srv/r: Too many levels of symbolic links\n");

	setup(&r, root);
	set_root(&r, ROOT_OVERLAY);
	set_upper(&r, "/srv/r/etc");
	check_wrong(&r, "changes kept in what they change",
		"3: filesystem.root_upper: \"/srv/r/etc\" and /srv/r lie in one another: changes have to be kept elsewhere\n");

	setup(&r, root);
	set_root(&r, ROOT_OVERLAY);
	set_upper(&r, "/home/ada/data/up");
	say(&r, &r.profile.filesystem_read_write, "/home/ada/data");
	check_wrong(&r, "changes kept where the program may write",
		"3: filesystem.root_upper: \"/home/ada/data/up\" lies in \"/home/ada/data\", which the program may change (t.conf:4)\n");

	setup(&r, root);
	set_root(&r, ROOT_READ_ONLY);
	set_upper(&r, "/home/ada/up");
	check_wrong(&r, "an upper without an overlay",
		"3: filesystem.root_upper: where changes of the root go only matters with root_mode = \"overlay\"\n");

	setup(&r, "\"/srv/r\":\"fifo\"");
	set_root(&r, ROOT_READ_ONLY);
	check_wrong(&r, "a FIFO as the root", "1: filesystem.root: \"/srv/r\" is no directory and no file\n");

	setup(&r, "\"/srv/r\":\"file\",\"/home/ada/.cache/bailey/roots\":\"dir 0770 1000\"");
	r.plan.uid = 1000;
	set_root(&r, ROOT_READ_ONLY);
	check_wrong(&r, "a cache that others can write to",
		"1: filesystem.root: /home/ada/.cache/bailey/roots, where archives are unpacked, is no directory that only the user can "
		"write to\n");

	setup(&r, "\"/srv/r\":\"file\"");
	r.facts.home = "";
	set_root(&r, ROOT_READ_ONLY);
	check_wrong(&r, "no place for a cache",
		"1: filesystem.root: there is no home directory, and so no cache to unpack \"/srv/r\" into\n");

	setup(&r, "\"/srv/r/dev\":\"-> /etc\",\"/srv/r/etc\":\"dir\",\"/srv/r/proc\":\"dir\"");
	set_root(&r, ROOT_OVERLAY);
	check_wrong(&r, "a symlink where /dev has to be",
		"1: filesystem.root: /dev has to be put into /srv/r, but is a symbolic link there\n");

	setup(&r, root);
	set_root(&r, ROOT_OVERLAY);
	set_upper(&r, "/home/ada");
	check_wrong(&r, "changes kept where bailey's rules are",
		"3: filesystem.root_upper: \"/home/ada\" cannot keep changes, because of /home/ada/.config/bailey: bailey's own profiles\n");

	setup(&r, root);
	r.facts.own[r.facts.own_count++] = "/home/ada/up/profiles/x.conf";
	set_root(&r, ROOT_OVERLAY);
	set_upper(&r, "/home/ada/up");
	check_wrong(&r, "changes kept where the profile of this launch is",
		"3: filesystem.root_upper: \"/home/ada/up\" cannot keep changes, because of /home/ada/up/profiles/x.conf: "
		"it decides over the next launch\n");

	setup(&r, root);
	set_root(&r, ROOT_OVERLAY);
	set_upper(&r, "/home/ada/up");
	say(&r, &r.profile.filesystem_hide, "/home/ada/up/secret");
	check_wrong(&r, "changes kept where something is hidden",
		"3: filesystem.root_upper: \"/home/ada/up\" cannot keep changes, because of /home/ada/up/secret: it is hidden\n");

	setup(&r,
		"\"/home/ada/data/f\":\"file\",\"/home/ada/data/g\":\"file\",\"/home/ada/up/f\":\"file\",\"/home/ada/up.work\":\"dir\"");
	overlay_at(&r, "/home/ada/data", "/home/ada/up");
	say(&r, &r.profile.filesystem_hide, "/home/ada/data/f");
	say(&r, &r.profile.filesystem_hide, "/home/ada/data/g");
	check_wrong(&r, "a name to hide that is kept from an earlier run",
		"2: filesystem.hide: /home/ada/data/f cannot be hidden: /home/ada/up/f keeps it\n");

	setup(&r, root);
	set_root(&r, ROOT_WRITABLE);
	r.profile.filesystem_root.s = "/";
	check_wrong(&r, "the host's root", "1: filesystem.root: \"/\" is the host's own root\n");

	setup(&r, root);
	overlay_at(&r, "/usr/bin", "/home/ada/up");
	overlay_at(&r, "/usr/lib", "/home/ada/up");
	check_wrong(&r, "one upper for two",
		"0: filesystem.overlay: \"/home/ada/up\" keeps the changes of two directories: /usr/bin and /usr/lib\n");
}

int main(void)
{
	test_read_only();
	test_overlay();
	test_inside();
	test_in_place();
	test_wrong();
	return tap_done();
}
