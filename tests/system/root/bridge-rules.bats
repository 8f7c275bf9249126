#!/usr/bin/env bats
# network.allow and network.deny with mode "bridge" on a host of the tests' own (tests/lib/net-host), by root.  Every refusal is asked
# for without the rules too, and then it is none.

load rig

setup() { rig_host; }

four="for t in $RIG_FOUR"

@test "an allowed port connects, others are refused at once, over IPv4 and IPv6; without the rule all connect" {
	run on_host "$four; do \$B run -p \$P/a.conf --set network.allow=tcp:80 \$ASK \$t; done; $four; do \$B run -p \$P/a.conf \$ASK \$t; done; left"
	four_are 0 + - + -
	four_are 4 + + + +
	[ "${#lines[@]}" -eq 8 ]
}
@test "nothing that the program does changes it" {
	run on_host '$B run -p $P/a.conf --set network.allow=tcp:80 --set syscalls.allow=@sandbox --set namespaces.user=nested bash -c "
		nft flush ruleset; nft delete table inet bailey; ip link set eth0 down; ip route add 198.51.100.7/32 dev lo; ip neigh flush all
		for n in -rn -r -rnm; do unshare \$n sh -c \"nft flush ruleset; nft delete table inet bailey\"; done
		echo in the end: \$($ASK 198.51.100.7 8080) / \$($ASK 2001:db8:7::7 8080) / \$($ASK 198.51.100.7 80)" 2> /dev/null'
	[[ ${lines[-1]} == "in the end: no: Connection refused / no: Connection refused / outside 203.0.113.10" ]]
}
@test "the name servers of the network may be asked, and a neighbour's address only with a rule" {
	local datagram='python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for address in ((\"203.0.113.1\", 53), (\"203.0.113.1\", 54), (\"10.9.0.1\", 53)):
    try:
        print(*address, \"sent\", s.sendto(b\"x\", address))
    except OSError as error:
        print(*address, \"no\")
"'
	run on_host "for r in network.allow=tcp:80 network.allow=10.9.0.1; do \$B run -p \$P/a.conf --set \$r $datagram; done; \$B run -p \$P/a.conf $datagram"
	[ "${lines[0]}" = "203.0.113.1 53 sent 1" ]
	[ "${lines[1]}" = "203.0.113.1 54 no" ]
	[ "${lines[2]}" = "10.9.0.1 53 no" ]
	[ "${lines[4]}" = "203.0.113.1 54 no" ]
	[ "${lines[5]}" = "10.9.0.1 53 sent 1" ]
	[ "${lines[7]}" = "203.0.113.1 54 sent 1" ]
	[ "${lines[8]}" = "10.9.0.1 53 sent 1" ]
}
@test "neighbours reach forwarded ports alone; without rules every port" {
	run on_host 'sed "s/bridge = \"lan\";/bridge = \"lan\"; forward = ( { host = \"0.0.0.0:9090\"; port = 9000; } );/" $P/a.conf > $P/f.conf
		serve="$ANSWER 0.0.0.0 9000 forwarded & $ANSWER 0.0.0.0 9001 secret & wait"
		try() {
			await 20 $ASK 203.0.113.10 9090; await 20 grep -qw a /run/bailey-net/lan/hosts
			$B run -p $P/b.conf sh -c "$ASK a 9000; $ASK a 9001 3"
			kill $1; wait $1 2> /dev/null
		}
		$B run -p $P/f.conf --set network.allow=tcp:80 sh -c "$serve" & try $!
		$B run -p $P/f.conf sh -c "$serve" & try $!
		left'
	[[ ${lines[0]} == "forwarded 10.9.0."* ]]
	[ "${lines[1]}" = "no: timed out" ]
	[[ ${lines[2]} == "forwarded 10.9.0."* ]]
	[[ ${lines[3]} == "secret 10.9.0."* ]]
	[ "${#lines[@]}" -eq 4 ]
}
@test "ping takes a rule of its own, and its address holds" {
	run on_host 'for r in tcp:80 icmp:echo icmp:echo@10.9.0.0/24 icmp:echo@203.0.113.0/24; do
			$B run -p $P/a.conf --set network.allow=$r $PING 10.9.0.1; done 2>&1 | grep "^4"
		$B run -p $P/a.conf --set network.deny=icmp:echo $PING fd00:9::1 2>&1 | grep "^6"; $B run -p $P/a.conf $PING fd00:9::1 2>&1 | grep "^6"
		$B run -p $P/a.conf --set network.allow=icmp:echo $PING fd00:9::1 2>&1 | grep "^6"'
	[[ ${lines[0]} == "4 no"* ]]
	[ "${lines[1]}" = "4 yes" ]
	[ "${lines[2]}" = "4 yes" ]
	[[ ${lines[3]} == "4 no"* ]]
	[[ ${lines[4]} == "6 no"* ]]
	[ "${lines[5]}" = "6 yes" ]
	[ "${lines[6]}" = "6 yes" ]
}
