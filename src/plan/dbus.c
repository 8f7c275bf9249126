/* desktop.dbus: which buses are served inside, and what xdg-dbus-proxy(1) is told to let through. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "host/resolve.h"
#include "plan/parts.h"
#include "plan/view.h"

static const struct origin built_in = { .file = "built in" };

static void add_rules(struct planner *pl, struct bus_plan *b, const char *word, const struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		b->rules = arena_grow(pl->arena, b->rules, b->rule_count, &b->rule_cap, sizeof *b->rules);
		b->rules[b->rule_count++] = (struct bus_rule){
			.option = arena_printf(pl->arena, "--%s=%s", word, list->items[i].text),
			.origin = list->items[i].origin,
		};
	}
}

static void gather(struct planner *pl)
{
	const struct profile *p = pl->p;
	struct bus_plan *session = &pl->plan->desktop.bus[SERVED_SESSION_BUS], *system = &pl->plan->desktop.bus[SERVED_SYSTEM_BUS];
	const struct {
		struct bus_plan *bus;
		const char *word;
		const struct list *list;
	} rows[] = {
		{ session, "see", &p->desktop_dbus_session_see },
		{ session, "talk", &p->desktop_dbus_session_talk },
		{ session, "own", &p->desktop_dbus_session_own },
		{ session, "call", &p->desktop_dbus_session_call },
		{ session, "broadcast", &p->desktop_dbus_session_broadcast },
		{ system, "see", &p->desktop_dbus_system_see },
		{ system, "talk", &p->desktop_dbus_system_talk },
		{ system, "own", &p->desktop_dbus_system_own },
		{ system, "call", &p->desktop_dbus_system_call },
		{ system, "broadcast", &p->desktop_dbus_system_broadcast },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		add_rules(pl, rows[i].bus, rows[i].word, rows[i].list);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)((at - digits) % 16) : -1;
}

/* "%2f" is "/" in an address. NULL for what cannot be read. */
static const char *unescape(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text), *to = out;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		int high = hex_digit(p[1]), low = high >= 0 ? hex_digit(p[2]) : -1;
		if (low < 0 || high * 16 + low == 0)
			return NULL;
		*to++ = (char)(high * 16 + low);
		p += 2;
	}
	*to = '\0';
	return out;
}

/* The value of a key of one address, as it stands there, or NULL: "unix:path=/run/x,guid=1". */
static const char *address_value(struct arena *a, const char *address, const char *key)
{
	size_t n = strlen(key);
	for (const char *at = strchr(address, ':'); at != NULL; at = strchr(at + 1, ','))
		if (strncmp(at + 1, key, n) == 0 && at[1 + n] == '=')
			return arena_strndup(a, at + n + 2, strcspn(at + n + 2, ","));
	return NULL;
}

/* Whether a socket is where the address says; of an abstract one only connecting would tell. */
static const char *socket_missing(struct planner *pl, const char *value, const char **ret_path)
{
	struct resolved r;
	const char *path = unescape(pl->arena, value);
	if (path == NULL || path[0] != '/' || path_normal(pl->arena, path, &path) < 0)
		return "its address cannot be read";
	int err = facts_resolve(pl->facts, path, &r);
	if (err == -ENOENT)
		return arena_printf(pl->arena, "there is no %s", path);
	if (err < 0)
		return arena_printf(pl->arena, "%s cannot be looked up: %s", path, strerror(-err));
	*ret_path = r.path;
	return r.node.type == NODE_SOCKET ? NULL : arena_printf(pl->arena, "%s is no socket", path);
}

/*
 * The first address of the list that is a local socket, without what else it says; others ("unixexec:", "autolaunch:", "tcp:") would
 * start programs or leave the machine.
 */
static const char *find_address(struct planner *pl, const char *list, const char **ret_socket, const char **ret_missing)
{
	*ret_missing = "its address is no local socket";
	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, ";");
		const char *one = arena_strndup(pl->arena, list, len);
		bool local = strncmp(one, "unix:", 5) == 0;
		const char *path = local ? address_value(pl->arena, one, "path") : NULL;
		const char *abstract = local ? address_value(pl->arena, one, "abstract") : NULL;
		if (abstract != NULL && abstract[0] != '\0')
			return arena_printf(pl->arena, "unix:abstract=%s", abstract);
		if (path != NULL && (*ret_missing = socket_missing(pl, path, ret_socket)) == NULL)
			return arena_printf(pl->arena, "unix:path=%s", path);
		list += len + (list[len] == ';');
	}
	return NULL;
}

