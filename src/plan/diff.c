/* What differs between two plans: each is written as a sorted list of short statements, and the lists are compared. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "plan/describe.h"
#include "plan/layout.h"
#include "plan/print.h"
#include "plan/print_landlock.h"
#include "plan/print_parts.h"

struct statement {
	const char *part, *text;
	struct origin origin;
};

struct statements {
	struct arena *arena;
	struct layout *paths; /* shortens paths for people; NULL: whole paths */
	struct statement *items;
	size_t count, cap;
};

static void say(struct statements *s, const char *part, const char *text, struct origin o)
{
	s->items = arena_grow(s->arena, s->items, s->count, &s->cap, sizeof *s->items);
	s->items[s->count++] = (struct statement){ part, text, o };
}

static const char *shown(const struct statements *s, const char *path)
{
	return s->paths != NULL ? layout_path(s->paths, path) : path;
}

static void say_files(struct statements *s, const struct plan *plan)
{
	for (size_t i = 0; i < plan->path_count; i++) {
		const struct plan_path *p = &plan->paths[i];
		const char *text = arena_printf(s->arena, "%s: %s", p->access, shown(s, p->path));
		if (p->source != NULL)
			text = arena_printf(s->arena, "%s, which is %s", text, shown(s, p->source));
		say(s, "files", text, p->origin);
	}
	if (plan->image.archive != NULL)
		say(s, "files", arena_printf(s->arena, "unpacked: / from %s", shown(s, plan->image.archive)), plan->image.origin);
	for (size_t i = 0; i < plan->create_count; i++)
		say(s, "files", arena_printf(s->arena, "created: %s", shown(s, plan->creates[i].path)), plan->creates[i].origin);
	/* A mount that the table of paths does not tell everything about: noexec, a size, a mode. */
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];
		if (op->asked == NULL)
			continue;
		if ((op->flags & MOUNT_NOEXEC) != 0)
			say(s, "files", arena_printf(s->arena, "no execution: %s", shown(s, op->target)), op->origin);
		if (op->kind == MOUNT_TMPFS)
			say(s, "files",
				arena_printf(s->arena, "in memory: %s, mode %04o, %s", shown(s, op->target), (unsigned)op->mode,
					op->size > 0 ? num_size_text(s->arena, op->size) : "any size"),
				op->origin);
		if (op->inodes > 0)
			say(s, "files",
				arena_printf(s->arena, "in memory: %s, %" PRIu64 " files", shown(s, op->target), op->inodes),
				op->origin);
		if (op->kind == MOUNT_UPPER)
			say(s, "files",
				arena_printf(s->arena, "changes of %s: %s", shown(s, op->target),
					op->source != NULL     ? arena_printf(s->arena, "kept in %s", shown(s, op->source))
						: op->size > 0 ? num_size_text(s->arena, op->size)
							       : "any size"),
				op->origin);
	}
}

static void say_arguments(struct statements *s, const struct plan *plan)
{
	const char *text = describe_arguments(plan);
	if (text != NULL)
		say(s, "files",
			arena_printf(s->arena, "%s: %s", plan->arguments == ARGUMENTS_READ_ONLY ? "read" : "read, write", text),
			plan->arguments_origin);
}

static void say_map(struct statements *s, const char *word, const struct id_map *m, struct origin o)
{
	for (size_t i = 0; i < m->count; i++)
		say(s, "identity",
			arena_printf(s->arena, "%s map %u %u %u", word, (unsigned)m->ranges[i].inside,
				(unsigned)m->ranges[i].outside, (unsigned)m->ranges[i].count),
			o);
}

static void say_rates(struct statements *s, uint64_t in, uint64_t out, struct origin o)
{
	if (in != 0)
		say(s, "network", arena_printf(s->arena, "receives at most %s", num_rate_text(s->arena, in)), o);
	if (out != 0)
		say(s, "network", arena_printf(s->arena, "sends at most %s", num_rate_text(s->arena, out)), o);
}

static void say_interface(struct statements *s, const struct bridge_network *b)
{
	say(s, "network", arena_printf(s->arena, "bridge %s", b->name), b->origin);
	if (b->mac != NULL)
		say(s, "network", arena_printf(s->arena, "mac %s", b->mac), b->origin);
	if (b->mtu != 0)
		say(s, "network", arena_printf(s->arena, "mtu %u", b->mtu), b->origin);
	say_rates(s, b->rate_in, b->rate_out, b->origin);
	for (size_t i = 0; i < b->address_count; i++)
		say(s, "network", arena_printf(s->arena, "address %s", b->addresses[i]), b->origin);
	for (size_t i = 0; i < b->gateway_count; i++)
		say(s, "network", arena_printf(s->arena, "gateway %s", b->gateways[i]), b->origin);
}

