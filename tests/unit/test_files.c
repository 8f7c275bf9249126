/* The file part of the plan: exact operations for machines and profiles that stand for each rule. */
#include "files_rig.h"

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

	setup(&r, debian);
	say(&r, &r.profile.filesystem_read_write, "/");
	check_wrong(&r, "the whole machine",
		"1: filesystem.read_write: \"/\" is /: that would let the program change all that you can change\n");

	setup(&r, "\"/home/ada/up\":\"-> ../../..\"");
	say(&r, &r.profile.filesystem_read_write, "/home/ada/up");
	check_wrong(&r, "the whole machine, through a symlink",
		"1: filesystem.read_write: \"/home/ada/up\" is /: that would let the program change all that you can change\n");
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

	setup(&r,
		"\"/dev/video0\":\"dev\",\"/dev/video7\":\"file\",\"/dev/videox\":\"dev\",\"/dev/kvm\":\"dev\",\"/dev/snd/x\":\"dev\"");
	r.profile.devices_camera = (struct value){ .set = true, .i = 1, .origin = { .file = "t.conf", .line = 7 } };
	r.profile.devices_kvm = (struct value){ .set = true, .i = 0 };
	r.profile.devices_gpu = (struct value){ .set = true, .i = 1 };
	check(&r, "a class: the nodes that are there, with the line of its switch",
		"bind /dev/video0 xdfmV :7\ndir /home 0755\ntmpfs /home/ada 0700 m\n");

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
	test_create();
	test_mount_points();
	test_machine_id();
	test_mistakes();
	test_special_sources();
	test_visible();
	test_table();
	return tap_done();
}
