/* Changes of a run: a hostile upper directory, what is never applied, conflicts, and descriptions that are none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "changes/apply.h"
#include "changes/copy.h"
#include "changes/remove.h"
#include "changes/run.h"
#include "changes/walk.h"
#include "cli/changes.h"
#include "tap.h"

static struct arena arena;
static const char *work; /* has `upper` and `host` */

static const char *in(const char *path)
{
	return arena_printf(&arena, "%s/%s", work, path);
}

static void put(const char *path, const char *text)
{
	int fd = open(in(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		printf("Bail out! cannot write %s\n", path);
		exit(1);
	}
	close(fd);
}

static const char *get(const char *path)
{
	char *text = arena_alloc(&arena, 4096);
	int fd = open(in(path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return "(none)";
	ssize_t n = read(fd, text, 4095);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void dir(const char *path)
{
	if (mkdir(in(path), 0755) < 0) {
		printf("Bail out! cannot make %s\n", path);
		exit(1);
	}
}

static bool attribute(const char *path, const char *name, const char *value)
{
	return setxattr(in(path), name, value, strlen(value), 0) == 0;
}

static void fresh(void)
{
	char name[] = "/tmp/bailey-changes-XXXXXX";
	if (mkdtemp(name) == NULL) {
		printf("Bail out! no directory in /tmp\n");
		exit(1);
	}
	work = arena_strdup(&arena, name);
	dir("upper");
	dir("host");
	dir("outside");
	put("outside/file", "safe");
}

static void done(void)
{
	same(get("outside/file"), "safe", "what lies outside is as it was");
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(remove_tree(tmp, work + strlen("/tmp/"), true) == 0 && access(work, F_OK) < 0, "removed");
	close(tmp);
}

struct seen {
	struct buf text;
	bool apply;
};

static int see(void *data, const struct change *c)
{
	struct seen *s = data;
	bool dropped;
	buf_printf(&s->text, "%c %s%s%s%s%s\n", "AMD"[c->kind], c -> path + 2, c -> bar != NULL ? ": " : "",
		c->bar != NULL ? c->bar : "", c->conflict != NULL ? "! " : "", c->conflict != NULL ? c->conflict : "");
	if (!s->apply)
		return WALK_ON;
	if (c->bar != NULL)
		return S_ISDIR(c->upper.st_mode) && S_ISDIR(c->host.st_mode) ? WALK_ON : WALK_PAST;
	int r = apply_change(c, &dropped);
	if (r < 0)
		buf_printf(&s->text, "  %s\n", strerror(-r));
	return r < 0 ? WALK_PAST : WALK_DONE;
}

static void leave(void *data, const struct change *c, int host_dir)
{
	struct seen *s = data;
	if (apply_left(c, host_dir) < 0)
		buf_puts(&s->text, "not finished\n");
}

/* The changes as lines; the granted directory is called /g. */
static const char *look(struct walk w, bool apply)
{
	struct seen s = { .text = { .arena = &arena }, .apply = apply };
	w.source = w.granted = "/g";
	w.upper = open(in("upper"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w.host = open(in("host"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w.still = true;
	w.seen = see;
	w.left = apply ? leave : NULL;
	w.data = &s;
	int r = walk(&w);
	if (r < 0)
		buf_printf(&s.text, "failed: %s\n", strerror(-r));
	close(w.upper);
	close(w.host);
	return buf_text(&s.text);
}

static void test_kinds(void)
{
	fresh();
	put("host/same", "x");
	put("upper/same", "x");
	put("host/changed", "x");
	put("upper/changed", "y");
	put("host/mode", "x");
	put("upper/mode", "x");
	chmod(in("upper/mode"), 0);
	put("host/removed", "x");
	put("upper/new", "x");
	bool whiteout =
		mknod(in("upper/removed"), S_IFCHR, makedev(0, 0)) == 0 && mknod(in("upper/never"), S_IFCHR, makedev(0, 0)) == 0;
	ok(whiteout, "a whiteout can be made");
	mkfifo(in("upper/fifo"), 0600);
	ok(symlink("../outside", in("upper/link")) == 0, "a symlink");
	const char *want = "M /changed\nA /fifo: a FIFO\nA /link\nM /mode\nA /new\nD /removed\n";
	same(look((struct walk){ 0 }, false), want, "each kind");
	same(look((struct walk){ 0 }, true), want, "applied");
	same(look((struct walk){ 0 }, false), "A /fifo: a FIFO\n", "nothing is left but what cannot be");
	struct stat st;
	ok(lstat(in("host/link"), &st) == 0 && S_ISLNK(st.st_mode), "the symlink is one");
	ok(lstat(in("host/mode"), &st) == 0 && (st.st_mode & 07777) == 0, "a file of mode 0 was read all the same");
	ok(lstat(in("host/fifo"), &st) < 0, "no FIFO");
	done();
}

static void test_hostile(void)
{
	fresh();
	/* What is a directory on one side leads elsewhere on the other. */
	dir("host/d");
	put("host/d/file", "old");
	ok(symlink("../outside", in("upper/d")) == 0 && symlink("../outside", in("host/e")) == 0, "links");
	dir("upper/e");
	put("upper/e/file", "evil");
	/* Attributes of overlayfs that would send a look-up elsewhere. */
	dir("upper/r");
	put("upper/r/file", "plain");
	if (!attribute("upper/r", "user.overlay.redirect", "/../outside"))
		printf("# no extended attributes here\n");
	(void)attribute("upper/r/file", "user.overlay.metacopy", "");
	(void)attribute("upper/r/file", "user.overlay.redirect", "/../outside/file");
	put("upper/a\nb\033[1m", "x");
	same(look((struct walk){ 0 }, true), "A /a\nb\033[1m\nM /d\nM /e\nA /e/file\nA /r\nA /r/file\n",
		"a directory and a symlink change places");
	same(get("host/e/file"), "evil", "the symlink gave way");
	same(get("host/r/file"), "plain", "the file is the one in the upper directory");
	struct stat st;
	ok(lstat(in("host/d"), &st) == 0 && S_ISLNK(st.st_mode), "and the directory");
	if (geteuid() == 0) {
		ok(mknod(in("upper/null"), S_IFCHR | 0666, makedev(1, 3)) == 0, "a device");
		same(look((struct walk){ 0 }, true), "A /null: a device\n", "is not applied");
	}
	done();
}

static void test_whiteout_attribute(void)
{
	fresh();
	put("host/gone", "x");
	put("host/old", "x");
	dir("host/sub");
	put("host/sub/old", "x");
	put("host/sub/kept", "x");
	put("upper/gone", "");
	dir("upper/sub");
	put("upper/sub/kept", "x");
	put("upper/sub/new", "x");
	if (attribute("upper/gone", "user.overlay.whiteout", "") && attribute("upper/sub", "user.overlay.opaque", "y"))
		same(look((struct walk){ 0 }, true), "D /gone\nD /sub/old\nA /sub/new\n",
			"whiteouts and opaque directories by attribute");
	else
		ok(true, "whiteouts by attribute # SKIP setxattr of user.overlay.whiteout in /tmp: refused");
	done();
}

static void test_guards(void)
{
	const struct plan_guard guards[] = { { "/g/.config/autostart", "started" }, { "/g/.rc", "run" },
		{ "/g", "named by the profile" } };
	const char *const covered[] = { "/g/hidden", "/g/deep/hidden" };
	const struct walk w = { .guards = guards, .guard_count = 3, .covered = covered, .covered_count = 2 };
	fresh();
	put("upper/.rc", "evil");
	ok(symlink("outside", in("upper/.config")) == 0, "a symlink where a protected name would be found");
	ok(mknod(in("upper/hidden"), S_IFCHR, makedev(0, 0)) == 0, "a whiteout of ours");
	put("host/hidden", "x");
	dir("host/deep");
	put("host/deep/hidden", "x");
	ok(mknod(in("upper/deep"), S_IFCHR, makedev(0, 0)) == 0, "the directory around a hidden name is removed");
	same(look(w, true),
		"A /.config: what is below it is protected\nA /.rc: run\nD /deep: something in it is hidden, or shown in another way\n",
		"none of them is applied");
	same(get("host/deep/hidden"), "x", "the hidden file is there");
	ok(unlink(in("upper/.config")) == 0 && unlink(in("upper/deep")) == 0 && unlink(in("upper/.rc")) == 0, "again");
	dir("upper/.config");
	dir("upper/.config/autostart");
	put("upper/.config/autostart/x", "evil");
	put("upper/.config/other", "good");
	dir("upper/deep");
	put("upper/deep/hidden", "evil");
	same(look(w, true),
		"A /.config\nA /.config/autostart: started\nA /.config/other\n"
		"M /deep/hidden: the profile hides it, or shows it in another way\n",
		"a directory may be made on the way to one");
	same(get("host/.config/other"), "good", "what is beside it is applied");
	same(get("host/.config/autostart/x"), "(none)", "and no more");
	ok(chmod(in("upper/.config"), 0777) == 0, "a mode");
	same(look(w, false),
		"M /.config: what is below it is protected\nA /.config/autostart: started\nA /.config/autostart/x: started\n"
		"M /deep/hidden: the profile hides it, or shows it in another way\n",
		"of a directory above one");
	done();
}

static void test_mount_points(void)
{
	const char *const covered[] = { "/g/way/to/point", "/g/file", "/g/link" };
	const struct walk w = { .covered = covered, .covered_count = 3 };
	fresh();
	dir("upper/way");
	dir("upper/way/to");
	dir("upper/way/to/point");
	put("upper/file", "");
	ok(symlink("x", in("upper/link")) == 0, "a link");
	same(look(w, false), "", "what was made for mount points is no change");
	put("upper/way/more", "x");
	same(look(w, false), "A /way\nA /way/more\n", "what the program adds beside it is");
	done();
}

static void test_conflicts(void)
{
	struct timespec now;
	fresh();
	put("host/before", "x");
	dir("host/tree");
	put("host/tree/before", "x");
	dir("host/quiet");
	put("host/quiet/before", "x");
	nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
	put("host/after", "x");
	put("host/tree/after", "x");
	/* A time that a program can set says nothing. */
	utimensat(AT_FDCWD, in("host/after"), (struct timespec[]){ { .tv_sec = 1 }, { .tv_sec = 1 } }, 0);
	put("upper/before", "y");
	put("upper/after", "y");
	ok(mknod(in("upper/tree"), S_IFCHR, makedev(0, 0)) == 0 && mknod(in("upper/quiet"), S_IFCHR, makedev(0, 0)) == 0,
		"two trees removed");
	same(look((struct walk){ .began = &now }, false),
		"M /after! changed on the host meanwhile\nM /before\nD /quiet\nD /tree! changed on the host meanwhile\n",
		"what the host changed since");
	done();
}

/* The name is made on the host after it was looked at. */
static int see_late(void *data, const struct change *c)
{
	(void)data;
	bool dropped;
	ok(symlinkat("../outside/file", c->host_dir, c->name) == 0, "a link appears as %s", c->name);
	ok(apply_change(c, &dropped) == -EEXIST, "and is not written through, nor replaced");
	return WALK_PAST;
}

static void test_race(void)
{
	fresh();
	put("upper/f", "evil");
	ok(symlink("x", in("upper/l")) == 0, "a link");
	dir("upper/d");
	const struct walk w = {
		.source = "/g",
		.granted = "/g",
		.upper = open(in("upper"), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.host = open(in("host"), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.still = true,
		.seen = see_late,
	};
	ok(walk(&w) == 0, "walked");
	close(w.upper);
	close(w.host);
	/* Nothing of ours is left beside them: three links. */
	struct seen s = { .text = { .arena = &arena } };
	struct walk back = w;
	back.upper = open(in("host"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	back.host = -1;
	back.seen = see;
	back.data = &s;
	ok(walk(&back) == 0, "walked");
	close(back.upper);
	same(buf_text(&s.text), "A /d\nA /f\nA /l\n", "no temporary file");
	done();
}

static void test_holes(void)
{
	struct stat st;
	fresh();
	put("upper/sparse", "x");
	ok(truncate(in("upper/sparse"), (off_t)1 << 40) == 0, "a file of a terabyte that holds one byte");
	same(look((struct walk){ 0 }, true), "A /sparse\n", "is applied");
	ok(stat(in("host/sparse"), &st) == 0 && st.st_size == (off_t)1 << 40 && st.st_blocks < 1000, "and still holds one");
	same(arena_strndup(&arena, get("host/sparse"), 1), "x", "that one");
	done();
}

static void test_depth(void)
{
	fresh();
	int at = open(in("upper"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3000; i++) {
		(void)mkdirat(at, "d", 0755);
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	ok(at >= 0, "3000 directories in one another");
	close(at);
	const char *text = look((struct walk){ 0 }, false);
	ok(strstr(text, ": too deep to look at\n") != NULL && strstr(text, "failed") == NULL, "are told as too deep");
	done(); /* removes them */
}

static void test_descriptions(void)
{
	static const struct {
		const char *text;
		size_t size;
		bool good;
	} cases[] = {
#define TEXT(text, good) { text, sizeof text, good }
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5.000000001\0layer=1\0source=/a b\0inode=7", true),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5.000000001", true),
		TEXT("bailey-changes=2\0profile=p\0command=c\0end=keep\0began=5.000000001", false),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=direct\0began=5.000000001", false),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5", false),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5.000000001\0layer=1", false),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5.000000001\0layer=-1\0source=/a", false),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5.000000001\0source=/a", false),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5.000000001\0layer=1\0source=a/../b", false),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5.000000001\0layer=1\0source=/a\0file=../x", false),
		TEXT("bailey-changes=1\0profile=p\0command=c\0end=keep\0began=5.000000001\0what=x", false),
		TEXT("", false),
	};
	fresh();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = { .code = 0 };
		struct run r = { .name = "x", .parent = -1, .dir = open(in("upper"), O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
		int fd = open(in("upper/run"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		ok(write(fd, cases[i].text, cases[i].size) == (ssize_t)cases[i].size, "description %zu", i);
		close(fd);
		ok((run_read(&r, &arena, &e) == 0) == cases[i].good, "is %s", cases[i].good ? "read" : "refused");
		run_close(&r);
	}
	struct err e = { .code = 0 };
	struct run r;
	ok(run_open(&r, &arena, work, "../x", &e) < 0 && r.dir < 0, "a run's name is no path");
	static const char *const programs[] = { "/usr/bin/make", "../..", "-x", "a b\033c", "" };
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		const char *name = run_new_name(&arena, programs[i]);
		ok(name[0] != '.' && name[0] != '-' && strpbrk(name, "/ \033") == NULL && strlen(name) >= 7, "%zu is called %s", i,
			name);
	}
	done();
}

static void test_clean(void)
{
	struct buf out = { .arena = &arena };
	static const char text[] = "a\tb\n\033[31m\x07\xc2\x9b\xff\xc3\xa9";
	changes_clean(&out, text, sizeof text - 1);
	same(buf_text(&out), "a\tb\n\\x1b[31m\\x07\\xc2\\x9b\\xff\xc3\xa9", "what a terminal would obey is shown as bytes");
}

int main(void)
{
	umask(022);
	test_kinds();
	test_hostile();
	test_whiteout_attribute();
	test_guards();
	test_mount_points();
	test_conflicts();
	test_race();
	test_holes();
	test_depth();
	test_descriptions();
	test_clean();
	arena_free(&arena);
	return tap_done();
}
