#!/usr/bin/env bats
# The host's side of a sandbox's interface on a bridge: what may come out of it, and how much. On a host of the tests' own.

load rig

setup() { rig_host; }

# In a script: sandboxes a and b run, $PA and $PB are in their networks, $DA is the host's side of the first.
PAIR='$B run -p $P/a.conf sleep 60 & $B run -p $P/b.conf sleep 60 & L=/run/bailey-net/lan
	await 10 grep -qw a $L/hosts; await 10 grep -qw b $L/hosts
	of() { grep -w "$1" $L/leases | cut -d" " -f"$2"; }
	PA=/proc/$(of a 1)/ns/net PB=/proc/$(of b 1)/ns/net DA=$(of a 4)
	in_a() { nsenter --net=$PA "$@"; }
	in_b() { nsenter --net=$PB "$@"; }
	up() { [ "$(nsenter --net=$1 cat /sys/class/net/eth0/operstate)" = up ] || nsenter --net=$1 ip link show eth0 | grep -q "state UP"; }
	await 10 up $PA; await 10 up $PB
	ends() { kill $(jobs -p); wait; } 2> /dev/null
	# What b hears of what a sends, with all that root may do in the network of a.
	heard() {
		rm -f /mnt/heard; in_b python3 $P/frames.py hear eth0 15 > /mnt/heard & h=$!
		await 10 grep -q hears /mnt/heard
		in_a python3 $P/frames.py send eth0 mac ip4 ip6 arp-mac arp-ip nd ra vlan stp own4 own6 own-arp end
		wait $h; tail -n 1 /mnt/heard
	}
	'

@test "a neighbour hears nothing of what is not the sandbox's own; without the rules of its port it would" {
	run on_host "$PAIR"'heard; tc qdisc del dev $DA ingress; heard; ends; left'
	[ "${lines[0]}" = "end own-arp own4 own6" ]
	[ "${lines[1]}" = "arp-ip arp-mac end ip4 ip6 mac nd own-arp own4 own6 ra stp vlan" ]
	[ "${#lines[@]}" -eq 2 ]
}
@test "the rules of a port stay when nft's are flushed" {
	run on_host "$PAIR"'nft flush ruleset; heard; ends; left'
	[ "${lines[0]}" = "end own-arp own4 own6" ]
	[ "${#lines[@]}" -eq 1 ]
}
@test "a changed address or hardware address leads nowhere" {
	run on_host "$PAIR"'b4=$(of b 5); b4=${b4%/*} a4=$(of a 5)
		try() { in_a ping -c1 -W"$1" "$b4" > /dev/null 2>&1 && echo reached || echo no; }
		try 5; in_a ip addr del "$a4" dev eth0; in_a ip addr add 10.9.0.99/24 dev eth0; try 1
		in_a ip addr del 10.9.0.99/24 dev eth0; in_a ip addr add "$a4" dev eth0; try 5
		in_a ip link set eth0 address 02:00:00:00:00:77; try 1; ends; left'
	[ "${lines[0]}" = reached ]
	[ "${lines[1]}" = no ]
	[ "${lines[2]}" = reached ]
	[ "${lines[3]}" = no ]
	[ "${#lines[@]}" -eq 4 ]
}
@test "two sandboxes cannot have one hardware address, nor that of the bridge" {
	run on_host 'sed "s/bridge = \"lan\";/bridge = \"lan\"; mac = \"02:00:00:00:00:05\";/" $P/a.conf > $P/m.conf
		$B run -p $P/m.conf sleep 30 & l=$!; await 10 grep -qw m /run/bailey-net/lan/leases || await 10 grep -qw a /run/bailey-net/lan/hosts
		$B run -p $P/m.conf true; echo "status $?"; m=$(cat /sys/class/net/br-lan/address); sed -i "s/02:00:00:00:00:05/$m/" $P/m.conf
		$B run -p $P/m.conf true; kill $l; wait; left'
	[[ ${lines[0]} == *"m.conf:3: error: cannot connect the sandbox's network: 02:00:00:00:00:05 is the hardware address of another sandbox"* ]]
	[ "${lines[1]}" = "status 125" ]
	[[ ${lines[2]} == *"is the hardware address of the bridge itself"* ]]
	[ "${#lines[@]}" -eq 3 ]
}
@test "rates hold in both directions, and nothing is left of them" {
	run on_host 'sed "s/bridge = \"lan\";/bridge = \"lan\"; rate_in = \"20Mbit\"; rate_out = \"8Mbit\";/" $P/a.conf > $P/r.conf
		ip addr add 10.1.1.1/32 dev lo; python3 $P/flow.py serve 10.1.1.1 7000 & s=$!
		ready() { $ASK 10.1.1.1 7000; ss -ltn | grep -q :7000; }; await 10 ready
		flow() { $B run -p $P/$1.conf sh -c "python3 $P/flow.py get 10.1.1.1 7000 $2; python3 $P/flow.py put 10.1.1.1 7000 $2"; }
		flow a 0.5; flow r 3; { kill $s; wait $s; } 2> /dev/null; left'
	echo "$output"
	[ "${lines[0]}" -gt 100 ]
	[ "${lines[1]}" -gt 100 ]
	[ "${lines[2]}" -ge 12 ] && [ "${lines[2]}" -le 22 ]
	[ "${lines[3]}" -ge 5 ] && [ "${lines[3]}" -le 9 ]
	[ "${#lines[@]}" -eq 4 ]
}
@test "a launcher and a helper that were killed leave no queue for long" {
	run on_host 'sed "s/bridge = \"lan\";/bridge = \"lan\"; rate_out = \"8Mbit\";/" $P/a.conf > $P/r.conf
		$B run -p $P/r.conf sleep 60 & l=$!; await 10 grep -qw a /run/bailey-net/lan/hosts
		h=$(pgrep -x bailey-net -P $l); kill -KILL $h $l; wait $l 2> /dev/null; ip -o link | grep -c ": vi"
		$B run -p $P/b.conf true; left'
	[ "${lines[0]}" = 1 ]
	[ "${#lines[@]}" -eq 1 ]
}
@test "rates that make no sense name the line" {
	run on_host 'try() { sed "s/bridge = \"lan\";/$1/" $P/a.conf > $P/m.conf; $B run -p $P/m.conf true; echo "status $?"; }
		try "bridge = \"lan\"; rate_in = \"10MB\";"; try "bridge = \"lan\"; rate_out = \"1kbit\";"; try "bridge = \"lan\"; rate_in = 10;"; left'
	[[ $output == *"m.conf:3: error: network.rate_in: \"10MB\" is no rate"* ]]
	[[ $output == *"m.conf:3: error: network.rate_out: \"1kbit\" is out of range: from 64kbit to 16Gbit"* ]]
	[[ $output == *"write it as a text with a unit: \"10bit\""* ]]
	[ "$(grep -c "status 2" <<< "$output")" -eq 3 ]
}
