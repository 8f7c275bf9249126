/*
 * Messages of Wayland's wire protocol, as far as asking for a security context takes (security-context-v1): pure functions over
 * bytes, which a compositor may have made up as it likes.
 *
 * A message: the object's number, then size (with these 8 bytes) and opcode in the halves of one word, then arguments of whole words
 * in the machine's byte order; a string is its length with the NUL, its bytes, and padding.
 */
#ifndef BAILEY_LAUNCH_WAYLAND_WIRE_H
#define BAILEY_LAUNCH_WAYLAND_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_MAX = 4096, /* bytes of a message; libwayland has no longer ones */
	WIRE_OUT = 2048,
	WIRE_SAID = 200,
};

/* The numbers of our objects: each one more than the one before, as the protocol wants it. */
enum wire_object { WIRE_DISPLAY = 1, WIRE_REGISTRY, WIRE_LISTED, WIRE_MANAGER, WIRE_CONTEXT, WIRE_COMMITTED };

/* What the compositor has told so far. All zero at the beginning. */
struct wire_seen {
	uint32_t manager; /* the name of wp_security_context_manager_v1 in the registry; 0: not offered (so far) */
	bool listed; /* all globals have been named */
	bool committed; /* the requests of wire_context() have been done */
	bool refused; /* the compositor called something an error, and `said` is what, without control characters */
	char said[WIRE_SAID];
};

/*
 * Takes in what whole messages there are at `data`, and stops after an error.  Returns how many bytes these were, or -EPROTO for what no
 * compositor could mean.
 */
int wire_read(struct wire_seen *seen, const uint8_t *data, size_t len);

/* Requests to be sent. */
struct wire_out {
	uint8_t data[WIRE_OUT];
	size_t len;
	bool overflow; /* they would be longer, and are of no use */
};

/* Asks for the globals. */
void wire_ask(struct wire_out *out);

struct wire_identity {
	const char *engine, *application, *instance;
};

/* Makes a context through the global `manager`; a descriptor of the listening socket and one to be closed go with it, in this order. */
void wire_context(struct wire_out *out, uint32_t manager, const struct wire_identity *identity);

#endif
