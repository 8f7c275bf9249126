#!/usr/bin/env bats
# process.terminal = "pty": a terminal of the program's own, that behaves as the caller's does.
load lib

prepare() {
	need userns
	ON_PTY="'$BAILEY' run -p shell --set process.terminal=pty"
}

on_a_terminal() { python3 "$SYSTEM/on-a-terminal.py" "$@" < /dev/null; }
on_pty() { on_a_terminal --rows 33 --columns 77 "$BAILEY" run -p shell --set process.terminal=pty "$@"; }

# launcher_of MARK: the pid of the bailey whose command line has that word; pid 1 of the sandbox has it too.
launcher_of() {
	local pid
	for pid in $(pids_of "$1"); do
		if [ "$(cat "/proc/$pid/comm")" = bailey ] && [ "$(sed -n 's/^NSpid://p' "/proc/$pid/status" | wc -w)" = 1 ]; then
			echo "$pid"
			return 0
		fi
	done
	return 1
}

# in_a_shell: runs expect(1) with the script at standard input, an interactive bash spawned before, whose prompt was seen.
in_a_shell() {
	need expect
	{
		cat << 'END'
set timeout 15
proc wait_for {text code} {
	expect {
		-re $text {}
		timeout { puts "no $text"; exit $code }
		eof { puts "end before $text"; exit $code }
	}
}
set env(TERM) vt100
spawn bash --norc --noprofile
send "PS1='rea''dy> '\r"
wait_for "ready> " 2
END
		cat
		# What is typed while a program ends goes to its terminal, and with it.
		printf 'sleep 0.5\nsend "exit\\r"\nexpect eof\n'
	} > script
	gives 0 timeout 60 expect -f script
}

@test "name, size, foreground: the program has a terminal of its own" {
	gives 0 on_pty sh -c 'tty; stty size; readlink -f /dev/console; echo /dev/pts/*'
	is "${output//$'\r'/}" $'/dev/pts/0\n33 77\n/dev/pts/0\n/dev/pts/0 /dev/pts/ptmx'
	gives 0 on_pty python3 -c 'import os
print(os.ttyname(0), os.ttyname(2), os.tcgetpgrp(0) == os.getpgrp(), os.isatty(1), os.getsid(0))
own = os.stat("/dev/pts").st_dev
print([os.fstat(fd).st_dev == own for fd in range(3)], os.open("/dev/tty", os.O_RDWR) > 2)'
	is "${output//$'\r'/}" $'/dev/pts/0 /dev/pts/0 True True 1\n[True, True, True] True'
	# The same question tells the caller's terminal from an own one.
	gives 0 on_a_terminal "$BAILEY" run -p shell python3 -c 'import os; print(os.fstat(0).st_dev == os.stat("/dev/pts").st_dev)'
	has "$output" False
}
@test "the terminal begins with the modes of the caller's, and changes stay inside" {
	gives 0 on_a_terminal bash --norc -c "stty -echoctl intr ^X; stty -g > before; $ON_PTY sh -c 'stty -g; stty raw -echo' > inside; stty -g > after"
	diff before after
	gives 0 on_a_terminal bash --norc -c "stty -echoctl intr ^X; stty -g; $ON_PTY stty -g"
	local modes
	mapfile -t modes <<< "${output//$'\r'/}"
	is "${#modes[@]}" 2
	is "${modes[1]}" "${modes[0]}"
}
@test "only descriptors that are a terminal are replaced" {
	gives 0 on_a_terminal bash --norc -c "$ON_PTY sh -c 'readlink /proc/self/fd/0; readlink /proc/self/fd/2; tty; x=\$(readlink /proc/\$\$/fd/1); echo \$x >&2' > out 2> err"
	is "$(cat err)" "$WORK/out"
	is "$(cat out)" $'/dev/pts/0\n'"$WORK/err"$'\n/dev/pts/0'
	# Without any there is nothing to replace, and no controlling terminal.
	gives 0 on_a_terminal bash --norc -c "$ON_PTY sh -c 'tty; ls /dev/pts; { true < /dev/tty; } 2> /dev/null || echo none' < /dev/null > out 2>&1"
	is "$(cat out)" $'not a tty\nptmx\nnone'
}
@test "status and signal of the program" {
	gives 0 on_pty true
	gives 77 on_pty sh -c 'exit 77'
	gives $((128 + 11)) on_pty sh -c 'kill -SEGV $$'
	gives $((128 + 9)) on_pty sh -c 'kill -KILL $$'
	gives 127 on_pty no-such-program
	gives 124 on_pty --set process.timeout=1s sleep 20
	has "$output" "timeout: the program is ended"
}
@test "a mebibyte of output arrives whole, also when the program ends at once" {
	head -c 1048576 /dev/urandom > data
	local round
	base64 -w 0 data > text
	for round in 1 2 3 4 5; do
		on_pty --ro text cat "$WORK/text" > seen
		cmp text seen || {
			echo "in round $round"
			return 1
		}
	done
	# Binary, through a terminal that is set to pass all bytes.
	on_pty --ro data sh -c "stty -opost; cat '$WORK/data'" > seen
	cmp data seen
}
@test "a reader that is slow loses nothing" {
	seq 60000 > numbers
	python3 - "$BAILEY" "$WORK/numbers" << 'END' > seen
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], ["bailey", "run", "-p", "shell", "--set", "process.terminal=pty", "--ro", sys.argv[2], "cat", sys.argv[2]])
time.sleep(1)
count = 0
try:
    while True:
        data = os.read(terminal, 1024)
        os.write(1, data.replace(b"\r", b""))
        count += 1
        if count % 50 == 0:
            time.sleep(0.02)
