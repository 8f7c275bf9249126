#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state/internal.h"
#include "tap.h"

static struct arena a;
static char top[PATH_MAX];

static const char *below(const char *name)
{
	return arena_printf(&a, "%s/%s", top, name);
}

static void make(const char *name, mode_t mode)
{
	if (mkdir(below(name), mode) < 0 || chmod(below(name), mode) < 0)
		printf("# cannot make %s: %s\n", name, strerror(errno));
}

static void write_file(const char *name, const char *text)
{
	int fd = open(below(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		printf("# cannot write %s: %s\n", name, strerror(errno));
	close(fd);
}

static const char *text_of(const char *name)
{
	static char text[4096];
	int fd = open(below(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n < 0 ? NULL : text;
}

static bool there(const char *name)
{
	struct stat st;
	return lstat(below(name), &st) == 0;
}

/* Where the state goes, or NULL with the reason printed. */
static const char *place(const struct state_search *s)
{
	struct err e = { .code = 0 };
	const char *path;
	int fd = state_place_make(&a, s, &path, &e);
	if (fd < 0) {
		printf("# %s; %s\n", e.text, e.hint);
		return NULL;
	}
	close(fd);
	return path + strlen(top);
}

static void places(void)
{
	struct state_search s = { .uid = geteuid(), .home = below("home"), .run = below("run") };
	/* As root the first choice is another one; what is tried here is the user's, so take a run directory that is not there. */
	bool root = geteuid() == 0;
	make("home", 0755);
	make("run", 0755);
	if (root) {
		same(place(&s), "/run/bailey", "root: /run/bailey");
		s.run = below("nowhere");
		same(place(&s), "/home/.local/state/bailey/run", "root without /run: below the home");
		s.runtime_dir = below("run");
		same(place(&s), "/home/.local/state/bailey/run", "root does not follow XDG_RUNTIME_DIR");
		return;
	}
	make("run/user", 0755);
	same(place(&s), "/home/.local/state/bailey/run", "no directory of the session: below the home");
	struct stat st;
	ok(stat(below("home/.local/state/bailey/run"), &st) == 0 && (st.st_mode & 07777) == 0700, "it is private");
	make(arena_printf(&a, "run/user/%u", geteuid()), 0700);
	same(place(&s), arena_printf(&a, "/run/user/%u/bailey", geteuid()), "XDG_RUNTIME_DIR unset: the usual one of the session");
	make("mine", 0700);
	s.runtime_dir = below("mine");
	same(place(&s), "/mine/bailey", "XDG_RUNTIME_DIR first");
	s.runtime_dir = "relative";
	same(place(&s), arena_printf(&a, "/run/user/%u/bailey", geteuid()), "a relative one is as good as none");
	make("open", 0755);
	s.runtime_dir = below("open");
	same(place(&s), arena_printf(&a, "/run/user/%u/bailey", geteuid()), "one that others may look into is passed over");
	make("linked", 0700);
	ok(symlink("/etc", below("linked/bailey")) == 0, "a symlink of the name");
	s.runtime_dir = below("linked");
	same(place(&s), arena_printf(&a, "/run/user/%u/bailey", geteuid()), "is not followed");
	make("wide", 0700);
	make("wide/bailey", 0755);
	s.runtime_dir = below("wide");
	same(place(&s), arena_printf(&a, "/run/user/%u/bailey", geteuid()), "nor is one taken that is open to others");

	struct state_places all;
	s.runtime_dir = below("mine");
	state_places_open(&all, &a, &s);
	ok(all.count == 3, "all three are looked through (%zu)", all.count);
	state_places_close(&all);

	struct state_search nowhere = { .uid = geteuid(), .home = below("absent"), .run = below("absent") };
	struct err e = { .code = 0 };
	const char *path;
	ok(state_place_make(&a, &nowhere, &path, &e) == -ENOENT, "nowhere at all is an error");
	ok(strstr(e.hint, "XDG_RUNTIME_DIR is not set") != NULL && strstr(e.hint, "/absent") != NULL, "that names what was tried");
	struct state_search others = { .uid = geteuid(), .runtime_dir = "/tmp", .home = "/", .run = below("absent") };
	e = (struct err){ .code = 0 };
	ok(state_place_make(&a, &others, &path, &e) < 0, "directories of others are not used");
}

static void names(void)
{
	static const char *const good[] = { "web", "a", "firefox-2", "_x", "9lives", "a.b" };
	static const char *const bad[] = { "", "12", ".x", "-x", "a/b", "a b", "..", "ä", "x\n",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	const char *why;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(state_name_valid(good[i], &why), "%s is a name", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!state_name_valid(bad[i], &why) && why != NULL, "bad name %zu is none", i);
}

static struct state_record sample(const char *name)
{
	static const char *cgroups[] = { "/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/pids/x" };
	static struct state_limit limits[] = { { "resources.memory", "512M", { "/p/a.conf", 9, 0 } },
		{ "resources.tasks", "100", { "command line (--tasks)", 0, 0 } } };
	static const char *degraded[] = { "resources.cpus" };
	struct state_record r = {
		.name = name,
		.profile = "a \"quoted\"\n profile",
		.program = "/usr/bin/\xc3\xa4",
		.plan = "0123456789abcdef",
		.started = 1795375175,
		.driver = "v1",
		.cgroups = cgroups,
		.cgroup_count = 2,
		.limits = limits,
		.limit_count = 2,
		.degraded = degraded,
		.degraded_count = 1,
		.log = "/home/u/.local/state/bailey/logs/web",
		.restarts = 3,
		.waits_until = 1795375200,
		.instance = "fedcba9876543210",
		.grants = degraded,
		.grant_count = 1,
	};
	(void)state_process(&r.launcher, getpid());
	r.sandbox = r.launcher;
	return r;
}

static int read_text(const char *text)
{
	struct state_record r;
	struct err e = { .code = 0 };
	return state_record_read(&r, &a, text, strlen(text), &e);
}

static void records(void)
{
	struct state_record r = sample("web"), back;
	struct buf text = { .arena = &a }, again = { .arena = &a };
	struct err e = { .code = 0 };
	state_record_print(&text, &r);
	ok(state_record_read(&back, &a, buf_text(&text), text.len, &e) == 0, "a description is read back");
	state_record_print(&again, &back);
	same(buf_text(&again), buf_text(&text), "and says the same");
	ok(back.task.pid == 0 && back.profile_path == NULL, "with what is not known");
	for (size_t cut = 0; cut + 1 < text.len; cut += 7)
		if (state_record_read(&back, &a, buf_text(&text), cut, &(struct err){ .code = 0 }) == 0)
			ok(false, "cut after %zu bytes it is refused", cut);
	ok(read_text("") < 0 && read_text("{}") < 0 && read_text("[1]") < 0 && read_text("{\"bailey\":2}") < 0,
		"other texts are refused");
	const char *wrong = arena_strdup(&a, buf_text(&text));
	char *pid = strstr(wrong, "\"pid\":");
	pid[6] = '-';
	ok(read_text(wrong) < 0, "a negative pid too");
}

static void processes(void)
{
	struct state_process p, other;
	ok(state_process(&p, getpid()) == 0 && p.pid == getpid() && p.start > 0, "this process is known");
	ok(state_process_lives(&p), "and lives");
	ok(state_process_age(&p) < 600000, "for less than ten minutes");
	other = p;
	other.start++;
	ok(!state_process_lives(&other), "one of its number that began later is another one");
	other = p;
	other.inode += p.inode != 0 ? 1 : 0;
	ok(p.inode == 0 || !state_process_lives(&other), "so is one with another pidfd");
	ok(state_process(&other, 0) == -ESRCH && !state_process_lives(&other), "0 is no process");

	int pair[2];
	ok(pipe(pair) == 0, "a pipe");
	pid_t child = fork();
	if (child == 0) {
		if (fork() == 0)
			pause();
		(void)!write(pair[1], "x", 1);
		pause();
		_exit(0);
	}
	char byte;
	(void)!read(pair[0], &byte, 1);
	struct state_tasks all;
	struct state_sum sum;
	ok(state_tasks_read(&all, &a) == 0 && all.count > 2, "all processes are read");
	state_sum(&sum, &all, child);
	ok(sum.processes == 2 && sum.tasks == 2 && sum.memory > 0, "a child and a grandchild are two");
	state_sum(&sum, &all, getpid());
	ok(sum.processes == 3, "three with this one");
	state_sum(&sum, &all, 0);
	ok(sum.processes == 0, "no process has the number 0");
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i].parent == child)
			kill(all.items[i].pid, SIGKILL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ok(!state_process_lives(&(struct state_process){ .pid = child, .start = 1 }), "a dead one does not live");
}

static int open_place(void)
{
	return open(below("place"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static size_t list(struct state_sandbox **ret, size_t *warnings)
{
	struct diags d = { .arena = &a };
	struct state_search s = { .uid = geteuid(), .home = "", .run = below("absent"), .state_home = below("state") };
	size_t count;
	state_list(ret, &count, &a, &s, &d);
	if (warnings != NULL)
		*warnings = d.count;
	for (size_t i = 0; i < d.count; i++)
		if (warnings != NULL)
			printf("# %s: %s\n", d.items[i].origin.file, d.items[i].text);
	return count;
}

/* An entry of another launcher that is gone: the lock is free. */
static void leave_behind(const char *name, const char *text)
{
	make(arena_printf(&a, "place/%s", name), 0700);
	if (text != NULL)
		write_file(arena_printf(&a, "place/%s/state.json", name), text);
}

/* A number that was given to somebody else: `child` has it now, the record says it began at another time. */
static void recycled(void)
{
	pid_t child = fork();
	if (child == 0) {
		(void)signal(SIGTERM, SIG_DFL);
		(void)pause();
		_exit(0);
	}
	struct state_record r = { .name = "web" };
	ok(state_process(&r.task, child) == 0 && state_process(&r.sandbox, child) == 0, "a child is the program");
	int fd = state_process_open(&r.task);
	ok(fd >= 0, "it can be opened");
	close(fd);
	r.task.start++;
	r.sandbox.start++;
	r.launcher = r.task;
	ok(state_process_open(&r.task) == -ESRCH, "with another beginning it is somebody else, whom nobody opens");
	ok(state_process_state(&r.task) == '\0', "whose state is nobody's business");
	ok(state_signal(&r, SIGKILL, false) == -ESRCH && state_signal(&r, SIGKILL, true) == -ESRCH, "who gets no signal");
	const struct state_sandbox s = { .record = r, .path = top };
	struct err e = { .code = 0 };
	ok(state_pause(&s, true, &e) < 0, "and is not stopped (%s)", e.text);
	int status;
	ok(waitpid(child, &status, WNOHANG | WUNTRACED) == 0, "he goes on");
	r.task.start--;
	ok(state_signal(&r, SIGTERM, false) == 0 && waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGTERM,
		"the one that is meant gets it");
}

static void entries(void)
{
	struct state_entry one, two, three;
	struct err e = { .code = 0 };
	struct state_sandbox *all;
	size_t warnings;
	make("state", 0700);
	make("state/bailey", 0700);
	make("state/bailey/run", 0700);
	ok(symlink("state/bailey/run", below("place")) == 0, "a place");
	ok(state_enter(&one, &a, open_place(), NULL, "common/fire fox", &e) == 0, "a sandbox enters");
	same(one.name, "fire-fox-1", "with the profile's name and a number");
	ok(list(&all, NULL) == 0 && there("place/fire-fox-1"), "it is not listed before it is described, and not removed");
	struct state_record r = sample(one.name);
	ok(state_write(&one, &r, &e) == 0, "it is described");
	ok(state_enter(&two, &a, open_place(), NULL, "common/fire fox", &e) == 0, "a second one enters");
	same(two.name, "fire-fox-2", "with the next number");
	ok(state_enter(&three, &a, open_place(), "fire-fox-1", "x", &e) == -EEXIST, "a name that is held is refused");
	ok(strstr(e.text, "fire-fox-1 is running") != NULL && strstr(e.hint, arena_printf(&a, "process %d", getpid())) != NULL,
		"and the message says by whom");
	ok(list(&all, NULL) == 1, "the described one is listed");
	same(all[0].record.name, "fire-fox-1", "by its name");
	state_leave(&two);
	ok(!there("place/fire-fox-2"), "one that leaves is gone");
	state_leave(&two);

	/* left by killed launchers */
	r = sample("left");
	struct buf text = { .arena = &a };
	state_record_print(&text, &r);
	leave_behind("left", buf_text(&text));
	leave_behind("empty", NULL);
	leave_behind("broken", "{ \"bailey\": 1");
	leave_behind("lying", "{}");
	write_file("victim", "keep me");
	ok(symlink(below("victim"), below("place/lying/link")) == 0, "a symlink in one");
	make("elsewhere", 0700);
	write_file("elsewhere/state.json", "{}");
	ok(symlink(below("elsewhere"), below("place/symlink")) == 0, "a symlink to a directory");
	write_file("place/file", "not a directory");
	make("place/.hidden", 0700);
	ok(list(&all, &warnings) == 1 && warnings == 0, "what was left is not listed");
	ok(!there("place/left") && !there("place/empty") && !there("place/broken") && !there("place/lying"), "it is removed");
	same(text_of("victim"), "keep me", "a symlink in it is not followed");
	ok(there("elsewhere/state.json") && there("place/symlink"), "nor is one in its place");
	ok(there("place/file") && there("place/.hidden"), "what no launcher made stays");
	make("place/full", 0700);
	make("place/full/directory", 0700);
	ok(list(&all, &warnings) == 1 && warnings == 1 && there("place/full/directory"),
		"a directory in one is nothing of ours, and is told");

	/* a held one whose description is not a launcher's */
	leave_behind("strange", NULL);
	int fd = open(below("place/strange"), O_RDONLY | O_CLOEXEC);
	ok(flock(fd, LOCK_EX) == 0, "held");
	ok(mkfifo(below("place/strange/state.json"), 0600) == 0, "a pipe in place of its description");
	ok(list(&all, &warnings) == 1 && warnings == 2, "does not make anybody wait");
	unlink(below("place/strange/state.json"));
	r = sample("strange");
	r.launcher.start++;
	text = (struct buf){ .arena = &a };
	state_record_print(&text, &r);
	write_file("place/strange/state.json", buf_text(&text));
	ok(list(&all, &warnings) == 1, "a launcher whose number is somebody else's now is not listed");
	r = sample("other");
	text = (struct buf){ .arena = &a };
	state_record_print(&text, &r);
	write_file("place/strange/state.json", buf_text(&text));
	ok(list(&all, &warnings) == 2, "a description of another name: it is being renamed");
	bool by_directory = false;
	for (size_t i = 0; i < 2; i++)
		by_directory = by_directory || strcmp(all[i].record.name, "strange") == 0;
	ok(by_directory, "the directory's name is its name");
	close(fd);

	ok(state_enter(&two, &a, open_place(), "strange", "x", &e) == 0, "the name of one that was left can be taken");
	ok(!there("place/strange/state.json"), "without what it said");
	state_leave(&two);
	state_leave(&one);
	ok(list(&all, NULL) == 0, "in the end none is listed");
}

/* Two that come at the same time never get the same name, whatever a third one sweeps. */
static void race(void)
{
	enum { PROCESSES = 4, ROUNDS = 150 };
	pid_t pids[PROCESSES + 1];
	for (int i = 0; i <= PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		int bad = 0;
		for (int n = 0; n < ROUNDS; n++) {
			struct state_entry entry;
			struct state_sandbox *all;
			struct err e = { .code = 0 };
			if (i == PROCESSES) {
				(void)list(&all, NULL);
				continue;
			}
			if (state_enter(&entry, &a, open_place(), NULL, "r", &e) < 0) {
				printf("# %s\n", e.text);
				bad++;
				continue;
			}
			/* Nobody else may be in it. */
			int fd = openat(entry.directory, "mine", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
			struct stat st;
			if (fd < 0 || fstatat(entry.place, entry.name, &st, 0) < 0)
				bad++;
			close(fd);
			state_leave(&entry);
		}
		fflush(stdout);
		_exit(bad > 0);
	}
	int bad = 0;
	for (int i = 0; i <= PROCESSES; i++) {
		int status;
		waitpid(pids[i], &status, 0);
		bad += status != 0;
	}
	struct state_sandbox *all;
	ok(bad == 0, "sandboxes that come and go at once each have a directory of their own");
	ok(list(&all, NULL) == 0 && !there("place/r-1"), "and nothing is left");
}

static int find(const char *word, const struct state_sandbox *all, size_t count, const char **ret)
{
	const struct state_sandbox *found = NULL;
	struct err e = { .code = 0 };
	int r = state_find(&found, all, count, word, &e);
	*ret = r == 0 ? found->record.name : e.hint[0] != '\0' ? arena_strdup(&a, e.hint) : "";
	return r;
}

static void finding(void)
{
	struct state_sandbox all[] = {
		{ .record = { .name = "firefox-1", .profile = "firefox", .launcher = { .pid = 100 }, .sandbox = { .pid = 101 } } },
		{ .record = { .name = "firefox-12", .profile = "firefox", .launcher = { .pid = 200 }, .task = { .pid = 202 } } },
		{ .record = { .name = "web", .profile = "shell", .launcher = { .pid = 300 } } },
		{ .record = { .name = "shell", .profile = "default", .launcher = { .pid = 400 } } },
	};
	const char *got;
	ok(find("firefox-1", all, 4, &got) == 0, "a whole name");
	same(got, "firefox-1", "wins over names that begin with it");
	ok(find("shell", all, 4, &got) == 0, "a name");
	same(got, "shell", "wins over a profile");
	ok(find("202", all, 4, &got) == 0, "the number of a process");
	same(got, "firefox-12", "means its sandbox");
	ok(find("default", all, 4, &got) == 0, "a profile with one sandbox");
	same(got, "shell", "means that one");
	ok(find("w", all, 4, &got) == 0, "the beginning of one name");
	same(got, "web", "is enough");
	ok(find("firefox", all, 4, &got) == -ENOTUNIQ, "a profile with two sandboxes is not");
	same(got, "name one: firefox-1, firefox-12", "and the message lists them");
	ok(find("fire", all, 4, &got) == -ENOTUNIQ, "nor is a beginning of two names");
	ok(find("999", all, 4, &got) == -ENOENT, "no such process");
	ok(find("", all, 4, &got) == -ENOENT, "the empty word means none");
	ok(find("web", all, 0, &got) == -ENOENT, "none is running");
}

int main(void)
{
	(void)snprintf(top, sizeof top, "%s/bailey-state.XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	if (mkdtemp(top) == NULL)
		return 1;
	places();
	names();
	records();
	processes();
	recycled();
	entries();
	race();
	finding();
	pid_t rm = fork();
	if (rm == 0) {
		execlp("rm", "rm", "-rf", top, (char *)NULL);
		_exit(127);
	}
	waitpid(rm, NULL, 0);
	arena_free(&a);
	return tap_done();
}
