#!/usr/bin/env bats
# What is done to running sandboxes from outside: stop, pause, resume, signal, tree. No program inside can refuse any of it.
load lib
load running

prepare() {
	need userns python3
	own_runtime
}
finish() {
	"$BAILEY" stop --all --time 0 > /dev/null 2>&1 || true
}

# hold NAME PROGRAM...: a sandbox in the background; its launcher's pid is in $held.
hold() {
	local name=$1
	shift
	"$BAILEY" run -p shell --rw "$WORK" --name "$name" "$@" < /dev/null > "$name.out" 2>&1 3>&- &
	held=$!
	end_later "$held"
	eventually 10 state_is "$name" running
}
state_is() { [ "$(field "$1" state)" = "$2" ]; }
# ended_with STATUS: that is what the launcher in $held exits with.
ended_with() {
	local got=0
	wait "$held" || got=$?
	is "$got" "$1"
}
entries() { ls -A "$XDG_RUNTIME_DIR/bailey" 2> /dev/null || true; }
# state_of PID: R, S, T, ...; nothing when it is gone.
state_of() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2> /dev/null; }
in_state() { [ "$(state_of "$1")" = "$2" ]; }
# below PID: its descendants
below() { python3 - "$1" << 'END'
import os, sys
parents = {}
for p in filter(str.isdigit, os.listdir("/proc")):
    try: parents[int(p)] = int(open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[1])
    except OSError: pass
found, more = {int(sys.argv[1])}, True
while more:
    new = {p for p, up in parents.items() if up in found} - found
    found |= new
    more = bool(new)
print(*sorted(found - {int(sys.argv[1])}))
END
}
all_stopped() {
	local pid
	for pid in $(below "$1"); do [[ $(state_of "$pid") =~ ^[TZ]?$ ]] || return 1; done
}

