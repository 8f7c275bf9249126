#include <errno.h>
#include <string.h>

#include "base/subnet.h"
#include "conf/networks.h"
#include "tap.h"

static struct arena a;

static struct subnet of(const char *text)
{
	struct subnet s;
	(void)subnet_read(text, &s);
	return s;
}

static void test_read(void)
{
	struct subnet s;
	ok(subnet_read("10.9.0.5/24", &s) == 0 && strcmp(subnet_text(&a, &s), "10.9.0.5/24") == 0, "an address with a prefix");
	ok(subnet_read("10.9.0.5", &s) == 0 && s.prefix == 32, "an address alone has all bits");
	ok(subnet_read("fd00:9::/64", &s) == 0 && strcmp(subnet_text(&a, &s), "fd00:9::/64") == 0, "IPv6");
	ok(subnet_read("10.9.0.5/33", &s) == -ERANGE && subnet_read("fd00::/129", &s) == -ERANGE, "prefixes that are too long");
	ok(subnet_read("10.9.0/24", &s) == -EINVAL && subnet_read("10.9.0.5/", &s) < 0 && subnet_read("/24", &s) < 0 &&
			subnet_read("10.9.0.5/24/1", &s) < 0 && subnet_read("10.9.0.5/+4", &s) < 0,
		"what is no address");
}

static void test_count(void)
{
	struct subnet net = of("10.9.0.0/24"), six = of("fd00:9::/64"), s = subnet_add(&net, 255);
	ok(strcmp(subnet_address(&a, &s), "10.9.0.255") == 0, "addresses further on");
	s = subnet_add(&net, 257);
	ok(strcmp(subnet_address(&a, &s), "10.9.1.1") == 0 && !subnet_contains(&net, &s), "a carry, and out of the network");
	s = subnet_add(&six, 0x10000);
	ok(strcmp(subnet_address(&a, &s), "fd00:9::1:0") == 0 && subnet_contains(&six, &s), "the same in IPv6");
	s = subnet_last(&net);
	ok(strcmp(subnet_address(&a, &s), "10.9.0.255") == 0, "the last address");
	struct subnet wide = of("10.0.0.0/8"), other = of("10.8.0.0/16");
	ok(subnet_overlaps(&wide, &net) && subnet_overlaps(&net, &wide) && !subnet_overlaps(&net, &other) &&
			!subnet_overlaps(&net, &six),
		"networks that overlap");
	ok(subnet_compare(&net, &other) > 0, "order");
}

static void test_names(void)
{
	ok(device_name_valid("br-lan") && device_name_valid("123456789012345"), "names of interfaces");
	ok(!device_name_valid("1234567890123456") && !device_name_valid("") && !device_name_valid("..") &&
			!device_name_valid("a/b") && !device_name_valid("a b") && !device_name_valid("a\"b"),
		"what the kernel, or a rule of nft, would not take");
}

static void test_networks(void)
{
	struct networks n;
	struct diags d = { .arena = &a };
	networks_read(&n, &d, "n.conf", "networks = ( { name = \"lan\"; subnet4 = \"10.9.0.0/24\"; masquerade = true; } );");
	const struct network_def *lan = networks_find(&n, "lan");
	ok(d.errors == 0 && lan != NULL && strcmp(lan->device, "lan") == 0 && lan->masquerade, "a network");
	ok(lan != NULL && strcmp(subnet_text(&a, &lan->range[0].gateway), "10.9.0.1/24") == 0 &&
			strcmp(subnet_address(&a, &lan->range[0].first), "10.9.0.2") == 0 &&
			strcmp(subnet_address(&a, &lan->range[0].last), "10.9.0.254") == 0,
		"its gateway and pool");
	ok(networks_find(&n, "wan") == NULL, "no other");
	static const char *const bad[] = {
		"networks = ( { subnet4 = \"10.9.0.0/24\"; } );",
		"networks = ( { name = \"../x\"; } );",
		"networks = ( { name = \"x\"; subnet4 = \"10.9.0.1/24\"; } );",
		"networks = ( { name = \"x\"; subnet4 = \"fd00::/64\"; } );",
		"networks = ( { name = \"x\"; subnet4 = \"10.9.0.0/24\"; gateway4 = \"10.8.0.1\"; } );",
		"networks = ( { name = \"x\"; subnet4 = \"10.9.0.0/24\"; pool4 = \"10.9.0.9-10.9.0.2\"; } );",
		"networks = ( { name = \"x\"; subnet4 = \"10.9.0.0/24\"; pool4 = \"10.9.0.9\"; } );",
		"networks = ( { name = \"x\"; masquerade = true; } );",
		"networks = ( { name = \"x\"; masquerade = \"yes\"; } );",
		"networks = ( { name = \"x\"; dns = [ \"127.0.0.1\" ]; } );",
		"networks = ( { name = \"x\"; colour = \"red\"; } );",
		"networks = ( { name = \"x\"; }, { name = \"x\"; } );",
		"networks = \"x\";",
		"mode = \"bridge\";",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct diags mistakes = { .arena = &a };
		networks_read(&n, &mistakes, "n.conf", bad[i]);
		ok(mistakes.errors >= 1, "refused: %s", bad[i]);
	}
}

int main(void)
{
	test_read();
	test_count();
	test_names();
	test_networks();
	return tap_done();
}
