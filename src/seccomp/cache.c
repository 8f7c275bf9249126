/* Compiled filters on disk. Nothing that is read back is trusted. */
#include "seccomp/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/write.h"
#include "seccomp/bpf.h"

enum {
	FORMAT = 1,
	ENTRIES_MAX = 256,
	SPEC_MAX = 1 << 20,
	TEMPORARY_SECONDS = 3600, /* older ones were left behind by a writer that was killed */
	NAME_SIZE = 32,
};

static const char magic[8] = "baileyF";
static const char temporary_prefix[] = ".new-";

/* An entry: this, the instructions, the text they were made from. */
struct header {
	char magic[8];
	uint32_t format;
	uint32_t insn_count;
	uint64_t spec_len;
	struct cache_maker maker;
	uint64_t checksum; /* of everything, this member taken as 0 */
};

/* It guards against damage; against people there are owner and mode. */
static uint64_t checksum(const struct header *h, const struct sock_filter *insns, const char *spec)
{
	struct header clean = *h;
	clean.checksum = 0;
	uint64_t state = hash_add(1, &clean, sizeof clean);
	state = hash_add(state, insns, h->insn_count * sizeof insns[0]);
	return hash_add(state, spec, h->spec_len);
}

static void entry_name(char name[NAME_SIZE], const char *spec, size_t len)
{
	snprintf(name, NAME_SIZE, "%016llx", (unsigned long long)hash_add(len, spec, len));
}

/* Belongs to us and nobody else may change it. */
static bool ours(const struct stat *st)
{
	return st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct stat st;
	if (fstat(fd, &st) < 0 || !ours(&st)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

/* The bytes of an entry whose size is possible for this text, or NULL. */
static char *read_entry(struct arena *a, int dir, const char *name, size_t spec_len, size_t *ret_len)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	char *bytes = NULL;
	struct stat st;
	size_t least = sizeof(struct header) + spec_len + sizeof(struct sock_filter);
	size_t most = sizeof(struct header) + spec_len + BPF_MAXINSNS * sizeof(struct sock_filter);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ours(&st) && st.st_size >= (off_t)least && st.st_size <= (off_t)most) {
		*ret_len = (size_t)st.st_size;
		bytes = arena_alloc(a, *ret_len);
		if (read(fd, bytes, *ret_len) != (ssize_t)*ret_len)
			bytes = NULL;
	}
	close(fd);
	return bytes;
}

bool cache_load(struct sock_fprog *ret, struct arena *a, const char *dir_path, const char *spec, size_t len,
	const struct cache_maker *maker)
{
	if (len > SPEC_MAX)
		return false;
	int dir = open_directory(dir_path);
	if (dir < 0)
		return false;
	char name[NAME_SIZE];
	entry_name(name, spec, len);
	size_t size = 0;
	char *bytes = read_entry(a, dir, name, len, &size);
	close(dir);
	if (bytes == NULL)
		return false;

	struct header h;
	memcpy(&h, bytes, sizeof h);
	if (memcmp(h.magic, magic, sizeof magic) != 0 || h.format != FORMAT || h.spec_len != len || h.insn_count > BPF_MAXINSNS ||
		size != sizeof h + h.insn_count * sizeof(struct sock_filter) + len || memcmp(&h.maker, maker, sizeof *maker) != 0)
		return false;
	struct sock_filter *insns = (struct sock_filter *)(void *)(bytes + sizeof h);
	const char *text = bytes + size - len;
	if (memcmp(text, spec, len) != 0 || h.checksum != checksum(&h, insns, text) || !bpf_valid(insns, h.insn_count, NULL))
		return false;
	*ret = (struct sock_fprog){ .len = (unsigned short)h.insn_count, .filter = insns };
	return true;
}

/* mkdir -p, mode 0700. Whether it worked shows when the directory is opened. */
static void make_directory(struct arena *a, const char *dir)
{
	char *path = arena_strdup(a, dir);
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = '/';
	}
	(void)mkdir(path, 0700);
}

struct old_entry {
	const char *name;
	time_t changed;
};

/* Takes away what killed writers left, and the oldest entries when there are too many. */
static void prune(struct arena *a, int dir)
{
	/* fdopendir() takes the descriptor over, and a duplicate would share its position. */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	struct old_entry *entries = NULL;
	size_t count = 0, cap = 0;
	time_t now = time(NULL);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		struct stat st;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (strncmp(e->d_name, temporary_prefix, sizeof temporary_prefix - 1) == 0) {
			if (st.st_mtime < now - TEMPORARY_SECONDS || st.st_mtime > now + TEMPORARY_SECONDS)
				(void)unlinkat(dir, e->d_name, 0);
			continue;
		}
		entries = arena_grow(a, entries, count, &cap, sizeof entries[0]);
		entries[count++] = (struct old_entry){ .name = arena_strdup(a, e->d_name), .changed = st.st_mtime };
	}
	closedir(d);
	for (; count > ENTRIES_MAX; count--) {
		size_t oldest = 0;
		for (size_t i = 1; i < count; i++)
			if (entries[i].changed < entries[oldest].changed)
				oldest = i;
		(void)unlinkat(dir, entries[oldest].name, 0);
		entries[oldest] = entries[count - 1];
	}
}

void cache_store(struct arena *a, const char *dir_path, const char *spec, size_t len, const struct cache_maker *maker,
	const struct sock_fprog *program)
{
	if (len > SPEC_MAX)
		return;
	int dir = open_directory(dir_path);
	if (dir == -ENOENT) {
		make_directory(a, dir_path);
		dir = open_directory(dir_path);
	}
	if (dir < 0)
		return;

	struct header h = { .format = FORMAT, .insn_count = program->len, .spec_len = len, .maker = *maker };
	memcpy(h.magic, magic, sizeof magic);
	h.checksum = checksum(&h, program->filter, spec);

	uint64_t draw = 0;
	char name[NAME_SIZE], temporary[NAME_SIZE];
	entry_name(name, spec, len);
	if (getrandom(&draw, sizeof draw, GRND_NONBLOCK) < 0)
		draw = (uint64_t)getpid();
	snprintf(temporary, sizeof temporary, "%s%016llx", temporary_prefix, (unsigned long long)draw);
	int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		bool whole = write_all(fd, &h, sizeof h) == 0 &&
			write_all(fd, program->filter, program->len * sizeof program->filter[0]) == 0 &&
			write_all(fd, spec, len) == 0;
		if (close(fd) < 0)
			whole = false;
		if (!whole || renameat(dir, temporary, dir, name) < 0)
			(void)unlinkat(dir, temporary, 0);
		prune(a, dir);
	}
	close(dir);
}
