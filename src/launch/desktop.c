#include "launch/desktop.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/sys.h"

enum { PROXY_MS = 10000 };

static struct origin first_line(const struct desktop_plan *d)
{
	return d->bus[d->bus[SERVED_SESSION_BUS].address != NULL ? SERVED_SESSION_BUS : SERVED_SYSTEM_BUS].rules[0].origin;
}

/* The path of a directory as the kernel has it: without symlinks. */
static int path_of(struct arena *a, int directory, const char **ret, struct err *e)
{
	char path[PATH_MAX];
	ssize_t n = readlink(arena_printf(a, "/proc/self/fd/%d", directory), path, sizeof path);
	if (n < 0 || n == (ssize_t)sizeof path)
		return err_set(e, n < 0 ? errno : ENAMETOOLONG, "cannot tell where the sandbox's state lies");
	*ret = arena_strndup(a, path, (size_t)n);
	return 0;
}

/* Whether somebody answers there. A socket that is left over from a session that has ended looks like one that is used. */
static int knock(const struct desktop_plan *d, const struct bus_plan *b, struct err *e)
{
	static const char prefix[] = "unix:path=";
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (strncmp(b->address, prefix, sizeof prefix - 1) != 0 || strchr(b->address, '%') != NULL ||
		strlen(b->address + sizeof prefix - 1) >= sizeof to.sun_path)
		return 0; /* xdg-dbus-proxy can tell */
	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s", b->address + sizeof prefix - 1);
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

static char **arguments(const struct desktop_plan *d, const char *const *served, struct arena *a)
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
		argv[n++] = arena_strdup(a, b->address);
		argv[n++] = arena_strdup(a, served[i]);
		argv[n++] = arena_strdup(a, "--filter");
		for (size_t k = 0; k < b->rule_count; k++)
			argv[n++] = arena_strdup(a, b->rules[k].option);
	}
	return argv;
}

static int fail(struct err *e, int error, const struct desktop_plan *d, const struct outside *o, struct arena *a)
{
	const char *said = outside_said(o, a);
	if (error == -ECHILD)
		(void)err_set(
			e, EIO, "cannot filter D-Bus: xdg-dbus-proxy: %s", said[0] != '\0' ? said : "it ended without a word");
	else if (error == -EINTR)
		(void)err_set(e, EINTR, "interrupted while xdg-dbus-proxy was started");
	else
		(void)err_set(e, -error, "xdg-dbus-proxy did not serve in time%s%s", said[0] != '\0' ? ": " : "", said);
	return err_at(e, first_line(d));
}

int desktop_start(struct outside *ret, const char *served[SERVED_COUNT], const struct plan *plan, struct arena *a, int directory,
	int signals, const sigset_t *mask, struct undo *undo, struct err *e)
{
	static const char *const names[BUS_COUNT] = { "session-bus", "system-bus" };
	const struct desktop_plan *d = &plan->desktop;
	const char *place;
	int r = path_of(a, directory, &place, e);
	for (size_t i = 0; i < BUS_COUNT && r == 0; i++) {
		served[i] = arena_printf(a, "%s/%s", place, names[i]);
		if (strlen(served[i]) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
			r = err_set(
				e, ENAMETOOLONG, "%s is too long for a socket; --name gives the sandbox a shorter one", served[i]);
		if (r == 0 && d->bus[i].address != NULL && d->bus_required)
			r = knock(d, &d->bus[i], e);
	}
	if (r == 0)
		r = outside_start(ret, d->proxy, arguments(d, served, a), mask, undo, e);
	if (r < 0)
		return e->code != 0 ? -e->code : r;
	r = outside_await(ret, -1, signals, PROXY_MS);
	return r == 0 ? 0 : fail(e, r, d, ret, a);
}
