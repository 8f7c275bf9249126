#!/usr/bin/env bats
# Rules of network.allow for names, with mode "user", on a host of the tests' own (tests/lib/net-host, names-host), for an ordinary
# user.  Every refusal is asked for without the rules too, and then it is none.

load rig

setup_file() {
	is_root || return 0
	rig_user
	rig_copy_home
	mkdir "$COPY/tests"
	cp "$TREE/tests/lib/ask.py" "$TREE/tests/lib/resolve.py" "$COPY/tests/"
	cat > "$COPY/open.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ]; };
syscalls = { allow = [ "@network", "@sandbox" ]; };
END
	cat > "$COPY/named.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ];
  allow = [ "tcp:443@*.test.example" ]; };
syscalls = { allow = [ "@network", "@sandbox" ]; };
END
	rig_own
}
teardown_file() {
	is_root || return 0
	rig_remove
}
setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root: this is uid $(id -u)"
	command -v pasta > /dev/null || skip "needs pasta: the package passt is not installed"
	command -v nft > /dev/null || skip "needs nft: the package nftables is not installed"
	PLACE=$(mktemp -d "$BATS_TEST_TMPDIR/names.XXXXXX")
	ZONE=$PLACE/zone
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$PLACE" 2> /dev/null || true
	chown "$USER_NAME" "$PLACE"
	cat > "$ZONE" << 'END'
www.test.example A 5 45.45.45.45
www.test.example AAAA 5 2a00:45::45
alias.test.example CNAME 5 www.test.example
other.example A 5 45.45.45.46
END
	chown "$USER_NAME" "$ZONE"
	before=()
}

