#!/usr/bin/env bats
# bailey-netd: interfaces on root's bridges for ordinary users. On a host of the tests' own (tests/lib/net-host).

load rig

setup() {
	rig_host
	[ -x "$BUILD/bailey-netd" ] || skip "needs bailey-netd: it was built without libnl-route-3"
}

@test "an ordinary user's sandbox reaches the outside and a sandbox of root's by name, over IPv4 and IPv6; nothing is left after" {
	run on_host "$NETD_BEGIN"'$B run -p $P/b.conf $ANSWER :: 9000 root 2 & one=$!; await 10 grep -qw b /run/bailey-net/lan/hosts
		as $B run -p $P/u.conf sh -c "$ASK 198.51.100.7 80; $ASK 2001:db8:7::7 80; $ASK b 9000; $ASK b 9000; getent hosts u; ip -br -4 addr show eth0"
		wait $one; n() { [ "$(grep -c . /run/bailey-net/lan/leases)" = 0 ]; }; await 5 n; finish'
	[ "${lines[0]}" = "outside 203.0.113.10" ]
	[ "${lines[1]}" = "outside6 2001:db8::10" ]
	[[ ${lines[2]} == "root fd00:9::"* ]]
	[[ $output == *"10.9.0.100/24"* ]]
	[ "${lines[-1]}" = "netd 0" ]
	[ "${#lines[@]}" -eq 7 ]
}
@test "it keeps one capability, no new privileges, and a filter" {
	run on_host "$NETD_BEGIN"'grep -E "^(Cap(Prm|Eff|Bnd)|NoNewPrivs|Seccomp):" /proc/$NETD/status; ls /proc/$NETD/fd | wc -l; finish'
	[ "$(grep -cE "^Cap(Prm|Eff|Bnd):.0*1000$" <<< "$output")" -eq 3 ]
	[[ $output == *"NoNewPrivs:	1"* ]]
	[[ $output == *"Seccomp:	2"* ]]
}
@test "a namespace that is not the caller's is refused, and so is everything that is none" {
	run on_host "$NETD_BEGIN"'setpriv --reuid 64322 --regid 64322 --clear-groups unshare -Urn sleep 60 & o=$!
		there() { [ "$(readlink /proc/$o/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }; await 10 there
		exec 9< /proc/$o/ns/net; ask given 9; unshare -n sleep 60 & r=$!; root() { [ "$(readlink /proc/$r/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }; await 10 root
		exec 8< /proc/$r/ns/net; ask given 8; ask host; ask file; ask pipe; ask user-namespace; { kill $o $r; wait $o $r; } 2> /dev/null
		serves | cut -c1-6; finish'
	[[ ${lines[0]} == "refused: the network namespace is not the caller's: "* ]]
	[[ ${lines[1]} == "refused: the network namespace is not the caller's: "* ]]
	[[ ${lines[2]} == "refused: the network namespace is the host's own: "* ]]
	for i in 3 4 5; do [[ ${lines[i]} == "refused: the descriptor is not that of a network namespace: "* ]]; done
	[ "${lines[6]}" = "has ve" ]
	[ "${lines[7]}" = "netd 0" ]
	[ "${#lines[@]}" -eq 8 ]
}
@test "a network that is not for the caller, or not up, is refused" {
	run on_host "$NETD_BEGIN"'ask plug quiet < /dev/null; ask plug nowhere < /dev/null; other python3 $P/netd.py $S plug < /dev/null
		$B net down lan; ask plug < /dev/null; as $B run -p $P/u.conf true; echo "status $?"; $B net up lan
		sed "s/lan/quiet/" $P/u.conf > $P/q.conf; as $B run -p $P/q.conf true; echo "status $?"; finish'
	for i in 0 1 2; do [[ ${lines[i]} == "refused: the network \""*"\" is not for this user: "* ]]; done
	[[ ${lines[3]} == "refused: the network \"lan\" is not up: "* ]]
	[[ $output == *"u.conf:3: error: network.bridge: the network \"lan\" (/etc/bailey/networks.conf:2) is not up"* ]]
	[[ $output == *"q.conf:3: error: network.mode: only root can connect a program to a bridge"* ]]
	[ "$(grep -c "^status 2$" <<< "$output")" -eq 2 ]
}
@test "no more interfaces than are allowed, each with an address of its own, and they come back" {
	run on_host "$NETD_BEGIN"'sed -i "s/user_interfaces = 3/user_interfaces = 16/" /etc/bailey/networks.conf
		ask many 17 < <(sleep 1.5); n() { [ "$(grep -c . /run/bailey-net/lan/leases)" = 0 ]; }; await 10 n
		serves | cut -c1-6; finish'
	[ "${lines[0]}" = "16 16" ]
	[[ ${lines[1]} == "refused: this user has 16 interfaces in the network \"lan\" already, and may have no more: "* ]]
	[ "${lines[2]}" = "has ve" ]
	[ "${lines[3]}" = "netd 0" ]
	[ "${#lines[@]}" -eq 4 ]
}
@test "garbage, half messages and silence are refused; the next one is served" {
	run on_host "$NETD_BEGIN"'for w in garbage half longer none two descriptors silent twice; do ask $w; done; ask random 300
		serves | cut -c1-6; kill -0 $NETD && echo up; ls /proc/$NETD/fd | wc -l; grep -c . /mnt/said; finish'
	[[ ${lines[0]} == "refused: the request makes no sense: it is no request: "* ]]
	[[ ${lines[1]} == "refused: the request makes no sense: it is not as long as a request: "* ]]
	[[ ${lines[2]} == "refused: the request makes no sense: it is longer than a request: "* ]] || [[ ${lines[2]} == *"not as long as a request"* ]]
	[[ ${lines[3]} == *"one descriptor has to come with it"* ]]
	[[ ${lines[4]} == *"one descriptor has to come with it"* ]]
	[[ ${lines[5]} == "refused: "* ]]
	[[ ${lines[6]} == "refused: no request came in time: "*" closed" ]]
	[ "${lines[7]}" = has ]
	[[ ${lines[8]} == "refused: one connection is for one interface: "*" closed" ]]
	[ "${lines[9]}" = "answered 300 of 300" ]
	[ "${lines[10]}" = "has ve" ]
	[ "${lines[11]}" = up ]
	[ "${lines[12]}" -lt 12 ]
}
@test "a thousand connections of one user leave room for the next" {
	run on_host "$NETD_BEGIN"'sed -i "s/users = \[/users = [ \"64322\",/" /etc/bailey/networks.conf
		ulimit -n 2048; ask crowd 1000 < <(sleep 6) > /mnt/crowd & c=$!; await 20 grep -q crowd /mnt/crowd; cat /mnt/crowd
		other python3 $P/netd.py $S plug < /dev/null | cut -c1-6; wait $c; serves | cut -c1-6; ls /proc/$NETD/fd | wc -l; finish'
	[ "${lines[0]}" = "crowd 1000 refused" ]
	[ "${lines[1]}" = "has ve" ]
	[ "${lines[2]}" = "has ve" ]
	[ "${lines[3]}" -lt 12 ]
	[ "${lines[4]}" = "netd 0" ]
	[ "${#lines[@]}" -eq 5 ]
}
@test "silent connections of many users, such as one who has subordinate ones can make, keep nobody from being served" {
	run on_host "$NETD_BEGIN"'ulimit -n 2048; mkfifo /mnt/go; python3 $P/netd.py $S crowds 24 < /mnt/go > /mnt/crowds & c=$!; exec 7> /mnt/go
		await 30 grep -q crowds /mnt/crowds; cat /mnt/crowds; for i in 1 2 3; do serves | cut -c1-6; done
		echo >&7; exec 7>&-; wait $c; serves | cut -c1-6; n() { [ "$(ls /proc/$NETD/fd | wc -l)" -lt 12 ]; }; await 10 n; finish'
	[ "${lines[0]}" = "crowds 24" ]
	for i in 1 2 3 4; do [ "${lines[i]}" = "has ve" ]; done
	[ "${lines[5]}" = "netd 0" ]
	[ "${#lines[@]}" -eq 6 ]
}
@test "a user's sandbox cannot have a name that stands for something else: of the Internet, of the host, of a sandbox of root's" {
	run on_host "$NETD_BEGIN"'sed -i "s/user_interfaces = 3/user_interfaces = 16/" /etc/bailey/networks.conf; H=/run/bailey-net/lan/hosts; mkfifo /mnt/go
		exec 7<> /mnt/go; i=0; n() { [ "$(grep -c . /run/bailey-net/lan/leases)" = $1 ]; }
		for name in example.org a..b localhost IP6-Localhost b; do ask name $name < /mnt/go > /dev/null 7>&- & await 10 n $((i += 1)); done
		$B run -p $P/b.conf sleep 60 7>&- & one=$!; await 10 grep -q "^10.*b-2$" $H; grep "^10[.]" $H
		kill $one; wait $one; printf "\\n\\n\\n\\n\\n" >&7; await 10 n 0; finish'
	[ "${lines[0]}" = "10.9.0.100 example-org" ]
	[ "${lines[1]}" = "10.9.0.101 a--b" ]
	[ "${lines[2]}" = "10.9.0.102 localhost-2" ]
	[ "${lines[3]}" = "10.9.0.103 IP6-Localhost-2" ]
	[ "${lines[4]}" = "10.9.0.104 b-2" ]
	[ "${lines[5]}" = "10.9.0.2 b" ]
	[ "${lines[6]}" = "netd 0" ]
	[ "${#lines[@]}" -eq 7 ]
}
@test "addresses and hardware addresses are those that the network gives to users" {
	run on_host "$NETD_BEGIN"'ask address 10.9.0.150; ask address 10.9.0.50; ask address 10.9.0.1; ask address 192.0.2.1; ask mac
		sed "s/bridge = \"lan\";/bridge = \"lan\"; address = [ \"10.9.0.50\/24\" ];/" $P/u.conf > $P/s.conf; as $B run -p $P/s.conf true; echo "status $?"
		sed -i "s/users = /user_mac = true; users = /" /etc/bailey/networks.conf; ask mac | cut -c1-6; finish'
	[[ ${lines[0]} == "has ve"*" 10.9.0.150" ]]
	for i in 1 2 3; do [[ ${lines[i]} == "refused: that address is not one of those that users may have in the network \"lan\": "* ]]; done
	[[ ${lines[4]} == "refused: users may not choose a hardware address in the network \"lan\": "* ]]
	[[ ${lines[5]} == *"s.conf:3: error: cannot connect the sandbox's network: bailey-netd: that address is not one of those"* ]]
	[ "${lines[6]}" = "status 125" ]
	[ "${lines[7]}" = "has ve" ]
}
@test "what the user's own root sends under another's address is not heard; a rate of the administrator's holds" {
	run on_host "$NETD_BEGIN"'sed -i "s/users = /user_rate_out = \"8Mbit\"; users = /" /etc/bailey/networks.conf
		L=/run/bailey-net/lan/leases; of() { grep -w "$1" $L | cut -d" " -f"$2"; }
		$B run -p $P/b.conf sleep 60 & await 10 grep -qw b /run/bailey-net/lan/hosts
		behind $B run -p $P/u.conf sleep 60 & await 10 grep -qw u /run/bailey-net/lan/hosts; D=$(of u 4)
		for p in $(pgrep -x sleep); do [ "$(stat -c %u /proc/$p)" = 64321 ] && U=$p; done; PB=$(of b 1)
		up() { nsenter --net=/proc/$1/ns/net ip link show eth0 | grep -q "state UP"; }; await 10 up $U; await 10 up $PB
		nsenter --net=/proc/$PB/ns/net python3 $P/frames.py hear eth0 15 > /mnt/heard & h=$!; await 10 grep -q hears /mnt/heard
		nsenter --net=/proc/$U/ns/net python3 $P/frames.py send eth0 mac ip4 ip6 arp-mac arp-ip nd ra vlan stp own4 own6 own-arp end; wait $h
		tail -n 1 /mnt/heard; tc qdisc show dev vi${D#ve} | grep -o "rate 8Mbit"
		{ kill $(jobs -p | grep -vx $NETD); sleep 0.5; n() { [ "$(grep -c . $L)" = 0 ]; }; await 10 n; } 2> /dev/null; finish'
	[ "${lines[0]}" = "end own-arp own4 own6" ]
	[ "${lines[1]}" = "rate 8Mbit" ]
	[ "${lines[2]}" = "netd 0" ]
	[ "${#lines[@]}" -eq 3 ]
}
@test "kill -9 of a launcher takes its interface away; without the service the message says how to start it" {
	run on_host "$NETD_BEGIN"'behind $B run -p $P/u.conf sleep 60 & l=$!; await 10 grep -qw u /run/bailey-net/lan/hosts; { kill -KILL $l; wait $l; } 2> /dev/null
		n() { [ "$(grep -c . /run/bailey-net/lan/leases)" = 0 ]; }; await 10 n; ip -o link | grep -c ": v[ei]"
		{ kill $NETD; wait $NETD; } 2> /dev/null; ls $S; as $B run -p $P/u.conf true; echo "status $?"; $B net down lan; left'
	[ "${lines[0]}" = 0 ]
	[[ $output == *"u.conf:3: error: network.mode: bailey-netd does not run, which connects programs of users to \"lan\" (/etc/bailey/networks.conf:2)"* ]]
	[[ $output == *"systemctl enable --now bailey-netd.socket"* ]]
	[[ $output == *"status 2"* ]]
}
@test "started with a socket that listens, as systemd does, it serves; with another one it says what it wants" {
	run on_host "$NETD_BEGIN"'{ kill $NETD; wait $NETD; } 2> /dev/null
		start() { python3 -c "
import os, socket, sys
s = socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[2])); s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); s.listen() if sys.argv[2] != \"SOCK_DGRAM\" else None
os.dup2(s.fileno(), 3); os.set_inheritable(3, True); os.environ.update(LISTEN_FDS=\"1\", LISTEN_PID=str(os.getpid())); os.execv(sys.argv[3], sys.argv[3:])" "$1" "$2" $B-netd; }
		start /run/other.sock SOCK_DGRAM; echo "status $?"; $B-netd; echo "status $?"; $B-netd --sockets x; echo "status $?"
		start $S SOCK_SEQPACKET 2> /mnt/said & NETD=$!; await 10 test -S $S; serves | cut -c1-6; { kill $(pgrep -x bailey-netd -P $NETD); wait; } 2> /dev/null; $B net down lan; left'
	[[ ${lines[0]} == "bailey-netd: the socket of systemd's has to be one with ListenSequentialPacket" ]]
	[ "$(grep -c "^status 1$" <<< "$output")" -eq 3 ]
	[ "${lines[-1]}" = "has ve" ]
}
@test "forwarded ports are refused with the line and the reason, before anything is started" {
	run on_host "$NETD_BEGIN"'sed "s/bridge = \"lan\";/bridge = \"lan\";\nforward = ( { host = \"203.0.113.10:9090\"; port = 9000; } );/" $P/u.conf > $P/f.conf
		as $B run -p $P/f.conf echo started; echo "status $?"; as $B run -p $P/u.conf echo started; finish'
	echo "$output"
	[[ ${lines[0]} == *"f.conf:4: error: network.forward: bailey-netd makes no forwarded ports for programs of users" ]]
	[[ $output == *"status 2"* ]]
	[ "$(grep -c "^started" <<< "$output")" -eq 1 ]
	[[ $output == *"netd 0" ]]
}
