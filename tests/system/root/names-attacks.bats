#!/usr/bin/env bats
# What a program inside, or whoever answers for a name, may try against rules for names.

load rig
load names

setup_file() {
	is_root || return 0
	names_setup_file
}
setup() { names_setup; }

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
for i in range(300):
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
