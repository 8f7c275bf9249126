/* run --restart: whether a program that has ended is started again, and when. */
#ifndef BAILEY_BACKGROUND_RESTART_H
#define BAILEY_BACKGROUND_RESTART_H

#include <stdbool.h>
#include <stdint.h>

enum restart_when { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS };

struct restart_policy {
	enum restart_when when;
	unsigned max; /* on failure: so often in a row, 0: however often */
};

struct restart {
	unsigned in_row; /* starts since it last ran quietly */
	int64_t delay_ms; /* the last one */
};

/* "no", "always", "on-failure", "on-failure:5". 0 or -EINVAL. */
int restart_parse(const char *text, struct restart_policy *ret);

/*
 * The program ran for `ran_ms` and ended. Milliseconds to wait before the next start (a second at first, twice as long each time up to
 * a minute; all over again once it ran for ten seconds), or -1 when there is none.
 */
int64_t restart_after(const struct restart_policy *policy, struct restart *r, bool failed, int64_t ran_ms);

#endif
