/* Headings, paragraphs and tables that fit a width, with or without colours. */
#ifndef BAILEY_PLAN_LAYOUT_H
#define BAILEY_PLAN_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/origin.h"

struct row {
	const char *word, *text;
	const char *from; /* "firefox.conf:14", or "" */
};

struct layout {
	struct buf *out;
	struct arena *arena;
	unsigned width;
	bool color;
	const char *home; /* shown as "~"; "" for never */
	const char **files; /* every file that an origin names, to see which base names are ambiguous */
	size_t file_count, file_cap;
	struct row *rows; /* of the table in the making */
	size_t row_count, row_cap;
};

/* Text that does nothing to a terminal: control characters become \xNN. Returns `s` itself when it has none. */
const char *layout_clean(struct arena *a, const char *s);

/* A path for people: the home directory as "~", cleaned. */
const char *layout_path(struct layout *l, const char *path);

/* Makes the file known; all must be known before the first layout_origin(). */
void layout_know(struct layout *l, struct origin o);

/* "firefox.conf:14", the whole path when two files have that name; "" when nothing is known. */
const char *layout_origin(struct layout *l, struct origin o);

/* A blank line (not at the top) and a heading. */
void layout_heading(struct layout *l, const char *text);

/* Words wrapped at the width, after `first` on the first line and as many blanks on the others. */
void layout_paragraph(struct layout *l, const char *first, const char *text);

/* Adds a row; `text` is cleaned and wrapped at blanks, the others are not. */
void layout_row(struct layout *l, const char *word, const char *text, const char *from);

/* Prints the rows with aligned columns, and forgets them. */
void layout_table(struct layout *l);

#endif
