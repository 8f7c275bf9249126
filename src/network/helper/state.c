#include "network/helper/state.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum { LEASES_BYTES = 4 * 1024 * 1024 };

static int open_directory(const char *state, const char *name, struct err *e)
{
	if ((mkdir(state, 0711) < 0 && errno != EEXIST))
		return err_set(e, errno, "cannot make %s", state);
	int top = open(state, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return err_set(e, errno, "cannot use %s", state);
	int fd = -1;
	if (mkdirat(top, name, 0711) == 0 || errno == EEXIST)
		fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		(void)err_set(e, errno, "cannot use %s/%s", state, name);
	(void)close(top);
	return fd < 0 ? -e->code : fd;
}

/* The lock counts only while it has its name: whoever removed the network has taken that away. */
static bool is_current(const struct network *n)
{
	struct stat held, named;
	return fstat(n->lock, &held) == 0 && fstatat(n->directory, "lock", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		held.st_ino == named.st_ino;
}

static bool read_lease(const char *line, struct lease *ret)
{
	char at[2][64], mac[MAC_TEXT];
	int pid, rules;
	*ret = (struct lease){ .process = { 0 } };
	if (sscanf(line, "%d %" SCNu64 " %" SCNu64 " %15s %63s %63s %d %63s %17s %u", &pid, &ret->process.start,
		    &ret->process.inode, ret->device, at[0], at[1], &rules, ret->name, mac, &ret->uid) != 10 ||
		frames_mac_read(mac, ret->mac) < 0)
		return false;
	ret->process.pid = pid;
	ret->rules = rules != 0;
	for (size_t i = 0; i < 2; i++)
		if (strcmp(at[i], "-") != 0 && subnet_read(at[i], &ret->at[i]) < 0)
			return false;
	return true;
}

static int read_leases(struct network *n, struct err *e)
{
	int fd = openat(n->directory, "leases", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > LEASES_BYTES) {
		int error = fd < 0 ? errno : EFBIG;
		if (fd >= 0)
			(void)close(fd);
		return err_set(e, error, "cannot read the leases of the network \"%s\"", n->name);
	}
	char *text = arena_alloc(n->arena, (size_t)st.st_size + 1), *rest = NULL;
	ssize_t got = pread(fd, text, (size_t)st.st_size, 0);
	(void)close(fd);
	if (got != st.st_size)
		return err_set(e, EIO, "cannot read the leases of the network \"%s\"", n->name);
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		struct lease l;
		/* An address that is not understood could be given out again. */
		if (!read_lease(line, &l))
			return err_set(e, EBADMSG, "the leases of the network \"%s\" make no sense", n->name);
		*network_add(n) = l;
	}
	return 0;
}

int network_open(struct network *n, struct arena *a, const char *state, const char *name, struct err *e)
{
	*n = (struct network){ .arena = a, .state = state, .name = name, .directory = -1, .lock = -1 };
	for (;;) {
		n->directory = open_directory(state, name, e);
		if (n->directory < 0)
			return n->directory;
		n->lock = openat(n->directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		int error = n->lock < 0 ? errno : 0;
		while (n->lock >= 0 && flock(n->lock, LOCK_EX) < 0 && errno == EINTR) {
		}
		if (n->lock >= 0 && is_current(n))
			break;
		network_close(n);
		if (error != 0 && error != ENOENT) /* ENOENT: removed between the two */
			return err_set(e, error, "cannot lock the network \"%s\"", name);
	}
	return read_leases(n, e);
}

void network_close(struct network *n)
{
	if (n->lock >= 0)
		(void)close(n->lock);
	if (n->directory >= 0)
		(void)close(n->directory);
	n->lock = n->directory = -1;
}

static void hosts_text(const struct network *n, struct buf *out)
{
	buf_puts(out, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
	for (size_t i = 0; i < n->count; i++)
		for (size_t k = 0; k < 2; k++)
			if (n->leases[i].at[k].family != 0 && strcmp(n->leases[i].name, "-") != 0)
				buf_printf(out, "%s %s\n", subnet_address(n->arena, &n->leases[i].at[k]), n->leases[i].name);
}

/*
 * In place: the sandboxes have this very file as their /etc/hosts.  It never gets shorter, and what is left over is filled with line
 * ends, so that nobody reads half of an old line.
 */
static int write_hosts(struct network *n)
{
	struct buf text = { .arena = n->arena };
	struct stat st = { .st_size = 0 };
	int fd = openat(n->directory, "hosts", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	hosts_text(n, &text);
	int r = fchmod(fd, 0644) < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	while (r == 0 && text.len < (size_t)st.st_size)
		buf_putc(&text, '\n');
	if (r == 0 && pwrite(fd, buf_text(&text), text.len, 0) != (ssize_t)text.len)
		r = -EIO;
	(void)close(fd);
	return r;
}

int network_save(struct network *n, struct err *e)
{
	struct buf text = { .arena = n->arena };
	for (size_t i = 0; i < n->count; i++) {
		const struct lease *l = &n->leases[i];
		buf_printf(
			&text, "%d %" PRIu64 " %" PRIu64 " %s", (int)l->process.pid, l->process.start, l->process.inode, l->device);
		for (size_t k = 0; k < 2; k++)
			buf_printf(&text, " %s", l->at[k].family != 0 ? subnet_text(n->arena, &l->at[k]) : "-");
		char mac[MAC_TEXT];
		frames_mac_text(l->mac, mac);
		buf_printf(&text, " %d %s %s %u\n", l->rules, l->name, mac, (unsigned)l->uid);
	}
	int fd = openat(n->directory, "leases.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : 0;
	if (r == 0 && write(fd, buf_text(&text), text.len) != (ssize_t)text.len)
		r = -EIO;
	if (fd >= 0)
		(void)close(fd);
	if (r == 0 && renameat(n->directory, "leases.new", n->directory, "leases") < 0)
		r = -errno;
	if (r == 0)
		r = write_hosts(n);
	return r < 0 ? err_set(e, -r, "cannot write the leases of the network \"%s\" down", n->name) : 0;
}

bool network_marked(const struct network *n, const char *mark)
{
	return faccessat(n->directory, mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int network_mark(const struct network *n, const char *mark, struct err *e)
{
	int fd = openat(n->directory, mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? err_set(e, errno, "cannot write down that the network \"%s\" is up", n->name) : close(fd);
}

int network_note_device(const struct network *n, const char *device, struct err *e)
{
	int fd = openat(n->directory, "device", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t len = strlen(device);
	bool good = fd >= 0 && write(fd, device, len) == (ssize_t)len;
	if (fd >= 0)
		(void)close(fd);
	return good ? 0 : err_set(e, errno, "cannot write down which bridge the network \"%s\" has", n->name);
}

void network_unmark(const struct network *n, const char *mark)
{
	(void)unlinkat(n->directory, mark, 0);
}

void network_forget(struct network *n)
{
	static const char *const files[] = { "leases", "leases.new", "hosts", "made", "rules", "shut", "ports", "up", "device",
		"lock" };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		(void)unlinkat(n->directory, files[i], 0);
	(void)rmdir(arena_printf(n->arena, "%s/%s", n->state, n->name));
	(void)rmdir(n->state); /* unless there are others */
}

struct lease *network_add(struct network *n)
{
	n->leases = arena_grow(n->arena, n->leases, n->count, &n->cap, sizeof *n->leases);
	n->leases[n->count] = (struct lease){ .name = "-" };
	return &n->leases[n->count++];
}

struct lease *network_find(struct network *n, const char *device)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->leases[i].device, device) == 0)
			return &n->leases[i];
	return NULL;
}

void network_drop(struct network *n, struct lease *l)
{
	*l = n->leases[--n->count];
}

bool network_has(const struct network *n, const struct subnet *at)
{
	size_t k = at->family == AF_INET6;
	for (size_t i = 0; i < n->count; i++)
		if (n->leases[i].at[k].family != 0 && subnet_compare(&n->leases[i].at[k], at) == 0)
			return true;
	return false;
}

bool network_has_mac(const struct network *n, const unsigned char mac[MAC_BYTES])
{
	for (size_t i = 0; i < n->count; i++)
		if (memcmp(n->leases[i].mac, mac, MAC_BYTES) == 0)
			return true;
	return false;
}

static struct lease *find_name(const struct network *n, const struct lease *but, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (&n->leases[i] != but && strcasecmp(n->leases[i].name, name) == 0)
			return &n->leases[i];
	return NULL;
}

/* Those of hosts_text(). */
static bool is_of_host(const char *name)
{
	return strcasecmp(name, "localhost") == 0 || strcasecmp(name, "ip6-localhost") == 0 ||
		strcasecmp(name, "ip6-loopback") == 0;
}

void network_name(struct network *n, struct lease *l, const char *wanted)
{
	char base[LEASE_NAME_MAX - 8];
	size_t len = 0;
	/* One with dots could be of the Internet, and everybody in the network would believe it. */
	const char *marks = l->uid == 0 ? "-." : "-";
	for (; *wanted != '\0' && len < sizeof base - 1; wanted++) {
		bool plain = isascii((unsigned char)*wanted) && (isalnum((unsigned char)*wanted) || strchr(marks, *wanted) != NULL);
		if (plain && (len > 0 || isalnum((unsigned char)*wanted)))
			base[len++] = *wanted;
		else if (len > 0)
			base[len++] = '-';
	}
	base[len] = '\0';
	if (len == 0)
		(void)snprintf(base, sizeof base, "sandbox");
	struct lease *other = find_name(n, l, base);
	(void)snprintf(l->name, sizeof l->name, "%s", base);
	/* A user who was there first does not get what is meant for a sandbox of root's. */
	if (l->uid == 0 && other != NULL && other->uid != 0 && !is_of_host(base)) {
		network_name(n, other, base);
		return;
	}
	for (unsigned i = 2; find_name(n, l, l->name) != NULL || is_of_host(l->name); i++)
		(void)snprintf(l->name, sizeof l->name, "%s-%u", base, i % 1000000);
}
