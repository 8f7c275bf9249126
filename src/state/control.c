#include "state/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/descriptors.h"

static const char file_name[] = "control";

/* A path of the directory itself may be longer than an address can be: unix(7). */
static void address(struct sockaddr_un *ret, int directory, const char *name)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/%s", directory, name);
}

int control_listen(int directory)
{
	return control_listen_at(directory, file_name);
}

int control_listen_at(int directory, const char *name)
{
	enum { BACKLOG = 16 };
	struct sockaddr_un a;
	address(&a, directory, name);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* A umask of the caller may have taken the owner's own rights away. */
	if (bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 && fchmodat(directory, name, 0600, 0) == 0 &&
		listen(fd, BACKLOG) == 0)
		return fd;
	int r = -errno;
	(void)close(fd);
	return r;
}

/* Credentials of who listens are those of the moment when it began to: unix(7), SO_PEERCRED. */
static int check_launcher(int fd, const struct state_sandbox *s)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	return peer.pid == s->record.launcher.pid && state_process_lives(&s->record.launcher) ? 0 : -ESRCH;
}

static int dial(int directory, const char *name)
{
	struct sockaddr_un a;
	address(&a, directory, name);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
		return fd < 0 ? -errno : fd;
	int r = -errno;
	(void)close(fd);
	return r;
}

int control_dial(int directory)
{
	return dial(directory, file_name);
}

int control_connect(const struct state_sandbox *s, struct err *e)
{
	return control_connect_to(s, file_name, e);
}

int control_connect_to(const struct state_sandbox *s, const char *name, struct err *e)
{
	int directory = open(s->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int fd = directory < 0 ? -errno : dial(directory, name);
	int r = fd < 0 ? fd : check_launcher(fd, s);
	if (directory >= 0)
		(void)close(directory);
	if (r == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	(void)err_set(e, -r, "cannot reach the launcher of the sandbox %s", s->record.name);
	if (r == -ENOENT || r == -ECONNREFUSED || r == -ESRCH)
		(void)err_hint(e, "it is only just starting, or ending; bailey list shows what is running");
	return r;
}

int control_send(int socket, const struct control_head *head, const void *payload, size_t len, const int *fds, size_t fd_count)
{
	const struct iovec parts[2] = {
		{ .iov_base = (void *)(uintptr_t)head, .iov_len = sizeof *head },
		{ .iov_base = (void *)(uintptr_t)payload, .iov_len = len },
	};
	if (len > CONTROL_PAYLOAD || fd_count > CONTROL_FDS)
		return -EMSGSIZE;
	ssize_t n = descriptors_send(socket, parts, len > 0 ? 2 : 1, fds, fd_count, 0);
	return n < 0 ? (int)n : 0;
}

int control_receive(int socket, struct control_message *ret)
{
	const struct iovec parts[2] = {
		{ .iov_base = &ret->head, .iov_len = sizeof ret->head },
		{ .iov_base = ret->payload, .iov_len = sizeof ret->payload },
	};
	struct descriptors d;
	ret->len = ret->fd_count = 0;
	/* Who closes without having read all that was sent is told of before what it has said: unix(7) has no word on it. */
	ssize_t n = descriptors_receive(socket, parts, 2, &d, 0);
	bool reset = n == -ECONNRESET;
	if (reset)
		n = descriptors_receive(socket, parts, 2, &d, 0);
	if (n <= 0)
		return n < 0 ? (int)n : reset ? -ECONNRESET : 0;
	if ((size_t)n < sizeof ret->head || d.truncated || d.count > CONTROL_FDS) {
		descriptors_close(&d);
		return -EBADMSG;
	}
	memcpy(ret->fds, d.fds, sizeof ret->fds);
	ret->fd_count = d.count;
	ret->len = (size_t)n - sizeof ret->head;
	return 1;
}

void control_drop(struct control_message *m)
{
	while (m->fd_count > 0)
		(void)close(m->fds[--m->fd_count]);
}

int control_answer(int socket, struct control_message *ret, const char *name, struct err *e)
{
	int r = control_receive(socket, ret);
	if (r == 0 || r == -ECONNRESET)
		return err_set(e, ESRCH, "the sandbox %s has ended", name);
	if (r < 0)
		return err_set(e, -r, "cannot understand the launcher of the sandbox %s", name);
	if (ret->head.kind != CONTROL_ERROR)
		return 0;
	control_drop(ret);
	int code = ret->head.value > 0 ? ret->head.value : EPROTO;
	if (ret->len == 0)
		return err_set(e, code, "the launcher of the sandbox %s refuses that", name);
	(void)err_set(e, 0, "%.*s", (int)ret->len, ret->payload);
	e->code = code;
	return -code;
}

int control_ask(int socket, const struct control_head *head, const void *payload, size_t len, const int *fds, size_t fd_count,
	struct control_message *ret, const char *name, struct err *e)
{
	int r = control_send(socket, head, payload, len, fds, fd_count);
	/* A launcher that refuses whoever connects has said so, and closed it. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return err_set(e, -r, "cannot ask the launcher of the sandbox %s", name);
	return control_answer(socket, ret, name, e);
}
