#include "cgroup/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { TEXT_MAX = 16 * 1024 };

/* cgroup v1 says "no bound" by a number of pages next to the largest one. */
static const int64_t unbounded = INT64_MAX / 2;

#define AT(member) offsetof(struct cgroup_usage, member)

/*
 * A number for a line by itself, or (with `key`) for the line that begins with that word.  Texts in the rows, here and below: pointers
 * would have to be relocated at each start.
 */
static const struct {
	char file[28], key[20];
	size_t at;
	int64_t divide;
} numbers[] = {
	{ "memory.current", "", AT(memory), 1 },
	{ "memory.peak", "", AT(memory_peak), 1 },
	{ "memory.max", "", AT(memory_cap), 1 },
	{ "memory.swap.current", "", AT(swap), 1 },
	{ "memory.events", "max", AT(cap_hits), 1 },
	{ "memory.events", "oom_kill", AT(oom_kills), 1 },
	{ "cpu.stat", "usage_usec", AT(cpu_us), 1 },
	{ "cpu.stat", "user_usec", AT(user_us), 1 },
	{ "cpu.stat", "system_usec", AT(system_us), 1 },
	{ "cpu.stat", "nr_throttled", AT(throttled), 1 },
	{ "cpu.stat", "throttled_usec", AT(throttled_us), 1 },
	{ "pids.current", "", AT(tasks), 1 },
	{ "pids.peak", "", AT(tasks_peak), 1 },
	{ "pids.max", "", AT(tasks_cap), 1 },
	{ "pids.events", "max", AT(task_refusals), 1 },
	{ "cpu.pressure", "some avg10=", AT(cpu.some), 1 },
	{ "cpu.pressure", "full avg10=", AT(cpu.full), 1 },
	{ "memory.pressure", "some avg10=", AT(memory_pressure.some), 1 },
	{ "memory.pressure", "full avg10=", AT(memory_pressure.full), 1 },
	{ "io.pressure", "some avg10=", AT(io.some), 1 },
	{ "io.pressure", "full avg10=", AT(io.full), 1 },
	/* version 1 */
	{ "memory.usage_in_bytes", "", AT(memory), 1 },
	{ "memory.max_usage_in_bytes", "", AT(memory_peak), 1 },
	{ "memory.limit_in_bytes", "", AT(memory_cap), 1 },
	{ "memory.failcnt", "", AT(cap_hits), 1 },
	{ "memory.oom_control", "oom_kill", AT(oom_kills), 1 },
	{ "cpu.stat", "throttled_time", AT(throttled_us), 1000 },
	{ "cpuacct.usage", "", AT(cpu_us), 1000 },
	{ "cpuacct.usage_user", "", AT(user_us), 1000 },
	{ "cpuacct.usage_sys", "", AT(system_us), 1000 },
};

/* A line for each device; the number follows the word. */
static const struct {
	char file[44], key[12];
	size_t at;
} devices[] = {
	{ "io.stat", " rbytes=", AT(read_bytes) },
	{ "io.stat", " wbytes=", AT(write_bytes) },
	{ "io.stat", " rios=", AT(read_ops) },
	{ "io.stat", " wios=", AT(write_ops) },
	{ "blkio.throttle.io_service_bytes_recursive", " Read ", AT(read_bytes) },
	{ "blkio.throttle.io_service_bytes_recursive", " Write ", AT(write_bytes) },
	{ "blkio.throttle.io_serviced_recursive", " Read ", AT(read_ops) },
	{ "blkio.throttle.io_serviced_recursive", " Write ", AT(write_ops) },
};

static int64_t *member(struct cgroup_usage *u, size_t at)
{
	return (int64_t *)(void *)((char *)u + at);
}

/* One directory, and the file that was read last: the tables ask for several numbers of each. */
struct reading {
	int directory;
	const char *file;
	bool there;
	char text[TEXT_MAX];
};

static const char *text_of(struct reading *r, const char *file)
{
	if (r->file == NULL || strcmp(r->file, file) != 0) {
		r->file = file;
		int fd = openat(r->directory, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, r->text, sizeof r->text - 1);
		if (fd >= 0)
			(void)close(fd);
		r->there = n > 0;
		r->text[n > 0 ? n : 0] = '\0';
	}
	return r->there ? r->text : NULL;
}

/* What follows the word at the beginning of a line. */
static const char *after(const char *text, const char *key)
{
	size_t n = strlen(key);
	for (; text != NULL && *text != '\0'; text = strchr(text, '\n'), text += text != NULL)
		if (strncmp(text, key, n) == 0 && (key[n - 1] == '=' || text[n] == ' '))
			return text + n;
	return NULL;
}

/* Hundredths for a number with two decimals ("12.34"), the number itself for others; -1 for "max" and what is none. */
static int64_t value(const char *text)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (end == text || n < 0 || errno != 0)
		return -1;
	if (*end != '.')
		return n < unbounded ? n : -1;
	long long part = strtoll(end + 1, NULL, 10);
	return n * 100 + (part >= 0 && part < 100 ? part : 0);
}

static void read_directory(struct cgroup_usage *u, struct reading *r)
{
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		const char *text = text_of(r, numbers[i].file);
		if (text != NULL && numbers[i].key[0] != '\0')
			text = after(text, numbers[i].key);
		int64_t n = text != NULL ? value(text) : -1;
		if (n >= 0)
			*member(u, numbers[i].at) = n / numbers[i].divide;
	}
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
		const char *text = text_of(r, devices[i].file);
		int64_t sum = 0;
		if (text == NULL)
			continue;
		for (const char *at = strstr(text, devices[i].key); at != NULL; at = strstr(at, devices[i].key)) {
			at += strlen(devices[i].key);
			int64_t n = value(at);
			sum += n > 0 ? n : 0;
		}
		*member(u, devices[i].at) = sum;
	}
}

/* Version 1 counts events where the process is, not where the cap is; of version 2, Linux before 6.11 does so with tasks. */
static void read_inner(struct cgroup_usage *u, struct reading *r)
{
	static const struct {
		const char *file, *key;
		size_t at;
	} events[] = {
		{ "payload/pids.events", "max", AT(task_refusals) },
		{ "payload/memory.oom_control", "oom_kill", AT(oom_kills) },
	};
	for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
		const char *text = text_of(r, events[i].file);
		const char *number = text != NULL ? after(text, events[i].key) : NULL;
		int64_t n = number != NULL ? value(number) : -1;
		if (n > *member(u, events[i].at))
			*member(u, events[i].at) = n;
	}
}

int cgroup_open_path(const char *path)
{
	struct statfs fs;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) == 0 && (fs.f_type == CGROUP2_SUPER_MAGIC || fs.f_type == CGROUP_SUPER_MAGIC))
		return fd;
	(void)close(fd);
	return -EINVAL;
}

size_t cgroup_usage_read(struct cgroup_usage *ret, const char *const *paths, size_t count)
{
	size_t done = 0;
	memset(ret, 0xff, sizeof *ret); /* -1 in each member */
	for (size_t i = 0; i < count; i++) {
		struct reading r = { .directory = cgroup_open_path(paths[i]) };
		if (r.directory < 0)
			continue;
		read_directory(ret, &r);
		read_inner(ret, &r);
		(void)close(r.directory);
		done++;
	}
	return done;
}
