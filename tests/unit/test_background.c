/* The log of programs in the background, and when they are started again. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "background/log.h"
#include "background/restart.h"
#include "tap.h"

static char place[] = "/tmp/bailey-log-XXXXXX", path[64];

static void test_heads(void)
{
	static const char *const bad[] = { "x 1.000000 3\n", "o 1.000000\n", "o 1 3\n", "o  1.000000 3\n", "o 1.000000 3 \n",
		"o -1.000000 3\n", "o 1.000000 8193\n", "o 1.1000000 3\n", "o 99999999999999999999.000000 3\n",
		"o 1.000000 33333333333333333333333333333333333333333333" };
	struct log_record r;
	ok(log_head(&r, "o 12.000034 5\nhello", 19) == 13 && r.stream == LOG_OUTPUT && r.seconds == 12 && r.microseconds == 34 &&
			r.len == 5,
		"a head is read");
	ok(log_head(&r, "n 1.0 0\n", 8) == 7 && r.len == 0, "of an empty record");
	for (size_t n = 0; n < 13; n++)
		if (log_head(&r, "o 12.000034 5\n", n) != 0)
			ok(false, "%zu bytes of a head are a head", n);
	size_t refused = 0;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused += log_head(&r, bad[i], strlen(bad[i])) < 0;
	ok(refused == sizeof bad / sizeof *bad, "anything else is none: %zu", refused);
}

/* All records as "o:hello|n:note|". */
static const char *all(struct log_reader *reader, char *text, size_t size)
{
	struct log_record r;
	size_t n = 0;
	int more;
	text[0] = '\0';
	while ((more = log_next(reader, &r)) == 1 && n < size)
		n += (size_t)snprintf(text + n, size - n, "%c:%.*s|", (char)r.stream, (int)r.len, r.bytes);
	if (more < 0)
		(void)snprintf(text, size, "error %d", more);
	return text;
}

static void test_log(void)
{
	struct log log, second;
	struct log_reader reader;
	struct err e = { .code = 0 };
	char text[256];
	ok(log_reader_open(&reader, path) < 0, "no log yet");
	ok(log_open(&log, path, 65536, &e) == 0, "a log is made");
	ok(log_reader_open(&reader, path) == 0 && log_written(&reader), "and is seen to be written");
	ok(log_open(&second, path, 65536, &e) == -16, "by one at a time");
	same(all(&reader, text, sizeof text), "", "nothing in it");
	log_write(&log, LOG_OUTPUT, "hello\n", 6);
	log_write(&log, LOG_ERROR, "o 1.000000 3\nab", 15);
	log_note(&log, "ended with %d", 3);
	same(all(&reader, text, sizeof text), "o:hello\n|e:o 1.000000 3\nab|n:ended with 3|", "what was written is read");
	log_write(&log, LOG_TERMINAL, "more", 4);
	same(all(&reader, text, sizeof text), "t:more|", "and what comes later");
	log_close(&log);
	ok(!log_written(&reader), "nobody writes");
	/* A record that was cut off by a power failure or SIGKILL. */
	char file[96];
	(void)snprintf(file, sizeof file, "%s/log", path);
	int fd = open(file, O_WRONLY | O_APPEND);
	ok(write(fd, "o 12.000000 50\nabc", 18) == 18, "a part of a record");
	(void)close(fd);
	e.code = 0;
	ok(log_open(&log, path, 65536, &e) == 0, "it is opened again");
	log_write(&log, LOG_OUTPUT, "after", 5);
	log_reader_close(&reader);
	ok(log_reader_open(&reader, path) == 0, "read from the beginning");
	same(all(&reader, text, sizeof text), "o:hello\n|e:o 1.000000 3\nab|n:ended with 3|t:more|o:after|", "without the part");
	log_reader_close(&reader);
	log_close(&log);
}

static void test_rotation(void)
{
	static struct log_reader reader, late;
	struct log log;
	struct err e = { .code = 0 };
	struct log_record r;
	char number[16];
	unsigned read = 0, wrong = 0;
	ok(log_open(&log, path, 4096, &e) == 0 && log_reader_open(&reader, path) == 0, "a small log");
	while (log_next(&reader, &r) == 1) {
	}
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(number, sizeof number, "%u", i);
		log_write(&log, LOG_OUTPUT, number, strlen(number));
		while (log_next(&reader, &r) == 1) {
			(void)snprintf(number, sizeof number, "%u", read++);
			wrong += strlen(number) != r.len || memcmp(number, r.bytes, r.len) != 0;
		}
	}
	ok(read == 1000 && wrong == 0 && !reader.gap, "one that keeps up reads all: %u", read);
	struct stat st[2];
	char file[96];
	for (int i = 0; i < 2; i++) {
		(void)snprintf(file, sizeof file, "%s/log%s", path, i == 0 ? "" : ".1");
		ok(stat(file, &st[i]) == 0 && st[i].st_size <= 2048 && (st[i].st_mode & 07777) == 0600,
			"half of the bound at most: %s", file);
	}
	ok(log_reader_open(&late, path) == 0, "one that comes late");
	int64_t last = -1;
	for (read = 0; log_next(&late, &r) == 1; read++) {
		char text[16] = "";
		memcpy(text, r.bytes, r.len);
		int64_t now = strtol(text, NULL, 10);
		wrong += last >= 0 && now != last + 1;
		last = now;
	}
	ok(read > 20 && last == 999 && wrong == 0, "reads the last %u in their order", read);
	for (unsigned i = 0; i < 1000; i++)
		log_write(&log, LOG_OUTPUT, "filler", 6);
	while (log_next(&late, &r) == 1) {
	}
	ok(late.gap, "one that did not read while it was replaced twice knows of the gap");
	log_reader_close(&reader);
	log_reader_close(&late);
	log_close(&log);
}

static void test_restart(void)
{
	struct restart_policy p;
	struct restart r = { .in_row = 0 };
	static const char *const bad[] = { "", "yes", "on-failure:", "on-failure:0", "on-failure:x", "on-failures", "always:3" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(restart_parse(bad[i], &p) < 0, "\"%s\" means nothing", bad[i]);
	ok(restart_parse("no", &p) == 0 && restart_after(&p, &r, true, 0) < 0, "no: never");
	ok(restart_parse("on-failure", &p) == 0 && restart_after(&p, &r, false, 0) < 0, "on failure: not when it ended well");
	static const int64_t want[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ok(restart_after(&p, &r, true, 9999) == want[i], "start %zu after %lld ms", i + 1, (long long)want[i]);
	ok(restart_after(&p, &r, true, 10000) == 1000, "after ten quiet seconds from the beginning");
	r = (struct restart){ .in_row = 0 };
	ok(restart_parse("on-failure:2", &p) == 0 && restart_after(&p, &r, true, 0) == 1000 &&
			restart_after(&p, &r, true, 0) == 2000 && restart_after(&p, &r, true, 0) < 0,
		"twice and no more");
	r = (struct restart){ .in_row = 0 };
	ok(restart_parse("always", &p) == 0 && restart_after(&p, &r, false, 0) == 1000, "always: also when it ended well");
}

int main(void)
{
	if (mkdtemp(place) == NULL)
		return 1;
	(void)snprintf(path, sizeof path, "%s/logs/web", place);
	test_heads();
	test_log();
	test_rotation();
	test_restart();
	char file[96];
	static const char *const left[] = { "/log", "/log.1", "" };
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(file, sizeof file, "%s%s", path, left[i]);
		(void)remove(file);
	}
	(void)snprintf(file, sizeof file, "%s/logs", place);
	(void)rmdir(file);
	(void)rmdir(place);
	return tap_done();
}
