/* bailey net: the administrator's networks, and what runs in them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/net.h"
#include "cli/sandboxes.h"
#include "launch/bridge.h"
#include "plan/networks.h"
#include "state/state.h"

enum { LEASES_MAX = 4 * 1024 * 1024 };

/* One line of the leases: network/helper/state.h. */
struct lease {
	int pid;
	char device[32], at[2][64], name[64];
};

struct leases {
	struct lease *items;
	size_t count, cap;
	bool secret; /* only root may read them */
};

static void read_leases(struct cli *cli, const struct network_def *def, struct leases *ret)
{
	struct arena *a = &cli->arena;
	*ret = (struct leases){ 0 };
	const char *state = def->hub != NULL ? def->hub : PLAN_NETWORKS_STATE;
	int fd = open(arena_printf(a, "%s/%s/leases", state, def->name), O_RDONLY | O_CLOEXEC);
	ret->secret = fd < 0 && errno == EACCES;
	if (fd < 0)
		return;
	char *text = arena_alloc(a, LEASES_MAX + 1), *rest = NULL;
	ssize_t n = read(fd, text, LEASES_MAX);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		struct lease l = { 0 };
		struct state_process p = { 0 };
		if (sscanf(line, "%d %" SCNu64 " %" SCNu64 " %31s %63s %63s %*d %63s", &l.pid, &p.start, &p.inode, l.device,
			    l.at[0], l.at[1], l.name) != 7)
			continue;
		p.pid = l.pid;
		if (!state_process_lives(&p) || strcmp(l.name, "-") == 0)
			continue;
		ret->items = arena_grow(a, ret->items, ret->count, &ret->cap, sizeof *ret->items);
		ret->items[ret->count++] = l;
	}
}

static bool is_up(struct cli *cli, const struct network_def *def)
{
	if (def->hub != NULL)
		return access(arena_printf(&cli->arena, "%s/%s/leases", def->hub, def->name), F_OK) == 0;
	return access(arena_printf(&cli->arena, "/sys/class/net/%s/bridge", def->device), F_OK) == 0;
}

