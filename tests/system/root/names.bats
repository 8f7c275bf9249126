#!/usr/bin/env bats
# Rules of network.allow for names.  Every refusal is asked for without the rules too, and then it is none.

load rig
load names

setup_file() {
	is_root || return 0
	names_setup_file
}
setup() { names_setup; }

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
@test "on a bridge of the host, started by root, and also as the host's root" {
	run timeout 100 "$TREE/tests/lib/net-host" "$TREE/tests/lib/names-host" "$ZONE" "$TREE/tests/lib/bridge-host" "B=$BUILD/bailey ASK='python3 $TREE/tests/lib/ask.py'"'
		sed "s/bridge = \"lan\";/& allow = [ \"tcp:443@*.test.example\" ];/; s|read_only = \[|& \"'"$TREE"'/tests/lib\",|" $P/a.conf > $P/n.conf
		sed "s/user = \"nobody-else\"/user = \"host-root\"/" $P/n.conf > $P/r.conf
		for p in n r; do $B run -p $P/$p.conf sh -c "$ASK 45.45.45.45 443; $ASK www.test.example 443; $ASK 2a00:45::45 443; $ASK other.example 443; $ASK 198.51.100.7 80"; done; left'
	local i
	for i in 0 5; do
		[ "${lines[i]}" = "no: Connection refused" ]
		[[ ${lines[i + 1]} == "named "* ]]
		[[ ${lines[i + 2]} == "named "* ]]
		[ "${lines[i + 3]}" = "no: Name or service not known" ]
		[ "${lines[i + 4]}" = "no: Connection refused" ]
	done
	[ "${#lines[@]}" -eq 10 ]
	[[ $(asked) != *"other.example"* ]]
}
@test "on a network of the user's own" {
	run on_host 'mkdir -p -m 700 $HOME/run; export XDG_RUNTIME_DIR=$HOME/run; sed "s/mode = \"user\"/mode = \"bridge\"; bridge = \"user\"/" $P/named.conf > $HOME/hub.conf
		$B run -p $HOME/hub.conf --ro $P/tests sh -c "$ASK 45.45.45.45 443; $ASK www.test.example 443; $ASK other.example 443; $ASK 198.51.100.7 80"; rm $HOME/hub.conf'
	[ "${lines[0]}" = "no: Connection refused" ]
	[[ ${lines[1]} == "named "* ]]
	[ "${lines[2]}" = "no: Name or service not known" ]
	[ "${lines[3]}" = "no: Connection refused" ]
	[[ $(asked) != *"other.example"* ]]
}
