#include "base/bus.h"

#include <stdbool.h>
#include <string.h>

enum { NAME_LEN = 255 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
static const char digits[] = "0123456789";

/* One part between dots; only names of buses have dashes. */
static size_t part_length(const char *text, bool dash)
{
	size_t n = 0;
	while (text[n] != '\0' && (strchr(letters, text[n]) != NULL || strchr(digits, text[n]) != NULL || (dash && text[n] == '-')))
		n++;
	return n;
}

/* `len` bytes of parts joined by dots; a part that a star stands for ends them. */
static const char *parts_wrong(const char *text, size_t len, bool dash, size_t least)
{
	size_t parts = 0;
	if (len == 0 || len > NAME_LEN)
		return len == 0 ? "it is empty" : "it is longer than 255 bytes";
	for (size_t at = 0; at <= len; at++) {
		size_t n = part_length(text + at, dash);
		if (at > 0 && at + 1 == len && text[at] == '*')
			return parts >= least ? NULL : "too few parts stand in front of the star";
		if (n == 0 && at < len && text[at] == '*')
			return "a star stands for a whole last part, after a dot";
		if (n == 0)
			return at < len && text[at] != '.' ? "it has a character that cannot stand there" : "it has an empty part";
		if (strchr(digits, text[at]) != NULL)
			return "a part begins with a digit";
		at += n;
		parts++;
		if (at < len && text[at] != '.')
			return text[at] == '*' ? "a star stands for a whole last part, after a dot"
					       : "it has a character that cannot stand there";
	}
	return parts >= 2 ? NULL : "it has one part only, without a dot";
}

static const char *name_wrong(const char *text, size_t len)
{
	if (text[0] == ':')
		return "the name of a single connection is another one each time";
	if (len == 1 && text[0] == '*')
		return "that would be every service of the bus, those that start programs too";
	return parts_wrong(text, len, true, 2);
}

const char *bus_name_wrong(const char *text)
{
	return name_wrong(text, strlen(text));
}

static const char *path_wrong(const char *text)
{
	if (text[0] != '/')
		return "the path after @ does not begin with /";
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '*' && p[1] == '\0' && p[-1] == '/')
			return NULL;
		if (*p != '/' && strchr(letters, *p) == NULL && strchr(digits, *p) == NULL)
			return "the path after @ has a character that cannot stand there";
		if (*p == '/' && (p[1] == '/' || (p[1] == '\0' && p != text)))
			return "the path after @ has an empty part";
	}
	return NULL;
}

const char *bus_rule_wrong(const char *text)
{
	size_t name = strcspn(text, "=");
	if (text[name] == '\0')
		return "there is no = and no rule after the name";
	const char *wrong = name_wrong(text, name);
	if (wrong != NULL)
		return wrong;
	const char *method = text + name + 1;
	size_t len = strcspn(method, "@");
	if (method[0] == '\0')
		return "there is no rule after the =";
	if (len > 0 && !(len == 1 && method[0] == '*'))
		wrong = parts_wrong(method, len, false, 2);
	return wrong != NULL || method[len] == '\0' ? wrong : path_wrong(method + len + 1);
}
