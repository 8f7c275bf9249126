/* Domain names as profiles write them: "example.org", or "*.example.org" for all names below it. */
#ifndef BAILEY_BASE_DOMAIN_H
#define BAILEY_BASE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

enum { DOMAIN_TEXT = 254 }; /* the longest name without a final dot, and its NUL: RFC 1035, 3.1 */

/* A character that names of hosts have: a small letter, a digit, "-" or "_". */
bool domain_character(char c);

/*
 * Checks a name of two labels at least, which may begin with "*.", and puts it into `ret` in small letters.  NULL, or what is wrong
 * with it, which goes after "...": ".
 */
const char *domain_pattern(const char *text, char ret[DOMAIN_TEXT]);

/* Whether `name`, in small letters, is the one of the pattern; with "*." one that ends with the rest, but not the rest itself. */
bool domain_matches(const char *pattern, const char *name);

#endif
