/* Running a program of the system, or a helper of ours, that says nothing unless it fails. */
#ifndef BAILEY_BASE_TOOL_H
#define BAILEY_BASE_TOOL_H

#include <signal.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Runs the program at `path` and waits for its end, `seconds` at most; then it is killed.  It gets no environment but LC_ALL=C, no
 * descriptors but /dev/null and the one its errors go to, the signal mask `mask`, and it is killed when this process dies (the
 * kernel forgets that for setuid programs).  0 when it ended with status 0; else -errno with `e`: "WHAT: its first line of
 * words", or how it ended.
 */
int tool_run(const char *path, char *const *argv, const sigset_t *mask, int seconds, const char *what, struct err *e);

struct tool_extra {
	int input; /* becomes its standard input; 0: /dev/null does */
	int output; /* becomes its standard output; 0: /dev/null does */
	/* Called in the process that becomes the program, last but for its descriptors. 0, or -errno with what failed. */
	int (*prepare)(void *data, const char **ret_failed);
	void *data;
};

/* The same for a program that reads something, or is started in another place. */
int tool_run_with(const struct tool_extra *extra, const char *path, char *const *argv, const sigset_t *mask, int seconds,
	const char *what, struct err *e);

/* A file in memory with this text, close-on-exec and at its beginning, for a program to read; or -errno. */
int tool_text(const char *text, size_t len);

#endif
