#include "resolver/pins.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/name_set.h"
#include "resolver/nfset.h"

static bool same(const struct dns_address *a, const struct dns_address *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static struct pin *find(struct pins *p, unsigned group, const struct dns_address *at)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].group == group && same(&p->list[i].at, at))
			return &p->list[i];
	return NULL;
}

/* Where a new one goes: the place of one whose time is over, or another; NULL when all are in use. */
static struct pin *room(struct pins *p, int64_t now)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].until <= now)
			return &p->list[i];
	return p->count < PINS_MAX ? &p->list[p->count++] : NULL;
}

static int add(struct pins *p, unsigned group, const struct dns_address *list, size_t count, int64_t now, int64_t ms)
{
	struct dns_address wanted[DNS_ADDRESSES] = { { 0 } };
	size_t n = 0;
	for (size_t i = 0; i < count && n < DNS_ADDRESSES; i++) {
		const struct pin *x = find(p, group, &list[i]);
		bool twice = false;
		for (size_t k = 0; k < n; k++)
			twice = twice || same(&wanted[k], &list[i]);
		if (!twice && (x == NULL || x->until < now + ms))
			wanted[n++] = list[i];
	}
	int r = nfset_put(p->fd, group, wanted, n, (uint64_t)ms);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct pin *x = find(p, group, &wanted[i]);
		if (x == NULL)
			x = room(p, now);
		if (x == NULL)
			return -ENOSPC;
		*x = (struct pin){ .until = now + ms, .at = wanted[i], .group = (uint8_t)group };
	}
	return r;
}

int pins_add(struct pins *p, uint32_t groups, const struct dns_address *list, size_t count, int64_t now, int64_t ms)
{
	int r = 0;
	for (unsigned group = 0; group < NAME_SET_GROUPS && r == 0; group++)
		if ((groups >> group & 1) != 0)
			r = add(p, group, list, count, now, ms);
	return r;
}
