/* What is said to bailey-netd, byte by byte, and who may say it. */
#include <string.h>

#include "network/permit.h"
#include "network/request.h"
#include "tap.h"

static struct netd_request good(void)
{
	struct netd_request r;
	netd_request_begin(&r);
	memcpy(r.network, "lan", 4);
	memcpy(r.name, "firefox", 8);
	r.at[0].want = WANT_THIS_ADDRESS;
	r.at[0].bytes[0] = 10;
	r.at[1].want = WANT_NEXT_ADDRESS;
	return r;
}

static void refused(struct netd_request r, const char *what)
{
	struct netd_request got;
	ok(netd_request_check(&r, sizeof r, &got) != NULL, "refused: %s", what);
}

static void test_bytes(void)
{
	struct netd_request r = good(), got;
	char more[sizeof r + 1] = { 0 };
	ok(netd_request_check(&r, sizeof r, &got) == NULL && strcmp(got.name, "firefox") == 0, "a request");
	ok(netd_request_check(&r, sizeof r - 1, &got) != NULL && netd_request_check(&r, 0, &got) != NULL, "half of one");
	memcpy(more, &r, sizeof r);
	ok(netd_request_check(more, sizeof more, &got) != NULL, "one with a byte behind it");
	/* No byte may be anything, but in numbers: each has a value that is refused. */
	for (size_t i = 0; i < sizeof r; i++) {
		unsigned char bytes[sizeof r];
		bool any = false;
		memcpy(bytes, &r, sizeof r);
		for (unsigned v = 0; v < 256 && !any; v++) {
			bytes[i] = (unsigned char)v;
			any = netd_request_check(bytes, sizeof bytes, &got) != NULL;
		}
		bool address = i >= offsetof(struct netd_request, at) + offsetof(struct netd_address, bytes) &&
			i < offsetof(struct netd_request, at) + offsetof(struct netd_address, bytes) + 4;
		bool rate = i >= offsetof(struct netd_request, rate_in) && i < offsetof(struct netd_request, network);
		ok(any || address || rate, "byte %zu is looked at", i);
	}
}

static void test_members(void)
{
	struct netd_request r = good();
	r.version = 2;
	refused(r, "another version");
	r = good();
	r.interface = NETD_INTERFACES;
	refused(r, "the seventeenth interface");
	r = good();
	r.rate_in = 1;
	refused(r, "a rate that is too low");
	r = good();
	r.rate_out = 17000000000;
	refused(r, "a rate that is too high");
	r = good();
	memset(r.network, 'a', sizeof r.network);
	refused(r, "a name without an end");
	r = good();
	memcpy(r.network, "../x", 5);
	refused(r, "a name that leads elsewhere");
	r = good();
	r.name[1] = '\n';
	refused(r, "a name of two lines");
	r = good();
	r.mac[0] = 2;
	refused(r, "a hardware address that is not said to be given");
	r.flags = NETD_OWN_MAC;
	ok(netd_request_check(&r, sizeof r, &r) == NULL, "one that is");
	r.mac[0] = 1;
	refused(r, "that of a group");
	r = good();
	r.at[1].bytes[15] = 1;
	refused(r, "an address that is not wanted");
}

static void test_permit(void)
{
	static const char passwd[] = "root:x:0:0::/:\nada:x:1000:1000::/:\nad:x:1002:1002::/:\nbroken\nx:y\n";
	static const char group[] = "wheel:x:10:ada\nnet:x:20:\n";
	const char *names[] = { "ada", "1001", "nobody" }, *groups[] = { "net", "30" };
	const struct network_def def = {
		.users = { .names = names, .name_count = 3, .groups = groups, .group_count = 2 },
	};
	const gid_t none[] = { 10 }, net[] = { 10, 20 }, number[] = { 30 };
	ok(permit_user(&def, passwd, group, 1000, none, 1), "a user by name");
	ok(permit_user(&def, passwd, group, 1001, none, 1), "a user by number");
	ok(!permit_user(&def, passwd, group, 1002, none, 1), "another one, whose name is the beginning of one");
	ok(!permit_user(&def, passwd, group, 0, none, 1), "a name that is nobody's is not root");
	ok(permit_user(&def, passwd, group, 1002, net, 2), "a group by name");
	ok(permit_user(&def, passwd, group, 1002, number, 1), "a group by number");
	ok(!permit_user(&def, "", "", 1000, net, 2), "names without their files are nobody");
}

int main(void)
{
	test_bytes();
	test_members();
	test_permit();
	return tap_done();
}
