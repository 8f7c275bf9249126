#include "launch/desktop.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/sys.h"
#include "launch/cookies.h"
#include "launch/outside.h"
#include "launch/wayland.h"

enum { READY_MS = 10000 };

static const char *const names[SERVED_COUNT] = {
	[SERVED_SESSION_BUS] = "/session-bus",
	[SERVED_SYSTEM_BUS] = "/system-bus",
	[SERVED_X11] = SCREEN_SOCKET,
	[SERVED_WAYLAND] = "/wayland",
	[SERVED_COOKIES] = "/cookies",
	[SERVED_OPEN] = "/open",
	[SERVED_OPENER] = "",
	[SERVED_PLACE] = "",
};

/* The path of the directory as the kernel has it, without symlinks, and those of what will be in it. */
static int find_paths(const struct desktop *d, struct err *e)
{
	char path[PATH_MAX];
	ssize_t n = readlink(arena_printf(d->arena, "/proc/self/fd/%d", d->directory), path, sizeof path);
	if (n < 0 || n == (ssize_t)sizeof path)
		return err_set(e, n < 0 ? errno : ENAMETOOLONG, "cannot tell where the sandbox's state lies");
	for (size_t i = 0; i < SERVED_COUNT; i++)
		d->served[i] = arena_printf(d->arena, "%.*s%s", (int)n, path, names[i]);
	if (d->plan->open.handler == NULL)
		return 0;
	char *real = realpath(d->opener, path);
	if (real == NULL)
		return err_set(e, errno, "cannot find %s", d->opener);
	d->served[SERVED_OPENER] = arena_strdup(d->arena, real);
	return 0;
}

/* Starts the program and waits until it serves; `what` is for messages: "filter D-Bus". */
static int serve(const struct desktop *d, const struct outside_program *p, const char *what, struct origin origin, int *ret_pidfd,
	struct err *e)
{
	struct outside o;
	int r = outside_start(&o, p, d->mask, d->undo, e);
	if (r < 0)
		return err_at(e, origin);
	r = outside_await(&o, -1, d->signals, READY_MS);
	*ret_pidfd = o.pidfd;
	if (r == 0)
		return 0;
	const char *said = outside_said(&o, d->arena);
	if (r == -EINTR)
		(void)err_set(e, EINTR, "interrupted while %s was started", p->argv[0]);
	else if (r == -ECHILD)
		(void)err_set(e, EIO, "cannot %s: %s: %s", what, p->argv[0], said[0] != '\0' ? said : "it ended without a word");
	else
		(void)err_set(
			e, -r, "cannot %s: %s did not serve in time%s%s", what, p->argv[0], said[0] != '\0' ? ": " : "", said);
	return err_at(e, origin);
}

/* ---- D-Bus ---- */

/* Whether somebody answers there. A socket that is left over from a session that has ended looks like one that is used. */
static int knock(const struct desktop_plan *d, const struct bus_plan *b, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (b->socket == NULL || strlen(b->socket) >= sizeof to.sun_path)
		return 0; /* xdg-dbus-proxy can tell */
	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s", b->socket);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* EAGAIN: there are others in front of us. unix(7) */
	int r = fd < 0 || (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 && errno != EAGAIN) ? errno : 0;
	if (fd >= 0)
		(void)close(fd);
	if (r == 0)
		return 0;
	(void)err_set(e, r, "cannot connect to the %s bus at %s", b->name, to.sun_path);
	(void)err_hint(e, "the session it belonged to may have ended; without desktop.dbus.required the program starts without it");
	return err_at(e, d->required_origin);
}

static char **proxy_arguments(const struct desktop_plan *d, struct arena *a)
{
	size_t count = 3 + 3 * BUS_COUNT, n = 0;
	for (size_t i = 0; i < BUS_COUNT; i++)
		count += d->bus[i].rule_count;
	char **argv = arena_array(a, count, sizeof *argv);
	argv[n++] = arena_strdup(a, "xdg-dbus-proxy");
	/* It tells there that it serves, and ends when nobody holds the other end any more. */
	argv[n++] = arena_strdup(a, "--fd=1");
	for (size_t i = 0; i < BUS_COUNT; i++) {
		const struct bus_plan *b = &d->bus[i];
		if (b->address == NULL)
			continue;
		argv[n++] = arena_strdup(a, b->dial);
		argv[n++] = arena_printf(a, SERVED_DIRECTORY "%s", names[i]);
		argv[n++] = arena_strdup(a, "--filter");
		for (size_t k = 0; k < b->rule_count; k++)
			argv[n++] = arena_strdup(a, b->rules[k].option);
	}
	return argv;
}

