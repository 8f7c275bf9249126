/*
 * The memory of libconfig in the static program.  The build gives a copy of libconfig these in the place of malloc(3) and its like
 * (Makefile); malloc's own heap would keep pages with a few freed pieces each for as long as the sandbox runs, in launcher and
 * pid 1.  Where libconfig is a shared library it uses malloc, and nothing here has anything to do.
 */
#ifndef BAILEY_CONF_HEAP_H
#define BAILEY_CONF_HEAP_H

#include <stddef.h>

/*
 * As malloc(3), calloc(3), realloc(3), strdup(3) and free(3), but zeroed, never NULL (arena_alloc() ends the process, which libconfig
 * up to 1.7 would do with less words), and kept until heap_release().
 */
void *heap_malloc(size_t size);
void *heap_calloc(size_t count, size_t size);
void *heap_realloc(void *old, size_t size);
char *heap_strdup(const char *s);
void heap_free(void *p);

/* A tree begins to use the heap; each has to be followed by heap_release(). */
void heap_hold(void);

/* A tree has ended.  With the last one all pages go back to the kernel. */
void heap_release(void);

#endif
