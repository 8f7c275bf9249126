/*
 * Compiled filters for plans.  The plan holds a filter as canonical text (plan->filter_spec); here it becomes BPF: out of the
 * cache, or by running the helper program `bailey-filter`, the only one that is linked with libseccomp.
 *
 * The text, one statement a line, by action and call, is made by plan/filter.c and read by seccomp/helper/spec.c:
 *
 *   bailey-filter 1              version of this language
 *   arch x86_64                  the machine's own first, then "arch i386" when 32-bit programs may run
 *   default errno EPERM          or: errno ENOSYS | kill | log
 *   newest 469                   calls with a higher number answer ENOSYS
 *   deny errno EPERM ioctl arg1 & 0xffffffff == 0x5412     before everything else; conditions joined by " && "; or: kill
 *   allow read
 *   allow personality arg0 == 0x0
 *   log acct                     made, and told to the audit log
 */
#ifndef BAILEY_SECCOMP_FILTER_H
#define BAILEY_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct filter_places {
	const char *helper; /* path of bailey-filter */
	const char *cache_dir; /* ~/.cache/bailey/filters, or NULL: no cache (no home) */
};

/*
 * The program for a specification. From the cache when an entry matches the whole text, belongs to the caller, cannot be
 * written by others and is whole; else compiled, and stored under a temporary name and renamed. A cache that cannot be written
 * is no error. Returns 0 or -errno with `e` (the helper's own words when it refused the text).
 */
int filter_get(
	struct sock_fprog *ret, struct arena *a, const char *spec, size_t len, const struct filter_places *places, struct err *e);

/* The fixed filter of a sandbox's pid 1: what a reaper needs, nothing else. Constant data for this machine. */
extern const struct sock_fprog filter_init;

#endif
