#!/usr/bin/env bats
# network.allow and network.deny with mode "user", on a host of the tests' own (tests/lib/net-host), for an ordinary user.  Every
# refusal is asked for without the rules too, and then it is none.

load rig

setup_file() {
	is_root || return 0
	rig_user_with ask answer
	cat > "$COPY/open.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ]; };
syscalls = { allow = [ "@network", "@sandbox" ]; };
END
	cat > "$COPY/web.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ];
  allow = [ "tcp:80" ]; };
syscalls = { allow = [ "@network", "@sandbox" ]; };
END
	# What a program may try: everything that could change or go around the rules, then the question that they refuse.
	cat > "$COPY/tests/escape.sh" << 'END'
ask="python3 ${0%/*}/ask.py"
nft flush ruleset
nft delete table inet bailey
nft add rule inet bailey output accept
iptables -F
ip link set eth0 down
ip link set lo down
ip rule add from all lookup 100
ip route add 198.51.100.7/32 dev lo
ip link add v0 type veth peer name v1
echo 1 > /proc/sys/net/ipv4/ip_forward
for n in "-rn" "-r" "-n" "-rnm"; do
	unshare $n sh -c "nft flush ruleset; nft delete table inet bailey"
done
nsenter --net=/proc/1/ns/net nft flush ruleset
unshare -r nsenter --net=/proc/1/ns/net nft flush ruleset
unshare -r $ask 198.51.100.7 8080
unshare -rn $ask 198.51.100.7 8080
python3 - << 'PYTHON'
import socket
HOST, PORT = "198.51.100.7", 8080
def attempt(name, what):
    try:
        print(name, what())
    except OSError as error:
        print(name, error)
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP).sendto(b"x" * 20, (HOST, 0)))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).fileno())
def bound(interface):
    with socket.socket() as s:
        s.settimeout(2)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface)
        s.connect((HOST, PORT))
        return s.recv(20)
attempt("device", lambda: bound(b"eth0"))
attempt("loopback", lambda: bound(b"lo"))
def option(level, name, value):
    with socket.socket() as s:
        s.settimeout(2)
        s.setsockopt(level, name, value)
        s.connect((HOST, PORT))
        return s.recv(20)
attempt("mark", lambda: option(socket.SOL_SOCKET, 36, 1))
attempt("transparent", lambda: option(socket.SOL_IP, 19, 1))
def mptcp():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as s:
        s.settimeout(2)
        s.connect((HOST, PORT))
        return s.recv(20)
attempt("mptcp", mptcp)
def fast_open():
    with socket.socket() as s:
        s.settimeout(2)
        s.sendto(b"x", 0x20000000, (HOST, PORT))
        return s.recv(20)
attempt("fast open", fast_open)
def mapped():
    with socket.socket(socket.AF_INET6) as s:
        s.settimeout(2)
        s.connect(("::ffff:" + HOST, PORT))
        return s.recv(20)
attempt("mapped", mapped)
def from_allowed_port():
    with socket.socket() as s:
        s.settimeout(2)
        s.bind(("", 8080))
        s.connect((HOST, PORT))
        return s.recv(20)
attempt("port", from_allowed_port)
def source_route(level, name, value, host):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        s.settimeout(2)
        s.setsockopt(level, name, value)
        s.connect((host, 80))
        return s.recv(20)
# By way of an address that is allowed to one that is not.
attempt("routed", lambda: source_route(socket.SOL_IP, 4, bytes([0x83, 11, 4, 198, 51, 100, 7, 203, 0, 113, 1, 1]), HOST))
attempt("routed6", lambda: source_route(41, 57, bytes([0, 2, 4, 0, 0, 0, 0, 0]) + socket.inet_pton(socket.AF_INET6, "2001:db8:7::7"), "2001:db8::1"))
PYTHON
echo "in the end: $($ask 198.51.100.7 8080) / $($ask 2001:db8:7::7 8080) / $($ask 198.51.100.7 80) / $($ask 2001:db8:7::7 80)"
END
	rig_own
}
setup() {
	rig_need_root
	rig_need_pasta
	rig_need_nft
}

