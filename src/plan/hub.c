/* network.mode = "bridge" of an ordinary user: networks of the user's own, in a hub of the user's (launch/hub.h). */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "conf/networks.h"
#include "host/resolve.h"
#include "plan/interfaces.h"
#include "plan/networks.h"
#include "plan/parts.h"

static const char file_name[] = "bailey/networks.conf", hub_name[] = ".hub";

/* Without anything being set up. IPv6 is left out where the kernel has none. */
static const char built_in4[] = "networks = ( { name = \"user\"; bridge = \"br-user\"; masquerade = true;\n"
				"subnet4 = \"10.213.64.0/20\"; } );\n";
static const char built_in[] = "networks = ( { name = \"user\"; bridge = \"br-user\"; masquerade = true;\n"
			       "subnet4 = \"10.213.64.0/20\"; subnet6 = \"fd62:6169:6c65:79::/64\"; } );\n";

static bool absolute(const char *path)
{
	return path != NULL && path[0] == '/';
}

const char *plan_user_networks_file(struct arena *a, const struct facts *f)
{
	const char *config = facts_env(f, "XDG_CONFIG_HOME");
	if (absolute(config))
		return path_join(a, config, file_name);
	return absolute(f->home) ? path_join(a, path_join(a, f->home, ".config"), file_name) : NULL;
}

/* The user's own file. 0, also when there is none, or -errno with diagnostics. */
static int read_file(struct networks *ret, struct facts *f, struct diags *d)
{
	const char *text, *file = plan_user_networks_file(d->arena, f);
	struct resolved at;
	struct origin o = { .file = file };
	size_t before = d->errors;
	if (file == NULL || facts_resolve(f, file, &at) < 0)
		return 0;
	if (at.node.type != NODE_FILE || (at.node.uid != f->uid && at.node.uid != 0) || (at.node.mode & 0022) != 0) {
		struct diag *e = diag_error(d, o, NULL, "this has to be a file of the user's that nobody else may write to");
		diag_hint(d, e, "chmod 0644 %s", file);
		return -EPERM;
	}
	int r = facts_read(f, at.path, &text);
	if (r < 0) {
		diag_error(d, o, NULL, "cannot be read: %s", strerror(-r));
		return r;
	}
	networks_read(ret, d, file, text);
	return d->errors > before ? -EINVAL : 0;
}

/* Whether the user's own networks leave it its name, its bridge and its addresses. */
static bool is_free(const struct networks *all, const struct network_def *def)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct network_def *x = &all->items[i];
		if (strcmp(x->name, def->name) == 0 || strcmp(x->device, def->device) == 0)
			return false;
		for (size_t k = 0; k < 2; k++)
			if (x->range[k].net.family != 0 && def->range[k].net.family != 0 &&
				subnet_overlaps(&x->range[k].net, &def->range[k].net))
				return false;
	}
	return true;
}

/* A directory of the user's, and of nobody else's when it is `private`, without symlinks; NULL when it is not that. */
static const char *own_directory(struct facts *f, const char *path, bool private)
{
	struct resolved r;
	if (!absolute(path) || facts_resolve(f, path, &r) < 0 || r.node.type != NODE_DIRECTORY)
		return NULL;
	return r.node.uid == f->uid && (!private || (r.node.mode & 0077) == 0) ? r.path : NULL;
}

/* As state/place.c looks for a place: where the session has its files, else below the home directory. */
static const char *hub_directory(struct arena *a, struct facts *f)
{
	const char *at = own_directory(f, facts_env(f, "XDG_RUNTIME_DIR"), true);
	if (at == NULL)
		at = own_directory(f, arena_printf(a, "/run/user/%u", (unsigned)f->uid), true);
	if (at != NULL)
		return arena_printf(a, "%s/bailey/%s", at, hub_name);
	at = own_directory(f, facts_env(f, "XDG_STATE_HOME"), false);
	if (at != NULL)
		return arena_printf(a, "%s/bailey/run/%s", at, hub_name);
	at = own_directory(f, f->home, false);
	return at != NULL ? arena_printf(a, "%s/.local/state/bailey/run/%s", at, hub_name) : NULL;
}

int plan_user_networks(struct networks *ret, struct facts *f, struct diags *d)
{
	struct networks own = { 0 }, shipped;
	struct node n;
	*ret = (struct networks){ 0 };
	int r = read_file(&own, f, d);
	if (r < 0)
		return r;
	facts_node(f, "/proc/sys/net/ipv6", &n);
	networks_read(&shipped, d, "built in", n.type == NODE_DIRECTORY ? built_in : built_in4);
	ret->items = arena_array(d->arena, own.count + shipped.count, sizeof *ret->items);
	if (own.count > 0)
		memcpy(ret->items, own.items, own.count * sizeof *own.items);
	ret->count = own.count;
	for (size_t i = 0; i < shipped.count; i++)
		if (is_free(&own, &shipped.items[i]))
			ret->items[ret->count++] = shipped.items[i];
	const char *hub = hub_directory(d->arena, f);
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i].hub = hub;
	return 0;
}

