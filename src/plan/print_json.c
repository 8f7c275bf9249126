/* The plan as JSON: each member under its own name, so that programs need not read the text for people. */
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/sysmacros.h>

#include "base/json.h"
#include "plan/describe.h"
#include "plan/print.h"
#include "plan/print_landlock.h"
#include "plan/print_parts.h"

static void mode_text(struct json *j, const char *key, mode_t mode)
{
	json_string(j, key, arena_printf(j->out->arena, "%04o", (unsigned)mode));
}

static void id_map(struct json *j, const char *key, const char *tool, const struct id_map *m)
{
	json_object(j, key);
	json_string(j, "program", tool);
	json_array(j, "ranges");
	for (size_t i = 0; i < m->count; i++) {
		json_object(j, NULL);
		json_uint(j, "inside", m->ranges[i].inside);
		json_uint(j, "outside", m->ranges[i].outside);
		json_uint(j, "count", m->ranges[i].count);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void identity(struct json *j, const struct plan *plan)
{
	json_object(j, "identity");
	json_uint(j, "uid", plan->uid);
	json_uint(j, "gid", plan->gid);
	json_bool(j, "become", plan->become);
	if (plan->mode != IDENTITY_SELF) {
		json_uint(j, "inside_uid", plan->inside_uid);
		json_uint(j, "inside_gid", plan->inside_gid);
	}
	if (plan->uid_map.count > 0) {
		id_map(j, "uid_map", plan->newuidmap, &plan->uid_map);
		id_map(j, "gid_map", plan->newgidmap, &plan->gid_map);
	}
	json_array(j, "groups");
	for (size_t i = 0; i < plan->group_count; i++)
		json_uint(j, NULL, plan->groups[i]);
	json_array_end(j);
	json_origin(j, "origin", plan->user_origin);
	json_string(j, "hostname", plan->hostname);
	json_bool(j, "hostname_random", plan->hostname_random);
	json_bool(j, "machine_id_private", plan->machine_id_private);
	json_object_end(j);
}

static void forwards(struct json *j, const struct user_network *n)
{
	json_array(j, "forward");
	for (size_t i = 0; i < n->forward_count; i++) {
		json_object(j, NULL);
		json_string(j, "host", n->forwards[i].host);
		json_uint(j, "port", n->forwards[i].port);
		json_string(j, "protocol", schema_choice_word((int)n->forwards[i].protocol));
		json_origin(j, "origin", n->forwards[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
}

static void firewall(struct json *j, const struct firewall_plan *f)
{
	json_object(j, "rules");
	json_string(j, "program", f->nft);
	json_bool(j, "only", f->only);
	json_bool(j, "log", f->log);
	json_array(j, "list");
	for (size_t i = 0; i < f->rule_count; i++) {
		const struct firewall_rule *r = &f->rules[i];
		json_object(j, NULL);
		json_string(j, "rule", r->text);
		json_string(j, "does", r->deny ? "deny" : "allow");
		json_bool(j, "name_server", r->server);
		json_bool(j, "for_a_name", r->name);
		json_string(j, "words", r->words);
		json_origin(j, "origin", r->origin);
		json_object_end(j);
	}
	json_array_end(j);
	if (f->names.spec != NULL) {
		json_object(j, "names");
		json_array(j, "servers");
		for (size_t i = 0; i < f->names.server_count; i++)
			json_string(j, NULL, f->names.servers[i]);
		json_array_end(j);
		json_string(j, "resolver", f->names.spec);
		json_string(j, "tls", f->names.tls); /* null: greetings are not looked at */
		json_object_end(j);
	}
	json_string(j, "text", f->ruleset);
	json_object_end(j);
}

static void user_network(struct json *j, const struct user_network *n)
{
	json_string(j, "program", n->pasta); /* null: no route */
	json_array(j, "arguments");
	for (size_t i = 0; i < n->argc; i++)
		json_string(j, NULL, n->argv[i]);
	json_array_end(j);
	json_uint(j, "rate_in", n->rate_in); /* bits in a second; 0: no limit */
	json_uint(j, "rate_out", n->rate_out);
	forwards(j, n);
}

static void namespaces(struct json *j, const struct plan *plan)
{
	json_object(j, "namespaces");
	json_array(j, "new");
	for (size_t i = 0; i < describe_namespace_count; i++)
		if ((plan->clone_flags & describe_namespaces[i].flag) != 0)
			json_string(j, NULL, describe_namespaces[i].name);
	json_array_end(j);
	json_bool(j, "nested", plan->nested);
	json_origin(j, "nested_origin", plan->nested_origin);
	json_object_end(j);
	json_object(j, "network");
	json_string(j, "mode", schema_choice_word((int)plan->network));
	json_origin(j, "origin", plan->network_origin);
	if (plan->network_fallback != NULL)
		json_string(j, "fallback", plan->network_fallback);
	if (plan->network == NETWORK_USER)
		user_network(j, &plan->user_network);
	if (plan->firewall.nft != NULL)
		firewall(j, &plan->firewall);
	if (plan->join.name != NULL) {
		json_string(j, "join", plan->join.name);
		json_string(j, "join_path", plan->join.path);
		json_origin(j, "join_origin", plan->join.origin);
	}
	if (plan->network == NETWORK_BRIDGE) {
		print_bridge_json(j, plan);
		forwards(j, &plan->user_network);
	}
	json_object_end(j);
}

static void mount(struct json *j, const struct mount_op *op)
{
	json_object(j, NULL);
	json_string(j, "kind", describe_mount_kind(op->kind));
	json_string(j, "target", op->target);
	if (op->source != NULL)
		json_string(j, "source", op->source);
	json_array(j, "flags");
	for (size_t i = 0; i < describe_mount_flag_count; i++)
		if ((op->flags & describe_mount_flags[i].flag) != 0)
			json_string(j, NULL, describe_mount_flags[i].name);
	json_array_end(j);
	if (op->kind == MOUNT_DIRECTORY || op->kind == MOUNT_FILE || op->kind == MOUNT_TMPFS || op->kind == MOUNT_UPPER)
		mode_text(j, "mode", op->mode);
	if (op->work != NULL)
		json_string(j, "work", op->work);
	if (op->kind == MOUNT_TMPFS || (op->kind == MOUNT_UPPER && op->source == NULL)) {
		json_uint(j, "size", op->size);
		if (op->inodes > 0)
			json_uint(j, "inodes", op->inodes);
	}
	if (op->content != NULL)
		json_string(j, "content", op->content);
	if (op->asked != NULL)
		json_string(j, "asked", op->asked);
	if (op->why != NULL)
		json_string(j, "why", op->why);
	json_origin(j, "origin", op->origin);
	json_object_end(j);
}

/* Only where it applies: most plans have nothing of it. */
static void changes(struct json *j, const struct plan_changes *c)
{
	if (c->directory == NULL)
		return;
	json_object(j, "changes");
	json_string(j, "end", schema_choice_word((int)c->end));
	json_string(j, "directory", c->directory);
	json_origin(j, "origin", c->origin);
	json_array(j, "layers");
	for (size_t i = 0; i < c->layer_count; i++) {
		json_object(j, NULL);
		json_string(j, "path", c->layers[i].path);
		json_string(j, "source", c->layers[i].source);
		json_string(j, "file", c->layers[i].file);
		json_string(j, "directory", c->layers[i].directory);
		json_array(j, "covered");
		for (size_t k = 0; k < c->layers[i].covered_count; k++)
			json_string(j, NULL, c->layers[i].covered[k]);
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void files(struct json *j, const struct plan *plan)
{
	json_object(j, "files");
	json_array(j, "paths");
	for (size_t i = 0; i < plan->path_count; i++) {
		json_object(j, NULL);
		json_string(j, "path", plan->paths[i].path);
		json_string(j, "access", plan->paths[i].access);
		json_string(j, "source", plan->paths[i].source);
		json_origin(j, "origin", plan->paths[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
	if (plan->image.archive != NULL) {
		json_object(j, "archive");
		json_string(j, "path", plan->image.archive);
		json_string(j, "unpacked", plan->image.entry);
		json_bool(j, "there", !plan->image.absent);
		json_string(j, "owners", plan->mode == IDENTITY_MAPPED ? "archive" : "user");
		json_origin(j, "origin", plan->image.origin);
		json_object_end(j);
	}
	json_array(j, "create");
	for (size_t i = 0; i < plan->create_count; i++) {
		json_object(j, NULL);
		json_string(j, "path", plan->creates[i].path);
		json_string(j, "type", plan->creates[i].file ? "file" : "directory");
		json_string(j, "asked", plan->creates[i].asked);
		json_origin(j, "origin", plan->creates[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
	json_array(j, "mounts");
	for (size_t i = 0; i < plan->mount_count; i++)
		mount(j, &plan->mounts[i]);
	json_array_end(j);
	if (describe_arguments(plan) != NULL) {
		json_object(j, "arguments");
		json_string(j, "mode", schema_choice_word((int)plan->arguments));
		json_bool(j, "directories", plan->argument_directories);
		json_origin(j, "origin", plan->arguments_origin);
		json_object_end(j);
	}
	changes(j, &plan->changes);
	json_object_end(j);
}

static void privileges(struct json *j, const struct plan *plan)
{
	json_object(j, "syscalls");
	json_array(j, "filter");
	const char *end = plan->filter_spec + plan->filter_spec_len;
	for (const char *line = plan->filter_spec; line != NULL && line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop != NULL ? stop : end) - line);
		if (len > 0)
			json_string(j, NULL, arena_strndup(j->out->arena, line, len));
		line += len + 1;
	}
	json_array_end(j);
	json_origin(j, "origin", plan->filter_origin);
	json_object_end(j);
	json_object(j, "capabilities");
	json_array(j, "keep");
	for (int i = 0; i < 64; i++)
		if ((plan->keep_caps >> i & 1) != 0)
			json_string(j, NULL, describe_capability(j->out->arena, i));
	json_array_end(j);
	json_object_end(j);
}

static void environment(struct json *j, const struct plan *plan)
{
	json_array(j, "environment");
	for (size_t i = 0; i < plan->env_count; i++) {
		const char *text = plan->env[i].text;
		size_t len = strcspn(text, "=");
		json_object(j, NULL);
		json_string(j, "name", arena_strndup(j->out->arena, text, len));
		json_string(j, "value", text[len] == '=' ? text + len + 1 : "");
		json_origin(j, "origin", plan->env[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
}

static void limits(struct json *j, const struct plan *plan)
{
	json_array(j, "limits");
	for (size_t i = 0; i < plan->limit_count; i++) {
		const struct limit *l = &plan->limits[i];
		json_object(j, NULL);
		json_string(j, "name", l->name);
		json_uint(j, "soft", l->value.rlim_cur);
		json_uint(j, "hard", l->value.rlim_max);
		json_origin(j, "origin", l->origin);
		json_object_end(j);
	}
	json_array_end(j);
}

static void process(struct json *j, const struct plan *plan)
{
	json_object(j, "process");
	json_string(j, "program", plan->program);
	json_array(j, "argv");
	for (size_t i = 0; plan->argv != NULL && plan->argv[i] != NULL; i++)
		json_string(j, NULL, plan->argv[i]);
	json_array_end(j);
	json_string(j, "directory", plan->directory);
	json_origin(j, "directory_origin", plan->directory_origin);
	json_string(j, "terminal", schema_choice_word((int)plan->terminal_mode));
	if (plan->terminal != NULL) {
		json_object(j, "console");
		json_string(j, "path", plan->terminal);
		json_uint(j, "major", major(plan->terminal_rdev));
		json_uint(j, "minor", minor(plan->terminal_rdev));
		json_object_end(j);
	} else if (plan->pty_fds != 0) {
		json_object(j, "console");
		json_string(j, "path", "/dev/pts/0");
		json_array(j, "replaces");
		for (int fd = 0; fd < 3; fd++)
			if ((plan->pty_fds >> fd & 1) != 0)
				json_int(j, NULL, fd);
		json_array_end(j);
		json_object_end(j);
	} else {
		json_null(j, "console");
	}
	json_string(j, "wait", schema_choice_word((int)plan->wait));
	if (!plan->enter)
		json_bool(j, "enter", false);
	if (plan->has_umask)
		mode_text(j, "umask", plan->umask);
	else
		json_null(j, "umask");
	if (plan->has_nice)
		json_int(j, "nice", plan->nice);
	else
		json_null(j, "nice");
	json_origin(j, "nice_origin", plan->nice_origin);
	json_uint(j, "timeout_ms", plan->timeout_ms);
	json_origin(j, "timeout_origin", plan->timeout_origin);
	if (plan->single) {
		json_string(j, "instance", "single");
		json_origin(j, "instance_origin", plan->single_origin);
	}
	if (plan->command != NULL) {
		json_array(j, "command");
		for (char *const *word = plan->command; *word != NULL; word++)
			json_string(j, NULL, *word);
		json_array_end(j);
		json_origin(j, "command_origin", plan->command_origin);
	}
	if (plan->log_size_origin.file != NULL) {
		json_uint(j, "log_size", plan->log_size);
		json_origin(j, "log_size_origin", plan->log_size_origin);
	}
	limits(j, plan);
	json_array(j, "descriptors");
	for (size_t i = 0; i < plan->descriptor_count; i++)
		json_int(j, NULL, plan->descriptors[i]);
	json_array_end(j);
	json_origin(j, "descriptors_origin", plan->descriptor_origin);
	json_object_end(j);
}

void plan_json(struct buf *out, const struct plan *plan)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_string(&j, "profile", plan->profile_name);
	json_string(&j, "profile_path", plan->profile_path);
	json_string(&j, "description", plan->description);
	if (plan->tried != NULL)
		json_string(&j, "tried", plan->tried);
	identity(&j, plan);
	namespaces(&j, plan);
	files(&j, plan);
	privileges(&j, plan);
	landlock_json(&j, plan);
	environment(&j, plan);
	print_desktop_json(&j, plan);
	print_resources_json(&j, plan);
	process(&j, plan);
	json_array(&j, "notes");
	for (size_t i = 0; i < plan->note_count; i++) {
		json_object(&j, NULL);
		json_string(&j, "text", plan->notes[i].text);
		json_origin(&j, "origin", plan->notes[i].origin);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}