static void say_network(struct statements *s, const struct plan *plan)
{
	const struct user_network *n = &plan->user_network;
	say(s, "network", schema_choice_word((int)plan->network), plan->network_origin);
	if (plan->network_fallback != NULL)
		say(s, "network", arena_printf(s->arena, "fallback: %s", plan->network_fallback), plan->network_origin);
	say_rates(s, n->rate_in, n->rate_out, n->rate_origin);
	if (plan->bridge.spec != NULL)
		say_interface(s, &plan->bridge);
	for (size_t i = 0; i < plan->bridge.more_count; i++)
		say_interface(s, &plan->bridge.more[i]);
	for (size_t i = 0; i < n->forward_count; i++) {
		const struct port_forward *f = &n->forwards[i];
		say(s, "network",
			arena_printf(s->arena, "%s %s leads to port %u", schema_choice_word((int)f->protocol), f->host,
				(unsigned)f->port),
			f->origin);
	}
	for (size_t i = 0; i < plan->firewall.rule_count; i++) {
		const struct firewall_rule *r = &plan->firewall.rules[i];
		say(s, "network", arena_printf(s->arena, "%s: %s", r->deny ? "refused" : "reached", r->words), r->origin);
	}
	if (plan->firewall.nft != NULL)
		say(s, "network", plan->firewall.only ? "refused: all else" : "reached: all else", plan->firewall.origin);
	if (plan->firewall.names.spec != NULL)
		say(s, "network",
			arena_printf(s->arena, "names are looked up from outside, and reached for %s at least",
				num_duration_text(s->arena, plan->firewall.names.least_ms)),
			plan->firewall.names.origin);
	if (plan->firewall.names.tls != NULL)
		say(s, "network", "names are checked in greetings of TLS", plan->firewall.names.origin);
	if (plan->firewall.log)
		say(s, "network", "what was refused is listed at the end", plan->firewall.origin);
	for (const char *line = n->resolv; line != NULL && *line != '\0';) {
		size_t len = strcspn(line, "\n");
		say(s, "network", arena_strndup(s->arena, line, len), plan->network_origin);
		line += len + (line[len] == '\n');
	}
}

static void say_identity(struct statements *s, const struct plan *plan)
{
	const struct origin none = { 0 };
	for (size_t i = 0; i < describe_namespace_count; i++)
		if ((plan->clone_flags & describe_namespaces[i].flag) != 0)
			say(s, "namespaces", arena_printf(s->arena, "own %s", describe_namespaces[i].name), none);
	say(s, "namespaces", plan->nested ? "inner user namespaces allowed" : "inner user namespaces refused", plan->nested_origin);
	say(s, "identity", describe_user(s->arena, plan), plan->user_origin);
	say_map(s, "uid", &plan->uid_map, plan->user_origin);
	say_map(s, "gid", &plan->gid_map, plan->user_origin);
	say(s, "identity",
		plan->hostname_random
			? "host name random"
			: arena_printf(s->arena, "host name %s", plan->hostname != NULL ? plan->hostname : "of the host"),
		none);
	say(s, "identity", plan->machine_id_private ? "machine id private" : "machine id of the host", none);
	for (int i = 0; i < 64; i++)
		if ((plan->keep_caps >> i & 1) != 0)
			say(s, "capabilities", describe_capability(s->arena, i), none);
}

static void say_calls(struct statements *s, const struct plan *plan)
{
	const char *end = plan->filter_spec + plan->filter_spec_len;
	for (const char *line = plan->filter_spec; line != NULL && line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop != NULL ? stop : end) - line);
		if (len > 0)
			say(s, "syscalls", arena_strndup(s->arena, line, len), plan->filter_origin);
		line += len + 1;
	}
}

static void say_landlock(void *data, const char *text, struct origin o)
{
	say(data, "landlock", text, o);
}

static void say_desktop(void *data, const char *text, struct origin o)
{
	say(data, "desktop", text, o);
}

