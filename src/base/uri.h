/* Addresses that a program inside wants opened outside: RFC 3986. */
#ifndef BAILEY_BASE_URI_H
#define BAILEY_BASE_URI_H

#include <stddef.h>

enum { URI_MAX = 2048 };

/* What is wrong with a scheme ("https") in a list of those that may be opened, for the end of "...": "; NULL when nothing is. */
const char *uri_scheme_wrong(const char *text);

/*
 * Why this text, of `len` bytes without a NUL at its end, is not to be opened, or NULL: it has to be an absolute URI of at most URI_MAX
 * bytes, with one of the `count` schemes, of characters that URIs are made of, and a letter that it begins must take no files along.
 */
const char *uri_wrong(const char *text, size_t len, char *const *schemes, size_t count);

#endif
