/* The control socket: both sides in one process, the launcher's without a sandbox. */
#include "launch/control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"

static struct control server;
static int directory;

/* A client's socket that does not block. */
static int client(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	(void)snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/control", directory);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connect(fd, (const struct sockaddr *)&a, sizeof a) < 0) {
		(void)close(fd);
		return -errno;
	}
	return fd;
}

/* What a launcher's loop does until there is nothing to do. */
static void serve(void)
{
	struct pollfd fds[CONTROL_POLLS];
	for (;;) {
		nfds_t count = control_wants(&server, fds);
		if (poll(fds, count, 0) <= 0)
			break;
		control_serve(&server, fds, count);
	}
	control_serve(&server, fds, control_wants(&server, fds));
}

static int ask(int fd, uint32_t kind)
{
	const struct control_head head = { .kind = kind };
	return control_send(fd, &head, "text", 4, NULL, 0);
}

static size_t connected(void)
{
	size_t n = 0;
	for (size_t i = 0; i < CONTROL_PEERS; i++)
		n += server.peers[i].fd >= 0;
	return n;
}

static void test_answers(void)
{
	struct control_message m;
	int fd = client();
	ok(fd >= 0, "a client can connect");
	serve();
	ok(connected() == 1 && control_deadline(&server) > 0, "who has not asked yet is given some time");
	ok(control_receive(fd, &m) == -EAGAIN, "and hears nothing");
	ok(ask(fd, 77) == 0, "asks for what there is not");
	serve();
	ok(control_receive(fd, &m) == 1 && m.head.kind == CONTROL_ERROR && m.head.value == ENOSYS && m.len > 20,
		"gets an error in words");
	ok(control_receive(fd, &m) == 0 && connected() == 0, "and is let go");
	(void)close(fd);

	fd = client();
	ok(send(fd, "x", 1, MSG_NOSIGNAL) == 1, "a message that is too short");
	serve();
	ok(control_receive(fd, &m) == 0 && connected() == 0, "ends the connection");
	(void)close(fd);

	static char large[sizeof(struct control_head) + CONTROL_PAYLOAD + 1];
	fd = client();
	ok(send(fd, large, sizeof large, MSG_NOSIGNAL) == (ssize_t)sizeof large, "one that is too long");
	serve();
	ok(control_receive(fd, &m) == 0 && connected() == 0, "does so too");
	(void)close(fd);
	ok(control_send(0, &m.head, large, sizeof large, NULL, 0) == -EMSGSIZE, "our own are never sent");
}

static size_t open_descriptors(void)
{
	size_t n = 0;
	for (int fd = 0; fd < 200; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_descriptors(void)
{
	const struct control_head head = { .kind = CONTROL_WAIT };
	size_t before = open_descriptors();
	const int fds[CONTROL_FDS] = { 0, 1, 2, 0 };
	int fd = client();
	ok(control_send(fd, &head, NULL, 0, fds, CONTROL_FDS) == 0, "descriptors nobody wants");
	serve();
	(void)close(fd);
	serve();
	ok(open_descriptors() == before, "are closed");
	ok(connected() == 0, "and the connection goes with its client");
}

static void test_crowd(void)
{
	struct control_message m;
	int fds[CONTROL_PEERS + 1];
	for (size_t i = 0; i < CONTROL_PEERS; i++) {
		fds[i] = client();
		(void)ask(fds[i], CONTROL_WAIT);
		serve();
	}
	ok(connected() == CONTROL_PEERS, "as many as there may be");
	ok(control_deadline(&server) == 0, "have all time to wait");
	fds[CONTROL_PEERS] = client();
	serve();
	ok(control_receive(fds[CONTROL_PEERS], &m) == 1 && m.head.kind == CONTROL_ERROR && m.head.value == EUSERS,
		"one more is refused");
	(void)close(fds[CONTROL_PEERS]);
	/* The kernel tells of the reset that its unread question makes first. */
	fds[CONTROL_PEERS] = client();
	(void)ask(fds[CONTROL_PEERS], CONTROL_WAIT);
	serve();
	ok(control_receive(fds[CONTROL_PEERS], &m) == 1 && m.head.kind == CONTROL_ERROR && m.head.value == EUSERS,
		"and hears why when it has asked already");
	ok(control_receive(fds[CONTROL_PEERS], &m) <= 0, "and nothing else");
	(void)close(fds[0]);
	serve();
	(void)close(fds[CONTROL_PEERS]);
	fds[0] = client();
	(void)ask(fds[0], CONTROL_WAIT);
	serve();
	ok(connected() == CONTROL_PEERS, "and let in when another has gone");
	const struct outcome outcome = { .status = 137, .signal = 9 };
	control_end(&server, &outcome);
	size_t told = 0;
	for (size_t i = 0; i < CONTROL_PEERS; i++) {
		told += control_receive(fds[i], &m) == 1 && m.head.kind == CONTROL_WAIT && m.head.value == 137 &&
			m.head.number == 9;
		told += control_receive(fds[i], &m) == 0;
		(void)close(fds[i]);
	}
	ok(told == 2 * (size_t)CONTROL_PEERS, "at the end all are told how it ended");
	ok(client() == -ECONNREFUSED, "and nobody can connect");
}

static void test_patience(void)
{
	struct control_message m;
	int fd = client();
	serve();
	for (size_t i = 0; i < CONTROL_PEERS; i++)
		if (server.peers[i].fd >= 0)
			server.peers[i].deadline = 1;
	serve();
	ok(control_receive(fd, &m) == 0 && connected() == 0, "who asks nothing is let go when its time is over");
	(void)close(fd);
}

int main(void)
{
	char path[] = "/tmp/bailey-control.XXXXXX";
	struct stat st;
	if (mkdtemp(path) == NULL)
		return 1;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	server.listener = -1;
	ok(control_wants(&server, NULL) == 0 && control_deadline(&server) == 0, "without a socket there is nothing to wait for");
	(void)umask(0777);
	int listener = control_listen(directory);
	(void)umask(022);
	ok(listener >= 0, "a directory gets its socket");
	ok(fstatat(directory, "control", &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & 07777) == 0600,
		"which is the user's alone");
	ok(control_listen(directory) == -EADDRINUSE, "once");
	control_begin(&server, listener, NULL);
	test_answers();
	test_descriptors();
	test_patience();
	test_crowd();
	(void)unlinkat(directory, "control", 0);
	(void)rmdir(path);
	return tap_done();
}
