/* The parts of a launch that need no namespaces: directories on the host, texts, words for failures, events, the undo stack. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/landlock.h"
#include "launch/events.h"
#include "launch/names.h"
#include "launch/prepare.h"
#include "launch/undo.h"
#include "tap.h"

static const struct origin line_14 = { .file = "x.conf", .line = 14 };

static void test_creates(void)
{
	char dir[] = "/tmp/bailey-test-XXXXXX";
	if (!ok(mkdtemp(dir) != NULL, "a directory to work in"))
		return;
	struct arena a = { 0 };
	const char *outside = arena_printf(&a, "%s/outside", dir), *link = arena_printf(&a, "%s/link", dir);
	ok(mkdir(outside, 0755) == 0 && symlink("outside", link) == 0, "a symlink to stumble over");

	struct create_op op = { .path = arena_printf(&a, "%s/a/b/c", dir), .asked = "~/a/b/c", .origin = line_14 };
	struct plan plan = { .creates = &op, .create_count = 1 };
	struct err e = { 0 };
	struct stat st;
	ok(prepare_creates(&plan, &e) == 0, "missing directories are made");
	ok(stat(op.path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0700, "with mode 0700");
	ok(prepare_creates(&plan, &e) == 0, "directories that are there are left alone");

	op.path = arena_printf(&a, "%s/a/b/f", dir);
	op.file = true;
	ok(prepare_creates(&plan, &e) == 0 && stat(op.path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0,
		"an empty file is made");
	ok(prepare_creates(&plan, &e) == 0, "and left alone when it is there");
	op.file = false;
	(void)unlink(op.path);

	op.path = arena_printf(&a, "%s/link/new", dir);
	ok(prepare_creates(&plan, &e) == -ELOOP, "a symlink on the way is not followed");
	ok(access(arena_printf(&a, "%s/new", outside), F_OK) < 0, "and nothing is made behind it");
	same(e.text, "cannot create ~/a/b/c: Too many levels of symbolic links", "the message names the path of the profile");
	ok(e.origin.line == 14, "and its line");
	ok(e.hint[0] != '\0', "and says what to do");

	(void)rmdir(arena_printf(&a, "%s/a/b/c", dir));
	(void)rmdir(arena_printf(&a, "%s/a/b", dir));
	(void)rmdir(arena_printf(&a, "%s/a", dir));
	(void)unlink(link);
	(void)rmdir(outside);
	ok(rmdir(dir) == 0, "nothing else was left");
	arena_free(&a);
}

static void test_texts(void)
{
	struct plan plan = {
		.uid = 1000, .gid = 100, .inside_uid = 1000, .inside_gid = 100, .hostname = "firefox", .machine_id_private = true
	};
	struct child_args one = { 0 }, two = { 0 };
	struct err e = { 0 };
	ok(prepare_texts(&one, &plan, &BELOW_NONE, &e) == 0 && prepare_texts(&two, &plan, &BELOW_NONE, &e) == 0,
		"texts are prepared");
	same(one.uid_map, "1000 1000 1\n", "the user is mapped to himself");
	same(one.gid_map, "100 100 1\n", "and the group");
	same(one.hostname, "firefox", "the host name is the plan's");
	ok(strlen(one.machine_id) == 33 && one.machine_id[32] == '\n' && strspn(one.machine_id, "0123456789abcdef") == 32,
		"the machine id has 32 digits and a line end");
	ok(one.machine_id[12] == '4' && strchr("89ab", one.machine_id[16]) != NULL, "and is a random UUID");
	ok(strcmp(one.machine_id, two.machine_id) != 0, "a new one each time");

	plan.inside_uid = plan.inside_gid = 0;
	ok(prepare_texts(&one, &plan, &BELOW_NONE, &e) == 0, "for root inside too");
	same(one.uid_map, "0 1000 1\n", "uid 0 is the user");
	same(one.gid_map, "0 100 1\n", "and gid 0 the group");

	plan.hostname = NULL;
	plan.hostname_random = true;
	unsigned number = 10000;
	char adjective[32], noun[32];
	ok(prepare_texts(&one, &plan, &BELOW_NONE, &e) == 0 &&
			sscanf(one.hostname, "%31[a-z]-%31[a-z]-%u", adjective, noun, &number) == 3 && number < 10000,
		"a random host name is adjective-noun-number: %s", one.hostname);
	plan.hostname_random = false;
	struct child_args none = { 0 };
	ok(prepare_texts(&none, &plan, &BELOW_NONE, &e) == 0 && none.hostname[0] == '\0', "without a name the host's is left");

	char name[64];
	const uint32_t largest[3] = { UINT32_MAX, UINT32_MAX, UINT32_MAX };
	names_host(name, sizeof name, largest);
	ok(strlen(name) > 4 && strlen(name) <= 40, "the largest numbers give a name too: %s", name);
}

static void failure(struct plan *plan, enum step step, int error, size_t index, const char *text, unsigned line, bool hint)
{
	struct facts facts = { .injected = true, .userns = ANSWER_YES };
	struct err e = { 0 };
	int r = prepare_failure(&e, plan, &facts, step, error, index);
	ok(r == -error, "%s gives the errno back", text);
	same(e.text, text, "its words");
	ok(e.origin.line == line, "its line: %u", e.origin.line);
	ok((e.hint[0] != '\0') == hint, "%s", hint ? "with advice" : "without advice");
}

static void test_failures(void)
{
	struct mount_op mounts[] = {
		{ .kind = MOUNT_BIND,
			.source = "/home/u/.mozilla",
			.target = "/home/u/.mozilla",
			.asked = "~/.mozilla",
			.origin = line_14 },
		{ .kind = MOUNT_BIND, .source = "/home/u/project", .target = "/work", .asked = "~/project", .origin = line_14 },
		{ .kind = MOUNT_TMPFS, .target = "/tmp", .origin = line_14 },
		{ .kind = MOUNT_PROC, .target = "/proc" },
	};
	struct limit limit = { .name = "open_files", .origin = line_14 };
	struct plan plan = { .mounts = mounts,
		.mount_count = 4,
		.limits = &limit,
		.limit_count = 1,
		.program = "/bin/x",
		.directory = "/w",
		.directory_origin = line_14,
		.nice = -5,
		.nice_origin = line_14,
		.filter_origin = line_14,
		.descriptor_origin = line_14 };
	failure(&plan, STEP_MOUNTS, EACCES, 0, "cannot bind ~/.mozilla: Permission denied", 14, false);
	failure(&plan, STEP_MOUNTS, ENOENT, 1, "cannot bind ~/project at /work: No such file or directory", 14, false);
	failure(&plan, STEP_MOUNTS, ELOOP, 0, "cannot bind ~/.mozilla: Too many levels of symbolic links", 14, true);
	failure(&plan, STEP_MOUNTS, ENOSPC, 2, "cannot mount a tmpfs at /tmp: No space left on device", 14, false);
	failure(&plan, STEP_MOUNTS, EPERM, 3, "cannot mount a proc of its own at /proc: Operation not permitted", 0, true);
	failure(&plan, STEP_LIMITS, EPERM, 0, "cannot set the limit open_files: Operation not permitted", 14, false);
	failure(&plan, STEP_NICE, EACCES, 0, "cannot set the scheduling priority to -5: Permission denied", 14, false);
	failure(&plan, STEP_DIRECTORY, ENOENT, 0, "cannot enter the working directory /w: No such file or directory", 14, false);
	failure(&plan, STEP_DESCRIPTORS, EBADF, 0, "cannot pass on the descriptors asked for: Bad file descriptor", 14, true);
	failure(&plan, STEP_LOAD, EINVAL, 0, "cannot load the system call filter: Invalid argument", 14, false);
	failure(&plan, STEP_EXEC, ENOENT, 0, "cannot execute /bin/x: No such file or directory", 0, true);
	failure(&plan, STEP_CLONE, ENOSPC, 0, "cannot make the namespaces: No space left on device", 0, true);
	failure(&plan, STEP_HOSTNAME, EPERM, 0, "cannot set the host name: Operation not permitted", 0, false);

	struct facts facts = { .injected = true, .userns = ANSWER_NO, .userns_reason = "R", .userns_hint = "H" };
	struct err e = { 0 };
	(void)prepare_failure(&e, &plan, &facts, STEP_CLONE, EPERM, 0);
	same(e.hint, "R; H", "a machine without user namespaces says why, and what would help");
}

static void read_event(int fd, char *buf, size_t size)
{
	ssize_t n = read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
}

static void test_events(void)
{
	int p[2];
	char line[512];
	if (!ok(pipe(p) == 0, "a pipe for events"))
		return;
	event_ended(p[1], 7, 0);
	read_event(p[0], line, sizeof line);
	same(line, "{\"event\":\"exited\",\"status\":7}\n", "the end of a program");
	event_ended(p[1], 143, 15);
	read_event(p[0], line, sizeof line);
	same(line, "{\"event\":\"killed\",\"signal\":15,\"status\":143}\n", "its death by a signal");
	struct err e = { .code = ENOENT, .text = "cannot bind \"x\"", .origin = line_14 };
	event_failed(p[1], 125, &e);
	read_event(p[0], line, sizeof line);
	same(line,
		"{\"event\":\"failed\",\"status\":125,\"message\":\"cannot bind \\\"x\\\"\",\"hint\":null,"
		"\"origin\":{\"file\":\"x.conf\",\"line\":14}}\n",
		"a failure with its line");
	event_stopped(-1, 1); /* without a descriptor nothing is written */
	(void)close(p[0]);
	(void)close(p[1]);
}

