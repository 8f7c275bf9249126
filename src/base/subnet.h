/* Internet addresses with the length of their network's prefix, as numbers. */
#ifndef BAILEY_BASE_SUBNET_H
#define BAILEY_BASE_SUBNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct subnet {
	int family; /* AF_INET, AF_INET6; 0: none */
	unsigned prefix; /* bits */
	unsigned char bytes[16]; /* network order; 4 of them for AF_INET */
};

/* The bits of an address of the family: 32 or 128. */
unsigned subnet_bits(int family);

/* "10.9.0.5/24", strictly; an address alone has all bits as its prefix. 0, -EINVAL, or -ERANGE for the prefix. */
int subnet_read(const char *text, struct subnet *ret);

/* The network that the address lies in: the same with all bits behind the prefix 0. */
struct subnet subnet_network(const struct subnet *s);

/* Whether the address of `s` lies in `network`. */
bool subnet_contains(const struct subnet *network, const struct subnet *s);

/* Whether an address lies in both. */
bool subnet_overlaps(const struct subnet *a, const struct subnet *b);

/* Below, equal or above 0 as the address of `a` is to that of `b`, which is of the same family. */
int subnet_compare(const struct subnet *a, const struct subnet *b);

/* The address `n` further on; the prefix stays. */
struct subnet subnet_add(const struct subnet *s, uint32_t n);

/* The last address of its network. */
struct subnet subnet_last(const struct subnet *s);

/* "10.9.0.5/24", and the address alone. Owned by the arena. */
const char *subnet_text(struct arena *a, const struct subnet *s);
const char *subnet_address(struct arena *a, const struct subnet *s);

#endif
