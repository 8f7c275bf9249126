/* desktop.display: which of the session's displays the program gets. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "host/resolve.h"
#include "plan/parts.h"
#include "plan/view.h"

#define X11_PLACE "/tmp/.X11-unix"
#define COOKIES "/tmp/.X11-unix/cookies"

/* The socket at that path, or NULL with why there is none. */
static const char *find_socket(struct planner *pl, const char *path, const char **ret_why)
{
	struct resolved r;
	int err = path_normal(pl->arena, path, &path) < 0 ? -EINVAL : facts_resolve(pl->facts, path, &r);
	if (err == 0 && r.node.type == NODE_SOCKET)
		return r.path;
	*ret_why = err == -ENOENT || err == 0 ? arena_printf(pl->arena, "there is no socket %s", path)
					      : arena_printf(pl->arena, "%s cannot be looked up: %s", path, strerror(-err));
	return NULL;
}

/* The compositor's socket; wl_display_connect(3) looks for it in the same way. */
static bool find_wayland(struct planner *pl, struct display_plan *d, const char **ret_why)
{
	const char *name = facts_env(pl->facts, "WAYLAND_DISPLAY"), *runtime;
	if (name == NULL || name[0] == '\0')
		name = "wayland-0";
	if (expand_quietly(pl, "${RUNTIME}", &runtime) < 0) {
		*ret_why = "there is no directory for sockets of the user (XDG_RUNTIME_DIR)";
		return false;
	}
	if (name[0] != '/' && strchr(name, '/') != NULL) {
		*ret_why = "WAYLAND_DISPLAY is neither a name nor a whole path";
		return false;
	}
	const char *path = name[0] == '/' ? name : path_join(pl->arena, runtime, name);
	d->wayland = find_socket(pl, path, ret_why);
	/* Inside it has its usual place, whatever the way to it is called outside. */
	d->wayland_name = path_base(name);
	return d->wayland != NULL;
}

/* The number in a DISPLAY that means a socket of this machine, or NULL: ":0", ":1.0", "unix:0". */
static const char *display_number(struct arena *a, const char *text)
{
	if (strncmp(text, "unix:", 5) == 0)
		text += 4;
	size_t n = text[0] == ':' ? strspn(text + 1, "0123456789") : 0;
	bool good = n > 0 && n < 6 && (text[1 + n] == '\0' || text[1 + n] == '.');
	return good ? arena_strndup(a, text + 1, n) : NULL;
}

/* The file with the user's cookies, there or not. */
static const char *find_cookies(struct planner *pl)
{
	const char *path = facts_env(pl->facts, "XAUTHORITY");
	if ((path == NULL || path[0] != '/') && expand_quietly(pl, "~/.Xauthority", &path) < 0)
		return NULL;
	return path;
}

/* A display at the other end of ssh(1), on the host's loopback: within reach only with the host's network. */
static bool find_forwarded(struct planner *pl, struct display_plan *d)
{
	static const char host[] = "localhost";
	const char *text = facts_env(pl->facts, "DISPLAY");
	if (text == NULL || strncmp(text, host, sizeof host - 1) != 0 || pl->plan->network != NETWORK_HOST)
		return false;
	const char *number = display_number(pl->arena, text + sizeof host - 1);
	if (number == NULL)
		return false;
	d->forwarded = text;
	d->number = number;
	d->cookies = find_cookies(pl);
	return true;
}

static const char *find_x11(struct planner *pl, struct display_plan *d, const char **ret_why)
{
	const char *text = facts_env(pl->facts, "DISPLAY");
	if (text == NULL || text[0] == '\0') {
		*ret_why = "DISPLAY is not set";
		return NULL;
	}
	const char *number = display_number(pl->arena, text);
	if (number == NULL) {
		*ret_why = arena_printf(pl->arena, "DISPLAY (%s) is no display of this machine", text);
		return NULL;
	}
	const char *socket = find_socket(pl, arena_printf(pl->arena, X11_PLACE "/X%s", number), ret_why);
	if (socket == NULL)
		return NULL;
	d->number = number;
	d->cookies = find_cookies(pl);
	return socket;
}

