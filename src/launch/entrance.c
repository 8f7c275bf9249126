#include "launch/entrance.h"

#include <string.h>
#include <sys/socket.h>

#include "base/descriptors.h"
#include "base/sys.h"
#include "base/write.h"

/* ---- writing ---- */

static int put_text(int fd, const char *text)
{
	return write_all(fd, text, strlen(text) + 1);
}

static int put_texts(int fd, char *const *texts)
{
	int r = 0;
	for (; *texts != NULL && r == 0; texts++)
		r = put_text(fd, *texts);
	return r;
}

static uint32_t count(char *const *texts)
{
	uint32_t n = 0;
	while (texts[n] != NULL)
		n++;
	return n;
}

/* The size, which stands first in both kinds, is known at the end. */
static int finish(int fd, int r)
{
	off_t size = lseek(fd, 0, SEEK_CUR);
	if (r == 0 && (size < 0 || size > ENTRANCE_MAX))
		r = -E2BIG;
	const uint32_t words = (uint32_t)size;
	if (r == 0 && pwrite(fd, &words, sizeof words, 0) != (ssize_t)sizeof words)
		r = -EIO;
	if (r == 0)
		r = (int)sys_result(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

static int memory_file(void)
{
	return (int)sys_result(memfd_create("bailey", MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

int template_make(const struct plan *plan, const struct sock_fprog *filter)
{
	const struct template_head head = {
		.limits = (uint32_t)plan->limit_count,
		.instructions = filter->len,
		.variables = count(plan->envp),
		.nice = plan->nice,
		.umask = plan->umask,
		.has_nice = plan->has_nice,
		.has_umask = plan->has_umask,
		.keeps_term = plan->keeps_term,
	};
	int fd = memory_file();
	if (fd < 0)
		return fd;
	int r = write_all(fd, &head, sizeof head);
	for (size_t i = 0; i < plan->limit_count && r == 0; i++) {
		const struct template_limit limit = { plan->limits[i].resource, plan->limits[i].value };
		r = write_all(fd, &limit, sizeof limit);
	}
	if (r == 0)
		r = write_all(fd, filter->filter, filter->len * sizeof *filter->filter);
	if (r == 0)
		r = put_text(fd, plan->directory);
	if (r == 0)
		r = put_texts(fd, plan->envp);
	return finish(fd, r);
}

int request_make(const struct request_head *head, const char *directory, const char *term, char *const *words)
{
	struct request_head all = *head;
	int fd = memory_file();
	if (fd < 0)
		return fd;
	all.words = count(words);
	int r = write_all(fd, &all, sizeof all);
	if (r == 0)
		r = put_text(fd, directory);
	if (r == 0)
		r = put_text(fd, term);
	if (r == 0)
		r = put_texts(fd, words);
	return finish(fd, r);
}

/* ---- reading ---- */

static void *room(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* What is left of a copy to take parts from. */
struct rest {
	char *at;
	size_t left;
};

/* A copy: whoever has the file cannot change or shorten it any more. The part behind the copy is a NUL. */
static int copy(struct rest *ret, int fd)
{
	uint32_t size = 0;
	if (pread(fd, &size, sizeof size, 0) != (ssize_t)sizeof size || size > ENTRANCE_MAX)
		return -EBADMSG;
	*ret = (struct rest){ .at = room((size_t)size + 1), .left = size };
	if (ret->at == NULL)
		return -ENOMEM;
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, ret->at + done, size - done, (off_t)done);
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

static void *take(struct rest *r, size_t each, size_t number)
{
	if (number > r->left / each) {
		r->left = 0;
		r->at = NULL;
		return NULL;
	}
	void *part = r->at;
	r->at += each * number;
	r->left -= each * number;
	return part;
}

static char *take_text(struct rest *r)
{
	return r->at == NULL || r->left == 0 ? NULL : take(r, 1, strnlen(r->at, r->left) + 1);
}

/* NULL when there are not so many. */
static char **take_texts(struct rest *r, size_t number)
{
	if (number > r->left)
		return NULL;
	char **texts = room((number + 2) * sizeof *texts);
	for (size_t i = 0; texts != NULL && i < number; i++)
		if ((texts[i] = take_text(r)) == NULL)
			return NULL;
	return texts;
}

int template_read(struct template *ret, int fd)
{
	struct rest r;
	int code = copy(&r, fd);
	if (code < 0)
		return code;
	const struct template_head *head = ret->head = take(&r, sizeof *head, 1);
	if (head == NULL || head->instructions > BPF_MAXINSNS)
		return -EBADMSG;
	ret->limits = take(&r, sizeof *ret->limits, head->limits);
	ret->filter = (struct sock_fprog){
		.len = (unsigned short)head->instructions,
		.filter = take(&r, sizeof *ret->filter.filter, head->instructions),
	};
	ret->directory = take_text(&r);
	ret->envp = take_texts(&r, head->variables);
	return ret->limits == NULL || ret->filter.filter == NULL || ret->directory == NULL || ret->envp == NULL ? -EBADMSG : 0;
}

/* ---- the channel's first message ---- */

enum { PASSED = 4 };

int request_send(int channel, int request, const int fds[3])
{
	const int all[PASSED] = { request, fds[0], fds[1], fds[2] };
	char byte = 0;
	const struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	ssize_t n = descriptors_send(channel, &iov, 1, all, PASSED, 0);
	return n < 0 ? (int)n : 0;
}

int request_receive(struct request *ret, int channel)
{
	char byte;
	const struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct descriptors d;
	ssize_t n = descriptors_receive(channel, &iov, 1, &d, 0);
	if (n <= 0)
		return n < 0 ? (int)n : -EPIPE;
	if (d.count != PASSED) {
		descriptors_close(&d);
		return -EBADMSG;
	}
	memcpy(ret->fds, d.fds + 1, sizeof ret->fds);
	struct rest r;
	int code = copy(&r, d.fds[0]);
	if (code < 0)
		return code;
	const struct request_head *head = ret->head = take(&r, sizeof *head, 1);
	ret->directory = head != NULL ? take_text(&r) : NULL;
	ret->term = take_text(&r);
	ret->words = head != NULL ? take_texts(&r, head->words) : NULL;
	return ret->directory == NULL || ret->term == NULL || ret->words == NULL ? -EBADMSG : 0;
}