# A script on that host, as the user; $OPEN and $NAMED run a program without and with the rule, $ASK asks a server, $RESOLVE a name.
on_host() {
	timeout 60 "$TREE/tests/lib/net-host" "$TREE/tests/lib/names-host" "$ZONE" "${before[@]}" setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" \
		--clear-groups --inh-caps=-all env -i PATH=/usr/bin:/bin HOME="${COPY%/*}" B="$COPY/build/bailey" P="$COPY" ZONE="$ZONE" \
		ASK="python3 $COPY/tests/ask.py" RESOLVE="python3 $COPY/tests/resolve.py" \
		OPEN="$COPY/build/bailey run -p $COPY/open.conf --ro $COPY/tests" NAMED="$COPY/build/bailey run -p $COPY/named.conf --ro $COPY/tests" \
		bash -c 'cd "$HOME" && eval "$1"' bash "$1"
}
asked() { cut -d' ' -f1 "$ZONE.log" | sort -u | tr '\n' ' '; }

@test "an allowed name connects, over IPv4 and IPv6 and by an alias; other ports, addresses and names do not; without the rule all do" {
	run on_host 'for how in "$NAMED" "$OPEN"; do $how sh -c "$ASK 45.45.45.45 443; $ASK www.test.example 443; $ASK alias.test.example 443
		$ASK 2a00:45::45 443; $ASK 45.45.45.45 443; $ASK 45.45.45.46 443; $ASK 198.51.100.7 80; $ASK other.example 443"; done'
	[ "${lines[0]}" = "no: Connection refused" ]
	[[ ${lines[1]} == "named "* ]]
	[[ ${lines[2]} == "named "* ]]
	[[ ${lines[3]} == "named "* ]]
	[[ ${lines[4]} == "named "* ]]
	[ "${lines[5]}" = "no: Connection refused" ]
	[ "${lines[6]}" = "no: Connection refused" ]
	[ "${lines[7]}" = "no: Name or service not known" ]
	[[ ${lines[8]} == "named "* ]]
	[[ ${lines[13]} == "named "* ]]
	[[ ${lines[14]} == "outside "* ]]
	[[ ${lines[15]} == "named "* ]]
}
@test "a name that no rule allows is asked of nobody, whatever its form" {
	run on_host '$NAMED sh -c "for n in secret.other.example test.example xtest.example www.test.example.evil.example 45.45.45.45.in-addr.arpa www..test.example; do
			echo \$n \$($RESOLVE \$n 2>&1 | tail -n 1); done; $RESOLVE WWW.Test.Example; $RESOLVE www.test.example TXT; $RESOLVE www.test.example HTTPS; $RESOLVE www.test.example 255"'
	[ "${lines[0]}" = "secret.other.example 3" ]
	[ "${lines[1]}" = "test.example 3" ]
	[ "${lines[2]}" = "xtest.example 3" ]
	[ "${lines[3]}" = "www.test.example.evil.example 3" ]
	[ "${lines[4]}" = "45.45.45.45.in-addr.arpa 3" ]
	[ "${lines[6]}" = "0 45.45.45.45/5" ]
	[ "${lines[7]}" = 5 ]
	[ "${lines[8]}" = 0 ]
	[ "${lines[9]}" = 5 ]
	[ "$(cat "$ZONE.log")" = "www.test.example A UDP" ]
	# The server can tell: without the rule it is asked.
	run on_host '$OPEN getent hosts secret.other.example; $OPEN getent hosts www.test.example'
	[[ $(asked) == *"secret.other.example "* ]]
}
@test "no other name server can be asked" {
	run on_host 'for how in "$NAMED" "$NAMED --set network.allow=203.0.113.0/24"; do $how sh -c "$RESOLVE other.example A 203.0.113.1; $ASK 203.0.113.1 53"; done
		$OPEN $RESOLVE other.example A 203.0.113.1'
	[[ ${lines[0]} == "no: "* ]]
	[ "${lines[1]}" = "no: Connection refused" ]
	[[ ${lines[2]} == "no: "* ]]
	[ "${lines[3]}" = "no: Connection refused" ]
	[ "${lines[4]}" = "0 45.45.45.46/5" ]
}
@test "addresses that are not of the Internet at large are not handed in, beside one that is" {
	local at
	for at in 127.0.0.1 10.45.0.1 169.254.169.254 172.31.0.1 192.168.1.1 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 203.0.113.10 192.0.0.1 198.18.0.1; do
		echo "v4.test.example A 5 $at"
	done >> "$ZONE"
	for at in ::1 :: fe80::1 fd00::1 ff02::1 ::ffff:10.45.0.1 64:ff9b::a2d:1 2002:a2d:1:: 2001::1 2001:db8::1 fec0::1 ::10.45.0.1; do
		echo "v6.test.example AAAA 5 $at"
	done >> "$ZONE"
	printf '%s\n' 'mixed.test.example A 5 10.45.0.1' 'mixed.test.example A 5 45.45.45.46' 'inner.test.example A 5 10.45.0.1' >> "$ZONE"
	run on_host 'ask="for n in v4 v6 mixed inner; do $RESOLVE \$n.test.example; $RESOLVE \$n.test.example AAAA; done; $ASK 10.45.0.1 443"
		$NAMED sh -c "$ask"; $NAMED --set network.allow=tcp:80@10.45.0.0/16 sh -c "$ask"; $NAMED --set network.allow=tcp@10.45.0.0/16 sh -c "$ask"; $OPEN $ASK inner.test.example 443'
	[ "${lines[*]:0:9}" = "0 0 0 0 0 45.45.45.46/5 0 0 0 no: Connection refused" ]
	# With a rule for the address it is known, and that rule alone says what it is good for.
	[ "${lines[9]}" = "0 10.45.0.1/5" ]
	[ "${lines[13]}" = "0 10.45.0.1/5 45.45.45.46/5" ]
	[ "${lines[15]}" = "0 10.45.0.1/5" ]
	[ "${lines[17]}" = "no: Connection refused" ]
	[[ ${lines[26]} == "named "* ]]
	[[ ${lines[27]} == "named "* ]]
}
@test "a changed answer is followed, and what it was before is closed when its time is over" {
	sed -i 's/ 5 / 1 /' "$ZONE"
	run on_host 'mkfifo $HOME/go; $NAMED --rw $HOME/go --set network.name_time=2s sh -c "$ASK www.test.example 443; echo > $HOME/go; read x < $HOME/go
			$RESOLVE www.test.example; $ASK 45.45.45.46 443; $ASK 45.45.45.45 443
			i=0; while $ASK 45.45.45.45 443 > /dev/null; do sleep 0.2; i=\$((i + 1)); [ \$i -lt 100 ] || exit 1; done; echo closed
			$ASK 45.45.45.46 443; $RESOLVE www.test.example; $ASK 45.45.45.46 443; $ASK 45.45.45.45 443" &
		read x < $HOME/go; sed "s/45.45.45.45/45.45.45.46/" $ZONE > $ZONE.new; cat $ZONE.new > $ZONE; echo > $HOME/go; wait $!; rm $HOME/go'
	[[ ${lines[0]} == "named "* ]]
	[ "${lines[1]}" = "0 45.45.45.46/1" ]
	[[ ${lines[2]} == "named "* ]]
	[[ $output == *$'\nclosed\nno: Connection refused\n0 45.45.45.46/1\nnamed '*$'\nno: Connection refused' ]]
}
@test "nothing that the program does opens another way" {
	cat > "$PLACE/escape.sh" << 'END'
nft add element inet bailey names0_ipv4 "{ 45.45.45.46 }"
nft add element inet bailey names0_ipv4 "{ 45.45.45.46 timeout 1h }"
nft flush ruleset
nft delete table inet bailey
ip addr add 203.0.113.1/32 dev lo
ip route add 203.0.113.1/32 dev lo
ip link set eth0 down
for n in -rn -r -rnm; do unshare $n sh -c "nft add element inet bailey names0_ipv4 '{ 45.45.45.46 }'; nft flush ruleset"; done
unshare -r nsenter --net=/proc/1/ns/net nft flush ruleset
python3 - << 'PYTHON'
import os, socket, struct
def attempt(name, what):
    try:
        print(name, what())
    except OSError as error:
        print(name, error)
# The place of the resolver, its answers, and its socket to the kernel.
def take(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.bind((address, 53))
    return "taken"
attempt("own", lambda: take("127.0.0.1"))
attempt("any", lambda: take("0.0.0.0"))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 17).fileno())
def add():
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    s.sendto(struct.pack("=IHHII", 20, 0x10, 1, 1, 0) + struct.pack(">BBH", 0, 0, 10), (0, 0))
    return struct.unpack_from("=i", s.recv(4096), 16)
attempt("netlink", add)
attempt("processes", lambda: [p for p in os.listdir("/proc") if p.isdigit() and "resolver" in open(f"/proc/{p}/comm").read()])
# Datagrams that no resolver would like.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(3000):
    s.sendto(os.urandom(i % 600), ("127.0.0.1", 53))
    s.sendto(struct.pack(">HHHHHH", i, 0x100, 1, 0, 0, 0) + bytes([i % 256]) * (i % 300), ("127.0.0.1", 53))
PYTHON
END
	run on_host 'mkdir -p esc; cp '"$PLACE"'/escape.sh esc/; for more in "" "--set namespaces.user=nested" "--set identity.user=root --set namespaces.user=nested"; do
		$NAMED $more --ro $HOME/esc sh -c "bash $HOME/esc/escape.sh; echo in the end: \$($ASK 45.45.45.46 443) / \$($ASK other.example 443) / \$($ASK www.test.example 443)" 2>&1; done; rm -r esc'
	[ "$(grep -c "^in the end: no: Connection refused / no: Name or service not known / named " <<< "$output")" -eq 3 ]
	if grep -E "^(own|any) taken|^raw [0-9]|^netlink \(0,|resolver" <<< "$output"; then false; fi
	[[ $(asked) != *"other.example"* ]]
}
@test "the resolver's end closes what it has opened, and it ends with the launcher" {
	run on_host 'mkfifo $HOME/go; $NAMED --rw $HOME/go sh -c "$ASK www.test.example 443; echo > $HOME/go; read x < $HOME/go
			i=0; while $ASK 45.45.45.45 443 > /dev/null; do sleep 0.1; i=\$((i + 1)); [ \$i -lt 100 ] || exit 1; done; echo closed; $RESOLVE www.test.example" 2>&1 &
		read x < $HOME/go; r=$(pgrep -u "$(id -u)" -x bailey-resolver); grep -E "^(Seccomp|NoNewPrivs|CapEff)" /proc/$r/status
		kill -KILL $r; echo > $HOME/go; wait $!
		$NAMED --rw $HOME/go sh -c "echo > $HOME/go; sleep 60" & l=$!; read x < $HOME/go; kill -KILL $l; wait $l 2> /dev/null
		i=0; while pgrep -u "$(id -u)" "bailey|pasta"; do sleep 0.1; i=$((i + 1)); [ $i -lt 50 ] || exit 1; done; rm $HOME/go; echo gone'
	[[ $output == *$'CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2'* ]]
	[[ $output == *"bailey: bailey-resolver has ended: the sandbox has no names any more"* ]]
	[[ $output == *$'closed\n'* ]]
	[ "${lines[-1]}" = gone ]
}
@test "answers of a hostile server are passed over, and clumsy ones are understood" {
	local how
	for how in wrong-id wrong-name silent loop short cut plain small-letters many; do
		printf '%s\n' "$how.test.example A 5 45.45.45.46" "$how.test.example does $how"
	done >> "$ZONE"
	run on_host '$NAMED sh -c "for n in loop short wrong-id wrong-name silent cut plain small-letters many; do (echo \$n \$($RESOLVE \$n.test.example)) & done; wait" | sort'
	[ "${lines[0]}" = "cut 0 45.45.45.46/5" ]
	[ "${lines[1]}" = "loop 2" ]
	[[ ${lines[2]} == "many 0 45.45.46.0/5 "* ]]
	[ "$(wc -w <<< "${lines[2]}")" -le 34 ]
	[ "${lines[3]}" = "plain 0 45.45.45.46/5" ]
	[ "${lines[4]}" = "short 2" ]
	[ "${lines[5]}" = "silent 2" ]
	[ "${lines[6]}" = "small-letters 0 45.45.45.46/5" ]
	# Over TCP nobody can guess.
	[ "${lines[7]}" = "wrong-id 0 45.45.45.46/5" ]
	[ "${lines[8]}" = "wrong-name 0 45.45.45.46/5" ]
}
@test "names that were refused are listed at the end when asked for, and on the status descriptor" {
	run on_host '$NAMED --net-log sh -c "$RESOLVE secret.other.example; $RESOLVE secret.other.example; $RESOLVE www.test.example" 2>&1
		$NAMED --net-log --status-fd 3 $RESOLVE secret.other.example 3>&1 2> /dev/null | grep event...refused'
	[[ ${lines[3]} == "bailey: refused: the name secret.other.example was not looked up; rules from "*"named.conf:3" ]]
	[[ ${lines[4]} == '{"event":"refused","what":"the name secret.other.example","from":"'*'named.conf:3","packets":0}' ]]
	[ "${#lines[@]}" -eq 5 ]
}
@test "what cannot be meant is a mistake with its line, and without a resolver nothing is started" {
	run on_host 'for s in network.deny=tcp:443@www.example.org network.allow=udp:53@203.0.113.1 network.allow=tcp:443@www network.mode=host; do
			$NAMED --set $s echo started 2>&1; echo "status $?"; done
		mv $P/build/bailey-resolver $P/build/away; $NAMED echo started 2>&1; echo "status $?"; mv $P/build/away $P/build/bailey-resolver'
	[[ $output != *started* ]]
	[ "$(grep -c '^status 2$' <<< "$output")" -eq 4 ]
	[[ $output == *"a name cannot be denied"* ]]
	[[ $output == *"no other name server can be asked"* ]]
	[[ $output == *"a name of two parts at least"* ]]
	[[ $output == *"named.conf:3: error: cannot look names up: bailey-resolver"* ]]
	[ "${lines[-1]}" = "status 125" ]
}