static char *const *words(struct arena *a, const char *const *texts, size_t count)
{
	char **out = arena_array(a, count + 1, sizeof *out);
	for (size_t i = 0; i < count; i++)
		out[i] = arena_strdup(a, texts[i]);
	return out;
}

/* What all servers are told: one that is started anew by its last client's end would not know its cookie any more, and says so late. */
#define SERVER_ARGUMENTS SCREEN_DISPLAY, "-displayfd", "1", "-auth", COOKIES, "-nolisten", "tcp", "-nolisten", "local", "-noreset"

static const char *find_server(struct planner *pl, const char *name)
{
	const char *refused;
	return plan_tool(pl, name, &refused);
}

/*
 * A private X server: in a window of the session's display, or, where there is none, on a screen that nobody sees.  It has its own
 * /tmp, so that its number is free and nothing of it is left over.
 */
static bool plan_screen(struct planner *pl, struct display_plan *d, const char **ret_why)
{
	static const char *const xwayland[] = { "Xwayland", SERVER_ARGUMENTS },
				 *const xvfb[] = { "Xvfb", SERVER_ARGUMENTS, "-screen", "0", "1280x800x24" },
				 *const xephyr[] = { "Xephyr", SERVER_ARGUMENTS, "-screen", "1280x800", "-resizeable", "-title",
					 "bailey" };
	struct screen_plan *s = &d->screen;
	const char *ignored, *wayland = find_wayland(pl, d, &ignored) ? d->wayland : NULL, *socket = find_x11(pl, d, &ignored);
	const char *env[3] = { "LC_ALL=C", "PATH=/usr/bin:/bin", NULL };
	struct buf more = { .arena = pl->arena };
	d->wayland = d->wayland_name = NULL;
	if (wayland != NULL && (s->server = find_server(pl, "Xwayland")) != NULL) {
		s->argv = words(pl->arena, xwayland, sizeof xwayland / sizeof *xwayland);
		env[2] = "WAYLAND_DISPLAY=/run/wayland";
	} else if (socket != NULL && (s->server = find_server(pl, "Xephyr")) != NULL) {
		s->argv = words(pl->arena, xephyr, sizeof xephyr / sizeof *xephyr);
		buf_printf(&more, "DISPLAY=:%s", d->number);
		env[2] = buf_text(&more);
	} else if ((s->server = find_server(pl, "Xvfb")) != NULL) {
		s->argv = words(pl->arena, xvfb, sizeof xvfb / sizeof *xvfb);
	} else {
		*ret_why = "there is no Xephyr, Xwayland or Xvfb that could be used (packages xserver-xephyr, xwayland, xvfb)";
		return false;
	}
	const char *envp[4] = { env[0], env[1], env[2], "XAUTHORITY=" X11_PLACE "/host-cookies" };
	s->envp = words(pl->arena, envp, env[2] == NULL ? 2 : 4);
	view_begin(pl, &s->view);
	view_tmpfs(pl, &s->view, "/tmp");
	view_tmpfs(pl, &s->view, "/run");
	view_tmpfs(pl, &s->view, "/dev/shm");
	view_bind(pl, &s->view, "/dev/dri", "/dev/dri", MOUNT_DEVICES | MOUNT_NOEXEC);
	view_place(pl, &s->view, X11_PLACE);
	if (strcmp(s->argv[0], "Xwayland") == 0)
		view_bind(pl, &s->view, wayland, "/run/wayland", MOUNT_READ_ONLY | MOUNT_NOEXEC);
	else if (env[2] != NULL)
		view_bind(
			pl, &s->view, socket, arena_printf(pl->arena, X11_PLACE "/X%s", d->number), MOUNT_READ_ONLY | MOUNT_NOEXEC);
	if (env[2] == NULL || strcmp(s->argv[0], "Xephyr") != 0)
		d->number = d->cookies = NULL;
	return true;
}

