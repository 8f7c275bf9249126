/*
 * The look at a profile's bytes before libconfig sees them.  Profiles are written in the subset of libconfig's language that
 * all its versions read alike; what lies outside is refused here, with its line, and so is what libconfig would take
 * silently for something else (integers that wrap, text pieces that join) or could not survive (deep nesting, @include).
 */
#ifndef BAILEY_CONF_SCAN_H
#define BAILEY_CONF_SCAN_H

#include <stddef.h>

#include "base/diag.h"

enum { SCAN_DEPTH_MAX = 8, SCAN_VALUES_MAX = 8192 };

enum scan_result {
	SCAN_OK,
	SCAN_MISTAKES, /* diagnostics were added, yet libconfig may read the text to find more */
	SCAN_STOP, /* diagnostics were added; libconfig must not see it */
};

struct scanned {
	const char *text; /* the bytes without comments and needless blanks, on the same lines: half the work for libconfig */
	/* The lines of the scalar values (texts, numbers, true and false) in their order: libconfig gives those of entries late. */
	unsigned *line;
	size_t count, cap;
};

/* Looks at `len` bytes; `where` gives file and layer of the diagnostics. The result is allocated in d->arena. */
enum scan_result scan_text(struct diags *d, struct origin where, const char *bytes, size_t len, struct scanned *ret);

#endif
