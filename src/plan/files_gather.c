/* From settings to entries of the file tree. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "plan/tree.h"

static const struct origin built_in = { .file = "built in" };

struct entry *tree_add(struct planner *pl, const struct entry *e)
{
	struct file_tree *t = pl->files;
	t->entries = arena_grow(pl->arena, t->entries, t->count, &t->cap, sizeof(struct entry *));
	struct entry *copy = arena_alloc(pl->arena, sizeof *copy);
	*copy = *e;
	return t->entries[t->count++] = copy;
}

bool tree_is_own(const char *path)
{
	static const char *const trees[] = { "/proc", "/dev/pts", "/dev/mqueue" };
	static const char *const names[] = { "/dev", "/dev/ptmx", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr",
		"/dev/console" };
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
		if (path_within(path, trees[i]))
			return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return false;
}

bool tree_allows_source(struct planner *pl, const struct entry *e)
{
	if (entry_is_writable(e) && pl->plan->mode == IDENTITY_HOST && path_within(e->source, "/sys")) {
		struct diag *at = diag_error(pl->diags, e->origin, e->setting,
			"\"%s\": as the host's root a program may only read what is in /sys", e->asked);
		diag_hint(pl->diags, at, "grant it read-only; what is there changes the machine as a whole");
		return false;
	}
	if (!entry_is_writable(e) || strcmp(e->source, "/") != 0)
		return true;
	struct diag *at = diag_error(pl->diags, e->origin, e->setting,
		"\"%s\" is /: that would let the program change all that you can change", e->asked);
	diag_hint(pl->diags, at, "start in the directory it is to work in, or grant that one");
	return false;
}

void tree_add_asked(struct planner *pl, struct entry *e)
{
	bool own_source = e->kind == ENTRY_BIND && path_within(e->source, "/proc");
	e->rank = RANK_ASKED;
	if (tree_is_own(e->path) || own_source) {
		/* A pattern means whatever can be granted. */
		if (e->pattern)
			return;
		struct diag *at = diag_error(pl->diags, e->origin, e->setting,
			own_source ? "\"%s\": the host's /proc cannot be shown"
				   : "\"%s\" is the sandbox's own: nothing is put there, and nothing hidden",
			e->asked);
		diag_hint(pl->diags, at,
			"leave it out: every sandbox has its own /proc and a small /dev; devices.nodes adds to /dev");
		return;
	}
	if (strcmp(e->path, "/") == 0 && e->kind != ENTRY_BIND) {
		diag_error(pl->diags, e->origin, e->setting, "\"/\" cannot be hidden or replaced: the tree starts empty as it is");
		return;
	}
	if (tree_allows_source(pl, e))
		tree_add(pl, e);
}

void files_gather_list(struct planner *pl, const struct list *list, const char *setting, const struct entry *proto)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct item *item = &list->items[i];
		const char **paths;
		size_t count;
		bool pattern;
		if (expand_path(pl, item->origin, setting, item->text, true, &paths, &count, &pattern) < 0)
			continue;
		if (count == 0 && !item->optional) {
			struct diag *at = diag_error(pl->diags, item->origin, setting, "\"%s\" matches nothing", item->text);
			diag_hint(pl->diags, at, "write \"-%s\" when that is all right", item->text);
		}
		for (size_t k = 0; k < count; k++) {
			struct entry e = *proto;
			e.path = paths[k];
			e.source = paths[k];
			e.optional = item->optional;
			e.pattern = pattern;
			e.asked = item->text;
			e.setting = setting;
			e.origin = item->origin;
			tree_add_asked(pl, &e);
		}
	}
}

/* A path of a record: one, without patterns; a leading '-' is for lists, records have `optional`. */
static int one_path(struct planner *pl, struct origin o, const char *setting, const char *text, const char **ret)
{
	const char **paths;
	size_t count;
	int err = expand_path(pl, o, setting, text, false, &paths, &count, NULL);
	if (err == 0)
		*ret = paths[0];
	return err;
}

