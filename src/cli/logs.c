/* bailey logs: what a program in the background has written. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "background/log.h"
#include "base/json.h"
#include "base/num.h"
#include "base/path.h"
#include "base/utf8.h"
#include "cli/sandboxes.h"

enum { LINE_MAX_BYTES = 16384, STREAMS = 4, LOOK_MS = 1000 };

/* A line that has begun; one for each stream, because what is written at the same time is mixed in the log. */
struct line {
	char bytes[LINE_MAX_BYTES];
	size_t len;
	int64_t seconds;
	long microseconds;
};

struct printer {
	struct cli *cli;
	int64_t since; /* microseconds since 1970 */
	bool raw, json, timestamps, notes;
	struct line lines[STREAMS];
	struct buf out; /* in an arena of its own, given back whenever it was written */
	struct arena arena;
};

static const char stream_letters[STREAMS] = { LOG_OUTPUT, LOG_ERROR, LOG_TERMINAL, LOG_NOTE };
static const char *const stream_names[STREAMS] = { "stdout", "stderr", "terminal", "bailey" };

static size_t stream_index(enum log_stream stream)
{
	size_t i = 0;
	while (i + 1 < STREAMS && stream_letters[i] != (char)stream)
		i++;
	return i;
}

/* ---- --since ---- */

static bool clock_time(const char *text, const char *format, struct tm *day, int64_t *ret)
{
	const char *end = strptime(text, format, day);
	if (end == NULL || *end != '\0')
		return false;
	day->tm_isdst = -1;
	*ret = (int64_t)mktime(day);
	return true;
}

/* Seconds since 1970. */
static bool parse_since(const char *text, int64_t *ret)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d" };
	time_t now = time(NULL);
	uint64_t ago;
	struct tm today;
	if (text[0] == '@')
		return num_int(text + 1, 0, INT64_MAX / 1000000, ret) == 0;
	if (num_duration(text, &ago) == 0) {
		*ret = (int64_t)now - (int64_t)(ago / 1000);
		return true;
	}
	(void)localtime_r(&now, &today);
	today.tm_sec = 0;
	struct tm day = today;
	if (clock_time(text, "%H:%M:%S", &day, ret) || (day = today, clock_time(text, "%H:%M", &day, ret)))
		return true;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		day = (struct tm){ .tm_year = 0 };
		if (clock_time(text, formats[i], &day, ret))
			return true;
	}
	return false;
}

/* ---- printing ---- */

static const char *time_text(struct arena *a, int64_t seconds, long microseconds)
{
	time_t t = (time_t)seconds;
	struct tm utc;
	char text[32];
	if (gmtime_r(&t, &utc) == NULL || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		text[0] = '\0';
	return arena_printf(a, "%s.%06ldZ", text, microseconds);
}

/* What a terminal shows and does not obey; a carriage return before the line's end is no news. */
static void add_harmless(struct buf *out, const char *bytes, size_t n)
{
	if (n > 0 && bytes[n - 1] == '\r')
		n--;
	for (size_t i = 0; i < n;) {
		size_t len = bytes[i] == '\t' ? 1 : utf8_shown(bytes + i, n - i);
		if (len == 0)
			buf_printf(out, "\\x%02x", (unsigned char)bytes[i]);
		else
			buf_add(out, bytes + i, len);
		i += len > 0 ? len : 1;
	}
}

static bool is_text(const char *bytes, size_t n)
{
	for (size_t i = 0, len; i < n; i += len)
		if ((len = utf8_length(bytes + i, n - i)) == 0 || bytes[i] == '\0')
			return false;
	return true;
}

static void print_json_line(struct printer *p, size_t stream, const struct line *l)
{
	struct json j = { .out = &p->out };
	json_object(&j, NULL);
	json_string(&j, "time", time_text(&p->arena, l->seconds, l->microseconds));
	json_string(&j, "stream", stream_names[stream]);
	json_string(&j, "text", arena_strndup(&p->arena, l->bytes, l->len));
	if (!is_text(l->bytes, l->len)) {
		struct buf hex = { .arena = &p->arena };
		for (size_t i = 0; i < l->len; i++)
			buf_printf(&hex, "%02x", (unsigned char)l->bytes[i]);
		json_string(&j, "bytes", buf_text(&hex));
	}
	json_object_end(&j);
	buf_putc(&p->out, '\n');
}

/* A line without its end. */
static void print_line(struct printer *p, size_t stream, bool ended)
{
	struct line *l = &p->lines[stream];
	if (p->json) {
		print_json_line(p, stream, l);
	} else {
		if (p->timestamps)
			buf_printf(&p->out, "%s ", time_text(&p->arena, l->seconds, l->microseconds));
		if (stream_letters[stream] == LOG_NOTE)
			buf_puts(&p->out, "-- bailey: ");
		if (p->raw)
			buf_add(&p->out, l->bytes, l->len);
		else
			add_harmless(&p->out, l->bytes, l->len);
		if (ended)
			buf_putc(&p->out, '\n');
	}
	l->len = 0;
}

/* Lines without an end: a question that the program asks, or its last word. */
static void print_rest(struct printer *p, bool ended)
{
	for (size_t i = 0; i < STREAMS; i++)
		if (p->lines[i].len > 0)
			print_line(p, i, ended);
}

static void add_record(struct printer *p, const struct log_record *r)
{
	size_t stream = stream_index(r->stream);
	if (r->stream == LOG_NOTE)
		print_rest(p, true);
	struct line *l = &p->lines[stream];
	for (size_t i = 0; i < r->len; i++) {
		if (l->len == 0) {
			l->seconds = r->seconds;
			l->microseconds = r->microseconds;
		}
		if (r->bytes[i] == '\n')
			print_line(p, stream, true);
		else
			l->bytes[l->len++] = r->bytes[i];
		if (l->len == sizeof l->bytes)
			print_line(p, stream, false);
	}
	if (r->stream == LOG_NOTE)
		print_line(p, stream, true);
}

static void print_record(struct printer *p, const struct log_record *r)
{
	if (r->seconds * 1000000 + r->microseconds < p->since || (r->stream == LOG_NOTE && !p->notes))
		return;
	if (p->raw && !p->timestamps && !p->json && r->stream != LOG_NOTE)
		buf_add(&p->out, r->bytes, r->len);
	else
		add_record(p, r);
}

static int write_out(struct printer *p)
{
	int status = p->out.len > 0 ? cli_write(p->cli, &p->out) : 0;
	arena_free(&p->arena);
	p->out = (struct buf){ .arena = &p->arena };
	return status;
}

static int print_there_is(struct printer *p, struct log_reader *r)
{
	enum { WHOLE = 256 * 1024 };
	struct log_record record;
	int more, status = 0;
	while (status == 0 && (more = log_next(r, &record)) != 0) {
		if (more < 0)
			return cli_fail(p->cli, EXIT_SETUP, NULL, "cannot read the log: %s",
				more == -EBADMSG ? "no bailey has written this" : strerror(-more));
		if (r->gap)
			(void)dprintf(STDERR_FILENO, "bailey: some of it was replaced before it could be read\n");
		r->gap = false;
		print_record(p, &record);
		if (p->out.len > WHOLE)
			status = write_out(p);
	}
	return status != 0 ? status : write_out(p);
}

/* Until nobody writes any more. A rest without a line's end is shown as soon as nothing follows at once. */
static int follow(struct printer *p, struct log_reader *r)
{
	char events[4096];
	int status = 0, watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch < 0 ||
		inotify_add_watch(watch, arena_printf(&p->cli->arena, "/proc/self/fd/%d", r->directory),
			IN_MODIFY | IN_CREATE | IN_MOVED_FROM | IN_CLOSE_WRITE) < 0)
		status = cli_fail(p->cli, EXIT_SETUP, NULL, "cannot watch the log: %s", strerror(errno));
	while (status == 0) {
		bool written = log_written(r);
		status = print_there_is(p, r);
		if (status != 0 || !written)
			break;
		if (!p->json && !p->timestamps) {
			print_rest(p, false);
			status = write_out(p);
		}
		struct pollfd fds[2] = { { .fd = watch, .events = POLLIN }, { .fd = STDOUT_FILENO } };
		if (poll(fds, 2, LOOK_MS) > 0 && (fds[1].revents & (POLLERR | POLLHUP)) != 0)
			break; /* nobody reads it any more */
		while (read(watch, events, sizeof events) > 0) {
		}
	}
	if (watch >= 0)
		(void)close(watch);
	return status;
}

