/* Cookies of X servers: what is copied from a file that may hold anything: launch/cookies.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "launch/cookies.h"
#include "tap.h"

static char place[] = "/tmp/test-cookies.XXXXXX";
static int directory;
static struct err e;

struct bytes {
	unsigned char b[4096];
	size_t len;
};

static void put(struct bytes *to, const void *data, size_t len)
{
	memcpy(to->b + to->len, data, len);
	to->len += len;
}

static void put_number(struct bytes *to, unsigned number)
{
	put(to, (unsigned char[]){ (unsigned char)(number >> 8), (unsigned char)number }, 2);
}

static void put_field(struct bytes *to, const char *text)
{
	put_number(to, (unsigned)strlen(text));
	put(to, text, strlen(text));
}

static void put_entry(
	struct bytes *to, unsigned family, const char *address, const char *number, const char *name, const char *data)
{
	put_number(to, family);
	put_field(to, address);
	put_field(to, number);
	put_field(to, name);
	put_field(to, data);
}

static void write_file(const char *name, const struct bytes *text)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ok(fd >= 0 && write(fd, text->b, text->len) == (ssize_t)text->len, "%s is written", name);
	(void)close(fd);
}

static struct bytes read_file(const char *name)
{
	struct bytes t = { .len = 0 };
	int fd = openat(directory, name, O_RDONLY);
	ssize_t n = read(fd, t.b, sizeof t.b);
	t.len = n > 0 ? (size_t)n : 0;
	(void)close(fd);
	return t;
}

static bool equal(const struct bytes *a, const struct bytes *b)
{
	return a->len == b->len && memcmp(a->b, b->b, a->len) == 0;
}

/* What of `text` is copied for the display 7. */
static struct bytes copied(const struct bytes *text)
{
	char path[64];
	(void)snprintf(path, sizeof path, "%s/from", place);
	(void)unlinkat(directory, "to", 0);
	write_file("from", text);
	ok(cookies_copy(directory, "to", path, "7", &e) == 0, "copied");
	return read_file("to");
}

static const char magic[] = "MIT-MAGIC-COOKIE-1";

static void test_choice(void)
{
	struct utsname host;
	struct bytes in = { .len = 0 }, want = { .len = 0 };
	(void)uname(&host);
	put_entry(&in, 256, host.nodename, "7", magic, "0123456789abcdef");
	put_entry(&in, 256, host.nodename, "8", magic, "another display.");
	put_entry(&in, 256, "elsewhere", "7", magic, "another machine.");
	put_entry(&in, 0, "\x7f\x01\x01\x01", "7", magic, "an address......");
	put_entry(&in, 256, host.nodename, "7", "XDM-AUTHORIZATION-1", "another protocol");
	put_entry(&in, 65535, "", "", magic, "for all displays");
	put_entry(&want, 65535, "", "7", magic, "0123456789abcdef");
	put_entry(&want, 65535, "", "", magic, "for all displays");
	struct bytes out = copied(&in);
	ok(equal(&out, &want), "the cookies of this display on this machine, for every name of it");
	struct stat st;
	ok(fstatat(directory, "to", &st, 0) == 0 && (st.st_mode & 07777) == 0600, "for the user alone");
}

/* Every beginning of a file, and every byte of it changed, is read without reading beyond. */
static void test_broken(void)
{
	struct bytes in = { .len = 0 };
	put_entry(&in, 65535, "", "7", magic, "0123456789abcdef");
	size_t whole = in.len, wrong = 0;
	for (size_t len = 0; len < whole; len++) {
		in.len = len;
		struct bytes out = copied(&in);
		wrong += out.len > 0;
	}
	ok(wrong == 0, "a file that is cut off has no cookie");
	in.len = whole;
	for (size_t i = 0; i < whole; i++) {
		in.b[i] ^= 0xff;
		struct bytes out = copied(&in);
		wrong += out.len > whole;
		in.b[i] ^= 0xff;
	}
	ok(wrong == 0, "no more comes out than was in it");
}

static void test_absent(void)
{
	struct bytes out;
	(void)unlinkat(directory, "to", 0);
	ok(cookies_copy(directory, "to", "/nonexistent/cookies", "7", &e) == 0, "no file");
	out = read_file("to");
	ok(out.len == 0, "no cookie");
	ok(cookies_copy(directory, "to", NULL, "7", &e) < 0, "an existing file is not written over");
	(void)unlinkat(directory, "to", 0);
	ok(cookies_copy(directory, "to", place, "7", &e) < 0, "a directory is no file");
}

static void test_drawn(void)
{
	ok(cookies_draw(directory, "a", &e) == 0 && cookies_draw(directory, "b", &e) == 0, "two are drawn");
	struct bytes a = read_file("a"), b = read_file("b");
	ok(a.len == b.len && a.len > 16 && !equal(&a, &b), "they differ");
}

int main(void)
{
	if (mkdtemp(place) == NULL)
		return 1;
	directory = open(place, O_RDONLY | O_DIRECTORY);
	test_choice();
	test_broken();
	test_absent();
	test_drawn();
	static const char *const left[] = { "from", "to", "a", "b" };
	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		(void)unlinkat(directory, left[i], 0);
	(void)rmdir(place);
	return tap_done();
}
