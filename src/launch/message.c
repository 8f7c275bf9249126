#include "launch/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int message_send(int socket, enum message_type type, enum step step, int value, uint32_t index)
{
	struct message m = { .type = type, .step = step, .value = value, .index = index };
	/* write(2), not send(2): every program's filter allows it, and SIGPIPE is blocked or its receiver is gone anyway. */
	ssize_t n;
	do
		n = write(socket, &m, sizeof m);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Room for the ancillary data of one descriptor: cmsg(3). */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int message_send_fd(int socket, enum message_type type, int fd)
{
	struct message m = { .type = type };
	union control control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof m };
	struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&head);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(socket, &head, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int message_receive(int socket, struct message *ret, int *ret_fd)
{
	union control control;
	struct iovec iov = { .iov_base = ret, .iov_len = sizeof *ret };
	struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	*ret_fd = -1;
	ssize_t n;
	do
		n = recvmsg(socket, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	struct cmsghdr *c = CMSG_FIRSTHDR(&head);
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof *ret_fd);
	return n == (ssize_t)sizeof *ret ? 1 : -EBADMSG;
}