static void gather_binds(struct planner *pl)
{
	const struct records *binds = &pl->p->filesystem_binds;
	for (size_t i = 0; i < binds->count; i++) {
		const struct record *r = &binds->items[i];
		const struct value *from = MEMBER_OF(r, bind, from), *to = MEMBER_OF(r, bind, to);
		const struct value *mode = MEMBER_OF(r, bind, mode), *exec = MEMBER_OF(r, bind, exec);
		struct entry e = {
			.kind = ENTRY_BIND,
			.asked = from->s,
			.setting = "filesystem.binds",
			.origin = r->origin,
			.optional = MEMBER_OF(r, bind, optional)->i != 0,
		};
		if (from->s == NULL)
			continue; /* diagnosed when the profile was read */
		bool good = one_path(pl, from->origin, "filesystem.binds.from", from->s, &e.source) == 0;
		e.path = e.source;
		if (to->s != NULL && one_path(pl, to->origin, "filesystem.binds.to", to->s, &e.path) != 0)
			good = false;
		if (!good || e.path == NULL || e.source == NULL)
			continue;
		e.renamed = strcmp(e.path, e.source) != 0;
		if (!mode->set || mode->i != BIND_READ_WRITE)
			e.flags |= MOUNT_READ_ONLY;
		if (exec->set && exec->i == 0)
			e.flags |= MOUNT_NOEXEC;
		tree_add_asked(pl, &e);
	}
}

static void gather_tmpfs(struct planner *pl)
{
	const struct records *list = &pl->p->filesystem_tmpfs;
	for (size_t i = 0; i < list->count; i++) {
		const struct record *r = &list->items[i];
		const struct value *path = MEMBER_OF(r, tmpfs, path), *mode = MEMBER_OF(r, tmpfs, mode);
		const struct value *size = MEMBER_OF(r, tmpfs, size), *exec = MEMBER_OF(r, tmpfs, exec);
		const struct value *inodes = MEMBER_OF(r, tmpfs, inodes);
		struct entry e = {
			.kind = ENTRY_TMPFS,
			.asked = path->s,
			.setting = "filesystem.tmpfs",
			.origin = r->origin,
			.mode = mode->set ? (mode_t)mode->i : 0755,
			.size = size->set ? (uint64_t)size->i : 0,
			.inodes = inodes->set ? (uint64_t)inodes->i : 0,
			.flags = exec->set && exec->i == 0 ? MOUNT_NOEXEC : 0,
		};
		if (path->s != NULL && one_path(pl, path->origin, "filesystem.tmpfs.path", path->s, &e.path) == 0)
			tree_add_asked(pl, &e);
	}
}

static void gather_create(struct planner *pl)
{
	static const char setting[] = "filesystem.create";
	const struct list *list = &pl->p->filesystem_create;
	struct file_tree *t = pl->files;
	if (t->kept != NULL)
		t->own = arena_array(pl->arena, list->count, sizeof *t->own);
	for (size_t i = 0; i < list->count; i++) {
		const struct item *item = &list->items[i];
		const char *path;
		if (one_path(pl, item->origin, setting, item->text, &path) != 0)
			continue;
		if (t->kept != NULL) {
			files_create_own(pl, path, item);
			continue;
		}
		struct resolved r;
		int err = facts_resolve(pl->facts, path, &r);
		if (err == -ENOENT)
			tree_add_create(pl, r.path, false, item->text, item->origin);
		else if (err < 0)
			diag_error(pl->diags, item->origin, setting, "\"%s\" cannot be looked up: %s", item->text, strerror(-err));
		else if (r.node.type != NODE_DIRECTORY)
			diag_error(pl->diags, item->origin, setting, "\"%s\" is there, but is no directory", item->text);
	}
}

/* A profile's name as the name of one directory: "common/x" must not lie in what belongs to "common". */
static const char *one_name(struct arena *a, const char *name)
{
	struct buf b = { .arena = a };
	for (; name != NULL && *name != '\0'; name++)
		buf_puts(&b, *name == '/' ? "%2F" : *name == '%' ? "%25" : (const char[]){ *name, '\0' });
	return b.len > 0 ? buf_text(&b) : "-";
}

