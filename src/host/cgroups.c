#include "host/cgroups.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/num.h"
#include "base/path.h"
#include "host/resolve.h"

static bool is_file(struct facts *f, const char *path)
{
	struct node n;
	facts_node(f, path, &n);
	return n.type == NODE_FILE;
}

const char *facts_cgroup2(struct facts *f)
{
	switch (facts_cgroup(f)) {
	case CGROUP_V2: return "/sys/fs/cgroup";
	case CGROUP_HYBRID: return "/sys/fs/cgroup/unified";
	default: return NULL;
	}
}

const char *facts_cgroup1(struct facts *f, const char *controller)
{
	struct resolved r;
	if (facts_cgroup(f) == CGROUP_V2)
		return NULL;
	if (facts_resolve(f, path_join(f->arena, "/sys/fs/cgroup", controller), &r) < 0)
		return NULL;
	return is_file(f, path_join(f->arena, r.path, "cgroup.procs")) ? r.path : NULL;
}

/* Whether a list "cpu,cpuacct" of `len` bytes has the word. */
static bool listed(const char *list, size_t len, const char *word)
{
	size_t n = strlen(word);
	for (const char *end = list + len; list < end;) {
		size_t one = strcspn(list, ",:");
		if (one == n && strncmp(list, word, n) == 0)
			return true;
		list += one + 1;
	}
	return false;
}

const char *facts_own_cgroup(struct facts *f, const char *mount, const char *controller)
{
	const char *text;
	if (facts_read(f, "/proc/self/cgroup", &text) < 0)
		return NULL;
	for (const char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		const char *list = memchr(line, ':', len);
		const char *path = list != NULL ? memchr(list + 1, ':', len - (size_t)(list + 1 - line)) : NULL;
		if (path != NULL &&
			(controller == NULL ? path == list + 1 : listed(list + 1, (size_t)(path - list) - 1, controller))) {
			const char *own, *name = arena_strndup(f->arena, path + 1, len - (size_t)(path + 1 - line));
			if (name[1] == '\0' || path_normal(f->arena, name, &own) < 0) /* "/../x": outside of what we see */
				return mount;
			own = arena_printf(f->arena, "%s%s", mount, own);
			return is_file(f, path_join(f->arena, own, "cgroup.procs")) ? own : mount;
		}
		line += len + (line[len] == '\n');
	}
	return NULL;
}

size_t facts_cgroup_places(struct facts *f, const char **ret, size_t size)
{
	const char *text, *mount = facts_cgroup2(f);
	const char *own = mount != NULL ? facts_own_cgroup(f, mount, NULL) : NULL;
	size_t n = 0;
	for (; own != NULL && n < size && path_within(own, mount); own = path_parent(f->arena, own))
		ret[n++] = own;
	if (n > 0 && n < size && facts_systemd(f))
		ret[n++] = f->uid == 0 ? path_join(f->arena, mount, "system.slice")
				       : arena_printf(f->arena, "%s/user.slice/user-%u.slice/user@%u.service/app.slice", mount,
						 (unsigned)f->uid, (unsigned)f->uid);
	if (facts_read(f, "/proc/self/cgroup", &text) < 0)
		return n;
	for (const char *line = text; *line != '\0' && n < size; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *list = line + strcspn(line, ":\n");
		list += *list == ':';
		/* Hierarchies with several controllers have one directory; those with a name only have none. */
		const char *first = arena_strndup(f->arena, list, strcspn(list, ",:\n"));
		mount = first[0] != '\0' && strncmp(first, "name=", 5) != 0 ? facts_cgroup1(f, first) : NULL;
		own = mount != NULL ? facts_own_cgroup(f, mount, first) : NULL;
		if (own != NULL)
			ret[n++] = own;
	}
	return n;
}

bool facts_writable(struct facts *f, const char *path)
{
	struct node n;
	if (!f->injected)
		return access(path, W_OK) == 0;
	facts_node(f, path, &n);
	if (n.type == NODE_ABSENT || n.type == NODE_UNREADABLE)
		return false;
	return f->uid == 0 || (n.uid == f->uid && (n.mode & 0200) != 0) || (n.mode & 0002) != 0;
}

bool facts_delegated(struct facts *f, const char *path)
{
	char value[4];
	if (f->injected) {
		for (size_t i = 0; i < f->delegated_count; i++)
			if (strcmp(f->delegated[i], path) == 0)
				return true;
		return false;
	}
	return getxattr(path, "user.delegate", value, sizeof value) == 1 && value[0] == '1';
}

