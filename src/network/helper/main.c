/*
 * bailey-net up|down|run < SPEC
 * bailey-net show text|json NFT NAME < NAMESPACE
 * bailey-net limit INTERFACE IN OUT
 *
 * Makes and removes networks, and the interface of one sandbox in them.  The only program of bailey that is linked with libnl;
 * started by root for what needs it.  `up` and `down` say one line on standard error when they fail, status 1.
 *
 * `run` serves one sandbox, from before the launcher gives root's rights up until the sandbox has ended.  It speaks with the launcher over
 * descriptor 3, in messages: it says "ok" once the network is up and addresses are set aside; it is told "PID NAME", the first
 * process and the name of the sandbox; it says "ok" once that is connected, by each interface.  A failure is "error LINE TEXT", and "\n" and
 * a hint; LINE is that of the spec.  The end of the launcher is the end of the socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "network/helper/inside.h"
#include "network/helper/leases.h"
#include "network/helper/port.h"
#include "network/helper/rules.h"
#include "network/helper/service.h"
#include "network/helper/shared.h"
#include "network/helper/show.h"
#include "network/helper/spec.h"
#include "network/helper/state.h"

enum { SOCKET = 3, MESSAGE_MAX = 1200, TRIES = 8, GONE_MS = 10000 };

/* One interface, or the network that is to be changed. */
struct helper {
	struct arena arena;
	struct spec spec;
	struct link link;
	pid_t launcher;
	char device[IFNAMSIZ]; /* names our lease */
	int sandbox; /* pidfd, or -1 */
	int service; /* connection, or -1 */
};

/* ---- the network ---- */

static int make_bridge(struct helper *h, struct network *n, struct err *e)
{
	const struct spec *s = &h->spec;
	int r = network_mark(n, "made", e);
	if (r == 0)
		r = link_make_bridge(&h->link, s->bridge, e);
	/* Nothing in a sandbox tells the host which way to send its packets. */
	if (r == 0)
		(void)rules_switch(arena_printf(&h->arena, "/proc/sys/net/ipv6/conf/%s/accept_ra", s->bridge), "0");
	return r;
}

/*
 * A network that leads outside, or in, has the kernel forward packets; from then on those that lead nowhere have to be shut.  A bridge that was
 * there before is somebody else's business.
 */
static int make_rules(struct helper *h, struct network *n, struct err *e)
{
	const struct spec *s = &h->spec;
	bool leads = s->masquerade_count > 0 || s->forward_count > 0;
	const char *mark = leads ? "rules" : "shut";
	if (!leads && (s->nft == NULL || !network_marked(n, "made")))
		return 0;
	/* With others on it the rules are there; without, somebody may have flushed them. */
	if (n->count > 0 && (network_marked(n, mark) || network_marked(n, "rules")))
		return 0;
	int r = network_mark(n, mark, e);
	return r == 0 ? rules_network(n, s, &h->arena, e) : r;
}

static int bring_up(struct helper *h, struct network *n, struct err *e)
{
	const struct spec *s = &h->spec;
	int r = 0;
	if (link_index(s->bridge) == 0 && !s->create)
		r = err_set(e, ENODEV, "there is no bridge \"%s\"", s->bridge);
	else if (link_index(s->bridge) == 0)
		r = make_bridge(h, n, e);
	else if (!link_is_bridge(&h->link, s->bridge))
		r = err_set(e, 0, "\"%s\" is an interface, but no bridge", s->bridge);
	if (r == 0)
		r = network_note_device(n, s->bridge, e);
	unsigned index = link_index(s->bridge);
	/* The addresses of a bridge that was there before are somebody else's business. */
	for (size_t i = 0; r == 0 && i < s->gateway_count && network_marked(n, "made"); i++) {
		r = link_add_address(&h->link, index, &s->gateways[i], e);
		if (r < 0)
			return spec_at(e, s->gateway_lines[i]);
	}
	if (r == 0)
		r = make_rules(h, n, e);
	return r == 0 ? 0 : spec_at(e, s->bridge_line);
}

