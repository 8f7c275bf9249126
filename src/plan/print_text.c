/* explain: the plan in words and tables for a person. */
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "base/path.h"
#include "plan/describe.h"
#include "plan/layout.h"
#include "plan/print.h"
#include "plan/print_landlock.h"
#include "plan/print_parts.h"

struct text {
	struct layout l;
	struct arena *arena;
	const struct plan *plan;
	const struct profile *p;
	const struct plan_text_options *o;
};

static void row(struct text *t, const char *word, const char *text, struct origin o)
{
	layout_row(&t->l, word, text, layout_origin(&t->l, o));
}

static const char *choice_help(int value)
{
	for (size_t i = 0; i < schema_choice_count; i++)
		if (schema_choices[i].value == value)
			return schema_choices[i].help;
	return "?";
}

/* "none: a loopback interface of its own, nothing else" */
static const char *choice_text(struct text *t, int value)
{
	return arena_printf(t->arena, "%s: %s", schema_choice_word(value), choice_help(value));
}

static void know_list(struct layout *l, const struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		layout_know(l, list->items[i].origin);
}

/* Every origin that may be shown has to be known before the first one is, see layout_origin(). */
static void know_all(struct text *t)
{
	const struct plan *plan = t->plan;
	const struct profile *p = t->p;
	struct layout *l = &t->l;
	for (size_t i = 0; i < plan->path_count; i++)
		layout_know(l, plan->paths[i].origin);
	for (size_t i = 0; i < plan->env_count; i++)
		layout_know(l, plan->env[i].origin);
	for (size_t i = 0; i < plan->limit_count; i++)
		layout_know(l, plan->limits[i].origin);
	for (size_t i = 0; i < plan->create_count; i++)
		layout_know(l, plan->creates[i].origin);
	for (size_t i = 0; i < plan->note_count; i++)
		layout_know(l, plan->notes[i].origin);
	print_resources_know(l, plan);
	for (size_t i = 0; i < plan->user_network.forward_count; i++)
		layout_know(l, plan->user_network.forwards[i].origin);
	for (size_t i = 0; i < plan->firewall.rule_count; i++)
		layout_know(l, plan->firewall.rules[i].origin);
	landlock_know(l, plan);
	print_desktop_know(l, plan);
	know_list(l, &p->syscalls_allow);
	know_list(l, &p->syscalls_deny);
	know_list(l, &p->capabilities_keep);
	know_list(l, &p->environment_unset);
	for (size_t i = 0; i < p->syscalls_rules.count; i++)
		layout_know(l, p->syscalls_rules.items[i].origin);
	for (size_t i = 0; i < p->options.count; i++)
		layout_know(l, p->options.items[i].origin);
	const struct origin others[] = { plan->user_origin, plan->nested_origin, plan->network_origin, plan->directory_origin,
		plan->nice_origin, plan->timeout_origin, plan->descriptor_origin, plan->arguments_origin, plan->image.origin,
		p->identity_hostname.origin, p->identity_machine_id.origin, p->namespaces_ipc.origin, p->syscalls_on_refusal.origin,
		p->syscalls_compat.origin, p->process_terminal.origin, p->process_wait.origin, p->network_host_fallback.origin,
		p->network_log.origin, plan->user_network.rate_origin, p->process_umask.origin };
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		layout_know(l, others[i]);
}

static void header(struct text *t)
{
	const struct plan *plan = t->plan;
	const char *name = layout_clean(t->arena, plan->profile_name != NULL ? plan->profile_name : "(no name)");
	if (plan->description != NULL && plan->description[0] != '\0')
		name = arena_printf(t->arena, "%s: %s", name, layout_clean(t->arena, plan->description));
	layout_heading(&t->l, name);
	const struct origin none = { 0 };
	row(t, "profile", plan->profile_path != NULL ? layout_path(&t->l, plan->profile_path) : "not from a file", none);
	if (plan->tried != NULL)
		row(t, "tried with", layout_clean(t->arena, plan->tried), none);
	if (plan->program != NULL)
		row(t, "program", layout_path(&t->l, plan->program), none);
	if (plan->argv != NULL && plan->argv[0] != NULL && plan->argv[1] != NULL) {
		struct buf words = { .arena = t->arena };
		for (size_t i = 1; plan->argv[i] != NULL; i++)
			buf_printf(&words, "%s%s", i > 1 ? " " : "", plan->argv[i]);
		row(t, "arguments", buf_text(&words), none);
	}
	if (plan->directory != NULL)
		row(t, "starts in", layout_path(&t->l, plan->directory), plan->directory_origin);
	layout_table(&t->l);
}

