#include "network/helper/shared.h"

#include <dirent.h>
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
#include "base/inet.h"
#include "network/helper/leases.h"
#include "network/helper/rules.h"

enum { PORTS_BYTES = 1024 * 1024 };

static const char ports_file[] = "ports";

/* The directory of all networks, locked; closing it gives it back. -errno. */
static int lock_all(const struct network *n)
{
	int fd = open(n->state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR) {
			int error = errno;
			(void)close(fd);
			return -error;
		}
	return fd < 0 ? -errno : fd;
}

/* Opens the next network's directory but that of `n`, or that too; -1 at the end. */
static int next_network(const struct network *n, DIR *all, bool own)
{
	for (const struct dirent *d; (d = readdir(all)) != NULL;) {
		if (d->d_name[0] == '.' || (!own && strcmp(d->d_name, n->name) == 0))
			continue;
		int fd = openat(dirfd(all), d->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

static DIR *open_all(int top)
{
	int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
	if (all == NULL && fd >= 0)
		(void)close(fd);
	return all;
}

/* ---- forwarding ---- */

static const struct {
	const char *mark, *path;
} switches[] = {
	{ ".forward4", "/proc/sys/net/ipv4/ip_forward" },
	{ ".forward6", "/proc/sys/net/ipv6/conf/all/forwarding" },
};

static int turn_on(const struct network *n, int top, bool six)
{
	if (rules_is_on(switches[six].path))
		return 0;
	int mark = openat(top, switches[six].mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (mark < 0)
		return -errno;
	(void)close(mark);
	if (six)
		rules_keep_learning(n->arena);
	return rules_switch(switches[six].path, "1");
}

int shared_forward(const struct network *n, bool four, bool six, struct err *e)
{
	int top = lock_all(n), r = top < 0 ? top : 0;
	if (r == 0 && four)
		r = turn_on(n, top, false);
	if (r == 0 && six)
		r = turn_on(n, top, true);
	if (top >= 0)
		(void)close(top);
	return r < 0 ? err_set(e, -r, "cannot have the kernel forward packets") : 0;
}

static bool others_have_rules(const struct network *n, int top)
{
	bool have = false;
	DIR *all = open_all(top);
	for (int fd; all != NULL && !have && (fd = next_network(n, all, false)) >= 0;) {
		have = faccessat(fd, "rules", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
		(void)close(fd);
	}
	if (all != NULL)
		(void)closedir(all);
	return have || all == NULL;
}

void shared_forward_end(const struct network *n)
{
	int top = lock_all(n);
	if (top < 0)
		return;
	network_unmark(n, "rules");
	for (size_t i = 0; i < 2 && !others_have_rules(n, top); i++)
		if (faccessat(top, switches[i].mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && rules_switch(switches[i].path, "0") == 0)
			(void)unlinkat(top, switches[i].mark, 0);
	(void)close(top);
}

/* ---- ports ---- */

/* One that is in use. A line of the file: "PID START INODE DEVICE tcp|udp ADDRESS PORT", as the launcher has them. */
struct port {
	struct state_process process;
	char device[IFNAMSIZ], protocol[4], address[INET_TEXT];
	unsigned number;
};

static bool read_port(const char *line, struct port *ret)
{
	int pid;
	bool good = sscanf(line, "%d %" SCNu64 " %" SCNu64 " %15s %3s %45s %u", &pid, &ret->process.start, &ret->process.inode,
			    ret->device, ret->protocol, ret->address, &ret->number) == 7;
	ret->process.pid = good ? pid : 0;
	return good;
}

/* What a network's file says; "" without one. */
static char *read_ports(const struct network *n, int directory)
{
	int fd = openat(directory, ports_file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char *text = arena_alloc(n->arena, PORTS_BYTES + 1);
	ssize_t len = fd >= 0 ? read(fd, text, PORTS_BYTES) : 0;
	if (fd >= 0)
		(void)close(fd);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static bool is_any(const char *address)
{
	return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static bool clashes(const struct port *p, const struct spec_forward *f)
{
	int family;
	if (p->number != f->port || strcmp(p->protocol, f->udp ? "udp" : "tcp") != 0 || inet_address(p->address, &family) < 0 ||
		family != f->family)
		return false;
	return strcmp(p->address, f->address) == 0 || is_any(p->address) || is_any(f->address);
}

/* Whether somebody in the network behind the directory has one of the spec's ports. */
static int check_ports(const struct network *n, int directory, const struct spec *s, struct err *e)
{
	char *rest = NULL;
	for (char *line = strtok_r(read_ports(n, directory), "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		struct port p;
		if (!read_port(line, &p) || !lease_is_running(&p.process))
			continue;
		for (size_t i = 0; i < s->forward_count; i++) {
			if (!clashes(&p, &s->forwards[i]))
				continue;
			(void)err_set(e, EADDRINUSE, "port %u of %s (%s) leads to another sandbox already", p.number, p.address,
				p.protocol);
			return spec_at(e, s->forwards[i].line);
		}
	}
	return 0;
}

/* Rewrites the network's own file without the ports of `device` and of those who are gone, and with `more`. */
static int write_ports(const struct network *n, const char *device, const struct buf *more)
{
	struct buf text = { .arena = n->arena };
	char *rest = NULL;
	for (char *line = strtok_r(read_ports(n, n->directory), "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		struct port p;
		if (read_port(line, &p) && strcmp(p.device, device) != 0 && lease_is_running(&p.process))
			buf_printf(&text, "%s\n", line);
	}
	buf_puts(&text, buf_text(more));
	int fd = openat(n->directory, ports_file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : write(fd, buf_text(&text), text.len) != (ssize_t)text.len ? -EIO : 0;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

int shared_take_ports(const struct network *n, const struct lease *l, const struct spec *s, struct err *e)
{
	struct buf own = { .arena = n->arena };
	if (s->forward_count == 0)
		return 0;
	for (size_t i = 0; i < s->forward_count; i++)
		buf_printf(&own, "%d %" PRIu64 " %" PRIu64 " %s %s %s %u\n", (int)l->process.pid, l->process.start,
			l->process.inode, l->device, s->forwards[i].udp ? "udp" : "tcp", s->forwards[i].address,
			(unsigned)s->forwards[i].port);
	int top = lock_all(n), r = 0;
	DIR *all = top >= 0 ? open_all(top) : NULL;
	for (int fd; all != NULL && r == 0 && (fd = next_network(n, all, true)) >= 0;) {
		r = check_ports(n, fd, s, e);
		(void)close(fd);
	}
	int error = all == NULL ? (top < 0 ? -top : errno) : 0;
	if (all != NULL && r == 0)
		error = -write_ports(n, l->device, &own);
	if (all != NULL)
		(void)closedir(all);
	if (top >= 0)
		(void)close(top);
	if (r == 0 && error != 0)
		r = err_set(e, error, "cannot write down which ports of the host are taken");
	return r;
}

void shared_drop_ports(const struct network *n, const char *device)
{
	const struct buf nothing = { .arena = n->arena };
	int top = lock_all(n);
	if (top < 0)
		return;
	(void)write_ports(n, device, &nothing);
	(void)close(top);
}
