/* desktop.open: addresses that are opened outside, by the user's own programs. */
#include <string.h>

#include "host/resolve.h"
#include "plan/parts.h"

void plan_open(struct planner *pl)
{
	const struct list *list = &pl->p->desktop_open;
	struct open_plan *o = &pl->plan->desktop.open;
	if (list->count == 0)
		return;
	o->origin = list->items[0].origin;
	o->schemes = arena_array(pl->arena, list->count, sizeof *o->schemes);
	for (size_t i = 0; i < list->count; i++)
		o->schemes[o->scheme_count++] = list->items[i].text;
	const char *refused, *ignored;
	if (pl->plan->become) {
		o->absent = "root started bailey, which has no part in the session of the user it becomes";
		return;
	}
	o->handler = plan_tool(pl, "xdg-open", &refused);
	if (o->handler == NULL)
		o->absent = refused != NULL ? plan_tool_refusal(pl, refused, &ignored)
					    : "the program xdg-open is not in PATH (package xdg-utils)";
	/* What programs inside start by this path; in another root file system they find ours by BROWSER alone. */
	struct node n = { .type = NODE_ABSENT };
	if (!pl->p->filesystem_root.set)
		facts_node(pl->facts, OPEN_USUAL, &n);
	o->stands_in = n.type == NODE_FILE;
}

void plan_open_environment(struct planner *pl, void (*put)(struct planner *pl, const char *text, struct origin o))
{
	const struct open_plan *o = &pl->plan->desktop.open;
	if (o->handler != NULL)
		put(pl, "BROWSER=" OPEN_DIRECTORY "/xdg-open", o->origin);
}

void plan_note_open(struct planner *pl)
{
	const struct open_plan *o = &pl->plan->desktop.open;
	if (o->handler != NULL)
		planner_note(pl, o->origin,
			"An address that is opened outside carries data out, and reaches what the program that opens it reaches: the network, "
			"and the user's accounts in a browser.");
}
