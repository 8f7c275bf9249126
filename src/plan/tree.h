/*
 * The file tree while it is planned: entries (one path, one meaning) come from the profile, from bailey itself and from the
 * protected names; sorted and merged they form a tree of spots, and that is turned into mount operations.
 *
 * The steps, in this order: files_gather.c, files_source.c, files_image.c, files_arguments.c, files_root.c, files_merge.c, files_guard.c,
 * files_kept.c, files_emit.c and files_overlay.c; files_divert.c for filesystem.changes.
 */
#ifndef BAILEY_PLAN_TREE_H
#define BAILEY_PLAN_TREE_H

#include "host/resolve.h"
#include "plan/internal.h"

enum entry_kind {
	ENTRY_BIND,
	ENTRY_HIDE, /* the name is not there */
	ENTRY_TMPFS,
	ENTRY_DIRECTORY, /* in the root, which ends read-only, and the directory with it */
	ENTRY_SYMLINK, /* stays the symlink that it is on the host, because what it leads to is there too */
	ENTRY_FILE, /* a private file, where the host's is shown */
	ENTRY_PROC,
	ENTRY_DEVPTS,
	ENTRY_MQUEUE,
	ENTRY_SERVED, /* a socket of our making */
};

/* Who asked. Of two entries for one path the higher rank counts; within a rank the later layer. */
enum entry_rank { RANK_BUILT_IN, RANK_PROTECTED, RANK_HOME, RANK_ASKED };

/* A directory of the host that is shown with the changes made inside laid over it: overlayfs. */
struct layers {
	const char *upper, *work; /* on the host, kept; NULL: memory */
	uint64_t size; /* of the memory, 0 = the kernel's default */
	const char *asked; /* `upper` as the profile wrote it */
	const char *setting;
	struct origin origin;
	const struct hop *hops; /* symlinks on the way to `upper` */
	size_t hop_count;
	const char *run; /* of filesystem.changes: the directory of this run that has `upper` and `work`; else NULL */
	const char *copy; /* of a single file, which is no overlay but this copy */
	const char *lower; /* when the source is absent: an empty directory that stands in for it */
};

struct entry {
	enum entry_kind kind;
	enum entry_rank rank;
	unsigned flags; /* MOUNT_READ_ONLY, NOEXEC, DEVICES, ON_FILE, MAY_VANISH */
	const char *path; /* inside */
	const char *source; /* BIND: on the host; without symlinks once it is resolved */
	const char *link; /* SYMLINK: its text */
	const char *content; /* FILE: its text; NULL: the machine id drawn at launch */
	struct node node; /* BIND: what the source is */
	mode_t mode; /* TMPFS, DIRECTORY, FILE */
	enum served served; /* SERVED */
	uint64_t size, inodes; /* TMPFS */
	const struct layers *layers; /* BIND: not bound, but the lower directory of an overlay; or NULL */
	const struct hop *hops; /* symlinks on the way to the source */
	size_t hop_count;
	bool renamed; /* `binds` with another name inside */
	bool optional;
	bool pattern; /* one of several that a pattern matched */
	bool guarded; /* the program must not be able to walk around it: the directory above is rebuilt */
	bool dropped;
	const char *asked; /* as the profile wrote it, or NULL */
	const char *setting; /* "filesystem.read_only" */
	const char *why;
	struct origin origin;
};

/* A name of the tree that is an entry or has one below it. */
struct spot {
	const char *path, *name;
	const struct entry *entry; /* or NULL */
	struct spot *first, *last, *next;
};

/* A path that will be made on the host before the launch: it and what leads to it count as present. */
struct made {
	const char *path;
	bool file;
};

struct file_tree {
	struct entry **entries;
	size_t count, cap;
	struct spot *root;
	struct entry *top; /* filesystem.root, or NULL */
	const struct entry *kept; /* the home of filesystem.identity, or NULL */
	const char **own; /* paths of the home that `create` names: under an identity they are its own */
	size_t own_count;
	struct made *created;
	size_t created_count, created_cap;
	size_t create_cap, mount_cap, path_cap; /* room in the plan's arrays */
};

/* Adds a copy of an entry. */
struct entry *tree_add(struct planner *pl, const struct entry *e);

/* Names that are the sandbox's own: the host's would show its processes, terminals or queues. */
bool tree_is_own(const char *path);

/* tree_add for an entry that the profile asked for, unless it can have no place in the tree: then there is a diagnostic. */
void tree_add_asked(struct planner *pl, struct entry *e);

/* False, with a diagnostic, for a writable grant of the host's "/". Call it for the source as asked for, and as resolved. */
bool tree_allows_source(struct planner *pl, const struct entry *e);

/* facts_node, facts_resolve and facts_list with the directories that will be made. */
void tree_node(struct planner *pl, const char *path, struct node *ret);
int tree_resolve(struct planner *pl, const char *path, struct resolved *ret);
int tree_list(struct planner *pl, const char *path, const char ***ret_names, size_t *ret_count);

/* Has a directory, or an empty file, made before the launch; `path` is resolved as far as it exists. */
void tree_add_create(struct planner *pl, const char *path, bool file, const char *asked, struct origin o);

