#!/usr/bin/env bats
# bailey net show NAME of a running sandbox, on a host of the tests' own, for an ordinary user (mode "user") and for root (a bridge).

load rig

setup_file() {
	is_root || return 0
	rig_user_with ask
	cat > "$COPY/named.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ]; allow = [ "tcp:443@*.test.example", "tcp:80" ]; };
syscalls = { allow = [ "@network" ]; };
END
	rig_own
}
setup() {
	rig_need_net
	rig_need_pasta
	PLACE=$(mktemp -d "$BATS_TEST_TMPDIR/show.XXXXXX")
	ZONE=$PLACE/zone
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$PLACE" 2> /dev/null || true
	echo 'www.test.example A 60 45.45.45.45' > "$ZONE"
	chown "$USER_NAME" "$PLACE"
}
# A script on that host, as the user; $RUN runs a program by the profile.
as_user() {
	timeout 120 "$TREE/tests/lib/net-host" "$TREE/tests/lib/names-host" "$ZONE" setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" \
		--clear-groups --inh-caps=-all env -i PATH=/usr/bin:/bin HOME="${COPY%/*}" B="$COPY/build/bailey" P="$COPY" \
		ASK="python3 $COPY/tests/ask.py" RUN="$COPY/build/bailey run -p $COPY/named.conf --ro $COPY/tests" \
		bash -c 'cd "$HOME" && eval "$1"' bash "$1"
}
# Until a sandbox of that name has its network: "shown NAME FILE".
waiting='shown() { for i in $(seq 200); do "$B" net show "$1" > "$2" 2>&1 && return; sleep 0.05; done; cat "$2"; return 1; }'

@test "a sandbox's interfaces, addresses, routes, counters and rules, as text and as JSON" {
	run as_user "$waiting"'; mkfifo go; $RUN --rw $HOME/go --name shown sh -c "$ASK www.test.example 443; echo > $HOME/go; sleep 60" > /dev/null & l=$!
		read x < go; shown shown text; cat text; "$B" net show shown --json > json; kill $l; wait $l; cp json '"$PLACE"'/json; rm go text json'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = shown ]
	[[ $output == *"eth0: up, MTU "* ]]
	[[ $output == *$'\n    203.0.113.10/24\n'* ]]
	[[ $output == *$'\n    2001:db8::10/64\n'* ]]
	[[ $output == *"default via 203.0.113.1 by eth0"* ]]
	[[ $output == *"elements = { 45.45.45.45 timeout "* ]]
	[[ $output == *"tcp dport 443 ip daddr @names0_ipv4 counter packets "* || $output == *"ip daddr @names0_ipv4 tcp dport 443 counter packets "* ]]
	python3 - "$PLACE/json" << 'END'
import json
import sys
with open(sys.argv[1], encoding="utf-8") as file:
    shown = json.load(file)
assert shown["sandbox"] == "shown"
eth0 = [i for i in shown["interfaces"] if i["name"] == "eth0"][0]
assert eth0["up"] and "203.0.113.10/24" in eth0["addresses"] and eth0["sent"] > 0 and eth0["received"] > 0, eth0
assert {"to": "default", "via": "203.0.113.1", "interface": "eth0"} in shown["routes"], shown["routes"]
assert any(entry.get("table", {}).get("name") == "bailey" for entry in shown["rules"]["nftables"])
END
}
@test "networks without an interface say so, names that nobody has too, and what a program does inside is not shown" {
	run as_user "$waiting"'; "$B" run --net none --name quiet sleep 60 & one=$!; "$B" run --net host --name open sleep 60 & two=$!
		$RUN --name inner --set namespaces.user=nested --set syscalls.allow=@sandbox unshare -rn sh -c "ip link add fake0 type veth peer name fake1; exec sleep 60" & three=$!
		for n in quiet open; do for i in $(seq 100); do "$B" net show $n 2>&1 | grep "open: it\|quiet: it\|it has\|it uses" && break; sleep 0.05; done; done
		shown inner text; grep -c eth0: text; grep -c fake text; "$B" net show nobody; echo "status $?"; kill $one $two $three; wait; rm text'
	[[ $output == *"it has a loopback interface of its own, and nothing else"* ]]
	[[ $output == *"it uses the host's network"* ]]
	[[ $output == *$'\n1\n0\n'* ]]
	[[ $output == *"there is no network \"nobody\" in "*", and no running sandbox of that name"* ]]
	[[ $output == *"status 2"* ]]
}
@test "root sees a sandbox on a bridge; a network of that name comes first" {
	run timeout 120 "$TREE/tests/lib/net-host" "$TREE/tests/lib/bridge-host" "B=$BUILD/bailey; $waiting"';
		$B run -p $P/a.conf --name seen sleep 60 & one=$!; $B run -p $P/b.conf --name lan sleep 60 & two=$!
		shown seen /mnt/text; cat /mnt/text; shown lan /mnt/text; head -n 1 /mnt/text; kill $one $two; wait $one $two; left'
	[ "${lines[0]}" = seen ]
	[[ $output == *"    10.9.0."*"/24"* ]]
	[[ $output == *"default via 10.9.0.1 by eth0"* ]]
	[[ $output == *$'\nRules\n  none\n'* ]]
	[[ ${lines[-1]} == "lan: bridge br-lan, up"* ]]
}
