/*
 * From the members of a tar archive to files.  libarchive only reads; each file is made here, by a name that is looked up without
 * following a symlink and without leaving the root (openat2(2)), because a name in an archive is a stranger's word.
 */
#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "image/helper/tree.h"

enum { BLOCK = 256 * 1024, LEVELS = 128, NAME_SHOWN = 160 };

/* A directory gets its mode and time at the end: until then files are made in it. */
struct directory {
	const char *path; /* "" is the root */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec time;
};

struct extract {
	struct arena *arena;
	struct archive *reader;
	struct archive_entry *entry;
	int root, parent; /* `parent`: the directory of the last member, or -1 */
	char parent_path[PATH_MAX];
	bool owners;
	uint64_t bytes_left, members_left;
	struct directory *directories;
	size_t directory_count, directory_cap;
	struct left_out *left;
	struct err *e;
};

static const uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;

/* A name as a message may show it. */
static const char *printable(char out[NAME_SHOWN], const char *name)
{
	size_t n = 0;
	for (; name != NULL && name[n] != '\0' && n < NAME_SHOWN - 4; n++)
		out[n] = (unsigned char)name[n] < ' ' || name[n] == 0x7f ? '?' : name[n];
	out[n] = '\0';
	if (name != NULL && name[n] != '\0')
		memcpy(out + n, "...", 4);
	return out;
}

static int refuse(struct extract *x, int error, const char *why)
{
	char name[NAME_SHOWN];
	return err_set(x->e, error, "member \"%s\": %s", printable(name, archive_entry_pathname(x->entry)), why);
}

/* A member's name, or what a hard link names, in one spelling: "a/b"; "" is the root. `what` begins the complaint. */
static int read_name(struct extract *x, const char *what, const char *text, char ret[PATH_MAX])
{
	char why[64] = "";
	size_t len = 0;
	unsigned levels = 0;
	if (text == NULL)
		text = ""; /* libarchive could not read it */
	if (text[0] == '\0')
		(void)snprintf(why, sizeof why, "%s is empty", what);
	else if (text[0] == '/')
		(void)snprintf(why, sizeof why, "%s begins with \"/\"", what);
	while (why[0] == '\0' && *text != '\0') {
		size_t n = strcspn(text, "/");
		const char *part = text;
		text += n + (text[n] == '/');
		if (n == 0 || (n == 1 && part[0] == '.'))
			continue;
		if (n == 2 && part[0] == '.' && part[1] == '.') {
			(void)snprintf(why, sizeof why, "%s has \"..\" in it", what);
		} else if (n > NAME_MAX || len + n + 2 > PATH_MAX || ++levels > LEVELS) {
			(void)snprintf(why, sizeof why, "%s is too long", what);
		} else {
			if (len > 0)
				ret[len++] = '/';
			memcpy(ret + len, part, n);
			len += n;
		}
	}
	ret[len] = '\0';
	return why[0] == '\0' ? 0 : refuse(x, 0, why);
}

static int make_parents(struct extract *x, const char *path)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path);
	memcpy(prefix, path, len + 1);
	for (size_t end = 0; end < len; end++) {
		end += strcspn(path + end, "/");
		prefix[end] = '\0';
		if (mkdirat(x->root, prefix, 0755) < 0 && errno != EEXIST)
			return -errno;
		/* mkdirat(2) follows symlinks in front of the last component, so each of these must be none. */
		int dir = sys_openat2(x->root, prefix, O_PATH | O_DIRECTORY, beneath);
		if (dir < 0)
			return dir;
		(void)close(dir);
		prefix[end] = path[end];
	}
	return 0;
}