/* What keeps every bus from being served, or NULL; *ret_hint what to do. */
static const char *no_proxy(struct planner *pl, const char **ret_hint)
{
	struct desktop_plan *d = &pl->plan->desktop;
	const char *refused;
	*ret_hint = "start bailey as the user whose session it is";
	if (pl->plan->become)
		return "root started bailey, which has no part in the session of the user it becomes";
	*ret_hint = "leave identity.user alone";
	if (pl->plan->mode != IDENTITY_SELF)
		return "inside the user has another uid, under which the bus lets nobody in";
	d->proxy = plan_tool(pl, "xdg-dbus-proxy", &refused);
	*ret_hint = "install the package xdg-dbus-proxy";
	if (d->proxy != NULL)
		return NULL;
	return refused != NULL ? plan_tool_refusal(pl, refused, ret_hint) : "the program xdg-dbus-proxy is not in PATH";
}

static void plan_bus(struct planner *pl, struct bus_plan *b, const char *wall, const char *wall_hint)
{
	const struct desktop_plan *d = &pl->plan->desktop;
	const char *variable = facts_env(pl->facts, b->variable);
	const char *usual = b == &d->bus[SERVED_SYSTEM_BUS] ? "/run/dbus/system_bus_socket" : "${RUNTIME}/bus";
	const char *hint = "start it in a session that has one";
	if (expand_quietly(pl, usual, &b->inside) < 0)
		b->absent = "there is no directory for sockets of the user (XDG_RUNTIME_DIR)";
	else if (wall != NULL)
		b->absent = wall, hint = wall_hint;
	else
		b->address = find_address(pl, variable != NULL ? variable : arena_printf(pl->arena, "unix:path=%s", b->inside),
			&b->socket, &b->absent);
	if (b->address != NULL)
		b->absent = NULL;
	if (b->absent == NULL || !d->bus_required)
		return;
	struct diag *at = diag_error(
		pl->diags, d->required_origin, "desktop.dbus.required", "the %s bus cannot be had: %s", b->name, b->absent);
	diag_hint(pl->diags, at, "%s, or leave desktop.dbus.required out: then it starts without", hint);
}

/* What the proxy sees of the host: the system's libraries, the buses' sockets, and where it makes its own. */
static void plan_proxy_view(struct planner *pl, struct desktop_plan *d)
{
	if (d->bus[SERVED_SESSION_BUS].address == NULL && d->bus[SERVED_SYSTEM_BUS].address == NULL)
		return;
	view_begin(pl, &d->proxy_view);
	view_place(pl, &d->proxy_view, SERVED_DIRECTORY);
	for (size_t i = 0; i < BUS_COUNT; i++) {
		struct bus_plan *b = &d->bus[i];
		b->dial = b->address;
		if (b->socket == NULL)
			continue;
		const char *path = arena_printf(pl->arena, "/bus/%s", b->name);
		view_bind(pl, &d->proxy_view, b->socket, path, MOUNT_READ_ONLY | MOUNT_NOEXEC);
		b->dial = arena_printf(pl->arena, "unix:path=%s", path);
	}
}

void plan_dbus(struct planner *pl)
{
	struct desktop_plan *d = &pl->plan->desktop;
	d->bus_required = pl->p->desktop_dbus_required.i != 0;
	d->required_origin = pl->p->desktop_dbus_required.origin;
	d->bus[SERVED_SESSION_BUS] = (struct bus_plan){ .name = "session", .variable = "DBUS_SESSION_BUS_ADDRESS" };
	d->bus[SERVED_SYSTEM_BUS] = (struct bus_plan){ .name = "system", .variable = "DBUS_SYSTEM_BUS_ADDRESS" };
	gather(pl);
	const char *hint = NULL, *wall = NULL;
	if (d->bus[SERVED_SESSION_BUS].rule_count + d->bus[SERVED_SYSTEM_BUS].rule_count > 0)
		wall = no_proxy(pl, &hint);
	for (size_t i = 0; i < BUS_COUNT; i++)
		if (d->bus[i].rule_count > 0)
			plan_bus(pl, &d->bus[i], wall, hint);
	plan_proxy_view(pl, d);
}

