/* Facts: injected ones to the letter, live ones as far as every machine agrees. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/resolve.h"
#include "tap.h"

static struct arena arena;

static struct facts inject(const char *json)
{
	struct facts f;
	struct err e = { 0 };
	int err = facts_json(&f, &arena, json, strlen(json), "f.json", &e);
	ok(err == 0, "facts are read (%s)", e.text);
	return f;
}

static const char *lead(struct facts *f, const char *path)
{
	struct resolved r;
	int err = facts_resolve(f, path, &r);
	return arena_printf(&arena, "%d %s %zu", err, r.path, r.hop_count);
}

static void test_members(void)
{
	struct facts f = inject(
		"{\"uid\":1000,\"gid\":100,\"user\":\"ada\",\"home\":\"/home/ada/\",\"cwd\":\"/tmp\",\"machine\":\"aarch64\","
		"\"kernel\":\"5.4\",\"environment\":{\"LANG\":\"C\",\"EMPTY\":\"\"},\"userns\":{\"answer\":\"no\",\"reason\":\"r\","
		"\"hint\":\"h\"},\"landlock\":4,\"cgroup\":\"hybrid\",\"terminal\":[\"/dev/pts/3\",null,null]}");
	ok(f.uid == 1000 && f.gid == 100 && f.kernel_major == 5 && f.kernel_minor == 4, "numbers");
	same(f.user, "ada", "user");
	same(f.home, "/home/ada", "home, normal");
	same(f.cwd, "/tmp", "current directory");
	same(f.machine, "aarch64", "machine");
	same(facts_env(&f, "LANG"), "C", "a variable");
	same(facts_env(&f, "EMPTY"), "", "an empty one");
	same(facts_env(&f, "LAN"), NULL, "the beginning of a name is another name");
	ok(facts_userns(&f) == ANSWER_NO, "user namespaces");
	same(f.userns_reason, "r", "the reason");
	same(f.userns_hint, "h", "the hint");
	ok(facts_landlock(&f) == 4 && facts_cgroup(&f) == CGROUP_HYBRID, "landlock, cgroups");
	facts_terminal(&f);
	same(f.tty[0], "/dev/pts/3", "terminal");
	same(f.tty[1], NULL, "no terminal");
	f = inject("{}");
	ok(facts_userns(&f) == ANSWER_YES && f.home[0] == '\0' && f.environment[0] == NULL, "what is not said");
	const char *text;
	ok(facts_getent(&f, "passwd", "0", &text) == -ENOENT, "the real machine does not show through");
}

static void test_tree(void)
{
	struct facts f = inject(
		"{\"paths\":{\"/usr/bin/sh\":\"file 0755\",\"/bin\":\"-> usr/bin\",\"/a\":\"-> b\",\"/b\":\"-> /a\","
		"\"/up\":\"-> ../usr/./bin/../bin\",\"/gone\":\"-> nowhere/x\",\"/locked\":\"dir 0700 0\",\"/locked/x\":\"unreadable\","
		"\"/s\":\"socket\",\"/p\":\"fifo\",\"/d\":\"dev\"},\"files\":{\"/etc/passwd\":\"root:x:0\"}}");
	struct node n;
	facts_node(&f, "/usr/bin/sh", &n);
	ok(n.type == NODE_FILE && n.mode == 0755, "a file with its mode");
	facts_node(&f, "/usr", &n);
	ok(n.type == NODE_DIRECTORY && n.mode == 0755, "an implied directory");
	facts_node(&f, "/bin", &n);
	ok(n.type == NODE_SYMLINK && strcmp(n.link, "usr/bin") == 0, "a symlink");
	facts_node(&f, "/bin/sh", &n);
	ok(n.type == NODE_FILE, "symlinks in front of the last component are followed");
	facts_node(&f, "/bin/no", &n);
	ok(n.type == NODE_ABSENT, "absent");
	facts_node(&f, "/usr/bin/sh/x", &n);
	ok(n.type == NODE_ABSENT, "below a file");
	facts_node(&f, "/locked", &n);
	ok(n.type == NODE_DIRECTORY && n.mode == 0700 && n.uid == 0, "mode and owner");
	facts_node(&f, "/locked/x", &n);
	ok(n.type == NODE_UNREADABLE && n.error == EACCES, "unreadable");
	facts_node(&f, "/s", &n);
	ok(n.type == NODE_SOCKET, "a socket");
	facts_node(&f, "/p", &n);
	ok(n.type == NODE_FIFO, "a fifo");
	facts_node(&f, "/d", &n);
	ok(n.type == NODE_DEVICE, "a device");

	same(lead(&f, "/"), "0 / 0", "the root");
	same(lead(&f, "/usr/bin/sh"), "0 /usr/bin/sh 0", "no symlinks");
	same(lead(&f, "/bin/sh"), "0 /usr/bin/sh 1", "one symlink");
	same(lead(&f, "/up/sh"), "0 /usr/bin/sh 1", "dots in its text; above the root is the root");
	same(lead(&f, "/a/x"), "-40 /a 40", "a circle");
	same(lead(&f, "/gone/y/z"), "-2 /nowhere/x/y/z 1", "a missing end keeps its words");
	same(lead(&f, "/usr/bin/sh/x"), "-2 /usr/bin/sh/x 0", "below a file is nothing");
	same(lead(&f, "/locked/x/y"), "-13 /locked/x/y 0", "a directory that may not be searched");

	const char **names, *text;
	size_t count;
	ok(facts_list(&f, "/", &names, &count) == 0 && count == 11, "names at the top");
	same(names[0], "a", "sorted");
	ok(facts_list(&f, "/bin", &names, &count) == 0 && count == 1 && strcmp(names[0], "sh") == 0, "listing through a symlink");
	ok(facts_list(&f, "/usr/bin/sh", &names, &count) == -ENOTDIR && facts_list(&f, "/no", &names, &count) == -ENOENT,
		"no directory");
	ok(facts_read(&f, "/etc/passwd", &text) == 0 && strcmp(text, "root:x:0") == 0, "a text");
	ok(facts_read(&f, "/usr/bin/sh", &text) == -EACCES && facts_read(&f, "/no", &text) == -ENOENT, "no text");
}

static void test_refused(void)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
		{ "[]", "f.json:1: \"facts\" must be an object" },
		{ "{\"uid\":1,\n\"colour\":\"red\"}", "f.json:2: \"colour\" is not a fact that bailey knows" },
		{ "{\"uid\":-1}", "f.json:1: \"uid\" must be a number that is not below 0" },
		{ "{\"uid\":\"1\"}", "f.json:1: \"uid\" must be a number that is not below 0" },
		{ "{\"home\":\"x\"}", "f.json:1: \"home\" must be an absolute path, or empty" },
		{ "{\"kernel\":\"6\"}", "f.json:1: \"kernel\" must be two numbers like \"6.1\"" },
		{ "{\"userns\":{\"answer\":\"perhaps\"}}",
			"f.json:1: \"answer\" must be \"answer\" (\"yes\" or \"no\"), \"reason\" or \"hint\"" },
		{ "{\"cgroup\":\"v3\"}", "f.json:1: \"cgroup\" must be \"none\", \"v1\", \"v2\" or \"hybrid\"" },
		{ "{\"terminal\":[null]}", "f.json:1: \"terminal\" must be a list of three" },
		{ "{\"paths\":{\"x\":\"dir\"}}", "f.json:1: \"x\": is not an absolute path" },
		{ "{\"paths\":{\"/x\":\"directory\"}}", NULL },
		{ "{\"paths\":{\"/x\":\"dir 9\"}}", NULL },
		{ "{\"paths\":{\"/x\":\"-> \"}}", NULL },
		{ "{\"files\":{\"/x\":1}}", "f.json:1: \"/x\": must be the text of the file" },
		{ "{", "f.json:1: a name in quotes was expected" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct facts f;
		struct err e = { 0 };
		ok(facts_json(&f, &arena, cases[i].json, strlen(cases[i].json), "f.json", &e) == -EINVAL, "mistake %zu is refused",
			i);
		if (cases[i].why != NULL)
			same(e.text, cases[i].why, "in words");
	}
}

static void test_live(void)
{
	char dir[] = "/tmp/bailey-facts-XXXXXX";
	if (mkdtemp(dir) == NULL || chdir(dir) < 0 || mkdir("d", 0700) < 0 || symlink("d", "l") < 0 ||
		symlink("/dev/null", "d/n") < 0) {
		printf("Bail out! no temporary directory\n");
		exit(1);
	}
	struct facts f;
	struct err e = { 0 };
	ok(facts_live(&f, &arena, &e) == 0, "live facts");
	ok(f.uid == getuid() && f.kernel_major >= 4 && f.machine[0] != '\0', "the caller and the kernel");
	char here[4096];
	same(f.cwd, getcwd(here, sizeof here), "the current directory");
	struct node n;
	facts_node(&f, arena_printf(&arena, "%s/d", f.cwd), &n);
	ok(n.type == NODE_DIRECTORY && n.mode == 0700 && n.uid == getuid(), "a directory");
	facts_node(&f, arena_printf(&arena, "%s/l", f.cwd), &n);
	ok(n.type == NODE_SYMLINK && strcmp(n.link, "d") == 0, "a symlink");
	same(lead(&f, arena_printf(&arena, "%s/l/n", f.cwd)), "0 /dev/null 2", "where it leads");
	facts_node(&f, "/dev/null", &n);
	ok(n.type == NODE_DEVICE && n.rdev != 0, "a device");
	const char **names, *text;
	size_t count;
	ok(facts_list(&f, f.cwd, &names, &count) == 0 && count == 2 && strcmp(names[0], "d") == 0 && strcmp(names[1], "l") == 0,
		"a listing");
	ok(facts_read(&f, "/proc/self/stat", &text) == 0 && text[0] != '\0', "a text");
	ok(facts_read(&f, "/dev/null", &text) == -EINVAL, "only regular files are read");
	enum answer first = facts_userns(&f);
	ok(first != ANSWER_UNKNOWN && facts_userns(&f) == first, "user namespaces: an answer that stays");
	ok(facts_landlock(&f) >= 0, "landlock");

	/* Nothing is looked up twice: what has changed since is not seen, so a plan is made from one state of things. */
	(void)unlink("l");
	facts_node(&f, arena_printf(&arena, "%s/l", f.cwd), &n);
	ok(n.type == NODE_SYMLINK, "remembered");

	(void)unsetenv("HOME");
	(void)unsetenv("USER");
	(void)unsetenv("LOGNAME");
	ok(facts_live(&f, &arena, &e) == 0, "without HOME");
	if (getuid() == 0)
		ok(f.home[0] == '/' && strcmp(f.user, "root") == 0, "the user database tells it");
	else
		ok(f.home[0] == '/' || f.home[0] == '\0', "a path or nothing");
	(void)setenv("HOME", "relative", 1);
	ok(facts_live(&f, &arena, &e) == 0 && strcmp(f.home, "relative") != 0, "a relative HOME is none");

	(void)unlink("d/n");
	(void)rmdir("d");
	(void)rmdir(dir);
	ok(facts_live(&f, &arena, &e) == 0 && f.cwd[0] == '\0', "a deleted current directory");
}

int main(void)
{
	test_members();
	test_tree();
	test_refused();
	test_live();
	arena_free(&arena);
	return tap_done();
}
