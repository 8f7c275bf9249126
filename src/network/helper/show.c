#include "network/helper/show.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/sys.h"
#include "base/write.h"
#include "network/helper/link.h"

enum { ADDRESS_TEXT = 64, RULES_MAX = 4 * 1024 * 1024, NOT_EXECUTED = 127 };

struct shown {
	const struct show *what;
	struct arena *arena;
	struct nl_cache *links, *addresses, *routes;
	const char *rules; /* what nft says; NULL: there is no nft */
};

/* ---- entering ---- */

/*
 * The kernel tells which user namespace the network's belongs to, and lets its maker in.  It may be our own, where root has made the
 * network; that one cannot be entered again.
 */
static int enter(int namespace, struct err *e)
{
	int owner = ioctl(namespace, NS_GET_USERNS);
	if (owner < 0 && errno != EPERM)
		return err_set(e, errno, "cannot tell whose the sandbox's network is");
	if (owner >= 0 && setns(owner, CLONE_NEWUSER) < 0 && errno != EINVAL)
		return err_set(e, errno, "cannot enter the user namespace of the sandbox's network");
	if (owner >= 0)
		(void)close(owner);
	return setns(namespace, CLONE_NEWNET) < 0 ? err_set(e, errno, "cannot enter the sandbox's network") : 0;
}

static _Noreturn void become_nft(const struct show *what, int out)
{
	char name[] = "nft", json[] = "-j", list[] = "list", ruleset[] = "ruleset", language[] = "LC_ALL=C";
	char *const plain[] = { name, list, ruleset, NULL }, *const as_json[] = { name, json, list, ruleset, NULL };
	char *const envp[] = { language, NULL };
	const uint64_t admin = UINT64_C(1) << CAP_NET_ADMIN;
	/* What setns(2) gave is lost with execve(2), unless it is ambient. */
	if (sys_capset(admin, admin, admin) == 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) == 0 &&
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && dup2(out, STDOUT_FILENO) >= 0)
		(void)execve(what->nft, what->json ? as_json : plain, envp);
	_exit(NOT_EXECUTED);
}

static int read_rules(struct shown *s, struct err *e)
{
	int ends[2], status = 0;
	size_t len = 0;
	if (s->what->nft == NULL)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, errno, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0)
		become_nft(s->what, ends[1]);
	(void)close(ends[1]);
	char *text = arena_alloc(s->arena, RULES_MAX + 1);
	for (ssize_t n = 1; pid > 0 && n > 0 && len<RULES_MAX; len += n> 0 ? (size_t)n : 0)
		n = read(ends[0], text + len, RULES_MAX - len);
	(void)close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, EIO, "nft cannot list the rules of the sandbox's network");
	text[len] = '\0';
	s->rules = text;
	return 0;
}

static int read_network(struct shown *s, struct err *e)
{
	struct link link;
	int r = link_open(&link, e);
	if (r < 0)
		return r;
	if (rtnl_link_alloc_cache(link.socket, AF_UNSPEC, &s->links) < 0 || rtnl_addr_alloc_cache(link.socket, &s->addresses) < 0 ||
		rtnl_route_alloc_cache(link.socket, AF_UNSPEC, 0, &s->routes) < 0)
		r = err_set(e, EIO, "the kernel does not tell what the sandbox's network has");
	link_close(&link);
	return r;
}

/* ---- text and JSON ---- */

/* An address, or "" for none; libnl says "none" then. */
static const char *address_text(struct nl_addr *at, char text[ADDRESS_TEXT])
{
	text[0] = '\0';
	if (at != NULL && nl_addr_get_len(at) > 0)
		(void)nl_addr2str(at, text, ADDRESS_TEXT);
	return text;
}

static struct rtnl_addr *next_address(const struct shown *s, struct nl_object **o, int index)
{
	do
		*o = *o == NULL ? nl_cache_get_first(s->addresses) : nl_cache_get_next(*o);
	while (*o != NULL && rtnl_addr_get_ifindex((struct rtnl_addr *)*o) != index);
	return (struct rtnl_addr *)*o;
}

/* One of the main table, that leads somewhere: not those of the kernel to its own addresses and groups. */
static struct rtnl_route *next_route(const struct shown *s, struct nl_object **o)
{
	const struct rtnl_route *r;
	do {
		*o = *o == NULL ? nl_cache_get_first(s->routes) : nl_cache_get_next(*o);
		r = (const struct rtnl_route *)*o;
	} while (r != NULL &&
		(rtnl_route_get_table((struct rtnl_route *)*o) != RT_TABLE_MAIN ||
			rtnl_route_get_type((struct rtnl_route *)*o) != RTN_UNICAST));
	return (struct rtnl_route *)*o;
}

struct route_words {
	char to[ADDRESS_TEXT], via[ADDRESS_TEXT], device[IF_NAMESIZE];
};

static void route_words(struct rtnl_route *r, struct route_words *ret)
{
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(r, 0);
	*ret = (struct route_words){ .to = "default" };
	if (rtnl_route_get_dst(r) != NULL && nl_addr_get_prefixlen(rtnl_route_get_dst(r)) > 0)
		(void)address_text(rtnl_route_get_dst(r), ret->to);
	if (hop == NULL)
		return;
	(void)address_text(rtnl_route_nh_get_gateway(hop), ret->via);
	(void)if_indextoname((unsigned)rtnl_route_nh_get_ifindex(hop), ret->device);
}

