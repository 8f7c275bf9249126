#!/usr/bin/env bats
# run --detach, its log, --restart: programs that outlive the command that started them.
load lib
load running

prepare() {
	need userns python3
	own_runtime_and_state
	LOGS=$XDG_STATE_HOME/bailey/logs
}
finish() {
	local pid
	for pid in $(managers); do
		kill -KILL "$pid" 2> /dev/null || true
	done
}

# detach OPTIONS... PROGRAM: starts it with the profile shell; its name is in $output.
detach() { gives 0 "$BAILEY" run -p shell --detach "$@"; }
managers() { "$BAILEY" list --json | python3 -c 'import json,sys
print(*[s["launcher_pid"] for s in json.load(sys.stdin)["sandboxes"]])'; }
nothing_runs() { [ -z "$(names)" ] && [ -z "$(ls -A "$XDG_RUNTIME_DIR/bailey" 2> /dev/null)" ]; }
log_has() { "$BAILEY" logs "$1" | grep -qF -- "$2"; }
# starts NAME N: the log tells of so many starts.
starts() { [ "$("$BAILEY" logs --json "$1" | grep -c '"stream":"bailey","text":"started"')" = "$2" ]; }

@test "it returns at once with the name, and the program runs on" {
	local mark
	mark=$(unique_seconds)
	detach --name web sh -c "echo hello; echo oops >&2; cat; tty; exec sleep $mark"
	is "$output" web
	is "$(names)" web
	is "$(field web log)" "$LOGS/web"
	eventually 5 log_has web "not a tty"
	is "$("$BAILEY" logs web | sort)" $'hello\nnot a tty\noops'
	# A session of its own without a terminal; the program has another one.
	python3 - "$(field web launcher_pid)" "$(field web program_pid)" << 'END'
import os, sys
for pid in map(int, sys.argv[1:]):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    assert fields[4] == "0", ("a controlling terminal", pid, fields)
    assert os.getsid(pid) != os.getsid(0), pid
assert os.readlink(f"/proc/{sys.argv[1]}/cwd") == "/"
END
	kill "$(field web launcher_pid)"
	eventually 5 nothing_runs
	nobody_is "$mark"
	log_has web hello
	has "$("$BAILEY" logs --json web | tail -n 1)" '"stream":"bailey","text":"ended by signal 15"'
}
@test "without a name it prints the one it gets; the working directory is the caller's" {
	mkdir here
	cd here
	detach --rw . sh -c 'pwd; sleep 100'
	is "$output" shell-1
	eventually 5 log_has shell-1 "$WORK/here"
	detach sleep 100
	is "$output" shell-2
}
@test "what fails at the start is told by status and message, and leaves nothing" {
	gives 127 "$BAILEY" run -p shell --detach --name web no-such-program
	has "$output" "no-such-program"
	printf '\177ELFnonsense' > broken
	chmod 755 broken
	gives 126 "$BAILEY" run -p shell --detach --name web --ro broken ./broken
	has "$output" "broken" "Exec format error"
	gives 125 "$BAILEY" run -p shell --detach --name web --fd 77 true
	has "$output" "cannot pass descriptor 77 on"
	is "$("$BAILEY" run -p shell --detach --fd 77 true 2> /dev/null || true)" ""
	nothing_runs
	detach --name web sleep 100
	gives 125 "$BAILEY" run -p shell --detach --name web true
	has "$output" "a sandbox named web is running"
}
@test "what makes no sense is refused" {
	gives 2 "$BAILEY" run -p shell --restart always true
	has "$output" "--detach"
	gives 2 "$BAILEY" run -p shell --detach --restart sometimes true
	gives 2 "$BAILEY" run -p shell --detach --restart on-failure:0 true
	gives 2 "$BAILEY" run -p shell --detach --apply true
	gives 2 "$BAILEY" run -p shell --detach --keep --restart always true
	gives 2 "$BAILEY" run -p shell --set process.log_size=1K true
	has "$output" "process.log_size" "64K"
	gives 2 "$BAILEY" logs
	gives 2 "$BAILEY" logs nobody
	has "$output" "there is no log of nobody"
	gives 2 "$BAILEY" logs ../x
	gives 2 "$BAILEY" logs --since yesterday nobody
	"$BAILEY" run -p shell --name front sleep 100 3>&- &
	end_later $!
	in_front() { [ "$(names)" = front ]; }
	eventually 5 in_front
	gives 2 "$BAILEY" logs front
	has "$output" "front does not run in the background"
}
@test "the caller's terminal hangs up, its session ends: the program goes on" {
	python3 - "$BAILEY" << 'END'
import os, pty, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "-ic", f"shopt -s huponexit; {sys.argv[1]} run -p shell --detach --name web sleep 100; sleep 50"])
seen = b""
while b"web" not in seen:
    seen += os.read(terminal, 1000)
