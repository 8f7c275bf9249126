/* Filters made by the bailey-filter that was built beside the tests. */
#ifndef BAILEY_TESTS_FILTER_HELPER_H
#define BAILEY_TESTS_FILTER_HELPER_H

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "seccomp/filter.h"

/* BUILD/bailey-filter, seen from BUILD/tests/PROGRAM; BAILEY_FILTER in the environment names another one. */
__attribute__((unused)) static const char *helper_path(struct arena *a)
{
	const char *given = getenv("BAILEY_FILTER");
	if (given != NULL)
		return given;
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		abort();
	self[n] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(self, '/');
		if (slash == NULL)
			abort();
		*slash = '\0';
	}
	return arena_printf(a, "%s/bailey-filter", self);
}

#endif
