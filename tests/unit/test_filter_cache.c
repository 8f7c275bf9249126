/* The store of compiled filters: what is kept, what is never used, and the helper's failures. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "filter_helper.h"
#include "seccomp/bpf.h"
#include "seccomp/cache.h"
#include "tap.h"

static const char text[] = "bailey-filter 1\narch x86_64\ndefault errno EPERM\nnewest 469\nallow read\nallow write\n";
static const char other_text[] = "bailey-filter 1\narch x86_64\ndefault errno EPERM\nnewest 469\nallow read\nallow chmod\n";
static const struct cache_maker maker = { .size = 1, .inode = 2, .seconds = 3, .nanoseconds = 4 };
static const struct sock_filter insns[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),
	BPF_STMT(BPF_RET | BPF_K, 0x00050001),
};

struct bench {
	struct arena arena;
	const char *top; /* a directory of the test's own */
	const char *dir; /* the store, in it, two levels deep */
	const char *entry; /* the only entry */
};

/* The name of the only entry that is not a temporary one, or NULL. */
static const char *only_entry(struct bench *b)
{
	const char *found = NULL;
	size_t count = 0;
	DIR *d = opendir(b->dir);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		found = arena_printf(&b->arena, "%s/%s", b->dir, e->d_name);
		count++;
	}
	if (d != NULL)
		closedir(d);
	return count == 1 ? found : NULL;
}

static size_t count_entries(const char *dir)
{
	size_t count = 0;
	DIR *d = opendir(dir);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	if (d != NULL)
		closedir(d);
	return count;
}

static void store(struct bench *b)
{
	const struct sock_fprog program = { .len = 4, .filter = (struct sock_filter *)(uintptr_t)insns };
	cache_store(&b->arena, b->dir, text, sizeof text - 1, &maker, &program);
}

