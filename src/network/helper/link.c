#include "network/helper/link.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The answer of the kernel as it is: libnl makes fewer kinds of errors out of it, and drops the words. */
static int note_error(struct sockaddr_nl *from, struct nlmsgerr *said, void *data)
{
	struct link *l = data;
	const struct nlmsghdr *head = (const struct nlmsghdr *)(const void *)((const char *)said - NLMSG_HDRLEN);
	(void)from;
	l->error = said->error < 0 ? -said->error : said->error;
	l->words[0] = '\0';
	if ((head->nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
		size_t at = sizeof *said;
		if ((head->nlmsg_flags & NLM_F_CAPPED) == 0)
			at += said->msg.nlmsg_len - NLMSG_HDRLEN;
		int left = (int)(head->nlmsg_len - NLMSG_HDRLEN - at);
		const struct nlattr *words =
			nla_find((const struct nlattr *)(const void *)((const char *)said + at), left, NLMSGERR_ATTR_MSG);
		if (words != NULL)
			(void)snprintf(l->words, sizeof l->words, "%.*s", nla_len(words), (const char *)nla_data(words));
	}
	return NL_STOP;
}

static int fail(const struct link *l, int r, struct err *e, const char *what)
{
	int error = l->error != 0 ? l->error : r == -NLE_NOMEM ? ENOMEM : EIO;
	if (l->words[0] != '\0')
		return err_set(e, error, "%s: %s", what, l->words);
	return err_set(e, error, "%s", what);
}

int link_open(struct link *l, struct err *e)
{
	int yes = 1;
	*l = (struct link){ .socket = nl_socket_alloc() };
	if (l->socket == NULL)
		return err_set(e, ENOMEM, "cannot speak to the kernel's network");
	int r = nl_connect(l->socket, NETLINK_ROUTE);
	if (r < 0)
		return err_set(e, errno, "cannot speak to the kernel's network");
	int fd = nl_socket_get_fd(l->socket);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
	(void)nl_socket_modify_err_cb(l->socket, NL_CB_CUSTOM, note_error, l);
	return 0;
}

void link_close(struct link *l)
{
	nl_socket_free(l->socket);
	l->socket = NULL;
}

static void begin(struct link *l)
{
	l->error = 0;
	l->words[0] = '\0';
}

int link_send(struct link *l, struct nl_msg *m, struct err *e, const char *what)
{
	begin(l);
	int r = nl_send_sync(l->socket, m);
	return r < 0 ? fail(l, r, e, what) : 0;
}

unsigned link_index(const char *name)
{
	return if_nametoindex(name);
}

unsigned link_mtu(const char *name)
{
	struct ifreq what = { .ifr_mtu = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)snprintf(what.ifr_name, sizeof what.ifr_name, "%s", name);
	bool known = fd >= 0 && ioctl(fd, SIOCGIFMTU, &what) == 0;
	if (fd >= 0)
		(void)close(fd);
	return known ? (unsigned)what.ifr_mtu : 0;
}

bool link_is_bridge(struct link *l, const char *name)
{
	struct rtnl_link *found = NULL;
	begin(l);
	bool is = rtnl_link_get_kernel(l->socket, 0, name, &found) == 0 && rtnl_link_is_bridge(found) != 0;
	rtnl_link_put(found);
	return is;
}

int link_make_bridge(struct link *l, const char *name, struct err *e)
{
	struct rtnl_link *bridge = rtnl_link_bridge_alloc();
	begin(l);
	int r = bridge != NULL ? 0 : -NLE_NOMEM;
	if (r == 0) {
		rtnl_link_set_name(bridge, name);
		rtnl_link_set_flags(bridge, IFF_UP);
		r = rtnl_link_add(l->socket, bridge, NLM_F_CREATE | NLM_F_EXCL);
	}
	rtnl_link_put(bridge);
	return r < 0 ? fail(l, r, e, "cannot make the bridge") : 0;
}

int link_make_queue(struct link *l, const char *name, struct err *e)
{
	struct rtnl_link *queue = rtnl_link_alloc();
	begin(l);
	int r = queue != NULL ? rtnl_link_set_type(queue, "ifb") : -NLE_NOMEM;
	if (r == 0) {
		rtnl_link_set_name(queue, name);
		rtnl_link_set_flags(queue, IFF_UP);
		r = rtnl_link_add(l->socket, queue, NLM_F_CREATE | NLM_F_EXCL);
	}
	rtnl_link_put(queue);
	if (r < 0 && fail(l, r, e, "cannot make a queue for what the sandbox sends") == -EOPNOTSUPP)
		return err_hint(e, "the kernel needs the module ifb");
	return r < 0 ? -e->code : 0;
}

int link_remove(struct link *l, const char *name, struct err *e)
{
	struct rtnl_link *gone = rtnl_link_alloc();
	begin(l);
	int r = gone != NULL ? 0 : -NLE_NOMEM;
	if (r == 0) {
		rtnl_link_set_name(gone, name);
		r = rtnl_link_delete(l->socket, gone);
	}
	rtnl_link_put(gone);
	return r < 0 && l->error != ENODEV ? fail(l, r, e, "cannot remove an interface") : 0;
}

static int set_mac(struct rtnl_link *link, const unsigned char *bytes)
{
	struct nl_addr *mac = nl_addr_build(AF_LLC, bytes, MAC_BYTES);
	if (mac == NULL)
		return -NLE_NOMEM;
	rtnl_link_set_addr(link, mac);
	nl_addr_put(mac);
	return 0;
}

bool link_has_mac(struct link *l, const char *name, const unsigned char mac[MAC_BYTES])
{
	struct rtnl_link *found = NULL;
	begin(l);
	const struct nl_addr *its = rtnl_link_get_kernel(l->socket, 0, name, &found) == 0 ? rtnl_link_get_addr(found) : NULL;
	bool same = its != NULL && nl_addr_get_len(its) == MAC_BYTES && memcmp(nl_addr_get_binary_addr(its), mac, MAC_BYTES) == 0;
	rtnl_link_put(found);
	return same;
}

int link_make_pair(struct link *l, const char *name, unsigned bridge, const char *alias, int namespace,
	const unsigned char mac[MAC_BYTES], const struct spec *s, struct err *e)
{
	struct rtnl_link *pair = rtnl_link_veth_alloc(), *peer = pair != NULL ? rtnl_link_veth_get_peer(pair) : NULL;
	char inside[IFNAMSIZ];
	begin(l);
	(void)snprintf(inside, sizeof inside, "eth%u", s->interface);
	int r = peer != NULL ? 0 : -NLE_NOMEM;
	if (r == 0) {
		rtnl_link_set_name(pair, name);
		rtnl_link_set_ifalias(pair, alias);
		rtnl_link_set_master(pair, (int)bridge);
		rtnl_link_set_name(peer, inside);
		rtnl_link_set_ns_fd(peer, namespace);
		r = set_mac(peer, mac);
		if (s->mtu != 0) {
			rtnl_link_set_mtu(peer, s->mtu);
			rtnl_link_set_mtu(pair, s->mtu);
		}
	}
	if (r == 0)
		r = rtnl_link_add(l->socket, pair, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(peer);
	rtnl_link_put(pair);
	if (r == 0)
		return 0;
	if (l->error == EEXIST)
		return -EEXIST;
	(void)fail(l, r, e, "cannot make the interface");
	return spec_at(e, l->error == EINVAL && s->mtu_line != 0 ? s->mtu_line : s->bridge_line);
}

int link_add_address(struct link *l, unsigned index, const struct subnet *at, struct err *e)
{
	struct rtnl_addr *address = rtnl_addr_alloc();
	struct nl_addr *local = nl_addr_build(at->family, at->bytes, subnet_bits(at->family) / 8), *all = NULL;
	begin(l);
	int r = address != NULL && local != NULL ? 0 : -NLE_NOMEM;
	if (r == 0) {
		nl_addr_set_prefixlen(local, (int)at->prefix);
		rtnl_addr_set_ifindex(address, (int)index);
		r = rtnl_addr_set_local(address, local);
	}
	if (r == 0 && at->family == AF_INET6)
		rtnl_addr_set_flags(address, IFA_F_NODAD);
	if (r == 0 && at->family == AF_INET && at->prefix < 31) {
		struct subnet last = subnet_last(at);
		all = nl_addr_build(AF_INET, last.bytes, 4);
		r = all != NULL ? rtnl_addr_set_broadcast(address, all) : -NLE_NOMEM;
	}
	if (r == 0)
		r = rtnl_addr_add(l->socket, address, 0);
	nl_addr_put(all);
	nl_addr_put(local);
	rtnl_addr_put(address);
	if (r >= 0 || l->error == EEXIST)
		return 0;
	(void)fail(l, r, e, "cannot give the interface its address");
	if (at->family == AF_INET6 && (e->code == EACCES || e->code == EOPNOTSUPP || e->code == EPERM))
		(void)err_hint(e, "this machine has IPv6 turned off; turn it on, or take the addresses of IPv6 away");
	return -e->code;
}

static int change(struct link *l, unsigned index, unsigned mtu, unsigned packets, unsigned flags, struct err *e, const char *what)
{
	struct rtnl_link *which = rtnl_link_alloc(), *change = rtnl_link_alloc();
	begin(l);
	int r = which != NULL && change != NULL ? 0 : -NLE_NOMEM;
	if (r == 0) {
		rtnl_link_set_ifindex(which, (int)index);
		if (mtu != 0)
			rtnl_link_set_mtu(change, mtu);
		if (packets != 0)
			rtnl_link_set_txqlen(change, packets);
		if (flags != 0)
			rtnl_link_set_flags(change, flags);
		r = rtnl_link_change(l->socket, which, change, 0);
	}
	rtnl_link_put(change);
	rtnl_link_put(which);
	return r < 0 ? fail(l, r, e, what) : 0;
}

int link_set_mtu(struct link *l, unsigned index, unsigned mtu, struct err *e)
{
	return change(l, index, mtu, 0, 0, e, "cannot set the size of packets");
}

int link_set_queue(struct link *l, unsigned index, unsigned packets, struct err *e)
{
	return change(l, index, 0, packets, 0, e, "cannot set the length of the interface's queue");
}

int link_up(struct link *l, unsigned index, struct err *e)
{
	return change(l, index, 0, 0, IFF_UP, e, "cannot set the interface up");
}

int link_add_route(struct link *l, unsigned index, unsigned table, const struct subnet *gateway, struct err *e)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *to = nl_addr_build(gateway->family, NULL, 0);
	struct nl_addr *via = nl_addr_build(gateway->family, gateway->bytes, subnet_bits(gateway->family) / 8);
	begin(l);
	int r = route != NULL && hop != NULL && to != NULL && via != NULL ? 0 : -NLE_NOMEM;
	if (r == 0) {
		(void)rtnl_route_set_family(route, (uint8_t)gateway->family);
		rtnl_route_set_table(route, table != 0 ? table : RT_TABLE_MAIN);
		r = rtnl_route_set_dst(route, to);
		rtnl_route_nh_set_ifindex(hop, (int)index);
		rtnl_route_nh_set_gateway(hop, via);
		rtnl_route_add_nexthop(route, hop); /* which owns it then */
		hop = NULL;
	}
	if (r == 0)
		r = rtnl_route_add(l->socket, route, NLM_F_CREATE | NLM_F_EXCL);
	if (hop != NULL)
		rtnl_route_nh_free(hop);
	nl_addr_put(via);
	nl_addr_put(to);
	rtnl_route_put(route);
	return r < 0 ? fail(l, r, e, "cannot make the default route") : 0;
}

int link_add_rule(struct link *l, const struct subnet *from, unsigned table, struct err *e)
{
	struct rtnl_rule *rule = rtnl_rule_alloc();
	struct nl_addr *sender = nl_addr_build(from->family, from->bytes, subnet_bits(from->family) / 8);
	begin(l);
	int r = rule != NULL && sender != NULL ? 0 : -NLE_NOMEM;
	if (r == 0) {
		rtnl_rule_set_family(rule, from->family);
		rtnl_rule_set_table(rule, table);
		rtnl_rule_set_action(rule, FR_ACT_TO_TBL);
		r = rtnl_rule_set_src(rule, sender);
	}
	if (r == 0)
		r = rtnl_rule_add(l->socket, rule, NLM_F_CREATE | NLM_F_EXCL);
	nl_addr_put(sender);
	rtnl_rule_put(rule);
	return r < 0 ? fail(l, r, e, "cannot make the rule for forwarded ports") : 0;
}
