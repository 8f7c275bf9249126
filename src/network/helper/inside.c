#include "network/helper/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "network/helper/link.h"
#include "network/helper/rules.h"

/* Switches that the interface begins with. */
static void set_switches(const char *name, bool six)
{
	static const char form[] = "/proc/sys/net/ipv6/conf/%s/%s";
	char path[sizeof form + IFNAMSIZ + 16], gids[32];
	(void)snprintf(path, sizeof path, form, name, "accept_ra");
	(void)rules_switch(path, "0"); /* a neighbour is no router */
	(void)snprintf(path, sizeof path, form, name, "addr_gen_mode");
	(void)rules_switch(path, "0"); /* the address that frames.c lets pass */
	(void)snprintf(path, sizeof path, form, name, "disable_ipv6");
	if (!six)
		(void)rules_switch(path, "1");
	/* ping(8), which has no capability in there; where not all groups have a number, those that do. */
	static const char ping[] = "/proc/sys/net/ipv4/ping_group_range";
	(void)snprintf(gids, sizeof gids, "%u %u", (unsigned)getegid(), (unsigned)getegid());
	if (rules_switch(ping, "0 2147483647") < 0)
		(void)rules_switch(ping, gids);
}

/* In the network namespace of the sandbox. */
static int configure(const struct spec *s, const struct lease *l, struct err *e)
{
	struct link link;
	char name[IFNAMSIZ];
	(void)snprintf(name, sizeof name, "eth%u", s->interface);
	int r = link_open(&link, e);
	unsigned index = link_index(name);
	if (r == 0 && index == 0)
		r = err_set(e, ENODEV, "the interface is gone");
	set_switches(name, l->at[1].family != 0);
	if (r == 0 && s->service != NULL && s->mtu != 0 && link_set_mtu(&link, index, s->mtu, e) < 0)
		r = spec_at(e, s->mtu_line);
	for (size_t i = 0; i < s->address_count && r == 0; i++) {
		bool six = s->addresses[i].first.family == AF_INET6;
		r = link_add_address(&link, index, &l->at[six], e);
		if (r < 0 && six && (e->code == EACCES || e->code == EOPNOTSUPP || e->code == EPERM))
			(void)err_hint(e, "this machine has IPv6 turned off");
		if (r < 0)
			r = spec_at(e, s->addresses[i].line);
	}
	if (r == 0)
		r = link_up(&link, index, e);
	for (size_t i = 0; i < s->route_count && r == 0; i++) {
		r = link_add_route(&link, index, &s->routes[i], e);
		if (r < 0)
			r = spec_at(e, s->route_lines[i]);
	}
	link_close(&link);
	return r;
}

int inside_configure(const struct spec *s, const struct lease *l, int where, int namespaces, struct err *e)
{
	int ends[2], status = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, errno, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0) {
		if (setns(where, namespaces) < 0)
			(void)err_set(e, errno, "cannot enter the network of the sandbox");
		else
			(void)configure(s, l, e);
		(void)!write(ends[1], e, sizeof *e); /* at the same addresses as ours */
		_exit(0);
	}
	(void)close(ends[1]);
	struct err said = { 0 };
	bool whole = pid > 0 && read(ends[0], &said, sizeof said) == (ssize_t)sizeof said;
	(void)close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (!whole)
		return err_set(e, EIO, "cannot set the interface of the sandbox up");
	if (said.code != 0)
		*e = said;
	return -said.code;
}
