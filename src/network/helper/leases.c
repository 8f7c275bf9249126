#include "network/helper/leases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "network/helper/port.h"
#include "network/helper/rules.h"

/* What follows the name in "PID (NAME) STATE PARENT ...": proc_pid_stat(5). */
bool lease_process(pid_t pid, char *ret_state, pid_t *ret_parent)
{
	char path[32], text[512];
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	const char *at = strrchr(text, ')');
	if (at == NULL || strlen(at) < 5)
		return false;
	*ret_state = at[2];
	*ret_parent = (pid_t)strtol(at + 4, NULL, 10);
	return true;
}

bool lease_is_running(const struct state_process *p)
{
	char state;
	pid_t parent;
	return state_process_lives(p) && lease_process(p->pid, &state, &parent) && state != 'Z' && state != 'X';
}

void leases_sweep(struct network *n, struct link *link, const struct spec *s)
{
	struct err ignored = { 0 };
	for (size_t i = n->count; i-- > 0;) {
		struct lease *l = &n->leases[i];
		/* What takes rules away without nft leaves them to those who have it. */
		if (lease_is_running(&l->process) || (l->rules && s->nft == NULL))
			continue;
		(void)port_remove(link, l->device, &ignored);
		if (l->rules)
			rules_forward_remove(s, l->device, n->arena);
		network_drop(n, l);
	}
}

int lease_device(struct network *n, struct lease *l, struct err *e)
{
	unsigned char random[6];
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_set(e, errno, "cannot get random numbers");
	char name[IFNAMSIZ] = "ve";
	for (size_t i = 0; i < sizeof random; i++)
		(void)snprintf(name + 2 + 2 * i, 3, "%02x", random[i]);
	if (network_find(n, name) != NULL || link_index(name) != 0)
		return lease_device(n, l, e);
	memcpy(l->device, name, sizeof name);
	return 0;
}

static bool is_gateway(const struct spec *s, const struct subnet *at)
{
	for (size_t i = 0; i < s->gateway_count; i++)
		if (s->gateways[i].family == at->family && subnet_compare(&s->gateways[i], at) == 0)
			return true;
	return false;
}

int lease_address(const struct network *n, const struct spec *s, const struct spec_address *x, struct lease *l, struct err *e)
{
	struct subnet at = x->first;
	while (network_has(n, &at) || is_gateway(s, &at)) {
		if (subnet_compare(&at, &x->last) >= 0) {
			if (x->pool) {
				(void)err_set(e, EADDRNOTAVAIL, "all addresses of the network \"%s\", %s-%s, are in use",
					s->network, subnet_address(n->arena, &x->first), subnet_address(n->arena, &x->last));
				(void)err_hint(e, "bailey net show %s tells by whom", s->network);
			} else {
				(void)err_set(e, EADDRINUSE, "%s is the address of another sandbox", subnet_address(n->arena, &at));
			}
			return spec_at(e, x->line);
		}
		at = subnet_add(&at, 1);
	}
	l->at[at.family == AF_INET6] = at;
	return 0;
}

int lease_mac(const struct network *n, struct link *link, const struct spec *s, struct lease *l, struct err *e)
{
	if (s->mac != NULL) {
		if (frames_mac_read(s->mac, l->mac) < 0)
			(void)err_set(e, EINVAL, "\"%s\" is no hardware address of an interface", s->mac);
		else if (network_has_mac(n, l->mac))
			(void)err_set(e, EADDRINUSE, "%s is the hardware address of another sandbox", s->mac);
		else if (link_has_mac(link, s->bridge, l->mac))
			(void)err_set(e, EADDRINUSE, "%s is the hardware address of the bridge itself", s->mac);
		return e->code == 0 ? 0 : spec_at(e, s->mac_line);
	}
	do {
		if (getrandom(l->mac, sizeof l->mac, 0) != (ssize_t)sizeof l->mac)
			return err_set(e, errno, "cannot get random numbers");
		l->mac[0] = (unsigned char)((l->mac[0] & 0xfc) | 2); /* locally given, of one interface: IEEE 802 */
	} while (network_has_mac(n, l->mac));
	return 0;
}
