#!/usr/bin/env bats
# A user's hub that loses a part of itself, and one that many come to at once.

load rig

setup_file() {
	is_root || return 0
	rig_hub
}
setup() {
	rig_hub_setup
}

@test "kill -9 of a launcher, of the keeper, of the holder and of pasta: nothing runs on, and the next start works" {
	run rig_on_hub 'try() { $B run -p $P/a.conf $ASK 198.51.100.7 80; }
		start() { $B run -p $P/b.conf sleep 60 2> err & l=$!; await 20 grep -qw b $hub/user/hosts; }
		# Who leads a session, and the first of its children; zombies do not count.
		keeper() { ps -U "$(id -u)" -o pid=,stat=,comm= | sed -n "s/^ *\([0-9]*\) [^Z ]*s[^ ]* *bailey-hub$/\1/p"; }
		holder() { pgrep -P "$(keeper)" -x bailey-hub -o; }
		start; kill -KILL $l; wait $l 2> /dev/null; left; echo one
		start; kill -KILL $(keeper); await 5 grep -q "has ended" err; cat err; try; kill $l; wait $l 2> /dev/null; left; echo two
		start; kill -KILL $(holder); await 5 grep -q "has ended" err; try; kill $l; wait $l 2> /dev/null; left; echo three
		start; kill -KILL $(pgrep -P "$(keeper)" "^pas"); await 5 grep -q "has ended" err; try; kill $l; wait $l 2> /dev/null; left; echo four
		start; kill -KILL $l $(keeper) $(pgrep -U "$(id -u)" -x bailey-net); wait $l 2> /dev/null; try; left'
	[ "${lines[0]}" = one ]
	[[ ${lines[1]} == *"what connects the user's networks has ended: the sandbox has no way outside any more"* ]]
	[ "${lines[2]}" = "outside 203.0.113.10" ]
	[ "${lines[3]}" = two ]
	[ "${lines[4]}" = "outside 203.0.113.10" ]
	[ "${lines[5]}" = three ]
	[ "${lines[6]}" = "outside 203.0.113.10" ]
	[ "${lines[7]}" = four ]
	[ "${lines[8]}" = "outside 203.0.113.10" ]
	[ "${#lines[@]}" -eq 9 ]
}
# BAILEY_POOL=N tries another number of them.
@test "many sandboxes at once: as many addresses, one hub, and all of it gone after, also after kill -9" {
	n=${BAILEY_POOL:-200}
	RIG_SECONDS=$((100 + 3 * n)) run rig_on_hub 'n='"$n"'
		for i in $(seq $n); do $B run -q -p $P/a.conf sh -c "ip -br addr show eth0 | tr -s \" \" \"\n\" | grep -E \"^(10|fd)\"; exec sleep 1000" & done > at 2> err
		all() { [ "$(grep -c "^fd" at)" = $n ]; }; await $((60 + 2 * n)) all
		sort -u at | grep -c "^10"; sort -u at | grep -c "^fd"; cut -d" " -f5 $hub/user/leases | sort -u | wc -l; processes | grep -c "^S.*pasta --foreground"; cat err
		{ kill -KILL $(jobs -p | head -n $((n / 2))); kill $(jobs -p); wait; } 2> /dev/null; await 60 gone; left'
	echo "$output"
	[ "${lines[0]}" = "$n" ]
	[ "${lines[1]}" = "$n" ]
	[ "${lines[2]}" = "$n" ]
	[ "${lines[3]}" = 1 ]
	[ "${#lines[@]}" -eq 4 ]
}