# A script on that host, as the user; $OPEN and $WEB run a program without and with the rule, $ASK asks a server.
on_host() {
	timeout 240 "$TREE/tests/lib/net-host" "${before[@]}" setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" --clear-groups \
		--inh-caps=-all env -i PATH=/usr/bin:/bin HOME="${COPY%/*}" B="$COPY/build/bailey" P="$COPY" ASK="python3 $COPY/tests/ask.py" \
		OPEN="$COPY/build/bailey run -p $COPY/open.conf --ro $COPY/tests" WEB="$COPY/build/bailey run -p $COPY/web.conf --ro $COPY/tests" \
		bash -c 'cd "$HOME" && eval "$1"' bash "$1"
}
four="for t in $RIG_FOUR"

@test "an allowed port connects, others are refused at once, over IPv4 and IPv6; without the rule all connect" {
	run on_host "$four; do \$WEB \$ASK \$t; done; $four; do \$OPEN \$ASK \$t; done"
	four_are 0 + - + -
	four_are 4 + + + +
}
@test "addresses: the prefix that is allowed, and no other" {
	run on_host "$four; do \$OPEN --set network.allow=tcp@198.51.100.0/24 \$ASK \$t; done; $four; do \$OPEN --set network.allow=tcp:8080@2001:db8:7::/64 \$ASK \$t; done"
	four_are 0 + + - -
	four_are 4 - - - +
}
@test "deny alone leaves the rest; deny wins over allow" {
	run on_host "$four; do \$OPEN --set network.deny=tcp:8080 \$ASK \$t; done; $four; do \$WEB --set network.deny=198.51.100.7 \$ASK \$t; done"
	four_are 0 + - + -
	four_are 4 - - + -
}
@test "the loopback inside stays open; \"none\" leaves nothing else" {
	run on_host '$OPEN --set network.allow=none --ro $P/tests sh -c "python3 $P/tests/answer.py 127.0.0.1 7000 inner 1 & sleep 0.5; $ASK 127.0.0.1 7000; $ASK 198.51.100.7 80"'
	[ "${lines[0]}" = "inner 127.0.0.1" ]
	[ "${lines[1]}" = "no: Connection refused" ]
}
@test "datagrams: the name server is asked, others are refused at once; without the rule they are sent" {
	local datagram='python3 -c "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
for address in ((\"203.0.113.1\", 53), (\"203.0.113.1\", 54), (\"198.51.100.7\", 53)):
    try:
        print(address[1], \"sent\", s.sendto(b\"x\", address))
    except OSError as error:
        print(address[1], error.strerror)
"'
	run on_host "\$WEB $datagram; \$OPEN $datagram"
	[ "${lines[0]}" = "53 sent 1" ]
	[ "${lines[1]}" = "54 Operation not permitted" ] || [ "${lines[1]}" = "54 No route to host" ] || [ "${lines[1]}" = "54 Permission denied" ]
	[ "${lines[2]}" = "53 Operation not permitted" ] || [ "${lines[2]}" = "53 No route to host" ] || [ "${lines[2]}" = "53 Permission denied" ]
	[ "${lines[3]}" = "53 sent 1" ]
	[ "${lines[4]}" = "54 sent 1" ]
	[ "${lines[5]}" = "53 sent 1" ]
}
@test "nothing that the program does changes it" {
	local more
	for more in "" "--set namespaces.user=nested" "--set identity.user=root" "--set identity.user=root --set namespaces.user=nested"; do
		run on_host "\$WEB $more bash \$P/tests/escape.sh 2>&1"
		[[ ${lines[-1]} == "in the end: no: Connection refused / no: Connection refused / outside 203.0.113.10 / outside6 2001:db8::10" ]]
		# No attempt on the way got there either.
		if grep -E '^(raw|packet) [0-9]|other' <<< "$output"; then false; fi
	done
}
@test "the same attempts get there without the rule" {
	run on_host '$OPEN --set namespaces.user=nested bash $P/tests/escape.sh 2>&1'
	[[ ${lines[-1]} == "in the end: other 203.0.113.10 / other6 2001:db8::10 / outside 203.0.113.10 / outside6 2001:db8::10" ]]
	grep -q "^device b'other" <<< "$output"
	grep -q "^mapped b'other" <<< "$output"
}
@test "no nft: a message with the package and the line, and nothing is started" {
	# Where administrators' programs are, nothing that can be executed.
	before=(sh -c 'for f in /usr/sbin/nft /sbin/nft /usr/bin/nft /bin/nft; do [ ! -f "$f" ] || mount --bind /etc/passwd "$f"; done; exec "$@"' sh)
	run on_host '$WEB echo started 2>&1; echo "status $?"; $OPEN echo started'
	[[ ${lines[0]} == *"web.conf:3: error: network.allow: the program nft, which makes the rules, is not there" ]]
	[[ ${lines[1]} == *"install the package nftables" ]]
	[ "${lines[2]}" = "status 2" ]
	[ "${lines[3]}" = "started" ]
}
@test "rules that cannot be made stop the launch with the reason, and nothing is left" {
	run on_host 'mkdir -p bin; for how in "echo netlink: no such luck >&2; exit 1" "kill -9 \$\$"; do printf "#!/bin/sh\n%s\n" "$how" > bin/nft; chmod +x bin/nft
		PATH=$HOME/bin:$PATH $WEB echo started 2>&1; echo "status $?"; done; rm -r bin
		for i in $(seq 100); do pgrep -u "$(id -u)" "^(pasta.*|bailey)$" > /dev/null || break; sleep 0.05; done
		pgrep -u "$(id -u)" -f "^pasta --foreground" -c; pgrep -u "$(id -u)" -x bailey -c; true'
	[[ $output == *"web.conf:3: error: cannot make the rules of the sandbox's network: nft: netlink: no such luck"* ]]
	[[ $output == *"was killed by signal 9"* ]]
	[[ $output != *started* ]]
	[ "$(grep -c '^status 125$' <<< "$output")" -eq 2 ]
	[ "${lines[-2]}" = 0 ]
	[ "${lines[-1]}" = 0 ]
}
@test "what was refused is listed at the end when asked for, and on the status descriptor; what was allowed is not" {
	run on_host '$WEB --net-log sh -c "$ASK 198.51.100.7 80; $ASK 198.51.100.7 8080; $ASK 198.51.100.7 8080; $ASK 2001:db8:7::7 8080" 2>&1
		echo; $WEB --net-log --status-fd 3 $ASK 198.51.100.7 8080 3>&1 2> /dev/null | grep event...refused; $WEB $ASK 198.51.100.7 8080 2>&1; $WEB -q --net-log $ASK 198.51.100.7 8080 2>&1'
	[ "${lines[0]}" = "outside 203.0.113.10" ]
	[[ ${lines[4]} == "bailey: refused: TCP port 8080 at 198.51.100.7 (2 packets); rules from "*"web.conf:3" ]]
	[[ ${lines[5]} == "bailey: refused: TCP port 8080 at 2001:db8:7::7 (1 packet); rules from "*"web.conf:3" ]]
	[[ ${lines[6]} == '{"event":"refused","what":"TCP port 8080 at 198.51.100.7","from":"'*'web.conf:3","packets":1}' ]]
	[ "${lines[7]}" = "no: Connection refused" ]
	[ "${lines[8]}" = "no: Connection refused" ]
	[ "${#lines[@]}" -eq 9 ]
}
@test "a source route does not make an address that is refused one that is allowed" {
	local route='python3 -c "
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(41, 57, bytes([0, 2, 4, 0, 0, 0, 0, 0]) + socket.inet_pton(socket.AF_INET6, \"2001:db8:7::7\"))
try:
    print(\"sent\", s.sendto(b\"x\", (\"2001:db8::1\", 80)))
except OSError as error:
    print(\"no\", error.strerror)
"'
	run on_host "\$OPEN --set network.allow=2001:db8:7::7 --net-log $route 2>&1; \$OPEN $route 2>&1"
	[[ ${lines[0]} == "no "* ]]
	[[ ${lines[1]} == "bailey: refused: IP protocol 43 at 2001:db8:7::7 (1 packet)"* ]]
	[ "${lines[2]}" = "sent 1" ]
}
@test "a flood of refusals is told in short, and the program goes on" {
	run on_host '$WEB --net-log --ro $P/tests python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20000):
    try:
        s.sendto(b\"x\", (\"198.51.100.7\", 1 + i % 60000))
    except OSError:
        pass
print(\"through\")
" 2>&1'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = through ]
	[ "${lines[-1]}" = "bailey: refused: more that is not listed" ]
	[ "${#lines[@]}" -eq 66 ]
}
@test "what could change the rules, or a network that has none, is a mistake with its line" {
	run on_host 'for s in capabilities.keep=net_admin capabilities.keep=net_raw devices.tun=true network.mode=host network.mode=none network.deny=127.0.0.1; do $WEB --set $s echo started 2>&1; echo "status $?"; done'
	[[ $output != *started* ]]
	[ "$(grep -c '^status 2$' <<< "$output")" -eq 6 ]
	[[ $output == *"network.tcp_connect = [ 80 ]"* ]]
}
