/*
 * What this machine and this caller are: the only place from which the plan learns anything about the host.
 *
 * Facts are either live (each looked up when first asked for, so that a launch pays only for what it needs) or read from a
 * JSON file (then nothing of the real machine shows through, which is how golden tests cover machines we do not have).
 */
#ifndef BAILEY_HOST_FACTS_H
#define BAILEY_HOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

enum node_type { NODE_ABSENT, NODE_DIRECTORY, NODE_FILE, NODE_SYMLINK, NODE_DEVICE, NODE_SOCKET, NODE_FIFO, NODE_UNREADABLE };

/* One lstat(2), and readlink(2) for a symlink. */
struct node {
	enum node_type type;
	mode_t mode; /* permission bits */
	uid_t uid;
	dev_t rdev; /* NODE_DEVICE */
	const char *link; /* NODE_SYMLINK: its text */
	int error; /* NODE_UNREADABLE: the errno (EACCES: a directory on the way may not be searched) */
};

enum answer { ANSWER_UNKNOWN, ANSWER_YES, ANSWER_NO };

enum cgroup_layout { CGROUP_NONE, CGROUP_V1, CGROUP_V2, CGROUP_HYBRID };

/* Injected: everything at and below `path` lies on the device `number`. */
struct facts_mount {
	const char *path;
	dev_t number;
};

struct node_cache;
struct text_file;

struct facts {
	struct arena *arena;
	bool injected; /* came from JSON */
	struct node_cache *nodes; /* what was looked up so far; injected: all there is */
	struct text_file *texts; /* injected: the files that can be read */
	const char **delegated; /* injected: cgroups that systemd delegated */
	size_t delegated_count;
	struct facts_mount *devices; /* injected: which device a tree lies on */
	size_t device_count;
	struct text_file *stamps; /* injected: the answers of facts_stamp() */

	/* the caller; always filled in */
	uid_t uid, gid;
	const char *user; /* name, "" when it cannot be told */
	const char *home; /* $HOME when it is absolute (and root's, for root), else the password entry; "" when there is none */
	const char *cwd; /* "" when it cannot be told (deleted, not searchable) */
	char *const *environment; /* as in environ(7) */
	const gid_t *groups; /* supplementary; live: filled by facts_groups() */
	size_t group_count;
	const char *tty[3]; /* terminal behind descriptor 0..2, or NULL; "": one without a name here; live: see facts_terminal() */

	/* bailey's program, helpers, shipped profiles and a profile given by path: paths that decide over the next launch */
	const char *own[16];
	size_t own_count;

	/* the machine; ask through the functions below */
	const char *machine; /* "x86_64", "aarch64" */
	unsigned kernel_major, kernel_minor;
	enum answer userns; /* may this caller make user namespaces */
	const char *userns_reason, *userns_hint;
	int landlock_abi; /* 0: none; -1: not asked yet */
	enum cgroup_layout cgroup;
	bool cgroup_known;
};

/* Fills in the caller and the machine's name and kernel (getuid, environ, getcwd, uname); no files are opened unless HOME is
 * unset (then passwd is read, and `getent` is asked when it is not in there). */
int facts_live(struct facts *f, struct arena *a, struct err *e);

/* Reads facts from JSON text; `name` for messages. -EINVAL with `e` set for malformed or unknown members. */
int facts_json(struct facts *f, struct arena *a, const char *bytes, size_t len, const char *name, struct err *e);

/* The node at a normal absolute path; symlinks are not followed in the last component. */
void facts_node(struct facts *f, const char *path, struct node *ret);

/* Names in a directory, sorted, without . and ..; 0 or -errno. */
int facts_list(struct facts *f, const char *path, const char ***ret_names, size_t *ret_count);

/*
 * What tells one content of a regular file from another without reading it: device, inode, size, times of the last change of
 * content and of anything.  A program can set all of these but the last.  `path` has no symlinks.  0, -EINVAL for what is no
 * regular file, or -errno.
 */
int facts_stamp(struct facts *f, const char *path, const char **ret_text);

/* The text that facts_stamp() gives for a file that is open, in the arena. */
const char *facts_stamp_text(struct arena *a, const struct stat *st);

/* Live facts forget what they know of files, because these have been changed by ourselves. */
void facts_forget(struct facts *f);

/* Small text files (user-dirs.dirs, sysctls), at most 64 KiB; 0 or -errno. */
int facts_read(struct facts *f, const char *path, const char **ret_text);

/*
 * Whether the file is a wrapper that bailey desktop enable --command wrote: it starts a program of the same name, which is what somebody
 * who asks bailey for that name means.  Looks only into files of the two directories where such wrappers are, ~/.local/bin and
 * /usr/local/bin.
 */
#define FACTS_WRAPPER_HEAD "#!/bin/sh\n# X-Bailey-Profile=" /* how one begins; the profile follows */
bool facts_is_wrapper(struct facts *f, const char *path);

/*
 * Asks the system's user database by getent(1), for accounts that are not in /etc/passwd (a static program has no name service
 * of its own): `database` "passwd", "group" or "initgroups". 0 with the answer's lines, -ENOENT when there is none or when the
 * facts are injected, or -errno.
 */
int facts_getent(struct facts *f, const char *database, const char *key, const char **ret_text);

/* Whether user namespaces can be had, with reason and hint. Live: reads the sysctls that decide it (not an attempt). */
enum answer facts_userns(struct facts *f);

/* The kind of namespaces ("mnt", "pid", ...) that this machine allows none of, as namespaces(7) says by user.max_KIND_namespaces; or NULL. */
const char *facts_no_namespaces(struct facts *f);

/* The Landlock ABI of the kernel, 0 when it has none or it is not switched on. */
int facts_landlock(struct facts *f);
enum cgroup_layout facts_cgroup(struct facts *f);

/* The value of an environment variable, or NULL. */
const char *facts_env(const struct facts *f, const char *name);

/* Fills groups (getgroups). */
void facts_groups(struct facts *f);

/* Fills tty[] (isatty and ttyname of 0..2). */
void facts_terminal(struct facts *f);

#endif