/* That of a sandbox that runs, by any word for it; else of the name. */
static int find_log(struct cli *cli, const char *word, const char **ret)
{
	struct sandboxes all;
	struct err e = { .code = 0 };
	const struct state_sandbox *found;
	const char *place, *why;
	sandboxes_load(cli, &all);
	if (state_find(&found, all.items, all.count, word, &e) == 0) {
		if (found->record.log == NULL)
			return cli_fail(cli, EXIT_USAGE, "only run --detach keeps a log", "%s does not run in the background",
				found->record.name);
		*ret = found->record.log;
		return 0;
	}
	e.code = 0;
	if (!state_name_valid(word, &why))
		return cli_fail(cli, EXIT_USAGE, NULL, "%s: %s", word, why);
	if (log_place(&cli->arena, &cli->facts, &place, &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	*ret = path_join(&cli->arena, place, word);
	return 0;
}

int cmd_logs(struct cli *cli, struct args *args)
{
	const char *path = NULL, *since = args_value(args, "--since");
	bool terminal = isatty(STDOUT_FILENO) == 1;
	struct printer *p = arena_alloc(&cli->arena, sizeof *p);
	p->cli = cli;
	p->json = args_has(args, "--json");
	p->timestamps = args_has(args, "--timestamps");
	p->raw = !terminal || args_has(args, "--raw");
	p->notes = terminal || p->json || p->timestamps;
	p->out.arena = &p->arena;
	if (args->rest_count != 1)
		return cli_fail(cli, EXIT_USAGE, "bailey logs NAME", "the log of which sandbox?");
	if (since != NULL && !parse_since(since, &p->since))
		return cli_fail(cli, EXIT_USAGE, "for example: 10min, 14:30, \"2026-01-31 14:30:00\", @1769869800",
			"--since %s: no time", since);
	p->since *= 1000000;
	int status = find_log(cli, args->rest[0], &path);
	if (status != 0)
		return status;
	struct log_reader *reader = arena_alloc(&cli->arena, sizeof *reader);
	int r = log_reader_open(reader, path);
	if (r == -ENOENT)
		return cli_fail(cli, EXIT_USAGE, "only run --detach keeps a log", "there is no log of %s", args->rest[0]);
	if (r < 0)
		return cli_fail(cli, EXIT_SETUP, NULL, "cannot open the log of %s: %s", args->rest[0], strerror(-r));
	status = args_has(args, "--follow") ? follow(p, reader) : print_there_is(p, reader);
	print_rest(p, p->timestamps);
	if (status == 0)
		status = write_out(p);
	log_reader_close(reader);
	return status;
}
