/* What of the user's desktop session a launch brings into the sandbox: a part of struct plan. */
#ifndef BAILEY_PLAN_DESKTOP_H
#define BAILEY_PLAN_DESKTOP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/origin.h"

/* A socket that a program of ours serves from outside. Its path on the host is known at launch only: it lies beside the state. */
enum served { SERVED_SESSION_BUS, SERVED_SYSTEM_BUS, SERVED_COUNT };

struct bus_rule {
	const char *option; /* "--talk=org.freedesktop.Notifications": xdg-dbus-proxy(1) */
	struct origin origin;
};

/* One of D-Bus' buses, as far as the rules let through. */
struct bus_plan {
	const char *name; /* "session" */
	const char *address; /* of the host's: "unix:path=..."; NULL: none is served */
	const char *inside; /* path of the socket inside */
	const char *variable; /* of the environment, that leads to it */
	const char *absent; /* why there is none although there are rules, for the end of a sentence; or NULL */
	struct bus_rule *rules;
	size_t rule_count, rule_cap;
};

enum { BUS_COUNT = 2 }; /* by SERVED_SESSION_BUS, SERVED_SYSTEM_BUS */

struct desktop_plan {
	struct bus_plan bus[BUS_COUNT];
	const char *proxy; /* the path of xdg-dbus-proxy; NULL: no bus is served */
	bool bus_required;
	struct origin required_origin;
};

#endif
