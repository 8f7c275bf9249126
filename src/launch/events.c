#include "launch/events.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

enum { AT_ONCE = 0, PATIENT = 1000 };

/* pipe(7): with POLLOUT there is room for PIPE_BUF bytes, which no line of ours exceeds. */
static bool has_room(int fd, int wait_ms)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	return poll(&room, 1, wait_ms) > 0;
}

bool event_room(int fd)
{
	return has_room(fd, PATIENT);
}

static void put(int fd, int wait_ms, const char *text, size_t len)
{
	while (len > 0 && has_room(fd, wait_ms)) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody reads any more */
		text += n;
		len -= (size_t)n;
	}
}

/* Built in an arena of its own, given back at once: the launch's is gone by the time most events happen. */
static void send(int fd, int wait_ms, struct arena *a, struct json *j)
{
	json_object_end(j);
	buf_putc(j->out, '\n');
	put(fd, wait_ms, j->out->text, j->out->len);
	arena_free(a);
}

#define EVENT(fd, name) \
	if ((fd) < 0) \
		return; \
	struct arena arena = { 0 }; \
	struct buf text = { .arena = &arena }; \
	struct json json = { .out = &text }; \
	json_object(&json, NULL); \
	json_string(&json, "event", (name))

void event_started(int fd, const struct plan *plan, pid_t sandbox, pid_t program)
{
	EVENT(fd, "started");
	json_string(&json, "profile", plan->profile_name);
	json_int(&json, "launcher_pid", getpid());
	json_int(&json, "sandbox_pid", sandbox);
	json_int(&json, "program_pid", program);
	if (plan->cgroup.degraded_count > 0) {
		json_array(&json, "degraded");
		for (size_t i = 0; i < plan->cgroup.degraded_count; i++)
			json_string(&json, NULL, plan->cgroup.degraded[i].setting);
		json_array_end(&json);
	}
	send(fd, PATIENT, &arena, &json);
}

void event_stopped(int fd, int sig)
{
	EVENT(fd, "stopped");
	json_int(&json, "signal", sig);
	send(fd, AT_ONCE, &arena, &json);
}

void event_continued(int fd)
{
	EVENT(fd, "continued");
	send(fd, AT_ONCE, &arena, &json);
}

void event_timeout(int fd)
{
	EVENT(fd, "timeout");
	send(fd, PATIENT, &arena, &json);
}

void event_cap(int fd, const char *setting, const char *what, const char *from, int64_t count)
{
	EVENT(fd, "limit");
	json_string(&json, "setting", setting);
	json_string(&json, "limit", what);
	json_string(&json, "from", from);
	json_int(&json, "count", count);
	send(fd, PATIENT, &arena, &json);
}

void event_refused(int fd, const char *what, const char *from, int64_t packets)
{
	EVENT(fd, "refused");
	json_string(&json, "what", what);
	json_string(&json, "from", from);
	json_int(&json, "packets", packets);
	send(fd, PATIENT, &arena, &json);
}

void event_ended(int fd, int status, int sig)
{
	EVENT(fd, sig != 0 ? "killed" : "exited");
	if (sig != 0)
		json_int(&json, "signal", sig);
	json_int(&json, "status", status);
	send(fd, PATIENT, &arena, &json);
}

void event_failed(int fd, int status, const struct err *e)
{
	EVENT(fd, "failed");
	json_int(&json, "status", status);
	json_string(&json, "message", e->text);
	json_string(&json, "hint", e->hint[0] != '\0' ? e->hint : NULL);
	json_origin(&json, "origin", e->origin);
	send(fd, PATIENT, &arena, &json);
}
