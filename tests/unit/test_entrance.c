/* What a command that enters is made of: written and read again, and refused when it is not whole. */
#include "launch/entrance.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launch/transfer.h"
#include "tap.h"

static struct sock_filter insns[3] = { { .code = 6, .k = 1 }, { .code = 6, .k = 2 }, { .code = 6, .k = 3 } };
static char first[] = "A=1", second[] = "TERM=x";
static char *envp[] = { first, second, NULL };

static int make_template(void)
{
	static struct limit limits[1] = { { .resource = RLIMIT_NOFILE, .value = { 5, 6 } } };
	const struct plan plan = {
		.limits = limits,
		.limit_count = 1,
		.has_umask = true,
		.keeps_term = true,
		.umask = 027,
		.directory = "/work",
		.envp = envp,
	};
	const struct sock_fprog filter = { .len = 3, .filter = insns };
	return template_make(&plan, &filter);
}

/* A copy of the first `len` bytes, whose size says that this is all, or something else. */
static int cut(int fd, size_t len, uint32_t said)
{
	static char bytes[4096];
	int copy = memfd_create("cut", MFD_CLOEXEC);
	ssize_t n = pread(fd, bytes, len < sizeof bytes ? len : sizeof bytes, 0);
	memcpy(bytes, &said, sizeof said);
	if (n < 0 || write(copy, bytes, (size_t)n) != n)
		printf("# cannot copy\n");
	return copy;
}

static void test_template(void)
{
	struct template t;
	int fd = make_template();
	ok(fd >= 0 && template_read(&t, fd) == 0, "a template is read as it was made");
	ok(t.head->limits == 1 && t.limits[0].resource == RLIMIT_NOFILE && t.limits[0].value.rlim_max == 6, "its limit");
	ok(t.filter.len == 3 && memcmp(t.filter.filter, insns, sizeof insns) == 0, "its filter");
	ok(t.head->has_umask && t.head->umask == 027 && !t.head->has_nice, "its mask");
	ok(t.head->keeps_term, "whether it passes TERM on");
	same(t.directory, "/work", "its directory");
	same(t.envp[1], "TERM=x", "its environment");
	ok(t.envp[2] == NULL, "and the end of that");
	ok(write(fd, "x", 1) < 0 && ftruncate(fd, 0) < 0, "nobody can change it");
	unsigned read = 0;
	for (uint32_t len = 0; len < t.head->size; len++) {
		struct template other;
		int part = cut(fd, len, len);
		read += len >= sizeof len && template_read(&other, part) == 0;
		(void)close(part);
	}
	ok(read == 0, "none that is cut off anywhere is taken for whole");
	struct template other;
	int liar = cut(fd, 4096, UINT32_MAX);
	ok(template_read(&other, liar) < 0, "nor one that says to be huge");
	(void)close(liar);
	(void)close(fd);
}

static int receive(struct request *ret, int request)
{
	int pair[2];
	static const int fds[3] = { 0, 1, 2 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 || request_send(pair[0], request, fds) < 0)
		return -1;
	int r = request_receive(ret, pair[1]);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return r;
}

static void test_request(void)
{
	static char ls[] = "ls", l[] = "-l", empty[] = "";
	static char *words[] = { ls, l, empty, NULL };
	static char *none[] = { NULL };
	struct request q;
	const struct request_head head = { .pty_fds = 5, .need_root = true };
	int fd = request_make(&head, "/tmp", "TERM=vt100", words);
	ok(receive(&q, fd) == 0, "a request is received as it was sent");
	ok(q.head->words == 3 && q.head->pty_fds == 5 && q.head->need_root && !q.head->files, "its numbers");
	same(q.directory, "/tmp", "its directory");
	same(q.term, "TERM=vt100", "the caller's terminal");
	same(q.words[1], "-l", "its words");
	same(q.words[2], "", "an empty one too");
	ok(q.words[3] == NULL && q.fds[0] > 2 && q.fds[2] > 2, "their end, and descriptors");
	unsigned read = 0;
	for (uint32_t len = sizeof len; len < q.head->size; len++) {
		struct request other;
		int part = cut(fd, len, len);
		read += receive(&other, part) == 0;
		(void)close(part);
	}
	ok(read == 0, "none that is cut off anywhere is taken for whole");
	(void)close(fd);
	fd = request_make(&head, "", "", none);
	ok(receive(&q, fd) == 0 && q.words[0] == NULL, "one without words has room for a shell");
	q.words[0] = ls;
	ok(q.words[1] == NULL, "and its end");
	(void)close(fd);
	static char huge[1024 * 1024];
	memset(huge, 'x', sizeof huge - 1);
	char *many[] = { huge, huge, huge, NULL };
	ok(request_make(&head, "", "", many) == -E2BIG, "there is a bound");
}

static void test_names(void)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "/", "../x" };
	struct transfer t, got;
	int pair[2], fd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		t = (struct transfer){ .type = TRANSFER_FILE };
		(void)snprintf(t.name, sizeof t.name, "%s", bad[i]);
		(void)transfer_send(pair[0], &t, 0);
		ok(transfer_receive(pair[1], &got, &fd) == -EBADMSG && fd == -1, "no name to copy to: \"%s\"", bad[i]);
	}
	memset(t.name, 'x', sizeof t.name);
	(void)transfer_send(pair[0], &t, -1);
	ok(transfer_receive(pair[1], &got, &fd) == -EBADMSG, "nor one without an end");
	t = (struct transfer){ .type = TRANSFER_DIRECTORY, .name = "...", .mode = 0755 };
	(void)transfer_send(pair[0], &t, 1);
	ok(transfer_receive(pair[1], &got, &fd) == 1 && got.mode == 0755 && fd > 2, "a name that only looks so");
	(void)close(fd);
	ok(send(pair[0], "x", 1, 0) == 1 && transfer_receive(pair[1], &got, &fd) == -EBADMSG, "a message of another size");
	(void)close(pair[0]);
	ok(transfer_receive(pair[1], &got, &fd) == 0, "the end");
	(void)close(pair[1]);
}

int main(void)
{
	test_template();
	test_request();
	test_names();
	return tap_done();
}