/* What the words of the table leave out: ", 1G", ", nothing in it can be executed". */
static const char *mount_details(struct text *t, const struct plan_path *p)
{
	for (size_t i = 0; i < t->plan->mount_count; i++) {
		const struct mount_op *op = &t->plan->mounts[i];
		if (strcmp(op->target, p->path) != 0 ||
			(op->kind != MOUNT_BIND && op->kind != MOUNT_TMPFS && op->kind != MOUNT_UPPER))
			continue;
		if ((op->flags & MOUNT_RUN) != 0)
			return "";
		if (op->kind == MOUNT_UPPER && op->source != NULL)
			return arena_printf(t->arena, ", kept in %s", layout_path(&t->l, op->source));
		bool device = (op->flags & MOUNT_DEVICES) != 0;
		return arena_printf(t->arena, "%s%s%s%s", op->size > 0 ? ", " : "",
			op->size > 0 ? num_size_text(t->arena, op->size) : "",
			op->inodes > 0 ? arena_printf(t->arena, ", %" PRIu64 " files", op->inodes) : "",
			(op->flags & MOUNT_NOEXEC) != 0 && !device ? ", not executable" : "");
	}
	return "";
}

/* The archive that the root comes from, and whether it is unpacked already. */
static void image(struct text *t)
{
	const struct image *m = &t->plan->image;
	if (m->archive == NULL)
		return;
	row(t, "unpacked",
		arena_printf(t->arena, "/ from %s %s %s; %s", layout_path(&t->l, m->archive),
			m->absent ? "at the next launch, into" : "in", layout_path(&t->l, m->entry),
			t->plan->mode == IDENTITY_MAPPED ? "files have the owners that the archive names"
							 : "all files belong to the user, whoever the archive names"),
		m->origin);
	if (m->absent)
		row(t, "unknown", "what is in the archive: programs and directories are looked for when it is unpacked", m->origin);
}

static void files(struct text *t)
{
	const struct plan *plan = t->plan;
	layout_heading(&t->l, "Files (besides /proc and a small /dev nothing else is there)");
	for (size_t i = 0; i < plan->path_count; i++) {
		const struct plan_path *p = &plan->paths[i];
		const char *path = layout_path(&t->l, p->path);
		if (p->source != NULL)
			path = arena_printf(t->arena, "%s, which is %s", path, layout_path(&t->l, p->source));
		row(t, p->access, arena_printf(t->arena, "%s%s", path, mount_details(t, p)), p->origin);
	}
	image(t);
	for (size_t i = 0; i < plan->create_count; i++)
		if (plan->changes.directory == NULL || !path_within(plan->creates[i].path, plan->changes.directory))
			row(t, "created", layout_path(&t->l, plan->creates[i].path), plan->creates[i].origin);
	const char *arguments = describe_arguments(plan);
	if (arguments != NULL)
		row(t, plan->arguments == ARGUMENTS_READ_ONLY ? "read" : "read, write", arguments, plan->arguments_origin);
	if (plan->path_count + plan->create_count == 0 && arguments == NULL)
		layout_paragraph(&t->l, "  ", "none");
	layout_table(&t->l);
}

static void environment(struct text *t)
{
	const struct plan *plan = t->plan;
	layout_heading(&t->l, "Environment (no other variables are passed on)");
	for (size_t i = 0; i < plan->env_count; i++) {
		const char *text = plan->env[i].text;
		size_t len = strcspn(text, "=");
		row(t, layout_clean(t->arena, arena_strndup(t->arena, text, len)), text[len] == '=' ? text + len + 1 : "",
			plan->env[i].origin);
	}
	layout_table(&t->l);
}