/* Where the home directory of its own that a profile keeps lies on the host. */
static int persistent_home(struct planner *pl, struct entry *e)
{
	struct resolved r;
	const struct value *identity = &pl->p->filesystem_identity;
	int err = expand_text(pl, e->origin, e->setting,
		identity->set ? "${DATA}/bailey/identities" : "${DATA}/bailey/homes/${PROFILE}", &e->source);
	if (err < 0)
		return err;
	if (identity->set)
		e->source = arena_printf(pl->arena, "%s/%s/%s", e->source, one_name(pl->arena, pl->p->name), identity->s);
	if (path_normal(pl->arena, e->source, &e->source) < 0) {
		diag_error(pl->diags, e->origin, e->setting, "\"%s\" cannot be the place of a home directory", e->source);
		return -EINVAL;
	}
	if (facts_resolve(pl->facts, e->source, &r) == -ENOENT)
		tree_add_create(pl, r.path, false, e->source, e->origin);
	return 0;
}

static void gather_home(struct planner *pl)
{
	const struct value *home = &pl->p->filesystem_home;
	struct entry e = {
		.kind = ENTRY_BIND,
		.rank = RANK_HOME,
		.asked = "~",
		.setting = "filesystem.home",
		.origin = home->set ? home->origin : built_in,
	};
	bool private = !home->set || home->i == HOME_PRIVATE;
	const struct value *identity = &pl->p->filesystem_identity;
	if (identity->set && home->i != HOME_PERSISTENT) {
		struct diag *at = diag_error(pl->diags, identity->origin, "filesystem.identity",
			"an identity has a kept home: filesystem.home is something else");
		diag_hint(pl->diags, at, "write home = \"persistent\"; --identity NAME says both");
		return;
	}
	/* A private home needs no home: what has none (a service, a user without an entry) just gets no directory for it. */
	if (private && pl->facts->home[0] != '/')
		return;
	if (expand_text(pl, e.origin, e.setting, "~", &e.path) < 0)
		return;
	int err = path_normal(pl->arena, e.path, &e.path);
	if (err == 0 && private && e.path[1] == '\0')
		return;
	if (err < 0 || e.path[1] == '\0' || tree_is_own(e.path)) {
		struct diag *at = diag_error(pl->diags, e.origin, e.setting, "\"%s\" cannot serve as a home directory", e.path);
		diag_hint(pl->diags, at, "start bailey with HOME set to a directory of the user's");
		return;
	}
	e.source = e.path;
	if (private) {
		e.kind = ENTRY_TMPFS;
		e.mode = 0700;
	} else if (home->i == HOME_PERSISTENT) {
		e.renamed = true;
		if (persistent_home(pl, &e) < 0)
			return;
	}
	const struct entry *added = tree_add(pl, &e);
	if (identity->set)
		pl->files->kept = added;
}

