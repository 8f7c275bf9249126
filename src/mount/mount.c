#include "mount/mount.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/sys.h"

/* A new mount of a file system type, not attached yet; `options` are name/value pairs that end with NULL. */
static int make_mount(const char *type, const char *const *options, unsigned attributes)
{
	int fs = sys_fsopen(type);
	if (fs < 0)
		return fs;
	int r = 0;
	for (; r == 0 && options != NULL && options[0] != NULL; options += 2)
		r = sys_fsconfig(fs, FSCONFIG_SET_STRING, options[0], options[1]);
	if (r == 0)
		r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (r == 0)
		r = sys_fsmount(fs, attributes);
	(void)close(fs);
	return r;
}

/* Decimal or octal digits; snprintf may take locks, and this runs in the child. */
static const char *digits(char *end, uint64_t value, unsigned base)
{
	*--end = '\0';
	do {
		*--end = (char)('0' + value % base);
		value /= base;
	} while (value > 0);
	return end;
}

int mount_begin(struct mount_state *s, const char *drawn, const char *const *served)
{
	*s = (struct mount_state){ .host = -1,
		.root = -1,
		.base = -1,
		.upper = -1,
		.work = -1,
		.covered = -1,
		.parent = -1,
		.drawn = drawn,
		.served = served };
	s->host = sys_openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (s->host < 0)
		return s->host;
	static const char *const options[] = { "mode", "0755", NULL };
	s->root = make_mount("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (s->root < 0)
		return s->root;
	if (mkdirat(s->root, "proc", 0755) < 0)
		return -errno;
	s->covered = sys_openat2(s->root, "proc", O_PATH | O_DIRECTORY, RESOLVE_BENEATH);
	if (s->covered < 0)
		return s->covered;
	return sys_move_mount(s->root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
}

/*
 * The directory a target lies in, and its last component. No symlink is followed on the way: directories of ours hold only
 * what we made, and what lies in something bound may have been written by an earlier run of the program.
 */
static int open_parent(struct mount_state *s, const char *target, const char **ret_name)
{
	const char *slash = strrchr(target, '/');
	*ret_name = slash + 1;
	size_t len = (size_t)(slash - target);
	if (len == 0)
		return s->root;
	if (s->parent >= 0 && s->parent_len == len && memcmp(s->parent_path, target, len) == 0)
		return s->parent;
	char dir[PATH_MAX];
	if (len >= sizeof dir)
		return -ENAMETOOLONG;
	memcpy(dir, target + 1, len - 1);
	dir[len - 1] = '\0';
	if (s->parent >= 0)
		(void)close(s->parent);
	s->parent = sys_openat2(s->root, dir, O_PATH | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	s->parent_path = target;
	s->parent_len = len;
	return s->parent;
}

static int make_point(const struct mount_op *op, int parent, const char *name)
{
	if ((op->flags & MOUNT_MAKE) == 0 || op->kind == MOUNT_PROC) /* mount_begin() made that one */
		return 0;
	if ((op->flags & MOUNT_ON_FILE) != 0)
		return (int)sys_result(mknodat(parent, name, S_IFREG | 0600, 0));
	return (int)sys_result(mkdirat(parent, name, 0755));
}

/* Attaches a mount at the target; a symlink in its place is not followed and makes this fail. Closes `mount`. */
static int attach(const struct mount_op *op, int mount, int parent, const char *name)
{
	int r = mount < 0 ? mount : make_point(op, parent, name);
	if (r == 0)
		r = sys_move_mount(mount, "", parent, name, MOVE_MOUNT_F_EMPTY_PATH);
	if (mount >= 0)
		(void)close(mount);
	return r;
}

static unsigned attributes(const struct mount_op *op)
{
	unsigned a = MOUNT_ATTR_NOSUID;
	if ((op->flags & MOUNT_DEVICES) == 0)
		a |= MOUNT_ATTR_NODEV;
	if ((op->flags & MOUNT_NOEXEC) != 0)
		a |= MOUNT_ATTR_NOEXEC;
	return a;
}

/* A copy of the tree of mounts behind a descriptor, with the flags of the operation on each of them, cut off from the host's later mounts. */
static int clone_tree(const struct mount_op *op, int source)
{
	int tree = sys_open_tree(source, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return tree;
	struct mount_attr attr = { .attr_set = attributes(op), .propagation = MS_PRIVATE };
	if ((op->flags & MOUNT_READ_ONLY) != 0)
		attr.attr_set |= MOUNT_ATTR_RDONLY;
	int r = sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr);
	if (r < 0) {
		(void)close(tree);
		return r;
	}
	return tree;
}

/* Shows `path` of the host at the target. */
static int bind_path(struct mount_state *s, const struct mount_op *op, const char *path, int parent, const char *name)
{
	/* The plan resolved all symlinks; one that appeared since then is an attempt to redirect us. */
	int source = sys_openat2(
		s->host, path[1] == '\0' ? "." : path + 1, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (source == -ENOENT && (op->flags & MOUNT_MAY_VANISH) != 0)
		return 0;
	if (source < 0)
		return source;
	int tree = clone_tree(op, source);
	(void)close(source);
	return attach(op, tree, parent, name);
}

static int do_tmpfs(const struct mount_op *op, int parent, const char *name)
{
	char mode[16], size[32], inodes[32];
	const char *options[7] = { "mode", digits(mode + sizeof mode, op->mode, 8) };
	size_t n = 2;
	if (op->size > 0) {
		options[n++] = "size";
		options[n++] = digits(size + sizeof size, op->size, 10);
	}
	if (op->inodes > 0) {
		options[n++] = "nr_inodes";
		options[n++] = digits(inodes + sizeof inodes, op->inodes, 10);
	}
	/* A read-only one is sealed at the end, when everything below it is in its place. */
	return attach(op, make_mount("tmpfs", options, attributes(op)), parent, name);
}

static int write_file(int dir, const char *name, const char *content, mode_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	size_t len = strlen(content);
	ssize_t n = write(fd, content, len);
	int r = n < 0 ? -errno : (size_t)n != len ? -EIO : 0;
	(void)close(fd);
	return r;
}

static int do_file(struct mount_state *s, const struct mount_op *op, int parent, const char *name)
{
	const char *content = op->content != NULL ? op->content : s->drawn;
	if ((op->flags & MOUNT_OVER) == 0)
		return write_file(parent, name, content, op->mode);
	/* The file itself lies below /proc's mount point. Unlinked it could not be covered by a sandbox inside this one: mount(2). */
	int r = write_file(s->covered, name, content, op->mode);
	if (r < 0)
		return r;
	int source = sys_openat2(s->covered, name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH);
	r = source < 0 ? source : clone_tree(op, source);
	if (source >= 0)
		(void)close(source);
	return attach(op, r, parent, name);
}

static void close_upper(struct mount_state *s)
{
	if (s->upper >= 0)
		(void)close(s->upper);
	if (s->work >= 0)
		(void)close(s->work);
	s->upper = s->work = -1;
}

/* A tmpfs below /proc's mount point, where nothing inside can look; overlayfs wants a mounted one. */
static int make_memory(struct mount_state *s, const struct mount_op *op)
{
	char count[16], size[32];
	const char *options[] = { "mode", "0700", NULL, NULL, NULL };
	if (op->size > 0) {
		options[2] = "size";
		options[3] = digits(size + sizeof size, op->size, 10);
	}
	const char *name = digits(count + sizeof count, s->uppers++, 10);
	int fs = make_mount("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (fs < 0)
		return fs;
	int r = (int)sys_result(mkdirat(fs, "upper", op->mode));
	if (r == 0)
		r = (int)sys_result(mkdirat(fs, "work", 0700));
	if (r == 0)
		r = (int)sys_result(mkdirat(s->covered, name, 0700));
	if (r == 0)
		r = sys_move_mount(fs, "", s->covered, name, MOVE_MOUNT_F_EMPTY_PATH);
	if (r == 0)
		r = s->upper = sys_openat2(fs, "upper", O_PATH | O_DIRECTORY, RESOLVE_BENEATH);
	if (r >= 0)
		r = s->work = sys_openat2(fs, "work", O_PATH | O_DIRECTORY, RESOLVE_BENEATH);
	(void)close(fs);
	return r < 0 ? r : 0;
}

static int open_host_directory(struct mount_state *s, const char *path)
{
	return sys_openat2(s->host, path[1] == '\0' ? "." : path + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW,
		RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

static int do_upper(struct mount_state *s, const struct mount_op *op)
{
	close_upper(s);
	s->upper_len = op->target[1] == '\0' ? 0 : strlen(op->target);
	if (op->source == NULL)
		return make_memory(s, op);
	s->upper = open_host_directory(s, op->source);
	if (s->upper < 0)
		return s->upper;
	s->work = open_host_directory(s, op->work);
	return s->work < 0 ? s->work : (int)sys_result(fchmodat(s->upper, ".", op->mode, 0));
}

/* Anything else of that name would show what is to be hidden. */
static int check_whiteout(int dir, const char *name)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISCHR(st.st_mode) && st.st_rdev == 0 ? 0 : -EEXIST;
}

/* A name in the upper directory. A kept one may have it already, from an earlier launch or by the program's doing. */
static int do_in_upper(struct mount_state *s, const struct mount_op *op)
{
	const char *path = op->target + s->upper_len + 1, *slash = strrchr(path, '/');
	int dir = s->upper, r = 0;
	if (slash != NULL) {
		char way[PATH_MAX];
		size_t len = (size_t)(slash - path);
		if (len >= sizeof way)
			return -ENAMETOOLONG;
		memcpy(way, path, len);
		way[len] = '\0';
		/* The program wrote here: none of its symlinks is followed. */
		dir = sys_openat2(s->upper, way, O_PATH | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
		if (dir < 0)
			return dir;
		path = slash + 1;
	}
	switch (op->kind) {
	case MOUNT_DIRECTORY: r = mkdirat(dir, path, op->mode); break;
	case MOUNT_SYMLINK: r = symlinkat(op->source, dir, path); break;
	case MOUNT_WHITEOUT: r = mknodat(dir, path, S_IFCHR, 0); break;
	default: r = mknodat(dir, path, S_IFREG | op->mode, 0); break;
	}
	r = r < 0 && errno != EEXIST ? -errno : r < 0 && op->kind == MOUNT_WHITEOUT ? check_whiteout(dir, path) : 0;
	if (dir != s->upper)
		(void)close(dir);
	return r;
}

/* "/proc/self/fd/N": no character that the options of overlayfs read as more than a name, whatever the directory is called. */
static const char *descriptor_path(char *end, int fd)
{
	static const char prefix[] = "/proc/self/fd/";
	char number[16];
	const char *n = digits(number + sizeof number, (uint64_t)fd, 10);
	size_t len = strlen(n) + 1;
	char *path = end - len - (sizeof prefix - 1);
	memcpy(path, prefix, sizeof prefix - 1);
	memcpy(path + sizeof prefix - 1, n, len);
	return path;
}

static int make_overlay(struct mount_state *s, const struct mount_op *op)
{
	enum { SIZE = 40 };
	char texts[3][SIZE];
	int lower = open_host_directory(s, op->source);
	if (lower < 0)
		return lower;
	int fs = sys_fsopen("overlay");
	int r = fs < 0 ? fs : sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", descriptor_path(texts[0] + SIZE, lower));
	if (r == 0)
		r = sys_fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", descriptor_path(texts[1] + SIZE, s->upper));
	if (r == 0)
		r = sys_fsconfig(fs, FSCONFIG_SET_STRING, "workdir", descriptor_path(texts[2] + SIZE, s->work));
	/* In a user namespace trusted.* attributes cannot be written: overlayfs.rst, "userxattr". */
	if (r == 0)
		r = sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL);
	if (r == 0)
		r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (r == 0)
		r = sys_fsmount(fs, attributes(op));
	/* Where the work directory takes nothing more, overlayfs mounts read-only and says so to the kernel's log alone. */
	struct statfs st;
	if (r >= 0 && (fstatfs(r, &st) < 0 || (st.f_flags & ST_RDONLY) != 0)) {
		(void)close(r);
		r = -EROFS;
	}
	if (fs >= 0)
		(void)close(fs);
	(void)close(lower);
	close_upper(s);
	return r;
}

/* The overlay becomes the root; the tmpfs that was it stays below, and holds what the overlay is made of. */
static int do_root_overlay(struct mount_state *s, const struct mount_op *op)
{
	int root = make_overlay(s, op);
	if (root < 0)
		return root;
	int r = sys_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	s->base = s->root;
	s->root = root;
	return r;
}

static int apply(struct mount_state *s, const struct mount_op *op)
{
	const char *name;
	if (op->kind == MOUNT_UPPER)
		return do_upper(s, op);
	if ((op->flags & MOUNT_IN_UPPER) != 0)
		return do_in_upper(s, op);
	if (op->kind == MOUNT_OVERLAY && op->target[1] == '\0')
		return do_root_overlay(s, op);
	int parent = open_parent(s, op->target, &name);
	if (parent < 0)
		return parent;
	static const char *const devpts[] = { "ptmxmode", "0666", "mode", "0620", NULL };
	const unsigned plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	switch (op->kind) {
	case MOUNT_DIRECTORY: return (int)sys_result(mkdirat(parent, name, op->mode));
	case MOUNT_SYMLINK: return (int)sys_result(symlinkat(op->source, parent, name));
	case MOUNT_FILE: return do_file(s, op, parent, name);
	case MOUNT_BIND: return bind_path(s, op, op->source, parent, name);
	case MOUNT_SERVED: return bind_path(s, op, s->served[op->served], parent, name);
	case MOUNT_TMPFS: return do_tmpfs(op, parent, name);
	case MOUNT_OVERLAY: return attach(op, make_overlay(s, op), parent, name);
	case MOUNT_UPPER:
	case MOUNT_WHITEOUT: break;
	case MOUNT_PROC:
		return attach(op, make_mount("proc", NULL, plain | ((op->flags & MOUNT_READ_ONLY) != 0 ? MOUNT_ATTR_RDONLY : 0U)),
			parent, name);
	case MOUNT_MQUEUE: return attach(op, make_mount("mqueue", NULL, plain), parent, name);
	case MOUNT_DEVPTS: return attach(op, make_mount("devpts", devpts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), parent, name);
	}
	return -EINVAL;
}

int mount_apply(struct mount_state *s, const struct mount_op *ops, size_t count)
{
	for (s->at = 0; s->at < count; s->at++) {
		int r = apply(s, &ops[s->at]);
		if (r < 0)
			return r;
	}
	if (s->parent >= 0)
		(void)close(s->parent);
	s->parent = -1;
	return 0;
}

int mount_finish(struct mount_state *s, const struct mount_op *ops, size_t count)
{
	struct mount_attr seal = { .attr_set = MOUNT_ATTR_RDONLY };
	for (s->at = 0; s->at < count; s->at++) {
		const struct mount_op *op = &ops[s->at];
		if (op->kind != MOUNT_TMPFS || (op->flags & MOUNT_READ_ONLY) == 0)
			continue;
		const char *name;
		int parent = open_parent(s, op->target, &name);
		int r = parent < 0 ? parent : sys_mount_setattr(parent, name, AT_SYMLINK_NOFOLLOW, &seal);
		if (r < 0)
			return r;
	}
	if (s->parent >= 0)
		(void)close(s->parent);
	int r = s->base >= 0 ? 0 : sys_mount_setattr(s->root, "", AT_EMPTY_PATH, &seal);
	if (r == 0)
		r = (int)sys_result(fchdir(s->root));
	/* With both names "." the old root comes to lie on top of the new one, from where it is taken off: pivot_root(2). */
	if (r == 0)
		r = sys_pivot_root(".", ".");
	if (r == 0)
		r = (int)sys_result(umount2(".", MNT_DETACH));
	/* The tmpfs was mounted on the old root, so that came off first. */
	if (r == 0 && s->base >= 0)
		r = (int)sys_result(umount2(".", MNT_DETACH));
	if (r == 0)
		r = (int)sys_result(chdir("/"));
	if (s->base >= 0)
		(void)close(s->base);
	(void)close(s->covered);
	(void)close(s->root);
	(void)close(s->host);
	return r;
}
