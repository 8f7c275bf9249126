#include "host/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/path.h"
#include "host/nodes.h"
#include "host/resolve.h"

enum { TEXT_MAX = 64 * 1024 };

static enum node_type type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR: return NODE_DIRECTORY;
	case S_IFLNK: return NODE_SYMLINK;
	case S_IFCHR:
	case S_IFBLK: return NODE_DEVICE;
	case S_IFSOCK: return NODE_SOCKET;
	case S_IFIFO: return NODE_FIFO;
	default: return NODE_FILE;
	}
}

static struct node unreadable(int error)
{
	if (error == ENOENT || error == ENOTDIR)
		return (struct node){ .type = NODE_ABSENT };
	return (struct node){ .type = NODE_UNREADABLE, .error = error };
}

static struct node look(struct facts *f, const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return unreadable(errno);
	struct node n = { .type = type_of(st.st_mode), .mode = st.st_mode & 07777, .uid = st.st_uid, .rdev = st.st_rdev };
	if (n.type != NODE_SYMLINK)
		return n;
	char text[PATH_MAX];
	ssize_t len = readlink(path, text, sizeof text);
	if (len < 0)
		return unreadable(errno);
	if ((size_t)len == sizeof text)
		return unreadable(ENAMETOOLONG);
	n.link = arena_strndup(f->arena, text, (size_t)len);
	return n;
}

/* Injected facts name nodes by paths without symlinks; the kernel would follow those in front of the last component. */
static struct node look_injected(struct facts *f, const char *path)
{
	struct node absent = { .type = NODE_ABSENT };
	if (path[1] == '\0')
		return (struct node){ .type = NODE_DIRECTORY, .mode = 0755 };
	const char *parent = path_parent(f->arena, path);
	struct resolved r;
	int err = facts_resolve(f, parent, &r);
	if (err < 0 && err != -ENOENT)
		return unreadable(-err);
	if (err < 0 || strcmp(r.path, parent) == 0)
		return absent;
	const struct node *n = nodes_find(f->nodes, path_join(f->arena, r.path, path_base(path)));
	return n != NULL ? *n : absent;
}

void facts_node(struct facts *f, const char *path, struct node *ret)
{
	const struct node *known = nodes_find(f->nodes, path);
	if (known != NULL) {
		*ret = *known;
		return;
	}
	*ret = f->injected ? look_injected(f, path) : look(f, path);
	nodes_put(f, arena_strdup(f->arena, path), ret);
}

static int list_live(struct facts *f, const char *path, const char ***ret_names, size_t *ret_count)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	int err = dir_names(fd, f->arena, ret_names, ret_count);
	(void)close(fd);
	return err;
}

int facts_list(struct facts *f, const char *path, const char ***ret_names, size_t *ret_count)
{
	*ret_names = NULL;
	*ret_count = 0;
	if (!f->injected)
		return list_live(f, path, ret_names, ret_count);
	struct resolved r;
	int err = facts_resolve(f, path, &r);
	if (err < 0)
		return err;
	if (r.node.type != NODE_DIRECTORY)
		return -ENOTDIR;
	nodes_list(f, r.path, ret_names, ret_count);
	return 0;
}

const char *facts_stamp_text(struct arena *a, const struct stat *st)
{
	return arena_printf(a, "%u:%u %llu %lld %lld.%09ld %lld.%09ld", major(st->st_dev), minor(st->st_dev),
		(unsigned long long)st->st_ino, (long long)st->st_size, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		(long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

int facts_stamp(struct facts *f, const char *path, const char **ret_text)
{
	struct stat st;
	*ret_text = "";
	if (!f->injected) {
		if (lstat(path, &st) < 0)
			return -errno;
		*ret_text = facts_stamp_text(f->arena, &st);
		return S_ISREG(st.st_mode) ? 0 : -EINVAL;
	}
	struct node n;
	facts_node(f, path, &n);
	for (const struct text_file *t = f->stamps; t != NULL; t = t->next)
		if (strcmp(t->path, path) == 0)
			*ret_text = t->text;
	return n.type == NODE_ABSENT ? -ENOENT : n.type == NODE_FILE ? 0 : -EINVAL;
}

void facts_forget(struct facts *f)
{
	if (!f->injected)
		f->nodes = NULL; /* the memory stays the arena's */
}

static int read_live(struct facts *f, const char *path, const char **ret_text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	struct stat st;
	int err = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
	char *text = arena_alloc(f->arena, err == 0 ? TEXT_MAX + 1 : 1);
	size_t len = 0;
	while (err == 0 && len <= TEXT_MAX) {
		ssize_t n = read(fd, text + len, TEXT_MAX + 1 - len);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR)
			err = -errno;
	}
	(void)close(fd);
	if (err == 0 && len > TEXT_MAX)
		err = -EFBIG;
	if (err < 0)
		return err;
	arena_shrink(f->arena, text, len + 1);
	text[len] = '\0';
	*ret_text = text;
	return 0;
}

int facts_read(struct facts *f, const char *path, const char **ret_text)
{
	*ret_text = "";
	if (!f->injected)
		return read_live(f, path, ret_text);
	struct resolved r;
	int err = facts_resolve(f, path, &r);
	if (err < 0)
		return err;
	for (const struct text_file *t = f->texts; t != NULL; t = t->next) {
		if (strcmp(t->path, r.path) == 0) {
			*ret_text = t->text;
			return 0;
		}
	}
	return r.node.type == NODE_DIRECTORY ? -EISDIR : -EACCES;
}

const char *facts_env(const struct facts *f, const char *name)
{
	size_t n = strlen(name);
	for (char *const *e = f->environment; e != NULL && *e != NULL; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

void facts_groups(struct facts *f)
{
	if (f->injected || f->groups != NULL)
		return;
	int n = getgroups(0, NULL);
	gid_t *groups = arena_array(f->arena, n > 0 ? (size_t)n : 1, sizeof *groups);
	n = getgroups(n, groups);
	f->groups = groups;
	f->group_count = n > 0 ? (size_t)n : 0;
}

void facts_terminal(struct facts *f)
{
	if (f->injected)
		return;
	for (int fd = 0; fd < 3; fd++) {
		char name[64];
		f->tty[fd] = NULL;
		if (isatty(fd))
			f->tty[fd] = ttyname_r(fd, name, sizeof name) == 0 ? arena_strdup(f->arena, name) : "";
	}
}
