#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One chunk serves a usual launch whole; pages that are never touched cost nothing. */
enum { CHUNK = 256 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(max_align_t) unsigned char data[];
};

static void no_memory(void)
{
	static const char text[] = "bailey: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
	(void)ignored; /* there is nobody left to tell */
	_exit(125);
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	if (size > SIZE_MAX / 4)
		no_memory();
	size = (size + align - 1) / align * align;
	if (size == 0)
		size = align;
	if (a->head == NULL || a->head->size - a->used < size) {
		size_t want = size + sizeof(struct arena_chunk);
		want = want > CHUNK ? (want + 4095) / 4096 * 4096 : CHUNK;
		/* mmap, not malloc: the pages arrive zeroed and go back to the kernel for certain. */
		void *p = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			no_memory();
		struct arena_chunk *c = p;
		c->next = a->head;
		c->size = want - sizeof *c;
		a->head = c;
		a->used = 0;
	}
	void *p = a->head->data + a->used;
	a->used += size;
	return p;
}

void arena_shrink(struct arena *a, const void *p, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	a->used = (size_t)((const char *)p - (const char *)a->head->data) + (size + align - 1) / align * align;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		no_memory();
	return arena_alloc(a, bytes);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = arena_alloc(a, len + 1);
	memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	/* Usually there is room, and what measures the text makes it, too. */
	char *room = a->head != NULL ? (char *)a->head->data + a->used : NULL;
	size_t size = a->head != NULL ? a->head->size - a->used : 0;
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(room, size, fmt, again);
	va_end(again);
	if (n < 0)
		no_memory();
	char *p = arena_alloc(a, (size_t)n + 1);
	if (p != room)
		(void)vsnprintf(p, (size_t)n + 1, fmt, ap); /* the size was just measured */
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void *arena_grow(struct arena *a, void *items, size_t count, size_t *cap, size_t size)
{
	if (items != NULL && count < *cap)
		return items;
	size_t more = *cap < 8 ? 8 : *cap * 2;
	void *p = arena_array(a, more, size);
	if (items != NULL)
		memcpy(p, items, count * size);
	*cap = more;
	return p;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *c = a->head;
	while (c != NULL) {
		struct arena_chunk *next = c->next;
		(void)munmap(c, c->size + sizeof *c); /* cannot fail for a mapping of ours */
		c = next;
	}
	a->head = NULL;
	a->used = 0;
}