/* The directory that `path` lies in, which is made when no member was there for it; `ret_name` is the last component. */
static int open_parent(struct extract *x, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;
	*ret_name = slash != NULL ? slash + 1 : path;
	if (len == 0)
		return x->root;
	/* A directory is never replaced, so the one of the member before still is the one of that name. */
	if (x->parent >= 0 && strlen(x->parent_path) == len && memcmp(x->parent_path, path, len) == 0)
		return x->parent;
	if (x->parent >= 0)
		(void)close(x->parent);
	memcpy(x->parent_path, path, len);
	x->parent_path[len] = '\0';
	x->parent = sys_openat2(x->root, x->parent_path, O_PATH | O_DIRECTORY, beneath);
	if (x->parent == -ENOENT) {
		int r = make_parents(x, x->parent_path);
		x->parent = r < 0 ? r : sys_openat2(x->root, x->parent_path, O_PATH | O_DIRECTORY, beneath);
	}
	if (x->parent == -ELOOP)
		return refuse(x, 0, "its name leads through a symbolic link of the archive");
	if (x->parent == -ENOTDIR)
		return refuse(x, 0, "its name leads through something that is no directory");
	return x->parent < 0 ? refuse(x, -x->parent, "cannot make its directory") : x->parent;
}

/* A later member takes the place of an earlier one of its name, as tar(1) has it, unless that is a directory. */
static int make_room(struct extract *x, int parent, const char *name)
{
	struct stat st;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : refuse(x, errno, "cannot look for an earlier one of its name");
	if (S_ISDIR(st.st_mode))
		return refuse(x, 0, "an earlier member of its name is a directory");
	return unlinkat(parent, name, 0) < 0 ? refuse(x, errno, "cannot replace an earlier one of its name") : 0;
}

static struct timespec time_of(struct archive_entry *entry)
{
	return (struct timespec){ .tv_sec = archive_entry_mtime(entry), .tv_nsec = archive_entry_mtime_nsec(entry) };
}

static bool owner_of(struct archive_entry *entry, uid_t *uid, gid_t *gid)
{
	int64_t u = archive_entry_uid(entry), g = archive_entry_gid(entry);
	*uid = (uid_t)u;
	*gid = (gid_t)g;
	return u >= 0 && g >= 0 && u < UINT32_MAX && g < UINT32_MAX;
}

static const char not_mapped[] = "its owner is none of the ids that /etc/subuid and /etc/subgid give";

