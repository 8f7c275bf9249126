#include "network/netd/peer.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/descriptors.h"

int peer_look(struct peer *ret, int socket, struct err *e)
{
	struct ucred c;
	socklen_t len = sizeof c, size = (PEER_GROUPS - 1) * sizeof(gid_t);
	*ret = (struct peer){ .socket = socket };
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &c, &len) < 0)
		return err_set(e, errno, "cannot see who calls");
	if (c.pid <= 0)
		return err_set(e, EPERM, "the caller is in a process namespace that cannot be looked into from here");
	ret->pid = c.pid;
	ret->uid = c.uid;
	ret->groups[0] = c.gid;
	ret->group_count = 1;
	/* One with more groups than fit has the first of his own account alone: less, and never more. */
	if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, ret->groups + 1, &size) == 0)
		ret->group_count += size / sizeof(gid_t);
	return 0;
}

int peer_receive(const struct peer *p, struct netd_request *ret, int *ret_namespace, struct err *e)
{
	char bytes[sizeof(struct netd_request) + 1];
	const struct iovec iov = { bytes, sizeof bytes };
	struct descriptors d;
	ssize_t n = descriptors_receive(p->socket, &iov, 1, &d, MSG_DONTWAIT);
	*ret_namespace = -1;
	if (n < 0)
		return err_set(e, (int)-n, "cannot read the request");
	if (n == 0 && d.count == 0)
		return -ENOTCONN;
	const char *why = netd_request_check(bytes, (size_t)n, ret);
	if (d.truncated)
		why = "it is longer than a request";
	else if (why == NULL && d.count != 1)
		why = "one descriptor has to come with it, of a network namespace";
	if (why == NULL) {
		*ret_namespace = d.fds[0];
		return 0;
	}
	descriptors_close(&d);
	return err_set(e, EPROTO, "the request makes no sense: %s", why);
}

int peer_owns(const struct peer *p, int namespace, struct err *e)
{
	struct statfs fs;
	struct stat own, its;
	if (fstatfs(namespace, &fs) < 0 || fs.f_type != NSFS_MAGIC || ioctl(namespace, NS_GET_NSTYPE) != CLONE_NEWNET)
		return err_set(e, EINVAL, "the descriptor is not that of a network namespace");
	/* The host's own has an owner too: root. */
	if (stat("/proc/self/ns/net", &own) < 0 || fstat(namespace, &its) < 0 ||
		(own.st_dev == its.st_dev && own.st_ino == its.st_ino))
		return err_set(e, EPERM, "the network namespace is the host's own");
	int users = ioctl(namespace, NS_GET_USERNS);
	if (users < 0)
		return err_set(e, EPERM, "the network namespace belongs to a user namespace that cannot be looked into from here");
	uid_t owner;
	int r = ioctl(users, NS_GET_OWNER_UID, &owner);
	/* That of the host has no parent, and is nobody's to give away. */
	int parent = r == 0 ? ioctl(users, NS_GET_PARENT) : -1;
	bool own_one = r == 0 && owner == p->uid && parent >= 0;
	if (parent >= 0)
		(void)close(parent);
	(void)close(users);
	return own_one ? 0 : err_set(e, EPERM, "the network namespace is not the caller's");
}
