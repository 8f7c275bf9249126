#include "resolver/tls_rules.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"

enum { WORDS = 4 };

static bool read_line(struct tls_rules *r, char *line)
{
	char *word[WORDS + 1], *rest = NULL;
	size_t count = 0;
	int64_t group, first, last;
	for (char *at = strtok_r(line, " ", &rest); at != NULL && count <= WORDS; at = strtok_r(NULL, " ", &rest))
		word[count++] = at;
	if (count == 1 && strcmp(word[0], "log") == 0) {
		r->log = true;
		return true;
	}
	if (count != WORDS || strcmp(word[0], "ports") != 0 || num_int(word[1], 0, NAME_SET_GROUPS - 1, &group) < 0 ||
		num_int(word[2], 1, UINT16_MAX, &first) < 0 || num_int(word[3], first, UINT16_MAX, &last) < 0)
		return false;
	r->ports[group].first = (uint16_t)first;
	r->ports[group].last = (uint16_t)last;
	return true;
}

int tls_rules_read(struct tls_rules *ret, char *text, struct err *e)
{
	char *rest = NULL;
	unsigned number = 0;
	*ret = (struct tls_rules){ .log = false };
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		number++;
		if (!read_line(ret, line))
			return err_set(e, EINVAL, "bailey-tls cannot read line %u of what it was told", number);
	}
	return number > 0 ? 0 : err_set(e, EINVAL, "bailey-tls was not told what it needs");
}

bool tls_rules_allow(const struct tls_rules *r, uint32_t groups, uint16_t port)
{
	for (unsigned i = 0; i < NAME_SET_GROUPS; i++)
		if ((groups >> i & 1) != 0 && port >= r->ports[i].first && port <= r->ports[i].last && port != 0)
			return true;
	return false;
}
