/* What a program could do to get around a name that is kept from it: renaming what lies above, other names, links on the way. */
#include "files_rig.h"

/* The operations below `top`, one a line: KIND TARGET [SOURCE] [ro]. */
static const char *ops_below(struct rig *r, const char *top)
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

static void check_below(struct rig *r, const char *top, const char *what, const char *want)
{
	same(ops_below(r, top), want, what);
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
	check_below(&r, "/work", "a directory above a read-only one cannot be renamed",
		"bind /work\nbind /work/.git\nbind /work/.git/hooks ro\n");

	setup(&r, tree);
	say(&r, &r.profile.filesystem_read_write, "/work");
	say(&r, &r.profile.filesystem_read_only, "/work/a/b/c");
	check_below(&r, "/work", "nor those above that", "bind /work\nbind /work/a\nbind /work/a/b\nbind /work/a/b/c ro\n");

	setup(&r, tree);
	say(&r, &r.profile.filesystem_read_write, "/work");
	say(&r, &r.profile.filesystem_read_write, "/work/a");
	say(&r, &r.profile.filesystem_read_only, "/work/a/b");
	check_below(&r, "/work", "nor one that is granted again", "bind /work\nbind /work/a\nbind /work/a/b ro\n");

	setup(&r, tree);
	say(&r, &r.profile.filesystem_read_only, "/work");
	say(&r, &r.profile.filesystem_read_write, "/work/a/b");
	check_below(&r, "/work", "in a read-only directory nothing can be renamed anyway", "bind /work ro\nbind /work/a/b\n");

	setup(&r, tree);
	bind_to(&r, "/work", "/srv", BIND_READ_WRITE);
	say(&r, &r.profile.filesystem_read_only, "/work/.git");
	bind_to(&r, "/work/a", "/srv/.git/hooks", BIND_READ_WRITE);
	check_below(&r, "/srv", "under another name too",
		"bind /srv <- /work\nbind /srv/.git <- /work/.git\nbind /srv/.git/hooks <- /work/a\n");
}

static void test_links(void)
{
	struct rig r;
	setup(&r,
		"\"/home/ada/.bashrc\":\"-> a/link\",\"/home/ada/a/link\":\"-> ../b/rc\",\"/home/ada/a/x\":\"file\",\"/home/ada/b/rc\":\"file\"");
	say(&r, &r.profile.filesystem_read_write, "~/a");
	check_below(&r, "/home/ada/a", "a link half-way to a start-up file cannot be turned",
		"tmpfs /home/ada/a ro\nlink /home/ada/a/link <- ../b/rc\nbind /home/ada/a/x\n");

	setup(&r,
		"\"/home/ada/.config\":\"-> a/c\",\"/home/ada/a/c\":\"-> ../b\",\"/home/ada/a/x\":\"file\",\"/home/ada/b/bailey\":\"dir\"");
	say(&r, &r.profile.filesystem_read_write, "~/a");
	check_below(&r, "/home/ada/a", "nor one half-way to bailey's own files",
		"tmpfs /home/ada/a ro\nlink /home/ada/a/c <- ../b\nbind /home/ada/a/x\n");

	setup(&r,
		"\"/home/ada/.config\":\"-> a/c\",\"/home/ada/a/c\":\"-> ../b\",\"/home/ada/a/x\":\"file\",\"/home/ada/b/bailey\":\"dir\"");
	say(&r, &r.profile.filesystem_read_only, "~/a");
	check_below(&r, "/home/ada/a", "which a program that only reads cannot do", "bind /home/ada/a ro\n");
}

static void test_both(void)
{
	struct rig r;
	setup(&r, "\"/home/ada/.ssh/id\":\"file\",\"/home/ada/x\":\"file\"");
	say(&r, &r.profile.filesystem_hide, "~/.ssh");
	bind_to(&r, "~", "/h", BIND_READ_WRITE);
	check_below(&r, "/h/", "a name that is hidden and protected is hidden", "bind /h/x <- /home/ada/x\n");
}

static void test_other_places(void)
{
	struct rig r;
	setup(&r, "\"/proc/self\":\"dir\",\"/srv/x\":\"dir\"");
	bind_to(&r, "/", "/mnt", BIND_READ_ONLY);
	check_below(&r, "/mnt/", "the host's processes are not shown with its root", "bind /mnt/srv <- /srv ro\n");
}

int main(void)
{
	test_pins();
	test_links();
	test_both();
	test_other_places();
	return tap_done();
}
