/* A sum over bytes that tells texts apart. */
#ifndef BAILEY_BASE_HASH_H
#define BAILEY_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Goes on from `state` (anything to begin with).  Each step is a bijection of the state, so two texts that differ in one word never
 * have the same sum.  It guards against damage and confusion, not against people.
 */
uint64_t hash_add(uint64_t state, const void *bytes, size_t len);

#endif
