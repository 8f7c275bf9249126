#!/usr/bin/env bats
# network.interfaces: several interfaces of one sandbox, on a host of the tests' own.

load rig

setup() { rig_host; }

# In a script: several NAME LIST makes a profile of root's.
BEGIN='several() { sed "s/bridge = \"[a-z]*\";/interfaces = ( $2 );/" $P/a.conf > $P/$1.conf; }
	sed -i "s/\"10.8.0.0\/16\";/\"10.8.0.0\/16\"; dns = [ \"10.8.0.53\" ];/" /etc/bailey/networks.conf
	'

@test "each interface has its own addresses; one has the default route; nothing is left after" {
	run on_host "$BEGIN"'several m "{ bridge = \"quiet\"; address = \"10.8.0.5\/16\"; mac = \"02:00:00:00:00:07\"; }, { bridge = \"lan\"; mtu = 1400; }"
		$B run -p $P/m.conf sh -c "ip -o -4 addr show | grep -o \"eth.*scope\"; ip -o link show eth0 | grep -o \"02:00:00:00:00:07\"; ip -o link show eth1 | grep -o \"mtu 1400\"; ip route show default; ip -6 route show default; $ASK 198.51.100.7 80; cat /etc/resolv.conf"; left'
	[[ ${lines[0]} == "eth0 "*"10.8.0.5/16 brd 10.8.255.255 scope" ]]
	[[ ${lines[1]} == "eth1 "*"10.9.0.2/24 brd 10.9.0.255 scope" ]]
	[ "${lines[2]}" = 02:00:00:00:00:07 ]
	[ "${lines[3]}" = "mtu 1400" ]
	[[ ${lines[4]} == "default via 10.9.0.1 dev eth1"* ]]
	[[ ${lines[5]} == "default via fd00:9::1 dev eth1"* ]]
	[ "${lines[6]}" = "outside 203.0.113.10" ]
	[ "${lines[7]}" = "nameserver 10.8.0.53" ]
	[ "${#lines[@]}" -eq 8 ]
}
@test "a sandbox on two networks reaches both, and leads from neither to the other; nobody else does" {
	run on_host "$BEGIN"'several m "{ bridge = \"lan\"; }, { bridge = \"quiet\"; address = \"10.8.0.5\/16\"; }"
		$B run -p $P/b.conf $ANSWER 0.0.0.0 9000 lan 1 & one=$!; $B run -p $P/c.conf $ANSWER 0.0.0.0 9000 quiet 1 & two=$!
		H=/run/bailey-net; await 10 grep -qw b $H/lan/hosts; await 10 grep -qw c $H/quiet/hosts
		b=$(awk "\$8 == \"b\" { print \$5 }" $H/lan/leases) c=$(awk "\$8 == \"c\" { print \$5 }" $H/quiet/leases)
		$B run -p $P/a.conf $ASK ${c%/*} 9000
		$B run -p $P/m.conf sh -c "i=0; until $ASK ${b%/*} 9000 | grep lan; do i=\$((i + 1)); [ \$i -lt 50 ] || break; sleep 0.1; done; i=0; until $ASK ${c%/*} 9000 | grep quiet; do i=\$((i + 1)); [ \$i -lt 50 ] || break; sleep 0.1; done; cat /proc/sys/net/ipv4/ip_forward"
		wait $one $two; left'
	[[ ${lines[0]} == "no: "* ]]
	[[ ${lines[1]} == "lan 10.9.0."* ]]
	[ "${lines[2]}" = "quiet 10.8.0.5" ]
	[ "${lines[3]}" = 0 ]
	[ "${#lines[@]}" -eq 4 ]
}
@test "an interface that cannot be had leaves nothing of the others" {
	run on_host "$BEGIN"'several m "{ bridge = \"lan\"; address = \"10.9.0.5\/24\"; }, { bridge = \"tiny\"; address = \"10.7.0.10\/24\"; }"
		$B run -p $P/d.conf sleep 60 & l=$!; await 10 grep -qw d /run/bailey-net/tiny/hosts
		$B run -p $P/m.conf true; echo "status $?"; ls /run/bailey-net; { kill $l; wait $l; } 2> /dev/null; left'
	[[ ${lines[0]} == *"m.conf:3: error: cannot connect the sandbox's network: 10.7.0.10 is the address of another sandbox"* ]]
	[[ $output == *"status 125"*"tiny" ]]
	[ "${lines[-1]}" = tiny ]
}
@test "who says which one has the default route, and what makes no sense names the line" {
	run on_host "$BEGIN"'try() { several m "$1"; $B run -p $P/m.conf ip route show default; echo "status $?"; }
		try "{ bridge = \"lan\"; default_route = false; }"
		try "{ bridge = \"lan\"; }, { bridge = \"quiet\"; address = \"10.8.0.5\/16\"; gateway = \"10.8.0.1\"; default_route = true; }"
		try "{ bridge = \"lan\"; }, { bridge = \"quiet\"; address = \"10.8.0.5\/16\"; gateway = \"10.8.0.1\"; }"
		try "{ bridge = \"lan\"; default_route = true; }, { bridge = \"quiet\"; default_route = true; }"
		try "{ bridge = \"lan\"; }, { bridge = \"quiet\"; default_route = true; }"; try "{ bridge = \"nowhere\"; }"; try "{ bridge = \"lan\"; } ); mac = ( \"02:00:00:00:00:07\""
		try "{ bridge = \"lan\"; mtu = 10; }"; left'
	[ "${lines[0]}" = "status 0" ]
	[[ ${lines[1]} == "default via 10.8.0.1 dev eth1"* ]]
	[[ $output == *"m.conf:3: error: network.interfaces: the default route goes by another interface"* ]]
	[[ $output == *"m.conf:3: error: network.interfaces: the default route goes by \"lan\" already (/mnt/profiles/m.conf:3)"* ]] || [[ $output == *"the default route goes by \"lan\" already"* ]]
	[[ $output == *"default_route: \"quiet\" has no gateway, and leads nowhere else"* ]]
	[[ $output == *"network.interfaces: \"nowhere\" is no network of "* ]]
	[[ $output == *"10 is not between 68 and 65535"* ]]
	[ "$(grep -c "^status 2$" <<< "$output")" -eq 6 ]
}
@test "interfaces of an ordinary user from bailey-netd" {
	[ -x "$BUILD/bailey-netd" ] || skip "needs bailey-netd: it was built without libnl-route-3"
	run on_host "$BEGIN"'sed -i "s/{ name/{ users = [ \"64321\" ]; name/" /etc/bailey/networks.conf; $B net up lan; $B net up quiet
		$B-netd --socket /run/bailey-netd.sock 2> /dev/null & n=$!; await 10 test -S /run/bailey-netd.sock; mkdir -m 700 /mnt/home; chown 64321 /mnt/home
		several m "{ bridge = \"lan\"; }, { bridge = \"quiet\"; rate_out = \"8Mbit\"; }"; sed -i "/identity/d" $P/m.conf
		HOME=/mnt/home setpriv --reuid 64321 --regid 64321 --clear-groups $B run -p $P/m.conf sh -c "ip -br -4 addr show | grep -o \"eth.*/[0-9]*\"; $ASK 198.51.100.7 80"
		{ kill $n; wait $n; } 2> /dev/null; $B net down lan; $B net down quiet; left'
	[[ ${lines[0]} == "eth0"*"10.9.0.2/24" ]]
	[[ ${lines[1]} == "eth1"*"10.8.0.2/16" ]]
	[ "${lines[2]}" = "outside 203.0.113.10" ]
	[ "${#lines[@]}" -eq 3 ]
}
