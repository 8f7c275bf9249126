/*
 * libFuzzer over greetings of TLS, as a program inside would send them.  They come in pieces of 1 to 255 bytes, which the first byte says,
 * and what they say has to be the same however they come.
 */
#include <stdlib.h>
#include <string.h>

#include "resolver/greeting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* As a program sends it that has no more than this; what was read of it is in a copy of that size: nothing beyond it may be read. */
static int take(const uint8_t *data, size_t size, size_t step, struct greeting_said *ret, size_t *ret_len)
{
	struct greeting g = { .size = 0 };
	uint8_t *copy = malloc(1);
	size_t len = 0;
	ssize_t want;
	check(copy != NULL);
	while ((want = greeting_next(&g, copy, len)) > 0 && len < size) {
		size_t n = (size_t)want < step ? (size_t)want : step;
		n = n < size - len ? n : size - len;
		copy = realloc(copy, len + n);
		check(copy != NULL);
		memcpy(copy + len, data + len, n);
		len += n;
		check(len <= GREETING_MAX);
	}
	int r = want > 0 ? 1 : (int)want;
	if (r == 0)
		r = greeting_read(&g, copy, ret);
	*ret_len = len;
	free(copy);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t none[1];
	struct greeting_said whole = { .later = false }, pieces = { .later = false };
	size_t len, other, head;
	struct greeting g = { .size = 0 };
	if (size == 0)
		return 0;
	check(greeting_next(&g, none, 0) == TLS_HEAD);
	if (size >= TLS_HEAD)
		(void)tls_record(data, &head);
	int r = take(data + 1, size - 1, SIZE_MAX, &whole, &len),
	    s = take(data + 1, size - 1, data[0] != 0 ? data[0] : 1, &pieces, &other);
	if (r == 0) {
		char checked[DOMAIN_TEXT];
		check(s == 0 && len == other && strcmp(whole.name, pieces.name) == 0);
		check(whole.later == pieces.later && whole.early == pieces.early);
		check(domain_pattern(whole.name, checked) == NULL && strcmp(checked, whole.name) == 0);
	}
	check((r == 0) == (s == 0));
	return 0;
}
