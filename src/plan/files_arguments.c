/*
 * What is granted because of how the program was started: the files that the command line names, and the current directory.
 *
 * Who types a path means that file, but words also come from patterns of the shell and from desktops, and so the names of files
 * in them from whoever wrote there.  A file's name has no slash: that is why nothing but an absolute path, or a name from the
 * current directory on, can come of such a word, and "--NAME=" and "file:/" in it open no way to anywhere else.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "plan/tree.h"

/* Each is a mount; more is meant as "all that is in there". */
enum { MOST = 1000 };

static const char setting[] = "filesystem.arguments", here[] = "filesystem.current_directory";

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 8089: "file:///a%20b", "file://localhost/a", "file:/a"; NULL for another machine's file. */
static const char *path_of_uri(struct arena *a, const char *uri)
{
	const char *at = uri + strlen("file:");
	if (strncmp(at, "//localhost/", 12) == 0)
		at += 11;
	else if (strncmp(at, "//", 2) == 0)
		at += 2;
	if (at[0] != '/')
		return NULL;
	char *path = arena_alloc(a, strlen(at) + 1), *end = path;
	for (; *at != '\0' && *at != '?' && *at != '#'; at++) {
		int high = *at == '%' ? hex(at[1]) : -1, low = high >= 0 ? hex(at[2]) : -1;
		*end++ = low >= 0 ? (char)(high * 16 + low) : *at;
		if (end[-1] == '\0')
			return NULL;
		if (low >= 0)
			at += 2;
	}
	*end = '\0';
	return path;
}

/* The path that a word may stand for, absolute, or NULL. `*options` becomes false at "--". */
static const char *path_of_word(struct planner *pl, const char *word, bool *options, bool *ret_relative)
{
	*ret_relative = false;
	if (*options && word[0] == '-') {
		const char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
		if (strcmp(word, "--") == 0)
			*options = false;
		if (equals == NULL)
			return NULL;
		word = equals + 1;
	}
	if (strncmp(word, "file:/", 6) == 0)
		return path_of_uri(pl->arena, word);
	if (word[0] == '/' || word[0] == '\0')
		return word[0] == '/' ? word : NULL;
	*ret_relative = true;
	return pl->facts->cwd[0] == '/' ? path_join(pl->arena, pl->facts->cwd, word) : NULL;
}

/* The first of the paths in a list at or below which this path of the host lies, or, with `above`, which lie below it; or NULL. */
static const struct item *named_in(struct planner *pl, const struct list *list, const char *path, bool above)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct item *item = &list->items[i];
		const char **paths;
		size_t count;
		if (expand_path(pl, item->origin, NULL, item->text, true, &paths, &count, NULL) < 0)
			return item; /* a mistake, which stops the launch */
		for (size_t k = 0; k < count; k++) {
			struct resolved r;
			const char *real = tree_resolve(pl, paths[k], &r) == 0 ? r.path : paths[k];
			if (path_within(path, paths[k]) || path_within(path, real))
				return item;
			if (above && path_below(real, path) && named_in(pl, &pl->p->filesystem_hide, real, false) == NULL)
				return item;
		}
	}
	return NULL;
}

/* Why nothing but an option or a line of its own grants this path of the host, or NULL. */
static const char *withheld_name(struct planner *pl, const char *path, bool writable, bool directory)
{
	const struct profile *p = pl->p;
	const char *why = tree_protected(pl, path, true);
	if (why != NULL)
		return why;
	const struct item *item = named_in(pl, &p->filesystem_hide, path, false);
	if (item != NULL)
		return arena_printf(pl->arena, "%s hides it", origin_text(pl->arena, item->origin));
	item = named_in(pl, &p->forbidden_read, path, directory);
	if (item == NULL && writable)
		item = named_in(pl, &p->forbidden_write, path, directory);
	return item != NULL ? arena_printf(pl->arena, "%s forbids it", origin_text(pl->arena, item->origin)) : NULL;
}

/* The same for the name that was given, and for what it leads to. */
static const char *withheld(struct planner *pl, const char *name, const char *real, bool writable, bool directory)
{
	const char *why = withheld_name(pl, real, writable, directory);
	return why != NULL || strcmp(name, real) == 0 ? why : withheld_name(pl, name, writable, directory);
}

/* The home directory, or one above it: what lies there is never all meant. */
static bool holds_home(struct planner *pl, const char *path)
{
	struct resolved home;
	if (path[1] == '\0')
		return true;
	if (pl->facts->home[0] != '/')
		return false;
	int err = tree_resolve(pl, pl->facts->home, &home);
	return path_within(pl->facts->home, path) || ((err == 0 || err == -ENOENT) && path_within(home.path, path));
}

static bool of_kernel(const char *path)
{
	return path_within(path, "/proc") || path_within(path, "/dev") || path_within(path, "/sys");
}

