#!/usr/bin/env bats
# Several interfaces of one sandbox on networks of an ordinary user, and what those networks cannot have or lack.

load rig

setup_file() {
	is_root || return 0
	rig_hub
}
teardown_file() {
	is_root || return 0
	rig_remove
}
setup() {
	rig_hub_setup
}

# In a script: the network "quiet" beside the one that is built in; several NAME LIST makes a profile, try EXTRA runs one with it.
BEGIN='mkdir -p .config/bailey; printf "networks = ( { name = \"quiet\"; subnet4 = \"10.77.0.0/24\"; } );\n" > .config/bailey/networks.conf
	several() { sed "s/bridge = \"[a-z]*\";/interfaces = ( $2 );/" $P/a.conf > $P/$1.conf; }
	try() { sed "s/bridge = \"user\";/$1/" $P/a.conf > $P/m.conf; $B run -p $P/m.conf true; echo "status $?"; rm $P/m.conf; }
	'

@test "two networks of the user's: each interface has its address, one the default route, which need not be the first" {
	run rig_on_hub "$BEGIN"'show="ip -o -4 addr show scope global; ip route show default; ip -6 route show default; $ASK 198.51.100.7 80; $ASK 2001:db8:7::7 80"
		several m "{ bridge = \"user\"; }, { bridge = \"quiet\"; mtu = 1400; }"; $B run -p $P/m.conf sh -c "$show; ip link show eth1 | grep -o \"mtu 1400\""
		several m "{ bridge = \"quiet\"; address = \"10.77.0.9\/24\"; }, { bridge = \"user\"; }"; $B run -p $P/m.conf sh -c "$show"; rm $P/m.conf; left'
	echo "$output"
	[[ ${lines[0]} == *"eth0 "*"10.213.64."*"/20 "* ]]
	[[ ${lines[1]} == *"eth1 "*"10.77.0.2/24 "* ]]
	[[ ${lines[2]} == "default via 10.213.64.1 dev eth0"* ]]
	[[ ${lines[3]} == "default via fd62:6169:6c65:79::1 dev eth0"* ]]
	[ "${lines[4]} ${lines[5]}" = "outside 203.0.113.10 outside6 2001:db8::10" ]
	[ "${lines[6]}" = "mtu 1400" ]
	[[ ${lines[7]} == *"eth0 "*"10.77.0.9/24 "* ]]
	[[ ${lines[8]} == *"eth1 "*"10.213.64."*"/20 "* ]]
	[[ ${lines[9]} == "default via 10.213.64.1 dev eth1"* ]]
	[ "${lines[11]} ${lines[12]}" = "outside 203.0.113.10 outside6 2001:db8::10" ]
	[ "${#lines[@]}" -eq 13 ]
}
@test "a sandbox on two networks reaches both, and leads from neither to the other; nobody else does, nor leaves one that leads nowhere" {
	run rig_on_hub "$BEGIN"'several m "{ bridge = \"user\"; }, { bridge = \"quiet\"; }"
		$B run -p $P/quiet.conf $ANSWER 0.0.0.0 9000 quiet 1 & one=$!; await 20 grep -qw quiet $hub/quiet/hosts; q=$(grep -w quiet $hub/quiet/hosts | head -1 | cut -d" " -f1)
		$B run -p $P/b.conf $ANSWER 0.0.0.0 9000 user 1 & two=$!; await 20 grep -qw b $hub/user/hosts
		$B run -p $P/a.conf --name other $ASK $q 9000
		sed "s/bridge = \"quiet\";/bridge = \"quiet\"; gateway = [ \"10.77.0.1\" ];/" $P/quiet.conf > $P/g.conf; $B run -p $P/g.conf --name out $ASK 198.51.100.7 80; rm $P/g.conf
		$B run -p $P/m.conf sh -c "until $ASK b 9000 | grep user; do sleep 0.1; done; until $ASK $q 9000 | grep quiet; do sleep 0.1; done; cat /proc/sys/net/ipv4/ip_forward"
		wait $one $two; rm $P/m.conf; left'
	echo "$output"
	[[ ${lines[0]} == "no: "* ]]
	[[ ${lines[1]} == "no: "* ]]
	[[ ${lines[2]} == "user 10.213.64."* ]]
	[[ ${lines[3]} == "quiet 10.77.0."* ]]
	[ "${lines[4]}" = 0 ]
	[ "${#lines[@]}" -eq 5 ]
}
@test "kill -9 of its launcher and helper: both leases are free again for the next one" {
	run rig_on_hub "$BEGIN"'several m "{ bridge = \"user\"; address = \"10.213.64.9\/20\"; }, { bridge = \"quiet\"; address = \"10.77.0.9\/24\"; }"
		$B run -p $P/b.conf sleep 60 & k=$!; await 20 grep -qw b $hub/user/hosts
		$B run -p $P/m.conf sleep 60 & l=$!; await 20 grep -qw a $hub/quiet/hosts
		kill -KILL $l $(pgrep -U "$(id -u)" -P $l -x bailey-net); wait $l 2> /dev/null
		$B run -p $P/m.conf sh -c "ip -o -4 addr show scope global | grep -o \"inet [0-9.]*\""; { kill $k; wait $k; } 2> /dev/null; rm $P/m.conf; left'
	echo "$output"
	[ "${lines[0]}" = "inet 10.213.64.9" ]
	[ "${lines[1]}" = "inet 10.77.0.9" ]
	[ "${#lines[@]}" -eq 2 ]
}
@test "what does not go together names both lines: a bridge of the host, host_fallback, forwarded ports with rates or without a way in" {
	run rig_on_hub "$BEGIN"'try "interfaces = ( { bridge = \"user\"; }, { bridge = \"lan\"; } );"; try "interfaces = ( { bridge = \"lan\"; }, { bridge = \"quiet\"; } );"
		mkdir none; for p in sh true env sed rm; do ln -sf "$(command -v $p)" none/; done; (PATH=$HOME/none; try "bridge = \"user\"; host_fallback = true;"); rm -r none
		f="forward = ( { host = \"127.0.0.1:9090\"; port = 9000; } );"; try "bridge = \"user\"; rate_out = \"8Mbit\"; $f"; try "interfaces = ( { bridge = \"quiet\"; }, { bridge = \"user\"; } ); $f"; left'
	echo "$output"
	[[ $output == *"m.conf:3: error: network.interfaces: \"lan\" is no network of the user's, and does not go with one of those, \"user\" ("*"m.conf:3)"* ]]
	[[ $output == *"m.conf:3: error: network.interfaces: \"lan\" is no network of the user's, and does not go with one of those, \"quiet\" ("*"m.conf:3)"* ]]
	[[ $output == *"m.conf:3: error: network.bridge: \"user\" needs pasta: the program pasta is not in PATH"* ]]
	[[ $output == *"install the package passt; network.host_fallback ("*"m.conf:3) is for mode \"user\" alone"* ]]
	[[ $output == *"m.conf:3: error: network.forward: what comes by a forwarded port goes past network.rate_in and network.rate_out"* ]]
	[[ $output == *"m.conf:3: error: network.forward: the network \"quiet\" ("*") leads nowhere, and from nowhere"* ]]
	[ "$(grep -c "^status 2$" <<< "$output")" -eq 5 ]
	[[ $output != *left:* ]]
}
@test "what would make no interface names the line: MTU, addresses, names that are too long, networks that overlap" {
	run rig_on_hub "$BEGIN"'try "bridge = \"user\"; mtu = 10;"; try "bridge = \"user\"; mtu = 1000;"; try "bridge = \"user\"; address = [ \"10.9.0.5/24\" ];"
		sed "s/bridge = \"user\";/bridge = \"user\"; address = [ \"10.9.0.5\/24\" ];/" $P/a.conf > $P/m.conf; $B run -p $P/m.conf true; echo "status $?"
		sed "s/bridge = \"user\";/bridge = \"user\"; address = [ \"10.213.64.1\/20\" ];/" $P/a.conf > $P/m.conf; $B run -p $P/m.conf true; echo "status $?"; rm $P/m.conf
		c=.config/bailey/networks.conf
		printf "networks = (\n{ name = \"long\"; bridge = \"a-bridge-of-16-b\"; subnet4 = \"10.78.0.0/24\"; } );\n" > $c; try "bridge = \"long\";"
		printf "networks = (\n{ name = \"a-name-of-16-byt\"; subnet4 = \"10.78.0.0/24\"; } );\n" > $c; try "bridge = \"a-name-of-16-byt\";"
		printf "networks = ( { name = \"one\"; subnet4 = \"10.78.0.0/16\"; },\n{ name = \"two\"; subnet4 = \"10.78.9.0/24\"; } );\n" > $c; try "bridge = \"one\";"
		printf "networks = ( { name = \"mine\"; subnet4 = \"10.213.64.0/24\"; } );\n" > $c; try "bridge = \"user\";"; left'
	echo "$output"
	[[ $output == *"m.conf:3: error: network.mtu: 10 is not between 68 and 65535"* ]]
	[[ $output == *"m.conf:3: error: network.mtu: IPv6 takes 1280 at least"* ]]
	[[ $output == *"m.conf:3: error: network.address: \"10.9.0.5/24\" is not in 10.213.64.0/20 of the network \"user\" ("* ]]
	[[ $output == *"m.conf:3: error: network.address: \"10.213.64.1/20\" is the bridge's own address"* ]]
	[ "$(grep -c "^status 0$" <<< "$output")" -eq 0 ]
	[[ $output != *left:* ]]
}
# On that host without what lies at some paths: hidden PATHS SCRIPT, as rig_on_hub runs it.
hidden() {
	local tree=$TREE tools=$BATS_TEST_TMPDIR/without
	mkdir -p "$tools/tests/lib"
	printf '#!/bin/sh\n[ "$1" = --inside ] || exec unshare --mount --propagation private "$0" --inside "$@"\nshift\nexec %s sh -c '\''for f in %s; do [ ! -e "$f" ] || mount --bind /etc/passwd "$f" || exit 1; done; exec "$@"'\'' sh "$@"\n' \
		"$tree/tests/lib/net-host" "$1" > "$tools/tests/lib/net-host"
	chmod 755 "$tools/tests/lib/net-host"
	TREE=$tools rig_on_hub "$2"
}
lacking='$B run -p $P/a.conf true; echo "status $?"; left'
@test "without nft or tun: the line, and the package" {
	run hidden '/usr/sbin/nft /sbin/nft /usr/bin/nft /usr/local/sbin/nft' "$lacking"
	echo "$output"
	[[ ${lines[0]} == *"networks.masquerade: the program nft is not there" ]]
	[[ ${lines[1]} == *"install the package nftables" ]]
	[ "${lines[2]}" = "status 2" ]
	run hidden /dev/net/tun "$lacking"
	echo "$output"
	[[ ${lines[0]} == *"a.conf:3: error: network.bridge: \"user\" needs pasta: there is no /dev/net/tun" ]]
	[[ ${lines[1]} == *"modprobe tun"* ]]
	[ "${lines[2]}" = "status 2" ]
}
@test "without bailey-net or its libnl: the line, and the package; no hub stays" {
	run rig_on_hub 'mv $P/build/bailey-net $P/build/away; '"$lacking"'
		printf "#!/bin/sh\necho \"bailey-net: error while loading shared libraries: libnl-route-3.so.200: cannot open\" >&2; exit 127\n" > $P/build/bailey-net
		chmod 755 $P/build/bailey-net; '"$lacking"'; mv $P/build/away $P/build/bailey-net'
	echo "$output"
	[[ ${lines[0]} == *"a.conf:3: error: bailey-net: cannot be run: No such file or directory" ]]
	[[ ${lines[1]} == *"comes with a bailey that was built with libnl" ]]
	[ "${lines[2]}" = "status 125" ]
	[[ ${lines[3]} == *"a.conf:3: error: bailey-net: "*"loading shared libraries"* ]]
	[[ ${lines[4]} == *"install libnl (Debian: libnl-route-3-200, Fedora: libnl3, Arch: libnl)" ]]
	[ "${lines[5]}" = "status 125" ]
	[ "${#lines[@]}" -eq 6 ]
}
@test "bailey net show and top of a sandbox on a hub: interfaces, addresses, rules and live bytes" {
	run rig_on_hub '$B run -p $P/b.conf python3 $P/tests/flow.py serve 0.0.0.0 7000 & s=$!; await 20 grep -qw b $hub/user/hosts
		$B run -p $P/a.conf --name shown --set network.allow=tcp:7000 sh -c "until python3 $P/tests/flow.py get b 7000 1 2> /dev/null; do sleep 0.1; done > /dev/null; exec sleep 60" & l=$!
		bytes() { python3 -c "import json, sys
for x in json.load(sys.stdin)[sys.argv[1]]:
    if x[\"name\"] == sys.argv[2]: print(x[\"received\"], x[\"sent\"])" "$@"; }
		same() { one=$($B top --json | bytes sandboxes shown) two=$($B net show shown --json | bytes interfaces eth0); [ "${one%% *}" -gt 100000 ] && [ "$one" = "$two" ]; }
		await 30 same; echo "$one / $two"; $B net show shown; kill $l $s; wait $l $s 2> /dev/null; left'
	echo "$output"
	[[ ${lines[0]} =~ ^([0-9]+)\ [0-9]+\ /\ ([0-9]+)\ [0-9]+$ ]]
	[ "${BASH_REMATCH[1]}" -gt 100000 ]
	[ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
	[[ $output == *"eth0: up, MTU "* ]]
	[[ $output == *$'\n    10.213.64.'*"/20"* ]]
	[[ $output == *"default via 10.213.64.1 by eth0"* ]]
	[[ $output == *"tcp dport 7000 counter packets "* ]]
	[[ $output != *left:* ]]
}