static void begin(struct bench *b)
{
	*b = (struct bench){ 0 };
	const char *tmp = getenv("TMPDIR");
	char *top = arena_printf(&b->arena, "%s/bailey-cache-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(top) == NULL)
		abort();
	b->top = top;
	b->dir = arena_printf(&b->arena, "%s/cache/filters", top);
	store(b);
	b->entry = only_entry(b);
	if (b->entry == NULL)
		abort();
}

static void empty(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlinkat(dirfd(d), e->d_name, 0) < 0)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static void end(struct bench *b)
{
	chmod(b->dir, 0700);
	empty(b->dir);
	empty(arena_printf(&b->arena, "%s/cache", b->top));
	empty(b->top);
	ok(access(b->top, F_OK) < 0, "nothing is left");
	arena_free(&b->arena);
}

static bool load(struct bench *b)
{
	struct sock_fprog p = { 0 };
	struct arena a = { 0 };
	bool got = cache_load(&p, &a, b->dir, text, sizeof text - 1, &maker);
	if (got && (p.len != 4 || memcmp(p.filter, insns, sizeof insns) != 0))
		got = ok(false, "a program that was not stored");
	arena_free(&a);
	return got;
}

static char *slurp(struct bench *b, size_t *ret_len)
{
	struct stat st;
	int fd = open(b->entry, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		abort();
	*ret_len = (size_t)st.st_size;
	char *bytes = arena_alloc(&b->arena, *ret_len + 1);
	if (read(fd, bytes, *ret_len) != st.st_size)
		abort();
	close(fd);
	return bytes;
}

static void spit(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	close(fd);
}

static void test_good(void)
{
	struct bench b;
	begin(&b);
	struct stat st;
	ok(load(&b), "what was stored is found");
	ok(stat(b.dir, &st) == 0 && (st.st_mode & 07777) == 0700, "the directory is closed to others");
	ok(stat(b.entry, &st) == 0 && (st.st_mode & 07777) == 0600 && S_ISREG(st.st_mode), "so is the entry");
	struct sock_fprog p;
	ok(!cache_load(&p, &b.arena, b.dir, other_text, sizeof other_text - 1, &maker), "another text is not found");
	ok(!cache_load(&p, &b.arena, b.dir, text, sizeof text - 2, &maker), "nor a part of it");
	ok(!cache_load(&p, &b.arena, b.top, text, sizeof text - 1, &maker), "nor in another directory");
	struct cache_maker later = maker;
	later.nanoseconds++;
	ok(!cache_load(&p, &b.arena, b.dir, text, sizeof text - 1, &later), "nor what another compiler made");
	store(&b);
	ok(load(&b) && only_entry(&b) != NULL, "storing again replaces the entry");
	end(&b);
}

static void test_damage(void)
{
	struct bench b;
	begin(&b);
	size_t len;
	char *bytes = slurp(&b, &len);
	size_t used = 0, tried = 0;
	for (size_t i = 0; i < len; i++) {
		static const unsigned char flips[] = { 0x01, 0x80, 0xff };
		for (size_t k = 0; k < sizeof flips; k++) {
			bytes[i] = (char)((unsigned char)bytes[i] ^ flips[k]);
			spit(b.entry, bytes, len);
			bytes[i] = (char)((unsigned char)bytes[i] ^ flips[k]);
			tried++;
			used += load(&b);
		}
	}
	ok(used == 0 && tried == len * 3, "with any of %zu bytes changed in 3 ways it is not used", len);
	used = 0;
	for (size_t n = 0; n < len; n++) {
		spit(b.entry, bytes, n);
		used += load(&b);
	}
	ok(used == 0, "cut off anywhere it is not used");
	bytes[len] = 'x';
	spit(b.entry, bytes, len + 1);
	ok(!load(&b), "nor with a byte more");
	spit(b.entry, bytes, len);
	ok(load(&b), "whole again it is");
	end(&b);
}

/* Another text's entry under this text's name, with everything else right: as if the two names had collided. */
static void test_other_spec(void)
{
	struct bench b;
	begin(&b);
	const struct sock_fprog program = { .len = 4, .filter = (struct sock_filter *)(uintptr_t)insns };
	size_t len;
	if (unlink(b.entry) < 0)
		abort();
	const char *name = b.entry;
	cache_store(&b.arena, b.dir, other_text, sizeof other_text - 1, &maker, &program);
	b.entry = only_entry(&b);
	char *bytes = slurp(&b, &len);
	ok(strcmp(b.entry, name) != 0, "another text has another name");
	spit(name, bytes, len);
	ok(!load(&b), "an entry with another text is not used");
	end(&b);
}

/* A program with a right checksum that is no program: cache_store() asks nobody, so it can write one. */
static void test_bad_program(void)
{
	struct bench b;
	static const struct {
		struct sock_filter insn;
		const char *what;
	} bad[] = {
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), "loads from outside" },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), "loads half words" },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3), "jumps out" },
		{ BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), "jumps back" },
		{ BPF_STMT(BPF_RET | BPF_A, 0), "returns the accumulator" },
		{ BPF_STMT(BPF_RET | BPF_K, 0x7fc00000), "hands the call to somebody" },
		{ BPF_STMT(BPF_ST, 0), "uses memory" },
	};
	begin(&b);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sock_filter broken[4];
		memcpy(broken, insns, sizeof broken);
		broken[1] = bad[i].insn;
		const struct sock_fprog program = { .len = 4, .filter = broken };
		cache_store(&b.arena, b.dir, text, sizeof text - 1, &maker, &program);
		struct sock_fprog p;
		ok(!cache_load(&p, &b.arena, b.dir, text, sizeof text - 1, &maker), "a program that %s is not used", bad[i].what);
	}
	const struct sock_fprog endless = { .len = 2, .filter = (struct sock_filter *)(uintptr_t)insns };
	cache_store(&b.arena, b.dir, text, sizeof text - 1, &maker, &endless);
	struct sock_fprog p;
	ok(!cache_load(&p, &b.arena, b.dir, text, sizeof text - 1, &maker), "a program without an end is not used");
	ok(bpf_valid(insns, 4, NULL) && !bpf_valid(insns, 0, NULL), "the good one is good, none is not");
	store(&b);
	ok(load(&b), "and is used when it is stored");
	end(&b);
}

