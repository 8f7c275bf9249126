/* Mistakes in configuration: collected, all of them, and shown together. */
#ifndef BAILEY_BASE_DIAG_H
#define BAILEY_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/origin.h"

enum severity { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum severity severity;
	struct origin origin;
	const char *setting; /* "filesystem.binds.mode", or NULL when it is about a file */
	const char *text;
	const char *hint; /* what to do, or NULL */
};

struct diags {
	struct arena *arena; /* owns every text */
	struct diag *items;
	size_t count, cap;
	size_t errors;
};

/*
 * Adds an error (or warning); the texts are copied.  Returns the entry, so that a hint can be put to it; the pointer is valid
 * until the next call.  `setting` may be NULL.
 */
struct diag *diag_error(struct diags *d, struct origin o, const char *setting, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), returns_nonnull));
struct diag *diag_warning(struct diags *d, struct origin o, const char *setting, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), returns_nonnull));
void diag_hint(struct diags *d, struct diag *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Orders by layer, then line, keeping the order of discovery among equals; drops exact repetitions. */
void diags_sort(struct diags *d);

/*
 * What a person reads: "FILE:LINE: error: SETTING: TEXT", and below it "  hint: ..." when there is one; with `colour` also ANSI
 * sequences.  Control characters of profiles are shown as \xNN.  diags_text() writes all in their present order.
 */
void diag_text(struct buf *out, const struct diag *d, bool colour);
void diags_text(struct buf *out, const struct diags *d, bool colour);

/* The place as a person reads it: "firefox.conf:14", "command line"; "bailey" when nothing is known. */
const char *origin_text(struct arena *a, struct origin o);

#endif
