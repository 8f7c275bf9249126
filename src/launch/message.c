#include "launch/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptors.h"

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

int message_send_fds(int socket, enum message_type type, uint32_t index, const int *fds, size_t count)
{
	struct message m = { .type = type, .index = index };
	const struct iovec iov = { .iov_base = &m, .iov_len = sizeof m };
	ssize_t n = descriptors_send(socket, &iov, 1, fds, count, MSG_DONTWAIT);
	return n < 0 ? (int)n : 0;
}

int message_send_fd(int socket, enum message_type type, int fd)
{
	return message_send_fds(socket, type, 0, &fd, 1);
}

int message_receive_fds(int socket, struct message *ret, int ret_fds[MESSAGE_FDS])
{
	const struct iovec iov = { .iov_base = ret, .iov_len = sizeof *ret };
	struct descriptors d;
	ssize_t n = descriptors_receive(socket, &iov, 1, &d, MSG_DONTWAIT);
	bool good = n == (ssize_t)sizeof *ret && d.count <= MESSAGE_FDS;
	if (!good)
		descriptors_close(&d);
	memcpy(ret_fds, d.fds, MESSAGE_FDS * sizeof *ret_fds);
	return n <= 0 ? (int)n : good ? 1 : -EBADMSG;
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
