/* conf/heap.h: what libconfig has its memory from in the static program. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "conf/heap.h"
#include "tap.h"

static void test_pieces(void)
{
	heap_hold();
	char *a = heap_malloc(5);
	char *b = heap_strdup("text");
	char *c = heap_calloc(3, 7);
	ok((uintptr_t)a % _Alignof(max_align_t) == 0 && (uintptr_t)c % _Alignof(max_align_t) == 0,
		"pieces are aligned for any object");
	ok(strcmp(b, "text") == 0 && memcmp(c, (char[21]){ 0 }, 21) == 0, "a copy is a copy, calloc gives zeros");
	memcpy(a, "abcd", 5);
	char *grown = heap_realloc(a, 4000);
	ok(memcmp(grown, "abcd", 5) == 0 && strcmp(b, "text") == 0, "a piece that grows keeps its bytes and leaves others alone");
	ok(heap_realloc(grown, 3) == grown && heap_realloc(NULL, 1) != NULL, "one that shrinks stays; NULL is a piece of no size");
	heap_free(grown);
	heap_free(NULL);
	ok(strcmp(b, "text") == 0, "free takes nothing from the others");
	heap_release();
}

static bool mapped(const void *p)
{
	unsigned char there;
	return mincore((void *)((uintptr_t)p & ~(uintptr_t)4095), 1, &there) == 0;
}

static void test_holders(void)
{
	heap_hold();
	char *outer = heap_strdup("outer");
	heap_hold();
	char *inner = heap_malloc(1 << 20);
	heap_release();
	ok(mapped(inner) && strcmp(outer, "outer") == 0, "while one tree is held, nothing is given back");
	heap_release();
	ok(!mapped(inner) && !mapped(outer), "with the last all is");
}

int main(void)
{
	test_pieces();
	test_holders();
	return tap_done();
}