@test "stop: SIGTERM reaches the program, which may end as it likes" {
	hold web sh -c 'trap "echo bye > said; exit 7" TERM; : > ready; while :; do sleep 0.05; done'
	eventually 10 test -e ready
	gives 0 "$BAILEY" stop web
	is "$output" "web: ended"
	ended_with 7
	is "$(cat said)" bye
	is "$(entries)" ""
}
@test "stop: what ignores SIGTERM is killed after its time, with all it has started" {
	local mark
	mark=$(unique_seconds)
	hold web sh -c "trap '' TERM HUP; (setsid sh -c 'setsid sleep $mark & exec sleep $mark' &); : > ready; sleep $mark & wait; sleep $mark"
	eventually 10 test -e ready
	eventually 10 somebody_is "$mark"
	gives 0 "$BAILEY" stop --time 1 web
	is "$output" "web: killed, it went on for 1 s after SIGTERM"
	ended_with 137
	nobody_is "$mark"
	is "$(entries)" ""
}
@test "stop: a program that left its group, and one that has stopped itself and its children" {
	hold left python3 -c 'import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os._exit(9))
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    open("joined", "w")
    time.sleep(100)
while not os.path.exists("joined"): time.sleep(0.01)
os.setpgid(0, child)
open("ready", "w")
while True: time.sleep(0.05)'
	eventually 10 test -e ready
	gives 0 "$BAILEY" stop left
	ended_with 9
	hold still python3 -c 'import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os._exit(5))
if os.fork() == 0: time.sleep(100)
open("ready2", "w")
os.kill(0, signal.SIGSTOP)
while True: time.sleep(1)'
	eventually 10 test -e ready2
	eventually 10 in_state "$(field still program_pid)" T
	gives 0 "$BAILEY" stop still
	is "$output" "still: ended"
	ended_with 5
	is "$(entries)" ""
}
@test "stop: also when bailey itself is stopped" {
	local mark
	mark=$(unique_seconds)
	hold web sleep "$mark"
	kill -STOP "$held"
	eventually 5 in_state "$held" T
	gives 0 "$BAILEY" stop web
	ended_with 143
	nobody_is "$mark"
	is "$(entries)" ""
	hold web sh -c "trap '' TERM; sleep $mark"
	kill -STOP "$held"
	gives 0 "$BAILEY" stop --time 0 web
	is "$output" "web: killed"
	ended_with 137
	is "$(entries)" ""
}
@test "stop: by profile, several at once, and all; with none there --all is right" {
	hold a sleep 100
	hold b sleep 100
	hold c sleep 100
	gives 0 "$BAILEY" stop a b a
	is "$output" $'a: ended\nb: ended'
	gives 2 "$BAILEY" stop -p nobody
	gives 0 "$BAILEY" stop -p shell
	is "$output" "c: ended"
	gives 0 "$BAILEY" stop --all
	is "$output" ""
	gives 2 "$BAILEY" stop
	gives 2 "$BAILEY" stop a
	gives 2 "$BAILEY" stop --all a
	gives 2 "$BAILEY" stop --time soon --all
	gives 2 "$BAILEY" stop --time=-1 --all
}
@test "stop: those left behind by a program that has ended get the signal" {
	local mark
	mark=$(unique_seconds)
	hold web --set process.wait=all sh -c "sleep $mark & exit 3"
	eventually 10 in_state "$(field web program_pid)" ""
	gives 0 "$BAILEY" stop web
	is "$output" "web: ended"
	nobody_is "$mark"
}
@test "a name, a description and signs of a sandbox that the program makes mislead nobody" {
	hold web python3 -c 'import ctypes, json, os, time
ctypes.CDLL(None).prctl(15, b"bailey) R 1 1", 0, 0, 0)
for d in ("/run", os.environ["HOME"], os.environ.get("XDG_RUNTIME_DIR", "/tmp"), "."):
    try:
        os.makedirs(d + "/bailey/fake")
        json.dump({"bailey": 1, "name": "fake", "launcher": {"pid": 1, "start": 0, "inode": 0}}, open(d + "/bailey/fake/state.json", "w"))
    except OSError: pass
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    time.sleep(100)
open("ready", "w")
time.sleep(100)' 
	is "$("$BAILEY" list --json | grep -c '"name"')" 1
	is "$(field web state)" running
	gives 0 "$BAILEY" stop --all
	has "$output" "web: "
	is "$(entries)" ""
}
@test "pause needs a control group, or consent to signals" {
	hold web sleep 100
	gives 125 "$BAILEY" pause web
	has "$output" "web has no control group that can be frozen" "--signals"
	state_is web running
	gives 0 "$BAILEY" resume web
}
@test "pause --signals: all of a tree that forks stands still; resume continues it, stop ends it" {
	hold web python3 -c 'import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
n = 0
while True:
    if os.fork() == 0:
        if os.fork() == 0: time.sleep(0.01)
        os._exit(0)
    n += 1
    if n % 10 == 0: open("count", "w").write(str(n))
    time.sleep(0.001)'
	eventually 10 test -s count
	gives 0 "$BAILEY" pause --signals web
	state_is web paused
	has "$("$BAILEY" list)" STATE paused
	all_stopped "$held"
	local before
	before=$(stat -c %Y.%y count)
	sleep 0.3
	is "$(stat -c %Y.%y count)" "$before"
	all_stopped "$held"
	gives 0 "$BAILEY" pause --signals web
	gives 0 "$BAILEY" resume web
	state_is web running
	goes_on() { [ "$(stat -c %Y.%y count)" != "$before" ]; }
	eventually 10 goes_on
	gives 0 "$BAILEY" pause --signals --all
	gives 0 "$BAILEY" stop web
	is "$output" "web: ended"
	ended_with 143
	is "$(entries)" ""
}
@test "resume continues what the pause has stopped, and nothing else" {
	hold web sh -c 'sleep 101 & sleep 102 & echo $! > second; wait'
	eventually 10 test -s second
	local pid stopped
	stopped=$(pids_of 102)
	end_later "$stopped"
	kill -STOP "$stopped"
	eventually 5 in_state "$stopped" T
	gives 0 "$BAILEY" pause --signals web
	all_stopped "$held"
	gives 0 "$BAILEY" resume --all
	for pid in $(below "$held"); do
		if [ "$pid" = "$stopped" ]; then in_state "$pid" T; else ! in_state "$pid" T; fi
	done
}
@test "paused: a killed launcher takes the sandbox along all the same" {
	local mark
	mark=$(unique_seconds)
	hold web sleep "$mark"
	gives 0 "$BAILEY" pause --signals web
	kill -KILL "$held"
	wait "$held" || true
	eventually 2 nobody_is "$mark"
	is "$("$BAILEY" list --json | grep -c '"name"')" 0
	is "$(entries)" ""
}
@test "signal: to the program, by name or number, to the group; what is none is refused" {
	hold web sh -c 'trap "echo usr1 >> said" USR1; trap "echo hup >> said" HUP; : > ready; while :; do sleep 0.05; done'
	eventually 10 test -e ready
	said() { [ "$(sort said 2> /dev/null | tr '\n' ' ')" = "$1" ]; }
	gives 0 "$BAILEY" signal web USR1
	eventually 10 said "usr1 "
	gives 0 "$BAILEY" signal web SIGHUP
	eventually 10 said "hup usr1 "
	gives 0 "$BAILEY" signal --all 10
	eventually 10 said "hup usr1 usr1 "
	gives 2 "$BAILEY" signal web NOSUCH
	gives 2 "$BAILEY" signal web 0
	gives 2 "$BAILEY" signal web 99
	gives 2 "$BAILEY" signal HUP
	gives 2 "$BAILEY" signal
	gives 0 "$BAILEY" signal --group web KILL
	ended_with 137
}
@test "tree shows who started whom, with nothing in it that a terminal would obey" {
	hold web sh -c 'sleep 103 & sleep 104 & : > ready; wait'
	eventually 10 test -e ready
	hold odd python3 -c 'import time; time.sleep(100)' $'\e[31mred\n'
	attempt "$BAILEY" tree web
	is "${lines[0]}" "web (sh, profile shell, process $(field web launcher_pid))"
	attempt "$BAILEY" tree
	lacks "$output" $'\e'
	has "$output" 'sleep 103' 'sleep 104' '\x1b[31mred\x0a' "odd ("
	is "$("$BAILEY" tree --json web | python3 -c 'import json, sys
s = json.load(sys.stdin)["sandboxes"]
p = {x["pid"]: x for x in s[0]["processes"]}
sleeps = [x for x in p.values() if x["command"].startswith("sleep ")]
print(len(s), len(p), {p[x["parent"]]["command"][:2] for x in sleeps})')" "1 3 {'sh'}"
	gives 2 "$BAILEY" tree nobody
	gives 0 "$BAILEY" tree -p shell
}
@test "wait gives the exit status of the program, of a signal, of several; a killed bailey has none" {
	hold web sh -c 'while [ ! -e go ]; do sleep 0.05; done; exit 7'
	hold other sh -c 'while [ ! -e go2 ]; do sleep 0.05; done; kill -KILL $$'
	"$BAILEY" wait web > waited 2>&1 3>&- &
	local waiting=$! status=0
	end_later "$waiting"
	sleep 0.2
	kill -0 "$waiting"
	: > go
	wait "$waiting" || status=$?
	is "$status" 7
	is "$(cat waited)" ""
	hold third sh -c 'while [ ! -e go3 ]; do sleep 0.05; done; exit 4'
	"$BAILEY" wait --any other third > waited 2>&1 3>&- &
	waiting=$! status=0
	sleep 0.2
	: > go2
	wait "$waiting" || status=$?
	is "$status" 137
	is "$(cat waited)" "other 137"
	hold last sleep 100
	"$BAILEY" wait --all > waited 2>&1 3>&- &
	waiting=$! status=0
	sleep 0.2
	: > go3
	eventually 10 grep -q "third 4" waited
	kill -KILL "$held"
	wait "$waiting" || status=$?
	is "$status" 4 # the last one by name
	has "$(cat waited)" "third 4" "last has ended, nobody can tell how" "last 125"
	gives 2 "$BAILEY" wait nobody
	gives 0 "$BAILEY" wait --all
	is "$(entries)" ""
}
@test "rename: the new name is the one that counts, and goes with the sandbox" {
	hold web sleep 100
	hold other sleep 100
	gives 125 "$BAILEY" rename web other
	has "$output" "a sandbox named other is running"
	gives 2 "$BAILEY" rename web ../x
	gives 2 "$BAILEY" rename web
	gives 2 "$BAILEY" rename nobody x
	gives 0 "$BAILEY" rename web bank
	is "$(entries | tr '\n' ' ')" "bank other "
	state_is bank running
	gives 2 "$BAILEY" stats web
	hold web sleep 100
	gives 0 "$BAILEY" rename other elsewhere
	gives 0 "$BAILEY" stop bank
	is "$(entries | tr '\n' ' ')" "elsewhere web "
	kill -KILL "$held"
	wait "$held" || true
	is "$(entries | tr '\n' ' ')" "elsewhere web "
	gives 0 "$BAILEY" stop --all
	is "$(entries)" ""
}
@test "top: once for a pipe, in 80 columns, as JSON; processor, disk and network of each" {
	hold busy sh -c 'while :; do :; done'
	hold "$(printf 'long-%.0s' {1..10})" sleep 100
	attempt "$BAILEY" top
	is "${#lines[@]}" 3
	has "${lines[0]}" NAME CPU% MEMORY TASKS READ/s IN/s OUT/s PROGRAM
	has "${lines[1]}" "busy "
	lacks "$output" $'\e'
	is "$(awk 'length > 80' <<< "$output")" ""
	# A sandbox that has lasted: its first process with a second thread, its program.
	three() { "$BAILEY" top --json | python3 -c 'import json, sys
print(*[x["tasks"] for x in json.load(sys.stdin)["sandboxes"] if x["name"][:4] == "long"])' | grep -qx 3; }
	eventually 10 three
	"$BAILEY" top --json --sort name > top.json
	python3 - << 'END'
import json
s = {x["name"][:4]: x for x in json.load(open("top.json"))["sandboxes"]}
assert s["busy"]["cpu_permille"] > 50 > s["long"]["cpu_permille"], s
assert s["long"]["sent"] == 0 and s["long"]["tasks"] == 3 and s["long"]["memory"] > 0, s
END
	gives 2 "$BAILEY" top --sort size
	gives 2 "$BAILEY" top --interval 0
	gives 2 "$BAILEY" top nobody
}
@test "top on a terminal: keys sort and end it, another size is followed, the terminal is left as it was" {
	hold web sleep 100
	python3 - "$BAILEY" << 'END'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2): os.dup2(slave, fd)
    os.environ["NO_COLOR"] = "1"
    os.execv(sys.argv[1], ["bailey", "top", "-i", "1"])
seen = b""
def until(what, seconds=20):
    global seen
    end = time.monotonic() + seconds
    while not re.search(what, seen):
        assert time.monotonic() < end, (what, seen)
        if select.select([master], [], [], 0.1)[0]: seen += os.read(master, 65536)
until(rb"web .*sleep")
assert b"\x1b[7m" not in seen, "NO_COLOR"
os.write(master, b"n")
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 120, 0, 0))
seen = b""
until(rb"web .*sleep")
os.write(master, b"q")
until(rb"\x1b\[\?1049l")
assert os.waitpid(pid, 0)[1] == 0
assert termios.tcgetattr(slave) == before
END
}
@test "events: started, stopped and by what, for each that listens; nothing is left when nobody does" {
	"$BAILEY" events --json > heard 2>&1 3>&- &
	local first=$!
	end_later "$first"
	"$BAILEY" events > text 2>&1 3>&- &
	local second=$!
	end_later "$second"
	listening() { [ "$(find "/proc/$first/fd" "/proc/$second/fd" -lname '*/.events' | wc -l)" -eq 2 ]; }
	eventually 10 listening
	hold web sh -c 'while [ ! -e go ]; do sleep 0.05; done; exit 3'
	: > go
	wait "$held" || true
	hold killed sleep 100
	gives 0 "$BAILEY" rename killed renamed
	gives 0 "$BAILEY" stop renamed
	hold lost sleep 100
	kill -KILL "$held"
	wait "$held" || true
	"$BAILEY" run -p shell true # too short to be told of
	eventually 10 grep -q "lost stopped: its bailey was killed" text
	heard() { python3 -c 'import json
for line in open("heard"):
    e = json.loads(line)
    print(e["event"], e["name"], e.get("status", "-"), e.get("signal", "-"), end=" / ")'; }
	is "$(heard)" "started web - - / stopped web 3 - / started killed - - / stopped renamed 143 15 / started lost - - / stopped lost None - / "
	grep -Eq '^20..-..-.. ..:..:.. web started: sh, profile shell, process [0-9]+$' text
	grep -Eq ' renamed stopped: by signal 15$' text
	kill "$first"
	wait "$first"
	[ -e "$XDG_RUNTIME_DIR/bailey/.events" ] # there is the other one
	kill -KILL "$second"
	wait "$second" || true
	"$BAILEY" list > /dev/null
	is "$(entries)" ""
}
@test "events: the file is exchanged when it is large; a listener that does not read holds nobody up" {
	mkfifo slow
	"$BAILEY" events --json > slow 3>&- &
	local slow=$! fast
	end_later "$slow"
	exec 9<> slow # so that it can be opened; nobody reads
	"$BAILEY" events --json > heard 2>&1 3>&- &
	fast=$!
	end_later "$fast"
	listening() { [ "$(find "/proc/$fast/fd" "/proc/$slow/fd" -lname '*/.events' | wc -l)" -eq 2 ]; }
	eventually 10 listening
	hold a sleep 100
	eventually 10 grep -q '"started","name":"a"' heard
	head -c 300000 /dev/zero | tr '\0' '\n' >> "$XDG_RUNTIME_DIR/bailey/.events"
	hold b sleep 100
	hold c sleep 100
	gives 0 "$BAILEY" stop --all
	eventually 10 grep -q '"stopped","name":"c"' heard
	is "$(grep -c '"event"' heard)" 6
	[ "$(cat "$XDG_RUNTIME_DIR"/bailey/.events* | wc -c)" -lt 600000 ]
	kill "$fast"
	wait "$fast"
	exec 9>&-
}