const char *plan_dbus_variable(struct planner *pl, const struct bus_plan *b)
{
	/* With none to be found, libraries would start one for each program, and wait for it. */
	return b->address != NULL ? arena_printf(pl->arena, "%s=unix:path=%s", b->variable, b->inside)
				  : arena_printf(pl->arena, "%s=disabled:", b->variable);
}

/* Services through which a program acts outside of its sandbox. */
static const struct {
	const char *name, *power;
} powers[] = {
	{ "org.freedesktop.systemd1", "starts programs outside of the sandbox" },
	{ "org.freedesktop.Flatpak", "runs commands outside of the sandbox" },
	{ "org.freedesktop.login1", "ends sessions and switches the machine off, as far as the user may" },
	{ "org.freedesktop.PackageKit", "installs software, as far as the user may" },
	{ "org.freedesktop.secrets", "hands out the passwords of all programs while the keyring is open" },
	{ "org.kde.kwalletd5", "hands out the passwords of all programs while the wallet is open" },
	{ "org.kde.kwalletd6", "hands out the passwords of all programs while the wallet is open" },
	{ "org.gnome.Shell", "runs scripts in the desktop" },
	{ "org.kde.plasmashell", "runs scripts in the desktop" },
	{ "org.kde.KWin", "runs scripts in the window manager" },
	{ "org.kde.krunner", "starts programs outside of the sandbox" },
	{ "org.kde.klauncher5", "starts programs outside of the sandbox" },
	{ "org.kde.konsole", "starts programs outside of the sandbox" },
	{ "org.kde.yakuake", "starts programs outside of the sandbox" },
	{ "org.gnome.Terminal", "starts programs outside of the sandbox" },
	{ "org.gnome.Console", "starts programs outside of the sandbox" },
	{ "org.gnome.Ptyxis", "starts programs outside of the sandbox" },
	{ "org.xfce.Terminal5", "starts programs outside of the sandbox" },
	{ "org.gtk.vfs.Daemon", "reads files of mounted places outside of the sandbox" },
	{ "org.a11y.Bus", "leads to the accessibility bus, on which other programs can be watched and worked" },
	{ "ca.desrt.dconf", "changes the settings of other programs" },
};

/* Whether the name of a rule, up to `len`, means this service, one below it, or an instance of it ("org.kde.konsole-123"). */
static bool covers(const char *name, size_t len, const char *service)
{
	size_t n = strlen(service);
	if (len >= 2 && name[len - 1] == '*' && strncmp(service, name, len - 2) == 0)
		return service[len - 2] == '\0' || service[len - 2] == '.' || len - 2 > n;
	return len >= n && strncmp(name, service, n) == 0 && (len == n || name[n] == '.' || name[n] == '-');
}

void plan_note_dbus(struct planner *pl)
{
	for (size_t i = 0; i < BUS_COUNT; i++) {
		const struct bus_plan *b = &pl->plan->desktop.bus[i];
		for (size_t k = 0; k < b->rule_count && b->address != NULL; k++) {
			const char *name = strchr(b->rules[k].option, '=') + 1;
			size_t len = strcspn(name, "=");
			bool acts = strncmp(b->rules[k].option, "--talk", 6) == 0 || strncmp(b->rules[k].option, "--call", 6) == 0;
			for (size_t n = 0; acts && n < sizeof powers / sizeof *powers; n++)
				if (covers(name, len, powers[n].name))
					planner_note(pl, b->rules[k].origin,
						arena_printf(pl->arena, "%s, which the program may call on the %s bus, %s.",
							powers[n].name, b->name, powers[n].power));
		}
	}
	if (pl->plan->desktop.proxy != NULL && pl->plan->desktop.bus[SERVED_SESSION_BUS].address != NULL)
		planner_note(pl, built_in,
			"What a service does for a program that may call it is up to that service: xdg-dbus-proxy looks at names, methods and "
			"paths, not at what is in a call.");
}
