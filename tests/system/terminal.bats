#!/usr/bin/env bats
# On a terminal: the program has it as without a sandbox, with job control.
load lib

prepare() { need userns; }
finish() { tmux -S "$WORK/socket" kill-server 2> /dev/null || true; }

on_a_terminal() { python3 "$SYSTEM/on-a-terminal.py" "$@" < /dev/null; }

# edits_a_file COMMAND: vim in that sandbox, started by a shell, adds a line, is stopped, continued, and saves.
edits_a_file() {
	echo first > file
	cat > script << END
set timeout 15
set env(TERM) vt100
set stty_init "rows 24 columns 80"
proc wait_for {text code} {
	expect {
		\$text {}
		timeout { exit \$code }
	}
}
spawn bash --norc --noprofile
send "PS1='rea''dy> '\r"
wait_for "ready> " 2
send "$1 vim -u NONE -N -n $WORK/file\r"
wait_for "first" 3
send "osecond\033"
send ":set lines?\r"
wait_for "lines=24" 4
send "\032"
wait_for "Stopped" 5
wait_for "ready> " 6
send "fg\r"
wait_for "second" 7
send ":w\r"
wait_for "written" 8
send ":q\r"
wait_for "ready> " 9
send "exit\r"
expect eof
END
	gives 0 timeout 60 expect -f script
	is "$(cat file)" $'first\nsecond'
}

