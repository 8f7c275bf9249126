#!/usr/bin/env bats
# Networks of an ordinary user: sandboxes on a bridge in a hub of the user's, on a host of the tests' own (tests/lib/net-host).

load rig

setup_file() {
	is_root || return 0
	rig_hub
	mkdir "$COPY/tests/web"
	echo inside > "$COPY/tests/web/who"
	# The client speaks first: some pasta lets no server do so that is asked from elsewhere than the loopback.
	cat > "$COPY/tests/get.py" << 'END'
import sys, urllib.request
try:
    print(urllib.request.urlopen("http://%s/who" % sys.argv[1], timeout=5).read().decode().strip())
except OSError as e:
    print("no:", e)
END
	rig_own
}
setup() {
	rig_hub_setup
}

@test "without any set-up: the outside is reached, over IPv4 and IPv6; the host's loopback is not; nothing is left" {
	run rig_on_hub '$B run -p $P/a.conf $ASK 198.51.100.7 80; $B run -p $P/a.conf $ASK 2001:db8:7::7 80
		$B run -p $P/a.conf $ASK 127.0.0.1 8001; $B run -p $P/a.conf $ASK 203.0.113.1 8001; $B run -p $P/a.conf $ASK 10.213.64.1 8001; $ASK 127.0.0.1 8001; left'
	[ "${lines[0]}" = "outside 203.0.113.10" ]
	[ "${lines[1]}" = "outside6 2001:db8::10" ]
	[[ ${lines[2]} == "no: "* ]]
	[[ ${lines[3]} == "no: "* ]]
	[[ ${lines[4]} == "no: "* ]]
	[ "${lines[5]}" = "loopback 127.0.0.1" ]
	[ "${#lines[@]}" -eq 6 ]
}
@test "two sandboxes find each other by name, in both directions, and ping; one hub, one pasta" {
	run rig_on_hub '$B run -p $P/a.conf $ANSWER :: 9000 first 3 & one=$!
		await 20 grep -qw a $hub/user/hosts
		$B run -p $P/b.conf sh -c "until $ASK a 9000 | grep -q first; do sleep 0.1; done; exec $ANSWER 0.0.0.0 9001 second 1" & two=$!
		await 20 grep -qw b $hub/user/hosts
		processes | grep -c "^S.*pasta --foreground"
		$B run -p $P/a.conf --name third sh -c "$ASK a 9000; getent hosts third; python3 $P/tests/ping.py b; python3 $P/tests/ping.py a
			until $ASK b 9001 | grep second; do sleep 0.1; done; $ASK a 9000"
		wait $one $two; left'
	[ "${lines[0]}" = 1 ]
	[[ $output == *"first fd62:6169:6c65:79::"* ]]
	[[ $output == *"second 10.213.64."* ]]
	[[ $output == *"third"* ]]
	[ "$(grep -cE "^[46] yes$" <<< "$output")" -eq 4 ]
	[[ $output != *left:* ]]
}
@test "the user's own networks; one without masquerade leads nowhere, and networks do not see each other" {
	run rig_on_hub 'mkdir -p .config/bailey; printf "networks = ( { name = \"quiet\"; subnet4 = \"10.77.0.0/24\"; } );\n" > .config/bailey/networks.conf
		$B run -p $P/a.conf $ANSWER 0.0.0.0 9000 first 1 & one=$!; await 20 grep -qw a $hub/user/hosts; at=$(grep -w a $hub/user/hosts | head -1 | cut -d" " -f1)
		$B run -p $P/quiet.conf sh -c "ip -br -4 addr show eth0; $ASK 198.51.100.7 80; $ASK $at 9000; $ASK 10.213.64.1 9000"
		until $B run -p $P/b.conf $ASK a 9000 | grep first; do sleep 0.1; done; wait $one; left'
	[[ ${lines[0]} == *"10.77.0.2/24"* ]]
	[ "${lines[1]}" = "no: Network is unreachable" ]
	[ "${lines[2]}" = "no: Network is unreachable" ]
	[ "${lines[3]}" = "no: Network is unreachable" ]
	[[ ${lines[4]} == "first 10.213.64."* ]]
	[ "${#lines[@]}" -eq 5 ]
}
@test "forwarded ports lead inside, from the loopback and from other addresses, over IPv4 and IPv6; others do not" {
	run rig_on_hub 'sed "s/bridge = \"user\";/bridge = \"user\"; forward = ( { host = \"127.0.0.1:9090\"; port = 9000; }, { host = \"203.0.113.10:9091\"; port = 9000; }, { host = \"[::1]:9092\"; port = 9000; }, { host = \"[2001:db8::10]:9093\"; port = 9000; } );/" $P/a.conf > f.conf
		$B run -p ./f.conf python3 -m http.server -d $P/tests/web -b :: 9000 2> err & l=$!
		get() { python3 $P/tests/get.py "$1"; }; up() { [ "$(get 127.0.0.1:9090)" = inside ]; }; await 20 up
		get 127.0.0.1:9090; get 203.0.113.10:9091; get "[::1]:9092"; get "[2001:db8::10]:9093"; get 127.0.0.1:9000; get 203.0.113.10:9090
		$B run -p $P/b.conf python3 $P/tests/get.py a:9000; $B run -p ./f.conf true; echo "status $?"
		kill $l; wait $l 2> /dev/null; get 127.0.0.1:9090; cat err | grep -v "GET /who"; left'
	[ "${lines[0]} ${lines[1]} ${lines[2]} ${lines[3]}" = "inside inside inside inside" ]
	[[ ${lines[4]} == "no: "* ]]
	[[ ${lines[5]} == "no: "* ]]
	[ "${lines[6]}" = inside ]
	[[ $output == *"f.conf:3: error: cannot connect the sandbox's network: pasta: "* ]]
	[[ $output == *"status 125"* ]]
	[[ ${lines[-1]} == "no: "* ]]
}
@test "the program has no power over its interface, over the hub, or its files" {
	run rig_on_hub '$B run -p $P/a.conf --set namespaces.user=nested --set syscalls.allow=@sandbox sh -c "ip link set eth0 down; ip -br link show eth0
		unshare -Ur ip link set eth0 down; ls $hub; ls $XDG_RUNTIME_DIR/bailey; echo x >> /etc/hosts; cat /proc/self/uid_map" 2>&1; left'
	[ "$(grep -c "Operation not permitted" <<< "$output")" -eq 2 ]
	[[ $output == *"eth0@"*UP* ]]
	[ "$(grep -c "No such file" <<< "$output")" -eq 2 ]
	[[ $output == *"/etc/hosts: "* ]]
	[[ $output != *left:* ]]
}
@test "who the program is: self and root as without a hub; mapped is refused with the reason" {
	run rig_on_hub 'i="id -u; cat /proc/self/uid_map"; $B run -p $P/a.conf sh -c "$i"; $B run -p $P/a.conf --set identity.user=root sh -c "$i"; id -u
		$B run -p $P/a.conf --set identity.user=mapped true; echo "status $?"; left'
	[ "${lines[0]}" = "${lines[4]}" ]
	[ "${lines[2]}" = 0 ]
	[[ $output == *"\"mapped\" does not go with the user's network \"user\""* ]]
	[[ ${lines[-1]} == "status 2" ]]
}
@test "no pasta, no place, a mistake in the file: said with the line; root's networks are not the user's" {
	run rig_on_hub 'mkdir none; for p in sh true env; do ln -sf "$(command -v $p)" none/; done; PATH=$HOME/none $B run -p $P/a.conf true; echo "status $?"; rm -r none
		mkdir -p .config/bailey; printf "networks = (\n{ name = \"quiet\"; subnet4 = \"10.77.0.1/24\"; } );\n" > .config/bailey/networks.conf; $B run -p $P/quiet.conf true; echo "status $?"
		chmod 666 .config/bailey/networks.conf; $B run -p $P/quiet.conf true; echo "status $?"; rm .config/bailey/networks.conf
		$B run -p $P/quiet.conf true; echo "status $?"; left'
	[[ $output == *"a.conf:3: error: network.bridge: \"user\" needs pasta: the program pasta is not in PATH"* ]]
	[[ $output == *"install the package passt"* ]]
	[[ $output == *"networks.conf:2: error: networks.subnet4: \"10.77.0.1/24\" is an address in a network"* ]]
	[[ $output == *"networks.conf: error: this has to be a file of the user's that nobody else may write to"* ]]
	[[ $output == *"quiet.conf:3: error: network.mode: only root can connect a program to a bridge"* ]]
	[[ $output == *"network.bridge = \"user\""* ]]
	[[ $output != *"status 0"* ]]
	[[ $output != *left:* ]]
}
@test "rates hold in both directions, for a user too" {
	run rig_on_hub 'sed "s/bridge = \"user\";/bridge = \"user\"; rate_in = \"20Mbit\"; rate_out = \"8Mbit\";/" $P/a.conf > $HOME/r.conf
		$B run -p $P/b.conf python3 $P/tests/flow.py serve 0.0.0.0 7000 & s=$!; await 10 grep -qw b $hub/user/hosts
		$B run -p $HOME/r.conf sh -c "i=0; until python3 $P/tests/flow.py get b 7000 0.1 > /dev/null 2>&1; do i=\$((i + 1)); [ \$i -lt 50 ] || exit 1; sleep 0.1; done
			python3 $P/tests/flow.py get b 7000 3; python3 $P/tests/flow.py put b 7000 3"
		{ kill $s; wait $s; } 2> /dev/null; left'
	[ "${lines[0]}" -ge 12 ] && [ "${lines[0]}" -le 22 ]
	[ "${lines[1]}" -ge 5 ] && [ "${lines[1]}" -le 9 ]
	[ "${#lines[@]}" -eq 2 ]
}
