#include "launch/wayland_wire.h"

#include <errno.h>
#include <string.h>

enum { HEADER = 8 };

/* The numbers of requests and events by their order in the protocol's description. */
enum { DISPLAY_SYNC = 0, DISPLAY_GET_REGISTRY = 1, REGISTRY_BIND = 0, MANAGER_CREATE_LISTENER = 1 };
enum { CONTEXT_SET_ENGINE = 1, CONTEXT_SET_APPLICATION = 2, CONTEXT_SET_INSTANCE = 3, CONTEXT_COMMIT = 4 };
enum { EVENT_ERROR = 0, EVENT_DELETE_ID = 1, EVENT_GLOBAL = 0, EVENT_GLOBAL_REMOVE = 1, EVENT_DONE = 0 };

static const char manager_interface[] = "wp_security_context_manager_v1";

/* ---- reading ---- */

struct body {
	const uint8_t *data;
	size_t len;
};

static bool take_word(struct body *b, uint32_t *ret)
{
	if (b->len < sizeof *ret)
		return false;
	memcpy(ret, b->data, sizeof *ret);
	b->data += sizeof *ret;
	b->len -= sizeof *ret;
	return true;
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* A string that ends where it says, with a NUL and none before; it stays in the message. */
static bool take_string(struct body *b, const char **ret)
{
	uint32_t len;
	if (!take_word(b, &len) || len == 0 || len > b->len || padded(len) > b->len ||
		memchr(b->data, '\0', len) != b->data + len - 1)
		return false;
	*ret = (const char *)b->data;
	b->data += padded(len);
	b->len -= padded(len);
	return true;
}

/* An error is the end of the connection; its words go into a message of ours. */
static bool read_error(struct wire_seen *seen, struct body *b)
{
	uint32_t object, code;
	const char *text;
	if (!take_word(b, &object) || !take_word(b, &code) || !take_string(b, &text))
		return false;
	seen->refused = true;
	size_t n = strnlen(text, sizeof seen->said - 1);
	for (size_t i = 0; i < n; i++)
		seen->said[i] = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
	seen->said[n] = '\0';
	return true;
}

static bool read_display(struct wire_seen *seen, unsigned opcode, struct body *b)
{
	uint32_t word;
	if (opcode == EVENT_ERROR)
		return read_error(seen, b);
	return opcode == EVENT_DELETE_ID && take_word(b, &word);
}

static bool read_registry(struct wire_seen *seen, unsigned opcode, struct body *b)
{
	uint32_t name, version;
	const char *interface;
	if ((opcode != EVENT_GLOBAL && opcode != EVENT_GLOBAL_REMOVE) || !take_word(b, &name))
		return false;
	if (opcode == EVENT_GLOBAL_REMOVE) {
		if (name == seen->manager)
			seen->manager = 0;
		return true;
	}
	if (!take_string(b, &interface) || !take_word(b, &version))
		return false;
	if (strcmp(interface, manager_interface) != 0)
		return true;
	seen->manager = name;
	return name != 0 && version != 0;
}

static bool read_event(struct wire_seen *seen, uint32_t object, unsigned opcode, struct body *b)
{
	switch (object) {
	case WIRE_DISPLAY: return read_display(seen, opcode, b);
	case WIRE_REGISTRY: return read_registry(seen, opcode, b);
	case WIRE_LISTED: seen->listed = true; return opcode == EVENT_DONE;
	case WIRE_COMMITTED: seen->committed = true; return opcode == EVENT_DONE && seen->listed;
	default: return false; /* no other object of ours has events */
	}
}

int wire_read(struct wire_seen *seen, const uint8_t *data, size_t len)
{
	size_t at = 0;
	while (len - at >= HEADER && !seen->refused) {
		uint32_t head[2];
		memcpy(head, data + at, sizeof head);
		size_t size = head[1] >> 16;
		if (size < HEADER || size > WIRE_MAX || size % 4 != 0)
			return -EPROTO;
		if (len - at < size)
			break;
		struct body b = { .data = data + at + HEADER, .len = size - HEADER };
		if (!read_event(seen, head[0], head[1] & 0xffff, &b))
			return -EPROTO;
		at += size;
	}
	return (int)at;
}

/* ---- writing ---- */

static void put(struct wire_out *out, const void *data, size_t len, size_t room)
{
	if (out->overflow || room > sizeof out->data - out->len) {
		out->overflow = true;
		return;
	}
	memset(out->data + out->len, 0, room);
	memcpy(out->data + out->len, data, len);
	out->len += room;
}

static void put_word(struct wire_out *out, uint32_t word)
{
	put(out, &word, sizeof word, sizeof word);
}

static void put_string(struct wire_out *out, const char *text)
{
	size_t len = strlen(text) + 1;
	put_word(out, (uint32_t)len);
	put(out, text, len, padded(len));
}

/* Begins a request; end_request() knows its size. */
static size_t begin_request(struct wire_out *out, enum wire_object object, unsigned opcode)
{
	size_t at = out->len;
	put_word(out, object);
	put_word(out, opcode);
	return at;
}

static void end_request(struct wire_out *out, size_t at)
{
	uint32_t second;
	if (out->overflow)
		return;
	memcpy(&second, out->data + at + 4, sizeof second);
	second |= (uint32_t)(out->len - at) << 16;
	memcpy(out->data + at + 4, &second, sizeof second);
}

/* A request that makes an object, and has no other argument on the wire. */
static void request_object(struct wire_out *out, enum wire_object object, unsigned opcode, enum wire_object made)
{
	size_t at = begin_request(out, object, opcode);
	put_word(out, made);
	end_request(out, at);
}

static void request_string(struct wire_out *out, enum wire_object object, unsigned opcode, const char *text)
{
	size_t at = begin_request(out, object, opcode);
	put_string(out, text);
	end_request(out, at);
}

void wire_ask(struct wire_out *out)
{
	request_object(out, WIRE_DISPLAY, DISPLAY_GET_REGISTRY, WIRE_REGISTRY);
	request_object(out, WIRE_DISPLAY, DISPLAY_SYNC, WIRE_LISTED);
}

void wire_context(struct wire_out *out, uint32_t manager, const struct wire_identity *identity)
{
	size_t at = begin_request(out, WIRE_REGISTRY, REGISTRY_BIND);
	put_word(out, manager);
	put_string(out, manager_interface);
	put_word(out, 1); /* its version */
	put_word(out, WIRE_MANAGER);
	end_request(out, at);
	request_object(out, WIRE_MANAGER, MANAGER_CREATE_LISTENER, WIRE_CONTEXT);
	request_string(out, WIRE_CONTEXT, CONTEXT_SET_ENGINE, identity->engine);
	request_string(out, WIRE_CONTEXT, CONTEXT_SET_APPLICATION, identity->application);
	request_string(out, WIRE_CONTEXT, CONTEXT_SET_INSTANCE, identity->instance);
	end_request(out, begin_request(out, WIRE_CONTEXT, CONTEXT_COMMIT));
	request_object(out, WIRE_DISPLAY, DISPLAY_SYNC, WIRE_COMMITTED);
}
