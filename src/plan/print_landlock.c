#include "plan/print_landlock.h"

#include <string.h>

#include "base/landlock.h"
#include "base/path.h"

static const struct {
	const char *name;
	uint64_t bits; /* any of them */
} words[] = {
	{ "execute", LL_EXECUTE },
	{ "read", LL_READ_FILE | LL_READ_DIR },
	{ "write", LL_WRITE_FILE | LL_TRUNCATE },
	{ "make", LL_MAKE_REG | LL_MAKE_DIR | LL_MAKE_SYM | LL_MAKE_SOCK | LL_MAKE_FIFO | LL_MAKE_CHAR | LL_MAKE_BLOCK },
	{ "remove", LL_REMOVE_FILE | LL_REMOVE_DIR },
	{ "move", LL_REFER },
	{ "ioctl_dev", LL_IOCTL_DEV },
};

static bool is_made(const struct landlock_plan *l)
{
	return (l->handled_files | l->handled_tcp | l->scoped) != 0;
}

/* Where files can be changed: that of a rule, and not merely of the devices or /proc. */
static bool is_change(const struct landlock_rule *r)
{
	return (r->access & LL_MAKE_REG) != 0 || ((r->access & LL_WRITE_FILE) != 0 && (r->access & LL_IOCTL_DEV) == 0);
}

static void row(struct layout *l, const char *word, const char *text, struct origin o)
{
	layout_row(l, word, text, layout_origin(l, o));
}

void landlock_know(struct layout *l, const struct plan *plan)
{
	const struct landlock_plan *p = &plan->landlock;
	layout_know(l, p->origin);
	for (size_t i = 0; i < p->port_count; i++)
		layout_know(l, p->ports[i].origin);
	for (size_t i = 0; i < p->gap_count; i++)
		layout_know(l, p->gaps[i].origin);
}

static void files_rows(struct layout *l, const struct plan *plan)
{
	const struct landlock_plan *p = &plan->landlock;
	const struct origin none = { 0 };
	struct buf changes = { .arena = l->arena }, alone = { .arena = l->arena };
	for (size_t i = 0; i < p->rule_count; i++)
		if (is_change(&p->rules[i]))
			buf_printf(&changes, "%s%s", changes.len > 0 ? ", " : "", layout_path(l, p->rules[i].path));
	row(l, "files", "what is not in the tree above cannot be opened, whatever way leads to it", none);
	row(l, "changes", changes.len > 0 ? arena_printf(l->arena, "only at or below %s", buf_text(&changes)) : "nowhere", none);
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];
		/* A socket has nothing in it to be changed. */
		bool writable = op->kind == MOUNT_SERVED || (op->flags & MOUNT_READ_ONLY) == 0 || strcmp(op->target, "/") == 0 ||
			strcmp(op->target, "/dev") == 0;
		for (size_t k = 0; k < p->rule_count && !writable; k++)
			if (is_change(&p->rules[k]) && path_within(op->target, p->rules[k].path)) {
				buf_printf(&alone, "%s%s", alone.len > 0 ? ", " : "", layout_path(l, op->target));
				break;
			}
	}
	if (alone.len > 0)
		row(l, "but",
			arena_printf(l->arena, "%s: read-only by its mount alone, as what is around it is not", buf_text(&alone)),
			none);
	row(l, "mounts", "none can be made", none);
}

static void port_rows(struct layout *l, const struct landlock_plan *p, const char *word, uint64_t access, const char *verb)
{
	struct buf ports = { .arena = l->arena };
	struct origin o = { 0 };
	for (size_t i = 0; i < p->port_count; i++)
		if (p->ports[i].access == access) {
			buf_printf(&ports, "%s%u", ports.len > 0 ? ", " : "", (unsigned)p->ports[i].number);
			o = p->ports[i].origin;
		}
	if ((p->handled_tcp & access) != 0)
		row(l, word, ports.len > 0 ? arena_printf(l->arena, "%s %s only", verb, buf_text(&ports)) : "no port", o);
}