@test "tty, size and foreground are as outside" {
	gives 0 on_a_terminal --rows 33 --columns 77 "$BAILEY" run -p shell sh -c 'tty; stty size; cat /proc/self/stat'
	has "$output" "33 77" /dev/
	lacks "$output" "not a tty"
	gives 0 on_a_terminal "$BAILEY" run -p shell python3 -c 'import os; print(os.ttyname(0) != "", os.tcgetpgrp(0) == os.getpgrp(), os.isatty(1))'
	has "$output" "True True True"
}
@test "tty(1) and ttyname(3) name a device that is the terminal" {
	gives 0 on_a_terminal "$BAILEY" run -p shell sh -c 'tty && test -c "$(tty)" && echo by its name > "$(tty)"'
	has "$output" /dev/console "by its name"
	gives 0 on_a_terminal "$BAILEY" run -p shell python3 -c 'import os; print(os.stat(os.ttyname(0)).st_rdev == os.fstat(0).st_rdev, os.ttyname(1), os.ttyname(2))'
	has "$output" "True /dev/console /dev/console"
}
@test "/dev/tty is the terminal" {
	gives 0 on_a_terminal "$BAILEY" run -p shell sh -c 'echo by name > /dev/tty'
	has "$output" "by name"
}
@test "process.terminal = none: no controlling terminal" {
	gives 0 on_a_terminal "$BAILEY" run -p shell --set process.terminal=none sh -c '{ echo x > /dev/tty; } 2> /dev/null || echo none'
	has "$output" none
}
@test "^C ends program and bailey, and a shell's loop" {
	need expect
	cat > script << END
set timeout 15
spawn bash --norc --noprofile
send "PS1='ready> '; while :; do '$BAILEY' run -p shell sh -c 'echo i\"\"nside; exec sleep 30'; done; echo af\"\"ter \$?\r"
expect {
	"inside" {}
	timeout { exit 3 }
}
send "\003"
# An interactive shell gives the whole line up when what it ran died of INT.
expect {
	"inside" { exit 5 }
	"ready> " {}
	timeout { exit 4 }
}
send "echo sta\"\"tus \\\$?\r"
expect {
	"status 130" {}
	timeout { exit 6 }
}
send "exit\r"
expect eof
END
	gives 0 expect -f script
}
@test "^Z stops the job, fg goes on, bg and kill work" {
	need expect
	cat > script << END
set timeout 15
proc wait_for {text code} {
	expect {
		\$text {}
		timeout { exit \$code }
	}
}
spawn bash --norc --noprofile
send "PS1='ready> '\r"
wait_for "ready> " 3
send "'$BAILEY' run -p shell sh -c 'echo i\"\"nside; read line; echo g\"\"ot \\\$line; exit 5'\r"
wait_for "inside" 4
send "\032"
wait_for "Stopped" 5
send "echo sta\"\"tus \\\$?\r"
wait_for "status 148" 6
send "fg\r"
wait_for "run -p shell" 7
send "hello\r"
wait_for "got hello" 8
send "echo en\"\"ded \\\$?\r"
wait_for "ended 5" 9
send "'$BAILEY' run -p shell sleep 50\r"
sleep 1
send "\032"
wait_for "Stopped" 10
send "bg; kill %1; wait %1; echo killed \\\$((\\\$? + 1000))\r"
wait_for "killed 1143" 11
send "exit\r"
expect eof
END
	gives 0 expect -f script
}
@test "a pager at the end of a pipeline" {
	need expect less
	seq 500 > numbers
	cat > script << END
set timeout 15
spawn bash --norc --noprofile
send "'$BAILEY' run -p shell cat < numbers | less\r"
expect {
	"\n20\r" {}
	timeout { exit 3 }
}
send "q"
send "echo ba\"\"ck\r"
expect {
	"back" {}
	timeout { exit 4 }
}
send "exit\r"
expect eof
END
	gives 0 expect -f script
}
@test "a pager inside" {
	need expect less
	seq 500 > numbers
	cat > script << END
set timeout 15
set env(TERM) vt100
spawn "$BAILEY" run -p shell --ro numbers less $WORK/numbers
expect {
	"\n20" {}
	timeout { exit 3 }
}
send "G"
expect {
	"500" {}
	timeout { exit 4 }
}
send "q"
expect eof
lassign [wait] pid id failed code
exit \$code
END
	gives 0 expect -f script
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
spawn "$BAILEY" run -p shell bash --norc --noprofile
send "PS1='ready> '\r"
wait_for "ready> " 3
send "sleep 40\r"
sleep 0.5
send "\032"
wait_for "Stopped" 4
send "jobs; kill %1; echo go\"\"ne\r"
wait_for "gone" 5
send "sleep 40\r"
sleep 0.5
send "\003"
send "echo al\"\"ive \\\$?\r"
wait_for "alive 130" 6
send "exit 6\r"
expect eof
lassign [wait] pid id failed code
exit \$code
END
	gives 6 expect -f script
}
@test "a new size of the terminal reaches the program" {
	need tmux
	tmux -S "$WORK/socket" -f /dev/null new-session -d -x 100 -y 30 \
		"'$BAILEY' run -p shell --rw '$WORK' bash --norc -c 'trap \"stty size >> $WORK/sizes\" WINCH; stty size > $WORK/sizes; while :; do sleep 0.1; done'" 3>&-
	eventually 10 grep -q "30 100" sizes || grep -q "29 100" sizes
	tmux -S "$WORK/socket" resize-window -x 60 -y 20
	eventually 10 grep -qE "(20|19) 60" sizes
	tmux -S "$WORK/socket" kill-server
}
@test "the terminal belongs to the shell again when the sandbox has ended" {
	gives 0 on_a_terminal bash --norc -ic "'$BAILEY' run -p shell true; '$BAILEY' run -p shell sh -c 'kill -9 \$\$'; read -t 0.1 x; [ \$? -ge 1 ] && echo fine"
	has "$output" fine
}
@test "a job that nobody can bring to the front and that reads the terminal ends, and does not spin" {
	need expect
	local mark
	mark=$(unique_seconds)
	cat > script << END
set timeout 10
spawn bash --norc --noprofile
send "PS1='rea''dy> '\r"
expect "ready> "
send "(set -m; '$BAILEY' run -p shell sh -c 'read line < /dev/tty; sleep 1' sh $mark &); sleep 2; pgrep -fc 'sh $mark' | sed s/^/le''ft=/\r"
expect {
	-re "left=(\[0-9]+)" {}
	timeout { exit 3 }
}
if {\$expect_out(1,string) ne "0"} { exit 4 }
send "exit\r"
expect eof
END
	gives 0 timeout 60 expect -f script
}
@test "cat, ^Z, fg: it goes on copying" {
	need expect
	cat > script << END
set timeout 15
proc wait_for {text code} {
	expect {
		\$text {}
		timeout { exit \$code }
	}
}
spawn bash --norc --noprofile
send "PS1='ready> '\r"
wait_for "ready> " 3
send "'$BAILEY' run -p shell cat\r"
sleep 1
send "one\r"
wait_for "one\r\none" 4
send "\032"
wait_for "Stopped" 5
send "fg\r"
wait_for "run -p shell cat" 6
sleep 0.5
send "two\r"
wait_for "two\r\ntwo" 7
send "\004"
send "echo en\"\"ded \\\$?\r"
wait_for "ended 0" 8
send "exit\r"
expect eof
END
	gives 0 timeout 60 expect -f script
}
@test "nothing is typed into the shell that started the sandbox" {
	need tiocsti expect
	cat > attack.py << 'END'
import fcntl, termios
for char in b"echo INJECTED > injected\n":
    try:
        fcntl.ioctl(0, termios.TIOCSTI, bytes([char]))
    except OSError as e:
        print("refused:", e.strerror)
        break
END
	# attack COMMAND: runs it in an interactive shell, which gets what is typed into its terminal.
	attack() {
		cat > script << END
set timeout 15
spawn bash --norc --noprofile
send "PS1='rea''dy> '\r"
expect "ready> "
send "$1 python3 $WORK/attack.py; echo do\"\"ne\r"
expect {
	"done" {}
	timeout { exit 3 }
}
sleep 0.5
send "exit\r"
expect eof
END
		gives 0 timeout 60 expect -f script
	}
	attack "'$BAILEY' run -p shell --ro attack.py"
	has "$output" "refused: Operation not permitted"
	[ ! -e injected ]
	attack "'$BAILEY' run -p shell --set process.terminal=pty --ro attack.py"
	has "$output" "refused: Operation not permitted"
	[ ! -e injected ]
	attack ""
	lacks "$output" refused
	is "$(cat injected)" INJECTED
}
@test "a terminal that the program set aside for itself can be opened again after a stop, and at the end" {
	need expect
	cat > exclusive.py << 'END'
import fcntl, os, signal, sys
fcntl.ioctl(0, 0x540c)  # TIOCEXCL
if "stop" in sys.argv:
    os.kill(os.getpid(), signal.SIGTSTP)
END
	local ask='true < /dev/tty && echo "op""en"'
	gives 0 on_a_terminal bash --norc -c "'$BAILEY' run -p shell --ro exclusive.py python3 $WORK/exclusive.py; $ask"
	has "$output" open
	gives 1 on_a_terminal bash --norc -c "python3 $WORK/exclusive.py; $ask"
	has "$output" "Device or resource busy"
	cat > script << END
set timeout 15
spawn bash --norc --noprofile
send "PS1='rea''dy> '\r"
expect "ready> "
send "'$BAILEY' run -p shell --ro exclusive.py python3 $WORK/exclusive.py stop\r"
expect {
	"Stopped" {}
	timeout { exit 3 }
}
send "true < /dev/tty && echo op\"\"en\r"
expect {
	"open" {}
	timeout { exit 4 }
}
send "kill -KILL %1; exit\r"
expect eof
END
	gives 0 timeout 60 expect -f script
}
@test "the line discipline of the terminal cannot be changed" {
	local change='import fcntl, struct; fcntl.ioctl(0, 0x5423, struct.pack("i", 0)); print("changed")'
	attempt on_a_terminal "$BAILEY" run -p shell python3 -c "$change"
	has "$output" "Operation not permitted"
	gives 0 on_a_terminal python3 -c "$change"
	has "$output" changed
}
@test "vim draws, edits and saves" {
	need expect vim
	edits_a_file "'$BAILEY' run -p shell --rw $WORK"
}
@test "vim on a pseudo terminal of its own" {
	need expect vim
	edits_a_file "'$BAILEY' run -p shell --set process.terminal=pty --rw $WORK"
}
@test "htop and less draw, follow a new size, and leave the terminal as it was, in both modes" {
	need tmux htop less
	local mode
	for mode in inherit pty; do
		tmux -S "$WORK/socket" -f /dev/null new-session -d -x 100 -y 30 bash --norc 3>&-
		shows() { tmux -S "$WORK/socket" capture-pane -p | grep -qE -- "$1"; }
		keys() { tmux -S "$WORK/socket" send-keys "$@"; }
		seq 500 > numbers
		keys "stty -g > before; '$BAILEY' run -p shell --set process.terminal=$mode --ro numbers less $WORK/numbers" Enter
		eventually 10 shows '^28$'
		keys G
		eventually 10 shows '^500$'
		tmux -S "$WORK/socket" resize-window -x 90 -y 20
		# A key that comes together with the news of the size may be dropped.
		at_the_top() { keys 1 G && sleep 0.2 && shows '^18$'; }
		eventually 10 at_the_top
		run shows '^27$'
		is "$status" 1
		keys C-z
		eventually 10 shows Stopped
		keys fg Enter
		eventually 10 shows '^18$'
		keys q
		keys "stty rows 20 columns 90; '$BAILEY' run -p shell --set process.terminal=$mode htop" Enter
		eventually 10 shows 'F10'
		keys F10
		keys "stty -g > after; echo ba''ck" Enter
		eventually 10 shows back
		diff before after
		tmux -S "$WORK/socket" kill-server
		# The next one on this socket must not meet the server that is ending.
		is_gone() { ! tmux -S "$WORK/socket" has-session 2> /dev/null; }
		eventually 10 is_gone
	done
}