/* The entry that says what this path inside is: the one of the longest path above or at it, or NULL. */
struct entry *tree_deepest(struct file_tree *t, const char *path);

/* `path` below `from`, put below `to`: "/a/b/c", "/a", "/x" gives "/x/b/c". */
const char *tree_move(struct arena *a, const char *path, const char *from, const char *to);

/* A grant of a directory or file of the host. */
static inline bool entry_is_grant(const struct entry *e)
{
	return e->kind == ENTRY_BIND && !e->dropped;
}

/* A grant through which the program can change the host. */
static inline bool entry_is_writable(const struct entry *e)
{
	return entry_is_grant(e) && (e->flags & (MOUNT_READ_ONLY | MOUNT_DEVICES)) == 0;
}

/* Entries from the settings, besides `hide`, and bailey's own; directories to make. */
void files_gather(struct planner *pl);

/* Entries for one of the path lists; `proto` is what they have in common. */
void files_gather_list(struct planner *pl, const struct list *list, const char *setting, const struct entry *proto);

/* Entries for device nodes and /dev/shm. */
void files_gather_devices(struct planner *pl);

/* Finds what each grant's source is; refuses symlinks that the program may have put there. */
void files_resolve_sources(struct planner *pl);

/* The symlink among these, which lead to `source`, that the program may turn elsewhere, because a grant shows it writable, or NULL. */
const struct hop *tree_planted(
	struct planner *pl, const char *source, const struct hop *hops, size_t hop_count, const struct entry **ret_grant);

/* Whether this path of the host, which has no symlinks, is shown inside under its own name by an entry other than `besides`. */
bool tree_is_shown(struct file_tree *t, const char *path, const struct entry *besides);

/* Why a path of the host is protected (protected.def), or NULL; with `writable` false, why it must not even be seen. `path` has no
 * symlinks in front of its last component. */
const char *tree_protected(struct planner *pl, const char *path, bool writable);

/* The entry for filesystem.current_directory; comes after those of the other settings. */
void files_gather_here(struct planner *pl);

/* Entries for the files that the command line names; needs the grants' sources. */
void files_gather_arguments(struct planner *pl);

/* Entries for those names of `hide` that a grant shows; needs the grants' sources. */
void files_gather_hidden(struct planner *pl);

/* Entries for filesystem.root and filesystem.overlay. */
void files_gather_layers(struct planner *pl);

/* With filesystem.changes: makes overlays, or copies of files, of the grants through which the program could change the host. */
void files_divert(struct planner *pl);

/* After that, whether this is one of them. */
static inline bool entry_is_diverted(const struct entry *e)
{
	return e->layers != NULL && e->layers->run != NULL;
}

/* Directories of filesystem.create that lie in such a grant are made in its upper directory instead of on the host. */
void files_divert_creates(struct planner *pl, const struct entry *e);

/* Fills plan->changes, once all entries are known. */
void files_tell_changes(struct planner *pl);

/* Where filesystem.root is an archive: its tree in the cache is the source, there or not. */
void files_unpacked(struct planner *pl);

/* Looks at the sources of layers, once they are resolved: what overlayfs would refuse. */
void files_check_layers(struct planner *pl);

/* With a root file system of its own: puts entries where symlinks in it lead, never out of it. */
void files_resolve_in_root(struct planner *pl);

/*
 * The host's file that a grant shows at `path` inside, which lies at or below the grant's: of an overlay that of the upper
 * directory, else that of the lower one.
 */
const char *tree_shown(struct planner *pl, const struct entry *grant, const char *path);

/* What is there, without following symlinks on the way; NODE_ABSENT for a removed name of the lower directory. */
void tree_shown_node(struct planner *pl, const struct entry *grant, const char *path, struct node *ret);

/* Turns a grant with layers, at this spot, and what is below it into mount operations. */
void files_emit_overlay(struct planner *pl, const struct spot *s, unsigned where);

/* Adds an operation; `e` (or NULL) gives it its origin. */
struct mount_op *tree_add_op(struct planner *pl, enum mount_kind kind, const char *target, const struct entry *e);

/* Whether something of our making will be at or below the spot. */
bool tree_has_content(const struct spot *s);

/* Operations for an entry whose mount point is there already, in a file system that is not ours. */
void tree_emit_mounted(struct planner *pl, const struct spot *s);

/* Decides which granted names stay symlinks, and puts entries behind a symlink to where they really are. */
void files_resolve_names(struct planner *pl);

/* Entries for protected and hidden names that lie in something granted. */
void files_guard(struct planner *pl);

/* Sorts the entries, leaves one for each path, diagnoses contradictions. */
void files_merge(struct planner *pl);

/* Makes the tree of spots. */
void files_plant(struct planner *pl);

/* Under an identity: what of the home is its own lies in its home, where these have it made and grants find it. */
void files_create_own(struct planner *pl, const char *path, const struct item *item);
void files_grant_own(struct planner *pl);

/* Has missing mount points made in a persistent home. */
void files_keep_points(struct planner *pl);

/* Turns the spots into mount operations. */
void files_emit(struct planner *pl);

#endif