static void interface_json(const struct shown *s, struct json *j, struct rtnl_link *l)
{
	static const struct {
		const char *name;
		rtnl_link_stat_id_t id;
	} counters[] = { { "received", RTNL_LINK_RX_BYTES }, { "sent", RTNL_LINK_TX_BYTES },
		{ "received_packets", RTNL_LINK_RX_PACKETS }, { "sent_packets", RTNL_LINK_TX_PACKETS },
		{ "receive_errors", RTNL_LINK_RX_ERRORS }, { "send_errors", RTNL_LINK_TX_ERRORS } };
	char text[ADDRESS_TEXT];
	json_object(j, NULL);
	json_string(j, "name", rtnl_link_get_name(l));
	json_bool(j, "up", (rtnl_link_get_flags(l) & IFF_UP) != 0);
	json_uint(j, "mtu", rtnl_link_get_mtu(l));
	json_string(j, "mac", address_text(rtnl_link_get_addr(l), text));
	json_array(j, "addresses");
	struct nl_object *o = NULL;
	for (struct rtnl_addr *x = next_address(s, &o, rtnl_link_get_ifindex(l)); x != NULL;
		x = next_address(s, &o, rtnl_link_get_ifindex(l)))
		json_string(j, NULL, address_text(rtnl_addr_get_local(x), text));
	json_array_end(j);
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		json_uint(j, counters[i].name, rtnl_link_get_stat(l, counters[i].id));
	json_object_end(j);
}

static void write_json(const struct shown *s, struct buf *out)
{
	struct json j = { .out = out, .indent = true };
	struct route_words w;
	json_object(&j, NULL);
	json_string(&j, "sandbox", s->what->name);
	json_array(&j, "interfaces");
	for (struct nl_object *o = nl_cache_get_first(s->links); o != NULL; o = nl_cache_get_next(o))
		interface_json(s, &j, (struct rtnl_link *)o);
	json_array_end(&j);
	json_array(&j, "routes");
	struct nl_object *o = NULL;
	for (struct rtnl_route *r = next_route(s, &o); r != NULL; r = next_route(s, &o)) {
		route_words(r, &w);
		json_object(&j, NULL);
		json_string(&j, "to", w.to);
		json_string(&j, "via", w.via[0] != '\0' ? w.via : NULL);
		json_string(&j, "interface", w.device);
		json_object_end(&j);
	}
	json_array_end(&j);
	if (s->rules != NULL)
		json_raw(&j, "rules",
			arena_strndup(s->arena, s->rules, strcspn(s->rules, "\n"))); /* nft's own: libnftables-json(5) */
	else
		json_null(&j, "rules");
	json_object_end(&j);
	buf_putc(out, '\n');
}

static void interface_text(const struct shown *s, struct buf *out, struct rtnl_link *l)
{
	char text[ADDRESS_TEXT];
	const char *mac = address_text(rtnl_link_get_addr(l), text);
	buf_printf(out, "  %s: %s, MTU %u%s%s\n", rtnl_link_get_name(l), (rtnl_link_get_flags(l) & IFF_UP) != 0 ? "up" : "down",
		rtnl_link_get_mtu(l), mac[0] != '\0' ? ", " : "", mac);
	struct nl_object *o = NULL;
	for (struct rtnl_addr *x = next_address(s, &o, rtnl_link_get_ifindex(l)); x != NULL;
		x = next_address(s, &o, rtnl_link_get_ifindex(l)))
		buf_printf(out, "    %s\n", address_text(rtnl_addr_get_local(x), text));
	buf_printf(out, "    received %" PRIu64 " bytes in %" PRIu64 " packets, sent %" PRIu64 " in %" PRIu64 "\n",
		rtnl_link_get_stat(l, RTNL_LINK_RX_BYTES), rtnl_link_get_stat(l, RTNL_LINK_RX_PACKETS),
		rtnl_link_get_stat(l, RTNL_LINK_TX_BYTES), rtnl_link_get_stat(l, RTNL_LINK_TX_PACKETS));
}

static void write_text(const struct shown *s, struct buf *out)
{
	struct route_words w;
	buf_printf(out, "%s\nInterfaces\n", s->what->name);
	for (struct nl_object *o = nl_cache_get_first(s->links); o != NULL; o = nl_cache_get_next(o))
		interface_text(s, out, (struct rtnl_link *)o);
	buf_puts(out, "Routes\n");
	struct nl_object *o = NULL;
	for (struct rtnl_route *r = next_route(s, &o); r != NULL; r = next_route(s, &o)) {
		route_words(r, &w);
		buf_printf(out, "  %s%s%s by %s\n", w.to, w.via[0] != '\0' ? " via " : "", w.via, w.device);
	}
	buf_puts(out, "Rules\n");
	if (s->rules == NULL)
		buf_puts(out, "  not known: the program nft is not there\n");
	else if (s->rules[0] == '\0')
		buf_puts(out, "  none\n");
	for (const char *line = s->rules; line != NULL && *line != '\0';) {
		size_t len = strcspn(line, "\n");
		buf_printf(out, "  %.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

int show_network(const struct show *what, struct arena *a, struct err *e)
{
	struct shown s = { .what = what, .arena = a };
	struct buf out = { .arena = a };
	int r = enter(what->namespace, e);
	if (r == 0)
		r = read_network(&s, e);
	if (r == 0)
		r = read_rules(&s, e);
	if (r < 0)
		return r;
	if (what->json)
		write_json(&s, &out);
	else
		write_text(&s, &out);
	r = write_all(STDOUT_FILENO, buf_text(&out), out.len);
	return r == 0 ? 0 : err_set(e, -r, "cannot write to standard output");
}
