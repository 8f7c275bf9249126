#include "network/helper/port.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

#include "network/helper/rules.h"
#include "plan/networks.h"

/* Order of the filters: what one does not match goes to the next. */
enum { ALLOWED = 1, THE_REST = 2 };

enum { INGRESS = 0xffff0000U, MTU = 1500, QUEUE_MIN = 16000 };

/* ---- messages of rtnetlink(7) about traffic control ---- */

static struct nl_msg *begin(int type, unsigned index, uint32_t parent, uint32_t handle, uint32_t info, const char *kind)
{
	struct tcmsg head = {
		.tcm_family = AF_UNSPEC, .tcm_ifindex = (int)index, .tcm_parent = parent, .tcm_handle = handle, .tcm_info = info
	};
	struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_CREATE | NLM_F_EXCL);
	if (m != NULL && nlmsg_append(m, &head, sizeof head, NLMSG_ALIGNTO) == 0 && nla_put_string(m, TCA_KIND, kind) == 0)
		return m;
	nlmsg_free(m);
	return NULL;
}

/* The message goes with it. `lacks` is what a kernel without it has not been built with. */
static int finish(struct link *l, struct nl_msg *m, int made, const char *what, const char *lacks, struct err *e)
{
	if (m == NULL || made < 0) {
		nlmsg_free(m);
		return err_set(e, ENOMEM, "%s", what);
	}
	if (link_send(l, m, e, what) == 0)
		return 0;
	if (e->code == ENOENT || e->code == EOPNOTSUPP)
		(void)err_hint(e, "the kernel needs the module %s", lacks);
	return -e->code;
}

static int take_what_comes_in(struct link *l, unsigned index, struct err *e)
{
	struct nl_msg *m = begin(RTM_NEWQDISC, index, TC_H_INGRESS, INGRESS, 0, "ingress");
	return finish(l, m, 0, "cannot look at what the sandbox sends", "sch_ingress", e);
}

static int put_program(struct nl_msg *m, const struct sock_filter *code, size_t count)
{
	int r = nla_put_u16(m, TCA_BPF_OPS_LEN, (uint16_t)count);
	return r == 0 ? nla_put(m, TCA_BPF_OPS, (int)(count * sizeof *code), code) : r;
}

/* tc-mirred(8): goes to the other interface, and comes back from there. */
static int put_detour(struct nl_msg *m, unsigned to)
{
	struct tc_mirred where = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = to };
	struct nlattr *all = nla_nest_start(m, TCA_BPF_ACT), *first = nla_nest_start(m, 1);
	int r = nla_put_string(m, TCA_ACT_KIND, "mirred");
	struct nlattr *options = nla_nest_start(m, TCA_ACT_OPTIONS);
	if (r == 0)
		r = nla_put(m, TCA_MIRRED_PARMS, sizeof where, &where);
	if (r < 0 || all == NULL || first == NULL || options == NULL)
		return -1;
	(void)nla_nest_end(m, options);
	(void)nla_nest_end(m, first);
	(void)nla_nest_end(m, all);
	return 0;
}

/* Frames for which the program returns something else than 0 pass, by way of the interface `detour` unless that is 0. */
static int let_pass(struct link *l, unsigned index, const struct frames *f, unsigned detour, struct err *e)
{
	struct nl_msg *m = begin(RTM_NEWTFILTER, index, INGRESS, 0, TC_H_MAKE((uint32_t)ALLOWED << 16, htons(ETH_P_ALL)), "bpf");
	struct nlattr *options = m != NULL ? nla_nest_start(m, TCA_OPTIONS) : NULL;
	int r = options != NULL ? put_program(m, f->code, f->count) : -1;
	if (r == 0 && detour != 0)
		r = put_detour(m, detour);
	if (r == 0)
		(void)nla_nest_end(m, options);
	return finish(l, m, r, "cannot filter what the sandbox sends", detour != 0 ? "cls_bpf and act_mirred" : "cls_bpf", e);
}

static int drop_the_rest(struct link *l, unsigned index, struct err *e)
{
	static const struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, TC_ACT_SHOT);
	struct nl_msg *m = begin(RTM_NEWTFILTER, index, INGRESS, 0, TC_H_MAKE((uint32_t)THE_REST << 16, htons(ETH_P_ALL)), "bpf");
	struct nlattr *options = m != NULL ? nla_nest_start(m, TCA_OPTIONS) : NULL;
	int r = options != NULL ? put_program(m, &drop, 1) : -1;
	if (r == 0)
		r = nla_put_u32(m, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	if (r == 0)
		(void)nla_nest_end(m, options);
	return finish(l, m, r, "cannot filter what the sandbox sends", "cls_bpf", e);
}

/*
 * tc-tbf(8): what leaves by the interface waits.  20 ms of it may leave at once, or `least` bytes, and 100 ms may wait, or `waiting` bytes;
 * the kernel takes its larger packets apart for that, where they are its own.
 */
static int limit(struct link *l, unsigned index, uint64_t bits, uint32_t least, uint32_t waiting, struct err *e)
{
	uint64_t rate = bits / 8;
	uint32_t burst = (uint32_t)(rate / 50);
	if (burst < least)
		burst = least;
	if (waiting < rate / 10)
		waiting = (uint32_t)(rate / 10);
	struct tc_tbf_qopt q = { .limit = burst + waiting };
	q.rate.linklayer = TC_LINKLAYER_ETHERNET;
	q.rate.rate = (uint32_t)rate;
	struct nl_msg *m = begin(RTM_NEWQDISC, index, TC_H_ROOT, 0, 0, "tbf");
	struct nlattr *options = m != NULL ? nla_nest_start(m, TCA_OPTIONS) : NULL;
	int r = options != NULL ? nla_put(m, TCA_TBF_PARMS, sizeof q, &q) : -1;
	if (r == 0)
		r = nla_put_u32(m, TCA_TBF_BURST, burst);
	if (r == 0)
		(void)nla_nest_end(m, options);
	return finish(l, m, r, "cannot limit the sandbox's network", "sch_tbf", e);
}

