#include "base/hash.h"

#include <string.h>

uint64_t hash_add(uint64_t state, const void *bytes, size_t len)
{
	const char *p = bytes;
	while (len > 0) {
		uint64_t word = 0;
		size_t n = len < sizeof word ? len : sizeof word;
		memcpy(&word, p, n);
		state = (state ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		state ^= state >> 32;
		p += n;
		len -= n;
	}
	return state;
}