/* Whether that word of the list can be had; else why not. */
static bool plan_word(struct planner *pl, struct display_plan *d, enum choice_value kind, const char **ret_why)
{
	const char *second = NULL;
	switch ((int)kind) {
	case DISPLAY_WAYLAND: return find_wayland(pl, d, ret_why);
	case DISPLAY_X11: return find_forwarded(pl, d) || (d->x11 = find_x11(pl, d, ret_why)) != NULL;
	case DISPLAY_BOTH:
		if (!find_forwarded(pl, d))
			d->x11 = find_x11(pl, d, ret_why);
		if (find_wayland(pl, d, &second) || d->x11 != NULL || d->forwarded != NULL)
			return true;
		*ret_why = arena_printf(pl->arena, "%s, and %s", *ret_why, second);
		return false;
	case DISPLAY_ISOLATED: return plan_screen(pl, d, ret_why);
	default: return true;
	}
}

void plan_display(struct planner *pl)
{
	const struct list *list = &pl->p->desktop_display;
	struct display_plan *d = &pl->plan->desktop.display;
	struct buf reasons = { .arena = pl->arena };
	const char *wall =
		!pl->plan->become ? NULL : "root started bailey, which has no part in the session of the user it becomes";
	for (size_t i = 0; i < list->count && d->kind == CHOICE_NONE; i++) {
		enum choice_value kind = (enum choice_value)schema_choice("choice_display", list->items[i].text)->value;
		const char *why = wall;
		*d = (struct display_plan){ .origin = list->items[i].origin };
		if ((wall == NULL || kind == DISPLAY_NONE) && plan_word(pl, d, kind, &why))
			d->kind = kind;
		else
			buf_printf(&reasons, "%s%s", reasons.len > 0 ? "; " : "", why);
	}
	if (list->count > 0 && d->kind == CHOICE_NONE) {
		*d = (struct display_plan){ .kind = DISPLAY_NONE, .origin = list->items[0].origin, .absent = buf_text(&reasons) };
		return;
	}
	if (d->wayland != NULL) {
		d->context = (enum choice_value)pl->p->desktop_wayland_context.i;
		d->context_origin = pl->p->desktop_wayland_context.origin;
		d->application = plan_application(pl);
	}
	if ((d->x11 != NULL || d->forwarded != NULL || d->screen.server != NULL) &&
		expand_quietly(pl, "${RUNTIME}/xauthority", &d->cookies_inside) < 0)
		d->cookies_inside = "/run/xauthority";
}

void plan_display_environment(struct planner *pl, void (*put)(struct planner *pl, const char *text, struct origin o))
{
	const struct display_plan *d = &pl->plan->desktop.display;
	if (d->wayland != NULL)
		put(pl, arena_printf(pl->arena, "WAYLAND_DISPLAY=%s", d->wayland_name), d->origin);
	if (d->cookies_inside == NULL)
		return;
	const char *display = arena_printf(pl->arena, ":%s", d->x11 != NULL ? d->number : SCREEN_NUMBER);
	put(pl, arena_printf(pl->arena, "DISPLAY=%s", d->forwarded != NULL ? d->forwarded : display), d->origin);
	put(pl, arena_printf(pl->arena, "XAUTHORITY=%s", d->cookies_inside), d->origin);
	if (d->wayland == NULL)
		put(pl, "XDG_SESSION_TYPE=x11", d->origin);
}

void plan_note_display(struct planner *pl)
{
	const struct display_plan *d = &pl->plan->desktop.display;
	if (d->x11 != NULL || d->forwarded != NULL)
		planner_note(pl, d->origin,
			"The X11 display is shown: an X11 program can read the keyboard, the clipboard and the screen of all others.");
	if (d->wayland == NULL)
		return;
	planner_note(pl, d->origin,
		"What a client of the Wayland compositor may do is up to the compositor: some let every client take pictures of the "
		"screen, read the clipboard or type.");
	if (d->context == CONTEXT_NONE)
		planner_note(pl, d->context_origin,
			"The Wayland compositor is not told that the program is in a sandbox, and withholds nothing because of it.");
}
