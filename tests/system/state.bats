#!/usr/bin/env bats
# What is known of running sandboxes: bailey list, --name, and what is left behind when a launcher is killed.
load lib
load running

prepare() {
	need userns python3
	own_runtime
}

# A sandbox in the background that runs until the test is over: hold [OPTIONS] ; its launcher's pid is in $held.
hold() {
	mark=$(unique_seconds)
	"$BAILEY" run -p shell "$@" sleep "$mark" < /dev/null > held.out 2>&1 3>&- &
	held=$!
	end_later "$held"
	eventually 10 listed "$held"
}
listed() { "$BAILEY" list --json | grep -q "\"launcher_pid\": $1,"; }
running() { "$BAILEY" list --json | python3 -c 'import json,sys
print(*[s["name"] for s in json.load(sys.stdin)["sandboxes"] if s["state"] == "running"])'; }
# run_now NAME...: these are all that run, and their programs have been started.
run_now() { [ "$(running)" = "$*" ]; }
entries() { ls -A "$XDG_RUNTIME_DIR/bailey" 2> /dev/null || true; }

@test "list shows a running sandbox and forgets it at the end" {
	is "$("$BAILEY" list)" "NAME PROFILE PID  AGE MEMORY TASKS PROGRAM"
	hold
	eventually 5 run_now shell-1
	attempt "$BAILEY" list
	is "${#lines[@]}" 2
	has "${lines[1]}" "shell-1 shell" " $held " " sleep"
	kill "$held"
	wait "$held" || true
	is "$(running)" ""
	is "$(entries)" ""
}
@test "the processes in the list are the sandbox's" {
	hold --name web
	eventually 5 run_now web
	is "$(field web program_pid)" "$(pids_of "$mark" | grep -vx "$held")"
	is "$(awk '/^PPid/ { print $2 }' "/proc/$(field web program_pid)/status")" "$(field web sandbox_pid)"
	is "$(awk '/^PPid/ { print $2 }' "/proc/$(field web sandbox_pid)/status")" "$held"
	is "$(field web tasks)" 3 # the first process has two threads
	[ "$(field web memory)" -gt 100000 ]
	[ "$(field web age_ms)" -lt 60000 ]
}
@test "a name is taken once" {
	hold --name web
	gives 125 "$BAILEY" run -p shell --name web true
	has "$output" "a sandbox named web is running" "process $held"
	gives 125 "$BAILEY" run --name=web -p shell true
	gives 0 "$BAILEY" run -p shell --name web2 true
	kill "$held"
	wait "$held" || true
	gives 0 "$BAILEY" run -p shell --name web true
}
@test "what is no name is refused" {
	local name
	for name in '' 12 .x -- a/b ../x 'a b' $'a\nb' "$(printf 'x%.0s' {1..64})"; do
		gives 2 "$BAILEY" run -p shell --name="$name" true
	done
}
@test "each sandbox of a profile has a number" {
	hold
	hold
	hold
	eventually 5 run_now shell-1 shell-2 shell-3
}
# On a busy machine even the shortest can take long enough to be listed.
once_without_trace() {
	rm -rf "$XDG_RUNTIME_DIR/bailey"
	[ "$("$BAILEY" run -p shell true 2>&1)" = "" ] && [ ! -e "$XDG_RUNTIME_DIR/bailey" ]
}
@test "a short one without a name leaves no trace" {
	eventually 60 once_without_trace
}
@test "the description is private, and is gone after a failure" {
	hold --name web
	is "$(stat -c %a "$XDG_RUNTIME_DIR/bailey" "$XDG_RUNTIME_DIR/bailey/web" "$XDG_RUNTIME_DIR/bailey/web/state.json" | tr '\n' ' ')" "700 700 600 "
	gives 126 "$BAILEY" run -p shell --name other -- /etc/passwd
	gives 125 "$BAILEY" run -p shell --name other --fd 77 true
	is "$(entries)" web
}
@test "a killed launcher: the program ends, and the next command removes what is left" {
	local name
	for name in web ""; do
		hold ${name:+--name "$name"}
		eventually 5 run_now "${name:-shell-1}"
		kill -KILL "$held"
		wait "$held" || true
		eventually 2 nobody_is "$mark"
		[ -n "$(entries)" ]
		is "$(running)" ""
		is "$(entries)" ""
	done
	hold --name web
	kill -KILL "$held"
	wait "$held" || true
	gives 0 "$BAILEY" run -p shell --name web true
	is "$(entries)" ""
}
@test "two that clean up at once" {
	local i pids=()
	for i in 1 2 3 4; do
		hold --name "n$i"
		kill -KILL "$held"
		wait "$held" || true
	done
	mkdir -m 700 "$XDG_RUNTIME_DIR/bailey/"{a,b,c}
	for i in 1 2 3; do
		"$BAILEY" list > "list.$i" 2>&1 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	cat list.*
	is "$(cat list.* | wc -l)" 3
	is "$(entries)" ""
}
@test "the program does not see the state, whatever is granted" {
	hold --name web
	local dir=$XDG_RUNTIME_DIR/bailey
	[ -e "$dir/web/state.json" ]
	gives 0 "$BAILEY" run -p shell --rw "$XDG_RUNTIME_DIR" ls -A "$XDG_RUNTIME_DIR"
	lacks "$output" web
	gives 1 "$BAILEY" run -p shell --rw "$XDG_RUNTIME_DIR" test -e "$dir/web"
	attempt "$BAILEY" run -p shell --rw "$dir" test -e "$dir/web"
	[ "$status" -ne 0 ]
	unset XDG_RUNTIME_DIR
	hold
	[ -d "$HOME/.local/state/bailey/run/shell-1" ]
	gives 1 "$BAILEY" run -p shell --ro "$HOME" test -e "$HOME/.local/state/bailey/run"
}
@test "a program cannot pass itself off in the list" {
	cp /bin/sleep $'./sl\e[31m\nep'
	"$BAILEY" run -p shell --name web --ro . -- ./$'sl\e[31m\nep' 100 3>&- &
	end_later $!
	eventually 5 run_now web
	attempt "$BAILEY" list
	is "${#lines[@]}" 2
	lacks "$output" $'\e'
	has "$output" 'sl\x1b[31m\x0aep'
}
@test "XDG_RUNTIME_DIR is not set, or cannot be used: below the home" {
	local state=$HOME/.local/state/bailey/run
	unset XDG_RUNTIME_DIR
	hold --name a
	[ -e "$state/a/state.json" ]
	export XDG_RUNTIME_DIR=$WORK/absent
	hold --name b
	[ -e "$state/b/state.json" ]
	mkdir -m 500 "$WORK/closed"
	export XDG_RUNTIME_DIR=$WORK/closed
	hold --name c
	[ -e "$state/c/state.json" ]
	mkdir -m 777 "$WORK/open"
	chmod 777 "$WORK/open"
	export XDG_RUNTIME_DIR=$WORK/open
	hold --name d
	[ -e "$state/d/state.json" ]
	eventually 5 run_now a b c d
	gives 125 "$BAILEY" run -p shell --name a true
}
@test "sandboxes of another place are in the list" {
	unset XDG_RUNTIME_DIR
	hold --name home
	export XDG_RUNTIME_DIR=$WORK/runtime
	hold --name session
	eventually 5 run_now home session
	gives 125 "$BAILEY" run -p shell --name home true
}
@test "nowhere at all: a name is refused, without one it runs and says so once" {
	mkdir -m 500 "$WORK/closed"
	export XDG_RUNTIME_DIR=$WORK/closed XDG_STATE_HOME=$WORK/closed
	gives 125 "$BAILEY" run -p shell --name web true
	has "$output" "no place to keep track" "$WORK/closed/bailey: Permission denied"
	eventually 60 once_without_trace
	gives 3 "$BAILEY" run -p shell sh -c 'sleep 0.3; exit 3'
	is "$(grep -c 'bailey list will not show this sandbox' <<< "$output")" 1
	is "${#lines[@]}" 1
	gives 3 "$BAILEY" run -q -p shell sh -c 'sleep 0.3; exit 3'
	is "$output" ""
}
@test "a full file system: a name is refused, without one it runs and says so" {
	cat > full.sh << 'END'
mount -t tmpfs -o size=16k,mode=700 none "$XDG_RUNTIME_DIR" || exit 99
mkdir -m 700 "$XDG_RUNTIME_DIR/bailey"
cat /dev/zero > "$XDG_RUNTIME_DIR/zeros" 2> /dev/null
"$BAILEY" run -p shell --name web true
echo "status $?"
"$BAILEY" run -p shell sh -c 'sleep 0.3; exit 3'
echo "status $?"
ls -A "$XDG_RUNTIME_DIR/bailey"
END
	attempt unshare -Um --map-current-user --keep-caps sh full.sh
	[ "$status" -ne 99 ] || skip "needs a tmpfs in a user namespace: $output"
	has "$output" "status 125" "No space left on device" "status 3" "bailey list will not show this sandbox"
	is "${lines[-1]}" "status 3"
}
@test "stats of a sandbox without a control group: sums over its processes, said as such" {
	hold --name web
	eventually 5 run_now web
	attempt "$BAILEY" stats web
	has "$output" "web: sleep, profile shell, process $held" "memory " "tasks      3" "no control group"
	is "$("$BAILEY" stats --json "$held" | python3 -c 'import json,sys
s = json.load(sys.stdin)
print(s["name"], s["tasks"], s["memory"]["bytes"] > 100000, s["cgroups"])')" \
		"web {'count': 3, 'counted_by': 'processes', 'peak': None, 'cap': None, 'refused': None} True []"
}
@test "what a word means: a name, a process, a profile, a beginning; two are told apart" {
	hold --name firefox-7
	hold --name firelight
	eventually 5 run_now firefox-7 firelight
	has "$("$BAILEY" stats firefox)" "firefox-7:"
	has "$("$BAILEY" stats "$(field firelight program_pid)")" "firelight:"
	gives 2 "$BAILEY" stats fire
	has "$output" "fire can mean any of 2 sandboxes" "firefox-7, firelight"
	gives 2 "$BAILEY" stats shell
	gives 2 "$BAILEY" stats nobody
	has "$output" "no running sandbox is called nobody"
	gives 2 "$BAILEY" stats
	gives 2 "$BAILEY" limit firelight
	gives 2 "$BAILEY" limit firelight memory
	gives 2 "$BAILEY" limit firelight network.mode=host
	gives 2 "$BAILEY" limit firelight resources.driver=v1
	gives 125 "$BAILEY" limit firelight memory=1G
	has "$output" "firelight has no control group"
}
@test "completions know the sandboxes" {
	hold --name web
	is "$("$BAILEY" schema --words sandboxes)" $'web\tsleep'
	is "$("$BAILEY" schema --words complete stats w)" $'web\tsleep'
	is "$("$BAILEY" schema --words complete limit w)" $'web\tsleep'
	has "$("$BAILEY" schema --words complete limit web m)" "memory="
}
@test "fifty sandboxes: the list takes less than 50 ms, and stop --all ends all of them" {
	local i pids=()
	for i in {1..50}; do
		"$BAILEY" run -p shell sleep 60 < /dev/null > /dev/null 2>&1 3>&- &
		pids+=($!)
		end_later $!
	done
	all_run() { [ "$(running | wc -w)" -eq 50 ]; }
	eventually 30 all_run
	python3 - "$BAILEY" << 'END'
import subprocess, sys, time
def once():
    t = time.perf_counter()
    out = subprocess.run([sys.argv[1], "list"], capture_output=True, check=True).stdout
    assert out.count(b"\n") == 51, out
    return (time.perf_counter() - t) * 1000
times = sorted(once() for _ in range(9))
print(f"# list of 50 sandboxes: {times[0]:.1f} ms at best, {times[4]:.1f} ms as a rule", file=open("/dev/stderr", "w"))
sys.exit(0 if times[0] < 50 else 1)
END
	attempt "$BAILEY" stop --all
	is "$status ${#lines[@]} $(grep -c ': ended$' <<< "$output")" "0 50 50"
	is "$(entries)" ""
	for i in "${pids[@]}"; do
		status=0
		wait "$i" || status=$?
		is "$status" 143
	done
}
