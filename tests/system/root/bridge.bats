#!/usr/bin/env bats
# network.mode = "bridge" on a host of the tests' own (tests/lib/net-host), by root.

load rig

setup() { rig_host; }

@test "a sandbox reaches the outside behind the host's address, over IPv4 and IPv6, and nothing is left after" {
	run on_host '$B run -p $P/a.conf $ASK 198.51.100.7 80; $B run -p $P/a.conf $ASK 2001:db8:7::7 80; $B run -p $P/a.conf $ASK 127.0.0.1 8001; left'
	[ "${lines[0]}" = "outside 203.0.113.10" ]
	[ "${lines[1]}" = "outside6 2001:db8::10" ]
	[[ ${lines[2]} == "no: "* ]]
	[ "${#lines[@]}" -eq 3 ]
}
@test "two sandboxes find each other by name, in both directions, and ping" {
	run on_host '$B run -p $P/a.conf $ANSWER :: 9000 first 2 & one=$!
		await 10 grep -qw a /run/bailey-net/lan/hosts
		$B run -p $P/b.conf $ANSWER 0.0.0.0 9001 second 1 & two=$!
		await 10 grep -qw b /run/bailey-net/lan/hosts
		$B run -p $P/a.conf --name third sh -c "$ASK a 9000; getent hosts third; python3 $P/ping.py b; python3 $P/ping.py a; $ASK b 9001; $ASK a 9000"
		wait $one $two; left'
	[[ $output == *"first fd00:9::"* ]]
	[[ $output == *"second 10.9.0."* ]]
	[[ $output == *"third"* ]]
	[ "$(grep -cE "^[46] yes$" <<< "$output")" -eq 4 ]
	[ "${#lines[@]}" -eq 8 ]
}
@test "an earlier sandbox finds a later one by its name" {
	run on_host '$B run -p $P/a.conf sh -c "i=0; until getent hosts b > /dev/null; do sleep 0.1; i=\$((i + 1)); [ \$i -lt 80 ] || exit 1; done; $ASK b 9001 || { sleep 1; $ASK b 9001; }" & one=$!
		$B run -p $P/b.conf $ANSWER 0.0.0.0 9001 second 1 & wait $one; kill $!; wait; left'
	[[ $output == *"second 10.9.0."* ]]
}
@test "a forwarded port leads inside, from outside and from the host; others do not" {
	run on_host 'sed "s/bridge = \"lan\";/bridge = \"lan\"; forward = ( { host = \"0.0.0.0:9090\"; port = 9000; }, { host = \"[2001:db8::10]:9090\"; port = 9000; } );/" $P/a.conf > $P/f.conf
		$B run -p $P/f.conf $ANSWER :: 9000 inside 4 & one=$!
		await 10 $ASK 203.0.113.10 9090
		out $ASK 203.0.113.10 9090; out $ASK 2001:db8::10 9090; out $ASK 203.0.113.10 9000
		out ip route add 10.9.0.0/24 via 203.0.113.10; out $ASK 10.9.0.2 9000 3
		$ASK 203.0.113.10 9090; wait $one; left'
	[ "${lines[0]}" = "inside ::ffff:203.0.113.1" ]
	[ "${lines[1]}" = "inside 2001:db8::1" ]
	[[ ${lines[2]} == "no: "* ]]
	[[ ${lines[3]} == "no: "* ]]
	[[ ${lines[4]} == "inside "* ]]
	[ "${#lines[@]}" -eq 5 ]
}
@test "a network without masquerade leads nowhere; its sandboxes reach each other" {
	run on_host '$B run -p $P/c.conf $ANSWER 0.0.0.0 9000 first 1 & one=$!
		await 10 grep -qw c /run/bailey-net/quiet/hosts; sleep 0.5
		$B run -p $P/c.conf sh -c "$ASK 198.51.100.7 80; $ASK c 9000"; wait $one; left'
	[ "${lines[0]}" = "no: Network is unreachable" ]
	[[ ${lines[1]} == "first 10.8.0."* ]]
	[ "${#lines[@]}" -eq 2 ]
}
@test "addresses, gateway, MAC and MTU as the profile says" {
	run on_host 'sed "s/bridge = \"lan\";/bridge = \"lan\"; address = [ \"10.9.0.77\/24\" ]; gateway = [ \"10.9.0.9\" ]; mac = \"02:00:00:00:00:05\"; mtu = 1400;/" $P/a.conf > $P/s.conf
		$B run -p $P/s.conf sh -c "ip -br -4 addr show eth0; ip route show default; cat /sys/class/net/eth0/mtu; ip -o link show eth0; ip -6 addr show eth0"; left'
	[[ ${lines[0]} == *"10.9.0.77/24"* ]]
	[[ ${lines[1]} == "default via 10.9.0.9 dev eth0"* ]]
	[[ $output == *"mtu 1400"* ]]
	[[ $output == *"02:00:00:00:00:05"* ]]
	[[ $output != *inet6* ]]
}
@test "the program has no power over its interface" {
	run on_host '$B run -p $P/a.conf sh -c "ip link set eth0 down; ip addr add 10.9.0.99/24 dev eth0; ip -br link show eth0" 2>&1; left'
	[[ $output == *"Operation not permitted"* ]]
	[[ ${lines[-1]} == eth0*UP* ]]
}
@test "a pool that is used up; its addresses come back" {
	run on_host '$B run -p $P/d.conf sleep 30 & one=$!; $B run -p $P/d.conf sleep 30 & two=$!
		n() { [ "$(grep -cw d.* /run/bailey-net/tiny/leases)" = 2 ]; }; await 10 n
		$B run -p $P/d.conf true; echo "status $?"; $B net show tiny
		kill $one $two; wait $one $two; $B run -p $P/d.conf ip -br -4 addr show eth0; left'
	[[ $output == *"d.conf:3: error: cannot connect the sandbox's network: all addresses of the network \"tiny\", 10.7.0.10-10.7.0.11, are in use"* ]]
	[[ $output == *"status 125"* ]]
	[[ $output == *"tiny: bridge tiny, up"* ]]
	[[ $output == *"d-2 "*"10.7.0.1"*"bytes received"* ]]
	[[ ${lines[-1]} == *"10.7.0.10/24"* ]]
}
@test "kill -9 of the launcher leaves nothing; of its helper too, the next start sweeps" {
	run on_host '$B run -p $P/a.conf sleep 60 & l=$!; await 10 grep -qw a /run/bailey-net/lan/hosts; kill -KILL $l; wait $l 2> /dev/null
		gone() { [ ! -e /run/bailey-net ]; }; await 5 gone; left; echo one
		$B run -p $P/a.conf sleep 60 & l=$!; await 10 grep -qw a /run/bailey-net/lan/hosts
		h=$(pgrep -x bailey-net -P $l); kill -KILL $h $l; wait $l 2> /dev/null; sleep 0.5; [ -e /run/bailey-net/lan/leases ] && echo stale
		$B run -p $P/a.conf ip -br -4 addr show eth0; left'
	[ "${lines[0]}" = one ]
	[ "${lines[1]}" = stale ]
	[[ ${lines[2]} == *"10.9.0.2/24"* ]]
	[ "${#lines[@]}" -eq 3 ]
}
@test "net up keeps a network, down removes it unless it is used; list and show" {
	run on_host '$B net list; $B net up quiet; $B net list; $B net show quiet; $B run -p $P/c.conf true; ip -br link show br-quiet
		$B run -p $P/c.conf sleep 30 & l=$!; await 10 grep -qw c /run/bailey-net/quiet/hosts; $B net down quiet; echo "status $?"; $B net show quiet --json | grep -c "\"interface\""
		kill $l; wait $l; $B net down quiet; left; $B net up nowhere; echo "status $?"'
	[[ ${lines[0]} == "lan "*"br-lan"*"down 10.9.0.0/24, fd00:9::/64, masqueraded" ]]
	[[ ${lines[1]} == "quiet "*"down 10.8.0.0/16" ]]
	[[ ${lines[4]} == "quiet "*"up "* ]]
	[[ $output == *"no sandbox uses it"* ]]
	[[ $output == *"the network \"quiet\" is used by 1 sandbox: Device or resource busy"* ]]
	[[ $output == *"status 125"* ]]
	[[ $output == *"there is no network \"nowhere\""* ]]
	[ "${lines[-1]}" = "status 2" ]
}
@test "a bridge that is there already is used and stays" {
	run on_host 'ip link add br-own type bridge; ip addr add 10.6.0.1/24 dev br-own; ip link set br-own up
		sed "s/bridge = \"lan\";/bridge = \"br-own\"; address = [ \"10.6.0.5\/24\" ];/" $P/a.conf > $P/o.conf
		$ANSWER 10.6.0.1 9000 host 2 & await 10 $ASK 10.6.0.1 9000; $B run -p $P/o.conf $ASK 10.6.0.1 9000; wait; left'
	[[ ${lines[0]} == "host 10.6.0.5" ]]
	[[ ${lines[1]} == *br-own* ]]
	[ "${#lines[@]}" -eq 2 ]
}
@test "mistakes name the line" {
	run on_host 'try() { sed "s/bridge = \"lan\";/$1/" $P/a.conf > $P/m.conf; $B run -p $P/m.conf true; echo "status $?"; }
		try "bridge = \"lna\";"; try "bridge = \"a-bridge-with-a-long-name\";"; try "bridge = \"lan\"; address = [ \"10.8.0.5\/24\" ];"
		try "bridge = \"lan\"; mtu = 10;"; try ""; try "bridge = \"lan\"; gateway = [ \"10.8.0.1\" ];"; try "bridge = \"eth0\";"
		try "bridge = \"lan\"; forward = ( { host = \"8080\"; port = 80; } );"
		chmod 666 /etc/bailey/networks.conf; try "bridge = \"lan\";"; chmod 644 /etc/bailey/networks.conf
		printf "networks = (\n{ name = \"x\"; subnet4 = \"10.0.0.0/8\"; },\n{ name = \"y\"; bridge = \"a-bridge-with-a-long-name\"; subnet4 = \"10.9.0.0/24\"; masquerade = true; } );\n" > /etc/bailey/networks.conf; $B net list; left'
	[[ $output == *"m.conf:3: error: network.bridge: \"lna\" is no network of "* ]]
	[[ $output == *"did you mean \"lan\"?"* ]]
	[[ $output == *"too long for a bridge: the kernel takes 15 bytes"* ]]
	[[ $output == *"m.conf:3: error: network.address: \"10.8.0.5/24\" is not in 10.9.0.0/24 of the network \"lan\""* ]]
	[[ $output == *"m.conf:3: error: network.mtu: 10 is not between 68 and 65535"* ]]
	[[ $output == *"network.mode: \"bridge\": which one?"* ]]
	[[ $output == *"network.gateway: 10.8.0.1 lies in no network of the interface"* ]]
	[[ $output == *"forwards nothing from the host's loopback"* ]]
	[[ $output == *"networks.conf: error: this has to be a file of root's that nobody else may write to"* ]]
	[[ $output == *"networks.conf:3: error: networks.bridge: \"a-bridge-with-a-long-name\" cannot be the name of a bridge"* ]]
	[[ $output == *"networks.conf:3: error: networks.subnet4: 10.9.0.0/24 overlaps with 10.0.0.0/8 of \"x\""* ]]
	[[ $output != *"status 0"* ]]
}
@test "IPv6 that is turned off: the line, the kernel's reason and what to do; nothing is left" {
	run on_host 'for x in default all; do echo 1 > /proc/sys/net/ipv6/conf/$x/disable_ipv6; done; $B run -p $P/a.conf true; echo "status $?"; left; $B run -p $P/c.conf echo four'
	[[ ${lines[0]} == "/etc/bailey/networks.conf:2: error: cannot connect the sandbox's network: cannot give the interface its address: ipv6: IPv6 is disabled on this device: "* ]]
	[[ ${lines[1]} == *"this machine has IPv6 turned off; turn it on, or take the addresses of IPv6 away" ]]
	[ "${lines[2]}" = "status 125" ]
	[ "${lines[3]}" = four ]
	[ "${#lines[@]}" -eq 4 ]
}
@test "an ordinary user is told what there is for users; without libnl the package is named" {
	run on_host 'sed "s/user = \"nobody-else\"; //" $P/a.conf > $P/u.conf; chmod -R a+rX $P
		mkdir -m 755 /mnt/bin /mnt/profiles/build; cp $B $B-filter /mnt/bin/; mkdir -m 755 /mnt/b; cp -R '"$TREE"'/profiles /mnt/b/; mkdir /mnt/b/build; cp $B $B-filter /mnt/b/build
		chown -R 64321 /mnt/b $P/u.conf
		setpriv --reuid 64321 --regid 64321 --clear-groups env HOME=/tmp /mnt/b/build/bailey run -p $P/u.conf true; echo "status $?"
		chown -R 0 /mnt/b; /mnt/b/build/bailey run -p $P/a.conf true; echo "status $?"; left'
	[[ $output == *"u.conf:3: error: network.mode: only root can connect a program to a bridge"* ]]
	[[ $output == *"network.bridge = \"user\""* ]]
	[[ $output == *"status 2"* ]]
	[[ $output == *"comes with a bailey that was built with libnl"* ]]
	[[ $output == *"status 125"* ]]
}
@test "sandboxes that start at once have different addresses, all of which come back" {
	n=${BAILEY_POOL:-200}
	run on_host 'for i in $(seq '"$n"'); do $B run -q -p $P/c.conf sleep 300 & done
		# A lease has its name before the interface is made.
		all() { [ "$(grep -c " c" /run/bailey-net/quiet/leases)" = '"$n"' ] && [ "$(ip -o link show master br-quiet | wc -l)" = '"$n"' ]; }; await 100 all
		cut -d" " -f5 /run/bailey-net/quiet/leases | sort -u | wc -l; ip -o link show master br-quiet | wc -l
		{ kill -KILL $(jobs -p | head -n $(('"$n"' / 2))); kill $(jobs -p); wait; } 2> /dev/null
		gone() { [ ! -e /run/bailey-net ]; }; await 60 gone; left'
	[ "${lines[0]}" = "$n" ]
	[ "${lines[1]}" = "$n" ]
	[ "${#lines[@]}" -eq 2 ] || { echo "$output" | grep -v Killed | sed -n 3,20p; false; }
}
@test "the kernel forwards packets for as long as a network has rules, and after that only when it did before" {
	run on_host 'now() { cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding | tr -d "\n"; echo; }
		printf "networks = (\n{ name = \"one\"; subnet4 = \"10.1.0.0/24\"; subnet6 = \"fd00:1::/64\"; masquerade = true; },\n{ name = \"two\"; subnet4 = \"10.2.0.0/24\"; masquerade = true; } );\n" > /etc/bailey/networks.conf
		now; $B net up one; now; $B net up two; $B net down one; now; $B net down two; now
		echo 1 > /proc/sys/net/ipv4/ip_forward; $B net up one; $B net down one; now; left'
	[ "${lines[*]}" = "00 11 11 00 10" ]
}
@test "a network that is not described any more can be taken down" {
	run on_host '$B net up lan; $B net up quiet; sed -i "/\"lan\"/d" /etc/bailey/networks.conf; $B net list; $B net show lan; echo "status $?"
		$B net down lan; echo "status $?"; $B net down lan; echo "status $?"; $B net down quiet; left'
	[[ ${lines[0]} == "quiet "* ]]
	[[ $output == *"there is no network \"lan\""*"status 2"*"status 0"*"there is no network \"lan\""*"status 2" ]]
	[ "${lines[-1]}" = "status 2" ]
}
@test "a port of the host leads to one sandbox, whatever the network; it is free again with its end" {
	run on_host 'port() { sed "s/bridge = /forward = ( { host = \"$3\"; port = 9000; protocol = \"$4\"; } ); bridge = /" "$P/$1.conf" > "$P/$2.conf"; }
		port a f 203.0.113.10:9090 tcp; port b g 0.0.0.0:9090 tcp; port c h 203.0.113.10:9090 tcp; port b i 203.0.113.10:9090 udp; port b j 203.0.113.10:9091 tcp
		$B run -p $P/f.conf sleep 60 & l=$!; await 10 grep -qw a /run/bailey-net/lan/hosts
		for p in g h i j; do $B run -p $P/$p.conf true; echo "$p $?"; done
		{ kill -KILL $l; wait $l; } 2> /dev/null; gone() { [ ! -e /run/bailey-net ]; }; await 10 gone; $B run -p $P/g.conf true; echo "g $?"; left'
	[[ $output == *"g.conf:3: error: cannot connect the sandbox's network: port 9090 of 203.0.113.10 (tcp) leads to another sandbox already"*"g 125"* ]]
	[[ $output == *"h.conf:3: error: "*"leads to another sandbox already"*"h 125"* ]]
	[[ $output == *"i 0"*"j 0"*"g 0" ]]
	[ "${lines[-1]}" = "g 0" ]
}
