/*
 * bailey-scope UNIT PID[,PID...] SLICE DESCRIPTION ADDRESS...
 *
 * Has a manager of systemd make the scope UNIT with the processes in it, delegated to us, and waits until that is done.  The
 * only program of bailey that is linked with libsystemd; the launcher runs it for the cgroup driver "systemd" alone.
 *
 * ADDRESS is "manager:PATH", a socket of the manager itself, or "bus:TEXT", the address of a message bus on which it is.  They are
 * tried in that order; the first that can be connected to is asked.  Says one line on standard error when it fails, status 1.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/num.h"

enum { DEADLINE_MS = 25000 };

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

struct pids {
	uint32_t items[8];
	size_t count;
};

struct job {
	const char *path; /* NULL until the manager has named it */
	char result[32]; /* empty until it has ended */
};

static int fail(const char *what, int error, const sd_bus_error *said)
{
	if (said != NULL && said->message != NULL)
		(void)fprintf(stderr, "%s: %s\n", what, said->message);
	else
		(void)fprintf(stderr, "%s: %s\n", what, strerror(error < 0 ? -error : error));
	return 1;
}

/* "unix:path=PATH": an address writes most bytes of a path as %XX. */
static int socket_address(char *ret, size_t size, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-.";
	int len = snprintf(ret, size, "unix:path=");
	for (; *path != '\0'; path++) {
		if (len < 0 || (size_t)len + 4 > size)
			return -ENAMETOOLONG;
		if (strchr(plain, *path) != NULL)
			len += snprintf(ret + len, size - (size_t)len, "%c", *path);
		else
			len += snprintf(ret + len, size - (size_t)len, "%%%02x", (unsigned char)*path);
	}
	return 0;
}

/* Waits for the other side, until `end` at most. 0 or -errno. */
static int wait_until(sd_bus *bus, int64_t end)
{
	int64_t left = end - clock_ms();
	if (left <= 0)
		return -ETIMEDOUT;
	int r = sd_bus_wait(bus, (uint64_t)left * 1000);
	return r < 0 && r != -EINTR ? r : 0;
}

static int connect_to(sd_bus **ret, const char *address, int64_t end)
{
	char path[1024];
	sd_bus *bus = NULL;
	bool direct = strncmp(address, "manager:", 8) == 0;
	int r = 0;
	if (direct)
		r = socket_address(path, sizeof path, address + 8);
	else if (strncmp(address, "bus:unix:", 9) != 0) /* others start programs or leave the machine */
		r = -EINVAL;
	if (r >= 0)
		r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, direct ? path : address + 4);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, !direct);
	if (r >= 0)
		r = sd_bus_start(bus);
	/* Connecting goes on in the background; this waits until it is done. */
	while (r >= 0 && sd_bus_is_ready(bus) == 0) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = wait_until(bus, end);
	}
	if (r < 0) {
		(void)sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

/* JobRemoved(u id, o job, s unit, s result) */
static int job_removed(sd_bus_message *m, void *data, sd_bus_error *e)
{
	struct job *job = data;
	const char *path, *result;
	(void)e;
	if (sd_bus_message_read(m, "uoss", NULL, &path, NULL, &result) < 0)
		return 0;
	if (job->path != NULL && strcmp(path, job->path) == 0)
		(void)snprintf(job->result, sizeof job->result, "%s", result);
	return 0;
}

/* ("PIDs", <[...]>) */
static int append_pids(sd_bus_message *m, const struct pids *pids)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", "PIDs");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "au");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'u', pids->items, pids->count * sizeof pids->items[0]);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r >= 0 ? sd_bus_message_close_container(m) : r;
}

static int ask(sd_bus *bus, char *const *argv, const struct pids *pids, sd_bus_message **ret, int64_t end, sd_bus_error *said)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(bus, &m, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, "StartTransientUnit");
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", argv[1], "fail"); /* not in place of another */
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", /* */
			"Description", "s", argv[4], /* */
			"Slice", "s", argv[3], /* */
			"Delegate", "b", 1, /* */
			"CollectMode", "s", "inactive-or-failed", /* */
			"SendSIGHUP", "b", 1); /* shells ignore SIGTERM */
	if (r >= 0)
		r = append_pids(m, pids);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	int64_t left = end - clock_ms();
	if (r >= 0)
		r = left > 0 ? sd_bus_call(bus, m, (uint64_t)left * 1000, said, ret) : -ETIMEDOUT;
	(void)sd_bus_message_unref(m);
	return r;
}

/* Until the job has ended; its result is in job->result then. Signals are taken up here and not during the call before, which
 * leaves them in the queue. */
static int await(sd_bus *bus, struct job *job, int64_t end)
{
	while (job->result[0] == '\0') {
		int r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = wait_until(bus, end);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool read_pids(struct pids *ret, char *list)
{
	char *rest = NULL;
	ret->count = 0;
	for (char *word = strtok_r(list, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
		int64_t pid;
		if (ret->count == sizeof ret->items / sizeof *ret->items || num_int(word, 1, INT32_MAX, &pid) < 0)
			return false;
		ret->items[ret->count++] = (uint32_t)pid;
	}
	return ret->count > 0;
}

int main(int argc, char **argv)
{
	struct job job = { .path = NULL };
	sd_bus *bus = NULL;
	sd_bus_slot *slot = NULL;
	sd_bus_message *answer = NULL;
	sd_bus_error said = SD_BUS_ERROR_NULL;
	struct pids pids;
	int r = -EINVAL;
	if (argc < 6 || !read_pids(&pids, argv[2])) {
		(void)fprintf(stderr, "usage: bailey-scope UNIT PID[,PID...] SLICE DESCRIPTION ADDRESS...\n");
		return 2;
	}
	int64_t end = clock_ms() + DEADLINE_MS; /* for all of it */
	bool direct = false;
	for (int i = 5; i < argc && r < 0; i++) {
		direct = strncmp(argv[i], "manager:", 8) == 0;
		r = connect_to(&bus, argv[i], end);
	}
	if (r < 0)
		return fail("no manager of systemd answers", r, NULL);
	/* Before the call, so that no end of a job is missed. The manager's own socket names no senders. */
	r = sd_bus_match_signal(
		bus, &slot, direct ? NULL : MANAGER, MANAGER_PATH, MANAGER_INTERFACE, "JobRemoved", job_removed, &job);
	if (r < 0)
		return fail("cannot listen to the manager of systemd", r, NULL);
	r = ask(bus, argv, &pids, &answer, end, &said);
	if (r < 0)
		return fail("the manager of systemd made no scope", r, &said);
	r = sd_bus_message_read(answer, "o", &job.path);
	if (r >= 0)
		r = await(bus, &job, end);
	if (r < 0)
		return fail("the manager of systemd does not say that the scope is there", r, NULL);
	if (strcmp(job.result, "done") != 0) {
		(void)fprintf(stderr, "the manager of systemd made no scope: its job ended as \"%s\"\n", job.result);
		return 1;
	}
	/* The process ends here: what the connection holds ends with it. */
	return 0;
}
