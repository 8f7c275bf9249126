#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int path_normal(struct arena *a, const char *path, const char **ret)
{
	size_t len = strlen(path);
	if (path[0] != '/')
		return -EINVAL;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	char *out = arena_alloc(a, len + 1);
	size_t n = 0;
	for (const char *p = path; *p != '\0';) {
		while (*p == '/')
			p++;
		size_t part = strcspn(p, "/");
		if (part == 2 && p[0] == '.' && p[1] == '.')
			return -EINVAL;
		if (part > 0 && !(part == 1 && p[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, p, part);
			n += part;
		}
		p += part;
	}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	*ret = out;
	return 0;
}

const char *path_join(struct arena *a, const char *dir, const char *name)
{
	size_t d = strlen(dir);
	while (d > 0 && dir[d - 1] == '/')
		d--;
	while (*name == '/')
		name++;
	char *out = arena_alloc(a, d + strlen(name) + 2);
	char *end = mempcpy(out, dir, d);
	*end = '/';
	(void)stpcpy(end + 1, name);
	return out;
}

bool path_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	if (n == 1)
		return path[0] == '/'; /* dir is "/" */
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool path_below(const char *path, const char *dir)
{
	return path_within(path, dir) && strcmp(path, dir) != 0;
}

const char *path_parent(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL || slash == path)
		return "/";
	return arena_strndup(a, path, (size_t)(slash - path));
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

int path_compare(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	/* A slash sorts before every other byte, so that what is in a directory follows it at once. */
	int x = *a == '/' ? 1 : *a == '\0' ? 0 : (unsigned char)*a + 1;
	int y = *b == '/' ? 1 : *b == '\0' ? 0 : (unsigned char)*b + 1;
	return x - y;
}
