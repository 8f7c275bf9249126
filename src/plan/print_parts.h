/* What the printers of the plan share. Not for other layers: they see print.h. */
#ifndef BAILEY_PLAN_PRINT_PARTS_H
#define BAILEY_PLAN_PRINT_PARTS_H

#include "base/json.h"
#include "plan/layout.h"
#include "plan/plan.h"

/* Makes the origins of the resources known, see layout_origin(). */
void print_resources_know(struct layout *l, const struct plan *plan);

/* The section about resources; nothing when none is bounded. */
void print_resources_text(struct layout *l, const struct plan *plan);

/* The member "resources": null when none is bounded. */
void print_resources_json(struct json *j, const struct plan *plan);

/* Makes the origins of the desktop session's part known. */
void print_desktop_know(struct layout *l, const struct plan *plan);

/* The section about the desktop session, and the member "desktop"; nothing when nothing of it is asked for. */
void print_desktop_text(struct layout *l, const struct plan *plan);
void print_desktop_json(struct json *j, const struct plan *plan);

/* Calls `say` for each thing of the desktop session that can differ between two plans. */
void print_desktop_statements(
	struct arena *a, const struct plan *plan, void (*say)(void *data, const char *text, struct origin o), void *data);

/* Rows of the section about the network, for an interface on a bridge; nothing without one. */
void print_bridge_text(struct layout *l, const struct plan *plan);

/* Rows about what may be received and sent, in bits in a second; none for 0. */
void print_rates_text(struct layout *l, uint64_t in, uint64_t out, const char *at);

/* Its members of "network"; those for forwarded ports are the caller's. */
void print_bridge_json(struct json *j, const struct plan *plan);

#endif
