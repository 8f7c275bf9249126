/* The plan's Landlock domain in words and as JSON; parts of plan_text(), plan_json() and plan_diff(). */
#ifndef BAILEY_PLAN_PRINT_LANDLOCK_H
#define BAILEY_PLAN_PRINT_LANDLOCK_H

#include "base/json.h"
#include "plan/layout.h"
#include "plan/plan.h"

/* Makes the origins known that landlock_text() shows. */
void landlock_know(struct layout *l, const struct plan *plan);

/* A heading and its table. */
void landlock_text(struct layout *l, const struct plan *plan);

/* One member "landlock". */
void landlock_json(struct json *j, const struct plan *plan);

/* "changes", "tcp connect 443", "signals": calls `say` once for each thing that the domain does. */
void landlock_statements(
	struct arena *a, const struct plan *plan, void (*say)(void *data, const char *text, struct origin o), void *data);

#endif