/* What deny says comes first, as it does for a packet. */
static void firewall(struct text *t)
{
	const struct firewall_plan *f = &t->plan->firewall;
	for (size_t i = 0; i < f->rule_count; i++)
		row(t, f->rules[i].deny ? "refused" : "reached", f->rules[i].words, f->rules[i].origin);
	if (f->nft != NULL)
		row(t, f->only ? "refused" : "reached", "all else", f->origin);
	if (f->names.spec != NULL) {
		struct buf servers = { .arena = t->arena };
		for (size_t i = 0; i < f->names.server_count; i++)
			buf_printf(&servers, "%s%s", i > 0 ? ", " : "", f->names.servers[i]);
		row(t, "looked up",
			arena_printf(t->arena, "only these names, from outside, by %s; reached for %s at least",
				layout_clean(t->arena, buf_text(&servers)), num_duration_text(t->arena, f->names.least_ms)),
			f->names.origin);
	}
	if (f->names.tls != NULL)
		row(t, "looked at", "greetings of TLS: a name's addresses can be reached for that name only, and for TLS only",
			t->p->network_tls_name.origin);
	if (f->only)
		row(t, "refused", "connections from outside, but to forwarded ports", f->origin);
	if (f->log)
		row(t, "log", "what was refused is listed at the end", t->p->network_log.origin);
}

static void network(struct text *t)
{
	layout_heading(&t->l, "Network");
	const struct plan *plan = t->plan;
	const struct user_network *n = &plan->user_network;
	row(t, schema_choice_word((int)plan->network), choice_help((int)plan->network), plan->network_origin);
	if (plan->network_fallback != NULL)
		row(t, "degraded", arena_printf(t->arena, "\"user\" was asked for, but %s", plan->network_fallback),
			t->p->network_host_fallback.origin);
	if (plan->network == NETWORK_USER && n->pasta == NULL)
		row(t, "degraded", "this machine has no route to anywhere: there is a loopback only", plan->network_origin);
	for (const char *line = n->resolv; line != NULL && *line != '\0';) {
		size_t len = strcspn(line, "\n"), key = strcspn(line, " \n");
		row(t, layout_clean(t->arena, arena_strndup(t->arena, line, key)),
			layout_clean(t->arena, arena_strndup(t->arena, line + key + (key < len), len - key - (key < len))),
			plan->network_origin);
		line += len + (line[len] == '\n');
	}
	print_bridge_text(&t->l, plan);
	print_rates_text(&t->l, n->rate_in, n->rate_out, layout_origin(&t->l, n->rate_origin));
	if (plan->join.name != NULL)
		row(t, "of", plan->join.path != NULL ? plan->join.path : arena_printf(t->arena, "the sandbox %s", plan->join.name),
			plan->join.origin);
	for (size_t i = 0; i < n->forward_count; i++)
		row(t, "forward",
			arena_printf(t->arena, "%s %s of the host leads to port %u",
				schema_choice_word((int)n->forwards[i].protocol), n->forwards[i].host,
				(unsigned)n->forwards[i].port),
			n->forwards[i].origin);
	firewall(t);
	layout_table(&t->l);
}

/* "0 is 1000, 1 to 65536 are 100000 to 165535" */
static void id_map(struct text *t, const char *word, const struct id_map *m)
{
	struct buf out = { .arena = t->arena };
	for (size_t i = 0; i < m->count; i++) {
		const struct id_range *r = &m->ranges[i];
		const char *comma = i > 0 ? ", " : "";
		if (r->count == 1)
			buf_printf(&out, "%s%u is %u", comma, (unsigned)r->inside, (unsigned)r->outside);
		else
			buf_printf(&out, "%s%u to %u are %u to %u", comma, (unsigned)r->inside,
				(unsigned)(r->inside + r->count - 1), (unsigned)r->outside, (unsigned)(r->outside + r->count - 1));
	}
	if (m->count > 0)
		row(t, word, buf_text(&out), t->plan->user_origin);
}