/* Unless somebody uses it. */
static void take_down(struct helper *h, struct network *n)
{
	struct err ignored = { 0 };
	if (n->count > 0 || network_marked(n, "up"))
		return;
	if (network_marked(n, "rules") || network_marked(n, "shut"))
		rules_network_remove(&h->spec, &h->arena);
	if (network_marked(n, "rules"))
		shared_forward_end(n);
	if (network_marked(n, "made"))
		(void)link_remove(&h->link, h->spec.bridge, &ignored);
	network_forget(n);
}

static int up(struct helper *h, struct err *e)
{
	struct network n;
	int r = network_open(&n, &h->arena, h->spec.state, h->spec.network, e);
	if (r == 0) {
		leases_sweep(&n, &h->link, &h->spec);
		r = bring_up(h, &n, e);
		if (r == 0)
			r = network_mark(&n, "up", e);
		if (r == 0)
			r = network_save(&n, e);
		if (r < 0)
			take_down(h, &n);
	}
	network_close(&n);
	return r;
}

static int down(struct helper *h, struct err *e)
{
	struct network n;
	int r = network_open(&n, &h->arena, h->spec.state, h->spec.network, e);
	if (r == 0) {
		leases_sweep(&n, &h->link, &h->spec);
		if (n.count > 0) {
			r = err_set(
				e, EBUSY, "the network \"%s\" is used by %zu sandbox%s", n.name, n.count, n.count > 1 ? "es" : "");
			(void)err_hint(e, "bailey net show %s names them", n.name);
			(void)network_save(&n, e);
		} else {
			network_unmark(&n, "up");
			take_down(h, &n);
		}
	}
	network_close(&n);
	return r;
}

/* ---- one sandbox ---- */

/* The network is up, and what the sandbox will have is set aside for it. */
static int begin(struct helper *h, struct err *e)
{
	const struct spec *s = &h->spec;
	struct network n;
	if (s->service != NULL)
		return 0; /* all at once, when there is a sandbox */
	int r = network_open(&n, &h->arena, s->state, s->network, e);
	if (r == 0) {
		leases_sweep(&n, &h->link, &h->spec);
		r = bring_up(h, &n, e);
	}
	/* Counts only once it is whole: a lease that others choose beside must not have half of its addresses. */
	struct lease l = { .rules = s->forward_count > 0, .name = "-" };
	if (r == 0)
		r = state_process(&l.process, h->launcher) < 0 ? err_set(e, ESRCH, "the launcher is gone")
							       : lease_device(&n, &l, e);
	for (size_t i = 0; i < s->address_count && r == 0; i++)
		r = lease_address(&n, s, &s->addresses[i], &l, e);
	if (r == 0)
		r = lease_mac(&n, &h->link, s, &l, e);
	if (r == 0)
		r = shared_take_ports(&n, &l, s, e);
	if (r == 0) {
		*network_add(&n) = l;
		memcpy(h->device, l.device, sizeof h->device);
	}
	if (r == 0)
		r = network_save(&n, e);
	else if (n.lock >= 0)
		take_down(h, &n);
	network_close(&n);
	return r;
}

/*
 * The network namespace of a process.  The launcher has the user's rights only by now: nothing but a child of its own, which has a
 * network of its own, is connected.
 */
static int open_namespace(struct helper *h, pid_t pid, int *ret, struct err *e)
{
	struct stat own, its;
	h->sandbox = (int)syscall(SYS_pidfd_open, pid, 0);
	*ret = open(arena_printf(&h->arena, "/proc/%d/ns/net", (int)pid), O_RDONLY | O_CLOEXEC);
	if (h->sandbox < 0 || *ret < 0)
		return err_set(e, errno, "cannot look into the sandbox");
	struct pollfd alive = { .fd = h->sandbox, .events = POLLIN };
	char state;
	pid_t parent;
	if (!lease_process(pid, &state, &parent) || parent != h->launcher || poll(&alive, 1, 0) != 0)
		return err_set(e, ESRCH, "the sandbox is gone");
	if (stat("/proc/self/ns/net", &own) < 0 || fstat(*ret, &its) < 0 || (own.st_ino == its.st_ino && own.st_dev == its.st_dev))
		return err_set(e, EPERM, "the sandbox has no network of its own");
	return 0;
}