static void test_places(void)
{
	struct bench b;
	begin(&b);
	chmod(b.entry, 0620);
	ok(!load(&b), "an entry that the group can write is not used");
	chmod(b.entry, 0602);
	ok(!load(&b), "nor one that others can");
	chmod(b.entry, 0600);
	chmod(b.dir, 0770);
	ok(!load(&b), "nor one in a directory that the group can write");
	chmod(b.dir, 0707);
	ok(!load(&b), "nor in one that others can");
	size_t before = count_entries(b.dir);
	store(&b);
	ok(count_entries(b.dir) == before, "and nothing is stored there");
	chmod(b.dir, 0700);
	ok(load(&b), "with the modes right it is used");

	const char *aside = arena_printf(&b.arena, "%s/aside", b.top);
	if (rename(b.entry, aside) < 0 || symlink(aside, b.entry) < 0)
		abort();
	ok(!load(&b), "a symlink to an entry is not used");
	store(&b);
	struct stat st;
	ok(lstat(b.entry, &st) == 0 && S_ISREG(st.st_mode) && load(&b), "it is replaced, not followed");
	unlink(b.entry);
	if (mkfifo(b.entry, 0600) < 0)
		abort();
	ok(!load(&b), "a FIFO neither blocks nor is used");
	unlink(b.entry);
	if (mkdir(b.entry, 0700) < 0)
		abort();
	ok(!load(&b), "a directory is not used");
	store(&b);
	ok(!load(&b), "and storing over it harms nobody");
	rmdir(b.entry);
	if (rename(aside, b.entry) < 0)
		abort();

	const char *real = arena_printf(&b.arena, "%s/real", b.top);
	if (rename(b.dir, real) < 0 || symlink(real, b.dir) < 0)
		abort();
	ok(!load(&b), "a store that is a symlink is not used");
	unlink(b.dir);
	if (rename(real, b.dir) < 0)
		abort();
	ok(load(&b), "the store itself is");
	if (geteuid() == 0) {
		if (chown(b.entry, 12345, (gid_t)-1) < 0)
			abort();
		ok(!load(&b), "somebody else's entry is not used");
		if (chown(b.entry, 0, (gid_t)-1) < 0 || chown(b.dir, 12345, (gid_t)-1) < 0)
			abort();
		ok(!load(&b), "nor one in somebody else's directory");
		if (chown(b.dir, 0, (gid_t)-1) < 0)
			abort();
	} else {
		ok(true, "somebody else's entry # SKIP needs root");
	}
	end(&b);
}

static void test_prune(void)
{
	struct bench b;
	begin(&b);
	const struct timespec old[2] = { { .tv_sec = time(NULL) - 7200 }, { .tv_sec = time(NULL) - 7200 } };
	const char *dead = arena_printf(&b.arena, "%s/.new-dead", b.dir), *alive = arena_printf(&b.arena, "%s/.new-alive", b.dir);
	spit(dead, "x", 1);
	spit(alive, "x", 1);
	utimensat(AT_FDCWD, dead, old, 0);
	for (int i = 0; i < 300; i++) {
		const char *path = arena_printf(&b.arena, "%s/%04d", b.dir, i);
		const struct timespec when[2] = { { .tv_sec = time(NULL) - 1000 + i }, { .tv_sec = time(NULL) - 1000 + i } };
		spit(path, "x", 1);
		utimensat(AT_FDCWD, path, when, 0);
	}
	store(&b);
	ok(access(dead, F_OK) < 0 && access(alive, F_OK) == 0, "an old temporary file goes, a new one stays");
	ok(count_entries(b.dir) == 256 + 1, "256 entries stay");
	ok(access(arena_printf(&b.arena, "%s/0299", b.dir), F_OK) == 0 &&
			access(arena_printf(&b.arena, "%s/0000", b.dir), F_OK) < 0,
		"the newest ones");
	ok(load(&b), "and what was just stored");
	end(&b);
}

/* ---- filter_get ---- */

static void write_helper(const char *path, const char *script)
{
	spit(path, script, strlen(script));
	chmod(path, 0755);
}

static int get(struct bench *b, const char *helper, const char *dir, struct sock_fprog *ret, struct err *e)
{
	const struct filter_places places = { .helper = helper, .cache_dir = dir };
	*e = (struct err){ 0 };
	return filter_get(ret, &b->arena, text, sizeof text - 1, &places, e);
}