/* Descriptors of the caller (/dev/fd/63), and what else is only a way to something: never through a magic link. */
static bool leads_through_kernel(const char *name, const struct resolved *r)
{
	bool found = of_kernel(name) || of_kernel(r->path);
	for (size_t i = 0; i < r->hop_count; i++)
		found |= of_kernel(r->hops[i].link) || of_kernel(r->hops[i].target);
	return found;
}

struct argument {
	const char *word, *name; /* as it was given; as a path, which is what it will be called inside */
	struct resolved r;
	bool read_only;
	struct origin origin;
};

__attribute__((format(printf, 3, 4))) static void leave_out(struct planner *pl, const struct argument *arg, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *why = arena_vprintf(pl->arena, fmt, ap);
	va_end(ap);
	struct diag *at = diag_warning(pl->diags, arg->origin, setting, "\"%s\" is not granted: %s", arg->word, why);
	diag_hint(pl->diags, at, "an option grants it all the same: --ro %s, or --rw",
		arg->r.hop_count > 0 ? arg->r.path : arg->name);
}

/* The grant that shows what the name leads to already, or NULL. */
static const struct entry *shown_by(struct planner *pl, const struct argument *arg, const struct entry *cover)
{
	bool bound = cover != NULL && cover->kind == ENTRY_BIND;
	if (bound && strcmp(tree_move(pl->arena, arg->name, cover->path, cover->source), arg->r.path) == 0)
		return cover;
	/* A symlink, or a name behind one, that is shown as it is. */
	if (bound && tree_is_shown(pl->files, arg->r.path, NULL))
		return tree_deepest(pl->files, arg->r.path);
	return NULL;
}

static bool is_enough(const struct argument *arg, const struct entry *e)
{
	return e != NULL && (arg->read_only || e->layers != NULL || entry_is_writable(e));
}

/* Whether it may be granted; says why not, where somebody would miss it. */
static bool may_grant(struct planner *pl, const struct argument *arg)
{
	const struct entry *writable = NULL;
	const struct hop *planted = tree_planted(pl, arg->r.path, arg->r.hops, arg->r.hop_count, &writable);
	const char *why;
	if (arg->r.node.type == NODE_DIRECTORY && holds_home(pl, arg->r.path))
		leave_out(pl, arg, "it is the home directory, or holds it");
	else if (arg->r.node.type == NODE_DIRECTORY && !pl->plan->argument_directories)
		leave_out(pl, arg, "it is a directory");
	else if (arg->r.node.type != NODE_DIRECTORY && arg->r.node.type != NODE_FILE)
		leave_out(pl, arg, "it is no regular file");
	else if (planted != NULL)
		leave_out(pl, arg, "%s is a symbolic link that the program may change (%s, %s), and leads out of there to %s",
			planted->link, writable->setting, origin_text(pl->arena, writable->origin), arg->r.path);
	else if ((why = withheld(pl, arg->name, arg->r.path, !arg->read_only, arg->r.node.type == NODE_DIRECTORY)) != NULL)
		leave_out(pl, arg, "%s", why);
	else
		return true;
	return false;
}

/* Whether the name will be there inside, by this grant or another. */
static bool grant_argument(struct planner *pl, struct argument *arg)
{
	const struct entry *cover = tree_deepest(pl->files, arg->name), *shown = shown_by(pl, arg, cover);
	arg->read_only |= arg->r.node.type == NODE_DIRECTORY;
	if (is_enough(arg, shown))
		return true;
	/* Somebody granted the directory, or this very file, for reading; anything else than a file stays that way. */
	if (shown != NULL && arg->r.node.type != NODE_FILE)
		return true;
	if (!may_grant(pl, arg))
		return shown != NULL;
	struct entry e = {
		.kind = ENTRY_BIND,
		.rank = RANK_ASKED,
		.flags = (arg->read_only ? MOUNT_READ_ONLY : 0U) | (arg->r.node.type != NODE_DIRECTORY ? MOUNT_ON_FILE : 0U),
		/* In something granted a symlink stays what it is, and what it leads to gets its place. */
		.path = cover != NULL && cover->kind == ENTRY_BIND ? arg->r.path : arg->name,
		.source = arg->r.path,
		.node = arg->r.node,
		.hops = arg->r.hops,
		.hop_count = arg->r.hop_count,
		.asked = arg->word,
		.setting = setting,
		.origin = arg->origin,
	};
	/* A line for this very path has said what may be done with it. */
	const struct entry *same = tree_deepest(pl->files, e.path);
	if (same == NULL || same->rank != RANK_ASKED || strcmp(same->path, e.path) != 0)
		tree_add(pl, &e);
	return true;
}

/* What the command line names from the current directory on has to be reached from there. */
static void have_directory(struct planner *pl, struct origin o)
{
	const char *cwd = pl->facts->cwd;
	const struct entry *cover = tree_deepest(pl->files, cwd);
	pl->relative_argument = true;
	if (cwd[1] == '\0' || (cover != NULL && (cover->kind == ENTRY_BIND || strcmp(cover->path, cwd) == 0)))
		return;
	tree_add(pl,
		&(struct entry){ .kind = ENTRY_DIRECTORY,
			.rank = RANK_BUILT_IN,
			.path = cwd,
			.mode = 0755,
			.setting = setting,
			.origin = o });
}