/* Bytes that have gone through the host's side of an interface: what it received is what the sandbox sent. */
static uint64_t counter(struct cli *cli, const char *device, const char *what)
{
	char text[32];
	int fd = open(arena_printf(&cli->arena, "/sys/class/net/%s/statistics/%s", device, what), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strtoull(text, NULL, 10);
}

static const char *network_name(size_t i, const void *data)
{
	return ((const struct networks *)data)->items[i].name;
}

/* The network that the second word names, or NULL after printing what is wrong. */
static const struct network_def *find(struct cli *cli, const struct networks *all, const char *name)
{
	const struct network_def *def = networks_find(all, name);
	if (def != NULL)
		return def;
	const char *near = schema_nearest(name, all->count, network_name, all);
	cli_fail(cli, EXIT_USAGE,
		near != NULL ? arena_printf(&cli->arena, "did you mean %s?", near) : "bailey net list shows those there are",
		"there is no network \"%s\" in " PLAN_NETWORKS_FILE, name);
	return NULL;
}

/* ---- up, down ---- */

static int tell_helper(struct cli *cli, const char *verb, const char *spec)
{
	struct err e = { 0 };
	return bridge_change(cli->net_helper, verb, spec, &e) < 0 ? cli_fail_err(cli, EXIT_SETUP, &e) : 0;
}

static int change(struct cli *cli, const char *verb, const struct network_def *def)
{
	struct diags d = { .arena = &cli->arena };
	if (def->hub != NULL)
		return cli_fail(cli, EXIT_USAGE, NULL,
			"a network of the user's, as \"%s\", is up for as long as sandboxes are on it", def->name);
	if (geteuid() != 0)
		return cli_fail(cli, EXIT_SETUP, arena_printf(&cli->arena, "sudo bailey net %s %s", verb, def->name),
			"only root can change the networks of the host");
	const char *spec = plan_network_spec(&cli->arena, &cli->facts, def, &d);
	cli_print_diags(cli, &d);
	return spec != NULL ? tell_helper(cli, verb, spec) : EXIT_USAGE;
}

/* One that is up and that networks.conf does not describe any more: its name and its bridge are known from then. NULL for none. */
static const char *forgotten(struct cli *cli, const char *name)
{
	char device[DEVICE_NAME_MAX + 1] = "";
	if (!network_name_valid(name) || geteuid() != 0)
		return NULL;
	int fd = open(arena_printf(&cli->arena, PLAN_NETWORKS_STATE "/%s/device", name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, device, sizeof device - 1) : 0;
	if (fd >= 0)
		(void)close(fd);
	if (n <= 0 || !device_name_valid(device))
		return NULL;
	const char *nft = plan_nft(&cli->facts);
	return arena_printf(
		&cli->arena, "network %s\nbridge %s\n%s%s\n", name, device, nft != NULL ? "nft " : "", nft != NULL ? nft : "");
}

/* ---- list ---- */

static const char *nets(struct arena *a, const struct network_def *def)
{
	struct buf b = { .arena = a };
	for (size_t i = 0; i < 2; i++)
		if (def->range[i].net.family != 0)
			buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", subnet_text(a, &def->range[i].net));
	return buf_text(&b);
}

static int list(struct cli *cli, const struct networks *all, bool as_json)
{
	struct buf out = { .arena = &cli->arena };
	struct json j = { .out = &out, .indent = true };
	if (as_json)
		json_array(&j, NULL);
	for (size_t i = 0; i < all->count; i++) {
		const struct network_def *def = &all->items[i];
		bool up = is_up(cli, def);
		if (!as_json) {
			buf_printf(&out, "%-16s %-15s %-4s %s%s\n", def->name, def->device, up ? "up" : "down",
				nets(&cli->arena, def), def->masquerade ? ", masqueraded" : "");
			continue;
		}
		json_object(&j, NULL);
		json_string(&j, "name", def->name);
		json_string(&j, "bridge", def->device);
		json_bool(&j, "up", up);
		json_bool(&j, "masquerade", def->masquerade);
		json_array(&j, "subnets");
		for (size_t k = 0; k < 2; k++)
			if (def->range[k].net.family != 0)
				json_string(&j, NULL, subnet_text(&cli->arena, &def->range[k].net));
		json_array_end(&j);
		json_origin(&j, "origin", def->origin);
		json_object_end(&j);
	}
	if (as_json) {
		json_array_end(&j);
		buf_putc(&out, '\n');
	} else if (all->count == 0) {
		buf_puts(&out, "there are no networks; " PLAN_NETWORKS_FILE " describes them\n");
	}
	return cli_write(cli, &out);
}

/* ---- show ---- */

static void show_json(struct cli *cli, const struct network_def *def, const struct leases *l, struct buf *out)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_string(&j, "name", def->name);
	json_string(&j, "bridge", def->device);
	json_bool(&j, "up", is_up(cli, def));
	json_bool(&j, "masquerade", def->masquerade);
	json_array(&j, "ranges");
	for (size_t i = 0; i < 2; i++) {
		const struct network_range *r = &def->range[i];
		if (r->net.family == 0)
			continue;
		json_object(&j, NULL);
		json_string(&j, "subnet", subnet_text(&cli->arena, &r->net));
		json_string(&j, "gateway", subnet_address(&cli->arena, &r->gateway));
		json_string(&j, "first", subnet_address(&cli->arena, &r->first));
		json_string(&j, "last", subnet_address(&cli->arena, &r->last));
		json_object_end(&j);
	}
	json_array_end(&j);
	if (!l->secret) {
		json_array(&j, "sandboxes");
		for (size_t i = 0; i < l->count; i++) {
			const struct lease *x = &l->items[i];
			json_object(&j, NULL);
			json_string(&j, "name", x->name);
			json_int(&j, "pid", x->pid);
			json_string(&j, "interface", x->device);
			json_array(&j, "addresses");
			for (size_t k = 0; k < 2; k++)
				if (strcmp(x->at[k], "-") != 0)
					json_string(&j, NULL, x->at[k]);
			json_array_end(&j);
			if (def->hub == NULL) {
				json_uint(&j, "received", counter(cli, x->device, "tx_bytes"));
				json_uint(&j, "sent", counter(cli, x->device, "rx_bytes"));
			}
			json_object_end(&j);
		}
		json_array_end(&j);
	}
	json_origin(&j, "origin", def->origin);
	json_object_end(&j);
	buf_putc(out, '\n');
}

static void show_text(struct cli *cli, const struct network_def *def, const struct leases *l, struct buf *out)
{
	struct arena *a = &cli->arena;
	buf_printf(out, "%s: bridge %s, %s%s (%s)\n", def->name, def->device, is_up(cli, def) ? "up" : "down",
		def->masquerade ? ", masqueraded" : "", origin_text(a, def->origin));
	for (size_t i = 0; i < 2; i++) {
		const struct network_range *r = &def->range[i];
		if (r->net.family != 0)
			buf_printf(out, "  %s, gateway %s, pool %s-%s\n", subnet_text(a, &r->net), subnet_address(a, &r->gateway),
				subnet_address(a, &r->first), subnet_address(a, &r->last));
	}
	if (l->secret)
		buf_puts(out, "  which sandboxes use it is shown to root only\n");
	else if (l->count == 0)
		buf_puts(out, "  no sandbox uses it\n");
	for (size_t i = 0; i < l->count; i++) {
		const struct lease *x = &l->items[i];
		bool both = strcmp(x->at[0], "-") != 0 && strcmp(x->at[1], "-") != 0;
		buf_printf(out, "  %-16s %s%s%s by %s, pid %d", x->name, strcmp(x->at[0], "-") != 0 ? x->at[0] : "",
			both ? ", " : "", strcmp(x->at[1], "-") != 0 ? x->at[1] : "", x->device, x->pid);
		if (def->hub == NULL) /* the interfaces in a hub are not ours to see from here */
			buf_printf(out, ": %" PRIu64 " bytes received, %" PRIu64 " sent", counter(cli, x->device, "tx_bytes"),
				counter(cli, x->device, "rx_bytes"));
		buf_putc(out, '\n');
	}
}

static int show(struct cli *cli, const struct network_def *def, bool as_json)
{
	struct buf out = { .arena = &cli->arena };
	struct leases l;
	read_leases(cli, def, &l);
	if (as_json)
		show_json(cli, def, &l, &out);
	else
		show_text(cli, def, &l, &out);
	return cli_write(cli, &out);
}

/* A name that is no network's may be that of a running sandbox. */
static int show_sandbox(struct cli *cli, const struct networks *all, const char *name, bool as_json)
{
	struct sandboxes running;
	const struct state_sandbox *found;
	struct err e = { .code = 0 };
	sandboxes_load(cli, &running);
	int r = state_find(&found, running.items, running.count, name, &e);
	if (r == 0)
		return net_show_sandbox(cli, found, as_json);
	if (r == -ENOTUNIQ)
		return cli_fail_err(cli, EXIT_USAGE, &e);
	const char *near = schema_nearest(name, all->count, network_name, all);
	return cli_fail(cli, EXIT_USAGE,
		near != NULL ? arena_printf(&cli->arena, "did you mean %s?", near)
			     : "bailey net list shows the networks, bailey list the sandboxes",
		"there is no network \"%s\" in " PLAN_NETWORKS_FILE ", and no running sandbox of that name", name);
}

/* For an ordinary user the user's own, which hide those of the machine that are called the same. */
static int read_networks(struct cli *cli, struct networks *ret, struct diags *d)
{
	struct networks own = { 0 }, shared = { 0 };
	int r = geteuid() != 0 ? plan_user_networks(&own, &cli->facts, d) : 0;
	if (r == 0)
		r = plan_networks(&shared, &cli->facts, d);
	if (r < 0 || own.count == 0) {
		*ret = shared;
		return r;
	}
	*ret = (struct networks){ .items = arena_array(&cli->arena, own.count + shared.count, sizeof *ret->items) };
	memcpy(ret->items, own.items, own.count * sizeof *own.items);
	ret->count = own.count;
	for (size_t i = 0; i < shared.count; i++)
		if (networks_find(&own, shared.items[i].name) == NULL)
			ret->items[ret->count++] = shared.items[i];
	return 0;
}

int cmd_net(struct cli *cli, struct args *args)
{
	struct diags d = { .arena = &cli->arena };
	struct networks all;
	const char *word = args->rest_count > 0 ? args->rest[0] : "list";
	bool as_json = args_has(args, "--json");
	bool lists = strcmp(word, "list") == 0, shows = strcmp(word, "show") == 0;
	bool changes = strcmp(word, "up") == 0 || strcmp(word, "down") == 0;
	if (!lists && !shows && !changes)
		return cli_fail(cli, EXIT_USAGE, "bailey net list, show NAME, up NAME, down NAME", "net %s: what is that?", word);
	if (lists ? args->rest_count > 1 : args->rest_count != 2)
		return cli_fail(
			cli, EXIT_USAGE, NULL, lists ? "net list takes no name" : "net %s: of which network, one of them?", word);
	if (as_json && changes)
		return cli_fail(cli, EXIT_USAGE, NULL, "--json belongs to list and show");
	int r = read_networks(cli, &all, &d);
	cli_print_diags(cli, &d);
	if (r < 0)
		return EXIT_USAGE;
	if (lists)
		return list(cli, &all, as_json);
	if (shows && networks_find(&all, args->rest[1]) == NULL)
		return show_sandbox(cli, &all, args->rest[1], as_json);
	const char *spec =
		strcmp(word, "down") == 0 && networks_find(&all, args->rest[1]) == NULL ? forgotten(cli, args->rest[1]) : NULL;
	if (spec != NULL)
		return tell_helper(cli, word, spec);
	const struct network_def *def = find(cli, &all, args->rest[1]);
	if (def == NULL)
		return EXIT_USAGE;
	return shows ? show(cli, def, as_json) : change(cli, word, def);
}