except OSError:
    pass
sys.exit(os.waitpid(pid, 0)[1] != 0)
END
	cmp numbers seen
}
@test "a mebibyte of input arrives whole" {
	head -c 1048576 /dev/urandom > data
	# shellcheck disable=SC2016 # for the sandbox
	python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" run -p shell --set process.terminal=pty \
		sh -c 'stty raw -echo; echo "go"; head -c 1048576 | cksum' > seen < <(
		eventually 10 grep -q go seen
		cat data
		sleep 20
	) &
	local pid=$!
	end_later "$pid"
	eventually 15 grep -qF "$(cksum < data | cut -d' ' -f1) 1048576" seen
}
@test "^D ends input" {
	in_a_shell << END
send "$ON_PTY sh -c 'cat; echo c\"\"at ended'\r"
sleep 0.7
send "hello\r"
wait_for "hello\r\nhello" 3
send "\004"
wait_for "cat ended" 4
END
}
@test "^C ends program and bailey, and a shell's loop" {
	in_a_shell << END
send "while :; do $ON_PTY sh -c 'echo i\"\"nside; exec sleep 30'; done; echo af\"\"ter \$?\r"
wait_for "inside" 3
send "\003"
expect {
	"inside" { exit 5 }
	"ready> " {}
	timeout { exit 4 }
}
send "echo sta\"\"tus \\\$?\r"
wait_for "status 130" 6
# A script, which has no job control.
send "bash -c 'while :; do $ON_PTY sh -c \"echo i\\\\\"\\\\\"nside; exec sleep 30\"; done; echo no\"\"t stopped'\r"
wait_for "inside" 7
send "\003"
expect {
	"inside" { exit 8 }
	"not stopped" { exit 9 }
	"ready> " {}
	timeout { exit 10 }
}
END
}
@test "^Z stops the job and gives the terminal back as it was, fg goes on; bg, kill" {
	in_a_shell << END
send "stty -g > before\r"
send "$ON_PTY sh -c 'echo i\"\"nside; read line; echo g\"\"ot \\\$line; exit 5'\r"
wait_for "inside" 4
send "\032"
wait_for "Stopped.*ready> " 5
send "echo sta\"\"tus \\\$?\r"
wait_for "status 148.*ready> " 6
send "stty -g > stopped; cmp before stopped && echo sa\"\"me\r"
wait_for "same.*ready> " 7
send "fg\r"
wait_for "run -p shell" 8
send "hello\r"
wait_for "got hello.*ready> " 9
send "echo en\"\"ded \\\$?\r"
wait_for "ended 5" 10
send "$ON_PTY sleep 50\r"
sleep 1
send "\032"
wait_for "Stopped.*ready> " 11
send "bg; kill %1; wait %1; echo killed \\\$((\\\$? + 1000))\r"
wait_for "killed 1143" 12
END
}
@test "in the background: output comes, reading stops the job, fg gives it the keyboard" {
	in_a_shell << END
send "$ON_PTY sh -c 'echo fr\"\"om behind; sleep 0.5; read line; echo g\"\"ot \\\$line' &\r"
wait_for "from behind" 3
sleep 1.5
send "\r"
wait_for "Stopped.*ready> " 4
send "fg\r"
wait_for "run -p shell" 5
send "hello\r"
wait_for "got hello.*ready> " 6
# Started in front, stopped, sent to the background: there it is stopped when it reads.
send "$ON_PTY sh -c 'echo st\"\"arted; read line; echo g\"\"ot \\\$line'\r"
wait_for "started" 7
send "\032"
wait_for "Stopped.*ready> " 8
send "bg\r"
sleep 1
send "\r"
wait_for "Stopped.*ready> " 9
send "fg\r"
wait_for "run -p shell" 10
send "again\r"
wait_for "got again" 11
END
}
@test "pipelines: the keyboard goes to who asks for it" {
	need less
	seq 500 > numbers
	in_a_shell << END
send "$ON_PTY cat < numbers | less\r"
wait_for "\n20\r" 3
send "q"
wait_for "ready> " 3
send "echo ba\"\"ck\r"
wait_for "back.*ready> " 4
send "cat numbers | $ON_PTY less\r"
wait_for "\n20" 5
send "G"
wait_for "500" 6
send "q"
wait_for "ready> " 3
send "echo ba\"\"ck\r"
wait_for "back.*ready> " 7
send "$ON_PTY sh -c 'read line; echo g\"\"ot \\\$line' | cat\r"
sleep 1
send "hello\r"
wait_for "got hello.*ready> " 8
send "$ON_PTY true | true; stty -a | grep -q ' icanon' && echo co\"\"oked\r"
wait_for "cooked" 9
END
}
@test "an interactive shell inside has job control of its own" {
	need expect
	cat > script << END
set timeout 15
proc wait_for {text code} {
	expect {
		\$text {}
		timeout { exit \$code }
	}
}
spawn "$BAILEY" run -p shell --set process.terminal=pty bash --norc --noprofile -i
send "PS1='rea''dy> '\r"
wait_for "ready> " 3
send "sleep 40\r"
sleep 0.5
send "\032"
wait_for "Stopped" 4
wait_for "ready> " 4
send "bg; jobs\r"
wait_for "Running" 5
wait_for "ready> " 5
send "fg\r"
wait_for "sleep 40" 6
sleep 0.3
send "\003"
send "echo al\"\"ive \\\$?\r"
wait_for "alive 130" 7
wait_for "ready> " 7
send "cat | cat\r"
sleep 0.3
send "one\r"
wait_for "one\r\none" 8
send "\032"
wait_for "Stopped" 9
wait_for "ready> " 9
# The shell would not leave a job behind that has not ended yet.
send "kill %1; wait; echo go\"\"ne\r"
wait_for "gone" 10
wait_for "ready> " 10
send "exit 6\r"
expect {
	eof {}
	timeout { exit 11 }
}
lassign [wait] pid id failed code
exit \$code
END
	gives 6 timeout -k 5 60 expect -f script
}
@test "^S holds output, ^Q lets it go on" {
	in_a_shell << END
send "$ON_PTY sh -c 'echo i\"\"nside; read x; echo ou\"\"tput; sleep 9'\r"
wait_for "inside" 3
send "\023"
sleep 0.3
send "\r"
set timeout 1
expect {
	"output" { exit 4 }
	timeout {}
}
set timeout 15
send "\021"
wait_for "output" 5
send "\003"
END
}
@test "vim draws, edits and saves" {
	need expect vim
	echo first > file
	cat > script << END
set timeout 15
set env(TERM) vt100
set stty_init "rows 24 columns 80"
spawn "$BAILEY" run -p shell --set process.terminal=pty --rw $WORK vim -u NONE -N -n $WORK/file
expect {
	"first" {}
	timeout { exit 3 }
}
send "osecond\033"
send ":set lines?\r"
expect {
	"lines=24" {}
	timeout { exit 4 }
}
send ":w\r:q\r"
expect eof
lassign [wait] pid id failed code
exit \$code
END
	gives 0 timeout 60 expect -f script
	is "$(cat file)" $'first\nsecond'
}
@test "a new size of the terminal reaches the program, also one of while it was stopped" {
	need tmux
	tmux -S "$WORK/socket" -f /dev/null new-session -d -x 100 -y 30 bash --norc
	tmux -S "$WORK/socket" send-keys "$ON_PTY --rw '$WORK' bash --norc -c 'trap \"stty size >> $WORK/sizes\" WINCH; stty size > $WORK/sizes; while :; do sleep 0.1; done'" Enter
	eventually 10 grep -qE "(30|29) 100" sizes
	tmux -S "$WORK/socket" resize-window -x 60 -y 20
	eventually 10 grep -qE "(20|19) 60" sizes
	tmux -S "$WORK/socket" send-keys C-z
	stopped() { tmux -S "$WORK/socket" capture-pane -p | grep -q Stopped; }
	eventually 10 stopped
	tmux -S "$WORK/socket" resize-window -x 90 -y 25
	tmux -S "$WORK/socket" send-keys fg Enter
	eventually 10 grep -qE "(25|24) 90" sizes
	tmux -S "$WORK/socket" kill-server
}
@test "the terminal is as it was after any end of the program, or TERM for the launcher" {
	# In a script nobody but the launcher puts the terminal back.
	cat > job << END
stty -g > before
(sleep 0.7; stty -a < /dev/tty > during) &
$ON_PTY "\$@"
echo status \$?
stty -g > after
wait
cmp before after && echo back
END
	# shellcheck disable=SC2016 # for the sandbox
	gives 0 on_a_terminal sh job sh -c 'stty raw -echo; sleep 1; kill -SEGV $$'
	has "$output" "status 139" back
	grep -q -e '-icanon' during
	gives 0 on_a_terminal sh job --set process.timeout=1s sleep 20
	has "$output" "status 124" back
	gives 0 on_a_terminal sh job no-such-program
	has "$output" "status 127" back
	local mark
	mark=$(unique_seconds)
	on_a_terminal sh job sleep "$mark" > seen 2>&1 &
	end_later $!
	eventually 5 launcher_of "$mark"
	sleep 1
	kill -TERM "$(launcher_of "$mark")"
	eventually 5 grep -q back seen
	has "$(cat seen)" "status 143"
}
@test "kill -9 of the launcher: everything inside is gone" {
	local mark
	mark=$(unique_seconds)
	on_pty sleep "$mark" > /dev/null 2>&1 &
	end_later $!
	eventually 5 somebody_is "$mark"
	kill -KILL "$(launcher_of "$mark")"
	eventually 1 nobody_is "$mark"
}
@test "the terminal hangs up: so does the program's" {
	python3 - "$BAILEY" "$WORK" << 'END'
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], ["bailey", "run", "-p", "shell", "--set", "process.terminal=pty", "--rw", sys.argv[2], "sh", "-c",
        "trap 'echo hup > %s/said; exit 3' HUP; echo ready; while :; do sleep 0.1; done" % sys.argv[2]])