/* What a sandbox on a user's network cannot have; `def` is that of its first interface. */
static bool check_possible(struct planner *pl, const struct interface_wish *w, const struct network_def *def)
{
	const struct plan *plan = pl->plan;
	const char *setting = interface_setting(w, "network.bridge");
	size_t before = pl->diags->errors;
	if (plan->mode == IDENTITY_MAPPED) {
		struct diag *e = diag_error(pl->diags, plan->user_origin, "identity.user",
			"\"mapped\" does not go with the user's network \"%s\": the sandbox's user namespace is below one that has no other ids than the user's own",
			def->name);
		diag_hint(pl->diags, e, "identity.user = \"root\", or network.mode = \"user\"");
	}
	if (pl->p->network_forward.count > 0 && !def->masquerade)
		diag_error(pl->diags, pl->p->network_forward.items[0].origin, "network.forward",
			"the network \"%s\" (%s) leads nowhere, and from nowhere: it is without masquerade", def->name,
			origin_text(pl->arena, def->origin));
	if (plan->bridge.hub == NULL) {
		struct diag *e =
			diag_error(pl->diags, w->bridge->origin, setting, "there is no place for the network \"%s\"", def->name);
		diag_hint(pl->diags, e, "XDG_RUNTIME_DIR has to be a directory of the user's alone, or HOME one of the user's");
	} else if (strpbrk(plan->bridge.hub, " \t\n") != NULL) {
		diag_error(pl->diags, w->bridge->origin, setting, "there is no place for the network \"%s\": %s has blanks in it",
			def->name, plan->bridge.hub);
	}
	return pl->diags->errors == before;
}

/* The user's network for each, or NULL; true when one of them has one. */
static bool find_all(const struct networks *all, const struct interface_wish *wishes, size_t count, const struct network_def **ret)
{
	bool some = false;
	for (size_t i = 0; i < count; i++) {
		const char *name = wishes[i].bridge->s;
		ret[i] = name != NULL ? networks_find(all, name) : NULL;
		some = some || ret[i] != NULL;
	}
	return some;
}

/* A sandbox is below the hub or it is not: nobody but the hub's owner has a right over the network of one that is. */
static bool check_together(
	struct planner *pl, const struct interface_wish *wishes, size_t count, const struct network_def *const *found)
{
	size_t one = 0;
	while (found[one] == NULL)
		one++;
	for (size_t i = 0; i < count; i++) {
		const struct value *v = wishes[i].bridge;
		if (found[i] != NULL)
			continue;
		struct diag *e = diag_error(pl->diags, v->origin, interface_setting(&wishes[i], "network.bridge"),
			"\"%s\" is no network of the user's, and does not go with one of those, \"%s\" (%s)", v->s,
			found[one]->name, origin_text(pl->arena, wishes[one].bridge->origin));
		diag_hint(pl->diags, e,
			"bailey net list shows the networks there are; each sandbox is on those of the host or on the user's");
		return false;
	}
	return true;
}

/* The hub is for all networks, so pasta is known to it also where these have no use for it. */
static bool check_pasta(
	struct planner *pl, const struct interface_wish *wishes, size_t count, const struct network_def *const *found)
{
	const char *hint, *why = plan_pasta_of_hub(pl, &hint);
	for (size_t i = 0; i < count && why != NULL; i++) {
		if (!found[i]->masquerade)
			continue;
		struct diag *e = diag_error(pl->diags, wishes[i].bridge->origin, interface_setting(&wishes[i], "network.bridge"),
			"\"%s\" needs pasta: %s", found[i]->name, why);
		if (pl->p->network_host_fallback.i != 0)
			diag_hint(pl->diags, e,
				"%s; network.host_fallback (%s) is for mode \"user\" alone: the host's network has no neighbours",
				hint, origin_text(pl->arena, pl->p->network_host_fallback.origin));
		else
			diag_hint(pl->diags, e, "%s; a network without masquerade does without, and leads nowhere", hint);
		return false;
	}
	return true;
}

int plan_hub(struct planner *pl, const struct interface_wish *wishes, size_t count, const struct network_def *const **ret)
{
	struct plan *plan = pl->plan;
	struct networks all;
	*ret = NULL;
	if (plan->become || plan->mode == IDENTITY_HOST || pl->facts->uid == 0)
		return 0;
	int r = plan_user_networks(&all, pl->facts, pl->diags);
	if (r < 0)
		return r;
	const struct network_def **found = arena_array(pl->arena, count, sizeof(void *));
	if (!find_all(&all, wishes, count, found))
		return 0;
	if (!check_together(pl, wishes, count, found))
		return -EINVAL;
	plan->bridge.hub = found[0]->hub;
	if (!check_possible(pl, &wishes[0], found[0]) || !check_pasta(pl, wishes, count, found))
		return -EINVAL;
	*ret = found;
	return 0;
}