bool facts_systemd(struct facts *f)
{
	struct node n;
	facts_node(f, "/run/systemd/system", &n);
	return n.type == NODE_DIRECTORY;
}

/* "MemTotal:       24680000 kB" */
static int kilobytes(struct facts *f, const char *text, const char *key, uint64_t *ret)
{
	int64_t n;
	size_t len = strlen(key);
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, key, len) != 0 || line[len] != ':')
			continue;
		const char *at = line + len + 1 + strspn(line + len + 1, " ");
		if (num_int(arena_strndup(f->arena, at, strcspn(at, " \n")), 0, INT64_MAX / 1024, &n) < 0)
			return -EINVAL;
		*ret = (uint64_t)n * 1024;
		return 0;
	}
	return -EINVAL;
}

int facts_memory(struct facts *f, uint64_t *ret_memory, uint64_t *ret_swap)
{
	const char *text;
	if (facts_read(f, "/proc/meminfo", &text) < 0)
		return -EINVAL;
	int r = kilobytes(f, text, "MemTotal", ret_memory);
	return r < 0 ? r : kilobytes(f, text, "SwapTotal", ret_swap);
}

static bool read_set(struct facts *f, const char *text, struct numset *ret)
{
	size_t len = strcspn(text, "\n");
	if (numset_read(arena_strndup(f->arena, text, len), ret) == 0)
		return true;
	*ret = (struct numset){ 0 };
	return false;
}

static bool sets(struct facts *f, const char *online, const char *field, struct numset *ret_online, struct numset *ret_allowed)
{
	const char *text, *at;
	*ret_online = *ret_allowed = (struct numset){ 0 };
	bool known = facts_read(f, online, &text) == 0 && read_set(f, text, ret_online);
	bool allowed = facts_read(f, "/proc/self/status", &text) == 0 && (at = strstr(text, field)) != NULL &&
		read_set(f, at + strlen(field), ret_allowed);
	return known && allowed;
}

bool facts_cpus(struct facts *f, struct numset *ret_online, struct numset *ret_allowed)
{
	return sets(f, "/sys/devices/system/cpu/online", "\nCpus_allowed_list:\t", ret_online, ret_allowed);
}

bool facts_nodes(struct facts *f, struct numset *ret_online, struct numset *ret_allowed)
{
	return sets(f, "/sys/devices/system/node/online", "\nMems_allowed_list:\t", ret_online, ret_allowed);
}

/* "8:3\n" */
static bool read_numbers(struct facts *f, const char *text, unsigned *ret_major, unsigned *ret_minor)
{
	size_t colon = strcspn(text, ":");
	int64_t high, low;
	if (text[colon] != ':' || num_int(arena_strndup(f->arena, text, colon), 0, INT32_MAX, &high) < 0)
		return false;
	text += colon + 1;
	if (num_int(arena_strndup(f->arena, text, strcspn(text, "\n")), 0, INT32_MAX, &low) < 0)
		return false;
	*ret_major = (unsigned)high;
	*ret_minor = (unsigned)low;
	return true;
}

/* The device number of the file system a path lies on. Injected: the deepest entry of "devices" above it. */
static dev_t file_system_of(struct facts *f, const char *path)
{
	struct stat st;
	if (!f->injected)
		return stat(path, &st) == 0 ? st.st_dev : 0;
	dev_t found = 0;
	size_t depth = 0;
	for (size_t i = 0; i < f->device_count; i++) {
		size_t len = strlen(f->devices[i].path);
		if (len > depth && path_within(path, f->devices[i].path)) {
			depth = len;
			found = f->devices[i].number;
		}
	}
	return found;
}

int facts_disk(struct facts *f, const char *path, unsigned *ret_major, unsigned *ret_minor)
{
	struct resolved r, block;
	const char *text;
	int err = facts_resolve(f, path, &r);
	if (err < 0)
		return err;
	dev_t number = r.node.type == NODE_DEVICE ? r.node.rdev : file_system_of(f, r.path);
	*ret_major = major(number);
	*ret_minor = minor(number);
	if (facts_resolve(f, arena_printf(f->arena, "/sys/dev/block/%u:%u", *ret_major, *ret_minor), &block) < 0)
		return -ENODEV;
	if (!is_file(f, path_join(f->arena, block.path, "partition")))
		return 0;
	text = path_join(f->arena, path_parent(f->arena, block.path), "dev");
	return facts_read(f, text, &text) == 0 && read_numbers(f, text, ret_major, ret_minor) ? 0 : -ENODEV;
}