static int serve_buses(struct desktop *d, struct err *e)
{
	const struct desktop_plan *plan = d->plan;
	struct origin origin = { 0 };
	for (size_t i = 0; i < BUS_COUNT; i++) {
		const struct bus_plan *b = &plan->bus[i];
		if (b->address == NULL)
			continue;
		if (origin.file == NULL)
			origin = b->rules[0].origin;
		if (plan->bus_required && knock(plan, b, e) < 0)
			return -e->code;
	}
	if (origin.file == NULL)
		return 0;
	const struct outside_program proxy = {
		.path = plan->proxy,
		.argv = proxy_arguments(plan, d->arena),
		.view = &plan->proxy_view,
		.served = d->served,
	};
	return serve(d, &proxy, "filter D-Bus", origin, &d->bus, e);
}

/* ---- X11 ---- */

static int serve_display(struct desktop *d, struct err *e)
{
	const struct display_plan *plan = &d->plan->display;
	if (plan->cookies_inside == NULL)
		return 0;
	const char *own = names[SERVED_COOKIES] + 1;
	int r = plan->screen.server != NULL ? cookies_draw(d->directory, own, e)
					    : cookies_copy(d->directory, own, plan->cookies, plan->number, e);
	if (r == 0 && plan->screen.server != NULL && plan->number != NULL)
		r = cookies_copy(d->directory, "host-cookies", plan->cookies, plan->number, e);
	if (r < 0)
		return err_at(e, plan->origin);
	if (plan->screen.server == NULL)
		return 0;
	const struct outside_program server = {
		.path = plan->screen.server,
		.argv = plan->screen.argv,
		.envp = plan->screen.envp,
		.view = &plan->screen.view,
		.served = d->served,
	};
	r = serve(d, &server, "make a display", plan->origin, &d->screen, e);
	/* It takes the directory for the one in /tmp, where everybody's sockets are. */
	if (r == 0 && fchmod(d->directory, 0700) < 0)
		r = err_set(e, errno, "cannot close the sandbox's directory to others");
	return r;
}

/* ---- Wayland ---- */

static int serve_wayland(struct desktop *d, struct err *e)
{
	const struct display_plan *plan = &d->plan->display;
	if (!display_asks(plan))
		return 0;
	const char *place = d->served[SERVED_PLACE];
	const struct wayland_request request = {
		.compositor = plan->wayland,
		.identity = { .engine = "io.bailey", .application = plan->application, .instance = strrchr(place, '/') + 1 },
		.directory = d->directory,
		.name = names[SERVED_WAYLAND] + 1,
		.signals = d->signals,
		.undo = d->undo,
	};
	enum wayland_answer answer;
	const bool required = plan->context == CONTEXT_REQUIRED;
	if (wayland_context(&request, &answer, e) < 0)
		return err_at(e, required ? plan->context_origin : plan->origin);
	if (required && answer != WAYLAND_CONTEXT) {
		(void)err_set(e, 0,
			answer == WAYLAND_NOBODY ? "no Wayland compositor listens at %s"
						 : "the Wayland compositor at %s does not know of sandboxes (security-context-v1)",
			plan->wayland);
		(void)err_hint(e, "desktop.wayland_context = \"auto\" starts the program nevertheless");
		return err_at(e, plan->context_origin);
	}
	d->context = answer == WAYLAND_CONTEXT;
	if (answer == WAYLAND_NOT_OFFERED)
		d->served[SERVED_WAYLAND] = plan->wayland;
	return 0;
}

/* ---- addresses ---- */

extern char **environ;

static int serve_open(struct desktop *d, struct err *e)
{
	const struct open_plan *plan = &d->plan->open;
	if (plan->handler == NULL)
		return 0;
	char **argv = arena_array(d->arena, plan->scheme_count + 5, sizeof *argv);
	size_t n = 0;
	argv[n++] = arena_strdup(d->arena, "bailey-open");
	argv[n++] = arena_strdup(d->arena, "serve");
	argv[n++] = arena_strdup(d->arena, d->served[SERVED_OPEN]);
	argv[n++] = arena_strdup(d->arena, plan->handler);
	for (size_t i = 0; i < plan->scheme_count; i++)
		argv[n++] = arena_strdup(d->arena, plan->schemes[i]);
	/* What it starts is to find the session as the user has it. */
	const struct outside_program opener = { .path = d->served[SERVED_OPENER], .argv = argv, .envp = environ };
	return serve(d, &opener, "open addresses outside", plan->origin, &d->open, e);
}

int desktop_start(struct desktop *d, struct err *e)
{
	d->bus = d->screen = d->open = -1;
	d->context = false;
	int r = find_paths(d, e);
	if (r == 0)
		r = serve_buses(d, e);
	if (r == 0)
		r = serve_display(d, e);
	if (r == 0)
		r = serve_wayland(d, e);
	return r == 0 ? serve_open(d, e) : r;
}