void landlock_text(struct layout *l, const struct plan *plan)
{
	const struct landlock_plan *p = &plan->landlock;
	const struct origin none = { 0 };
	layout_heading(
		l, is_made(p) ? arena_printf(l->arena, "Landlock, a second wall (ABI %d)", p->abi) : "Landlock, a second wall");
	row(l, schema_choice_word((int)p->use), is_made(p) ? "the program runs in a domain of its own" : "there is none",
		p->origin);
	if (p->handled_files != 0)
		files_rows(l, plan);
	port_rows(l, p, "tcp connect", LL_CONNECT_TCP, "to ports");
	port_rows(l, p, "tcp bind", LL_BIND_TCP, "ports");
	if ((p->scoped & LL_SCOPE_SIGNALS) != 0)
		row(l, "signals", "to processes of the program alone", none);
	if ((p->scoped & LL_SCOPE_ABSTRACT_SOCKETS) != 0)
		row(l, "sockets", "abstract ones of the program alone can be connected to", none);
	for (size_t i = 0; i < p->gap_count; i++)
		row(l, "not ruled", arena_printf(l->arena, "%s: %s", p->gaps[i].what, p->gaps[i].why), p->gaps[i].origin);
	layout_table(l);
}

static void access_json(struct json *j, const char *key, uint64_t access)
{
	json_array(j, key);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if ((access & words[i].bits) != 0)
			json_string(j, NULL, words[i].name);
	json_array_end(j);
}

static void tcp_json(struct json *j, const char *key, uint64_t access)
{
	json_array(j, key);
	if ((access & LL_BIND_TCP) != 0)
		json_string(j, NULL, "bind");
	if ((access & LL_CONNECT_TCP) != 0)
		json_string(j, NULL, "connect");
	json_array_end(j);
}

void landlock_json(struct json *j, const struct plan *plan)
{
	const struct landlock_plan *p = &plan->landlock;
	json_object(j, "landlock");
	json_string(j, "use", schema_choice_word((int)p->use));
	json_origin(j, "origin", p->origin);
	json_int(j, "abi", p->abi);
	access_json(j, "files", p->handled_files);
	json_uint(j, "files_mask", p->handled_files);
	json_array(j, "rules");
	for (size_t i = 0; i < p->rule_count; i++) {
		json_object(j, NULL);
		json_string(j, "path", p->rules[i].path);
		access_json(j, "access", p->rules[i].access);
		json_uint(j, "mask", p->rules[i].access);
		json_origin(j, "origin", p->rules[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
	tcp_json(j, "tcp", p->handled_tcp);
	json_array(j, "ports");
	for (size_t i = 0; i < p->port_count; i++) {
		json_object(j, NULL);
		json_uint(j, "port", p->ports[i].number);
		tcp_json(j, "access", p->ports[i].access);
		json_origin(j, "origin", p->ports[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
	json_array(j, "scoped");
	if ((p->scoped & LL_SCOPE_SIGNALS) != 0)
		json_string(j, NULL, "signals");
	if ((p->scoped & LL_SCOPE_ABSTRACT_SOCKETS) != 0)
		json_string(j, NULL, "abstract_sockets");
	json_array_end(j);
	json_array(j, "not_ruled");
	for (size_t i = 0; i < p->gap_count; i++) {
		json_object(j, NULL);
		json_string(j, "what", p->gaps[i].what);
		json_string(j, "why", p->gaps[i].why);
		json_origin(j, "origin", p->gaps[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

void landlock_statements(
	struct arena *a, const struct plan *plan, void (*say)(void *data, const char *text, struct origin o), void *data)
{
	const struct landlock_plan *p = &plan->landlock;
	const struct origin none = { 0 };
	say(data, schema_choice_word((int)p->use), p->origin);
	if (p->handled_files != 0)
		say(data, "rules for files", none);
	if ((p->handled_tcp & LL_CONNECT_TCP) != 0)
		say(data, "tcp connect by port", none);
	if ((p->handled_tcp & LL_BIND_TCP) != 0)
		say(data, "tcp bind by port", none);
	for (size_t i = 0; i < p->port_count; i++)
		say(data,
			arena_printf(a, "tcp %s %u", p->ports[i].access == LL_BIND_TCP ? "bind" : "connect",
				(unsigned)p->ports[i].number),
			p->ports[i].origin);
	if ((p->scoped & LL_SCOPE_SIGNALS) != 0)
		say(data, "signals stay inside", none);
	if ((p->scoped & LL_SCOPE_ABSTRACT_SOCKETS) != 0)
		say(data, "abstract sockets of its own alone", none);
}
