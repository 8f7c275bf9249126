#!/usr/bin/env bats
# bailey enter: a command in a running sandbox is held by all that holds its program.
load lib
load running

prepare() { prepare_web; }

release() {
	kill "$held"
	wait "$held" || true
}
enter() { "$BAILEY" enter web "$@"; }
ended() { ! kill -0 "$1" 2> /dev/null; }

# Prints what the kernel says of whoever runs it.
setup_file() {
cat > "$BATS_FILE_TMPDIR/traits" << 'END'
grep -E '^(Uid|Gid|Groups|NoNewPrivs|Seccomp|Seccomp_filters|Cap[A-Z][a-z]*|Cpus_allowed_list|SigBlk|THP_enabled):' /proc/self/status
for ns in /proc/self/ns/*; do echo "$ns $(readlink "$ns")"; done
cat /proc/self/cgroup /proc/self/limits /proc/self/oom_score_adj
umask
nice
pwd
env | sort
END
}
# same_as_program [OPTIONS...]: all of that is the same for the program and for what enters.
same_as_program() {
	rm -f program
	cp "$BATS_FILE_TMPDIR/traits" .
	hold_web "$@" -- sh -c "sh $PWD/traits > $PWD/program.new; mv $PWD/program.new $PWD/program; sleep 1000"
	eventually 10 test -e program
	TERM=$(sed -n s/^TERM=//p program) enter sh "$PWD/traits" > entered < /dev/null
	diff program entered
	[ "$(wc -l < entered)" -gt 40 ]
	release
}

@test "it has the program's ids, capabilities, filter, namespaces, control group, limits and environment" {
	same_as_program
	# The caller is not: so the comparison can fail.
	attempt diff entered <(sh traits)
	has "$output" "Seccomp" "NoNewPrivs" "pid:" "mnt:"
	same_as_program --set landlock.use=off
}
@test "the same with uid 0 inside, its capabilities, and nested namespaces" {
	same_as_program --set identity.user=root
	has "$(cat entered)" $'Uid:\t0'
	same_as_program --set identity.user=root --set capabilities.keep=net_bind_service,chown
	lacks "$(grep CapEff entered)" 0000000000000000
	same_as_program --set namespaces.user=nested --set syscalls.allow=@sandbox
}
@test "the same with subordinate ids" {
	need subuid
	same_as_program --set identity.user=mapped
}
@test "the same beside a program with a terminal of its own" {
	cp "$BATS_FILE_TMPDIR/traits" .
	python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" run -p shell --name web --rw "$WORK/shared" --set process.terminal=pty \
		sh -c "sh $PWD/traits > $PWD/program.new; mv $PWD/program.new $PWD/program; tty > $PWD/tty; read x; echo got \$x; exit 4" \
		< <(exec 3>&-; for _ in {1..200}; do [ ! -e go ] || break; sleep 0.1; done; echo typed; sleep 1) > screen 2>&1 3>&- &
	held=$!
	end_later "$held"
	eventually 10 test -s tty
	eventually 10 enter true
	TERM=$(sed -n s/^TERM=//p program) enter sh "$PWD/traits" > entered < /dev/null
	diff program entered
	# Both have a terminal at once, each its own.
	gives 0 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" enter web tty
	has "$output" /dev/pts/
	lacks "$output" "$(cat tty)"
	: > go
	local status=0
	wait "$held" || status=$?
	is "$status" 4
	has "$(cat screen)" "got typed"
}
@test "the same with limits, umask, priority and directory" {
	same_as_program --set process.limits.open_files=123 --set process.umask=0027 --set process.nice=7 --set process.directory=/tmp
	has "$(cat entered)" "123" 0027 /tmp
}
@test "it is in the program's Landlock domain" {
	need landlock
	# Only within one domain signals get through; one of equal rules would be another one.
	hold_web -- sleep 1000
	gives 0 enter kill -0 2
	gives 0 enter kill -CONT 2
	release
	# A directory of the host that somebody hands in leads nowhere.
	mkdir ../outside
	echo hidden > ../outside/secret
	python3 -c 'import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("socket")
s.listen()
fd = os.open("../outside", os.O_RDONLY | os.O_DIRECTORY)
while True: socket.send_fds(s.accept()[0], [b"x"], [fd])' 3>&- &
	end_later $!
	eventually 5 test -S socket
	local look='import os, socket
s = socket.socket(socket.AF_UNIX)
s.connect("socket")
_, fds, _, _ = socket.recv_fds(s, 10, 1)
try: print(os.read(os.open("secret", os.O_RDONLY, dir_fd=fds[0]), 20).decode().strip())
except OSError as e: print(e.strerror)'
	hold_web -- sleep 1000
	is "$(enter python3 -c "$look")" "Permission denied"
	release
	hold_web --set landlock.use=off -- sleep 1000
	is "$(enter python3 -c "$look")" "hidden"
}
@test "exit status, signals, and what cannot be executed" {
	hold_web -- sleep 1000
	gives 0 enter true
	gives 7 enter sh -c 'exit 7'
	gives 3 enter -- sh -c 'exit 3'
	gives 143 enter sh -c 'kill -TERM $$'
	gives 127 enter no-such-program
	has "$output" "cannot execute no-such-program in the sandbox" "not visible inside"
	gives 126 enter /etc/passwd
	gives 125 "$BAILEY" enter --directory /no/such web true
	has "$output" "/no/such"
	is "$("$BAILEY" enter --directory /tmp web pwd)" /tmp
	gives 2 "$BAILEY" enter --directory tmp web true
	gives 2 "$BAILEY" enter
	gives 2 "$BAILEY" enter nobody true
	gives 125 "$BAILEY" enter --root-inside web true
	has "$output" "nobody is uid 0"
	printf '#!/proc/self/exe list\n' > trick
	chmod +x trick
	gives 126 enter "$PWD/trick"
	# A signal for the one that was called is one for the command.
	python3 - "$BAILEY" << 'END'
import signal, subprocess, sys
p = subprocess.Popen([sys.argv[1], "enter", "web", "sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done"], stdout=subprocess.PIPE)
p.stdout.readline()
p.send_signal(signal.SIGUSR1)
assert p.wait(10) == 9, p.returncode
END
}
@test "without a command it is the shell; descriptors are the caller's" {
	hold_web -- sleep 1000
	gives 5 enter < <(echo 'exit 5')
	head -c 3000000 /dev/urandom > data
	enter cat < data > copy
	cmp data copy
	is "$(enter sh -c 'echo out; echo err >&2' 2> err)" out
	is "$(cat err)" err
	# Nothing else of the caller's is open inside, nor of the first process's.
	exec 7< data
	is "$(enter sh -c 'ls /proc/self/fd | wc -l')" "$("$BAILEY" run -p shell sh -c 'ls /proc/self/fd | wc -l' < /dev/null)"
	exec 7<&-
	gives 125 enter true < /
	has "$output" "a directory"
	is "$(TERM=vt52 "$BAILEY" enter web sh -c 'echo $TERM$LEAK' LEAK=1)" "$(TERM=vt52 "$BAILEY" run -p shell sh -c 'echo $TERM')"
}
@test "TERM is the caller's, also where the sandbox was started without one, and only where the profile shows it" {
	for_term() { TERM=vt52 "$BAILEY" enter web sh -c 'echo "TERM=$TERM"'; }
	(unset TERM && hold_web -- sleep 1000 && is "$(for_term)" TERM=vt52 && "$BAILEY" stop web)
	(export TERM=xterm && hold_web -- sleep 1000 && is "$(for_term)" TERM=vt52 && "$BAILEY" stop web)
	(unset TERM && hold_web --set environment.unset=TERM -- sleep 1000 && is "$(for_term)" TERM= && "$BAILEY" stop web)
}
@test "on a terminal it has one of the sandbox's own" {
	hold_web -- sleep 1000
	gives 0 python3 "$SYSTEM/on-a-terminal.py" --rows 31 --columns 99 "$BAILEY" enter web sh -c 'tty; stty size; test -t 0 && test -t 1 && test -t 2'
	has "$output" /dev/pts/ "31 99"
	gives 130 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" enter web sh -c 'stty -echo; echo ready; sleep 20' < <(sleep 1; printf '\003'; sleep 1)
	# ^Z stops, fg continues, in a shell inside as in the shell outside.
	python3 "$SYSTEM/on-a-terminal.py" bash --norc -i < <(
		sleep 0.3
		printf '%s enter web sh -c "echo begun; read x; echo got \\$x"\n' "$BAILEY"
		sleep 1.5
		printf '\032'
		sleep 0.7
		printf 'echo stat$((40+2))us; fg\n'
		sleep 0.7
		printf 'hello\n'
		sleep 0.7
		printf 'exit\n'
	) > screen
	tr -d '\r' < screen
	has "$(cat screen)" begun Stopped stat42us "got hello"
}
@test "who is left without a caller is hung up, and killed when that is not enough" {
	hold_web -- sleep 1000
	local soft hard
	soft=$(unique_seconds) hard=$(unique_seconds)
	"$BAILEY" enter web sh -c "trap 'echo hup > hup; exit' HUP; echo > soft; while :; do sleep 0.05; done; : $soft" 3>&- &
	local client=$!
	end_later "$client"
	eventually 10 test -e soft
	kill -KILL "$client"
	wait "$client" || true
	eventually 5 test -e hup
	eventually 5 nobody_is "$soft"
	"$BAILEY" enter web python3 -c "import signal, time, sys
for s in range(1, 32):
    if s not in (9, 19): signal.signal(s, signal.SIG_IGN)
open('hard', 'w')
time.sleep(100)" "$hard" 3>&- &
	client=$!
	end_later "$client"
	eventually 10 test -e hard
	kill -KILL "$client"
	wait "$client" || true
	eventually 6 nobody_is "$hard"
	gives 0 enter true
}
@test "it ends with the sandbox" {
	hold_web -- sleep 1000
	local mark
	mark=$(unique_seconds)
	"$BAILEY" enter web sleep "$mark" > said 2>&1 3>&- &
	local client=$! status=0
	end_later "$client"
	eventually 10 sh -c "$BAILEY enter web pgrep -f '^sleep $mark'"
	kill -KILL "$held"
	wait "$held" || true
	eventually 5 nobody_is "$mark"
	wait "$client" || status=$?
	is "$status" 125
	has "$(cat said)" "the sandbox has ended"
}
@test "a program that stops, kills and traces what enters gets nowhere" {
	# It goes for each process that appears: those that watch over commands are called bailey.
	cat > hostile.py << 'END'
import ctypes, os, signal, sys, time
libc = ctypes.CDLL(None, use_errno=True)
how = sys.argv[1]
open("running", "w")
while True:
    for p in os.listdir("/proc"):
        if not p.isdigit() or int(p) in (1, os.getpid()): continue
        try: name = open(f"/proc/{p}/comm").read().strip()
        except OSError: continue
        if how == "trace" and name == "bailey":
            r = libc.ptrace(0x4206, int(p), 0, 0)  # PTRACE_SEIZE
            told = os.strerror(ctypes.get_errno()) if r < 0 else "traced"
            try: os.listdir(f"/proc/{p}/fd"); told += ", saw its descriptors"
            except OSError: pass
            try: open(f"/proc/{p}/mem"); told += ", opened its memory"
            except OSError: pass
            open("told", "a").write(told + "\n")
        try:
            if how == "stop": os.kill(int(p), signal.SIGSTOP)
            if how == "kill" and name == "bailey": os.kill(int(p), signal.SIGKILL)
        except OSError: pass
    time.sleep(0.005)
END
	local mark client status
	mark=$(unique_seconds)
	hold_web -- python3 hostile.py stop
	eventually 10 test -e running
	"$BAILEY" enter web sleep "$mark" 3>&- > /dev/null 2>&1 &
	client=$!
	end_later "$client"
	sleep 0.5
	kill -KILL "$client"
	eventually 8 nobody_is "$mark"
	gives 0 "$BAILEY" list
	has "$output" web
	release

	rm running
	hold_web -- python3 hostile.py kill
	eventually 10 test -e running
	status=0
	timeout 20 "$BAILEY" enter web sleep 10 > said 2>&1 || status=$?
	is "$status" 125
	has "$(cat said)" "has killed what watched over the command"
	release

	rm running
	hold_web --set syscalls.allow=ptrace -- python3 hostile.py trace
	eventually 10 test -e running
	gives 0 enter sleep 0.5
	[ -s told ]
	is "$(sort -u told)" "Operation not permitted"
}
@test "process.enter = false: nobody enters, and nothing is kept for it" {
	local conf
	conf=$(profile closed <<< 'process = { enter = false; };')
	"$BAILEY" run -p "$conf" --name web sleep 1000 < /dev/null 2>&1 3>&- &
	held=$!
	end_later "$held"
	eventually 10 test -S "$XDG_RUNTIME_DIR/bailey/web/control"
	gives 125 enter true
	has "$output" "closed.conf:2: process.enter = false"
	local sandbox
	sandbox=$("$BAILEY" list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["sandboxes"][0]["sandbox_pid"])')
	has "$(cat "/proc/$sandbox/status")" $'Threads:\t1' $'Seccomp:\t2'
	release
	hold_web -- sleep 1000
	sandbox=$("$BAILEY" list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["sandboxes"][0]["sandbox_pid"])')
	eventually 5 grep -q $'Seccomp:\t2' "/proc/$sandbox/status"
	has "$(cat "/proc/$sandbox/status")" $'Threads:\t2' $'CapPrm:\t0000000000000000'
}
@test "many at once, and one after the other" {
	hold_web -- sleep 1000
	local i pids=()
	for i in {1..8}; do
		enter sh -c "sleep 0.3; exit $i" 3>&- &
		pids+=($!)
	done
	for i in {1..8}; do
		status=0
		wait "${pids[i - 1]}" || status=$?
		is "$status" "$i"
	done
	for i in {1..30}; do enter true || return 1; done
	# Those who watched over them end a moment after their callers.
	alone() { [ "$(enter sh -c 'echo /proc/[0-9]*' | wc -w)" -eq 4 ]; }
	eventually 5 alone
	gives 0 "$BAILEY" list
}
