/* A profile, injected facts and the file part of the plan, for tests of it: exact operation lists. Include it once. */
#ifndef BAILEY_TESTS_FILES_RIG_H
#define BAILEY_TESTS_FILES_RIG_H

#include <sched.h>

#include "plan/internal.h"
#include "tap.h"

/* One case: facts, what the profile says, what comes out. */
struct rig {
	struct arena arena;
	struct facts facts;
	struct profile profile;
	struct plan plan;
	struct diags diags;
	struct planner planner;
	struct plan_request request;
	unsigned line;
};

static const char *const debian =
	"\"/usr/bin/sh\":\"file 0755\",\"/usr/lib\":\"dir\",\"/usr/share/doc\":\"dir\",\"/bin\":\"-> usr/bin\","
	"\"/lib\":\"-> usr/lib\",\"/etc/passwd\":\"file\",\"/etc/machine-id\":\"file\",\"/home/ada\":\"dir 0700\",\"/dev/null\":\"dev\"";

static __attribute__((unused)) void setup(struct rig *r, const char *paths)
{
	*r = (struct rig){ 0 };
	const char *json = arena_printf(&r->arena,
		"{\"uid\":1000,\"gid\":1000,\"user\":\"ada\",\"home\":\"/home/ada\",\"cwd\":\"/home/ada/project\",\"paths\":{%s}}",
		paths);
	struct err e = { 0 };
	if (facts_json(&r->facts, &r->arena, json, strlen(json), "facts.json", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	r->diags.arena = &r->arena;
	r->profile.name = "test";
}

static __attribute__((unused)) struct origin next_line(struct rig *r)
{
	return (struct origin){ .file = "t.conf", .line = ++r->line, .layer = 3 };
}

/* Each item gets the next line number. */
static __attribute__((unused)) void say(struct rig *r, struct list *list, const char *text)
{
	list->items = arena_grow(&r->arena, list->items, list->count, &list->cap, sizeof *list->items);
	bool optional = text[0] == '-';
	list->items[list->count++] = (struct item){ .text = text + optional, .optional = optional, .origin = next_line(r) };
}

static __attribute__((unused)) struct record *say_record(struct rig *r, struct records *list)
{
	list->items = arena_grow(&r->arena, list->items, list->count, &list->cap, sizeof *list->items);
	list->items[list->count].origin = next_line(r);
	return &list->items[list->count++];
}

static __attribute__((unused)) void set_text(struct value *v, const char *s)
{
	v->set = true;
	v->s = s;
}

static __attribute__((unused)) void set_number(struct value *v, int64_t i)
{
	v->set = true;
	v->i = i;
}

static __attribute__((unused)) void set_home(struct rig *r, enum choice_value v)
{
	r->profile.filesystem_home = (struct value){ .set = true, .i = v, .origin = next_line(r) };
}

static __attribute__((unused)) void bind_to(struct rig *r, const char *from, const char *to, enum choice_value mode)
{
	struct record *b = say_record(r, &r->profile.filesystem_binds);
	set_text(MEMBER_OF(b, bind, from), from);
	if (to != NULL)
		set_text(MEMBER_OF(b, bind, to), to);
	set_number(MEMBER_OF(b, bind, mode), mode);
}

static __attribute__((unused)) void tmpfs_at(struct rig *r, const char *path, int64_t mode, int64_t size)
{
	struct record *t = say_record(r, &r->profile.filesystem_tmpfs);
	set_text(MEMBER_OF(t, tmpfs, path), path);
	set_number(MEMBER_OF(t, tmpfs, mode), mode);
	if (size > 0)
		set_number(MEMBER_OF(t, tmpfs, size), size);
}

static __attribute__((unused)) int plan_it(struct rig *r)
{
	r->planner = (struct planner){ .plan = &r->plan,
		.arena = &r->arena,
		.p = &r->profile,
		.facts = &r->facts,
		.diags = &r->diags,
		.request = &r->request };
	return plan_files(&r->planner);
}

static __attribute__((unused)) const char *flag_letters(struct arena *a, unsigned flags)
{
	struct buf b = { .arena = a };
	static const char letters[] = "rxdfmboVu";
	for (unsigned i = 0; letters[i] != '\0'; i++)
		if ((flags & 1u << i) != 0)
			buf_putc(&b, letters[i]);
	return buf_text(&b);
}

/*
 * The operations, one a line, without those that every sandbox has: KIND TARGET [SOURCE or mode] [FLAGS] [LINE].
 * Flags: r read-only, x noexec, d devices, f on a file, m make, b in a bind, o over, V may vanish, u in the upper.
 */
static __attribute__((unused)) const char *ops(struct rig *r)
{
	static const char *const kinds[] = { "dir", "link", "file", "bind", "tmpfs", "proc", "pts", "upper", "whiteout", "overlay",
		"mqueue" };
	struct buf b = { .arena = &r->arena };
	for (size_t i = 0; i < r->plan.mount_count; i++) {
		const struct mount_op *op = &r->plan.mounts[i];
		if (op->origin.file != NULL && strcmp(op->origin.file, "built in") == 0 && op->kind != MOUNT_FILE &&
			strncmp(op->target, "/home", 5) != 0)
			continue;
		buf_printf(&b, "%s %s", kinds[op->kind], op->target);
		if (op->source != NULL && (op->kind == MOUNT_SYMLINK || strcmp(op->source, op->target) != 0))
			buf_printf(&b, " <- %s", op->source);
		if (op->kind == MOUNT_DIRECTORY || op->kind == MOUNT_TMPFS || op->kind == MOUNT_FILE || op->kind == MOUNT_UPPER)
			buf_printf(&b, " %04o", op->mode);
		if (op->size > 0)
			buf_printf(&b, " size=%llu", (unsigned long long)op->size);
		if (op->flags != 0)
			buf_printf(&b, " %s", flag_letters(&r->arena, op->flags));
		if (op->origin.line > 0)
			buf_printf(&b, " :%u", op->origin.line);
		buf_putc(&b, '\n');
	}
	return buf_text(&b);
}

static __attribute__((unused)) const char *mistakes(struct rig *r)
{
	struct buf b = { .arena = &r->arena };
	for (size_t i = 0; i < r->diags.count; i++)
		buf_printf(&b, "%u: %s: %s\n", r->diags.items[i].origin.line, r->diags.items[i].setting, r->diags.items[i].text);
	return buf_text(&b);
}

static __attribute__((unused)) const char *all_ops(struct rig *r)
{
	struct buf b = { .arena = &r->arena };
	for (size_t i = 0; i < r->plan.mount_count; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", r->plan.mounts[i].target);
	return buf_text(&b);
}

static __attribute__((unused)) void check(struct rig *r, const char *what, const char *want)
{
	plan_it(r);
	same(mistakes(r), "", arena_printf(&r->arena, "%s: no mistakes", what));
	same(ops(r), want, what);
	arena_free(&r->arena);
}

static __attribute__((unused)) void check_wrong(struct rig *r, const char *what, const char *want)
{
	int err = plan_it(r);
	ok(err < 0, "%s: refused", what);
	same(mistakes(r), want, what);
	arena_free(&r->arena);
}

#endif
