#!/usr/bin/env bats
# network.mode = "user" on a host of the tests' own (tests/lib/net-host), for an ordinary user.

load rig

setup_file() {
	is_root || return 0
	rig_user_with ask answer
	cat > "$COPY/net.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ]; };
syscalls = { allow = [ "@network" ]; };
END
	cat > "$COPY/forward.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ]; forward = ( { host = "127.0.0.1:9090"; port = 9000; } ); };
syscalls = { allow = [ "@network" ]; };
END
	rig_own
}
setup() {
	rig_need_root
	rig_need_pasta
}

on_host() { rig_on_net_host 60 "$1"; }
sandboxed='$B run -p $P/net.conf --ro $P/tests'

@test "the outside is reached, over IPv4 and IPv6; the host's loopback is not" {
	run on_host "$sandboxed \$ASK 198.51.100.7 80; $sandboxed \$ASK 2001:db8:7::7 80; $sandboxed \$ASK 127.0.0.1 8001; $sandboxed \$ASK 203.0.113.1 8001"
	[ "${lines[0]}" = "outside 203.0.113.10" ]
	[ "${lines[1]}" = "outside6 2001:db8::10" ]
	[[ ${lines[2]} == "no: "* ]]
	# The gateway does not stand for the host's loopback, as it would without --no-map-gw.
	[[ ${lines[3]} == "no: "* ]]
}
@test "the same without the sandbox reaches the loopback" {
	run on_host "\$ASK 127.0.0.1 8001; \$B run --set syscalls.allow=@network --ro \$P/tests --net host \$ASK 127.0.0.1 8001"
	[ "${lines[0]}" = "loopback 127.0.0.1" ]
}
@test "a forwarded port leads inside; others do not" {
	run on_host "\$B run -p \$P/forward.conf --ro \$P/tests \$ANSWER 0.0.0.0 9000 inside 1 & for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; said=\$(\$ASK 127.0.0.1 9090) && break; done; echo \"\$said\"; \$ASK 127.0.0.1 9000; wait"
	[[ ${lines[0]} == "inside "* ]]
	[[ ${lines[1]} == "no: "* ]]
}
@test "name servers of the profile, in the place of /etc/resolv.conf" {
	run on_host "$sandboxed cat /etc/resolv.conf"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "nameserver 203.0.113.1" ]
}
@test "the program has no power over its network" {
	run on_host "$sandboxed sh -c 'ip link set eth0 down; ip addr add 10.9.9.9/24 dev lo; ip -br link show eth0' 2>&1"
	[[ $output == *"Operation not permitted"* ]]
	[[ ${lines[-1]} == eth0* ]]
}
@test "pasta ends with the sandbox, and when the launcher is killed" {
	run on_host 'count() { pgrep -u "$(id -u)" -f "^pasta --foreground" -c; }
		$B run -p $P/net.conf true; count
		$B run -p $P/net.conf sleep 60 & l=$!; for i in $(seq 40); do [ "$(count)" = 1 ] && break; sleep 0.1; done; count
		kill -KILL $l; sleep 0.1; ps -o stat= -p "$(pgrep -u "$(id -u)" -f "^pasta --foreground")" | grep -cv Z
		true'
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 1 ]
	[ "${lines[-1]}" = 0 ]
}
@test "a network that is lost is said; the program goes on" {
	run on_host '$B run -p $P/net.conf sleep 1 & l=$!; p=; for i in $(seq 40); do p=$(pgrep -u "$(id -u)" -f "^pasta --foreground") && break; sleep 0.1; done; sleep 0.2; kill -KILL $p; wait $l; echo "status $?"'
	[[ $output == *"bailey: pasta has ended: the sandbox has no network any more"* ]]
	[[ $output == *"status 0"* ]]
}
@test "a host without a route: a loopback only, and it says so" {
	NET_HOST_ROUTE=no run on_host "$sandboxed ip -br addr 2>&1"
	[[ $output == *"this machine has no route to anywhere"* ]]
	[[ $output != *eth0* ]]
}
@test "pasta that cannot do it stops the launch, and nothing is left" {
	run on_host 'mkdir -p bin; printf "#!/bin/sh\necho no such luck >&2; exit 1\n" > bin/pasta; chmod +x bin/pasta
		PATH=$HOME/bin:$PATH $B run -p $P/net.conf true; echo "status $?"; rm bin/pasta
		ln -s /bin/sleep bin/pasta; (sleep 0.5; pgrep -u "$(id -u)" -x bailey -c) & PATH=$HOME/bin:$PATH $B run -p $P/net.conf true 2>&1; rm -r bin; wait'
	[[ $output == *"net.conf:2: error: cannot connect the sandbox's network: pasta: no such luck"* ]]
	[[ $output == *"status 125"* ]]
}
@test "no pasta, no tun: a message with the package, never the host's network" {
	run on_host 'mkdir -p none; for p in sh true env; do ln -sf "$(command -v $p)" none/; done; PATH=$HOME/none $B run -p $P/net.conf true 2>&1; echo "status $?"; rm -r none'
	[[ $output == *"net.conf:2: error: network.mode: \"user\" needs pasta: the program pasta is not in PATH"* ]]
	[[ $output == *"install the package passt"* ]]
	[[ $output == *"status 2"* ]]
}
