/*
 * libFuzzer over messages of bailey-resolver: what a program inside sends, and what servers answer.  The first byte says which, and how
 * strictly an answer is compared; what can be read is written again, and has to be what was read.
 */
#include <stdlib.h>
#include <string.h>

#include "resolver/dns.h"
#include "resolver/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void try_query(const uint8_t *data, size_t size)
{
	struct dns_query q, again;
	uint8_t out[DNS_QUERY];
	if (dns_read_query(data, size, &q) != 0)
		return;
	check(strlen(q.text) < DOMAIN_TEXT && q.name.len <= DNS_NAME);
	const struct dns_asked asked = { .id = q.id, .type = q.type, .name = q.name, .exact = true };
	size_t len = dns_write_query(out, &asked, (data[0] & 1) != 0);
	check(len <= sizeof out && dns_read_query(out, len, &again) == 0);
	check(again.id == q.id && again.type == q.type && strcmp(again.text, q.text) == 0);
	struct dns_answer a = { .count = DNS_ADDRESSES, .seconds = 5 };
	check(dns_write_answer(out, &q, &a) <= sizeof out);
}

/* The question is taken from the message itself, or else none would ever be answered. */
static void try_answer(const uint8_t *data, size_t size, bool exact)
{
	enum { HEADER = 12 };
	struct dns_asked asked = { .type = DNS_A, .exact = exact };
	struct dns_answer a;
	if (size < HEADER)
		return;
	asked.id = (uint16_t)(data[0] << 8 | data[1]);
	for (size_t at = HEADER; at < size && data[at] < 64 && at - HEADER + data[at] + 1 <= DNS_NAME; at += (size_t)data[at] + 1) {
		asked.name.len = at - HEADER + 1;
		if (data[at] == 0) {
			asked.type = at + 2 < size && data[at + 2] == DNS_AAAA ? DNS_AAAA : DNS_A;
			break;
		}
	}
	memcpy(asked.name.bytes, data + HEADER, asked.name.len);
	if (dns_read_answer(data, size, &asked, &a) != 0)
		return;
	check(a.count <= DNS_ADDRESSES);
	for (size_t i = 0; i < a.count; i++)
		check(a.list[i].size == (asked.type == DNS_A ? 4 : 16));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	/* A copy of its very size: nothing beyond it may be read. */
	uint8_t *copy = malloc(size);
	check(copy != NULL);
	memcpy(copy, data, size);
	if ((copy[0] & 2) != 0)
		try_query(copy + 1, size - 1);
	else
		try_answer(copy + 1, size - 1, (copy[0] & 4) != 0);
	free(copy);
	return 0;
}
