#include "base/path.h"

#include <errno.h>
#include <limits.h>

#include "tap.h"

static int by_path(const void *x, const void *y)
{
	return path_compare(*(const char *const *)x, *(const char *const *)y);
}

int main(void)
{
	struct arena a = { 0 };
	static const struct {
		const char *path;
		int r;
		const char *normal;
	} normals[] = {
		{ "/", 0, "/" },
		{ "//", 0, "/" },
		{ "/.", 0, "/" },
		{ "/usr", 0, "/usr" },
		{ "/usr/", 0, "/usr" },
		{ "//usr///lib/./x/.", 0, "/usr/lib/x" },
		{ "/a/.b", 0, "/a/.b" },
		{ "/a/..b", 0, "/a/..b" },
		{ "/a/...", 0, "/a/..." },
		{ "/a/..", -EINVAL, NULL },
		{ "/../a", -EINVAL, NULL },
		{ "/a/../b", -EINVAL, NULL },
		{ "usr", -EINVAL, NULL },
		{ "", -EINVAL, NULL },
		{ ".", -EINVAL, NULL },
		{ "~/x", -EINVAL, NULL },
	};
	for (size_t i = 0; i < sizeof normals / sizeof normals[0]; i++) {
		const char *got = NULL;
		int r = path_normal(&a, normals[i].path, &got);
		ok(r == normals[i].r, "path_normal(\"%s\") returns %d", normals[i].path, normals[i].r);
		same(got, normals[i].normal, "and gives that path");
	}
	char *longest = arena_alloc(&a, PATH_MAX + 1);
	const char *got = NULL;
	memset(longest, 'x', PATH_MAX);
	longest[0] = '/';
	ok(path_normal(&a, longest, &got) == -ENAMETOOLONG, "a path of PATH_MAX bytes is too long");
	longest[PATH_MAX - 1] = '\0';
	ok(path_normal(&a, longest, &got) == 0, "one byte less is not");

	same(path_join(&a, "/a", "b"), "/a/b", "join");
	same(path_join(&a, "/a/", "/b"), "/a/b", "join with two slashes");
	same(path_join(&a, "/", "b"), "/b", "join with the root");
	same(path_join(&a, "a", "b/c"), "a/b/c", "join of a relative one");

	static const struct {
		const char *path, *dir;
		bool within, below;
	} trees[] = {
		{ "/a/b", "/a", true, true },
		{ "/a", "/a", true, false },
		{ "/ab", "/a", false, false },
		{ "/a", "/a/b", false, false },
		{ "/a", "/", true, true },
		{ "/", "/", true, false },
		{ "/", "/a", false, false },
	};
	for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++)
		ok(path_within(trees[i].path, trees[i].dir) == trees[i].within &&
				path_below(trees[i].path, trees[i].dir) == trees[i].below,
			"%s in %s", trees[i].path, trees[i].dir);

	same(path_parent(&a, "/a/b"), "/a", "parent");
	same(path_parent(&a, "/a"), "/", "parent below the root");
	same(path_parent(&a, "/"), "/", "parent of the root");
	same(path_base("/a/b"), "b", "last component");
	same(path_base("b"), "b", "last component of a name");

	const char *order[] = { "/a-b", "/b", "/a/c", "/", "/a", "/a/b", "/a/b/c", "/a.x" };
	static const char *const want[] = { "/", "/a", "/a/b", "/a/b/c", "/a/c", "/a-b", "/a.x", "/b" };
	qsort(order, 8, sizeof order[0], by_path);
	for (size_t i = 0; i < 8; i++)
		same(order[i], want[i], "order of a walk");
	arena_free(&a);
	return tap_done();
}
