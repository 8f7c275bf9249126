/*
 * Times commands side by side and weighs the memory of what stays running around a program.
 *
 * drive time ROUNDS FILTER --case NAME COMMAND... [--case NAME COMMAND...]
 *     Runs every case once per round, in an order drawn anew for each round, and prints "NAME MEDIAN P90 MINIMUM" (ms).
 *     From the start of the process to the return of wait; output goes to /dev/null; any status but 0 ends the run.
 *     FILTER is open as descriptor 9 in each command.
 * drive memory COUNT FILTER [--asked-of-fd N M] --case NAME COMMAND...
 *     Starts COUNT copies of a command that ends in `sleep`, waits until all sleep, prints "NAME KIB PROCESSES": the
 *     proportional set size of all their processes but the sleeping ones, divided by COUNT.  With --asked-of-fd the sizes are
 *     asked of a `drive weigh` behind these two descriptors, because bailey's processes are closed to their user.
 * drive weigh
 *     Answers lines of process ids with "KIB PROCESSES" lines.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CASES = 16, MAX_ROUNDS = 10000, WARM_UP = 5, MAX_PROCESSES = 65536, FILTER_FD = 9 };

struct test_case {
	const char *name;
	char **argv;
	double *ms;
};

static const char *filter_path;
static int null_fd;

static void die(const char *what)
{
	fprintf(stderr, "drive: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* vfork: fork would charge the launcher under test for copying this program's page tables. */
static pid_t start(char **argv)
{
	pid_t pid = vfork();
	if (pid == 0) {
		/* Opened anew each time: copies that run at once would share the place in the file. */
		int fd = open(filter_path, O_RDONLY);
		if (fd != FILTER_FD) {
			dup2(fd, FILTER_FD);
			close(fd);
		}
		dup2(null_fd, 0);
		dup2(null_fd, 1);
		if (getenv("BAILEY_BENCH_SHOW") == NULL)
			dup2(null_fd, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		die("vfork");
	return pid;
}

static double run_once(const struct test_case *c)
{
	double begin = now_ms();
	pid_t pid = start(c->argv);
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("wait");
	double end = now_ms();
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "drive: %s did not work (status 0x%x); BAILEY_BENCH_SHOW=1 shows what it says\n", c->name,
			(unsigned)status);
		exit(2);
	}
	return end - begin;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void time_cases(struct test_case *cases, size_t count, size_t rounds)
{
	uint32_t random = 12345; /* the same orders in each run */
	for (size_t i = 0; i < count; i++)
		if ((cases[i].ms = calloc(rounds, sizeof(double))) == NULL)
			die("memory");
	for (size_t i = 0; i < count; i++)
		for (int warm = 0; warm < WARM_UP; warm++)
			(void)run_once(&cases[i]);
	for (size_t round = 0; round < rounds; round++) {
		size_t order[MAX_CASES];
		for (size_t i = 0; i < count; i++)
			order[i] = i;
		for (size_t i = count; i > 1; i--) {
			random = random * 1664525u + 1013904223u;
			size_t j = (random >> 8) % i, t = order[i - 1];
			order[i - 1] = order[j];
			order[j] = t;
		}
		for (size_t i = 0; i < count; i++)
			cases[order[i]].ms[round] = run_once(&cases[order[i]]);
	}
	for (size_t i = 0; i < count; i++) {
		double *ms = cases[i].ms;
		qsort(ms, rounds, sizeof(double), compare);
		printf("%s %.3f %.3f %.3f\n", cases[i].name, ms[rounds / 2], ms[rounds * 9 / 10], ms[0]);
	}
}

struct process {
	pid_t pid, parent;
	bool counted, sleeps;
};

static size_t read_processes(struct process *list)
{
	DIR *dir = opendir("/proc");
	if (dir == NULL)
		die("/proc");
	size_t count = 0;
	for (struct dirent *e; (e = readdir(dir)) != NULL && count < MAX_PROCESSES;) {
		char path[64], line[512];
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/stat", e->d_name);
		FILE *f = fopen(path, "re");
		if (f == NULL)
			continue;
		char *name_end, *name;
		if (fgets(line, sizeof(line), f) != NULL && (name = strchr(line, '(')) != NULL &&
			(name_end = strrchr(line, ')')) != NULL) {
			char state;
			int parent;
			if (sscanf(name_end + 1, " %c %d", &state, &parent) == 2)
				list[count++] = (struct process){
					.pid = atoi(e->d_name),
					.parent = parent,
					.sleeps = name_end - name == 6 && memcmp(name + 1, "sleep", 5) == 0,
				};
		}
		fclose(f);
	}
	closedir(dir);
	return count;
}

/* Marks the given processes and all that descends from them. */
static void mark(struct process *list, size_t count, const pid_t *roots, size_t root_count)
{
	for (size_t i = 0; i < count; i++) {
		list[i].counted = false;
		for (size_t r = 0; r < root_count; r++)
			list[i].counted |= list[i].pid == roots[r];
	}
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < count && !list[i].counted; j++)
				if (list[j].counted && list[j].pid == list[i].parent)
					list[i].counted = again = true;
	}
}

