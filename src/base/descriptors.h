/*
 * Descriptors that go with a message over a unix socket: SCM_RIGHTS of unix(7), cmsg(3).  Nothing is allocated and no lock is taken:
 * the first process of a sandbox may call these too.
 */
#ifndef BAILEY_BASE_DESCRIPTORS_H
#define BAILEY_BASE_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* As many go with one message at most. */
enum { DESCRIPTORS_MAX = 8 };

struct descriptors {
	int fds[DESCRIPTORS_MAX]; /* with FD_CLOEXEC; -1 from `count` on */
	size_t count;
	bool truncated; /* there were more of them, or more bytes, than there is room for: both are lost */
};

/*
 * Sends one message of the parts' bytes and `count` descriptors, which may be none and stay the caller's. `flags` are those of
 * sendmsg(2), beside MSG_NOSIGNAL. Returns how many bytes went, or -errno; -EMSGSIZE for more than DESCRIPTORS_MAX.
 */
ssize_t descriptors_send(int socket, const struct iovec *parts, size_t part_count, const int *fds, size_t count, int flags);

/*
 * Receives one message into the parts. Its descriptors are the caller's to close, however many the sender thought right: look at
 * count. `flags` are those of recvmsg(2). Returns how many bytes came, 0 at the end, or -errno; *ret is always set.
 */
ssize_t descriptors_receive(int socket, const struct iovec *parts, size_t part_count, struct descriptors *ret, int flags);

/* Closes them and leaves none. */
void descriptors_close(struct descriptors *d);

#endif