static void test_descriptors(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct plan plan = {
		.descriptors = &fd,
		.descriptor_count = 1,
		.descriptor_origin = line_14,
		.landlock.handled_files = LL_READ_FILE | LL_WRITE_FILE,
	};
	struct arena arena = { 0 };
	struct child_args args = { .plan = &plan, .arena = &arena };
	struct err e = { 0 };
	ok(prepare_descriptors(&args, &e) == -EISDIR, "a directory is not passed on");
	ok(e.origin.line == 14 && e.hint[0] != '\0', "with the line that asked, and advice");
	(void)close(fd);
	e = (struct err){ 0 };
	args.file_count = 0;
	ok(prepare_descriptors(&args, &e) == -EBADF && e.origin.line == 14, "nor a descriptor that is not open");
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	e = (struct err){ 0 };
	args.file_count = 0;
	ok(prepare_descriptors(&args, &e) == 0, "another file is");
	const struct domain_file *last = &args.files[args.file_count - 1];
	ok(last->fd == fd && last->access == LL_READ_FILE, "what is open for reading may be opened again for reading");
	int both[2] = { fd, open("/dev/zero", O_WRONLY | O_CLOEXEC) };
	plan.descriptors = both;
	plan.descriptor_count = 2;
	args.file_count = 0;
	ok(prepare_descriptors(&args, &e) == 0, "and the same file once more, for writing");
	last = &args.files[args.file_count - 1];
	ok(last->fd == fd && last->access == plan.landlock.handled_files, "which is one file, for both");
	plan.landlock.handled_files = 0;
	args.file_count = 0;
	ok(prepare_descriptors(&args, &e) == 0 && args.file_count == 0, "without file rules nothing is noted");
	(void)close(both[1]);
	(void)close(fd);
	arena_free(&arena);
}

static int order[4], order_count;

static void note(int arg)
{
	order[order_count++] = arg;
}

static void test_undo(void)
{
	struct undo u = { .count = 0 };
	undo_push(&u, note, 1);
	undo_push(&u, note, 2);
	undo_run(&u);
	ok(order_count == 2 && order[0] == 2 && order[1] == 1, "releases run backwards");
	undo_run(&u);
	ok(order_count == 2, "and once");
	int p[2];
	if (ok(pipe(p) == 0, "a pipe to close")) {
		undo_push(&u, undo_close, p[0]);
		undo_push(&u, undo_close, p[1]);
		undo_run(&u);
		ok(fcntl(p[0], F_GETFD) < 0 && fcntl(p[1], F_GETFD) < 0, "descriptors are closed");
	}
}

int main(void)
{
	test_creates();
	test_texts();
	test_failures();
	test_events();
	test_descriptors();
	test_undo();
	return tap_done();
}
