/* Which addresses are of the Internet at large. */
#ifndef BAILEY_RESOLVER_GLOBAL_H
#define BAILEY_RESOLVER_GLOBAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * False for addresses (of 4 or 16 bytes) of one's own machine, link, site or provider, for groups, and for those that contain or stand
 * for another address, as such of a translation to IPv4: the registries of special addresses of RFC 6890.
 */
bool address_is_global(const uint8_t *bytes, size_t size);

/* Whether the first `prefix` bits of both are the same. */
bool address_within(const uint8_t *bytes, const uint8_t *network, unsigned prefix);

#endif
