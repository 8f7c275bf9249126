/* network.mode = "user": what pasta is told, the name servers, and what happens where it cannot be used. */
#include <errno.h>
#include <sched.h>

#include "base/inet.h"
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

int main(void)
{
	test_arguments();
	test_name_servers();
	test_missing();
	test_routes();
	test_endpoints();
	arena_free(&arena);
	return tap_done();
}
