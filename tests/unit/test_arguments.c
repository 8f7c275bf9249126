/* What the command line and the current directory grant: exact operations, and what is left out with which words. */
#include "files_rig.h"

#include "base/buf.h"

static const char *const house =
	"\"/home/ada\":\"dir 0700\",\"/home/ada/project/a.txt\":\"file\",\"/home/ada/b c.pdf\":\"file\",\"/srv/x/y.txt\":\"file\","
	"\"/home/ada/project/l\":\"-> /srv/x/y.txt\",\"/home/ada/project/key\":\"-> ../.ssh/id\",\"/home/ada/.ssh/id\":\"file\","
	"\"/home/ada/project/pipe\":\"fifo\",\"/home/ada/project/dev\":\"dev\",\"/home/ada/project/sock\":\"socket\","
	"\"/home/ada/project/-v\":\"file\",\"/home/ada/.config/bailey/profiles/p.conf\":\"file\",\"/home/ada/private/p\":\"file\","
	"\"/home/ada/music/1.ogg\":\"file\",\"/home/ada/music/secret\":\"file\",\"/dev/fd\":\"-> /proc/self/fd\",\"/tmp\":\"dir 1777\","
	"\"/tmp/t.txt\":\"file\"";

static void start(struct rig *r, enum choice_value mode, char **argv)
{
	setup(r, house);
	r->profile.filesystem_arguments = (struct value){ .set = true, .i = mode, .origin = next_line(r) };
	r->request = (struct plan_request){ .program = argv[0], .argv = argv };
}

#define WORDS(...) ((char *[]){ (char[]){ "prog" }, __VA_ARGS__, NULL })
#define W(text) ((char[]){ text })

/* Mistakes in `want` are warnings here: the launch goes on. */
static void check_left_out(struct rig *r, const char *what, const char *want, const char *want_ops)
{
	ok(plan_it(r) == 0, "%s: the launch goes on", what);
	same(mistakes(r), want, what);
	same(ops(r), want_ops, arena_printf(&r->arena, "%s: operations", what));
	arena_free(&r->arena);
}

static void test_words(void)
{
	static const char home[] = "dir /home 0755\ntmpfs /home/ada 0700 m\n";
	struct rig r;
	start(&r, ARGUMENTS_NONE, WORDS(W("/srv/x/y.txt")));
	check(&r, "not asked for", home);

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("/srv/x/y.txt"), W("/srv/x/absent"), W("")));
	check(&r, "an absolute path",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ndir /srv 0755\ndir /srv/x 0755\nbind /srv/x/y.txt rfm :1\n");

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("a.txt")));
	plan_it(&r);
	same(ops(&r), "dir /home 0755\ntmpfs /home/ada 0700 m\ndir /home/ada/project 0755 :1\nbind /home/ada/project/a.txt fm :1\n",
		"a relative one, in its directory");
	ok(r.planner.relative_argument, "and the program starts there");
	arena_free(&r.arena);

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("../b c.pdf")));
	check(&r, "one with .., and the directory that it counts from",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/b c.pdf rfm :1\ndir /home/ada/project 0755 :1\n");

	start(&r, ARGUMENTS_READ_ONLY,
		WORDS(W("file:///home/ada/b%20c.pdf#page=2"), W("file://elsewhere/home/ada/b%20c.pdf"), W("file:///a%00")));
	check(&r, "a URI", "dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/b c.pdf rfm :1\n");

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("--sub=/srv/x/y.txt")));
	check(&r, "the value of an option",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ndir /srv 0755\ndir /srv/x 0755\nbind /srv/x/y.txt rfm :1\n");

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("-v"), W("-I/srv/x/y.txt"), W("x=/srv/x/y.txt")));
	check(&r, "what is none", home);

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("--"), W("-v")));
	check(&r, "behind -- every word is a name",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ndir /home/ada/project 0755 :1\nbind /home/ada/project/-v rfm :1\n");

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("l")));
	check(&r, "a symlink: what it leads to, by the name that was given",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ndir /home/ada/project 0755 :1\nbind /home/ada/project/l <- /srv/x/y.txt rfm :1\n");

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("l")));
	say(&r, &r.profile.filesystem_read_only, "~/project");
	check(&r, "a symlink in something granted stays one",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/project rm :2\ndir /srv 0755\ndir /srv/x 0755\nbind /srv/x/y.txt rfm :1\n");

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("a.txt")));
	say(&r, &r.profile.filesystem_read_only, "~/project");
	check(&r, "more than the directory allows",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/project rm :2\nbind /home/ada/project/a.txt fb :1\n");

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("a.txt")));
	say(&r, &r.profile.filesystem_read_write, "~/project");
	check(&r, "less than the directory allows changes nothing",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/project m :2\n");

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("a.txt")));
	say(&r, &r.profile.filesystem_read_only, "~/project/a.txt");
	check(&r, "a line for this very file decides",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ndir /home/ada/project 0755 :1\nbind /home/ada/project/a.txt rfm :2\n");

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("/srv/x/y.txt")));
	set_text(&r.profile.filesystem_root, "/srv");
	check_wrong(&r, "a root of its own",
		"1: filesystem.arguments: the command line names files of filesystem.root, not of the host\n");
}

