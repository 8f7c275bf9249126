/*
 * bailey cp.  A process that has entered the sandbox (entering.h), and so sees what the program sees and may do what it may, opens and
 * makes files there and hands descriptors of regular files out; it runs no program and reads no more than names.  Outside, only those
 * descriptors are used, and names one at a time in a directory that is open: no path that something inside has made is followed.
 *
 * Both sides speak in turns: one message, one answer.
 */
#ifndef BAILEY_LAUNCH_TRANSFER_H
#define BAILEY_LAUNCH_TRANSFER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "state/state.h"

enum { TRANSFER_DEPTH = 64, TRANSFER_NAMES = 200000 };

enum transfer_type {
	TRANSFER_GET, /* from outside, first: all that is at `text` */
	TRANSFER_PUT, /* from outside, first: things are to go to `text`. Answered by OK; error ENOTDIR: it is no directory that is there */
	TRANSFER_FILE, /* a regular file `name`; with a descriptor: from inside to be read, as the answer to this one to be written */
	TRANSFER_DIRECTORY, /* what follows is in the directory `name`, until TRANSFER_UP */
	TRANSFER_UP,
	TRANSFER_LINK, /* a symbolic link `name` to `text` */
	TRANSFER_SKIPPED, /* `name` could not be had: `error`; 0: it is no file, directory or link */
	TRANSFER_OK, /* an answer: done, or `error` */
	TRANSFER_END, /* from inside: that was all. `error`: nothing was to be had */
};

struct transfer {
	uint32_t type;
	int32_t error; /* an errno value, positive */
	uint32_t mode; /* permissions */
	char name[NAME_MAX + 1];
	char text[PATH_MAX];
};

/* Sends one with a descriptor (-1: none). 0 or -errno. */
int transfer_send(int channel, const struct transfer *t, int fd);

/* Waits for one. 1, 0 at the end of the channel, or -errno; what is no message, or has no proper name, is -EBADMSG. */
int transfer_receive(int channel, struct transfer *ret, int *ret_fd);

/* The inside. `directory` is where paths that are not absolute begin. Does not return. */
_Noreturn void transfer_serve(int channel, const char *directory);

/* ---- outside ---- */

struct transfer_options {
	const char *from, *to; /* paths, "-" outside is standard input or output */
	bool out; /* out of the sandbox: `from` is a path inside */
	bool recursive;
	/* Says what was left out, in words for a person. */
	void (*complain)(void *data, const char *text);
	void *data;
};

/* Copies. 0, 1 when something was left out (and said), or -errno with `e`. */
int transfer(const struct state_sandbox *s, const struct transfer_options *o, struct err *e);

#endif
