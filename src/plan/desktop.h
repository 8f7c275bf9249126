/* What of the user's desktop session a launch brings into the sandbox: a part of struct plan. */
#ifndef BAILEY_PLAN_DESKTOP_H
#define BAILEY_PLAN_DESKTOP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/origin.h"
#include "schema/schema.h"

/* What programs of ours serve from outside. Paths on the host are known at launch only: these lie beside the sandbox's state. */
enum served {
	SERVED_SESSION_BUS,
	SERVED_SYSTEM_BUS,
	SERVED_X11, /* the socket of a private X server */
	SERVED_WAYLAND, /* a socket that the compositor knows for a sandbox's; its own where it knows no such thing */
	SERVED_COOKIES, /* the file with what a client of the X server has to show */
	SERVED_OPEN, /* the socket of bailey-open */
	SERVED_OPENER, /* the program bailey-open itself, which stands in for xdg-open inside */
	SERVED_PLACE, /* the directory of all of these; never in a sandbox, but in the views of those that serve */
	SERVED_COUNT
};

struct bus_rule {
	const char *option; /* "--talk=org.freedesktop.Notifications": xdg-dbus-proxy(1) */
	struct origin origin;
};

/* One of D-Bus' buses, as far as the rules let through. */
struct bus_plan {
	const char *name; /* "session" */
	const char *address; /* of the host's: "unix:path=..."; NULL: none is served */
	const char *socket; /* its path, without symlinks; NULL for an abstract socket */
	const char *dial; /* the address in the view of the proxy */
	const char *inside; /* path of the socket inside */
	const char *variable; /* of the environment, that leads to it */
	const char *absent; /* why there is none although there are rules, for the end of a sentence; or NULL */
	struct bus_rule *rules;
	size_t rule_count, rule_cap;
};

enum { BUS_COUNT = 2 }; /* by SERVED_SESSION_BUS, SERVED_SYSTEM_BUS */

struct mount_op;

/* The file tree of a program that serves from outside; `mounts` as in struct plan. */
struct view {
	struct mount_op *mounts;
	size_t mount_count, mount_cap;
};

/* A private X server. */
struct screen_plan {
	const char *server; /* its path; NULL: there is none */
	char *const *argv, *const *envp; /* NULL-terminated; paths as in its view */
	struct view view;
};

struct display_plan {
	enum choice_value kind; /* DISPLAY_WAYLAND, ...; DISPLAY_NONE when nothing of the list is there, or 0 without a list */
	struct origin origin;
	const char *absent; /* why nothing of the list is there, for the end of a sentence; or NULL */
	const char *wayland, *wayland_name; /* the compositor's socket on the host, and what WAYLAND_DISPLAY says inside; or NULL */
	enum choice_value context; /* CONTEXT_AUTO, ...: whether the compositor is told of the sandbox */
	struct origin context_origin;
	const char *application; /* what it then knows the program as */
	const char *x11; /* the host's X server's socket, when the program gets it; or NULL */
	const char *forwarded; /* instead of it "localhost:10.0": one that ssh(1) leads to through the host's loopback; or NULL */
	const char *number; /* of the host's X server, also when only a private one speaks to it; or NULL */
	const char *cookies; /* on the host, the file with the user's cookies for it; or NULL */
	const char *cookies_inside; /* NULL without an X server */
	struct screen_plan screen;
};

/* In the view of xdg-dbus-proxy: where it makes its sockets. */
#define SERVED_DIRECTORY "/served"

/* The number of a private X server, where nobody else has one. */
#define SCREEN_NUMBER "1077"
#define SCREEN_DISPLAY ":1077"
#define SCREEN_SOCKET "/X1077"

/* The session's sound servers. */
struct audio_plan {
	enum choice_value kind; /* AUDIO_ALL, AUDIO_NONE */
	struct origin origin;
	const char *absent; /* why there is none of them, or NULL */
	const char *pulse, *cookie, *pipewire; /* on the host; each may be NULL */
	const char *inside; /* the directory below which they are inside */
};

#define AUDIO_PULSE "/pulse/native"
#define AUDIO_COOKIE "/pulse/cookie"
#define AUDIO_PIPEWIRE "pipewire-0"

/* xdg-desktop-portal, when the program may talk to it. */
struct portal_plan {
	const char *application; /* what the portal knows the sandbox as */
	const char *info; /* the text of PORTAL_INFO; NULL: no portals */
	const char *documents,
		*documents_inside; /* where the files are that the user chose, on the host and inside; NULL: nowhere */
	struct origin origin;
};

#define PORTAL_INFO "/.flatpak-info"

/* Addresses that are opened outside. */
struct open_plan {
	const char **schemes;
	size_t scheme_count;
	const char *handler; /* xdg-open on the host; NULL: nothing is opened */
	const char *absent; /* why, although there are schemes; or NULL */
	bool stands_in; /* the sandbox shows an xdg-open of the host, in whose place ours is put */
	struct origin origin;
};

#define OPEN_DIRECTORY "/run/bailey-open"
#define OPEN_USUAL "/usr/bin/xdg-open"

struct desktop_plan {
	struct bus_plan bus[BUS_COUNT];
	const char *proxy; /* the path of xdg-dbus-proxy; NULL: no bus is served */
	struct view proxy_view;
	bool bus_required;
	struct origin required_origin;
	struct display_plan display;
	struct audio_plan audio;
	struct portal_plan portal;
	struct open_plan open;
};

/* Whether the compositor is asked for a socket of the sandbox's own. */
static inline bool display_asks(const struct display_plan *d)
{
	return d->wayland != NULL && d->context != CONTEXT_NONE;
}

/* Whether anything is served; the sandbox then has a directory for it from the beginning. */
static inline bool desktop_serves(const struct desktop_plan *d)
{
	return d->bus[SERVED_SESSION_BUS].address != NULL || d->bus[SERVED_SYSTEM_BUS].address != NULL ||
		d->display.cookies_inside != NULL || display_asks(&d->display) || d->open.handler != NULL;
}

#endif