static int plug_here(struct helper *h, pid_t pid, const char *name, int namespace, struct lease *ret, struct err *e)
{
	struct network n;
	struct state_process process;
	int r = state_process(&process, pid) < 0 ? err_set(e, ESRCH, "the sandbox is gone") : 0;
	for (int i = 0; i < TRIES && r == 0; i++) {
		r = network_open(&n, &h->arena, h->spec.state, h->spec.network, e);
		struct lease *l = r == 0 ? network_find(&n, h->device) : NULL;
		if (r == 0 && l == NULL)
			r = err_set(e, ENOENT, "the lease of the sandbox is gone");
		if (l != NULL && i > 0)
			r = lease_device(&n, l, e);
		if (r == 0 && l != NULL) {
			l->process = process;
			network_name(&n, l, name);
			memcpy(h->device, l->device, sizeof h->device);
			*ret = *l;
			r = network_save(&n, e);
		}
		network_close(&n);
		if (r < 0)
			break;
		r = link_make_pair(&h->link, ret->device, link_index(h->spec.bridge),
			arena_printf(&h->arena, "bailey: %s on %s", ret->name, h->spec.network), namespace, ret->mac, &h->spec, e);
		if (r != -EEXIST)
			break;
		r = i + 1 < TRIES ? 0 : err_set(e, EEXIST, "cannot find a name for the interface");
	}
	if (r == 0)
		r = port_guard(&h->link, ret->device, ret->mac, ret->at, &h->spec, e);
	if (r == 0)
		r = link_up(&h->link, link_index(ret->device), e);
	if (r == 0)
		r = inside_configure(&h->spec, ret, namespace, CLONE_NEWNET, e);
	if (r == 0)
		r = rules_forward(&h->spec, ret, &h->arena, e);
	return r;
}

/* The host's side is the service's; inside we may do what the user may, who owns the sandbox's namespaces. */
static int plug_by_service(struct helper *h, const char *name, int namespace, struct lease *ret, struct err *e)
{
	h->service = service_ask(&h->spec, namespace, name, ret, e);
	if (h->service < 0)
		return -e->code;
	return inside_configure(&h->spec, ret, h->sandbox, CLONE_NEWUSER | CLONE_NEWNET, e);
}

static int plug(struct helper *h, pid_t pid, const char *name, struct lease *ret, struct err *e)
{
	int namespace = -1;
	int r = open_namespace(h, pid, &namespace, e);
	if (r == 0)
		r = h->spec.service != NULL ? plug_by_service(h, name, namespace, ret, e)
					    : plug_here(h, pid, name, namespace, ret, e);
	if (namespace >= 0)
		(void)close(namespace);
	return r;
}

static void unplug(struct helper *h)
{
	struct network n;
	struct err ignored = { 0 };
	if (h->sandbox >= 0) {
		struct pollfd gone = { .fd = h->sandbox, .events = POLLIN };
		if (poll(&gone, 1, GONE_MS) <= 0)
			return; /* it still uses what it has; the next one sweeps */
	}
	if (h->spec.service != NULL) {
		if (h->service >= 0)
			service_end(h->service);
		return;
	}
	if (network_open(&n, &h->arena, h->spec.state, h->spec.network, &ignored) == 0) {
		struct lease *l = network_find(&n, h->device);
		(void)port_remove(&h->link, h->device, &ignored);
		if (l != NULL && l->rules) {
			rules_forward_remove(&h->spec, h->device, &h->arena);
			shared_drop_ports(&n, h->device);
		}
		if (l != NULL)
			network_drop(&n, l);
		leases_sweep(&n, &h->link, &h->spec);
		if (network_save(&n, &ignored) == 0)
			take_down(h, &n);
	}
	network_close(&n);
}

static void answer(const struct err *e, const char *said)
{
	char text[MESSAGE_MAX];
	if (e->code == 0)
		(void)snprintf(text, sizeof text, "ok %s", said);
	else
		(void)snprintf(text, sizeof text, "error %u %s\n%s", e->origin.line, e->text, e->hint);
	(void)send(SOCKET, text, strlen(text), MSG_NOSIGNAL); /* a launcher that is gone is seen next */
}

/* What each of them will have is set aside, or nothing at all. */
static int begin_all(struct helper *all, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		all[i].launcher = getppid();
		if (begin(&all[i], e) == 0)
			continue;
		while (i-- > 0)
			unplug(&all[i]);
		return -e->code;
	}
	return 0;
}

