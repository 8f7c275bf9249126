/* Wayland's wire protocol: what is read of a compositor's bytes, and what is written: launch/wayland_wire.h. */
#include <errno.h>
#include <string.h>

#include "launch/wayland_wire.h"
#include "tap.h"

struct bytes {
	uint8_t b[3 * WIRE_MAX];
	size_t len;
};

static void word(struct bytes *to, uint32_t value)
{
	memcpy(to->b + to->len, &value, sizeof value);
	to->len += sizeof value;
}

static void text(struct bytes *to, const char *value)
{
	size_t len = strlen(value) + 1;
	word(to, (uint32_t)len);
	memset(to->b + to->len, 0, len + 3);
	memcpy(to->b + to->len, value, len);
	to->len += (len + 3) & ~(size_t)3;
}

static void head(struct bytes *to, uint32_t object, unsigned opcode, size_t size)
{
	word(to, object);
	word(to, (uint32_t)size << 16 | opcode);
}

static void global(struct bytes *to, uint32_t name, const char *interface, uint32_t version)
{
	head(to, WIRE_REGISTRY, 0, 8 + 4 + 4 + ((strlen(interface) + 4) & ~(size_t)3) + 4);
	word(to, name);
	text(to, interface);
	word(to, version);
}

static void done(struct bytes *to, uint32_t object)
{
	head(to, object, 0, 12);
	word(to, 7);
}

static void test_registry(void)
{
	struct bytes in = { .len = 0 };
	struct wire_seen seen = { 0 };
	global(&in, 1, "wl_compositor", 6);
	global(&in, 4, "wp_security_context_manager_v1", 1);
	global(&in, 5, "wl_seat", 9);
	done(&in, WIRE_LISTED);
	head(&in, WIRE_DISPLAY, 1, 12); /* delete_id */
	word(&in, WIRE_LISTED);
	size_t whole = in.len;
	bool parts = true;
	for (size_t len = 0; len < whole; len++) {
		struct wire_seen cut = { 0 };
		int n = wire_read(&cut, in.b, len);
		parts = parts && n >= 0 && (size_t)n <= len && !cut.refused && (!cut.listed || len >= whole - 12);
	}
	ok(parts, "what is cut off waits for its end");
	ok(wire_read(&seen, in.b, whole) == (int)whole, "all of it is read");
	ok(seen.manager == 4 && seen.listed && !seen.committed && !seen.refused, "the manager is found");
	head(&in, WIRE_REGISTRY, 1, 12);
	word(&in, 4);
	ok(wire_read(&seen, in.b + whole, in.len - whole) == 12 && seen.manager == 0, "one that is taken back is gone");
}

static void test_error(void)
{
	struct bytes in = { .len = 0 };
	struct wire_seen seen = { 0 };
	char longer[1000];
	head(&in, WIRE_DISPLAY, 0, 8 + 8 + 4 + 12);
	word(&in, WIRE_MANAGER);
	word(&in, 2);
	text(&in,
		"a\x1b[1mb\xe9"
		"c\n!");
	done(&in, WIRE_LISTED);
	ok(wire_read(&seen, in.b, in.len) == 32 && seen.refused && !seen.listed, "after an error nothing is read");
	same(seen.said, "a?[1mb?c?!", "its words are safe to show");
	in.len = 0;
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	head(&in, WIRE_DISPLAY, 0, 8 + 8 + 4 + sizeof longer);
	word(&in, 1);
	word(&in, 2);
	text(&in, longer);
	seen = (struct wire_seen){ 0 };
	ok(wire_read(&seen, in.b, in.len) == (int)in.len && strlen(seen.said) == WIRE_SAID - 1, "and are cut");
}

static void refused(struct bytes *in, const char *what)
{
	struct wire_seen seen = { 0 };
	ok(wire_read(&seen, in->b, in->len) == -EPROTO, "%s", what);
	in->len = 0;
}

static void test_nonsense(void)
{
	struct bytes in = { .len = 0 };
	head(&in, WIRE_DISPLAY, 1, 4);
	refused(&in, "a message shorter than its head");
	head(&in, WIRE_DISPLAY, 1, 14);
	refused(&in, "one of no whole words");
	head(&in, WIRE_DISPLAY, 1, WIRE_MAX + 4);
	refused(&in, "one too long, before it is there");
	head(&in, WIRE_DISPLAY, 2, 8);
	refused(&in, "an event that there is not");
	head(&in, WIRE_MANAGER, 0, 8);
	refused(&in, "an object that has none");
	head(&in, 0xff000001, 0, 8);
	refused(&in, "one of the compositor's");
	head(&in, WIRE_DISPLAY, 1, 8);
	refused(&in, "an argument that is missing");
	done(&in, WIRE_COMMITTED);
	refused(&in, "an answer before the question");
	head(&in, WIRE_REGISTRY, 0, 20);
	word(&in, 1);
	word(&in, 0xfffffffe);
	word(&in, 0);
	refused(&in, "a string longer than its message");
	head(&in, WIRE_REGISTRY, 0, 24);
	word(&in, 1);
	word(&in, 4);
	word(&in, 0x61616161);
	word(&in, 1);
	refused(&in, "a string without an end");
	head(&in, WIRE_REGISTRY, 0, 24);
	word(&in, 1);
	word(&in, 4);
	word(&in, 0);
	word(&in, 1);
	refused(&in, "a string that ends before its end");
	global(&in, 0, "wp_security_context_manager_v1", 1);
	refused(&in, "a global that nobody could name");
	global(&in, 1, "wp_security_context_manager_v1", 0);
	refused(&in, "one of no version");
}

static void test_requests(void)
{
	static const struct wire_identity identity = { .engine = "e.f", .application = "app", .instance = "one" };
	struct wire_out out = { .len = 0 };
	struct bytes want = { .len = 0 };
	wire_ask(&out);
	head(&want, 1, 1, 12);
	word(&want, 2);
	head(&want, 1, 0, 12);
	word(&want, 3);
	ok(out.len == want.len && memcmp(out.data, want.b, want.len) == 0, "wl_display.get_registry and .sync");
	out.len = want.len = 0;
	wire_context(&out, 9, &identity);
	head(&want, 2, 0, 8 + 4 + 4 + 32 + 8);
	word(&want, 9);
	text(&want, "wp_security_context_manager_v1");
	word(&want, 1);
	word(&want, 4);
	head(&want, 4, 1, 12);
	word(&want, 5);
	static const char *const words[] = { "e.f", "app", "one" };
	for (unsigned i = 0; i < 3; i++) {
		head(&want, 5, 1 + i, 16);
		text(&want, words[i]);
	}
	head(&want, 5, 4, 8);
	head(&want, 1, 0, 12);
	word(&want, 6);
	ok(out.len == want.len && memcmp(out.data, want.b, want.len) == 0 && !out.overflow, "a context, its three names, commit");
	char longer[WIRE_OUT];
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	const struct wire_identity endless = { .engine = "e.f", .application = longer, .instance = "one" };
	out.len = 0;
	wire_context(&out, 9, &endless);
	ok(out.overflow && out.len <= sizeof out.data, "a name too long is told, not cut");
}

int main(void)
{
	test_registry();
	test_error();
	test_nonsense();
	test_requests();
	return tap_done();
}
