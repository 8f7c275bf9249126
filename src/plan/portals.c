/*
 * Portals: a program that may talk to xdg-desktop-portal is told, as under other sandboxes, that it is in one.  The portal in turn looks
 * for the same file in the root directory of who calls, which is xdg-dbus-proxy, so both have it.
 */
#include <ctype.h>
#include <string.h>

#include "base/path.h"
#include "host/resolve.h"
#include "plan/parts.h"
#include "plan/view.h"

static const char desktop_name[] = "org.freedesktop.portal.Desktop";

/* The first rule that lets the program call the portal, or NULL. */
static const struct bus_rule *portal_rule(const struct bus_plan *b)
{
	static const char talk[] = "--talk=";
	for (size_t i = 0; i < b->rule_count; i++) {
		const char *name = b->rules[i].option;
		size_t len = strlen(name);
		if (strncmp(name, talk, sizeof talk - 1) != 0)
			continue;
		name += sizeof talk - 1;
		len -= sizeof talk - 1;
		bool below = len > 2 && name[len - 1] == '*' && strncmp(desktop_name, name, len - 1) == 0;
		if (below || strcmp(name, desktop_name) == 0)
			return &b->rules[i];
	}
	return NULL;
}

/* Whether the session's bus could start one: without, toolkits that believe in portals would wait for what does not come. */
static bool is_installed(struct planner *pl)
{
	static const char *const places[] = { "/usr/share", "/usr/local/share", "${DATA}" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *path;
		struct node n;
		if (expand_quietly(pl, arena_printf(pl->arena, "%s/dbus-1/services/%s.service", places[i], desktop_name), &path) <
			0)
			continue;
		facts_node(pl->facts, path, &n);
		if (n.type == NODE_FILE || n.type == NODE_SYMLINK)
			return true;
	}
	return false;
}

const char *plan_application(struct planner *pl)
{
	char *name = arena_printf(pl->arena, "io.bailey.Sandbox._%s", pl->p->name != NULL ? pl->p->name : "");
	char *own = strstr(name, "._") + 1;
	for (char *c = own; *c != '\0'; c++)
		if (!isascii((unsigned char)*c) || !isalnum((unsigned char)*c))
			*c = '_';
	/* The underscore is there for names that begin with a digit. */
	if (isalpha((unsigned char)own[1]))
		memmove(own, own + 1, strlen(own));
	return name;
}

void plan_portals(struct planner *pl)
{
	struct desktop_plan *d = &pl->plan->desktop;
	const struct bus_plan *b = &d->bus[SERVED_SESSION_BUS];
	const struct bus_rule *rule = b->address != NULL ? portal_rule(b) : NULL;
	const char *path;
	struct resolved r;
	if (rule == NULL || !is_installed(pl))
		return;
	struct portal_plan *p = &d->portal;
	p->origin = rule->origin;
	p->application = plan_application(pl);
	p->info = arena_printf(pl->arena,
		"[Application]\nname=%s\n\n[Instance]\ninstance-id=bailey\nflatpak-version=1.14.0\n\n[Context]\nshared=%s;\n",
		p->application, pl->plan->network == NETWORK_NONE ? "" : "network");
	view_file(pl, &d->proxy_view, PORTAL_INFO, p->info);
	/* The document portal shows the files that the user chose for this name below it. */
	if (expand_quietly(pl, "${RUNTIME}/doc", &p->documents_inside) < 0)
		return;
	path = arena_printf(pl->arena, "%s/by-app/%s", p->documents_inside, p->application);
	if (facts_resolve(pl->facts, path, &r) == 0 && r.node.type == NODE_DIRECTORY)
		p->documents = r.path;
}

void plan_portals_environment(struct planner *pl, void (*put)(struct planner *pl, const char *text, struct origin o))
{
	const struct portal_plan *p = &pl->plan->desktop.portal;
	if (p->info == NULL)
		return;
	put(pl, "GTK_USE_PORTAL=1", p->origin); /* others go by the file */
}
