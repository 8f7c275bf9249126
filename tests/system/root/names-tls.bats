#!/usr/bin/env bats
# network.tls_name: the name in the greeting of TLS.  www and second have the same address, and every refusal is asked for without the
# setting too, and then it is none.

load rig
load names

setup_file() {
	is_root || return 0
	names_setup_file
	cp "$TREE"/tests/lib/{tls,greet,tls-ask}.py "$COPY/tests/"
	sed 's/tcp:443/tcp:8443/' "$COPY/named.conf" > "$COPY/unchecked.conf"
	sed 's/dns = /tls_name = true; dns = /' "$COPY/unchecked.conf" > "$COPY/checked.conf"
	sed 's/tcp:8443/tcp:8444/' "$COPY/checked.conf" > "$COPY/real.conf"
	rig_own
}
teardown_file() {
	is_root || return 0
	rig_remove
}
setup() {
	names_setup
	echo 'second.test.example A 5 45.45.45.45' >> "$ZONE"
	export NAMES_GREETED=$PLACE/greeted
}
# A script as on_host runs it; $CHECKED and $UNCHECKED run a program with and without the setting.  In there `www` and `www6` begin a
# connection to www.test.example at its addresses, and `at` one to 45.45.45.45; a word or two on the line before says what is tried.
on_tls() {
	# shellcheck disable=SC2016 # for the shell inside
	on_host 'run() { p=$1; shift; $B run -p "$P/$p.conf" --ro "$P/tests" "$@"; }
		export GREET="python3 $P/tests/greet.py" FUNCTIONS="
			at() { \$GREET 45.45.45.45 8443 \"\$@\"; }
			www() { at www.test.example \"\$@\"; }
			www6() { \$GREET 2a00:45::45 8443 www.test.example \"\$@\"; }
			known() { for n in www second; do \$RESOLVE \$n.test.example; \$RESOLVE \$n.test.example AAAA; done > /dev/null; }
			known"
		CHECKED="run checked --set environment.keep=GREET --set environment.keep=RESOLVE --set environment.keep=FUNCTIONS"
		UNCHECKED="${CHECKED/checked/unchecked}"
		'"$1"
}

@test "a connection is let through that asks for the name, however it does so; others are not; without the setting all are" {
	cat > "$PLACE/good" << 'END'
www; www upper; at www.test.example.; at second.test.example; www split=1; www record=1; www split=7 record=3; www split=100 record=20
END
	cat > "$PLACE/bad" << 'END'
at other.example; at -; at 45.45.45.45; at www.test.example plain; www twice; at '*.test.example'
END
	run on_tls 'good=$(cat '"$PLACE"'/good) bad=$(cat '"$PLACE"'/bad)
		$CHECKED sh -c "eval \"\$FUNCTIONS\"; $good; $bad"; $UNCHECKED sh -c "eval \"\$FUNCTIONS\"; $bad"'
	local i
	for i in {0..7} {14..19}; do [[ ${lines[i]} == "greeted "* ]]; done
	for i in {8..13}; do [ "${lines[i]}" = "no: Connection reset by peer" ]; done
	# What was refused never came to the server.
	[ "$(wc -l < "$NAMES_GREETED")" -eq 14 ]
}
@test "a second greeting is held to the name of the first" {
	run on_tls '$CHECKED sh -c "eval \"\$FUNCTIONS\"; www again=www.test.example; www again=second.test.example; www early again=www.test.example; www early again=second.test.example"
		$UNCHECKED sh -c "eval \"\$FUNCTIONS\"; www again=second.test.example"'
	[[ ${lines[0]} == "greeted "*" then all" ]]
	[ "${lines[1]}" = "no: Connection reset by peer" ]
	[[ ${lines[2]} == "greeted "*" then all" ]]
	[ "${lines[3]}" = "no: Connection reset by peer" ]
	[[ ${lines[4]} == "greeted "*" then all" ]]
}
@test "programs that speak TLS notice nothing, also where a second greeting is asked for or a session goes on" {
	command -v openssl > /dev/null || skip "needs openssl: the package openssl is not installed"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$PLACE/key.pem" -out "$PLACE/cert.pem" -days 2 -subj /CN=www.test.example 2> /dev/null
	chmod 644 "$PLACE/key.pem"
	export NAMES_TLS=$PLACE
	run on_tls '${CHECKED/checked/real} sh -c "eval \"\$FUNCTIONS\"; ask() { python3 $P/tests/tls-ask.py 45.45.45.45 8444 \"\$@\"; }
		ask www.test.example; ask www.test.example TLSv1_2; ask other.example; ask second.test.example"'
	[ "${lines[0]}" = "www.test.example TLSv1.3 5000000 anew" ]
	[ "${lines[1]}" = "www.test.example TLSv1.3 5000000 again" ]
	[ "${lines[2]}" = "www.test.example TLSv1.2 5000000 anew" ]
	[ "${lines[3]}" = "www.test.example TLSv1.2 5000000 again" ]
	[[ ${lines[4]} == "no: "* ]]
	[[ ${lines[5]} == "no: "* ]]
	[ "${lines[6]}" = "second.test.example TLSv1.3 5000000 anew" ]
}
@test "many at once, beside some that say nothing; and all that is sent comes back" {
	run on_tls '$CHECKED sh -c "eval \"\$FUNCTIONS\"; www times=40 silent=20 & www times=200; www send=20000000; www early send=3000000; kill \$!"'
	[[ ${lines[0]} == "200 greeted "* ]]
	[[ ${lines[1]} == "greeted "*" the same" ]]
	[[ ${lines[2]} == "greeted "*" the same" ]]
}
@test "what was refused is listed with its name at the end, and on the status descriptor" {
	run on_tls '$CHECKED --net-log sh -c "eval \"\$FUNCTIONS\"; at other.example; at other.example; at -; www plain; at 45.45.45.45" 2>&1 | grep -v ^no:
		$CHECKED --net-log --status-fd 3 sh -c "eval \"\$FUNCTIONS\"; at other.example" 3>&1 > /dev/null 2>&1 | grep event...refused'
	[[ ${lines[0]} == "bailey: refused: TCP port 8443 at 45.45.45.45 for the name other.example; rules from "*"checked.conf:3" ]]
	[[ ${lines[1]} == "bailey: refused: TCP port 8443 at 45.45.45.45 without a name in its greeting; rules from "* ]]
	[[ ${lines[2]} == "bailey: refused: TCP port 8443 at 45.45.45.45 without a greeting of TLS; rules from "* ]]
	[[ ${lines[3]} == "bailey: refused: TCP port 8443 at 45.45.45.45 without a name of a host in its greeting; rules from "* ]]
	[[ ${lines[4]} == '{"event":"refused","what":"TCP port 8443 at 45.45.45.45 for the name other.example","from":"'*'checked.conf:3","packets":0}' ]]
	[ "${#lines[@]}" -eq 5 ]
}
@test "the program can neither mark what it sends, nor take or use the place where greetings are read" {
	cat > "$PLACE/try.py" << 'END'
import os, socket, struct
def attempt(name, what):
    try:
        print(name, what())
    except OSError as error:
        print(name, error.strerror)
def marked(family, address):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, 36, 0xba117)
    s.connect(address)
    return "let out"
def take(family, address, port=4):
    s = socket.socket(family, socket.SOCK_STREAM)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.bind((address, port))
    s.listen()
    return "taken"
def message():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return s.sendmsg([b"x"], [(socket.SOL_SOCKET, 36, struct.pack("I", 0xba117))], 0, ("45.45.45.45", 8443))
def quic():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return s.sendto(b"x" * 1200, ("45.45.45.45", 8443))
def direct(address, text):
    with socket.create_connection((address, 4), timeout=10) as s:
        s.sendall(text)
        return "said " + repr(s.recv(10))
import sys
sys.path.insert(0, os.environ["GREET"].split()[1].rsplit("/", 1)[0])
import tls
attempt("mark4", lambda: marked(socket.AF_INET, ("45.45.45.45", 8443)))
attempt("mark6", lambda: marked(socket.AF_INET6, ("2a00:45::45", 8443)))
attempt("message", message)
attempt("quic", quic)
attempt("take4", lambda: take(socket.AF_INET, "127.0.0.1"))
attempt("take6", lambda: take(socket.AF_INET6, "::1"))
attempt("any", lambda: take(socket.AF_INET6, "::"))
attempt("direct4", lambda: direct("127.0.0.1", tls.records(tls.hello("www.test.example"))))
attempt("direct6", lambda: direct("::1", tls.records(tls.hello("www.test.example"))))
attempt("processes", lambda: [p for p in os.listdir("/proc") if p.isdigit() and "bailey-tls" in open(f"/proc/{p}/comm").read()])
END
	run on_tls 'mkdir try; cp '"$PLACE"'/try.py try; for more in "" "--set namespaces.user=nested" "--set identity.user=root --set namespaces.user=nested"; do
			$CHECKED $more --ro $HOME/try sh -c "eval \"\$FUNCTIONS\"; python3 $HOME/try/try.py; unshare -rn true && unshare -r python3 $HOME/try/try.py
				at other.example; www" 2>&1; done; rm -r try; grep -o "greeted" $HOME/none'
	[ "$(grep -c '^no: Connection reset by peer$' <<< "$output")" -eq 3 ]
	[ "$(grep -c '^greeted ' <<< "$output")" -eq 3 ]
	[ "$(grep -c '^mark[46] Operation not permitted$' <<< "$output")" -ge 6 ]
	[ "$(grep -c '^message Operation not permitted$' <<< "$output")" -ge 3 ]
	[ "$(grep -c '^quic Operation not permitted$' <<< "$output")" -ge 3 ]
	[ "$(grep -c '^direct[46] Connection reset by peer$' <<< "$output")" -ge 6 ]
	[ "$(grep -c '^processes \[\]$' <<< "$output")" -ge 3 ]
	if grep -E "^(take4|take6|any) taken|let out| said " <<< "$output"; then false; fi
}
@test "the end of bailey-tls closes all that it let through, and nothing comes in its stead" {
	run on_tls 'mkfifo $HOME/go; $CHECKED --rw $HOME/go sh -c "eval \"\$FUNCTIONS\"; www; echo > $HOME/go; read x < $HOME/go; www; www6; at other.example; www" 2>&1 &
		read x < $HOME/go; t=$(pgrep -u "$(id -u)" -x bailey-tls); grep -E "^(Seccomp|NoNewPrivs|CapEff)" /proc/$t/status; kill -KILL $t
		until ! grep -q "^State:.[^Z]" /proc/$t/status; do sleep 0.1; done; echo > $HOME/go; wait $!
		$B run -p $P/checked.conf --rw $HOME/go sh -c "echo > $HOME/go; sleep 60" & l=$!; read x < $HOME/go; pgrep -u "$(id -u)" -x bailey-tls > /dev/null && kill -KILL $l; wait $l 2> /dev/null
		i=0; while pgrep -u "$(id -u)" "bailey|pasta"; do sleep 0.1; i=$((i + 1)); [ $i -lt 50 ] || exit 1; done; rm $HOME/go; echo gone'
	[[ $output == *$'CapEff:\t0000000000001000\nNoNewPrivs:\t1\nSeccomp:\t2'* ]]
	[[ $output == *"bailey: bailey-tls has ended: the sandbox has no connections to names any more"* ]]
	[ "$(grep -c '^greeted ' <<< "$output")" -eq 1 ]
	[ "$(grep -c '^no: Connection refused$' <<< "$output")" -eq 4 ]
	[ "${lines[-1]}" = gone ]
}
@test "what cannot be meant is a mistake with its line, and without bailey-tls nothing is started" {
	run on_tls 'for s in network.allow=udp:443@www.example.org network.allow=icmp:echo@www.example.org; do $CHECKED --set $s echo started 2>&1; echo "status $?"; done
		$B run -p $P/open.conf --set network.tls_name=true echo started 2>&1; echo "status $?"
		mv $P/build/bailey-tls $P/build/away; $CHECKED echo started 2>&1; echo "status $?"; mv $P/build/away $P/build/bailey-tls'
	[[ $output != *started* ]]
	[ "$(grep -c '^status 2$' <<< "$output")" -eq 3 ]
	[ "$(grep -c "network.tls_name lets nothing but TCP through for a name" <<< "$output")" -eq 2 ]
	[[ $output == *"there are no rules for names, which it could check"* ]]
	[[ $output == *"checked.conf:3: error: cannot look names up: bailey-tls"* ]]
	[ "${lines[-1]}" = "status 125" ]
}
@test "beside a rule for addresses; what network.deny has stays refused" {
	run on_tls '$CHECKED --set network.allow=tcp:443 sh -c "eval \"\$FUNCTIONS\"; $ASK 45.45.45.45 443; at other.example; www"
		$CHECKED --set network.allow=tcp:8443 sh -c "eval \"\$FUNCTIONS\"; at other.example"
		$CHECKED --set network.deny=45.45.45.0/24 sh -c "eval \"\$FUNCTIONS\"; www"'
	[[ ${lines[0]} == "named "* ]]
	[ "${lines[1]}" = "no: Connection reset by peer" ]
	[[ ${lines[2]} == "greeted "* ]]
	[[ ${lines[3]} == "greeted "* ]]
	[ "${lines[4]}" = "no: Connection reset by peer" ]
	[ "${#lines[@]}" -eq 5 ]
}
@test "on a bridge of the host, started by root, and also as the host's root" {
	run timeout 100 "$TREE/tests/lib/net-host" "$TREE/tests/lib/names-host" "$ZONE" "$TREE/tests/lib/bridge-host" "B=$BUILD/bailey G='python3 $TREE/tests/lib/greet.py' R='python3 $TREE/tests/lib/resolve.py'"'
		sed "s/bridge = \"lan\";/& tls_name = true; allow = [ \"tcp:8443@*.test.example\" ];/; s|read_only = \[|& \"'"$TREE"'/tests/lib\",|" $P/a.conf > $P/n.conf
		sed "s/user = \"nobody-else\"/user = \"host-root\"/" $P/n.conf > $P/r.conf
		$B run -p $P/n.conf sh -c "$R www.test.example > /dev/null; for w in pad=2000 pad=30000 \"pad=12000 record=5000\" send=20000000 reset; do $G 45.45.45.45 8443 www.test.example \$w; done
			$G 45.45.45.45 8443 www.test.example pad=33000"
		for p in n r; do $B run -p $P/$p.conf sh -c "for t in A AAAA; do $R www.test.example \$t > /dev/null; done; for n in www.test.example second.test.example; do
			$G 45.45.45.45 8443 \$n; $G 2a00:45::45 8443 \$n; done"; done; left'
	local i
	for i in 0 1 2; do [[ ${lines[i]} == "greeted "* ]]; done
	[[ ${lines[3]} == "greeted "*" the same" ]]
	[ "${lines[4]}" = "no: Connection reset by peer" ]
	[ "${lines[5]}" = "no: Connection reset by peer" ]
	for i in 6 10; do
		[[ ${lines[i]} == "greeted "* ]]
		[[ ${lines[i + 1]} == "greeted "* ]]
		[ "${lines[i + 2]}" = "no: Connection reset by peer" ]
		[ "${lines[i + 3]}" = "no: Connection reset by peer" ]
	done
	[ "${#lines[@]}" -eq 14 ]
}
@test "on a bridge of the host, by the service for users" {
	[ -x "$BUILD/bailey-netd" ] || skip "needs bailey-netd: it was built without libnl-route-3"
	run timeout 60 "$TREE/tests/lib/net-host" "$TREE/tests/lib/names-host" "$ZONE" "$TREE/tests/lib/bridge-host" "B=$BUILD/bailey G='python3 $TREE/tests/lib/greet.py' R='python3 $TREE/tests/lib/resolve.py'; $NETD_BEGIN"'
		sed -i "s/bridge = \"lan\";/& tls_name = true; allow = [ \"tcp:8443@*.test.example\" ];/; s|read_only = \[|& \"'"$TREE"'/tests/lib\",|" $P/u.conf
		as $B run -p $P/u.conf sh -c "for n in www second; do for t in A AAAA; do $R \$n.test.example \$t > /dev/null; done; done
			for n in www.test.example second.test.example other.example; do $G 45.45.45.45 8443 \$n; $G 2a00:45::45 8443 \$n; done"; finish'
	echo "$output"
	[[ ${lines[0]} == "greeted "* ]]
	[[ ${lines[1]} == "greeted "* ]]
	[[ ${lines[2]} == "greeted "* ]]
	[ "${lines[3]}" = "no: Connection reset by peer" ] # second has no address of IPv6
	[ "${lines[4]}" = "no: Connection reset by peer" ]
	[ "${lines[5]}" = "no: Connection reset by peer" ]
	[ "${lines[6]}" = "netd 0" ]
	[ "${#lines[@]}" -eq 7 ]
}
@test "a connection that begins with the ports of one that bailey-tls had is none of its own" {
	cat > "$PLACE/server.py" << 'END'
import socket, struct
l = socket.create_server(("::", 8445), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, a = l.accept()
    first = c.recv(4096)
    c.sendall(f"{a[1]}".encode())
    if b"www.test" in first: # what the rules' memory of it then holds is no end in order
        c.recv(10)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()
END
	cat > "$PLACE/again.py" << 'END'
import socket, sys
sys.path.insert(0, sys.argv[1])
import tls
s = socket.create_connection(("45.45.45.45", 8445), timeout=20)
s.sendall(tls.records(tls.hello("www.test.example")))
port = int(s.recv(100))
s.sendall(tls.record(23, b"x"))
try:
    print(s.recv(10))
except OSError as error:
    print("first:", error.strerror)
for _ in range(3):
    try:
        with socket.socket() as t:
            t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            t.settimeout(20)
            t.bind(("", port))
            t.connect(("45.45.45.45", 8445))
            t.sendall(tls.records(tls.hello("other.example")))
            print("let out" if t.recv(100) else "end")
    except OSError as error:
        print("again:", error.strerror)
END
	run timeout 100 "$TREE/tests/lib/net-host" "$TREE/tests/lib/names-host" "$ZONE" "$TREE/tests/lib/bridge-host" "B=$BUILD/bailey T=$TREE/tests/lib O=$PLACE"'
		nsenter --net=/proc/$NET_HOST_OUTSIDE/ns/net python3 $O/server.py & s=$!
		await 10 out python3 -c "import socket; socket.create_connection((\"127.0.0.1\", 8445))"
		sed "s/bridge = \"lan\";/& tls_name = true; allow = [ \"tcp:8445@*.test.example\" ];/; s|read_only = \[|& \"$T\", \"$O\",|" $P/a.conf > $P/n.conf
		$B run -p $P/n.conf sh -c "python3 $T/resolve.py www.test.example; python3 $O/again.py $T"; kill $s'
	[ "${lines[1]}" = "first: Connection reset by peer" ]
	[[ ${lines[2]} == "again: Connection re"* ]]
	[[ $output != *"let out"* ]]
}
@test "on a network of the user's own" {
	run on_tls 'mkdir -p -m 700 $HOME/run; export XDG_RUNTIME_DIR=$HOME/run; sed "s/mode = \"user\"/mode = \"bridge\"; bridge = \"user\"/" $P/checked.conf > $P/hub.conf
		${CHECKED/checked/hub} sh -c "eval \"\$FUNCTIONS\"; www; at second.test.example; at other.example"; rm $P/hub.conf'
	[[ ${lines[0]} == "greeted "* ]]
	[[ ${lines[1]} == "greeted "* ]]
	[ "${lines[2]}" = "no: Connection reset by peer" ]
}