/* Gives a file, or with `name` a symlink in the directory `fd`, to the owner that the archive names. */
static int give_away(struct extract *x, int fd, const char *name)
{
	uid_t uid;
	gid_t gid;
	if (!x->owners)
		return 0;
	bool known = owner_of(x->entry, &uid, &gid);
	if (known && fchownat(fd, name, uid, gid, name[0] == '\0' ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (!known || errno == EINVAL)
		return refuse(x, 0, not_mapped);
	return refuse(x, errno, "cannot give it to its owner");
}

static int write_block(struct extract *x, int fd, const char *bytes, size_t len, int64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, bytes, len, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(x, errno, "cannot write it");
		bytes += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int damaged(struct extract *x)
{
	const char *why = archive_error_string(x->reader);
	char text[NAME_SHOWN];
	if (archive_errno(x->reader) == ENOMEM)
		(void)err_set(x->e, 0, "it needs more than 1G of memory to unpack");
	else
		(void)err_set(x->e, 0, "it is cut off or damaged (%s)",
			printable(text, why != NULL ? why : "libarchive does not say how"));
	return -EINVAL;
}

/* Data that no decompressor knows reaches the tar reader as it is; EILSEQ is libarchive's error for a wrong format. */
static int not_begun(struct extract *x)
{
	if (archive_errno(x->reader) != EILSEQ)
		return damaged(x);
	return err_set(x->e, 0, "it is no tar archive, plain or compressed by gzip, bzip2, xz, lzma or zstd");
}

/* The pieces of a file; what lies between them are holes. */
static int write_data(struct extract *x, int fd, int64_t size)
{
	for (;;) {
		const void *bytes;
		size_t len;
		int64_t at;
		int r = archive_read_data_block(x->reader, &bytes, &len, &at);
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return damaged(x);
		if (at < 0 || at > size || len > (uint64_t)(size - at))
			return refuse(x, 0, "it has more content than its size");
		r = write_block(x, fd, bytes, len, at);
		if (r < 0)
			return r;
	}
	return ftruncate(fd, size) < 0 ? refuse(x, errno, "cannot give it its size") : 0;
}

static int extract_file(struct extract *x, int parent, const char *name)
{
	int64_t size = archive_entry_size(x->entry);
	if (size < 0 || (uint64_t)size > x->bytes_left) {
		(void)refuse(x, 0, "the files are larger together than an archive of this size may unpack to");
		return err_hint(x->e, "unpack it with tar, if that is what it should be, and give the directory to --root");
	}
	x->bytes_left -= (uint64_t)size;
	int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return refuse(x, errno, "cannot make it");
	int r = write_data(x, fd, size);
	if (r == 0)
		r = give_away(x, fd, "");
	/* Nothing may gain from set-user-ID in a sandbox, and outside it would be the user's own id that is given away. */
	if (r == 0 && fchmod(fd, archive_entry_perm(x->entry) & 0777) < 0)
		r = refuse(x, errno, "cannot set its mode");
	const struct timespec times[2] = { time_of(x->entry), time_of(x->entry) };
	if (r == 0)
		(void)futimens(fd, times); /* one that the file system cannot hold stays the present one */
	if (close(fd) < 0 && r == 0)
		r = refuse(x, errno, "cannot write it");
	return r;
}

static int extract_symlink(struct extract *x, int parent, const char *name)
{
	/* The target may be anything: inside, it is looked up below the root, and nothing here follows it. */
	const char *target = archive_entry_symlink(x->entry);
	if (target == NULL || target[0] == '\0' || strlen(target) >= PATH_MAX)
		return refuse(x, 0, "a symbolic link that leads nowhere");
	if (symlinkat(target, parent, name) < 0)
		return refuse(x, errno, "cannot make it");
	const struct timespec times[2] = { time_of(x->entry), time_of(x->entry) };
	(void)utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW); /* as for files */
	return give_away(x, parent, name);
}

static int extract_hard_link(struct extract *x, const char *path, const char *to)
{
	char target[PATH_MAX];
	const char *name, *target_name;
	struct stat st;
	int r = read_name(x, "the name it is a hard link to", to, target);
	if (r < 0)
		return r;
	if (strcmp(target, path) == 0)
		return refuse(x, 0, "a hard link to itself");
	/* open_parent() keeps one directory open; the target's is opened for this member alone. */
	const char *slash = strrchr(target, '/');
	target_name = slash != NULL ? slash + 1 : target;
	const char *dir = slash != NULL ? arena_strndup(x->arena, target, (size_t)(slash - target)) : ".";
	int from = target[0] != '\0' ? sys_openat2(x->root, dir, O_PATH | O_DIRECTORY, beneath) : -ENOENT;
	if (from < 0)
		return refuse(
			x, 0, from == -ELOOP ? "a hard link through a symbolic link" : "a hard link to nothing in the archive");
	if (fstatat(from, target_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))) {
		r = refuse(x, 0, "a hard link to nothing before it in the archive");
	} else {
		int parent = open_parent(x, path, &name);
		r = parent < 0 ? parent : make_room(x, parent, name);
		if (r == 0 && linkat(from, target_name, parent, name, 0) < 0)
			r = refuse(x, errno, "cannot make the hard link");
	}
	(void)close(from);
	return r;
}

static int extract_directory(struct extract *x, const char *path)
{
	const char *name;
	struct stat st;
	int parent = open_parent(x, path, &name);
	if (parent < 0)
		return parent;
	if (path[0] != '\0' && mkdirat(parent, name, 0700) < 0) {
		if (errno != EEXIST)
			return refuse(x, errno, "cannot make it");
		if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
			return refuse(x, 0, "an earlier member of its name is no directory");
	}
	struct directory d = {
		.path = arena_strdup(x->arena, path), .mode = archive_entry_perm(x->entry), .time = time_of(x->entry)
	};
	if (!owner_of(x->entry, &d.uid, &d.gid) && x->owners)
		return refuse(x, 0, not_mapped);
	x->directories = arena_grow(x->arena, x->directories, x->directory_count, &x->directory_cap, sizeof d);
	x->directories[x->directory_count++] = d;
	return 0;
}

/* Devices would not work inside, and a FIFO or a socket without the program behind it is nothing. */
static void leave_out(struct extract *x, unsigned type)
{
	bool device = type == AE_IFCHR || type == AE_IFBLK;
	char *first = device ? x->left->first_device : x->left->first_other, name[NAME_SHOWN];
	uint64_t *count = device ? &x->left->devices : &x->left->others;
	if ((*count)++ == 0)
		(void)snprintf(first, sizeof x->left->first_device, "%.120s", printable(name, archive_entry_pathname(x->entry)));
}

static int extract_member(struct extract *x)
{
	char path[PATH_MAX];
	const char *name, *link = archive_entry_hardlink(x->entry);
	int r = read_name(x, "its name", archive_entry_pathname(x->entry), path);
	if (r < 0)
		return r;
	if (x->members_left-- == 0)
		return refuse(x, 0, "there are more files in it than a root file system has");
	unsigned type = archive_entry_filetype(x->entry);
	if (link == NULL && type == AE_IFDIR)
		return extract_directory(x, path);
	if (path[0] == '\0')
		return refuse(x, 0, "the root of the tree has to be a directory");
	if (link != NULL)
		return extract_hard_link(x, path, link);
	if (type == AE_IFCHR || type == AE_IFBLK || type == AE_IFIFO || type == AE_IFSOCK) {
		leave_out(x, type);
		return 0;
	}
	if (type != AE_IFREG && type != AE_IFLNK)
		return refuse(x, 0, "of a kind that root file systems do not have");
	int parent = open_parent(x, path, &name);
	if (parent < 0)
		return parent;
	r = make_room(x, parent, name);
	if (r < 0)
		return r;
	return type == AE_IFREG ? extract_file(x, parent, name) : extract_symlink(x, parent, name);
}

/* Owner, mode and time of the directories; the user can always enter and empty them. */
static int finish_directories(struct extract *x)
{
	char name[NAME_SHOWN];
	for (size_t i = 0; i < x->directory_count; i++) {
		const struct directory *d = &x->directories[i];
		int fd = sys_openat2(x->root, d->path[0] != '\0' ? d->path : ".", O_RDONLY | O_DIRECTORY, beneath);
		int r = fd < 0 ? fd : 0;
		if (r == 0 && x->owners)
			r = (int)sys_result(fchown(fd, d->uid, d->gid));
		if (r == -EINVAL)
			return err_set(x->e, 0, "member \"%s\": %s", printable(name, d->path), not_mapped);
		if (r == 0)
			r = (int)sys_result(fchmod(fd, (d->mode & 03777) | (x->owners ? 0 : 0700)));
		const struct timespec times[2] = { d->time, d->time };
		if (r == 0)
			(void)futimens(fd, times); /* as for files */
		if (fd >= 0)
			(void)close(fd);
		if (r < 0)
			return err_set(x->e, -r, "member \"%s\": cannot set its mode", printable(name, d->path));
	}
	return 0;
}

static int extract_all(struct extract *x)
{
	bool any = false;
	for (;;) {
		int r = archive_read_next_header(x->reader, &x->entry);
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return any ? damaged(x) : not_begun(x);
		any = true;
		r = extract_member(x);
		if (r < 0)
			return r;
	}
	return any ? finish_directories(x) : err_set(x->e, 0, "there is nothing in it");
}

int extract(struct arena *a, int archive, int root, bool owners, const struct bounds *bounds, struct left_out *left, struct err *e)
{
	struct extract x = { .arena = a,
		.root = root,
		.parent = -1,
		.owners = owners,
		.bytes_left = bounds->bytes,
		.members_left = bounds->members,
		.left = left,
		.e = e };
	x.reader = archive_read_new();
	if (x.reader == NULL)
		return err_set(e, ENOMEM, "cannot start libarchive");
	/* A decompressor that this libarchive lacks would be a program that it runs; the filter of calls forbids that. */
	(void)archive_read_support_filter_gzip(x.reader);
	(void)archive_read_support_filter_bzip2(x.reader);
	(void)archive_read_support_filter_xz(x.reader);
	(void)archive_read_support_filter_lzma(x.reader);
	(void)archive_read_support_filter_zstd(x.reader);
	int r = archive_read_support_format_tar(x.reader);
	if (r == ARCHIVE_OK)
		r = archive_read_support_format_empty(x.reader);
	if (r == ARCHIVE_OK)
		r = archive_read_open_fd(x.reader, archive, BLOCK);
	r = r == ARCHIVE_OK ? extract_all(&x) : not_begun(&x);
	(void)archive_read_free(x.reader);
	if (x.parent >= 0)
		(void)close(x.parent);
	return r;
}
