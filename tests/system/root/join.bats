#!/usr/bin/env bats
# network.mode = "join": the network of a running sandbox, and, for root, one that has a name; on a host of the tests' own.

load rig

setup_file() {
	is_root || return 0
	rig_user_with ask answer
	profile() {
		cat > "$COPY/$1.conf" << END
inherit = [ "default" ];
identity = { hostname = "$1"; };
network = { $2 };
filesystem = { read_only = [ "$COPY/tests" ]; };
syscalls = { allow = [ "@network" ]; };
END
	}
	profile none 'mode = "none";'
	profile host 'mode = "host";'
	profile hub 'mode = "bridge"; bridge = "user"; dns = [ "203.0.113.1" ];'
	profile join 'mode = "join"; join = "one";'
	rig_own
}
setup() {
	rig_need_root
}

# A script on that host, as the user; "one OPTIONS" starts the sandbox that is joined, "end" ends it.
on_host() {
	# shellcheck disable=SC2016 # for the shell inside
	rig_on_net_host 60 '
		runs() { "$B" list --json | grep -q "\"one\"" && [ "$(cat share/up 2> /dev/null)" = up ]; }
		one() { mkdir -p share; rm -f share/up; "$B" run --name one --rw ~/share "$@" & l=$!; await 20 runs; }
		end() { kill "$l"; wait "$l"; }
		'"$1"
}

@test "of a sandbox on a network of the user's: its interface, its neighbours, its loopback; no power over any of it" {
	[ -x "$BUILD/bailey-net" ] || skip "needs bailey-net: it was built without libnl-route-3"
	command -v pasta > /dev/null || skip "needs pasta: the package passt is not installed"
	run on_host 'one -p $P/hub.conf sh -c "$ANSWER 127.0.0.1 9000 inner 1 & echo up > ~/share/up; exec sleep 60"
		$B run -p $P/join.conf sh -c "ip -br -4 addr show eth0; $ASK 198.51.100.7 80; until $ASK 127.0.0.1 9000 | grep inner; do sleep 0.1; done; ip link set eth0 down; cat /proc/self/uid_map; hostname"
		ip -br addr show dev br-user; end'
	[[ ${lines[0]} == *"10.213.64.2/20"* ]]
	[ "${lines[1]}" = "outside 203.0.113.10" ]
	[[ ${lines[2]} == "inner 127.0.0.1" ]]
	[[ $output == *"Operation not permitted"* ]]
	[[ $output == *join* ]]
}
@test "of a sandbox that may have user namespaces, whoever the program is in there" {
	run on_host 'one -p $P/none.conf --set namespaces.user=nested sh -c "$ANSWER 127.0.0.1 9000 inner 1 & echo up > ~/share/up; exec sleep 60"
		$B run -p $P/join.conf sh -c "until $ASK 127.0.0.1 9000 | grep inner; do sleep 0.1; done; id -u"; end
		one -p $P/none.conf --set namespaces.user=nested --set identity.user=root sh -c "echo up > ~/share/up; exec sleep 60"
		$B run -p $P/join.conf id -u; $B run -p $P/join.conf --set identity.user=root id -u; end; id -u'
	[ "${lines[0]}" = "inner 127.0.0.1" ]
	[ "${lines[1]}" = "${lines[-1]}" ]
	[ "${lines[2]}" = "${lines[-1]}" ]
	[ "${lines[3]}" = 0 ]
}
@test "what the kernel does not let in, the host's network, and nobody of that name are refused with the reason" {
	run on_host 'one -p $P/none.conf sh -c "echo up > ~/share/up; exec sleep 60"; $B run -p $P/join.conf true; echo "status $?"; end
		one -p $P/host.conf sh -c "echo up > ~/share/up; exec sleep 60"; $B run -p $P/join.conf true; echo "status $?"; end
		$B run -p $P/join.conf true; echo "status $?"; sed "s/join = \"one\";//" $P/join.conf > j.conf; $B run -p ./j.conf true; echo "status $?"
		$B run -p $P/join.conf --set network.allow=tcp:443 true; echo "status $?"; $B run -p $P/join.conf --set identity.user=mapped true; echo "status $?"'
	[[ $output == *"join.conf:3: error: cannot join the network of the sandbox one: No space left on device"* ]]
	[[ $output == *"its profile forbids user namespaces"* ]]
	[[ $output == *"the sandbox one has the host's network"* ]]
	[[ $output == *"there is no running sandbox \"one\" whose network could be joined"* ]]
	[[ $output == *"j.conf:3: error: network.mode: \"join\": whose?"* ]]
	[[ $output == *"mode \"join\" has no network of its own that rules could be made for"* ]]
	[[ $output == *"\"mapped\" does not go with the network of another sandbox"* ]]
	[[ $output != *"status 0"* ]]
}
@test "a program that has moved to a network of its own making is not followed" {
	run on_host 'one -p $P/none.conf --set namespaces.user=nested --set syscalls.allow=@sandbox unshare -Urn sh -c "echo up > ~/share/up; exec sleep 60"
		$B run -p $P/join.conf true; echo "status $?"; end'
	[[ $output == *"the network of the sandbox one is none that bailey has made for it"* ]]
	[[ $output == *"status 125"* ]]
}
@test "explain says whose network it is" {
	run on_host '$B explain $P/join.conf'
	[[ $output == *"the sandbox one"* ]]
	[[ $output == *"The network is another one's"* ]]
}
@test "root joins a network namespace that has a name, also for a program that is not root" {
	cat > "$BATS_TEST_TMPDIR/blue.conf" << END
inherit = [ "default" ];
identity = { user = "$USER_NAME"; };
network = { mode = "join"; join = "blue"; };
END
	run timeout 60 "$TREE/tests/lib/net-host" bash -c 'B=$1 P=$2; mount -t tmpfs tmpfs /run; ip netns add blue; ip -n blue link set lo up; ip -n blue addr add 10.66.0.1/32 dev lo
		"$B" run -p "$P" sh -c "id -u; ip -br -4 addr; ip link set lo down" 2>&1; ip -n blue -br link show lo; echo x > /run/netns/green
		sed "s/blue/green/" "$P" > /run/green.conf; "$B" run -p /run/green.conf true; echo "status $?"; ip netns del blue' bash "$BUILD/bailey" "$BATS_TEST_TMPDIR/blue.conf"
	[ "${lines[0]}" = "$(id -u "$USER_NAME")" ]
	[[ ${lines[1]} == lo*10.66.0.1/32* ]]
	[[ $output == *"Operation not permitted"* ]]
	[[ $output == *"is no network namespace"* ]]
	[[ $output == *"status 125"* ]]
}
