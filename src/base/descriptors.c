#include "base/descriptors.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union room {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
};

ssize_t descriptors_send(int socket, const struct iovec *parts, size_t part_count, const int *fds, size_t count, int flags)
{
	union room room = { .bytes = { 0 } };
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = part_count };
	if (count > DESCRIPTORS_MAX)
		return -EMSGSIZE;
	if (count > 0) {
		m.msg_control = &room;
		m.msg_controllen = CMSG_SPACE(count * sizeof *fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof *fds);
		memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
	}
	ssize_t n;
	do
		n = sendmsg(socket, &m, flags | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t descriptors_receive(int socket, const struct iovec *parts, size_t part_count, struct descriptors *ret, int flags)
{
	union room room;
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)parts,
		.msg_iovlen = part_count,
		.msg_control = &room,
		.msg_controllen = sizeof room };
	ret->count = 0;
	ret->truncated = false;
	memset(ret->fds, -1, sizeof ret->fds);
	ssize_t n;
	do
		n = recvmsg(socket, &m, flags | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	ret->truncated = (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
	/* The kernel puts them all into one header, and in no more than there is room for. */
	const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);
		memcpy(ret->fds, CMSG_DATA(c), bytes);
		ret->count = bytes / sizeof(int);
	}
	return n;
}

void descriptors_close(struct descriptors *d)
{
	while (d->count > 0) {
		(void)close(d->fds[--d->count]);
		d->fds[d->count] = -1;
	}
}
