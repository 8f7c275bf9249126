/* network.mode = "user": what pasta is told, the name servers, and what happens where it cannot be used. */
#include <errno.h>
#include <sched.h>

#include "base/inet.h"
#include "base/inet_rule.h"
#include "conf/conf.h"
#include "plan/plan.h"
#include "tap.h"

static struct arena arena;

static const char routed[] = "Iface\\tDestination\\tGateway\\neth0\\t00000000\\t0101A8C0\\t0003\\n";

struct result {
	struct plan plan;
	struct diags diags;
};

/* Plans for a machine with these node modes and files; `paths` and `files` are members of JSON objects. */
static struct result *make(const char *paths, const char *files, const char *network)
{
	struct result *r = arena_alloc(&arena, sizeof *r);
	struct facts facts;
	struct profile profile;
	struct err e = { 0 };
	const struct conf_places places = {
		.shipped_dir = "/nonexistent", .system_dir = "/nonexistent", .policy = "/nonexistent/x"
	};
	const struct conf_request request = { .profile = "-" };
	const char *machine = arena_printf(&arena,
		"{ \"uid\": 1000, \"gid\": 1000, \"user\": \"ada\", \"home\": \"/home/ada\", \"cwd\": \"/\", \"environment\": { }, \"landlock\": 6,"
		" \"paths\": { \"/usr\": \"dir\", \"/dev/null\": \"dev\", \"/dev/zero\": \"dev\", \"/dev/full\": \"dev\","
		"   \"/dev/random\": \"dev\", \"/dev/urandom\": \"dev\", \"/dev/tty\": \"dev\", %s }, \"files\": { %s } }",
		paths, files);
	const char *text =
		arena_printf(&arena, "filesystem = { read_only = [ \"/usr\", \"-/etc\" ]; }; network = { %s };", network);
	r->diags.arena = &arena;
	if (facts_json(&facts, &arena, machine, strlen(machine), "machine", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	conf_load_text(&profile, &arena, &places, &request, "test.conf", text, strlen(text), &r->diags);
	plan_make(&r->plan, &arena, &profile, &facts, &(struct plan_request){ 0 }, false, &r->diags);
	return r;
}

static const char good[] = "\"/usr/bin/pasta\": \"file 0755\", \"/dev/net/tun\": \"dev\"";

static const char *files(const char *resolv, const char *more)
{
	return arena_printf(&arena, "\"/proc/net/route\": \"%s\", \"/etc/resolv.conf\": \"%s\"%s", routed, resolv, more);
}

static const char *words(const struct result *r)
{
	struct buf b = { .arena = &arena };
	for (size_t i = 0; i < r->plan.user_network.argc; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", r->plan.user_network.argv[i]);
	return buf_text(&b);
}

static const char *mistake(const struct result *r)
{
	return r->diags.errors == 0 ? "none" : r->diags.errors == 1 ? r->diags.items[0].text : "several";
}

/* The operation that puts resolv.conf into its place. */
static const struct mount_op *resolv(const struct result *r)
{
	for (size_t i = 0; i < r->plan.mount_count; i++)
		if (r->plan.mounts[i].kind == MOUNT_FILE && r->plan.mounts[i].content != NULL)
			return &r->plan.mounts[i];
	return NULL;
}

static void test_arguments(void)
{
	const struct result *r = make(good, files("nameserver 192.0.2.1\\n", ""), "mode = \"user\";");
	same(mistake(r), "none", "a machine with pasta: no mistake");
	same(r->plan.user_network.pasta, "/usr/bin/pasta", "the program");
	same(words(r), "pasta --foreground --quiet --config-net --no-map-gw -t none -u none -T none -U none",
		"nothing is forwarded, and the gateway does not stand for the host");
	ok((r->plan.clone_flags & CLONE_NEWNET) != 0, "the network namespace is its own");
	r = make(good, files("nameserver 192.0.2.1\\n", ""),
		"mode = \"user\"; forward = ( { host = \"[::1]:8080\"; port = 80; }, { host = \"5353\"; protocol = \"udp\"; } );");
	same(words(r), "pasta --foreground --quiet --config-net --no-map-gw -t ::1/8080:80 -u 127.0.0.1/5353:5353 -T none -U none",
		"forwarded ports");
	r = make(good, files("nameserver 192.0.2.1\\n", ""), "mode = \"user\"; rate_in = \"2Mbit\";");
	same(words(r), "pasta --foreground --quiet --config-net --no-map-gw -I eth0 -m 1500 -t none -u none -T none -U none",
		"with rates the interface has a known name, and packets that queues can hold");
	ok(r->plan.user_network.rate_in == 2000000 && r->plan.user_network.rate_out == 0, "and the plan has the rates");
}

/* The network of a user's hub that is built in. */
static void test_hub(void)
{
	static const char hub[] = "\"/usr/bin/pasta\": \"file 0755\", \"/dev/net/tun\": \"dev\", \"/usr/sbin/nft\": \"file 0755\","
				  " \"/home/ada\": \"dir 0700 1000\"";
	const char *f = files("nameserver 192.0.2.1\\n", ""), *wish = "mode = \"bridge\"; bridge = \"user\";";
	const struct result *r = make(arena_printf(&arena, "%s, \"/proc/sys/net/ipv6\": \"dir\"", hub), f, wish);
	same(mistake(r), "none", "a hub: no mistake");
	ok(r->plan.bridge.spec != NULL && strstr(r->plan.bridge.spec, "fd62:") != NULL, "it has addresses of IPv6");
	r = make(hub, f, wish);
	same(mistake(r), "none", "neither on a kernel without IPv6");
	ok(r->plan.bridge.spec != NULL && strstr(r->plan.bridge.spec, "10.213.64.") != NULL, "where it has addresses");
	ok(r->plan.bridge.spec != NULL && strstr(r->plan.bridge.spec, ":") == NULL, "of IPv4 alone");
}

static void test_name_servers(void)
{
	const struct result *r =
		make(good, files("search example.org\\nnameserver 192.0.2.1\\nnameserver 127.0.0.1\\n", ""), "mode = \"user\";");
	const struct mount_op *op = resolv(r);
	same(op != NULL ? op->content : "none", "nameserver 192.0.2.1\nsearch example.org\n",
		"those of the host that can be reached");
	same(op != NULL ? op->target : "none", "/etc/resolv.conf", "in their place");
	r = make(good, files("nameserver 127.0.0.53\\n", ", \"/run/systemd/resolve/resolv.conf\": \"nameserver 192.0.2.7\\n\""),
		"mode = \"user\";");
	op = resolv(r);
	same(op != NULL ? op->content : "none", "nameserver 192.0.2.7\n", "behind a stub on the loopback: those that it asks");
	r = make(good, files("nameserver 127.0.0.1\\n", ""), "mode = \"user\";");
	op = resolv(r);
	same(op != NULL ? op->content : "none", "nameserver 127.0.0.1\n", "a server on 127.0.0.1 that knows no others");
	ok(strstr(words(r), "-T 53 -U 53") != NULL, "is reached by port 53 alone");
	r = make(good, files("nameserver 127.0.0.9\\n", ""), "mode = \"user\";");
	same(mistake(r), "the host's name server listens on its loopback only, which a network of its own does not reach",
		"one on another address of the loopback is a mistake");
	r = make(good, files("nameserver 127.0.0.9\\n", ""), "mode = \"user\"; dns = [ \"2001:db8::53\" ];");
	op = resolv(r);
	same(op != NULL ? op->content : "none", "nameserver 2001:db8::53\n", "unless the profile names one");
	r = make(good, files("nameserver 192.0.2.1\\n", ""), "mode = \"user\"; dns = [ \"127.0.0.1\" ];");
	same(mistake(r), "127.0.0.1 is the loopback of the sandbox itself, where no name server listens", "a useless name server");
	r = make(arena_printf(&arena, "%s, \"/etc/resolv.conf\": \"-> ../run/systemd/resolve/stub-resolv.conf\"", good),
		arena_printf(&arena,
			"\"/proc/net/route\": \"%s\", \"/run/systemd/resolve/stub-resolv.conf\": \"nameserver 127.0.0.53\\n\","
			" \"/run/systemd/resolve/resolv.conf\": \"nameserver 192.0.2.7\\n\"",
			routed),
		"mode = \"user\";");
	op = resolv(r);
	same(op != NULL ? op->target : "none", "/run/systemd/resolve/stub-resolv.conf", "behind a symlink: where it leads to");
	r = make(good, "\"/proc/net/route\": \"\"", "mode = \"host\";");
	ok(resolv(r) == NULL, "the host's network needs none");
}

static void test_missing(void)
{
	const char *f = files("nameserver 192.0.2.1\\n", "");
	const struct result *r = make("\"/dev/net/tun\": \"dev\"", f, "mode = \"user\";");
	same(mistake(r), "\"user\" needs pasta: the program pasta is not in PATH", "no pasta");
	ok(r->diags.count > 0 && strstr(r->diags.items[0].hint, "install the package passt") != NULL, "the hint names the package");
	r = make("\"/usr/local/bin/pasta\": \"file 0755 1000\", \"/dev/net/tun\": \"dev\"", f, "mode = \"user\";");
	same(mistake(r),
		"\"user\" needs pasta: a program of an earlier run could have put /usr/local/bin/pasta there, which PATH finds",
		"one of the user's own, where programs may write");
	r = make("\"/usr/local/bin/pasta\": \"file 0757\", \"/usr/bin/pasta\": \"file 0755\", \"/dev/net/tun\": \"dev\"", f,
		"mode = \"user\";");
	same(r->plan.user_network.pasta, "/usr/bin/pasta", "one that anybody can write is passed over");
	static const char below[] =
		"\"/usr/local/bin\": \"dir %s\", \"/usr/local/bin/pasta\": \"file 0755\", \"/dev/net/tun\": \"dev\"";
	r = make(arena_printf(&arena, below, "0777"), f, "mode = \"user\";");
	ok(r->plan.user_network.pasta == NULL && r->diags.errors == 1, "nor in a directory where anybody can replace it");
	r = make(arena_printf(&arena, below, "1777"), f, "mode = \"user\";");
	same(r->plan.user_network.pasta, "/usr/local/bin/pasta", "one with the sticky bit keeps it");
	r = make("\"/usr/bin/pasta\": \"file 0755\"", f, "mode = \"user\";");
	same(mistake(r), "\"user\" needs pasta: there is no /dev/net/tun", "no tun");
	r = make("\"/usr/bin/pasta\": \"file 0755\", \"/dev/net/tun\": \"dev 0600 0\"", f, "mode = \"user\";");
	same(mistake(r), "\"user\" needs pasta: this user may not open /dev/net/tun", "tun of root alone");
	ok((r->plan.clone_flags & CLONE_NEWNET) != 0, "and the network is not the host's without consent");
	r = make(
		"\"/usr/bin/pasta\": \"file 0755\", \"/dev/net/tun\": \"dev 0600 0\"", f, "mode = \"user\"; host_fallback = true;");
	same(mistake(r), "none", "host_fallback: no mistake");
	ok(r->plan.network == NETWORK_HOST && r->plan.network_fallback != NULL, "but the host's network, and the reason");
	r = make(good, f, "mode = \"user\"; host_fallback = true;");
	ok(r->plan.network == NETWORK_USER && r->plan.network_fallback == NULL, "it is only for where pasta cannot be used");
	r = make(good, f, "forward = ( { host = \"8080\"; } );");
	same(mistake(r), "mode \"none\" has no ports of its own", "forward without a network");
	r = make(good, f, "mode = \"host\"; dns = [ \"192.0.2.1\" ];");
	same(mistake(r), "mode \"host\" has no name servers of its own", "dns with the host's network");
}

static void test_routes(void)
{
	const char *f = "\"/proc/net/route\": \"Iface\\tDestination\\neth0\\t0001A8C0\\t00000000\\n\", \"/etc/resolv.conf\": \"\"";
	const struct result *r = make(good, f, "mode = \"user\";");
	ok(r->diags.errors == 0 && r->plan.user_network.pasta == NULL, "no default route: a loopback only");
	static const char six[] =
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 "
		"00000400 00000001 00000000 00000003";
	r = make(good, arena_printf(&arena, "%s, \"/proc/net/ipv6_route\": \"%s     eth0\\n\"", f, six), "mode = \"user\";");
	ok(r->plan.user_network.pasta != NULL, "one of IPv6 is enough");
	r = make(good, arena_printf(&arena, "%s, \"/proc/net/ipv6_route\": \"%s       lo\\n\"", f, six), "mode = \"user\";");
	ok(r->plan.user_network.pasta == NULL, "the kernel's refusing one is none");
}

static void test_endpoints(void)
{
	struct inet_endpoint e;
	ok(inet_endpoint("127.0.0.1:80", &e) == 0 && e.port == 80, "an address with a port");
	ok(inet_endpoint("[2001:db8::1]:65535", &e) == 0 && strcmp(e.address, "2001:db8::1") == 0, "of IPv6");
	ok(inet_endpoint("8080", &e) == 0 && strcmp(e.address, "127.0.0.1") == 0 && e.port == 8080, "a port alone");
	static const char *const bad[] = { "", ":", ":80", "127.0.0.1:", "localhost:80", "127.1:80", "127.0.0.1", "::1:80", "[::1]",
		"[::1:80", "[127.0.0.1]:80", "127.0.0.1:http", "127.0.0.1:80 ", "010.0.0.1:80", "[]:80" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(inet_endpoint(bad[i], &e) == -EINVAL, "\"%s\" is none", bad[i]);
	ok(inet_endpoint("127.0.0.1:0", &e) == -ERANGE && inet_endpoint("65536", &e) == -ERANGE, "no such port");
}

static const char *rule_words(const struct inet_rule *r)
{
	return arena_printf(&arena, "%d %u-%u %s/%u", r->protocol, (unsigned)r->first, (unsigned)r->last, r->address, r->prefix);
}

static void test_rules(void)
{
	static const struct {
		const char *text, *words;
	} good_rules[] = {
		{ "tcp", "6 0-0 /0" },
		{ "udp", "17 0-0 /0" },
		{ "tcp:443", "6 443-443 /0" },
		{ "tcp:1-65535", "6 1-65535 /0" },
		{ "udp:53@192.0.2.1", "17 53-53 192.0.2.1/32" },
		{ "tcp@10.0.0.0/8", "6 0-0 10.0.0.0/8" },
		{ "10.0.0.0/8", "0 0-0 10.0.0.0/8" },
		{ "0.0.0.0/0", "0 0-0 0.0.0.0/0" },
		{ "192.0.2.128/25", "0 0-0 192.0.2.128/25" },
		{ "tcp:1000-2000@2001:db8::/32", "6 1000-2000 2001:db8::/32" },
		{ "2001:0DB8:0::1", "0 0-0 2001:db8::1/128" },
		{ "fe80::/10", "0 0-0 fe80::/10" },
		{ "dead:beef::", "0 0-0 dead:beef::/128" },
		{ "::/0", "0 0-0 ::/0" },
		{ "icmp:echo", "1 0-0 /0" },
		{ "icmp:echo@192.0.2.0/24", "1 0-0 192.0.2.0/24" },
	};
	static const char *const bad[] = { "", "tcp:", "tcp:0", "tcp:65536", "tcp:80-", "tcp:-80", "tcp:90-80", "tcp:80-90-100",
		"tcp:http", "tcp:+80", "tcp:0x50", "tcp: 80", "tcp:80 ", "TCP:80", "icmp", "sctp:80", "tcp:80@", "tcp@",
		"@10.0.0.1", "tcp:80@host", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "010.0.0.0/8",
		"10.0.0.1:80", "2001:db8::1/32", "2001:db8::/129", "[2001:db8::1]", "::ffff:10.0.0.1", "fe80::1%eth0",
		"10.0.0.0/8/8", "tcp:80@10.0.0.1@10.0.0.2", "none", "tcp:80; drop", "10.0.0.1\n",
		"tcp:00000000000000000000000000000000000000000000000000000000080", "icmp:8", "icmp:echo@", "icmp:echoes",
		"icmp@10.0.0.1" };
	struct inet_rule r;
	char why[INET_RULE_WHY];
	for (size_t i = 0; i < sizeof good_rules / sizeof *good_rules; i++) {
		int result = inet_rule(good_rules[i].text, &r, why);
		same(result == 0 ? rule_words(&r) : why, good_rules[i].words, good_rules[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		why[0] = '\0';
		ok(inet_rule(bad[i], &r, why) == -EINVAL && why[0] != '\0', "\"%s\" is none", bad[i]);
	}
	(void)inet_rule("tcp:443@10.1.2.3/9", &r, why);
	same(why, "the address has bits set beyond its prefix; the network is 10.0.0.0/9", "and what would be right");
}

/* What nft is told after the fixed lines of the chain. */
static const char *own_lines(const struct result *r)
{
	const char *text = r->plan.firewall.ruleset, *from = text != NULL ? strstr(text, "mld2") : NULL;
	from = from != NULL ? strchr(from, '\n') : NULL;
	const char *end = from != NULL ? strstr(from, "	}\n") : NULL;
	return end != NULL ? arena_strndup(&arena, from + 1, (size_t)(end - from - 1)) : "none";
}

static void test_firewall(void)
{
	const char *f = files("nameserver 192.0.2.1\\n", "");
	const char *with_nft = arena_printf(&arena, "%s, \"/usr/sbin/nft\": \"file 0755\"", good);
	const struct result *r = make(with_nft, f, "mode = \"user\";");
	ok(r->plan.firewall.nft == NULL && r->plan.firewall.ruleset == NULL, "no rules, no nft");
	r = make(with_nft, f,
		"mode = \"user\"; allow = [ \"tcp:443\", \"10.0.0.0/8\", \"udp:5000-6000@2001:db8::/32\" ]; deny = [ \"10.1.0.0/16\", \"tcp:25\" ];");
	same(mistake(r), "none", "rules: no mistake");
	same(r->plan.firewall.nft, "/usr/sbin/nft", "nft is found where administrators' programs are");
	same(own_lines(r),
		"		ip daddr 10.1.0.0/16 goto refuse\n"
		"		tcp dport 25 goto refuse\n"
		"		tcp dport 443 counter accept\n"
		"		meta l4proto { 6, 17 } ip daddr 10.0.0.0/8 counter accept\n"
		"		ip6 daddr 2001:db8::/32 udp dport 5000-6000 counter accept\n"
		"		meta l4proto { 6, 17 } ip daddr 192.0.2.1/32 th dport 53 counter accept\n"
		"		goto refuse\n",
		"what is denied comes first; the name server may be asked; the rest is refused");
	ok(strstr(r->plan.firewall.ruleset, "hook output priority filter; policy drop;") != NULL,
		"whatever happens to the rules before");
	r = make(with_nft, f, "mode = \"user\"; deny = [ \"udp\" ];");
	same(own_lines(r), "		meta l4proto 17 goto refuse\n", "deny alone");
	ok(strstr(r->plan.firewall.ruleset, "hook output priority filter; policy accept;") != NULL, "leaves the rest");
	r = make(with_nft, f, "mode = \"user\"; allow = [ \"none\" ];");
	same(own_lines(r), "		goto refuse\n", "\"none\" is nothing, no name server either");
	r = make(with_nft, f, "mode = \"user\"; dns = [ \"2001:db8::53\", \"192.0.2.9\" ]; allow = [ \"tcp:443\" ];");
	same(own_lines(r),
		"		tcp dport 443 counter accept\n"
		"		meta l4proto { 6, 17 } ip6 daddr 2001:db8::53/128 th dport 53 counter accept\n"
		"		meta l4proto { 6, 17 } ip daddr 192.0.2.9/32 th dport 53 counter accept\n"
		"		goto refuse\n",
		"name servers of the profile");
}

static void test_firewall_mistakes(void)
{
	const char *f = files("nameserver 192.0.2.1\\n", "");
	const char *with_nft = arena_printf(&arena, "%s, \"/usr/sbin/nft\": \"file 0755\"", good);
	const struct result *r = make(good, f, "mode = \"user\"; allow = [ \"tcp:443\" ];");
	same(mistake(r), "the program nft, which makes the rules, is not there", "no nft");
	same(r->diags.count > 0 ? r->diags.items[0].hint : NULL, "install the package nftables", "the hint names the package");
	r = make(with_nft, f, "mode = \"host\"; allow = [ \"tcp:443\", \"tcp:80\" ];");
	same(mistake(r), "mode \"host\" has no network of its own that rules could be made for", "the host's network");
	ok(r->diags.count > 0 && strstr(r->diags.items[0].hint, "network.tcp_connect = [ 443, 80 ]") != NULL, "and what would do");
	r = make(with_nft, f, "mode = \"host\"; allow = [ \"tcp:443\", \"udp:53\" ];");
	same(r->diags.count > 0 ? r->diags.items[0].hint : NULL, "say network.mode = \"user\"", "which is not said of other rules");
	r = make(with_nft, f, "deny = [ \"tcp:443\" ];");
	same(mistake(r), "mode \"none\" has no network of its own that rules could be made for", "no network");
	r = make("\"/usr/sbin/nft\": \"file 0755\"", f,
		"mode = \"user\"; host_fallback = true; abstract_sockets = \"host\"; deny = [ \"tcp:443\" ];");
	ok(r->diags.errors == 1 && strstr(mistake(r), "the rules cannot hold on the host's network") != NULL,
		"host_fallback does not lose them");
	r = make(with_nft, f, "mode = \"user\"; deny = [ \"127.0.0.0/8\" ];");
	same(mistake(r), "\"127.0.0.0/8\": the loopback is the sandbox's own, and always open to it", "the loopback");
	r = make(with_nft, f, "mode = \"user\"; allow = [ \"tcp:443\" ]; }; capabilities = { keep = [ \"CAP_NET_RAW\" ];");
	same(mistake(r), "with net_raw the program could send packets past the rules of network.allow", "packets past the rules");
	r = make(with_nft, f, "mode = \"user\"; deny = [ \"tcp:443\" ]; }; capabilities = { keep = [ \"net_admin\" ];");
	same(mistake(r), "with net_admin the program could change the rules of network.deny", "power over the rules");
	r = make(with_nft, f, "mode = \"user\"; deny = [ \"tcp:443\" ]; }; devices = { tun = true;");
	ok(r->diags.errors == 1 && strcmp(r->diags.items[0].setting, "devices.tun") == 0, "interfaces of its own");
	r = make(with_nft, f, "mode = \"user\"; allow = [ \"tcp:443\", \"none\" ];");
	same(mistake(r), "\"none\" beside rules that allow something", "nothing and something");
	r = make(with_nft, f, "mode = \"user\"; allow = [ ];");
	same(mistake(r), "an empty list of rules", "an empty list is neither everything nor nothing");
}

int main(void)
{
	test_arguments();
	test_hub();
	test_name_servers();
	test_missing();
	test_routes();
	test_endpoints();
	test_rules();
	test_firewall();
	test_firewall_mistakes();
	arena_free(&arena);
	return tap_done();
}
