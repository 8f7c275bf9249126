/* Descriptors with messages: how many come, that they are closed on exec, and that none is left open of those nobody asked for. */
#include "base/descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launch/transfer.h"
#include "tap.h"

enum { MANY = 12 };

static int pair[2];

static size_t count_open(void)
{
	size_t n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (d != NULL && readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Sends without descriptors_send(), as a sender who means no good would. */
static void send_many(const void *bytes, size_t len, size_t count)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(MANY * sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(count * sizeof(int))
	};
	int fds[MANY] = { 0 };
	memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	ok(sendmsg(pair[0], &m, 0) == (ssize_t)len, "%zu are sent", count);
}

static void test_counts(void)
{
	const int fds[DESCRIPTORS_MAX + 1] = { 0 };
	char text[8];
	const struct iovec out = { (void *)(uintptr_t) "abc", 4 }, in = { text, sizeof text };
	for (size_t i = 0; i <= DESCRIPTORS_MAX; i++) {
		struct descriptors d;
		size_t before = count_open();
		ok(descriptors_send(pair[0], &out, 1, fds, i, 0) == 4, "a message goes with %zu", i);
		ok(descriptors_receive(pair[1], &in, 1, &d, MSG_DONTWAIT) == 4 && strcmp(text, "abc") == 0, "and comes");
		ok(d.count == i && !d.truncated && count_open() == before + i, "with as many");
		bool good = true;
		for (size_t j = 0; j < DESCRIPTORS_MAX; j++)
			good = good && (j < i ? (fcntl(d.fds[j], F_GETFD) & FD_CLOEXEC) != 0 : d.fds[j] == -1);
		ok(good, "closed on exec, and -1 from there on");
		descriptors_close(&d);
		ok(d.count == 0 && d.fds[0] == -1 && count_open() == before, "and can be closed");
	}
	ok(descriptors_send(pair[0], &out, 1, fds, DESCRIPTORS_MAX + 1, 0) == -EMSGSIZE, "more are not sent");
}

static void test_too_much(void)
{
	char text[2];
	const struct iovec in = { text, sizeof text };
	struct descriptors d;
	size_t before = count_open();
	send_many("a", 1, MANY);
	ok(descriptors_receive(pair[1], &in, 1, &d, 0) == 1 && d.truncated, "more descriptors than fit are noticed");
	ok(d.count == DESCRIPTORS_MAX && count_open() == before + DESCRIPTORS_MAX, "those that fit are the receiver's");
	descriptors_close(&d);
	send_many("abc", 3, 1);
	ok(descriptors_receive(pair[1], &in, 1, &d, 0) == 2 && d.truncated && d.count == 1, "more bytes than fit are noticed");
	descriptors_close(&d);
	ok(descriptors_receive(pair[1], &in, 1, &d, MSG_DONTWAIT) == -EAGAIN && d.count == 0 && d.fds[0] == -1, "nothing there");
	ok(count_open() == before, "nothing is left open");
}

/* The messages of bailey cp have one at most; the other side is a process of the sandbox. */
static void test_one_expected(void)
{
	struct transfer t = { .type = TRANSFER_FILE, .name = "name" };
	int fd;
	size_t before = count_open();
	send_many(&t, sizeof t, 2);
	ok(transfer_receive(pair[1], &t, &fd) == -EBADMSG && fd == -1, "a second one is no message of ours");
	ok(count_open() == before, "and neither is left open");
	send_many(&t, sizeof t, 1);
	ok(transfer_receive(pair[1], &t, &fd) == 1 && fd >= 0, "one is");
	(void)close(fd);
	send_many(&t, sizeof t - 1, 1);
	ok(transfer_receive(pair[1], &t, &fd) == -EBADMSG && fd == -1 && count_open() == before, "half a message leaves none open");
}

int main(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 1;
	test_counts();
	test_too_much();
	test_one_expected();
	return tap_done();
}
