#include "base/dir.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LIST_BUFFER = 32 * 1024 };

/* What getdents64(2) fills in. */
struct entry64 {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int dir_names(int fd, struct arena *a, const char ***ret_names, size_t *ret_count)
{
	const char **names = NULL;
	size_t count = 0, cap = 0;
	_Alignas(struct entry64) char bytes[LIST_BUFFER];
	long n;
	*ret_names = NULL;
	*ret_count = 0;
	while ((n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
		for (long at = 0; at < n;) {
			const struct entry64 *d = (const struct entry64 *)(const void *)(bytes + at);
			at += d->len;
			if (strcmp(d->name, ".") == 0 || strcmp(d->name, "..") == 0)
				continue;
			names = arena_grow(a, names, count, &cap, sizeof *names);
			names[count++] = arena_strdup(a, d->name);
		}
	}
	if (n < 0)
		return -errno;
	if (count > 1)
		qsort(names, count, sizeof *names, by_name);
	*ret_names = names;
	*ret_count = count;
	return 0;
}
