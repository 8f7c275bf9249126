#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
# Sandboxes that root starts as another user, in control groups: paused by the freezer, whichever version it is of, and stopped so.
load rig

setup_file() {
	is_root || return 0
	rig_user
	rig_copy
	cat > "$COPY/box.conf" <<- END
		inherit = [ "shell" ];
		identity = { user = "$USER_NAME"; };
		filesystem = { read_write = [ "/tmp" ]; };
	END
}
setup() {
	rig_need_root
	NAME=life-$$-$BATS_TEST_NUMBER
	local said
	said=$("$BAILEY" run -p "$COPY/box.conf" --tasks 50 true 2>&1) || skip "needs a control group: $said"
}
teardown() {
	[ -z "${LAUNCHER:-}" ] || kill -KILL "$LAUNCHER" 2> /dev/null || true
	"$BAILEY" stop --time 0 "$NAME" > /dev/null 2>&1 || true
	! getent passwd "bailey-life-$$" > /dev/null || userdel -rf "bailey-life-$$" > /dev/null 2>&1
}
state() { "$BAILEY" list --json | python3 -c 'import json, sys
print(*[s["state"] for s in json.load(sys.stdin)["sandboxes"] if s["name"] == sys.argv[1]])' "$NAME"; }
state_is() { [ "$(state)" = "$1" ]; }
eventually() {
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "not in time: $*"
	return 1
}
counts() { # a program that counts in its memory; its processor time tells whether it goes on
	"$BAILEY" run -p "$COPY/box.conf" --tasks 50 --name "$NAME" "$@" sh -c 'trap "" TERM; (while :; do :; done) & while :; do :; done' \
		> /dev/null 2>&1 3>&- &
	LAUNCHER=$!
	eventually state_is running
}
used() { "$BAILEY" stats --json "$NAME" | python3 -c 'import json, sys; print(json.load(sys.stdin)["cpu"]["us"])'; }
uses_more_than() { [ "$(used)" -gt "$1" ]; }
ended_with() {
	local got=0
	wait "$LAUNCHER" || got=$?
	LAUNCHER=
	[ "$got" -eq "$1" ]
}

@test "pause freezes all of it, resume continues it" {
	counts
	"$BAILEY" pause "$NAME"
	state_is paused
	local before
	before=$(used)
	sleep 0.3
	[ "$(used)" -eq "$before" ]
	"$BAILEY" resume "$NAME"
	state_is running
	eventually uses_more_than "$before"
	"$BAILEY" stop --time 0 "$NAME"
	ended_with 137
	[ "$(state)" = "" ]
}
@test "what is frozen ends by stop" {
	counts
	"$BAILEY" pause "$NAME"
	"$BAILEY" stop --time 1 "$NAME"
	ended_with 137
	[ "$(state)" = "" ]
}
@test "what is frozen ends by its timeout" {
	counts --set process.timeout=1s
	"$BAILEY" pause "$NAME"
	ended_with 124
	[ "$(state)" = "" ]
}
@test "a frozen one whose bailey was killed is removed by the next command" {
	counts
	local cgroup
	cgroup=$("$BAILEY" stats --json "$NAME" | python3 -c 'import json, sys; print(json.load(sys.stdin)["cgroups"][0])')
	[ -d "$cgroup" ]
	"$BAILEY" pause "$NAME"
	kill -KILL "$LAUNCHER"
	wait "$LAUNCHER" || true
	gone() { [ "$(state)" = "" ] && [ ! -d "$cgroup" ]; }
	eventually gone
}
@test "events of a sandbox that root started as somebody else come from root's side" {
	"$BAILEY" events --json > "$BATS_TEST_TMPDIR/heard" 2>&1 3>&- &
	local listener=$!
	eventually test -e /run/bailey/.events
	"$BAILEY" run -p "$COPY/box.conf" --tasks 5 --name "$NAME" sh -c 'sleep 0.3; for i in 1 2 3 4 5 6 7; do sleep 0.1 & done; wait; exit 3' \
		> /dev/null 2>&1 3>&- || true
	heard() { grep -q "\"event\":\"$1\",\"name\":\"$NAME\"" "$BATS_TEST_TMPDIR/heard"; }
	eventually heard stopped
	kill "$listener"
	wait "$listener"
	cat "$BATS_TEST_TMPDIR/heard"
	heard started
	heard limited
	grep "\"$NAME\"" "$BATS_TEST_TMPDIR/heard" | grep -q '"setting":"resources.tasks"'
	[ ! -e /run/bailey/.events ]
}
# as USER COMMAND...: as that user, with nothing of the caller's session
as() {
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all \
		env -i PATH=/usr/bin:/bin HOME="$(getent passwd "$user" | cut -d: -f6)" USER="$user" LANG=C.UTF-8 "$@"
}
everyone() { "$BAILEY" list --all --json | python3 -c 'import json, sys
print(*sorted(s["user"] + ":" + s["name"] + ":" + s["state"] for s in json.load(sys.stdin)["sandboxes"] if s["name"] in sys.argv[1:]))' "$@"; }
they_are() { [ "$(everyone "$NAME" forged)" = "$1" ]; }
@test "two users with one name, and root: each sees its own, root all; what a user makes up is not shown" {
	local other=bailey-life-$$ user pids=() home
	useradd -m -s /bin/sh "$other"
	for user in "$USER_NAME" "$other"; do
		as "$user" "$BAILEY" run -p shell --name "$NAME" sleep 60 > /dev/null 2>&1 3>&- &
		pids+=($!)
	done
	"$BAILEY" run -p "$COPY/box.conf" --name "$NAME" sleep 60 > /dev/null 2>&1 3>&- &
	pids+=($!)
	eventually they_are "$other:$NAME:running $USER_NAME:$NAME:running root:$NAME:running"
	[ "$(as "$other" "$BAILEY" list | wc -l)" -eq 2 ]
	run as "$other" "$BAILEY" list --all
	[ "$status" -eq 2 ]
	"$BAILEY" list --all | grep -q "^$other *$NAME "

	# The other user's word about a process of somebody else; about a group that is not the sandbox's; a pipe.
	home=$(getent passwd "$other" | cut -d: -f6)/.local/state/bailey/run
	as "$other" sh -c "cd '$home' && mkdir -m 700 forged p && mkfifo p/state.json && sed 's/\"pid\":[0-9]*/\"pid\":1/' '$NAME/state.json' > forged/state.json"
	they_are "$other:$NAME:running $USER_NAME:$NAME:running root:$NAME:running"
	as "$other" rm -rf "$home/forged" "$home/p"

	"$BAILEY" stop "$NAME" # root's own
	eventually they_are "$other:$NAME:running $USER_NAME:$NAME:running"
	as "$other" "$BAILEY" stop --all
	eventually they_are "$USER_NAME:$NAME:running"
	as "$USER_NAME" "$BAILEY" stop "$NAME"
	they_are ""
	wait "${pids[@]}" || true
	userdel -r "$other" > /dev/null 2>&1
}
@test "the freezer of version 2: pause, a paused one in the list, resume, stop" {
	local unified group
	for unified in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ ! -w "$unified/cgroup.procs" ] || break
	done
	[ -e "$unified/cgroup.procs" ] || skip "needs a hierarchy of version 2: there is none at /sys/fs/cgroup or /sys/fs/cgroup/unified"
	group=$unified/bailey-life-$$-0123abcd
	mkdir -p "$group/payload" 2> /dev/null || skip "needs to make groups of version 2: $(mkdir "$group" 2>&1)"
	[ -e "$group/cgroup.freeze" ] || {
		rmdir "$group/payload" "$group"
		skip "needs cgroup.freeze (Linux 5.2)"
	}
	# What a launcher with the driver "direct" writes down, and the two processes it is about.
	cat > "$BATS_TEST_TMPDIR/launcher.py" <<- 'END'
		import fcntl, json, os, signal, subprocess, sys, time
		name, group = sys.argv[1:]
		place = "/run/bailey/" + name
		os.makedirs(place, 0o700)
		fd = os.open(place, os.O_RDONLY)
		fcntl.flock(fd, fcntl.LOCK_EX)
		def process(pid):
		    return {"pid": pid, "start": int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[19]), "inode": 0}
		child = subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do :; done"])
		open(group + "/payload/cgroup.procs", "w").write(str(child.pid))
		json.dump({"bailey": 1, "name": name, "profile": "box", "profile_path": None, "program": "/bin/sh", "plan": "0", "started": 0,
		    "launcher": process(os.getpid()), "sandbox": process(child.pid), "task": process(child.pid), "own_network": True, "hub": False, "instance": None, "grants": [],
		    "driver": "direct", "cgroups": [group], "limits": [], "degraded": [], "log": None, "restarts": 0, "waits_until": 0},
		    open(place + "/state.json", "w"))
		sys.exit(-child.wait())
	END
	python3 "$BATS_TEST_TMPDIR/launcher.py" "$NAME" "$group" 3>&- &
	LAUNCHER=$!
	eventually state_is running
	"$BAILEY" pause "$NAME"
	grep -qx "frozen 1" "$group/cgroup.events"
	state_is paused
	"$BAILEY" resume "$NAME"
	grep -qx "frozen 0" "$group/cgroup.events"
	state_is running
	"$BAILEY" pause "$NAME"
	"$BAILEY" stop --time 0 "$NAME"
	ended_with 9
	# Its directory stayed, as after kill -9 of a launcher; the group goes with it.
	[ "$(state)" = "" ]
	[ ! -d "$group" ]
}