os.close(terminal)
os.waitpid(pid, 0)
END
	sleep 0.3
	is "$(names)" web
	[ "$(field web program_pid)" -gt 0 ]
}
@test "a pipe that reads what the command says sees its end" {
	is "$(timeout 20 "$BAILEY" run -p shell --detach --name web sleep 100 2>&1 | cat)" web
	is "$(names)" web
}
@test "every byte is kept; a terminal is shown what it cannot obey" {
	python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 300)' > bytes
	detach --name web --ro bytes sh -c "cat '$WORK/bytes'; printf 'n 1.000000 3\n\nend\n'"
	eventually 5 nothing_runs
	{
		cat bytes
		printf 'n 1.000000 3\n\nend\n'
	} | cmp - <("$BAILEY" logs web)
	detach --name esc sh -c "printf 'a\\033]0;x\\007b\\r\\n\\303\\244\\342\\200\\256c'"
	eventually 5 nothing_runs
	attempt python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" logs esc
	lacks "$output" $'\e' $'\a'
	has "$output" 'a\x1b]0;x\x07b'$'\r\n' 'ä\xe2\x80\xaec' "-- bailey: ended with status 0"
	attempt python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" logs --raw esc
	has "$output" $'a\e]0;x\ab'
}
# The log's own size, of both files.
log_bytes() { cat "$LOGS/$1"/log* | wc -c; }
@test "a program that floods the log costs bounded disk and memory, and is not held up" {
	detach --name web --set process.log_size=128K sh -c 'yes line-of-the-flood | head -c 30000000; echo the last word; sleep 100'
	eventually 30 log_has web "the last word"
	[ "$(log_bytes web)" -le 131072 ]
	[ "$(log_bytes web)" -gt 60000 ]
	[ "$(awk '/^VmHWM/ { print $2 }' "/proc/$(field web launcher_pid)/status")" -lt 6000 ]
	is "$(stat -c %a "$LOGS/web" "$LOGS/web/log" "$LOGS/web/log.1" | tr '\n' ' ')" "700 600 600 "
}
@test "follow shows what is written until the end, also when the log is replaced meanwhile" {
	detach --name web --set process.log_size=128K sh -c 'for i in $(seq 2000); do echo "$i $(printf %060d 0)"; [ $((i % 100)) != 0 ] || sleep 0.05; done'
	timeout 30 "$BAILEY" logs -f web > followed 2> lost
	is "$(cat lost)" ""
	is "$(cut -d' ' -f1 followed)" "$(seq 2000)"
	eventually 5 nothing_runs
	# It has ended: there is nothing to wait for.
	timeout 5 "$BAILEY" logs -f web > again
	tail -n 1 followed | cmp - <(tail -n 1 again)
	# The reader is gone: so is the one that follows.
	detach --name slow sh -c 'echo first; sleep 100'
	timeout 10 "$BAILEY" logs -f slow | head -n 1 > first
	is "$(cat first)" first
}
@test "times, streams, --since" {
	detach --name web sh -c 'echo old; sleep 2.2; echo new >&2; sleep 0.2; printf rest'
	eventually 10 nothing_runs
	"$BAILEY" logs --json web | python3 -c 'import datetime, json, sys
lines = [json.loads(line) for line in sys.stdin]
assert [(l["stream"], l["text"]) for l in lines if l["stream"] != "bailey"] == [("stdout", "old"), ("stderr", "new"), ("stdout", "rest")], lines
then = [datetime.datetime.fromisoformat(l["time"].replace("Z", "+00:00")) for l in lines]
assert abs((datetime.datetime.now(datetime.timezone.utc) - then[-1]).total_seconds()) < 60'
	is "$("$BAILEY" logs --since 10min web)" $'old\nnew\nrest'
	local middle
	middle=$("$BAILEY" logs --json web | python3 -c 'import datetime, json, sys
for line in sys.stdin:
    l = json.loads(line)
    if l["text"] == "new": print(int(datetime.datetime.fromisoformat(l["time"].replace("Z", "+00:00")).timestamp()))')
	is "$("$BAILEY" logs --since "@$middle" web)" $'new\nrest'
	is "$("$BAILEY" logs --since "$(date -d "@$middle" '+%Y-%m-%d %H:%M:%S')" web)" $'new\nrest'
	is "$("$BAILEY" logs --since "@$((middle + 3600))" web)" ""
	has "$("$BAILEY" logs -t web)" "Z old" "Z new" "Z -- bailey: ended with status 0"
	# The next one of the name adds to it.
	detach --name web echo again
	eventually 5 nothing_runs
	is "$("$BAILEY" logs web)" $'old\nnew\nrestagain'
}
@test "the program can neither name nor change its log" {
	detach --name web --rw "$XDG_STATE_HOME" sh -c "echo kept
		find '$XDG_STATE_HOME' | sort
		true > '$LOGS/web/log'; rm -rf '$LOGS'; mv '$XDG_STATE_HOME/bailey' '$XDG_STATE_HOME/x'
		readlink /proc/self/fd/1
		true > /proc/self/fd/1
		python3 -c 'import os; os.ftruncate(1, 0)'
		echo done"
	eventually 10 log_has web "done"
	has "$("$BAILEY" logs web)" kept pipe: "Invalid argument"
	lacks "$("$BAILEY" logs web)" "$LOGS/web/log"$'\n'
	[ -f "$LOGS/web/log" ]
}
@test "a full disk: the program goes on, and what was lost is told" {
	mkdir seen
	cat > seen/program << 'END'
head -c 400000 /dev/zero | tr '\0' x
touch through
while [ -e through ]; do sleep 0.05; done
echo later
sleep 0.2
END
	cat > full.sh << 'END'
cd seen
mount -t tmpfs -o size=200k none "$XDG_STATE_HOME" || exit 99
head -c 80000 /dev/zero > "$XDG_STATE_HOME/ballast"
"$BAILEY" run -p shell --detach --name web --rw "$WORK/seen" sh program || exit 98
for i in $(seq 200); do [ -e "$WORK/seen/through" ] && break; sleep 0.05; done
[ -e "$WORK/seen/through" ] || exit 97
rm -f "$XDG_STATE_HOME/ballast"
rm -f "$WORK/seen/through"
for i in $(seq 200); do
	"$BAILEY" logs --json web | grep 'bytes before this were lost: No space left on device' && exit 0
	sleep 0.05
done
exit 96
END
	attempt unshare -Um --map-current-user --keep-caps sh full.sh
	[ "$status" -ne 99 ] || skip "needs a tmpfs in a user namespace: $output"
	is "$status" 0
}
@test "restart on failure, so often, with pauses; every start is in the log" {
	detach --name web --restart on-failure:2 sh -c 'echo run; exit 7'
	waits() { [ "$(field web restarts)" = 1 ] && [ "$(field web sandbox_pid)" = None ]; }
	eventually 5 waits
	has "$("$BAILEY" list)" "STATE    RESTARTS PROGRAM" "waiting  1        sh"
	eventually 15 nothing_runs
	starts web 3
	is "$("$BAILEY" logs web)" $'run\nrun\nrun'
	has "$("$BAILEY" logs --json web)" "started again in 1 s" "started again in 2 s" "ended with status 7"
	detach --name fine --restart on-failure true
	eventually 5 nothing_runs
	starts fine 1
}
@test "a signal to the manager ends the program and the restarts, also in between" {
	detach --name web --restart always sh -c 'sleep 0.2'
	eventually 5 starts web 2
	kill "$(field web launcher_pid)"
	eventually 5 nothing_runs
	detach --name long --restart always sleep 100
	kill "$(field long launcher_pid)"
	eventually 5 nothing_runs
	starts long 1
}
@test "somebody has asked for the end: it is not started again" {
	detach --name web --restart always sleep 100
	touch "$XDG_RUNTIME_DIR/bailey/web/end"
	kill -KILL "$(field web sandbox_pid)"
	eventually 5 nothing_runs
	starts web 1
}
@test "manager or launcher are killed: nothing runs on, the next command cleans up" {
	local mark launcher
	mark=$(unique_seconds)
	detach --name web sleep "$mark"
	kill -KILL "$(field web launcher_pid)"
	eventually 2 nobody_is "$mark"
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" web
	nothing_runs
	detach --name web sleep "$mark"
	launcher=$(awk '/^PPid/ { print $2 }' "/proc/$(field web sandbox_pid)/status")
	[ "$launcher" != "$(field web launcher_pid)" ]
	kill -KILL "$launcher"
	eventually 2 nobody_is "$mark"
	eventually 2 nothing_runs
	has "$("$BAILEY" logs --json web | tail -n 1)" "ended by signal 9"
}
@test "stop: not started again, whether it runs or waits for its next start" {
	detach --name web --restart always sleep 100
	gives 0 "$BAILEY" stop web
	has "$output" "web: ended"
	eventually 5 nothing_runs
	starts web 1
	detach --name brief --restart always true
	waiting() { [ "$(field brief state)" = waiting ]; }
	eventually 5 waiting
	gives 0 "$BAILEY" stop brief
	eventually 5 nothing_runs
	detach --name deaf --restart always sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	gives 0 "$BAILEY" stop --time 1 deaf
	has "$output" "deaf: killed"
	eventually 5 nothing_runs
	starts deaf 1
}
@test "its launcher answers other commands, also after a restart" {
	detach --name web --restart always sh -c 'sleep 0.7; exit 3'
	eventually 10 starts web 2
	waits_no_more() { [ "$(field web sandbox_pid)" != None ]; }
	eventually 5 waits_no_more
	is "$(python3 - "$XDG_RUNTIME_DIR/bailey/web/control" "$(field web launcher_pid)" << 'END'
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(20)
s.connect(sys.argv[1])
pid = struct.unpack("iII", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
s.send(struct.pack("IiQ", 1, 0, 0))
print(pid == int(sys.argv[2]), *struct.unpack("IiQ", s.recv(100))[1:])
END
	)" "True 3 0"
}
