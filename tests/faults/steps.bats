#!/usr/bin/env bats
# A test build (make FAULT=yes) held at each named step of its launch, and its processes killed there.
load ../system/lib
load ../system/running

prepare() {
	need userns python3
	own_runtime
	export TMPDIR=$WORK
}

@test "killed at each step: no process survives, and the next command removes what is left" {
	gives 0 left steps -p shell
	echo "# $output" >&3
}
@test "stop ends one that does not get beyond its start, and waits for one that does" {
	local step
	for step in CLONE MOUNTS EXEC; do
		BAILEY_FAULT=$step "$BAILEY" run -p shell --name web sleep 100 < /dev/null > web.out 2>&1 3>&- &
		local held=$!
		end_later "$held"
		eventually 10 grep -q "fault: $step" web.out
		has "$("$BAILEY" list)" starting
		gives 125 "$BAILEY" pause --signals web
		gives 0 "$BAILEY" stop --time 1 web
		is "$output" "web: killed, it went on for 1 s after SIGTERM"
		wait "$held" || is "$?" 137
		is "$("$BAILEY" list | wc -l)" 1
		is "$(ls -A "$XDG_RUNTIME_DIR/bailey")" ""
	done
	BAILEY_FAULT=SETTLE BAILEY_FAULT_GO=$WORK/go "$BAILEY" run -p shell --name web sleep 100 < /dev/null > web.out 2>&1 3>&- &
	end_later $!
	eventually 10 grep -q "fault: SETTLE" web.out
	(sleep 0.3 && : > go) &
	gives 0 "$BAILEY" stop web
	is "$output" "web: ended"
}
