/*
 * The first message of a TLS connection (ClientHello: RFC 8446, 4.1.2), in which the client names the server that it wants (RFC 6066, 3).
 * The program inside has written it, so nothing in it is believed, and what two readers could take for different things is refused.  No
 * function allocates or reads beyond what it is given.
 */
#ifndef BAILEY_RESOLVER_GREETING_H
#define BAILEY_RESOLVER_GREETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/domain.h"

enum {
	GREETING_MAX = 32 * 1024, /* the longest, with the heads of its records */

	TLS_HEAD = 5, /* of a record */
	TLS_CHANGE_CIPHER = 20, /* kinds of records */
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_DATA = 23,
	TLS_GREETS = 2, /* as many bytes of a record tls_greets() looks at */
};

/* How far it has been looked at; begins as zeros. */
struct greeting {
	size_t record; /* where the record begins that is looked at */
	size_t have; /* of the message, in the records before */
	size_t size; /* of the message with its head; 0 until that is known */
	uint8_t head[4]; /* kind and size of the message */
};

/* What a whole one says. */
struct greeting_said {
	char name[DOMAIN_TEXT]; /* in small letters, without a final dot */
	bool later; /* it offers TLS 1.3, in which a server may ask for a second greeting */
	bool early; /* data may follow before the server has answered */
};

/*
 * The kind of the record whose head is at `bytes`, and the size of what follows the head.  -EBADMSG when it is no head of a record.
 */
int tls_record(const uint8_t bytes[TLS_HEAD], size_t *ret_size);

/*
 * Whether a record of TLS_HANDSHAKE, of `size` bytes behind its head, begins a greeting.  After an abbreviated handshake of TLS 1.2 it is
 * enciphered, and any bytes; few of these are the beginning of a greeting that a server would take.
 */
bool tls_greets(const uint8_t *body, size_t size);

/*
 * Of a connection's bytes the first `len` are at `bytes`, more with each call: how many more are wanted at least; 0: the greeting is whole
 * and ends there.  -EBADMSG when it is none, -EMSGSIZE when it is longer than GREETING_MAX.
 */
ssize_t greeting_next(struct greeting *g, const uint8_t *bytes, size_t len);

/*
 * Reads a whole greeting, as greeting_next() found it.  0; -EBADMSG when it cannot be understood, or in more than one way; -ENOENT when
 * it names no server; -EINVAL when what it names is not the name of a host, but an address for example.
 */
int greeting_read(const struct greeting *g, const uint8_t *bytes, struct greeting_said *ret);

#endif
