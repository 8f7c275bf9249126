#include "conf/heap.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"

/* More than arena_alloc() ever has. */
#define NEVER (SIZE_MAX / 2)

/* libconfig hands no context to its allocator, so this is one of the few things that belong to the process. */
static struct {
	struct arena arena;
	size_t holders;
} heap;

/* In front of each piece, for realloc. */
struct piece {
	_Alignas(max_align_t) size_t size;
};

void *heap_malloc(size_t size)
{
	struct piece *p = arena_alloc(&heap.arena, size < NEVER ? sizeof *p + size : NEVER);
	p->size = size;
	return p + 1;
}

void *heap_calloc(size_t count, size_t size)
{
	size_t bytes;
	return heap_malloc(__builtin_mul_overflow(count, size, &bytes) ? NEVER : bytes);
}

void *heap_realloc(void *old, size_t size)
{
	size_t had = old != NULL ? ((struct piece *)old - 1)->size : 0;
	if (old != NULL && size <= had)
		return old;
	void *p = heap_malloc(size);
	if (had > 0)
		memcpy(p, old, had);
	return p;
}

char *heap_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	return memcpy(heap_malloc(size), s, size);
}

void heap_free(void *p)
{
	(void)p; /* all goes at once */
}

void heap_hold(void)
{
	heap.holders++;
}

void heap_release(void)
{
	if (--heap.holders == 0)
		arena_free(&heap.arena);
}
