#!/usr/bin/env bats
# Sandboxes that root has started as another user, with limits: bailey list, stats and limit. Whatever driver the machine has.

load rig

setup_file() { rig_begin; }

setup() {
	local said
	rig_work
	NAME=test-$$-$BATS_TEST_NUMBER
	LAUNCHERS=()
	cat > capped.conf << END
inherit = [ "common/base" ];
identity = { user = "$USER_NAME"; };
resources = { memory = "64M"; tasks = 20; };
END
	said=$("$BAILEY" run --dry-run -p ./capped.conf true 2>&1) || skip "limits cannot be held here: ${said//$'\n'/ }"
}
teardown() {
	local pid
	cd /
	for pid in "${LAUNCHERS[@]:-}"; do
		[ -z "$pid" ] || kill -KILL "$pid" 2> /dev/null || true
	done
	sleep 0.1
	"$BAILEY" list > /dev/null 2>&1 || true
	rig_work_remove
}

# A capped sandbox named $NAME, with one task besides its own first process: hold [OPTIONS]
hold() {
	"$BAILEY" run -p ./capped.conf --name "$NAME" "$@" sleep 300 < /dev/null > held.out 2>&1 3>&- &
	held=$!
	LAUNCHERS+=("$held")
	soon runs || {
		cat held.out
		return 1
	}
}
runs() { [ "$(member "['tasks']['count']")" -ge 3 ]; } # with the second thread of the first process
refused() { [ "$(member "['tasks']['refused']")" -ge 1 ]; }
# member EXPRESSION: of what stats --json says.
member() { "$BAILEY" stats --json "$NAME" | python3 -c 'import json,sys
print(eval("json.load(sys.stdin)" + sys.argv[1]))' "$1"; }
# file NAME...: the first such file of the sandbox's control group
file() {
	local directory name
	for directory in $(member "['cgroups']" | tr -d "[],'"); do
		for name in "$@"; do
			[ ! -e "$directory/$name" ] || cat "$directory/$name"
		done
	done
}
has() { [[ $1 == *"$2"* ]] || { printf 'no "%s" in:\n%s\n' "$2" "$1"; return 1; }; }

@test "list and stats tell what the control group counts, and which line set the limits" {
	hold
	has "$("$BAILEY" list)" "$NAME"
	run "$BAILEY" stats "$NAME"
	has "$output" " of 64M"
	has "$output" "3 of 20"
	has "$output" "memory cap 64M (./capped.conf:3)"
	[ "$(member "['memory']['counted_by']")" = cgroup ]
	[ "$(member "['memory']['cap_bytes']")" = 67108864 ]
	[ "$(member "['tasks']['cap']")" = 20 ]
	[ "$(member "['memory']['bytes']")" -lt 67108864 ]
	[ "$(stat -c %U:%a "/run/bailey/$NAME")" = root:700 ]
}
@test "a killed process and refused tasks are counted" {
	"$BAILEY" run -p ./capped.conf --name "$NAME" sh -c 'head -c 200M /dev/zero | tail > /dev/null
		(for i in $(seq 40); do sleep 100 & done) 2> /dev/null; exec sleep 100' < /dev/null > held.out 2>&1 3>&- &
	LAUNCHERS+=($!)
	soon refused
	[ "$(member "['memory']['oom_kills']")" -ge 1 ]
	[ "$(member "['tasks']['refused']")" -ge 1 ]
	has "$("$BAILEY" stats "$NAME")" "the kernel killed 1 for want of memory"
}
@test "limit changes what is written, down and up, and tells both" {
	hold
	run "$BAILEY" limit "$NAME" memory=32M tasks=10
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$NAME: memory cap 64M -> memory cap 32M" ]
	[ "${lines[1]}" = "$NAME: cap of 20 tasks -> cap of 10 tasks" ]
	[ "$(file memory.max memory.limit_in_bytes)" = 33554432 ]
	[ "$(file pids.max)" = 10 ]
	run "$BAILEY" limit "$NAME" resources.memory=128M
	[ "${lines[0]}" = "$NAME: memory cap 32M -> memory cap 128M" ]
	[ "$(file memory.max memory.limit_in_bytes)" = 134217728 ]
	has "$("$BAILEY" stats "$NAME")" "memory cap 128M (command line (limit))"
}
@test "two that change limits at once: what is told of both is what is held" {
	hold
	local i both
	for i in $(seq 25 39); do
		"$BAILEY" limit "$NAME" memory="$i"M > one 2>&1 3>&- &
		both=$!
		"$BAILEY" limit "$NAME" tasks="$i" > two 2>&1
		wait "$both"
		"$BAILEY" stats "$NAME" > told
		grep -q "memory cap ${i}M (command line (limit))" told && grep -q "cap of $i tasks (command line (limit))" told || {
			cat one two told
			return 1
		}
	done
}
@test "a new limit holds for what runs" {
	"$BAILEY" run -p ./capped.conf --name "$NAME" --rw . sh -c 'while [ ! -e go ]; do sleep 0.1; done
		(for i in $(seq 15); do sleep 100 & done) 2> said; exec sleep 100' < /dev/null > held.out 2>&1 3>&- &
	LAUNCHERS+=($!)
	chmod 777 "$WORK"
	soon runs
	"$BAILEY" limit "$NAME" tasks=8
	touch go
	soon test -s said
	[ "$(member "['tasks']['count']")" -le 8 ]
	has "$(cat said)" "fork"
}
@test "limit refuses what a launch would refuse, and a controller that is not there; nothing changes" {
	hold
	local word
	for word in memory=-1 memory=5apples memory=300K tasks=0 tasks=1 memory=99999999T; do
		echo "$word"
		run "$BAILEY" limit "$NAME" "$word"
		[ "$status" -eq 2 ]
	done
	run "$BAILEY" limit "$NAME" cpus=0
	[ "$status" -eq 2 ]
	has "$output" "was started without the controller cpuset"
	run "$BAILEY" limit "$NAME" tasks=10 memory=300K
	[ "$status" -eq 2 ]
	[ "$(file pids.max)" = 20 ]
	[ "$(file memory.max memory.limit_in_bytes)" = 67108864 ]
}
@test "cpus can be narrowed and widened" {
	[ "$(nproc)" -ge 2 ] || skip "needs two processors: there is $(nproc)"
	hold --cpus 0-1
	"$BAILEY" limit "$NAME" cpus=1
	[ "$(file cpuset.cpus)" = 1 ]
	local pid
	pid=$("$BAILEY" list --json | python3 -c 'import json,sys
print([s["program_pid"] for s in json.load(sys.stdin)["sandboxes"] if s["name"] == sys.argv[1]][0])' "$NAME")
	grep -qx 'Cpus_allowed_list:	1' "/proc/$pid/status"
	"$BAILEY" limit "$NAME" cpus=0-1
	grep -qx 'Cpus_allowed_list:	0-1' "/proc/$pid/status"
}
@test "nothing is left: after the end, and by the next command after launcher and keepers were killed" {
	hold
	local directories child
	directories=$(member "['cgroups']" | tr -d "[],'")
	kill "$held"
	wait "$held" || true
	[ ! -e "/run/bailey/$NAME" ]
	for directory in $directories; do [ ! -e "$directory" ]; done

	hold
	directories=$(member "['cgroups']" | tr -d "[],'")
	for child in $(cat "/proc/$held/task/$held/children"); do
		[ "$(cat "/proc/$child/comm")" != bailey-keeper ] && [ "$(awk '/^Uid/ { print $2 }' "/proc/$child/status")" -ne 0 ] ||
			kill -KILL "$child"
	done
	kill -KILL "$held"
	wait "$held" || true
	sleep 0.2
	[ -e "/run/bailey/$NAME" ]
	run "$BAILEY" list
	[[ $output != *"$NAME"* ]]
	[ ! -e "/run/bailey/$NAME" ]
	for directory in $directories; do [ ! -e "$directory" ]; done

	hold
	kill -KILL "$held"
	wait "$held" || true
	sleep 0.3
	[ ! -e "/run/bailey/$NAME" ]
}
@test "another user sees and changes nothing of it" {
	hold
	as() { setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --clear-groups --inh-caps=-all env HOME="$(getent passwd "$USER_NAME" | cut -d: -f6)" "$@"; }
	run as "$BAILEY" list
	[[ $output != *"$NAME"* ]]
	run as "$BAILEY" limit "$NAME" memory=1G
	[ "$status" -eq 2 ]
	run as ls /run/bailey
	[ "$status" -ne 0 ]
}
@test "what runs under root's limits sees neither the state nor its control group" {
	hold
	run "$BAILEY" run -p ./capped.conf --ro /run sh -c "ls /run/bailey; ls -d /sys/fs/cgroup/*/bailey-*"
	[[ $output != *"$NAME"* ]]
}
# forge PID CGROUP: says over each socket that the launcher PID has that the sandbox's control group is another one; prints how many
# of its descriptors could be had for that.
forge() {
	python3 - "$@" << 'END'
import ctypes, json, os, socket, struct, sys
libc, pid, group = ctypes.CDLL(None), int(sys.argv[1]), sys.argv[2]
pidfd, had = libc.syscall(434, pid, 0), 0
record = {"bailey": 1, "name": os.environ["NAME"], "profile": "x", "profile_path": None, "program": "/x", "plan": "x", "started": 1,
    "driver": "direct", "cgroups": [group], "limits": [], "degraded": [],
    **{k: {"pid": 1, "start": 1, "inode": 0} for k in ("launcher", "sandbox", "task")}}
told = struct.pack("@iiQ", 1, 1, 1) + b"".join(p.ljust(4096, b"\0") for p in [group.encode()] + 7 * [b""])
for fd in range(3, 64):
    got = libc.syscall(438, pidfd, fd, 0)
    if got < 0:
        continue
    had += 1
    try:
        s = socket.socket(fileno=got)
        if s.type & 0xf == socket.SOCK_SEQPACKET:
            for text in (json.dumps(record).encode(), told):
                s.send(text, socket.MSG_DONTWAIT)
    except OSError:
        pass
print(had)
END
}
@test "the user that the sandbox runs as cannot have root believe what it says about control groups" {
	local directory
	hold
	directory=$(member "['cgroups'][0]")
	export NAME
	# The user's other programs do not get at the launcher, ...
	export -f forge
	run setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --clear-groups --inh-caps=-all bash -c 'forge "$@"' bash "$held" /other
	[ "$output" = 0 ]
	# ... and if one did: root's own record stays what it is, and nothing is removed or killed in another's group.
	run forge "$held" "${directory%/*}/bailey-other-1-00000000"
	[ "$output" -gt 3 ]
	sleep 0.2
	run cat "/run/bailey/$NAME/state.json"
	[[ $output != *bailey-other* ]]
	[ "$(member "['cgroups'][0]")" = "$directory" ]
}