/* Every sandbox has these, besides devices. */
static void gather_built_in(struct planner *pl)
{
	static const struct {
		enum entry_kind kind;
		unsigned flags;
		const char *path, *link;
		mode_t mode;
	} rows[] = {
		{ ENTRY_PROC, 0, "/proc", NULL, 0 },
		{ ENTRY_DIRECTORY, 0, "/dev", NULL, 0755 },
		{ ENTRY_DEVPTS, 0, "/dev/pts", NULL, 0 },
		{ ENTRY_SYMLINK, 0, "/dev/ptmx", "pts/ptmx", 0 },
		{ ENTRY_SYMLINK, 0, "/dev/fd", "/proc/self/fd", 0 },
		{ ENTRY_SYMLINK, 0, "/dev/stdin", "/proc/self/fd/0", 0 },
		{ ENTRY_SYMLINK, 0, "/dev/stdout", "/proc/self/fd/1", 0 },
		{ ENTRY_SYMLINK, 0, "/dev/stderr", "/proc/self/fd/2", 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		/* The host's root may write to /proc/sys, /proc/sysrq-trigger and the like without any capability. */
		bool closed = rows[i].kind == ENTRY_PROC && pl->plan->mode == IDENTITY_HOST;
		struct entry e = {
			.kind = rows[i].kind,
			.flags = rows[i].flags | (closed ? MOUNT_READ_ONLY : 0U),
			.path = rows[i].path,
			.link = rows[i].link,
			.mode = rows[i].mode,
			.origin = built_in,
		};
		tree_add(pl, &e);
	}
	/* The first pseudo terminal of a new devpts has the number 0. */
	if (pl->plan->pty_fds != 0)
		tree_add(pl, &(struct entry){ .kind = ENTRY_SYMLINK, .path = "/dev/console", .link = "pts/0", .origin = built_in });
	if ((pl->plan->clone_flags & CLONE_NEWIPC) != 0)
		tree_add(pl, &(struct entry){ .kind = ENTRY_MQUEUE, .path = "/dev/mqueue", .origin = built_in });
	if (pl->plan->machine_id_private) {
		const struct value *id = &pl->p->identity_machine_id;
		tree_add(pl,
			&(struct entry){ .kind = ENTRY_FILE,
				.path = "/etc/machine-id",
				.mode = 0444,
				.why = "the machine's own id would tell sandboxes and machines apart",
				.origin = id->set ? id->origin : built_in });
	}
}

/* The name servers of a network of its own. */
static void gather_resolv(struct planner *pl)
{
	const struct user_network *n = &pl->plan->user_network;
	if (n->resolv == NULL)
		return;
	tree_add(pl,
		&(struct entry){ .kind = ENTRY_FILE,
			.path = n->resolv_path,
			.content = n->resolv,
			.mode = 0444,
			.guarded = !pl->p->filesystem_root.set,
			.why = "the name servers of its own network",
			.origin = pl->plan->network_origin });
}

static void add_served(struct planner *pl, enum served served, const char *path, const char *why, struct origin o)
{
	tree_add(pl,
		&(struct entry){ .kind = ENTRY_SERVED, .path = path, .served = served, .guarded = true, .why = why, .origin = o });
}

/* Something of the session's, whatever else of its directory is granted. */
static void add_session(
	struct planner *pl, const char *source, const char *path, unsigned flags, const char *setting, struct origin o)
{
	if (source == NULL)
		return;
	o.layer = UINT_MAX;
	tree_add(pl,
		&(struct entry){ .kind = ENTRY_BIND,
			.rank = RANK_ASKED,
			.flags = flags,
			.path = path,
			.source = source,
			.renamed = strcmp(path, source) != 0,
			.asked = source,
			.setting = setting,
			.origin = o });
}

/* The sockets and files that programs of ours serve, and those of the display. */
static void gather_served(struct planner *pl)
{
	for (size_t i = 0; i < BUS_COUNT; i++) {
		const struct bus_plan *b = &pl->plan->desktop.bus[i];
		if (b->address != NULL)
			add_served(pl, (enum served)i, b->inside, "the bus, filtered", b->rules[0].origin);
	}
	const struct display_plan *d = &pl->plan->desktop.display;
	if (d->cookies_inside != NULL)
		add_served(pl, SERVED_COOKIES, d->cookies_inside, "the cookie of this one display", d->origin);
	if (d->screen.server != NULL)
		add_served(pl, SERVED_X11, "/tmp/.X11-unix/X" SCREEN_NUMBER, "an X server of its own", d->origin);
	const unsigned socket = MOUNT_READ_ONLY | MOUNT_NOEXEC;
	if (d->x11 != NULL)
		add_session(
			pl, d->x11, arena_printf(pl->arena, "/tmp/.X11-unix/X%s", d->number), socket, "desktop.display", d->origin);
	const char *place;
	if (display_asks(d) && expand_quietly(pl, "${RUNTIME}", &place) == 0)
		add_served(pl, SERVED_WAYLAND, path_join(pl->arena, place, d->wayland_name), "the Wayland compositor", d->origin);
	else if (d->wayland != NULL && expand_quietly(pl, "${RUNTIME}", &place) == 0)
		add_session(pl, d->wayland, path_join(pl->arena, place, d->wayland_name), socket, "desktop.display", d->origin);
	const struct audio_plan *a = &pl->plan->desktop.audio;
	const char *audio = a->inside != NULL ? a->inside : "";
	add_session(pl, a->pulse, arena_printf(pl->arena, "%s" AUDIO_PULSE, audio), socket, "desktop.audio", a->origin);
	add_session(pl, a->cookie, arena_printf(pl->arena, "%s" AUDIO_COOKIE, audio), socket, "desktop.audio", a->origin);
	add_session(pl, a->pipewire, arena_printf(pl->arena, "%s/" AUDIO_PIPEWIRE, audio), socket, "desktop.audio", a->origin);
}

static void gather_open(struct planner *pl)
{
	const struct open_plan *o = &pl->plan->desktop.open;
	static const char why[] = "asks for addresses to be opened outside";
	if (o->handler == NULL)
		return;
	add_served(pl, SERVED_OPEN, OPEN_DIRECTORY "/socket", why, o->origin);
	add_served(pl, SERVED_OPENER, OPEN_DIRECTORY "/xdg-open", why, o->origin);
	if (o->stands_in)
		tree_add(pl,
			&(struct entry){ .kind = ENTRY_SERVED,
				.path = OPEN_USUAL,
				.served = SERVED_OPENER,
				.why = why,
				.origin = o->origin });
}

/* What programs that use portals look for. */
static void gather_portal(struct planner *pl)
{
	const struct portal_plan *p = &pl->plan->desktop.portal;
	if (p->info == NULL)
		return;
	add_session(pl, p->documents, p->documents_inside, MOUNT_NOEXEC, "desktop.dbus", p->origin);
	tree_add(pl,
		&(struct entry){ .kind = ENTRY_FILE,
			.path = PORTAL_INFO,
			.content = p->info,
			.mode = 0444,
			.guarded = true,
			.why = "portals and toolkits look for it in a sandbox",
			.origin = p->origin });
}

/* The names of the sandboxes of its network, in a file that bailey-net keeps up to date. */
static void gather_hosts(struct planner *pl)
{
	const struct bridge_network *b = &pl->plan->bridge;
	if (b->hosts == NULL)
		return;
	struct origin o = b->origin;
	o.layer = UINT_MAX; /* whatever grants the host's file */
	tree_add_create(pl, b->hosts, true, b->hosts, b->origin);
	tree_add(pl,
		&(struct entry){ .kind = ENTRY_BIND,
			.rank = RANK_ASKED,
			.flags = MOUNT_READ_ONLY | MOUNT_NOEXEC,
			.path = b->hosts_path,
			.source = b->hosts,
			.renamed = true,
			.asked = "/etc/hosts",
			.setting = "network.bridge",
			.why = "the names of the sandboxes of its network",
			.origin = o });
}

void files_gather(struct planner *pl)
{
	const struct profile *p = pl->p;
	const struct entry read_only = { .kind = ENTRY_BIND, .flags = MOUNT_READ_ONLY }, read_write = { .kind = ENTRY_BIND };
	pl->files->cap = 64 + p->filesystem_read_only.count + p->filesystem_read_write.count + p->devices_nodes.count;
	pl->files->entries = arena_array(pl->arena, pl->files->cap, sizeof(struct entry *));
	gather_built_in(pl);
	gather_resolv(pl);
	gather_hosts(pl);
	gather_served(pl);
	gather_portal(pl);
	gather_open(pl);
	gather_home(pl);
	gather_create(pl);
	files_gather_layers(pl);
	files_gather_list(pl, &p->filesystem_read_only, "filesystem.read_only", &read_only);
	files_gather_list(pl, &p->filesystem_read_write, "filesystem.read_write", &read_write);
	files_gather_devices(pl);
	gather_binds(pl);
	gather_tmpfs(pl);
	files_grant_own(pl);
	files_gather_here(pl);
}
