/* Random host names: adjective-noun-number. */
#ifndef BAILEY_LAUNCH_NAMES_H
#define BAILEY_LAUNCH_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* Makes a name such as "quiet-heron-4711" out of three random numbers; at most 40 bytes. */
void names_host(char *ret, size_t size, const uint32_t random[3]);

#endif
