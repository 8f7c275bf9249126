#include "changes/copy.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/sys.h"
#include "base/write.h"

enum { PIECE = 1 << 16 };

/* One piece without holes. */
static int copy_piece(int from, int to, off_t at, off_t end)
{
	char bytes[PIECE];
	if (lseek(from, at, SEEK_SET) < 0 || lseek(to, at, SEEK_SET) < 0)
		return -errno;
	while (at < end) {
		size_t want = end - at < PIECE ? (size_t)(end - at) : PIECE;
		ssize_t n = read(from, bytes, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		int r = write_all(to, bytes, (size_t)n);
		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}

int copy_content(int from, int to, off_t size)
{
	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	off_t at = 0;
	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		off_t end = data < 0 ? size : lseek(from, data, SEEK_HOLE);
		if (data < 0)
			data = at;
		int r = copy_piece(from, to, data, end < 0 ? size : end);
		if (r < 0)
			return r;
		at = end < 0 ? size : end;
	}
	return (int)sys_result(ftruncate(to, size));
}

int copy_new_file(int from, const struct stat *st, int dir, const char *name)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	int r = copy_content(from, to, st->st_size);
	if (r == 0)
		r = (int)sys_result(fchmod(to, st->st_mode & 0777));
	if (r == 0)
		r = (int)sys_result(futimens(to, times));
	if (close(to) < 0 && r == 0)
		r = -errno;
	return r;
}
