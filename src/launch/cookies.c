#include "launch/cookies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { FILE_MAX = 64 * 1024, FAMILY_LOCAL = 256, FAMILY_WILD = 65535, FIELDS = 4, COOKIE = 16 };

static const char protocol[] = "MIT-MAGIC-COOKIE-1";

struct field {
	const unsigned char *bytes;
	size_t len;
};

struct cookie {
	unsigned family;
	struct field address, number, name, data;
};

static bool field_is(const struct field *f, const char *text)
{
	return f->len == strlen(text) && memcmp(f->bytes, text, f->len) == 0;
}

static bool read_field(const unsigned char **at, const unsigned char *end, struct field *ret)
{
	if (end - *at < 2)
		return false;
	size_t len = (size_t)((*at)[0] << 8 | (*at)[1]);
	*at += 2;
	if ((size_t)(end - *at) < len)
		return false;
	*ret = (struct field){ *at, len };
	*at += len;
	return true;
}

/* The next entry of the file: numbers are big-endian, whatever the machine. False at its end, and where it is cut off. */
static bool read_cookie(const unsigned char **at, const unsigned char *end, struct cookie *ret)
{
	if (end - *at < 2)
		return false;
	ret->family = (unsigned)((*at)[0] << 8 | (*at)[1]);
	*at += 2;
	return read_field(at, end, &ret->address) && read_field(at, end, &ret->number) && read_field(at, end, &ret->name) &&
		read_field(at, end, &ret->data);
}

static unsigned char *put_field(unsigned char *to, const void *bytes, size_t len)
{
	*to++ = (unsigned char)(len >> 8);
	*to++ = (unsigned char)len;
	if (len > 0)
		memcpy(to, bytes, len);
	return to + len;
}

/* An entry for every host name; never longer than the one it was made of. */
static unsigned char *put_cookie(unsigned char *to, const struct field *number, const void *data, size_t len)
{
	*to++ = FAMILY_WILD >> 8;
	*to++ = FAMILY_WILD & 0xff;
	to = put_field(to, NULL, 0);
	to = put_field(to, number->bytes, number->len);
	to = put_field(to, protocol, sizeof protocol - 1);
	return put_field(to, data, len);
}

static int write_new(int directory, const char *name, const unsigned char *bytes, size_t len, struct err *e)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n = fd >= 0 ? write(fd, bytes, len) : -1;
	int code = n < 0 ? errno : (size_t)n != len ? EIO : 0;
	if (fd >= 0)
		(void)close(fd);
	return code == 0 ? 0 : err_set(e, code, "cannot write the display's cookie");
}

/* The whole file, or nothing of one that is absent; its owner is the user, who may give whatever he likes. */
static int read_file(const char *path, unsigned char *bytes, size_t *ret_len, struct err *e)
{
	*ret_len = 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	struct stat st;
	ssize_t n = 0;
	int code = fd < 0 || fstat(fd, &st) < 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
	while (code == 0 && *ret_len < FILE_MAX && (n = read(fd, bytes + *ret_len, FILE_MAX - *ret_len)) > 0)
		*ret_len += (size_t)n;
	if (code == 0 && n < 0)
		code = errno;
	if (fd >= 0)
		(void)close(fd);
	return code == 0 ? 0 : err_set(e, code, "cannot read the display's cookie in %s", path);
}

int cookies_copy(int directory, const char *name, const char *from, const char *number, struct err *e)
{
	static unsigned char in[FILE_MAX], out[FILE_MAX];
	struct utsname host;
	size_t len = 0;
	int r = from != NULL ? read_file(from, in, &len, e) : 0;
	if (r < 0)
		return r;
	if (uname(&host) < 0)
		return err_set(e, errno, "cannot tell the host name");
	const unsigned char *at = in;
	unsigned char *to = out;
	for (struct cookie c; read_cookie(&at, in + len, &c);) {
		bool here = c.family == FAMILY_WILD || (c.family == FAMILY_LOCAL && field_is(&c.address, host.nodename));
		if (here && (c.number.len == 0 || field_is(&c.number, number)) && field_is(&c.name, protocol))
			to = put_cookie(to, &c.number, c.data.bytes, c.data.len);
	}
	return write_new(directory, name, out, (size_t)(to - out), e);
}

int cookies_draw(int directory, const char *name, struct err *e)
{
	unsigned char out[64], cookie[COOKIE];
	const struct field any = { NULL, 0 };
	if (getrandom(cookie, sizeof cookie, 0) != (ssize_t)sizeof cookie)
		return err_set(e, errno, "cannot get random numbers");
	return write_new(directory, name, out, (size_t)(put_cookie(out, &any, cookie, sizeof cookie) - out), e);
}
