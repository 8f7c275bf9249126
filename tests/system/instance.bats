#!/usr/bin/env bats
# process.instance = "single": one sandbox of a profile, and what is started while it runs goes there.
load lib
load running

prepare() {
	need userns python3
	own_runtime_and_state
	cat > one.conf << 'END'
inherit = [ "shell" ];
process = { instance = "single"; };
END
	chmod 644 one.conf
	# The program: says which sandbox it is in and what it was given; the first one stays.
	cat > program << 'END'
#!/bin/sh
echo "$$ $(readlink /proc/self/ns/pid) $*"
if [ "$1" = stay ]; then
	touch /tmp/first
	while [ ! -e /tmp/end ]; do sleep 0.05; done
	exit 5
fi
[ ! -e /tmp/first ] || echo beside the first
[ "$1" != end ] || touch /tmp/end
exit "${2:-0}"
END
	chmod 755 program
	P=$WORK/program
	ARGS=(-p "$WORK/one.conf" --ro "$P")
}
finish() { "$BAILEY" stop --all --time 0 > /dev/null 2>&1 || true; }
runs() { [ "$(names)" = "$*" ]; }
# The one that stays, in the background of the test.
first() {
	"$BAILEY" run "${ARGS[@]}" "$P" stay > first.out 2>&1 3>&- < /dev/null &
	launcher=$!
	end_later "$launcher"
	eventually 10 grep -q stay first.out
	eventually 10 runs one-1
}

@test "a second start runs beside the first, and gives its own status" {
	first
	gives 0 "$BAILEY" run "${ARGS[@]}" "$P" hello
	has "$output" "beside the first" "$(cut -d ' ' -f 2 first.out)" hello
	gives 3 "$BAILEY" run "${ARGS[@]}" "$P" hello 3
	is "$(names)" one-1
	# Input and output are the caller's.
	is "$(echo text | "$BAILEY" run -p "$WORK/one.conf" --ro "$P" "$P" x | tail -n 1)" "beside the first"
	gives 0 "$BAILEY" run "${ARGS[@]}" "$P" end
	local status=0
	wait "$launcher" || status=$?
	is "$status" 5
	# With none there, the next one is the first.
	gives 0 "$BAILEY" run "${ARGS[@]}" "$P" alone
	lacks "$output" "beside"
}
@test "without the setting each start has a sandbox of its own; the option says the same as the setting" {
	first
	sed 's/single/many/' one.conf > many.conf
	chmod 644 many.conf
	gives 0 "$BAILEY" run -p "$WORK/many.conf" --ro "$P" "$P" hello
	lacks "$output" beside
	gives 0 "$BAILEY" run -p "$WORK/one.conf" --set process.instance=many --ro "$P" "$P" hello
	lacks "$output" beside
	"$BAILEY" run -p "$WORK/many.conf" --join-or-start --ro "$P" "$P" stay > second.out 2>&1 3>&- < /dev/null &
	end_later $!
	eventually 10 runs many-1 one-1
	gives 0 "$BAILEY" run -p "$WORK/many.conf" --join-or-start --ro "$P" "$P" hello
	has "$output" "beside the first" "$(cut -d ' ' -f 2 second.out)"
}
@test "other settings than those of the one that runs are refused, not ignored" {
	first
	gives 125 "$BAILEY" run "${ARGS[@]}" --set process.umask=0077 "$P" hello
	has "$output" "one-1 runs already, but with other settings"
	gives 125 "$BAILEY" run "${ARGS[@]}" --ro /etc/hostname "$P" hello
	gives 125 "$BAILEY" run "${ARGS[@]}" --net none --set 'syscalls.deny=ptrace' "$P" hello
	gives 125 "$BAILEY" run "${ARGS[@]}" --detach "$P" hello
	has "$output" "one-1 runs already"
	is "$(names)" one-1
	# Where it is started from, on what terminal and with what environment is no setting.
	cd /
	gives 0 env FOO=bar TERM=vt100 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" run "${ARGS[@]}" "$P" hello
	has "$output" "beside the first"
}
@test "files that the command line names: seen by the one that runs, or refused" {
	echo 'filesystem = { arguments = "read_only"; };' >> one.conf
	echo one > one.txt
	echo two > two.txt
	"$BAILEY" run "${ARGS[@]}" "$P" stay "$WORK/one.txt" > first.out 2>&1 3>&- < /dev/null &
	end_later $!
	eventually 10 runs one-1 || {
		cat first.out
		return 1
	}
	gives 0 "$BAILEY" run "${ARGS[@]}" "$P" hello 0 "$WORK/one.txt"
	has "$output" "beside the first"
	gives 125 "$BAILEY" run "${ARGS[@]}" "$P" hello 0 "$WORK/two.txt"
	has "$output" "one-1 runs already and does not see $WORK/two.txt"
}
@test "many at once start one sandbox" {
	local i pids=()
	for i in 1 2 3 4 5 6; do
		"$BAILEY" run "${ARGS[@]}" "$P" stay "$i" > "out.$i" 2>&1 3>&- < /dev/null &
		end_later $!
		pids+=($!)
	done
	all_said() { [ "$(cat out.* | grep -c stay)" = 6 ]; }
	eventually 20 all_said
	is "$(names)" one-1
	is "$(cut -d ' ' -f 2 out.* | sort -u | wc -l)" 1
	gives 0 "$BAILEY" run "${ARGS[@]}" "$P" end
	wait "${pids[@]}" || true
	is "$(names)" ""
}
@test "one in the background is joined, also after it was started again; the lock is nobody's for long" {
	gives 0 "$BAILEY" run "${ARGS[@]}" --detach --restart always "$P" stay
	beside() { timeout 10 "$BAILEY" run "${ARGS[@]}" "$P" hello | grep -q "beside the first"; }
	eventually 10 beside
	kill -KILL "$("$BAILEY" list --json | python3 -c 'import json,sys
print(json.load(sys.stdin)["sandboxes"][0]["sandbox_pid"])')"
	waits() { "$BAILEY" list --json | grep -q '"state": "waiting"'; }
	eventually 5 waits
	eventually 20 beside
	is "$(names)" one-1
}
