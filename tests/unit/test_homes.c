/* Homes, hidden and protected names: what of a home is shown, and what is kept from the program. */
#include "files_rig.h"

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
		"\"/home/ada/.app\":\"dir\",\"/home/ada/.rc\":\"file\",\"/home/ada/.config/x\":\"dir\",\"/home/ada/proj\":\"dir\","
		"\"/home/ada/.themes\":\"dir\"");
	set_home(&r, HOME_PERSISTENT);
	r.profile.name = "a/b";
	set_text(&r.profile.filesystem_identity, "work");
	say(&r, &r.profile.filesystem_create, "~/.app");
	say(&r, &r.profile.filesystem_read_write, "~/.app");
	say(&r, &r.profile.filesystem_read_write, "~/.rc");
	say(&r, &r.profile.filesystem_read_write, "~/.config/x");
	say(&r, &r.profile.filesystem_read_write, "~/proj");
	say(&r, &r.profile.filesystem_read_only, "~/.themes");
	check(&r, "under an identity settings are its own",
		"dir /home 0755\nbind /home/ada <- /home/ada/.local/share/bailey/identities/a%2Fb/work m :1\n"
		"bind /home/ada/.themes rb :7\nbind /home/ada/proj b :6\n");

	setup(&r,
		"\"/home/ada\":\"dir 0700\",\"/home/ada/.local/share/bailey/identities/test/work/.app\":\"-> ../../../../../../.ssh\","
		"\"/home/ada/.ssh\":\"dir\",\"/home/ada/.app\":\"dir\"");
	set_home(&r, HOME_PERSISTENT);
	set_text(&r.profile.filesystem_identity, "work");
	say(&r, &r.profile.filesystem_read_write, "~/.app");
	plan_it(&r);
	ok(r.diags.errors > 0 && strstr(mistakes(&r), "a symbolic link that the program may change") != NULL,
		"a symlink that an earlier run left in the identity's home");
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

int main(void)
{
	test_homes();
	test_hide();
	test_protected();
	return tap_done();
}
