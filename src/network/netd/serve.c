#include "network/netd/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/networks.h"
#include "network/helper/leases.h"
#include "network/helper/port.h"
#include "network/permit.h"
#include "plan/networks.h"

enum { FILE_MAX = 1024 * 1024, TRIES = 8 };

/* ---- networks.conf ---- */

/* A file of root's that nobody else may write to; NULL with `e`. */
static const char *read_file(struct arena *a, const char *path, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		(void)err_set(e, errno, "cannot read %s", path);
		return NULL;
	}
	bool good =
		fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 && (st.st_mode & 0022) == 0 && st.st_size <= FILE_MAX;
	char *text = good ? arena_alloc(a, (size_t)st.st_size + 1) : NULL;
	ssize_t n = good ? pread(fd, text, (size_t)st.st_size, 0) : -1;
	(void)close(fd);
	if (n >= 0)
		return text;
	(void)err_set(e, EPERM, "%s is not a file of root's that nobody else may write to", path);
	return NULL;
}

static int refuse_network(const struct netd_request *wanted, struct err *e)
{
	(void)err_set(e, EPERM, "the network \"%s\" is not for this user", wanted->network);
	return err_hint(e, "an administrator names who may use it in " PLAN_NETWORKS_FILE ": users = [ \"NAME\" ]");
}

/* The network, when the peer may use it; the same words for one that there is not. NULL with `e`. */
static const struct network_def *find_network(
	struct arena *a, const struct peer *p, const struct netd_request *wanted, struct err *e)
{
	struct networks all;
	struct diags d = { .arena = a };
	const char *text = read_file(a, PLAN_NETWORKS_FILE, e);
	const char *passwd = text != NULL ? read_file(a, "/etc/passwd", e) : NULL;
	const char *group = passwd != NULL ? read_file(a, "/etc/group", e) : NULL;
	if (group == NULL)
		return NULL;
	networks_read(&all, &d, PLAN_NETWORKS_FILE, text);
	if (d.errors > 0) {
		(void)err_set(e, EINVAL, PLAN_NETWORKS_FILE " has mistakes");
		(void)err_hint(e, "bailey net list shows them");
		return NULL;
	}
	const struct network_def *def = networks_find(&all, wanted->network);
	if (def != NULL && permit_user(def, passwd, group, p->uid, p->groups, p->group_count))
		return def;
	(void)refuse_network(wanted, e);
	return NULL;
}

/* ---- what is wanted, as bailey-net's own specification ---- */

static int want_address(struct spec *s, const struct network_def *def, const struct netd_address *x, bool six, struct err *e)
{
	const struct network_range *r = &def->range[six];
	unsigned about = six ? ABOUT_IP6 : ABOUT_IP4;
	if (x->want == WANT_NO_ADDRESS)
		return 0;
	if (r->net.family == 0) {
		(void)err_set(e, EADDRNOTAVAIL, "the network \"%s\" has no %s addresses", def->name, six ? "IPv6" : "IPv4");
		return spec_at(e, about);
	}
	struct spec_address *to = &s->addresses[s->address_count++];
	*to = (struct spec_address){ .first = r->user_first, .last = r->user_last, .pool = true, .line = about };
	if (x->want == WANT_NEXT_ADDRESS)
		return 0;
	struct subnet at = r->net;
	memcpy(at.bytes, x->bytes, six ? 16 : 4);
	if (!subnet_contains(&r->net, &at) || subnet_compare(&at, &r->user_first) < 0 || subnet_compare(&at, &r->user_last) > 0 ||
		subnet_compare(&at, &r->gateway) == 0) {
		(void)err_set(e, EPERM, "that address is not one of those that users may have in the network \"%s\"", def->name);
		return spec_at(e, about);
	}
	to->first = to->last = at;
	to->pool = false;
	return 0;
}

static uint64_t lower(uint64_t wanted, uint64_t bound)
{
	return wanted == 0 || (bound != 0 && bound < wanted) ? bound : wanted;
}

static int make_spec(
	struct spec *s, struct arena *a, const struct network_def *def, const struct netd_request *wanted, struct err *e)
{
	*s = (struct spec){
		.network = def->name,
		.state = PLAN_NETWORKS_STATE,
		.bridge = def->device,
		.interface = wanted->interface,
		.bridge_line = ABOUT_NETWORK,
		.mac_line = ABOUT_MAC,
		.rate_in_line = ABOUT_RATE_IN,
		.rate_out_line = ABOUT_RATE_OUT,
		.rate_in = lower(wanted->rate_in, def->users.rate_in),
		.rate_out = lower(wanted->rate_out, def->users.rate_out),
	};
	for (size_t i = 0; i < 2; i++)
		if (def->range[i].net.family != 0)
			s->gateways[s->gateway_count++] = def->range[i].gateway;
	if ((wanted->flags & NETD_OWN_MAC) != 0) {
		char mac[MAC_TEXT];
		frames_mac_text(wanted->mac, mac);
		s->mac = arena_strdup(a, mac);
		if (!def->users.mac) {
			(void)err_set(e, EPERM, "users may not choose a hardware address in the network \"%s\"", def->name);
			(void)err_hint(e, "an administrator allows it in " PLAN_NETWORKS_FILE ": user_mac = true");
			return spec_at(e, ABOUT_MAC);
		}
	}
	int r = want_address(s, def, &wanted->at[0], false, e);
	return r == 0 ? want_address(s, def, &wanted->at[1], true, e) : r;
}

/* ---- the lease ---- */

