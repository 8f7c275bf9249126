#include "resolver/policy.h"

#include <errno.h>
#include <string.h>

#include "base/name_set.h"
#include "base/num.h"
#include "resolver/global.h"

enum { WORDS = 3, LEAST_MAX = 24 * 60 * 60 * 1000 };

static bool add_server(struct policy *p, const char *text)
{
	return p->server_count < POLICY_SERVERS && strchr(text, '/') == NULL &&
		subnet_read(text, &p->servers[p->server_count++]) == 0;
}

static bool add_name(struct policy *p, struct arena *a, const char *group, const char *pattern)
{
	char checked[DOMAIN_TEXT];
	int64_t n;
	if (num_int(group, 0, NAME_SET_GROUPS - 1, &n) < 0 || domain_pattern(pattern, checked) != NULL ||
		strcmp(checked, pattern) != 0)
		return false;
	p->names = arena_grow(a, p->names, p->name_count, &p->name_cap, sizeof *p->names);
	p->names[p->name_count++] = (struct policy_name){ (unsigned)n, pattern };
	return true;
}

static bool add_reachable(struct policy *p, struct arena *a, const char *text)
{
	p->reachable = arena_grow(a, p->reachable, p->reachable_count, &p->reachable_cap, sizeof *p->reachable);
	return subnet_read(text, &p->reachable[p->reachable_count++]) == 0;
}

static bool read_line(struct policy *p, struct arena *a, char *line)
{
	char *word[WORDS + 1], *rest = NULL;
	size_t count = 0;
	for (char *at = strtok_r(line, " ", &rest); at != NULL && count <= WORDS; at = strtok_r(NULL, " ", &rest))
		word[count++] = at;
	int64_t n;
	if (count == 1 && (strcmp(word[0], "log") == 0 || strcmp(word[0], "tls") == 0)) {
		*(word[0][0] == 'l' ? &p->log : &p->tls) = true;
		return true;
	}
	if (count == 2 && strcmp(word[0], "server") == 0)
		return add_server(p, word[1]);
	if (count == 2 && strcmp(word[0], "reachable") == 0)
		return add_reachable(p, a, word[1]);
	if (count == 2 && strcmp(word[0], "least") == 0 && num_int(word[1], 1, LEAST_MAX, &n) == 0) {
		p->least_ms = (uint64_t)n;
		return true;
	}
	return count == 3 && strcmp(word[0], "name") == 0 && add_name(p, a, word[1], word[2]);
}

int policy_read(struct policy *ret, struct arena *a, char *text, struct err *e)
{
	char *rest = NULL;
	unsigned number = 0;
	*ret = (struct policy){ .server_count = 0 };
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		number++;
		if (!read_line(ret, a, line))
			return err_set(e, EINVAL, "bailey-resolver cannot read line %u of what it was told", number);
	}
	if (ret->server_count == 0 || ret->name_count == 0 || ret->least_ms == 0)
		return err_set(e, EINVAL, "bailey-resolver was not told all that it needs");
	return 0;
}

uint32_t policy_groups(const struct policy *p, const char *name)
{
	uint32_t groups = 0;
	for (size_t i = 0; i < p->name_count && name[0] != '\0'; i++)
		if (domain_matches(p->names[i].pattern, name))
			groups |= UINT32_C(1) << p->names[i].group;
	return groups;
}

enum policy_verdict policy_judge(const struct policy *p, const struct dns_address *at)
{
	for (size_t i = 0; i < p->reachable_count; i++) {
		const struct subnet *s = &p->reachable[i];
		if ((s->family == AF_INET) == (at->size == 4) && address_within(at->bytes, s->bytes, s->prefix))
			return POLICY_KNOWN;
	}
	return address_is_global(at->bytes, at->size) ? POLICY_PINNED : POLICY_REFUSED;
}
