/* Time for deadlines. */
#ifndef BAILEY_BASE_CLOCK_H
#define BAILEY_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC, which nobody sets; safe after clone3(2). */
static inline int64_t clock_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* this clock always exists */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
