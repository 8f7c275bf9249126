#include "base/uri.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char scheme_rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.";
static const char marks[] = "-._~:/?#[]@!$&'()*+,;=";

const char *uri_scheme_wrong(const char *text)
{
	static const char *const never[] = { "file", "javascript", "vbscript", "data", "admin" };
	if (text[0] == '\0' || strchr(letters, text[0]) == NULL || text[strspn(text, scheme_rest)] != '\0')
		return "a scheme is a letter, and then letters, digits, '+', '-' and '.', without a colon";
	for (const char *c = text; *c != '\0'; c++)
		if (isupper((unsigned char)*c))
			return "schemes are written in small letters";
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (strcmp(text, never[i]) == 0)
			return "what such an address means is decided inside, and happens outside";
	return NULL;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char *characters_wrong(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && (len - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0))
			return "a % without two digits after it";
		if (text[i] != '%' && (text[i] == '\0' || (strchr(scheme_rest, text[i]) == NULL && strchr(marks, text[i]) == NULL)))
			return "it has a character that addresses do not have";
	}
	return NULL;
}

/* "mailto:?attach=/home/..." has some mail programs add that file. The names of fields may be escaped. */
static bool takes_files(const char *text, size_t len)
{
	static const char field[] = "attach";
	size_t matched = 0;
	bool begins = false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '%') {
			c = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
			i += 2;
		}
		if (c == '?' || c == '&' || c == ';') {
			begins = true;
			matched = 0;
			continue;
		}
		begins = begins && tolower((unsigned char)c) == field[matched];
		if (begins && ++matched == sizeof field - 1)
			return true;
	}
	return false;
}

const char *uri_wrong(const char *text, size_t len, char *const *schemes, size_t count)
{
	if (len > URI_MAX)
		return "it is too long";
	const char *wrong = characters_wrong(text, len), *colon = memchr(text, ':', len);
	if (wrong != NULL)
		return wrong;
	size_t scheme = colon != NULL ? (size_t)(colon - text) : 0;
	if (scheme == 0 || scheme + 1 == len)
		return "it is no whole address; files cannot be opened in this way";
	bool known = false;
	for (size_t i = 0; i < count && !known; i++)
		known = strlen(schemes[i]) == scheme && strncasecmp(schemes[i], text, scheme) == 0;
	if (!known)
		return "its scheme is not among those that the profile names in desktop.open";
	if (scheme == 6 && strncasecmp(text, "mailto", 6) == 0 && takes_files(colon, len - scheme))
		return "it would add files to a letter";
	return NULL;
}
