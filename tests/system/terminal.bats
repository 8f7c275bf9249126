#!/usr/bin/env bats
# On a terminal: the program has it as without a sandbox, with job control.
load lib

prepare() { need userns; }

on_a_terminal() { python3 "$SYSTEM/on-a-terminal.py" "$@" < /dev/null; }

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
		"'$BAILEY' run -p shell --rw '$WORK' bash --norc -c 'trap \"stty size >> $WORK/sizes\" WINCH; stty size > $WORK/sizes; while :; do sleep 0.1; done'"
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
