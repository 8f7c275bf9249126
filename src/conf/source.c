#include "conf/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

enum { PIECE = 16 * 1024 };

/* Adds the diagnostic and returns -code. */
static int refuse(struct diags *d, struct origin o, int code, const char *text, const char *hint)
{
	struct diag *e = diag_error(d, o, NULL, "%s", text);
	if (hint != NULL)
		diag_hint(d, e, "%s", hint);
	return -code;
}

static int check_node(const struct stat *st, struct diags *d, const struct conf_places *places, struct origin o, enum trust trust)
{
	if (S_ISDIR(st->st_mode))
		return refuse(d, o, EISDIR, "this is a directory, not a file", NULL);
	if (!S_ISREG(st->st_mode))
		return refuse(d, o, EINVAL, "this is not a regular file", "only regular files are read; -p - reads standard input");

	uid_t one = trust == TRUST_USER ? places->uid : trust == TRUST_SYSTEM ? places->system_owner : places->shipped_owner;
	uid_t other = trust == TRUST_SYSTEM ? places->system_owner : 0;
	if (st->st_uid != one && st->st_uid != other)
		return refuse(d, o, EPERM,
			arena_printf(d->arena, "the file belongs to user %u; bailey trusts it only from %s", st->st_uid,
				trust == TRUST_USER && one != 0 ? "you or root"
					: one == 0              ? "root"
								: arena_printf(d->arena, "user %u", one)),
			arena_printf(d->arena, "look at what it says, then: chown %s %s",
				trust == TRUST_USER && one != 0 ? "\"$USER\""
					: one == 0              ? "root"
								: arena_printf(d->arena, "%u", one),
				o.file));
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return refuse(d, o, EPERM, "others than its owner can write the file",
			arena_printf(d->arena, "look at what it says, then: chmod go-w %s", o.file));
	if (st->st_size > SOURCE_SIZE_MAX)
		return refuse(d, o, EFBIG, arena_printf(d->arena, "the file is larger than %d KiB", SOURCE_SIZE_MAX / 1024),
			"a profile is a short text; is this one?");
	return 0;
}

/* Reads to the end; `expect` is the size that is likely. */
static int read_all(int fd, size_t expect, struct source *ret, struct diags *d, struct origin o)
{
	size_t cap = expect + 2, len = 0;
	char *bytes = arena_alloc(d->arena, cap);
	for (;;) {
		ssize_t n = read(fd, bytes + len, cap - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(d, o, errno, arena_printf(d->arena, "cannot read it: %s", strerror(errno)), NULL);
		len += (size_t)n;
		/* A regular file that gave its whole size and not the byte more that was asked for is at its end. */
		if (n == 0 || (expect > 0 && len == expect))
			break;
		if (len > SOURCE_SIZE_MAX)
			return refuse(d, o, EFBIG, arena_printf(d->arena, "more than %d KiB", SOURCE_SIZE_MAX / 1024),
				"a profile is a short text; is this one?");
		if (len == cap - 1) {
			char *more = arena_alloc(d->arena, cap * 2 + PIECE);
			memcpy(more, bytes, len);
			bytes = more;
			cap = cap * 2 + PIECE;
		}
	}
	bytes[len] = '\0';
	*ret = (struct source){ .file = o.file, .bytes = bytes, .len = len };
	return 0;
}

int source_read(
	struct source *ret, struct diags *d, const struct conf_places *places, const char *path, enum trust trust, unsigned layer)
{
	const struct origin o = { .file = path, .layer = layer };
	struct stat st;
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return -ENOENT;
	if (fd < 0)
		return refuse(d, o, errno, arena_printf(d->arena, "cannot open it: %s", strerror(errno)), NULL);
	int r = fstat(fd, &st) < 0 ? refuse(d, o, errno, "cannot look at it", NULL) : check_node(&st, d, places, o, trust);
	if (r == 0)
		r = read_all(fd, (size_t)st.st_size, ret, d, o);
	(void)close(fd); /* nothing was written */
	return r;
}

int source_stdin(struct source *ret, struct diags *d, unsigned layer)
{
	const struct origin o = { .file = "standard input", .layer = layer };
	return read_all(STDIN_FILENO, 0, ret, d, o);
}

void source_dirs(const struct conf_places *places, struct place_dir ret[PLACE_DIRS])
{
	ret[0] = (struct place_dir){ places->user_dir, TRUST_USER };
	ret[1] = (struct place_dir){ places->system_dir, TRUST_SYSTEM };
	ret[2] = (struct place_dir){ places->shipped_dir, TRUST_SHIPPED };
}