static uint32_t two_packets(const struct spec *s)
{
	return 2 * (s->mtu != 0 ? s->mtu : MTU);
}

/* ---- one interface ---- */

/* "ve0123..." has "vi0123..." beside it, where what the sandbox sends waits. */
static void waiting_room(const char *name, char ret[IFNAMSIZ])
{
	(void)snprintf(ret, IFNAMSIZ, "vi%s", name + 2);
}

static int limit_out(struct link *l, const char *name, const struct spec *s, unsigned *ret_detour, struct err *e)
{
	char room[IFNAMSIZ];
	waiting_room(name, room);
	int r = link_make_queue(l, room, e);
	*ret_detour = r == 0 ? link_index(room) : 0;
	return r == 0 ? limit(l, *ret_detour, s->rate_out, two_packets(s), QUEUE_MIN, e) : r;
}

int port_guard(struct link *l, const char *name, const unsigned char mac[MAC_BYTES], const struct subnet at[2],
	const struct spec *s, struct err *e)
{
	struct frames allowed;
	unsigned index = link_index(name), detour = 0;
	frames_allow(&allowed, mac, at);
	if (index == 0)
		return err_set(e, ENODEV, "the interface is gone");
	if (s->rate_in != 0 && limit(l, index, s->rate_in, two_packets(s), QUEUE_MIN, e) < 0)
		return spec_at(e, s->rate_in_line);
	if (s->rate_out != 0 && limit_out(l, name, s, &detour, e) < 0)
		return spec_at(e, s->rate_out_line);
	int r = take_what_comes_in(l, index, e);
	if (r == 0)
		r = drop_the_rest(l, index, e);
	if (r == 0)
		r = let_pass(l, index, &allowed, detour, e);
	return r == 0 ? 0 : spec_at(e, detour != 0 ? s->rate_out_line : s->bridge_line);
}

int port_remove(struct link *l, const char *name, struct err *e)
{
	char room[IFNAMSIZ];
	waiting_room(name, room);
	int r = link_remove(l, name, e), queue = link_index(room) != 0 ? link_remove(l, room, e) : 0;
	return r < 0 ? r : queue;
}

/* ---- pasta's ---- */

/*
 * What so many connections have on their way is not dropped: pasta knows of no selective acknowledgement, and each loss costs it dear.
 * A sender of the kernel's has about so many bytes in the queues of its own machine (ip-sysctl, tcp_limit_output_bytes).
 */
enum { CONNECTIONS = 16, SENT_AT_ONCE = 131072, TAP_PACKETS = 65536 };

/*
 * pasta sends as much as the sandbox has room for, and when one of its packets is dropped sends all again that came after it, or
 * waits for seconds: so it is not to meet a full queue.  The window of a connection is bounded (tcp(7), tcp_rmem, of this network
 * namespace; half of it is the window), and what many connections have on their way fits into the queue.
 */
static int bound_windows(uint64_t bits, uint32_t *ret_waiting, struct err *e)
{
	enum { WINDOW_MIN = 65536, TO_MAKE_UP = 25 }; /* 40 ms on the way, more than from here to pasta */
	char text[64];
	uint64_t window = bits / 8 / TO_MAKE_UP;
	if (window < WINDOW_MIN)
		window = WINDOW_MIN;
	if (window > INT32_MAX / 4 / CONNECTIONS)
		window = INT32_MAX / 4 / CONNECTIONS;
	(void)snprintf(text, sizeof text, "4096 %" PRIu64 " %" PRIu64, (uint64_t)WINDOW_MIN, 2 * window);
	int r = rules_switch("/proc/sys/net/ipv4/tcp_rmem", text);
	*ret_waiting = (uint32_t)(CONNECTIONS * window);
	return r < 0 ? err_set(e, -r, "cannot bound what is on its way to the sandbox: /proc/sys/net/ipv4/tcp_rmem") : 0;
}

static int limit_in(struct link *l, unsigned index, uint64_t bits, struct err *e)
{
	/* pasta(1) hands datagrams over whole, however large they are: those have to fit. */
	enum { FRAME_MAX = UINT16_MAX + ETH_HLEN };
	const struct frames all = { .code = { BPF_STMT(BPF_RET | BPF_K, UINT32_MAX) }, .count = 1 };
	uint32_t waiting = 0;
	int r = bound_windows(bits, &waiting, e);
	if (r == 0)
		r = link_make_queue(l, PLAN_RATED_QUEUE, e);
	unsigned detour = r == 0 ? link_index(PLAN_RATED_QUEUE) : 0;
	if (r == 0)
		r = limit(l, detour, bits, FRAME_MAX, waiting, e);
	if (r == 0)
		r = take_what_comes_in(l, index, e);
	return r == 0 ? let_pass(l, index, &all, detour, e) : r;
}

int port_limit(struct link *l, const char *name, uint64_t in, uint64_t out, struct err *e)
{
	unsigned index = link_index(name);
	int r = index == 0 ? err_set(e, ENODEV, "the interface %s is gone", name) : 0;
	/* pasta says that it has room for some 5 MB of each connection, more than the kernel's 1000 packets: the rest would be lost. */
	if (r == 0)
		r = link_set_queue(l, index, TAP_PACKETS, e);
	if (r == 0 && out != 0)
		r = limit(l, index, out, 2 * link_mtu(name), CONNECTIONS * SENT_AT_ONCE, e);
	return r == 0 && in != 0 ? limit_in(l, index, in, e) : r;
}