static int check_network(struct link *link, const struct network *n, struct spec *s, struct err *e)
{
	/* Rules and forwarding take more than this service may do. */
	if (!network_marked(n, "up") || !link_is_bridge(link, s->bridge)) {
		(void)err_set(e, ENETDOWN, "the network \"%s\" is not up", s->network);
		(void)err_hint(e, "an administrator does that: bailey net up %s", s->network);
		return spec_at(e, ABOUT_NETWORK);
	}
	/* A bridge has the smallest of its ports': one user's choice would be everybody's. */
	s->mtu = link_mtu(s->bridge);
	return 0;
}

static int check_count(const struct network *n, const struct network_def *def, uid_t uid, struct err *e)
{
	unsigned count = 0;
	for (size_t i = 0; i < n->count; i++)
		count += n->leases[i].uid == uid;
	if (count < def->users.interfaces)
		return 0;
	(void)err_set(e, EUSERS, "this user has %u interface%s in the network \"%s\" already, and may have no more", count,
		count > 1 ? "s" : "", def->name);
	return spec_at(e, ABOUT_NETWORK);
}

static int choose(struct network *n, struct link *link, const struct spec *s, const struct peer *p, struct lease *l, struct err *e)
{
	int r = state_process(&l->process, p->pid) < 0 ? err_set(e, ESRCH, "the caller is gone") : lease_device(n, l, e);
	l->uid = p->uid;
	for (size_t i = 0; i < s->address_count && r == 0; i++)
		r = lease_address(n, s, &s->addresses[i], l, e);
	return r == 0 ? lease_mac(n, link, s, l, e) : r;
}

/* What is set aside is written down before it is made: a service that is killed in between leaves a lease, and no interface without one. */
static int lease(struct link *link, struct arena *a, const struct network_def *def, struct spec *s, const struct peer *p,
	const char *name, struct lease *ret, struct err *e)
{
	struct network n;
	int r = network_open(&n, a, s->state, s->network, e);
	if (r == 0)
		r = check_network(link, &n, s, e);
	if (r == 0) {
		leases_sweep(&n, link, s);
		r = check_count(&n, def, p->uid, e);
	}
	if (r == 0)
		r = choose(&n, link, s, p, ret, e);
	if (r == 0) {
		struct lease *l = network_add(&n);
		*l = *ret;
		network_name(&n, l, name);
		*ret = *l;
		r = network_save(&n, e);
	}
	network_close(&n);
	return r;
}

static int plug(struct link *link, struct arena *a, const struct spec *s, const struct lease *l, int namespace, struct err *e)
{
	const char *alias = arena_printf(a, "bailey: %s on %s, of user %u", l->name, s->network, (unsigned)l->uid);
	int r = link_make_pair(link, l->device, link_index(s->bridge), alias, namespace, l->mac, s, e);
	if (r == -EEXIST) /* the name is new on this side */
		r = err_set(e, EEXIST, "the sandbox has an interface of that name already");
	if (r == 0)
		r = port_guard(link, l->device, l->mac, l->at, s, e);
	return r == 0 ? link_up(link, link_index(l->device), e) : r;
}

static void fill(struct netd_answer *answer, const struct lease *l)
{
	(void)snprintf(answer->device, sizeof answer->device, "%s", l->device);
	(void)snprintf(answer->name, sizeof answer->name, "%s", l->name);
	memcpy(answer->mac, l->mac, MAC_BYTES);
	for (size_t i = 0; i < 2; i++) {
		if (l->at[i].family == 0)
			continue;
		answer->at[i].want = WANT_THIS_ADDRESS;
		answer->at[i].prefix = l->at[i].prefix;
		memcpy(answer->at[i].bytes, l->at[i].bytes, i == 1 ? 16 : 4);
	}
}

static int serve_network(struct link *link, struct arena *a, const struct network_def *def, const struct peer *p,
	const struct netd_request *wanted, int namespace, struct netd_answer *answer, struct served *ret, struct err *e)
{
	struct spec s;
	struct lease l = { .name = "-" };
	int r = make_spec(&s, a, def, wanted, e);
	if (r == 0)
		r = lease(link, a, def, &s, p, wanted->name, &l, e);
	if (r < 0)
		return r;
	(void)snprintf(ret->network, sizeof ret->network, "%s", def->name);
	memcpy(ret->device, l.device, sizeof ret->device);
	r = plug(link, a, &s, &l, namespace, e);
	if (r == 0)
		fill(answer, &l);
	return r;
}

int serve(struct link *link, const struct peer *p, const struct netd_request *wanted, int namespace, struct netd_answer *answer,
	struct served *ret, struct err *e)
{
	struct arena a = { 0 };
	*ret = (struct served){ .device = "" };
	int r = peer_owns(p, namespace, e);
	const struct network_def *def = r == 0 ? find_network(&a, p, wanted, e) : NULL;
	r = def != NULL ? serve_network(link, &a, def, p, wanted, namespace, answer, ret, e) : spec_at(e, ABOUT_NETWORK);
	if (r < 0)
		serve_end(link, ret);
	arena_free(&a);
	return r;
}

void serve_end(struct link *link, struct served *s)
{
	struct arena a = { 0 };
	struct network n;
	struct err ignored = { 0 };
	if (s->device[0] == '\0')
		return;
	(void)port_remove(link, s->device, &ignored);
	if (network_open(&n, &a, PLAN_NETWORKS_STATE, s->network, &ignored) == 0) {
		struct lease *l = network_find(&n, s->device);
		if (l != NULL)
			network_drop(&n, l);
		(void)network_save(&n, &ignored);
	}
	network_close(&n);
	arena_free(&a);
	s->device[0] = '\0';
}