static void test_left_out(void)
{
	static const char home[] = "dir /home 0755\ntmpfs /home/ada 0700 m\n";
	struct rig r;
	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("key")));
	check_left_out(&r, "a protected file behind a symlink",
		"1: filesystem.arguments: \"key\" is not granted: it lets others log in, and runs commands at login\n", home);

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("/home/ada/.config/bailey/profiles/p.conf")));
	check_left_out(&r, "a profile",
		"1: filesystem.arguments: \"/home/ada/.config/bailey/profiles/p.conf\" is not granted: bailey's own profiles\n",
		home);

	start(&r, ARGUMENTS_READ_ONLY, WORDS(W("../private/p")));
	say(&r, &r.profile.filesystem_hide, "~/private");
	check_left_out(
		&r, "something hidden", "1: filesystem.arguments: \"../private/p\" is not granted: t.conf:2 hides it\n", home);

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("l"), W("a.txt")));
	say(&r, &r.profile.forbidden_read, "/srv");
	say(&r, &r.profile.forbidden_write, "~/project");
	check_left_out(&r, "what the machine's policy forbids",
		"1: filesystem.arguments: \"l\" is not granted: t.conf:2 forbids it\n"
		"1: filesystem.arguments: \"a.txt\" is not granted: t.conf:3 forbids it\n",
		home);

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("pipe"), W("dev"), W("sock"), W("/home/ada/music")));
	check_left_out(&r, "no files",
		"1: filesystem.arguments: \"pipe\" is not granted: it is no regular file\n"
		"1: filesystem.arguments: \"dev\" is not granted: it is no regular file\n"
		"1: filesystem.arguments: \"sock\" is not granted: it is no regular file\n"
		"1: filesystem.arguments: \"/home/ada/music\" is not granted: it is a directory\n",
		home);

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("/dev/null"), W("/dev/fd/3"), W("/proc/self/exe")));
	check(&r, "devices, descriptors and magic links, without a word", home);

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("l")));
	say(&r, &r.profile.filesystem_read_write, "~/project");
	check_left_out(&r, "a symlink that the program may have put there",
		"1: filesystem.arguments: \"l\" is not granted: /home/ada/project/l is a symbolic link that the program may change "
		"(filesystem.read_write, t.conf:2), and leads out of there to /srv/x/y.txt\n",
		"dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/project m :2\n");

	start(&r, ARGUMENTS_READ_WRITE, WORDS(W("../music"), W(".."), W("/")));
	set_number(&r.profile.filesystem_argument_directories, 1);
	say(&r, &r.profile.filesystem_hide, "~/music/secret");
	check_left_out(&r, "a directory, for reading, without what is hidden in it; the home never",
		"1: filesystem.arguments: \"..\" is not granted: it is the home directory, or holds it\n"
		"1: filesystem.arguments: \"/\" is not granted: it is the home directory, or holds it\n",
		"dir /home 0755\ntmpfs /home/ada 0700 m\ntmpfs /home/ada/music 0755 rm :1\nbind /home/ada/music/1.ogg rfmV :1\n"
		"dir /home/ada/project 0755 :1\n");
}

static void start_here(struct rig *r, enum choice_value mode, const char *cwd)
{
	setup(r, house);
	r->facts.cwd = cwd;
	r->profile.filesystem_current_directory = (struct value){ .set = true, .i = mode, .origin = next_line(r) };
	r->request = (struct plan_request){ .program = "prog" };
}

static void test_here(void)
{
	static const char home[] = "dir /home 0755\ntmpfs /home/ada 0700 m\n";
	struct rig r;
	start_here(&r, HERE_READ_ONLY, "/home/ada/project");
	check(&r, "the current directory", "dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/project rm :1\n");
	start_here(&r, HERE_IF_SUITABLE, "/srv/x");
	check(&r, "the current directory elsewhere", "dir /home 0755\ntmpfs /home/ada 0700 m\ndir /srv 0755\nbind /srv/x m :1\n");
	start_here(&r, HERE_READ_ONLY, "/home/ada/project");
	say(&r, &r.profile.filesystem_read_write, "~/project");
	check(&r, "a line for it decides", "dir /home 0755\ntmpfs /home/ada 0700 m\nbind /home/ada/project m :2\n");

	start_here(&r, HERE_READ_ONLY, "/srv");
	say(&r, &r.profile.forbidden_write, "/srv/x");
	check(&r, "reading what must not be changed", "dir /home 0755\ntmpfs /home/ada 0700 m\nbind /srv rm :1\n");
	start_here(&r, HERE_READ_WRITE, "/srv");
	say(&r, &r.profile.forbidden_write, "/srv/x");
	check_wrong(&r, "a directory above what the policy forbids",
		"1: filesystem.current_directory: the current directory (/srv) is not granted as a whole: t.conf:2 forbids it\n");

	static const char *const odd[] = { "/home/ada", "/home", "/", "/tmp", "", "/home/ada/.ssh",
		"/home/ada/.config/bailey/profiles" };
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		start_here(&r, HERE_READ_WRITE, odd[i]);
		ok(plan_it(&r) < 0 && r.diags.errors == 1, "\"%s\" is not granted as a whole", odd[i]);
		arena_free(&r.arena);
		start_here(&r, HERE_IF_SUITABLE, odd[i]);
		ok(plan_it(&r) == 0 && r.diags.count == 1, "\"%s\": a warning", odd[i]);
		same(ops(&r), home, "and the launch goes on without");
		arena_free(&r.arena);
		start_here(&r, HERE_READ_ONLY, odd[i]);
		ok(plan_it(&r) == 0 && r.diags.count == 0 && r.planner.here_left_out != NULL, "\"%s\": explain says so", odd[i]);
		arena_free(&r.arena);
	}
}

int main(void)
{
	test_words();
	test_left_out();
	test_here();
	return tap_done();
}
