/* The arena: what is given back is used again, and arrives zeroed. */
#include "base/arena.h"
#include "tap.h"

int main(void)
{
	struct arena a = { 0 };
	char *text = arena_alloc(&a, 1000);
	memcpy(text, "abc", 4);
	arena_shrink(&a, text, 4);
	char *next = arena_alloc(&a, 100);
	ok(next > text && next < text + 1000, "what was given back is used next");
	ok(next >= text + 4 && strcmp(text, "abc") == 0, "what was kept is kept");
	bool zeroed = true;
	for (int i = 0; i < 100; i++)
		zeroed = zeroed && next[i] == 0;
	ok(zeroed, "and arrives zeroed");
	const size_t large = (size_t)1 << 20;
	text = arena_alloc(&a, large);
	arena_shrink(&a, text, 1);
	next = arena_alloc(&a, 100);
	ok(next > text && next < text + large, "also of one that is larger than a chunk");
	arena_shrink(&a, next, 0);
	ok(arena_alloc(&a, 1) == (void *)next, "nothing at all is kept");
	arena_free(&a);
	return tap_done();
}
