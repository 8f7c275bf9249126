/* What a program could do to get around a name that is kept from it: renaming what lies above, other names, links on the way. */
#include "plan/internal.h"
#include "tap.h"

struct rig {
	struct arena arena;
	struct facts facts;
	struct profile profile;
	struct plan plan;
	struct diags diags;
	unsigned line;
};

static void setup(struct rig *r, const char *paths)
{
	*r = (struct rig){ 0 };
	const char *json = arena_printf(
		&r->arena, "{\"uid\":1000,\"gid\":1000,\"user\":\"ada\",\"home\":\"/home/ada\",\"paths\":{%s}}", paths);
	struct err e = { 0 };
	if (facts_json(&r->facts, &r->arena, json, strlen(json), "facts.json", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	r->diags.arena = &r->arena;
	r->profile.name = "test";
}

static void say(struct rig *r, struct list *list, const char *text)
{
	list->items = arena_grow(&r->arena, list->items, list->count, &list->cap, sizeof *list->items);
	list->items[list->count++] =
		(struct item){ .text = text, .origin = { .file = "t.conf", .line = ++r->line, .layer = r->line } };
}

static void bind_to(struct rig *r, const char *from, const char *to)
{
	struct records *list = &r->profile.filesystem_binds;
	list->items = arena_grow(&r->arena, list->items, list->count, &list->cap, sizeof *list->items);
	struct record *b = &list->items[list->count++];
	b->origin = (struct origin){ .file = "t.conf", .line = ++r->line, .layer = r->line };
	*MEMBER_OF(b, bind, from) = (struct value){ .set = true, .s = from };
	*MEMBER_OF(b, bind, to) = (struct value){ .set = true, .s = to };
	*MEMBER_OF(b, bind, mode) = (struct value){ .set = true, .i = BIND_READ_WRITE };
}

/* The operations below `top`, one a line: KIND TARGET [SOURCE] [ro]. */
static const char *ops(struct rig *r, const char *top)
{
	static const char *const kinds[] = { "dir", "link", "file", "bind", "tmpfs", "proc", "pts", "mqueue" };
	struct planner pl = { .plan = &r->plan, .arena = &r->arena, .p = &r->profile, .facts = &r->facts, .diags = &r->diags };
	plan_files(&pl);
	struct buf b = { .arena = &r->arena };
	for (size_t i = 0; i < r->diags.count; i++)
		buf_printf(&b, "%s\n", r->diags.items[i].text);
	for (size_t i = 0; i < r->plan.mount_count; i++) {
		const struct mount_op *op = &r->plan.mounts[i];
		if (strncmp(op->target, top, strlen(top)) != 0)
			continue;
		buf_printf(&b, "%s %s", kinds[op->kind], op->target);
		if (op->source != NULL && strcmp(op->source, op->target) != 0)
			buf_printf(&b, " <- %s", op->source);
		buf_puts(&b, (op->flags & MOUNT_READ_ONLY) != 0 ? " ro\n" : "\n");
	}
	return buf_text(&b);
}

static void check(struct rig *r, const char *top, const char *what, const char *want)
{
	same(ops(r, top), want, what);
	arena_free(&r->arena);
}

/* A mount point cannot be renamed, but what lies above it can, and the mount goes along. */
static void test_pins(void)
{
	static const char tree[] = "\"/work/.git/hooks/x\":\"file\",\"/work/.git/config\":\"file\",\"/work/a/b/c\":\"dir\"";
	struct rig r;
	setup(&r, tree);
	say(&r, &r.profile.filesystem_read_write, "/work");
	say(&r, &r.profile.filesystem_read_only, "/work/.git/hooks");
	check(&r, "/work", "a directory above a read-only one cannot be renamed",
		"bind /work\nbind /work/.git\nbind /work/.git/hooks ro\n");

	setup(&r, tree);
	say(&r, &r.profile.filesystem_read_write, "/work");
	say(&r, &r.profile.filesystem_read_only, "/work/a/b/c");
	check(&r, "/work", "nor those above that", "bind /work\nbind /work/a\nbind /work/a/b\nbind /work/a/b/c ro\n");

	setup(&r, tree);
	say(&r, &r.profile.filesystem_read_write, "/work");
	say(&r, &r.profile.filesystem_read_write, "/work/a");
	say(&r, &r.profile.filesystem_read_only, "/work/a/b");
	check(&r, "/work", "nor one that is granted again", "bind /work\nbind /work/a\nbind /work/a/b ro\n");

	setup(&r, tree);
	say(&r, &r.profile.filesystem_read_only, "/work");
	say(&r, &r.profile.filesystem_read_write, "/work/a/b");
	check(&r, "/work", "in a read-only directory nothing can be renamed anyway", "bind /work ro\nbind /work/a/b\n");

	setup(&r, tree);
	bind_to(&r, "/work", "/srv");
	say(&r, &r.profile.filesystem_read_only, "/work/.git");
	bind_to(&r, "/work/a", "/srv/.git/hooks");
	check(&r, "/srv", "under another name too",
		"bind /srv <- /work\nbind /srv/.git <- /work/.git\nbind /srv/.git/hooks <- /work/a\n");
}

static void test_links(void)
{
	struct rig r;
	setup(&r,
		"\"/home/ada/.bashrc\":\"-> a/link\",\"/home/ada/a/link\":\"-> ../b/rc\",\"/home/ada/a/x\":\"file\",\"/home/ada/b/rc\":\"file\"");
	say(&r, &r.profile.filesystem_read_write, "~/a");
	check(&r, "/home/ada/a", "a link half-way to a start-up file cannot be turned",
		"tmpfs /home/ada/a ro\nlink /home/ada/a/link <- ../b/rc\nbind /home/ada/a/x\n");

	setup(&r,
		"\"/home/ada/.config\":\"-> a/c\",\"/home/ada/a/c\":\"-> ../b\",\"/home/ada/a/x\":\"file\",\"/home/ada/b/bailey\":\"dir\"");
	say(&r, &r.profile.filesystem_read_write, "~/a");
	check(&r, "/home/ada/a", "nor one half-way to bailey's own files",
		"tmpfs /home/ada/a ro\nlink /home/ada/a/c <- ../b\nbind /home/ada/a/x\n");

	setup(&r,
		"\"/home/ada/.config\":\"-> a/c\",\"/home/ada/a/c\":\"-> ../b\",\"/home/ada/a/x\":\"file\",\"/home/ada/b/bailey\":\"dir\"");
	say(&r, &r.profile.filesystem_read_only, "~/a");
	check(&r, "/home/ada/a", "which a program that only reads cannot do", "bind /home/ada/a ro\n");
}

static void test_both(void)
{
	struct rig r;
	setup(&r, "\"/home/ada/.ssh/id\":\"file\",\"/home/ada/x\":\"file\"");
	say(&r, &r.profile.filesystem_hide, "~/.ssh");
	bind_to(&r, "~", "/h");
	check(&r, "/h/", "a name that is hidden and protected is hidden", "bind /h/x <- /home/ada/x\n");
}

static void test_other_places(void)
{
	struct rig r;
	setup(&r, "\"/proc/self\":\"dir\",\"/srv/x\":\"dir\"");
	bind_to(&r, "/", "/mnt");
	check(&r, "/mnt/", "the host's processes are not shown with its root", "bind /mnt/srv <- /srv\n");
}

int main(void)
{
	test_pins();
	test_links();
	test_both();
	test_other_places();
	return tap_done();
}
