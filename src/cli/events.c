/* bailey events: what happens to the sandboxes of the user, as it happens. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/sandboxes.h"
#include "plan/layout.h"

enum { SWEEP_MS = 1000, LINE_MAX_BYTES = 8192 };

/* One place, and how far it has been read. */
struct source {
	const char *path;
	int place, journal; /* -1: there is none yet */
	char line[LINE_MAX_BYTES];
	size_t len;
};

struct listener {
	struct cli *cli;
	bool json;
	int changes; /* inotify */
	int signals;
	struct source sources[STATE_PLACES];
	size_t count;
};

/* ---- output ---- */

static const char *text_of(struct arena *a, const struct json_value *v, const char *key)
{
	const struct json_value *m = json_member(v, key);
	return m != NULL && m->type == JSON_STRING ? layout_clean(a, m->string) : "";
}

static int64_t number_of(const struct json_value *v, const char *key)
{
	const struct json_value *m = json_member(v, key);
	return m != NULL && m->type == JSON_INT ? m->number : -1;
}

static void describe(struct buf *out, struct arena *a, const struct json_value *v)
{
	const char *event = text_of(a, v, "event"), *name = text_of(a, v, "name");
	const time_t when = (time_t)(number_of(v, "time_ms") / 1000);
	char clock[32] = "";
	struct tm t;
	if (localtime_r(&when, &t) != NULL)
		(void)strftime(clock, sizeof clock, "%F %T", &t);
	buf_printf(out, "%s %s %s", clock, name, event);
	if (strcmp(event, "started") == 0)
		buf_printf(out, ": %s, profile %s, process %" PRIi64, path_base(text_of(a, v, "program")),
			path_base(text_of(a, v, "profile")), number_of(v, "launcher_pid"));
	else if (strcmp(event, "limited") == 0)
		buf_printf(out, ": %s (%s), %" PRIi64 " times", text_of(a, v, "what"), text_of(a, v, "setting"),
			number_of(v, "count"));
	else if (strcmp(event, "refused") == 0)
		buf_printf(out, ": %s, %" PRIi64 " packets", text_of(a, v, "what")[0] != '\0' ? text_of(a, v, "what") : "more",
			number_of(v, "count"));
	else if (number_of(v, "signal") > 0)
		buf_printf(out, ": by signal %" PRIi64, number_of(v, "signal"));
	else if (number_of(v, "status") >= 0)
		buf_printf(out, ": status %" PRIi64, number_of(v, "status"));
	else
		buf_puts(out, ": its bailey was killed");
	buf_putc(out, '\n');
}

/* Lines of launchers, which write one at a time; what is no such line was not theirs. */
static int tell(const struct listener *l, const char *line, size_t len)
{
	struct arena a = { .head = NULL };
	struct buf out = { .arena = &a };
	struct json_value *v;
	unsigned at;
	const char *why;
	int status = 0;
	if (len > 0 && line[0] == '{' && json_read(&a, line, len, &v, &at, &why) == 0 && v->type == JSON_OBJECT) {
		if (l->json)
			buf_printf(&out, "%.*s\n", (int)len, line);
		else
			describe(&out, &a, v);
		status = cli_write(l->cli, &out);
	}
	arena_free(&a);
	return status;
}

/* ---- reading ---- */

static int read_lines(const struct listener *l, struct source *s)
{
	for (;;) {
		ssize_t n = read(s->journal, s->line + s->len, sizeof s->line - s->len);
		if (n <= 0)
			return 0;
		s->len += (size_t)n;
		char *from = s->line, *end;
		while ((end = memchr(from, '\n', s->len - (size_t)(from - s->line))) != NULL) {
			int status = tell(l, from, (size_t)(end - from));
			if (status != 0)
				return status;
			from = end + 1;
		}
		s->len -= (size_t)(from - s->line);
		memmove(s->line, from, s->len);
		if (s->len == sizeof s->line) /* no launcher's line is so long */
			s->len = 0;
	}
}

static int read_source(const struct listener *l, struct source *s)
{
	int next, status = s->journal >= 0 ? read_lines(l, s) : 0;
	while (status == 0 && s->journal >= 0 && (next = state_listen_next(s->place, s->journal)) >= 0) {
		status = read_lines(l, s); /* what came before it was exchanged */
		(void)close(s->journal);
		s->journal = next;
		s->len = 0;
		if (status == 0)
			status = read_lines(l, s);
	}
	return status;
}

