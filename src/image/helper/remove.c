/* Taking a tree away that may hold anything. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "image/helper/tree.h"

enum { LEVELS = 400 };

static int remove_below(int dir, unsigned level);

static int remove_one(int dir, const char *name, unsigned level)
{
	if (unlinkat(dir, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (level == LEVELS)
		return -ELOOP;
	int below = sys_openat2(dir, name, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (below < 0)
		return below;
	int r = remove_below(below, level + 1), r2 = (int)sys_result(unlinkat(dir, name, AT_REMOVEDIR));
	return r < 0 ? r : r2;
}

/* Takes `dir` over. */
static int remove_below(int dir, unsigned level)
{
	DIR *d = fdopendir(dir);
	if (d == NULL) {
		int error = errno;
		(void)close(dir);
		return -error;
	}
	int r = 0;
	for (const struct dirent *entry; (entry = readdir(d)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int one = remove_one(dirfd(d), entry->d_name, level);
		if (r == 0)
			r = one;
	}
	(void)closedir(d);
	return r;
}

int remove_all(int root)
{
	int dir = sys_openat2(root, ".", O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
	return dir < 0 ? dir : remove_below(dir, 0);
}