/* "PID NAME" */
static int plug_all(struct helper *all, size_t count, const char *text, struct err *e)
{
	struct lease l;
	char *name = NULL;
	long pid = strtol(text, &name, 10);
	if (pid <= 0 || pid > INT32_MAX || name == NULL || *name != ' ' || all[0].sandbox >= 0)
		return err_set(e, EINVAL, "bailey-net was asked for something else than an interface");
	int r = 0;
	for (size_t i = 0; i < count && r == 0; i++)
		r = plug(&all[i], (pid_t)pid, name + 1, &l, e);
	return r;
}

static int run(struct helper *all, size_t count, struct err *e)
{
	char text[MESSAGE_MAX];
	ssize_t n;
	int r = begin_all(all, count, e);
	answer(e, all[0].device);
	if (r < 0)
		return r;
	while ((n = recv(SOCKET, text, sizeof text - 1, 0)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		text[n] = '\0';
		(void)plug_all(all, count, text, e);
		answer(e, all[0].device);
	}
	for (size_t i = 0; i < count; i++)
		unplug(&all[i]);
	return 0;
}

/* Reads what is to be done. 0 with `*ret_count` of them, or -errno with `e`. */
static int prepare(struct helper all[SPECS_MAX], size_t *ret_count, struct err *e)
{
	struct spec specs[SPECS_MAX];
	int r = spec_read(specs, ret_count, &all[0].arena, STDIN_FILENO, e);
	for (size_t i = 0; i < *ret_count && r == 0; i++) {
		all[i].spec = specs[i];
		all[i].sandbox = all[i].service = -1;
		r = link_open(&all[i].link, e);
	}
	return r;
}

/* show text|json NFT NAME: of the namespace behind standard input; NFT is the path of nft(8), or "-". */
enum { SHOW_WORDS = 5 };
static int show(char **argv, struct arena *a)
{
	struct err e = { .code = 0 };
	const struct show what = { .namespace = STDIN_FILENO,
		.name = argv[4],
		.nft = strcmp(argv[3], "-") != 0 ? argv[3] : NULL,
		.json = strcmp(argv[2], "json") == 0 };
	if (show_network(&what, a, &e) == 0)
		return 0;
	(void)fprintf(stderr, "%s\n%s\n", e.text, e.hint);
	return 1;
}

/* limit INTERFACE IN OUT: of the network namespace that we are in, in bits in a second, 0: no limit. */
enum { LIMIT_WORDS = 5 };
static int limit(char **argv)
{
	struct err e = { .code = 0 };
	struct link l;
	int r = link_open(&l, &e);
	if (r == 0) {
		r = port_limit(&l, argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), &e);
		link_close(&l);
	}
	if (r < 0)
		(void)fprintf(stderr, "%s\n%s\n", e.text, e.hint);
	return r < 0;
}

int main(int argc, char **argv)
{
	static struct helper all[SPECS_MAX];
	size_t count;
	struct err e = { 0 };
	sigset_t signals;
	const char *what = argc == 2 ? argv[1] : "";
	(void)signal(SIGCHLD, SIG_DFL);
	if (argc == SHOW_WORDS && strcmp(argv[1], "show") == 0)
		return show(argv, &all[0].arena);
	if (argc == LIMIT_WORDS && strcmp(argv[1], "limit") == 0)
		return limit(argv);
	(void)sigfillset(&signals);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL); /* what it has begun it ends */
	(void)umask(022);
	(void)!chdir("/");
	int r = prepare(all, &count, &e);
	if (r < 0 && strcmp(what, "run") == 0)
		answer(&e, "");
	if (r == 0 && strcmp(what, "run") == 0) {
		(void)setsid(); /* not stopped with the job, and not killed by its terminal */
		r = run(all, count, &e);
		return r < 0;
	}
	if (r == 0)
		r = strcmp(what, "up") == 0         ? up(&all[0], &e)
			: strcmp(what, "down") == 0 ? down(&all[0], &e)
						    : err_set(&e, 0, "usage: bailey-net up|down|run < SPEC");
	if (r < 0)
		(void)fprintf(stderr, "%s\n%s\n", e.text, e.hint);
	return r < 0;
}