static void identity(struct text *t)
{
	const struct plan *plan = t->plan;
	const struct profile *p = t->p;
	const struct origin none = { 0 };
	struct buf names = { .arena = t->arena };
	layout_heading(&t->l, "Namespaces and identity");
	for (size_t i = 0; i < describe_namespace_count; i++)
		if ((plan->clone_flags & describe_namespaces[i].flag) != 0)
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", describe_namespaces[i].name);
	row(t, "of its own", buf_text(&names), none);
	row(t, "inner ones", choice_text(t, plan->nested ? USER_NESTED : USER_REFUSED), plan->nested_origin);
	if ((int)p->namespaces_ipc.i == IPC_HOST)
		row(t, "ipc", choice_text(t, IPC_HOST), p->namespaces_ipc.origin);
	row(t, "user", describe_user(t->arena, plan), plan->user_origin);
	id_map(t, "uids", &plan->uid_map);
	id_map(t, "gids", &plan->gid_map);
	const char *groups = describe_groups(t->arena, plan);
	if (groups != NULL)
		row(t, "groups", groups, plan->user_origin);
	row(t, "host name",
		plan->hostname_random            ? "random, as adjective-noun-number"
			: plan->hostname != NULL ? plan->hostname
						 : "the host's",
		p->identity_hostname.origin);
	row(t, "machine id", choice_help(plan->machine_id_private ? MACHINE_ID_PRIVATE : MACHINE_ID_HOST),
		p->identity_machine_id.origin);
	layout_table(&t->l);
}

/* One row for all neighbours that one line of a file says. */
static void list_rows(struct text *t, const char *word, const struct list *list)
{
	for (size_t i = 0; i < list->count;) {
		struct origin o = list->items[i].origin;
		struct buf names = { .arena = t->arena };
		for (; i < list->count && list->items[i].origin.file == o.file && list->items[i].origin.line == o.line; i++)
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", list->items[i].text);
		row(t, word, buf_text(&names), o);
	}
}

/* How many calls the filter lets through without a condition. */
static size_t allowed_calls(const struct plan *plan)
{
	size_t count = 0;
	const char *end = plan->filter_spec + plan->filter_spec_len;
	for (const char *line = plan->filter_spec; line != NULL && line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop != NULL ? stop : end) - line);
		if (len > 6 && memcmp(line, "allow ", 6) == 0 && memchr(line + 6, ' ', len - 6) == NULL)
			count++;
		line += len + 1;
	}
	return count;
}

static void calls(struct text *t)
{
	const struct profile *p = t->p;
	const struct origin none = { 0 };
	layout_heading(&t->l, arena_printf(t->arena, "System calls (%zu allowed)", allowed_calls(t->plan)));
	if (p->syscalls_allow.count > 0)
		list_rows(t, "allowed", &p->syscalls_allow);
	else
		row(t, "allowed", "@default", (struct origin){ .file = "built in" });
	list_rows(t, "taken out", &p->syscalls_deny);
	for (size_t i = 0; i < p->syscalls_rules.count; i++) {
		const struct record *r = &p->syscalls_rules.items[i];
		row(t, "rule",
			arena_printf(t->arena, "%s when %s: %s", MEMBER_OF(r, rule, name)->s, MEMBER_OF(r, rule, when)->s,
				choice_help((int)MEMBER_OF(r, rule, action)->i)),
			r->origin);
	}
	if (p->syscalls_on_refusal.set)
		row(t, "any other", choice_help((int)p->syscalls_on_refusal.i), p->syscalls_on_refusal.origin);
	row(t, "newer ones", "those that this bailey does not know fail: Function not implemented", none);
	if (p->syscalls_compat.i != 0)
		row(t, "32-bit", "programs may run, under the same lists", p->syscalls_compat.origin);
	layout_table(&t->l);
}

static void privileges(struct text *t)
{
	const struct list *keep = &t->p->capabilities_keep;
	const struct origin none = { 0 };
	layout_heading(&t->l, "Privileges");
	const struct plan *plan = t->plan;
	if (plan->keep_caps == 0)
		row(t, "capabilities", "none", none);
	list_rows(t, "keeps", keep);
	for (size_t i = 0; i < plan->default_cap_count; i++)
		row(t, "keeps",
			arena_printf(t->arena, "%s: %s", describe_capability(t->arena, plan->default_caps[i].number),
				plan->default_caps[i].why),
			plan->user_origin);
	row(t, "setuid", "programs with a setuid bit or file capabilities gain nothing (no_new_privs)", none);
	layout_table(&t->l);
}

