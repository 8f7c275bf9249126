/*
 * What a launcher of an ordinary user says to bailey-netd, and what it is told: one message each, of a fixed size, over a SOCK_SEQPACKET
 * socket.  With the request comes a descriptor, of the sandbox's network namespace.  The interface is there for as long as the connection.
 */
#ifndef BAILEY_NETWORK_REQUEST_H
#define BAILEY_NETWORK_REQUEST_H

#include <stddef.h>
#include <stdint.h>

enum {
	NETD_VERSION = 1,
	NETD_NETWORK = 40,
	NETD_NAME = 64,
	NETD_TEXT = 512,
	NETD_INTERFACES = 16, /* of one sandbox: eth0 to eth15 */
	NETD_OWN_MAC = 1, /* flag: `mac` is given */
};

/* What a refusal is about: the setting in whose line the launcher complains. */
enum netd_about { ABOUT_NETWORK = 1, ABOUT_IP4, ABOUT_IP6, ABOUT_MAC, ABOUT_RATE_IN, ABOUT_RATE_OUT };

enum netd_want { WANT_NO_ADDRESS, WANT_NEXT_ADDRESS, WANT_THIS_ADDRESS };

struct netd_address {
	uint32_t want; /* enum netd_want */
	uint32_t prefix; /* in answers */
	uint8_t bytes[16]; /* network order; 4 of them for IPv4 */
};

struct netd_request {
	char magic[8];
	uint32_t version, interface, flags, zero;
	uint64_t rate_in, rate_out; /* bits in a second; 0: no limit */
	char network[NETD_NETWORK], name[NETD_NAME]; /* texts are filled with NUL up to their end, and have one at least */
	uint8_t mac[8]; /* the last two are 0 */
	struct netd_address at[2]; /* IPv4, IPv6 */
};

struct netd_answer {
	char magic[8];
	uint32_t error, about; /* errno, or 0; enum netd_about */
	char text[NETD_TEXT], hint[NETD_TEXT];
	char device[16], name[NETD_NAME]; /* the host's side; the name among the neighbours */
	uint8_t mac[8];
	struct netd_address at[2];
};

/* A request and an answer with nothing in them but what tells them from other messages. */
void netd_request_begin(struct netd_request *ret);
void netd_answer_begin(struct netd_answer *ret);

/* Whether `len` bytes, from a program that is not trusted, are a request: every one of them. NULL, or why not. */
const char *netd_request_check(const void *bytes, size_t len, struct netd_request *ret);

/* The same for an answer, which only root can have sent. */
const char *netd_answer_check(const void *bytes, size_t len, struct netd_answer *ret);

#endif
