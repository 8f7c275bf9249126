#include "base/domain.h"

#include <string.h>

enum { LABEL = 63 };

bool domain_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* A label of `len` bytes, with its capitals made small. NULL, or what is wrong. */
static const char *label(const char *text, size_t len, char *ret)
{
	if (len == 0)
		return "there is nothing between two dots, or at an end, of the name";
	if (len > LABEL)
		return "a part of the name is longer than 63 characters";
	for (size_t i = 0; i < len; i++) {
		ret[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
		if (ret[i] == '*')
			return "a \"*\" stands for whole parts in front: \"*.example.org\"";
		if ((unsigned char)ret[i] > '~')
			return "names with other letters are written in their form for the network, which begins with \"xn--\"";
		if (!domain_character(ret[i]))
			return "a name is made of letters, digits, \"-\" and dots";
	}
	return ret[0] == '-' || ret[len - 1] == '-' ? "a part of the name begins or ends with \"-\"" : NULL;
}

const char *domain_pattern(const char *text, char ret[DOMAIN_TEXT])
{
	size_t at = 0, labels = 0, last = 0;
	if (strlen(text) >= DOMAIN_TEXT)
		return "the name is longer than 253 characters";
	if (strncmp(text, "*.", 2) == 0) {
		ret[0] = '*';
		ret[1] = '.';
		at = 2;
	}
	for (;; at++) {
		size_t len = strcspn(text + at, ".");
		const char *wrong = label(text + at, len, ret + at);
		if (wrong != NULL)
			return wrong;
		last = at;
		at += len;
		labels++;
		ret[at] = text[at];
		if (text[at] == '\0')
			break;
	}
	if (labels < 2)
		return "a name of two parts at least is wanted, as in \"example.org\"";
	return strspn(ret + last, "0123456789") == strlen(ret + last) ? "this is neither an address nor a name" : NULL;
}

bool domain_matches(const char *pattern, const char *name)
{
	if (pattern[0] != '*')
		return strcmp(pattern, name) == 0;
	const char *rest = pattern + 1; /* with its dot */
	size_t len = strlen(name), end = strlen(rest);
	return len > end && strcmp(name + len - end, rest) == 0;
}
