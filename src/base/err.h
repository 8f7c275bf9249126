/* One failure on its way up: errno, words, and the line of the profile that asked for the thing that failed. */
#ifndef BAILEY_BASE_ERR_H
#define BAILEY_BASE_ERR_H

#include "base/origin.h"

struct err {
	int code; /* an errno value, positive; 0 while nothing has failed */
	struct origin origin;
	char text[512]; /* "cannot bind ~/.mozilla: Permission denied" */
	char hint[384]; /* what to do about it, or empty */
};

/*
 * Records a failure and returns -code, so that a caller can say `return err_set(e, errno, "cannot open %s", path);`.
 * With code > 0 the kernel's words for it are added after a colon.  `code` 0 counts as EINVAL, without words.
 * Does not allocate.  A first failure is kept: a second err_set() on the same object changes nothing.
 */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Adds the advice shown below the message. Returns -e->code. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Names the line of the profile that asked. Returns -e->code. */
int err_at(struct err *e, struct origin o);

#endif