seen = b""
while b"ready" not in seen:
    seen += os.read(terminal, 100)
os.close(terminal)
for i in range(100):
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        break
    time.sleep(0.05)
assert done and os.waitstatus_to_exitcode(status) == 3, status
END
	is "$(cat said)" hup
}
@test "the caller's terminal cannot be reached: nothing can be typed into it" {
	# Every descriptor and name that leads to a terminal, by each way to put input into one.
	cat > attack.py << 'END'
import fcntl, glob, os, termios
tried = 0
for name in ["/dev/tty", "/dev/console"] + glob.glob("/dev/pts/[0-9]*") + ["/proc/self/fd/%d" % n for n in range(3)] + glob.glob("/proc/[0-9]*/fd/*"):
    try:
        fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        continue
    if not os.isatty(fd):
        continue
    tried += 1
    if os.fstat(fd).st_rdev >> 8 == 136:
        assert os.fstat(fd).st_dev == os.stat("/dev/pts").st_dev, name
    for request in (termios.TIOCSTI, termios.TIOCSTI | 1 << 32):
        for char in b"echo INJECTED > injected\n":
            try:
                fcntl.ioctl(fd, request, bytes([char]))
            except (OSError, OverflowError):
                pass
print("tried" if tried >= 5 else "too few: %d" % tried)
END
	in_a_shell << END
send "$ON_PTY --ro attack.py python3 $WORK/attack.py; echo do\"\"ne\r"
wait_for "tried" 3
wait_for "done" 4
send "test -e injected || echo sa\"\"fe\r"
wait_for "safe" 5
END
	[ ! -e injected ]
}
@test "a wrong word is a mistake with the words there are" {
	gives 2 "$BAILEY" run -p shell --set process.terminal=tty true
	has "$output" '"tty" is not "inherit", "pty" or "none"'
}
