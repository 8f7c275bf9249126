/* The plan for people (text), for programs (JSON), and what differs between two plans. Nothing is looked up here. */
#ifndef BAILEY_PLAN_PRINT_H
#define BAILEY_PLAN_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "plan/plan.h"

struct plan_text_options {
	unsigned width; /* columns; 0 counts as 80, less than 40 as 40 */
	bool color; /* ANSI colours */
	const char *home; /* shown as "~"; NULL or "": paths stay whole */
	const struct conf_request *request; /* tells which named options are on; or NULL */
};

/* Words and tables: what the program could see and do, each row with the file and line that says so. */
void plan_text(struct buf *out, const struct plan *plan, const struct profile *p, const struct plan_text_options *o);

/* Every member of the plan, as one JSON object with "bailey": 1 first and a line break at the end. */
void plan_json(struct buf *out, const struct plan *plan);

/*
 * "+ files: read ~/Downloads (a.conf:3)" for what only `b` has, "- ..." for what only `a` has, sorted; nothing when the plans
 * do the same. Origins alone are no difference. Returns the number of differences.
 */
size_t plan_diff(struct buf *out, const struct plan *a, const struct plan *b, const struct plan_text_options *o);

/* The same as JSON: {"bailey":1,"from":NAME,"to":NAME,"added":[{"part","text","origin"}],"removed":[...]}. */
size_t plan_diff_json(struct buf *out, const struct plan *a, const struct plan *b);

#endif