/* ---- places ---- */

static bool has(const struct listener *l, const char *path)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->sources[i].path, path) == 0)
			return true;
	return false;
}

static int add_source(struct listener *l, int place, const char *path)
{
	struct source *s = &l->sources[l->count];
	*s = (struct source){ .path = arena_strdup(&l->cli->arena, path), .place = place };
	s->journal = state_listen(place);
	if (s->journal < 0)
		return cli_fail(l->cli, EXIT_SETUP, NULL, "cannot listen in %s: %s", path, strerror(-s->journal));
	if (inotify_add_watch(l->changes, path, IN_MODIFY | IN_CREATE | IN_MOVED_FROM) < 0)
		return cli_fail(l->cli, EXIT_SETUP, NULL, "cannot watch %s: %s", path, strerror(errno));
	l->count++;
	return 0;
}

/* Those that are there; one may come later. */
static int look_for_places(struct listener *l)
{
	struct arena a = { .head = NULL };
	struct state_search s;
	struct state_places places;
	int status = 0;
	state_search(&s, &l->cli->facts, geteuid());
	state_places_open(&places, &a, &s);
	for (size_t i = 0; i < places.count && status == 0 && l->count < STATE_PLACES; i++) {
		if (has(l, places.items[i].path))
			continue;
		int place = dup(places.items[i].fd);
		status = place < 0 ? cli_fail(l->cli, EXIT_SETUP, NULL, "cannot open %s: %s", places.items[i].path, strerror(errno))
				   : add_source(l, place, places.items[i].path);
	}
	state_places_close(&places);
	arena_free(&a);
	return status;
}

/* The one where sandboxes will be, so that the first of them is not missed. */
static int first_place(struct listener *l)
{
	struct state_search s;
	struct err e = { .code = 0 };
	const char *path;
	state_search(&s, &l->cli->facts, geteuid());
	int place = state_place_make(&l->cli->arena, &s, &path, &e);
	return place < 0 ? cli_fail_err(l->cli, EXIT_SETUP, &e) : add_source(l, place, path);
}

/* What a killed launcher left is found by whoever lists them, and told by that. */
static void sweep(const struct listener *l)
{
	struct cli at = *l->cli;
	struct sandboxes all;
	at.arena = (struct arena){ .head = NULL };
	at.quiet = true;
	sandboxes_load(&at, &all);
	arena_free(&at.arena);
}

/* ---- the verb ---- */

static int listen_on(struct listener *l)
{
	struct pollfd fds[3] = { { .fd = l->changes, .events = POLLIN }, { .fd = l->signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO } };
	char ignored[4096];
	for (;;) {
		int n = poll(fds, 3, SWEEP_MS);
		if (fds[0].revents != 0)
			(void)!read(l->changes, ignored, sizeof ignored);
		if (n > 0 && fds[1].revents != 0)
			return 0;
		if (n > 0 && (fds[2].revents & POLLERR) != 0)
			return 0; /* nobody reads any more */
		if (n == 0)
			sweep(l);
		int status = look_for_places(l);
		for (size_t i = 0; i < l->count && status == 0; i++)
			status = read_source(l, &l->sources[i]);
		if (status != 0)
			return status;
	}
}

/* Ended by a signal, what is listened to is to be removed. */
static int catch_signals(struct listener *l)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	l->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return l->signals < 0 ? -errno : 0;
}

int cmd_events(struct cli *cli, struct args *args)
{
	if (args->rest_count > 0)
		return cli_fail(cli, EXIT_USAGE, NULL, "events takes no words");
	struct listener *l = arena_alloc(&cli->arena, sizeof *l);
	*l = (struct listener){ .cli = cli, .json = args_has(args, "--json"), .signals = -1 };
	l->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int r = l->changes < 0 ? -errno : catch_signals(l);
	if (r < 0)
		return cli_fail(cli, EXIT_SETUP, NULL, "cannot listen: %s", strerror(-r));
	int status = first_place(l);
	if (status == 0)
		status = listen_on(l);
	for (size_t i = 0; i < l->count; i++) {
		state_listen_end(l->sources[i].place, l->sources[i].journal);
		(void)close(l->sources[i].place);
	}
	(void)close(l->changes);
	(void)close(l->signals);
	return status;
}
