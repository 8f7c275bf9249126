#include "background/restart.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"

enum { FIRST_MS = 1000, LAST_MS = 60 * 1000, QUIET_MS = 10 * 1000 };

int restart_parse(const char *text, struct restart_policy *ret)
{
	static const char on_failure[] = "on-failure";
	int64_t max;
	*ret = (struct restart_policy){ .when = RESTART_NO };
	if (strcmp(text, "no") == 0)
		return 0;
	if (strcmp(text, "always") == 0) {
		ret->when = RESTART_ALWAYS;
		return 0;
	}
	size_t n = sizeof on_failure - 1;
	if (strncmp(text, on_failure, n) != 0)
		return -EINVAL;
	ret->when = RESTART_ON_FAILURE;
	if (text[n] == '\0')
		return 0;
	if (text[n] != ':' || num_int(text + n + 1, 1, 1000000, &max) < 0)
		return -EINVAL;
	ret->max = (unsigned)max;
	return 0;
}

int64_t restart_after(const struct restart_policy *policy, struct restart *r, bool failed, int64_t ran_ms)
{
	if (policy->when == RESTART_NO || (policy->when == RESTART_ON_FAILURE && !failed))
		return -1;
	if (ran_ms >= QUIET_MS)
		*r = (struct restart){ .in_row = 0 };
	if (policy->max > 0 && r->in_row >= policy->max)
		return -1;
	r->in_row++;
	r->delay_ms = r->delay_ms == 0 ? FIRST_MS : r->delay_ms * 2 < LAST_MS ? r->delay_ms * 2 : LAST_MS;
	return r->delay_ms;
}
