/* What src/cgroup/ does with directories and files, on plain ones; the real ones are tested by tests/system/root/resources.bats. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup/files.h"
#include "tap.h"

static char top[] = "/tmp/bailey-test-XXXXXX";

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror(name);
	(void)close(fd);
}

static void test_files(int dir)
{
	char text[32];
	put(dir, "memory.events", "low 0\nhigh 3\nmax 12\noom 1\noom_kill 7\noom_group_kill 0\n");
	ok(cgroup_read_count(dir, "memory.events", "oom_kill") == 7, "a counter by its whole name");
	ok(cgroup_read_count(dir, "memory.events", "oom") == 1, "not by a longer one");
	ok(cgroup_read_count(dir, "memory.events", "kill") == -1, "one that is not there");
	ok(cgroup_read_count(dir, "pids.events", "max") == -1, "a file that is not there");
	put(dir, "memory.max", "max\n");
	struct cgroup_write w = {
		.file = "memory.max", .value = "1024", .what = "memory cap 1K", .origin = { .file = "a.conf", .line = 9 }
	};
	struct err e = { 0 };
	ok(cgroup_write_limit(dir, &w, &e) == 0, "a limit is written");
	ok(cgroup_read_file(dir, "memory.max", text, sizeof text) > 0 && strncmp(text, "1024", 4) == 0, "and there");
	w.file = "memory.swap.max";
	ok(cgroup_write_limit(dir, &w, &e) == -ENOENT, "a file that is not there is a failure");
	ok(strstr(e.text, "memory cap 1K") != NULL && strstr(e.text, "memory.swap.max") != NULL && e.origin.line == 9,
		"with words and line");
	w.may_lack = true;
	ok(cgroup_write_limit(dir, &w, &(struct err){ 0 }) == 0, "unless it may lack");
	ok(symlinkat("memory.max", dir, "link") == 0 && cgroup_write_file(dir, "link", "1") == -ELOOP, "no symlink is followed");
}

static void test_tree(int dir)
{
	int fd = cgroup_make_directory(dir, "bailey-x", true);
	struct stat st;
	ok(fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0755, "a directory all can read");
	int at = dup(fd);
	for (int i = 0; i < 200 && at >= 0; i++) {
		int next = cgroup_make_directory(at, "a-deeper-one", false);
		(void)close(at);
		at = next;
	}
	(void)close(at);
	(void)mkdirat(fd, "payload", 0755);
	(void)mkdirat(fd, "payload/sub", 0755);
	(void)close(fd);
	ok(cgroup_make_directory(dir, "bailey-x", true) == -EEXIST, "made once");
	ok(cgroup_remove_tree(dir, "bailey-x") == 0, "removed with all below, however deep");
	ok(faccessat(dir, "bailey-x", F_OK, 0) < 0, "gone");
	ok(cgroup_remove_tree(dir, "bailey-x") == 0, "nothing to remove is no failure");
}

static void test_kill(int dir)
{
	char text[64];
	pid_t pid[2];
	int status;
	(void)mkdirat(dir, "inner", 0755);
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			(void)pause();
			_exit(0);
		}
	}
	(void)snprintf(text, sizeof text, "%d\n", (int)pid[0]);
	put(dir, "cgroup.procs", text);
	(void)snprintf(text, sizeof text, "%d\n", (int)pid[1]);
	put(dir, "inner/cgroup.procs", text);
	cgroup_kill_listed(dir);
	for (int i = 0; i < 2; i++)
		ok(waitpid(pid[i], &status, 0) == pid[i] && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
			"killed, below too");
}

static void test_sweep(void)
{
	char path[64];
	(void)snprintf(path, sizeof path, "%s/other", top);
	const char *const other[] = { path }, *const plain[] = { "/tmp/bailey-a-1-1" },
			  *const gone[] = { "/nonexistent/bailey-a-1-1" };
	const char *const two[] = { "/nonexistent/bailey-a-1-1", "bailey-a-1-1" };
	ok(cgroup_sweep(other, 1) == -EINVAL, "a name that is none of ours is not swept");
	ok(cgroup_sweep(plain, 1) == -EINVAL, "nor what is no control group");
	ok(cgroup_sweep(gone, 1) == 0, "nothing is there");
	ok(cgroup_sweep(two, 2) == -EINVAL, "a path has to be absolute");
	ok(cgroup_sweep(NULL, 0) == 0, "none");
}

static void test_left(int dir)
{
	static const struct {
		const char *name;
		bool swept;
	} groups[] = {
		{ "bailey-p-999999999-0123abcd", true },
		{ "bailey-a.b_c-999999999-00000000", true },
		{ "bailey-p-1-0123abcd", false }, /* init */
		{ "bailey-p-999999999-0123abcg", false },
		{ "bailey-p-999999999-0123abcd0", false },
		{ "bailey-p-999999999", false },
		{ "bailey-a-p-999999999-0123abcd", false },
		{ "bailey-p--1-0123abcd", false },
		{ "bailey-p-99999999999999999999-0123abcd", false },
		{ "other-p-999999999-0123abcd", false },
	};
	const size_t count = sizeof groups / sizeof *groups;
	struct cgroup c = { .leaf = -1, .keeper = -1, .count = 2, .at = { { .parent = dir, .group = -1 }, { .parent = -1 } } };
	char own[64];
	(void)snprintf(own, sizeof own, "bailey-p-%d-0123abcd", (int)getpid());
	(void)mkdirat(dir, own, 0755);
	for (size_t i = 0; i < count; i++)
		(void)mkdirat(dir, groups[i].name, 0755);
	(void)mkdirat(dir, "bailey-p-999999999-0123abcd/payload", 0755);
	cgroup_sweep_place(top);
	ok(faccessat(dir, groups[0].name, F_OK, 0) == 0, "what is no control group is passed over");
	int in_use = openat(dir, groups[0].name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(flock(in_use, LOCK_SH) == 0, "locked");
	cgroup_sweep_around(&c);
	ok(faccessat(dir, groups[0].name, F_OK, 0) == 0, "one that is in use stays");
	(void)close(in_use);
	cgroup_sweep_around(&c);
	for (size_t i = 0; i < count; i++)
		ok((faccessat(dir, groups[i].name, F_OK, 0) < 0) == groups[i].swept, "%s %s", groups[i].name,
			groups[i].swept ? "goes" : "stays");
	ok(faccessat(dir, own, F_OK, 0) == 0, "that of a living launcher stays");
	cgroup_sweep_place("/nonexistent");
}

int main(void)
{
	if (mkdtemp(top) == NULL) {
		printf("Bail out! no directory in /tmp\n");
		return 1;
	}
	int dir = cgroup_open_directory(top);
	ok(dir >= 0, "opened");
	ok(cgroup_open_directory("/nonexistent") == -ENOENT, "an absent one is not");
	test_files(dir);
	test_tree(dir);
	test_kill(dir);
	test_sweep();
	test_left(dir);
	struct cgroup none = { .leaf = -1, .keeper = -1 };
	struct cgroup_events events;
	ok(!cgroup_waits(&none) && cgroup_events(&none, &events) == 0 && events.oom_kills == -1,
		"without a group nothing waits or counts");
	cgroup_close(&none);
	char command[64];
	(void)snprintf(command, sizeof command, "rm -rf %s", top);
	return system(command) == 0 ? tap_done() : 1;
}
