/* The store of compiled filters: one file for each text, in a directory that only the user can write. */
#ifndef BAILEY_SECCOMP_CACHE_H
#define BAILEY_SECCOMP_CACHE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Which compiler made an entry: another build of it may make other programs. No padding; compared byte by byte. */
struct cache_maker {
	uint64_t size, inode;
	int64_t seconds, nanoseconds; /* of the last change */
};

/*
 * True when there is an entry for the whole text that is intact, by that maker, a regular file of the caller that others cannot
 * write, in such a directory; then *ret holds the program, owned by the arena.
 */
bool cache_load(
	struct sock_fprog *ret, struct arena *a, const char *dir, const char *spec, size_t len, const struct cache_maker *maker);

/* Writes an entry; makes the directory (mode 0700) when it is absent. A store that cannot be written is no error. */
void cache_store(struct arena *a, const char *dir, const char *spec, size_t len, const struct cache_maker *maker,
	const struct sock_fprog *program);

#endif