static void say_process(struct statements *s, const struct plan *plan)
{
	const struct origin none = { 0 };
	for (size_t i = 0; i < plan->env_count; i++)
		say(s, "environment", plan->env[i].text, plan->env[i].origin);
	for (size_t i = 0; i < plan->limit_count; i++)
		say(s, "limits", arena_printf(s->arena, "%s %s", plan->limits[i].name, describe_limit(s->arena, &plan->limits[i])),
			plan->limits[i].origin);
	if (plan->cgroup.driver != CGROUP_DRIVER_NONE)
		say(s, "resources", arena_printf(s->arena, "driver %s", plan->cgroup.driver_name), none);
	for (size_t i = 0; i < plan->cgroup.write_count; i++)
		say(s, "resources", plan->cgroup.writes[i].what, plan->cgroup.writes[i].origin);
	for (size_t i = 0; i < plan->cgroup.degraded_count; i++)
		say(s, "resources", plan->cgroup.degraded[i].text, plan->cgroup.degraded[i].origin);
	if (plan->directory != NULL)
		say(s, "process", arena_printf(s->arena, "starts in %s", shown(s, plan->directory)), plan->directory_origin);
	say(s, "process", arena_printf(s->arena, "terminal %s", schema_choice_word((int)plan->terminal_mode)), none);
	if (!plan->enter)
		say(s, "process", "nobody may enter it later", plan->enter_origin);
	say(s, "process", arena_printf(s->arena, "ends with %s", plan->wait == WAIT_ALL ? "the last process" : "the program"),
		none);
	if (plan->has_umask)
		say(s, "process", arena_printf(s->arena, "umask %04o", (unsigned)plan->umask), none);
	if (plan->has_nice)
		say(s, "process", arena_printf(s->arena, "nice %d", plan->nice), plan->nice_origin);
	if (plan->timeout_ms > 0)
		say(s, "process", arena_printf(s->arena, "timeout %s", num_duration_text(s->arena, plan->timeout_ms)),
			plan->timeout_origin);
	if (plan->single)
		say(s, "process", "instance single", plan->single_origin);
	if (plan->command != NULL)
		say(s, "process", arena_printf(s->arena, "command %s", describe_command(s->arena, plan)), plan->command_origin);
	if (plan->log_size_origin.file != NULL)
		say(s, "process", arena_printf(s->arena, "log of %s", num_size_text(s->arena, plan->log_size)),
			plan->log_size_origin);
	for (size_t i = 0; i < plan->descriptor_count; i++)
		say(s, "process", arena_printf(s->arena, "descriptor %d", plan->descriptors[i]), plan->descriptor_origin);
}

static int compare(const void *a, const void *b)
{
	const struct statement *x = a, *y = b;
	int c = strcmp(x->part, y->part);
	return c != 0 ? c : strcmp(x->text, y->text);
}

static struct statements all(struct arena *a, const struct plan *plan, struct layout *paths)
{
	struct statements s = { .arena = a, .paths = paths };
	say_files(&s, plan);
	say_arguments(&s, plan);
	say_network(&s, plan);
	say_identity(&s, plan);
	say_calls(&s, plan);
	landlock_statements(a, plan, say_landlock, &s);
	print_desktop_statements(a, plan, say_desktop, &s);
	say_process(&s, plan);
	qsort(s.items, s.count, sizeof *s.items, compare);
	return s;
}

/* Calls `tell` for each statement that only one side has, in order; `sign` is '-' for the first, '+' for the second. */
static size_t differences(const struct statements *a, const struct statements *b,
	void (*tell)(void *data, char sign, const struct statement *s), void *data)
{
	size_t i = 0, j = 0, count = 0;
	while (i < a->count || j < b->count) {
		int c = i == a->count ? 1 : j == b->count ? -1 : compare(&a->items[i], &b->items[j]);
		if (c == 0) {
			i++, j++;
			continue;
		}
		tell(data, c < 0 ? '-' : '+', c < 0 ? &a->items[i++] : &b->items[j++]);
		count++;
	}
	return count;
}

static void tell_text(void *data, char sign, const struct statement *s)
{
	struct layout *l = data;
	const char *from = layout_origin(l, s->origin);
	const char *color = !l->color ? "" : sign == '+' ? "\033[32m" : "\033[31m";
	buf_printf(l->out, "%s%c %s: %s%s", color, sign, s->part, layout_clean(l->arena, s->text), l->color ? "\033[0m" : "");
	if (from[0] != '\0')
		buf_printf(l->out, " (%s)", from);
	buf_putc(l->out, '\n');
}

size_t plan_diff(struct buf *out, const struct plan *a, const struct plan *b, const struct plan_text_options *o)
{
	struct layout l = {
		.out = out, .arena = out->arena, .width = 80, .color = o->color, .home = o->home != NULL ? o->home : ""
	};
	struct statements first = all(out->arena, a, &l), second = all(out->arena, b, &l);
	for (size_t i = 0; i < first.count; i++)
		layout_know(&l, first.items[i].origin);
	for (size_t i = 0; i < second.count; i++)
		layout_know(&l, second.items[i].origin);
	return differences(&first, &second, tell_text, &l);
}

struct json_side {
	struct json *json;
	char sign;
};

static void tell_json(void *data, char sign, const struct statement *s)
{
	struct json_side *side = data;
	if (sign != side->sign)
		return;
	json_object(side->json, NULL);
	json_string(side->json, "part", s->part);
	json_string(side->json, "text", s->text);
	json_origin(side->json, "origin", s->origin);
	json_object_end(side->json);
}

size_t plan_diff_json(struct buf *out, const struct plan *a, const struct plan *b)
{
	struct statements first = all(out->arena, a, NULL), second = all(out->arena, b, NULL);
	struct json j = { .out = out, .indent = true };
	struct json_side side = { &j, '+' };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_string(&j, "from", a->profile_name);
	json_string(&j, "to", b->profile_name);
	json_array(&j, "added");
	size_t count = differences(&first, &second, tell_json, &side);
	json_array_end(&j);
	side.sign = '-';
	json_array(&j, "removed");
	differences(&first, &second, tell_json, &side);
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
	return count;
}