/* KiB, or -1 when it may not be read. */
static long pss_of(pid_t pid)
{
	char path[64], line[256];
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return -1;
	long kib = -1;
	while (kib < 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Pss:", 4) == 0)
			kib = atol(line + 4);
	fclose(f);
	return kib;
}

static void weigh(const pid_t *roots, size_t root_count, long *ret_kib, long *ret_processes)
{
	static struct process list[MAX_PROCESSES];
	size_t count = read_processes(list);
	mark(list, count, roots, root_count);
	*ret_kib = *ret_processes = 0;
	for (size_t i = 0; i < count; i++) {
		if (!list[i].counted || list[i].sleeps)
			continue;
		long kib = pss_of(list[i].pid);
		if (kib < 0) {
			*ret_kib = -1;
			return;
		}
		*ret_kib += kib;
		++*ret_processes;
	}
}

static int serve(void)
{
	static char line[1 << 16];
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		pid_t roots[1024];
		size_t count = 0;
		long kib, processes;
		for (char *word = strtok(line, " \n"); word != NULL && count < 1024; word = strtok(NULL, " \n"))
			roots[count++] = atoi(word);
		weigh(roots, count, &kib, &processes);
		printf("%ld %ld\n", kib, processes);
	}
	return 0;
}

static size_t sleeping(const pid_t *roots, size_t root_count)
{
	static struct process list[MAX_PROCESSES];
	size_t count = read_processes(list), found = 0;
	mark(list, count, roots, root_count);
	for (size_t i = 0; i < count; i++)
		found += list[i].counted && list[i].sleeps;
	return found;
}

static void memory(const struct test_case *c, size_t copies, int ask, int answer)
{
	pid_t roots[1024];
	for (size_t i = 0; i < copies; i++)
		roots[i] = start(c->argv);
	double limit = now_ms() + 30000;
	while (sleeping(roots, copies) < copies) {
		if (now_ms() > limit) {
			fprintf(stderr, "drive: %s: not all copies came up in 30 s\n", c->name);
			break;
		}
		usleep(50000);
	}
	usleep(200000); /* launchers give memory back after the start */
	long kib = -1, processes = 0;
	if (ask >= 0) {
		for (size_t i = 0; i < copies; i++)
			dprintf(ask, "%d%s", roots[i], i + 1 < copies ? " " : "\n");
		char text[64];
		ssize_t n = read(answer, text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = '\0';
		if (sscanf(text, "%ld %ld", &kib, &processes) != 2)
			kib = -1;
	} else {
		weigh(roots, copies, &kib, &processes);
	}
	for (size_t i = 0; i < copies; i++)
		kill(roots[i], SIGTERM);
	limit = now_ms() + 5000;
	for (size_t i = 0; i < copies; i++) {
		while (waitpid(roots[i], NULL, WNOHANG) == 0) {
			if (now_ms() > limit)
				kill(roots[i], SIGKILL);
			usleep(2000);
		}
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (kib < 0)
		printf("%s - %ld\n", c->name, processes);
	else
		printf("%s %.1f %.1f\n", c->name, (double)kib / (double)copies, (double)processes / (double)copies);
}

int main(int argc, char **argv)
{
	struct test_case cases[MAX_CASES];
	size_t count = 0;
	if (argc == 2 && strcmp(argv[1], "weigh") == 0)
		return serve();
	bool timing = argc > 5 && strcmp(argv[1], "time") == 0;
	if (!timing && (argc < 6 || strcmp(argv[1], "memory") != 0)) {
		fputs("usage: see the head of drive.c\n", stderr);
		return 2;
	}
	int first = 4, ask = -1, answer = -1;
	if (argc > 7 && strcmp(argv[4], "--asked-of-fd") == 0) {
		ask = atoi(argv[5]);
		answer = atoi(argv[6]);
		fcntl(ask, F_SETFD, FD_CLOEXEC);
		fcntl(answer, F_SETFD, FD_CLOEXEC);
		first = 7;
	}
	for (int i = first; i < argc; i++) {
		if (strcmp(argv[i], "--case") != 0)
			continue;
		argv[i] = NULL;
		if (i + 2 < argc && count < MAX_CASES)
			cases[count++] = (struct test_case){ .name = argv[i + 1], .argv = argv + i + 2 };
	}
	size_t number = (size_t)atol(argv[2]);
	filter_path = argv[3];
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (access(filter_path, R_OK) != 0 || null_fd < 0)
		die(filter_path);
	if (number < 1 || number > (timing ? (size_t)MAX_ROUNDS : 1024)) {
		fputs("drive: that number is out of range\n", stderr);
		return 2;
	}
	if (timing) {
		time_cases(cases, count, number);
		return 0;
	}
	/* What a launcher that dies early leaves behind comes to this process and is still found. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (size_t i = 0; i < count; i++)
		memory(&cases[i], number, ask, answer);
	return 0;
}
