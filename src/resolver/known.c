#include "resolver/known.h"

#include <string.h>

static bool is_of(const struct known_entry *e, const char *name, const struct dns_address *at)
{
	return e->at.size == at->size && memcmp(e->at.bytes, at->bytes, at->size) == 0 && strcmp(e->name, name) == 0;
}

/* Where the pair is, or else goes. */
static struct known_entry *place(struct known *k, const char *name, const struct dns_address *at, int64_t now)
{
	struct known_entry *first = NULL;
	for (size_t i = 0; i < k->count; i++) {
		struct known_entry *e = &k->list[i];
		if (is_of(e, name, at))
			return e;
		if (first == NULL || e->until < first->until)
			first = e;
	}
	bool over = first != NULL && first->until <= now;
	struct known_entry *e = k->count < KNOWN_MAX && !over ? &k->list[k->count++] : first;
	*e = (struct known_entry){ .at = *at };
	memcpy(e->name, name, strlen(name) + 1);
	return e;
}

bool known_add(struct known *k, const struct known_answer *message, size_t len, int64_t now)
{
	if (len != sizeof *message || message->count > DNS_ADDRESSES || memchr(message->name, '\0', sizeof message->name) == NULL)
		return false;
	for (size_t i = 0; i < message->count; i++) {
		const struct dns_address *at = &message->list[i];
		if (at->size != 4 && at->size != 16)
			return false;
		struct known_entry *e = place(k, message->name, at, now);
		e->groups = message->groups;
		if (e->until < message->until)
			e->until = message->until;
	}
	return true;
}

uint32_t known_groups(const struct known *k, const char *name, const struct dns_address *at, int64_t now)
{
	for (size_t i = 0; i < k->count; i++)
		if (is_of(&k->list[i], name, at))
			return k->list[i].until > now ? k->list[i].groups : 0;
	return 0;
}
