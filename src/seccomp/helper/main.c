/*
 * bailey-filter: reads a filter's text (see seccomp/filter.h) from standard input and writes the program for the kernel, struct
 * sock_filter[], to standard output.  Mistakes go to standard error, with status 1.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/write.h"
#include "seccomp/helper/compile.h"

enum { INPUT_MAX = 1 << 20, CPU_SECONDS = 10 };

static int complain(const char *text)
{
	fprintf(stderr, "bailey-filter: %s\n", text);
	return 1;
}

static void limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit l = { value, value };
	(void)setrlimit(resource, &l);
}

/* A mistake in here should cost nobody anything; a limit that cannot be set is no reason to refuse the work. */
static void confine(void)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, CPU_SECONDS);
	limit(RLIMIT_FSIZE, INPUT_MAX);
	limit(RLIMIT_NOFILE, 16);
}

static int read_input(struct buf *text)
{
	char piece[16384];
	for (;;) {
		ssize_t n = read(STDIN_FILENO, piece, sizeof piece);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (text->len + (size_t)n > INPUT_MAX)
			return -EFBIG;
		buf_add(text, piece, (size_t)n);
	}
}

static int run(struct arena *a)
{
	struct buf text = { .arena = a };
	int got = read_input(&text);
	if (got < 0)
		return complain(arena_printf(a, "cannot read standard input: %s", strerror(-got)));
	struct spec spec;
	struct spec_fault fault;
	if (spec_read(&spec, a, buf_text(&text), text.len, &fault) < 0)
		return complain(arena_printf(a, "line %u: %s", fault.line, fault.text));
	struct program program;
	struct err e = { 0 };
	if (compile_spec(&program, a, &spec, &e) < 0)
		return complain(e.text);
	got = write_all(STDOUT_FILENO, program.insns, program.count * sizeof program.insns[0]);
	return got < 0 ? complain(arena_printf(a, "cannot write the filter: %s", strerror(-got))) : 0;
}

int main(void)
{
	struct arena arena = { 0 };
	confine();
	int status = run(&arena);
	arena_free(&arena);
	return status;
}
