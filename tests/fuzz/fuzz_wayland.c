/*
 * libFuzzer over what a Wayland compositor sends.  However the bytes arrive, in one piece or cut at any place, the same has been read of
 * them.
 */
#include <stdlib.h>
#include <string.h>

#include "launch/wayland_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Reads what is at `data`, as much of it as is whole, from a copy of its very size: nothing beyond it may be read. */
static int read_copy(struct wire_seen *seen, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + (size == 0));
	check(copy != NULL);
	memcpy(copy, data, size);
	int taken = wire_read(seen, copy, size);
	check(taken <= (int)size && strnlen(seen->said, WIRE_SAID) < WIRE_SAID);
	for (const char *c = seen->said; *c != '\0'; c++)
		check(*c >= ' ' && *c < 127);
	free(copy);
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct wire_seen whole = { 0 }, parts = { 0 };
	size_t cut = data[0] % size;
	data++;
	size--;
	int taken = read_copy(&whole, data, size);
	if (cut > size)
		return 0;
	int first = read_copy(&parts, data, cut);
	int second = first < 0 ? first : read_copy(&parts, data + first, size - (size_t)first);
	check(taken < 0 ? second < 0 : second >= 0 && first + second == taken);
	if (taken >= 0)
		check(memcmp(&whole, &parts, sizeof whole) == 0);
	return 0;
}