static void process(struct text *t)
{
	const struct plan *plan = t->plan;
	const struct profile *p = t->p;
	layout_heading(&t->l, "Process and limits");
	row(t, "terminal", choice_text(t, (int)plan->terminal_mode), p->process_terminal.origin);
	row(t, "ends", choice_help((int)plan->wait), p->process_wait.origin);
	if (!plan->enter)
		row(t, "entering", "nobody may enter it later", plan->enter_origin);
	if (plan->timeout_ms > 0)
		row(t, "timeout", num_duration_text(t->arena, plan->timeout_ms), plan->timeout_origin);
	if (plan->single)
		row(t, "instance", choice_text(t, INSTANCE_SINGLE), plan->single_origin);
	if (plan->command != NULL)
		row(t, "command", describe_command(t->arena, plan), plan->command_origin);
	if (plan->log_size_origin.file != NULL)
		row(t, "log", arena_printf(t->arena, "%s at most (--detach)", num_size_text(t->arena, plan->log_size)),
			plan->log_size_origin);
	if (plan->has_umask)
		row(t, "umask", arena_printf(t->arena, "%04o", (unsigned)plan->umask), p->process_umask.origin);
	if (plan->has_nice)
		row(t, "nice", arena_printf(t->arena, "%d", plan->nice), plan->nice_origin);
	if (plan->descriptor_count > 0) {
		struct buf numbers = { .arena = t->arena };
		for (size_t i = 0; i < plan->descriptor_count; i++)
			buf_printf(&numbers, "%s%d", i > 0 ? ", " : "", plan->descriptors[i]);
		row(t, "descriptors", arena_printf(t->arena, "0, 1, 2 and %s", buf_text(&numbers)), plan->descriptor_origin);
	}
	for (size_t i = 0; i < plan->limit_count; i++)
		row(t, plan->limits[i].name, describe_limit(t->arena, &plan->limits[i]), plan->limits[i].origin);
	layout_table(&t->l);
}

static void options(struct text *t)
{
	const struct records *list = &t->p->options;
	if (list->count == 0)
		return;
	layout_heading(&t->l, "Options (--with NAME)");
	for (size_t i = 0; i < list->count; i++) {
		const struct record *r = &list->items[i];
		const char *name = MEMBER_OF(r, option, name)->s, *description = MEMBER_OF(r, option, description)->s;
		bool on = t->o->request != NULL && conf_option_enabled(t->p, t->o->request, name);
		row(t, name,
			arena_printf(t->arena, "%s%s%s", on ? "on" : "off", description != NULL ? ": " : "",
				description != NULL ? description : ""),
			r->origin);
	}
	layout_table(&t->l);
}

static void notes(struct text *t)
{
	const struct plan *plan = t->plan;
	if (plan->note_count == 0)
		return;
	layout_heading(&t->l, "What it does not protect against");
	for (size_t i = 0; i < plan->note_count; i++) {
		struct origin o = plan->notes[i].origin;
		const char *from = o.line != 0 ? layout_origin(&t->l, o) : "";
		layout_paragraph(&t->l, "  - ",
			from[0] != '\0' ? arena_printf(t->arena, "%s (%s)", plan->notes[i].text, from) : plan->notes[i].text);
	}
}

void plan_text(struct buf *out, const struct plan *plan, const struct profile *p, const struct plan_text_options *o)
{
	struct text t = {
		.l = {
			.out = out,
			.arena = out->arena,
			.width = o->width == 0 ? 80 : o->width < 40 ? 40 : o->width,
			.color = o->color,
			.home = o->home != NULL ? o->home : "",
		},
		.arena = out->arena,
		.plan = plan,
		.p = p,
		.o = o,
	};
	know_all(&t);
	header(&t);
	files(&t);
	environment(&t);
	network(&t);
	print_desktop_text(&t.l, plan);
	identity(&t);
	calls(&t);
	privileges(&t);
	landlock_text(&t.l, plan);
	process(&t);
	print_resources_text(&t.l, plan);
	options(&t);
	notes(&t);
}
