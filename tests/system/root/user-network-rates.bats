#!/usr/bin/env bats
# network.rate_in and rate_out of mode "user", on a host of the tests' own (tests/lib/net-host), for an ordinary user.

load rig

setup_file() {
	is_root || return 0
	rig_user_with ask flow
	cat > "$COPY/plain.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ]; };
syscalls = { allow = [ "@network" ]; };
END
	sed 's/mode = "user";/mode = "user";\nrate_in = "20Mbit"; rate_out = "8Mbit";/' "$COPY/plain.conf" > "$COPY/rated.conf"
	rig_own
}
setup() {
	is_root || skip "needs root: this is uid $(id -u)"
	[ -x "$BUILD/bailey-net" ] || skip "needs bailey-net: it was built without libnl-route-3"
	command -v pasta > /dev/null || skip "needs pasta: the package passt is not installed"
}

# A script on that host, as the user, with a server of flow.py outside: `run NAME COMMAND...` runs a program by the profile NAME.conf.
on_host() {
	# shellcheck disable=SC2016 # for the shells inside
	timeout 90 "$TREE/tests/lib/net-host" bash -c '
		nsenter --net="/proc/$NET_HOST_OUTSIDE/ns/net" python3 "$COPY/tests/flow.py" serve 198.51.100.7 7000 & server=$!
		setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" --clear-groups --inh-caps=-all env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin \
			HOME="${COPY%/*}" P="$COPY" B="$COPY/build/bailey" FLOW="python3 $COPY/tests/flow.py" ASK="python3 $COPY/tests/ask.py" bash -c "$1"
		{ kill "$server"; wait "$server"; } 2> /dev/null' bash '
		run() { local p=$1; shift; $B run -p "$P/$p.conf" --ro "$P/tests" "$@"; }
		for _ in $(seq 100); do $FLOW get 198.51.100.7 7000 0.01 > /dev/null 2>&1 && break; sleep 0.1; done
		cd || exit 1; '"$1"
}

@test "rates hold in both directions; without them much more goes through" {
	# A pasta that nothing slows down stalls at times while it sends.
	run on_host 'run plain sh -c "$FLOW get 198.51.100.7 7000 0.5
			for _ in 1 2 3 4 5 6; do n=\$($FLOW put 198.51.100.7 7000 0.5); [ \$n -le 40 ] || break; done; echo \$n"
		for _ in 1 2 3; do run rated sh -c "$FLOW get 198.51.100.7 7000 2; $FLOW put 198.51.100.7 7000 2"; done'
	echo "$output"
	[ "${#lines[@]}" -eq 8 ]
	[ "${lines[0]}" -gt 40 ]
	[ "${lines[1]}" -gt 40 ]
	for i in 2 4 6; do
		[ "${lines[i]}" -ge 12 ] && [ "${lines[i]}" -le 22 ]
		[ "${lines[i + 1]}" -ge 5 ] && [ "${lines[i + 1]}" -le 9 ]
	done
}
@test "they hold for one direction alone, and beside rules for addresses" {
	command -v nft > /dev/null || skip "needs nft: the package nftables is not installed"
	run on_host 'run rated --set network.allow=tcp:7000 sh -c "sed -n \"s/^ *//;s/:.*//p\" /proc/net/dev; ip link show eth0 | grep -o \"mtu 1500\"; $FLOW put 198.51.100.7 7000 2; $ASK 198.51.100.7 80"
		sed "s/rate_in = \"20Mbit\";//" $P/rated.conf > $P/out.conf; run out sh -c "sed -n \"s/^ *//;s/:.*//p\" /proc/net/dev; $FLOW get 198.51.100.7 7000 0.5"; rm $P/out.conf'
	echo "$output"
	[ "${lines[0]} ${lines[1]} ${lines[2]} ${lines[3]}" = "lo eth0 queue0 mtu 1500" ]
	[ "${lines[4]}" -ge 5 ] && [ "${lines[4]}" -le 9 ]
	[[ ${lines[5]} == "no: "* ]]
	[ "${lines[6]} ${lines[7]}" = "lo eth0" ]
	[ "${lines[8]}" -gt 40 ]
	[ "${#lines[@]}" -eq 9 ]
}
@test "they hold for a user whose program root starts" {
	cp "$COPY/rated.conf" "$BATS_TEST_TMPDIR/own.conf" # root's
	# shellcheck disable=SC2016 # for the shell inside
	run timeout 60 "$TREE/tests/lib/net-host" bash -c '
		nsenter --net="/proc/$NET_HOST_OUTSIDE/ns/net" python3 "$COPY/tests/flow.py" serve 198.51.100.7 7000 & server=$!
		export FLOW="python3 $COPY/tests/flow.py"
		for _ in $(seq 100); do $FLOW get 198.51.100.7 7000 0.01 > /dev/null 2>&1 && break; sleep 0.1; done
		"$1" run -p "$2/own.conf" --set identity.user="$USER_NAME" --ro "$COPY/tests" sh -c "id -un; $FLOW get 198.51.100.7 7000 2; $FLOW put 198.51.100.7 7000 2"
		{ kill "$server"; wait "$server"; } 2> /dev/null' bash "$BUILD/bailey" "$BATS_TEST_TMPDIR"
	echo "$output"
	[ "${lines[0]}" = "$USER_NAME" ]
	[ "${lines[1]}" -ge 12 ] && [ "${lines[1]}" -le 22 ]
	[ "${lines[2]}" -ge 5 ] && [ "${lines[2]}" -le 9 ]
}
@test "the program cannot change them, nor with namespaces of its own" {
	run on_host 'run rated --set namespaces.user=nested --set syscalls.allow=@sandbox sh -c "tc qdisc del dev eth0 root; tc qdisc del dev eth0 ingress; ip link set queue0 down
		unshare -Ur tc qdisc del dev eth0 root; tc qdisc show dev eth0 | grep -c -e tbf -e ingress" 2>&1'
	echo "$output"
	[ "$(grep -c "Operation not permitted" <<< "$output")" -eq 4 ]
	[ "${lines[-1]}" = 2 ]
}
@test "what cannot be held names the line: forwarded ports, power over the network, the host's network" {
	run on_host 'sed "s/mode = \"user\";/mode = \"user\"; forward = ( { host = \"127.0.0.1:9090\"; port = 9000; } );/" $P/rated.conf > $P/m.conf; run m true; echo "status $?"
		{ cat $P/rated.conf; echo "capabilities = { keep = [ \"net_admin\" ]; };"; } > $P/m.conf; run m true; echo "status $?"
		mkdir -p none; for p in sh true env; do ln -sf "$(command -v $p)" none/; done
		sed "s/mode = \"user\";/mode = \"user\"; host_fallback = true;/" $P/rated.conf > $P/m.conf; PATH=$HOME/none run m true; echo "status $?"; rm -r none $P/m.conf'
	echo "$output"
	[[ $output == *"m.conf:2: error: network.forward: what comes by a forwarded port goes past network.rate_in and network.rate_out"* ]]
	[[ $output == *"m.conf:3: error: network.rate_in: mode \"user\" keeps it inside the sandbox, where the program could change it with net_admin of capabilities.keep"* ]]
	[[ $output == *"m.conf:3: error: network.rate_in: the host's network, which network.host_fallback leads to here, has no rates: the program pasta is not in PATH"* ]]
	[ "$(grep -c "^status 2$" <<< "$output")" -eq 3 ]
}
@test "no bailey-net: the line, and where it comes from; nothing of pasta is left" {
	run on_host 'count() { pgrep -u "$(id -u)" -f "^pasta --foreground" -c; }
		mv $P/build/bailey-net $P/build/away; run rated true; echo "status $?"; mv $P/build/away $P/build/bailey-net
		for _ in $(seq 50); do [ "$(count)" != 0 ] || break; sleep 0.1; done; count'
	echo "$output"
	[[ ${lines[0]} == *"rated.conf:3: error: cannot limit the sandbox's network: cannot run bailey-net: No such file or directory"* ]]
	[[ $output == *"comes with a bailey that was built with libnl"* ]]
	[[ $output == *"status 125"* ]]
	[ "${lines[-1]}" = 0 ]
}
@test "top counts what was received once" {
	run on_host '$B run -p $P/rated.conf --ro $P/tests --name counted sh -c "$FLOW get 198.51.100.7 7000 1 > /dev/null; exec sleep 60" & l=$!
		use() { $B top --json | python3 -c "import json, sys; print(*[x[\"received\"] for x in json.load(sys.stdin)[\"sandboxes\"]])"; }
		shown() { $B net show counted --json 2> /dev/null | python3 -c "import json, sys; print(*[x[\"received\"] for x in json.load(sys.stdin)[\"interfaces\"] if x[\"name\"] == \"eth0\"])"; }
		for _ in $(seq 100); do a=$(use) b=$(shown); [ "$a" = "$b" ] && [ "${a:-0}" -gt 1000000 ] && break; sleep 0.1; done; echo "$a $b"; { kill $l; wait $l; } 2> /dev/null'
	echo "$output"
	read -r used shown <<< "${lines[-1]}" # before it, what was asked too early says so
	[ "$used" -gt 1000000 ]
	[ "$used" -eq "$shown" ]
}
