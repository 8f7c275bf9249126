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

enum { INWARD_TABLE = 213 }; /* of routes */

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

/*
 * The interface that forwarded ports lead to.  pasta sends to the address it has seen last: that must be ours, not the nobody that asks
 * whether an address is free, so nothing asks, and what we have is announced.
 */
static int configure_inward(struct link *link, const struct spec *s, struct err *e)
{
	const char *device = s->inward[0].device;
	unsigned index = link_index(device);
	static const struct {
		const char *name, *value;
	} switches[] = { { "accept_ra", "0" }, { "accept_dad", "0" }, { "ndisc_notify", "1" } };
	int r = index == 0 ? err_set(e, ENODEV, "the interface %s is gone", device) : 0;
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
		char path[96];
		(void)snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", device, switches[i].name);
		(void)rules_switch(path, switches[i].value);
	}
	if (r == 0)
		r = link_up(link, index, e);
	for (size_t i = 0; i < s->inward_count && r == 0; i++) {
		const struct spec_inward *x = &s->inward[i];
		struct subnet with_gateway = x->address;
		with_gateway.prefix = subnet_bits(x->address.family) - 2;
		r = link_add_address(link, index, &with_gateway, e);
		if (r < 0 && x->address.family == AF_INET6 && (e->code == EACCES || e->code == EOPNOTSUPP || e->code == EPERM)) {
			*e = (struct err){ 0 }; /* IPv6 is turned off: nothing comes by it */
			r = 0;
			continue;
		}
		if (r == 0)
			r = link_add_route(link, index, INWARD_TABLE, &x->gateway, e);
		if (r == 0)
			r = link_add_rule(link, &x->address, INWARD_TABLE, e);
		if (r < 0)
			r = spec_at(e, x->line);
	}
	return r;
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
		r = link_add_address(&link, index, &l->at[s->addresses[i].first.family == AF_INET6], e);
		if (r < 0)
			r = spec_at(e, s->addresses[i].line);
	}
	if (r == 0)
		r = link_up(&link, index, e);
	for (size_t i = 0; i < s->route_count && r == 0; i++) {
		r = link_add_route(&link, index, 0, &s->routes[i], e);
		if (r < 0)
			r = spec_at(e, s->route_lines[i]);
	}
	if (r == 0 && s->inward_count > 0)
		r = configure_inward(&link, s, e);
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