static void test_get(void)
{
	struct bench b;
	begin(&b);
	unlink(b.entry);
	struct err e;
	struct sock_fprog first, second, third;
	const char *helper = helper_path(&b.arena);
	ok(get(&b, helper, b.dir, &first, &e) == 0, "compiled %s", e.text);
	b.entry = only_entry(&b);
	ok(b.entry != NULL, "and stored");
	struct stat before, after;
	stat(b.entry, &before);
	ok(get(&b, helper, b.dir, &second, &e) == 0 && first.len == second.len &&
			memcmp(first.filter, second.filter, first.len * sizeof *first.filter) == 0,
		"the same program comes out of the store");
	stat(b.entry, &after);
	ok(before.st_ino == after.st_ino, "without being made again");
	spit(b.entry, "rubbish", 7);
	ok(get(&b, helper, b.dir, &third, &e) == 0 && first.len == third.len &&
			memcmp(first.filter, third.filter, first.len * sizeof *first.filter) == 0,
		"a spoilt entry is made anew");
	stat(b.entry, &after);
	ok(after.st_size == before.st_size, "and replaced");
	ok(get(&b, helper, NULL, &third, &e) == 0 && third.len == first.len, "it works without a store");
	ok(get(&b, helper, "/proc/nothing/here", &third, &e) == 0 && third.len == first.len, "and with one that cannot be made");

	const char *mine = arena_printf(&b.arena, "%s/helper", b.top);
	write_helper(mine, "#!/bin/sh\nexit 0\n");
	ok(get(&b, mine, b.dir, &third, &e) < 0, "another helper does not get the first one's entry: %s", e.text);
	same(e.text, "bailey-filter gave 0 bytes, which is no filter", "  its words");
	write_helper(mine, "#!/bin/sh\necho 'line 3: bad thing' >&2\nexit 1\n");
	ok(get(&b, mine, b.dir, &third, &e) == -EINVAL, "a helper that refuses");
	same(e.text, "cannot make the system call filter: line 3: bad thing", "  its words");
	write_helper(mine, "#!/bin/sh\nexit 3\n");
	ok(get(&b, mine, b.dir, &third, &e) < 0 && strstr(e.text, "does not say why") != NULL, "a helper that fails in silence");
	write_helper(mine, "#!/bin/sh\nkill -SEGV $$\n");
	ok(get(&b, mine, b.dir, &third, &e) < 0 && strstr(e.text, "killed by signal 11") != NULL, "a helper that crashes: %s",
		e.text);
	write_helper(mine, "#!/bin/sh\nprintf 12345678\n");
	ok(get(&b, mine, b.dir, &third, &e) < 0 && strstr(e.text, "cannot be used") != NULL, "a helper that gives rubbish: %s",
		e.text);
	write_helper(mine, "#!/bin/sh\nprintf 123456789\n");
	ok(get(&b, mine, b.dir, &third, &e) < 0 && strstr(e.text, "9 bytes") != NULL, "or pieces: %s", e.text);
	write_helper(mine, "#!/bin/sh\nhead -c 100000 /dev/zero\n");
	ok(get(&b, mine, b.dir, &third, &e) < 0 && strstr(e.text, "100000 bytes") != NULL, "or too much: %s", e.text);
	ok(get(&b, arena_printf(&b.arena, "%s/none", b.top), b.dir, &third, &e) == -ENOENT && e.hint[0] != '\0',
		"no helper at all: %s", e.text);

	/* The helper sees nothing of the caller but the three channels. */
	const char *seen = arena_printf(&b.arena, "%s/seen", b.top);
	write_helper(mine,
		arena_printf(&b.arena,
			"#!/bin/sh\n{ readlink /proc/self/fd/*; echo \"$BAILEY_TEST_SECRET\"; cat | wc -c; } > '%s'\nexit 1\n",
			seen));
	setenv("BAILEY_TEST_SECRET", "secret", 1);
	int open_fd = open("/dev/zero", O_RDONLY);
	ok(open_fd > 2 && get(&b, mine, b.dir, &third, &e) < 0, "a helper that looks around");
	close(open_fd);
	char found[512] = "";
	int fd = open(seen, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, found, sizeof found - 1) < 0)
		abort();
	close(fd);
	ok(strstr(found, "secret") == NULL, "sees no environment");
	char *size = arena_printf(&b.arena, "\n%zu\n", sizeof text - 1);
	ok(strstr(found, size) != NULL, "gets the text");
	ok(strstr(found, "/memfd:filter text") != NULL && strstr(found, "/dev/zero") == NULL, "and no other descriptors");
	unlink(seen);

	signal(SIGCHLD, SIG_IGN);
	ok(get(&b, helper, NULL, &third, &e) == 0 && third.len == first.len, "it works with SIGCHLD ignored");
	signal(SIGCHLD, SIG_DFL);
	int saved[3];
	fflush(stdout);
	for (int i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		close(i);
	}
	int got = get(&b, helper, NULL, &third, &e);
	for (int i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	ok(got == 0 && third.len == first.len, "and with 0, 1 and 2 closed");
	unlink(mine);
	end(&b);
}

int main(void)
{
	test_good();
	test_damage();
	test_other_spec();
	test_bad_program();
	test_places();
	test_prune();
	test_get();
	return tap_done();
}
