#include "network/permit.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"

enum { DIGITS_MAX = 10 };

static bool read_number(const char *text, size_t len, uint32_t *ret)
{
	char digits[DIGITS_MAX + 1] = "";
	int64_t n;
	if (len == 0 || len > DIGITS_MAX || strspn(text, "0123456789") < len)
		return false;
	memcpy(digits, text, len);
	bool good = num_int(digits, 0, UINT32_MAX - 1, &n) == 0;
	*ret = good ? (uint32_t)n : 0;
	return good;
}

/* The third field of the line that begins with "NAME:". */
static bool find_name(const char *text, const char *name, uint32_t *ret)
{
	size_t len = strlen(name);
	for (const char *line = text; *line != '\0';) {
		size_t rest = strcspn(line, "\n");
		const char *end = line + rest;
		if (rest > len && strncmp(line, name, len) == 0 && line[len] == ':') {
			const char *second = memchr(line + len + 1, ':', (size_t)(end - line) - len - 1);
			return second != NULL && read_number(second + 1, strcspn(second + 1, ":\n"), ret);
		}
		line = *end == '\n' ? end + 1 : end;
	}
	return false;
}

static bool is(const char *name, const char *text, uint32_t number)
{
	uint32_t n;
	return (read_number(name, strlen(name), &n) || find_name(text, name, &n)) && n == number;
}

bool permit_user(
	const struct network_def *def, const char *passwd, const char *group, uid_t uid, const gid_t *groups, size_t group_count)
{
	const struct network_users *u = &def->users;
	for (size_t i = 0; i < u->name_count; i++)
		if (is(u->names[i], passwd, uid))
			return true;
	for (size_t i = 0; i < u->group_count; i++)
		for (size_t k = 0; k < group_count; k++)
			if (is(u->groups[i], group, groups[k]))
				return true;
	return false;
}