void files_gather_arguments(struct planner *pl)
{
	const struct value *v = &pl->p->filesystem_arguments;
	struct plan *plan = pl->plan;
	plan->arguments = v->i == ARGUMENTS_READ_ONLY || v->i == ARGUMENTS_READ_WRITE ? (enum choice_value)v->i : ARGUMENTS_NONE;
	plan->arguments_origin = v->origin;
	plan->argument_directories = pl->p->filesystem_argument_directories.i != 0;
	if (plan->arguments == ARGUMENTS_NONE || pl->request == NULL || pl->request->argv == NULL)
		return;
	if (pl->p->filesystem_root.set) {
		struct diag *at = diag_error(
			pl->diags, v->origin, setting, "the command line names files of filesystem.root, not of the host");
		diag_hint(pl->diags, at, "--set filesystem.arguments=none, and --ro or --rw for what is to be put into the root");
		return;
	}
	files_merge(pl); /* one entry for each path, so that it can be told what shows a name */
	bool options = true, relative = false;
	size_t count = 0;
	for (char *const *word = pl->request->argv; word[0] != NULL && *++word != NULL;) {
		struct argument arg = { .word = *word, .read_only = plan->arguments == ARGUMENTS_READ_ONLY, .origin = v->origin };
		bool from_here;
		const char *path = path_of_word(pl, *word, &options, &from_here);
		/* What is not there, or cannot be looked at, is the program's to complain about. */
		if (path == NULL || plan_look_up(pl, path, &arg.name, &arg.r) != 0 || leads_through_kernel(arg.name, &arg.r))
			continue;
		if (++count > MOST) {
			struct diag *at =
				diag_error(pl->diags, v->origin, setting, "the command line names more than %d files", MOST);
			diag_hint(pl->diags, at, "grant their directory: --ro or --rw, and --set filesystem.arguments=none");
			return;
		}
		if (grant_argument(pl, &arg))
			relative |= from_here;
	}
	if (relative)
		have_directory(pl, v->origin);
}

/* Why the current directory is no place to be granted as a whole, or NULL. */
static const char *unsuitable(struct planner *pl, const char *cwd, bool writable)
{
	struct node n;
	if (cwd[0] != '/')
		return "it was removed, or has no name here";
	if (holds_home(pl, cwd))
		return "it is the home directory, or holds it";
	if (of_kernel(cwd))
		return "what is in it is the kernel's";
	tree_node(pl, cwd, &n);
	if ((n.mode & S_ISVTX) != 0)
		return "all users share it";
	return withheld(pl, cwd, cwd, writable, true);
}

/* Whether a line grants the directory, or one above it, as it is: that says more about it. */
static bool is_said(const struct planner *pl, const char *cwd, bool read_only)
{
	const struct file_tree *t = pl->files;
	const struct entry *best = NULL;
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = t->entries[i];
		if (e->rank == RANK_ASKED && path_within(cwd, e->path) && (best == NULL || path_within(e->path, best->path)))
			best = e;
	}
	return best != NULL && best->kind == ENTRY_BIND && strcmp(best->path, best->source) == 0 &&
		(strcmp(best->path, cwd) == 0 || read_only || entry_is_writable(best));
}

void files_gather_here(struct planner *pl)
{
	const struct value *v = &pl->p->filesystem_current_directory;
	const char *cwd = pl->facts->cwd;
	if (v->i != HERE_READ_ONLY && v->i != HERE_READ_WRITE && v->i != HERE_IF_SUITABLE)
		return;
	bool read_only = v->i == HERE_READ_ONLY;
	if (is_said(pl, cwd, read_only))
		return;
	const char *why = unsuitable(pl, cwd, !read_only);
	if (why == NULL) {
		struct entry e = { .kind = ENTRY_BIND,
			.flags = read_only ? MOUNT_READ_ONLY : 0U,
			.path = cwd,
			.source = cwd,
			.asked = cwd,
			.setting = here,
			.origin = v->origin };
		tree_add_asked(pl, &e);
		return;
	}
	const char *where = cwd[0] == '/' ? arena_printf(pl->arena, " (%s)", cwd) : "";
	if (pl->request == NULL || pl->request->program == NULL || read_only) {
		pl->here_left_out = arena_printf(pl->arena, "The current directory%s is not granted: %s.", where, why);
		return;
	}
	struct diag *at = v->i == HERE_READ_WRITE
		? diag_error(pl->diags, v->origin, here, "the current directory%s is not granted as a whole: %s", where, why)
		: diag_warning(pl->diags, v->origin, here,
			  "the current directory%s is not granted as a whole: %s; files made in it would be lost", where, why);
	diag_hint(
		pl->diags, at, "start in a directory below it; or --rw . grants it all the same, --set %s=none does without", here);
}
