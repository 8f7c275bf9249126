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

/* Room for the ancillary data: cmsg(3). */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
};

int message_send_fds(int socket, enum message_type type, uint32_t index, const int *fds, size_t count)
{
	struct message m = { .type = type, .index = index };
	union control control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof m };
	struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&head);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof *fds);
	memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
	head.msg_controllen = CMSG_SPACE(count * sizeof *fds);
	return sendmsg(socket, &head, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int message_send_fd(int socket, enum message_type type, int fd)
{
	return message_send_fds(socket, type, 0, &fd, 1);
}

int message_receive_fds(int socket, struct message *ret, int ret_fds[MESSAGE_FDS])
{
	union control control;
	struct iovec iov = { .iov_base = ret, .iov_len = sizeof *ret };
	struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	for (int i = 0; i < MESSAGE_FDS; i++)
		ret_fds[i] = -1;
	ssize_t n;
	do
		n = recvmsg(socket, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	struct cmsghdr *c = CMSG_FIRSTHDR(&head);
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0)); /* the buffer holds no more than MESSAGE_FDS */
	return n == (ssize_t)sizeof *ret ? 1 : -EBADMSG;
}

int message_receive(int socket, struct message *ret, int *ret_fd)
{
	int fds[MESSAGE_FDS];
	int r = message_receive_fds(socket, ret, fds);
	*ret_fd = fds[0];
	for (int i = 1; i < MESSAGE_FDS; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return r;
}
