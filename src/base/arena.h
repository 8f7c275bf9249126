/*
 * Memory for everything that lives until the launch: configuration, facts, plan.
 *
 * All of it is freed at once.  The supervisor gives the whole arena back to the kernel after the program has started, which
 * is why a running sandbox costs bailey little memory.  Allocation never fails to the caller: with no memory left the
 * process says so and exits with 125 (nothing has been set up at that time).
 */
#ifndef BAILEY_BASE_ARENA_H
#define BAILEY_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *head;
	size_t used; /* bytes used of the newest chunk */
};

/* Zeroed memory, aligned for any object; valid until arena_free(). `size` 0 gives a unique pointer. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(2)));

/*
 * Gives back all but the first `size` bytes of what was allocated last, at `p`; nothing may have been written to the rest.  For what is
 * read without knowing how long it is.
 */
void arena_shrink(struct arena *a, const void *p, size_t size);

/* calloc(3) in the arena; an overflowing product is treated as no memory. */
void *arena_array(struct arena *a, size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Copies of strings; arena_strndup stops at a NUL or after n bytes. */
char *arena_strdup(struct arena *a, const char *s) __attribute__((nonnull, returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t n) __attribute__((nonnull, returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0), returns_nonnull));

/*
 * Room for one more element in a growing array: returns `items`, or a larger copy of it when `count` has reached `*cap`.
 * The old copy stays in the arena until it is freed.
 */
void *arena_grow(struct arena *a, void *items, size_t count, size_t *cap, size_t size) __attribute__((returns_nonnull));

/* Gives everything back.  Pointers into the arena are dead afterwards; the arena itself may be used again. */
void arena_free(struct arena *a);

#endif
