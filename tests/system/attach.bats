#!/usr/bin/env bats
# bailey attach: the terminal of a program in the background, left and come back to.
load lib
load running

prepare() {
	need userns python3
	own_runtime_and_state
	SERVER=bailey-$$-$BATS_TEST_NUMBER
	echo 'set -g status off' > "$WORK/tmux.conf"
}
finish() {
	tmux -L "$SERVER" kill-server 2> /dev/null || true
	"$BAILEY" stop --all --time 0 > /dev/null 2>&1 || true
}

on_tty() { gives 0 "$BAILEY" run -p shell --detach --tty "$@"; }
nothing_runs() { [ -z "$(names)" ]; }
log_has() { "$BAILEY" logs "$1" | grep -qF -- "$2"; }

# The screens of tmux: screen NAME COLUMNS ROWS COMMAND... ; types NAME KEYS... ; sees NAME TEXT
screen() {
	local name=$1 columns=$2 rows=$3
	shift 3
	tmux -L "$SERVER" -f "$WORK/tmux.conf" new-session -d -s "$name" -x "$columns" -y "$rows" "$* ; echo status \$?; exec sleep 1000" 3>&-
}
types() {
	local name=$1
	shift
	tmux -L "$SERVER" send-keys -t "$name" "$@"
}
shown() { tmux -L "$SERVER" capture-pane -p -t "$1"; }
sees() { shown "$1" | grep -qF -- "$2"; }
# soon_sees NAME TEXT: and what it shows when it does not
soon_sees() {
	eventually 10 sees "$@" || {
		shown "$1"
		return 1
	}
}
sees_no() { ! sees "$@"; }

# A program that says what it reads, and the size of its terminal when that changes.
talker() {
	cat << 'END'
import fcntl, os, select, signal, struct, sys, termios
def say(*words):  # also from a signal handler
    os.write(1, (" ".join(map(str, words)) + "\n").encode())
def size(*_):
    say("size", *struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))[:2])
signal.signal(signal.SIGWINCH, size)
say("hello from", os.ttyname(0))
size()
for line in sys.stdin:
    say("read", line.strip())
    if line == "finish\n":
        sys.exit(7)
END
}

@test "attach, type, leave, the terminal hangs up, come back; the status comes through" {
	need tmux
	talker > talk.py
	on_tty --name web --ro talk.py python3 "$WORK/talk.py"
	is "$output" web
	screen one 90 30 "$BAILEY" attach web
	soon_sees one "hello from /dev/pts/0"
	soon_sees one "size 30 90"
	types one first Enter
	soon_sees one "read first"
	types one C-p C-q
	soon_sees one "detached; back to it: bailey attach web"
	soon_sees one "status 0"
	is "$(names)" web
	screen two 80 24 "$BAILEY" attach web
	soon_sees two "read first"
	soon_sees two "size 24 80"
	# The terminal is gone, with whoever is attached.
	tmux -L "$SERVER" kill-session -t two
	sleep 0.2
	is "$(names)" web
	screen three 80 24 "$BAILEY" attach web
	soon_sees three "read first"
	types three finish Enter
	soon_sees three "read finish"
	soon_sees three "status 7"
	nothing_runs
	log_has web "read first"
}
@test "vim draws its screen again for whoever attaches" {
	need tmux vim
	seq -f 'line %g of the text' 200 > text
	on_tty --name edit --ro text vim -u NONE -R "$WORK/text"
	screen one 80 24 "$BAILEY" attach edit
	soon_sees one "line 1 of the text"
	types one 100Gzt
	soon_sees one "line 100 of the text"
	types one C-p C-q
	soon_sees one "status 0"
	sees_no one "line 100 of the text"
	# The same size: nothing but attaching makes it draw.
	screen two 80 24 "$BAILEY" attach edit
	soon_sees two "line 100 of the text"
	soon_sees two "line 122 of the text"
	screen three 60 40 "$BAILEY" attach edit
	soon_sees three "line 138 of the text"
	types three :q Enter
	soon_sees three "status 0"
	soon_sees two "status 0"
}
@test "several at once see the same; one that looks on types nothing and changes no size" {
	need tmux
	talker > talk.py
	on_tty --name web --ro talk.py python3 "$WORK/talk.py"
	screen one 90 30 "$BAILEY" attach web
	soon_sees one "size 30 90"
	screen two 50 20 "$BAILEY" attach --read-only web
	soon_sees two "size 30 90"
	types two typed Enter
	types one both Enter
	soon_sees one "read both"
	soon_sees two "read both"
	sees_no one typed
	sees_no one "size 20 50"
	types two C-p C-q
	soon_sees two "status 0"
	# Without a terminal too: for a pipe.
	timeout 5 "$BAILEY" attach --read-only web < /dev/null > piped || true
	grep -q "read both" piped
	types one finish Enter
	soon_sees one "status 7"
}
@test "the keys that leave it are passed on when they turn out to be something else" {
	need tmux
	on_tty --name web sh -c 'stty raw -echo; echo ready; exec od -An -tx1 -v -w1'
	screen one 80 24 "$BAILEY" attach web
	soon_sees one ready
	types one C-p x
	soon_sees one 78
	sees one 10
	# Alone, after a while.
	types one C-p
	twice() { [ "$(shown one | grep -c 10)" = 2 ]; }
	eventually 10 twice
	types one C-p C-p C-q
	soon_sees one "status 0"
	screen two 80 24 "$BAILEY" attach --detach-keys ctrl-a,d web
	soon_sees two ready
	types two C-p C-q
	soon_sees two 11
	types two C-a d
	soon_sees two "status 0"
	gives 2 "$BAILEY" attach --detach-keys ctrl web
	gives 2 "$BAILEY" attach --detach-keys '' web
}
@test "--detachable: like the foreground, with a way out" {
	need tmux
	talker > talk.py
	screen one 80 24 "$BAILEY" run -p shell --detachable --name web --ro talk.py python3 "$WORK/talk.py"
	soon_sees one "size 24 80"
	types one C-p C-q
	soon_sees one "detached"
	is "$(names)" web
	"$BAILEY" stop web
	screen two 80 24 "$BAILEY" run -p shell --detachable --name web --ro talk.py python3 "$WORK/talk.py"
	soon_sees two "hello from"
	types two C-c
	soon_sees two "status 130"
	gives 2 "$BAILEY" run -p shell --detachable true
	has "$output" "no terminal"
}
@test "what cannot be attached to, and by whom" {
	gives 0 "$BAILEY" run -p shell --detach --name plain sleep 100
	gives 2 "$BAILEY" attach --read-only plain
	has "$output" "plain has no terminal to attach to" "--tty"
	on_tty --name web sleep 100
	gives 2 "$BAILEY" attach web
	has "$output" "no terminal"
	gives 2 "$BAILEY" attach nobody
	gives 2 "$BAILEY" attach
	gives 2 "$BAILEY" run -p shell --tty true
	gives 2 "$BAILEY" run -p shell --detach --detachable true
	is "$(stat -c %a "$XDG_RUNTIME_DIR/bailey/web/attach")" 600
	local i
	for i in 1 2 3 4 5 6 7 8; do
		"$BAILEY" attach --read-only web > "seen.$i" < /dev/null 2>&1 3>&- &
		end_later $!
		eventually 10 test -s "seen.$i" # the screen is cleared as soon as it is attached
	done
	gives 125 timeout 10 "$BAILEY" attach --read-only web
	has "$output" "too many terminals are attached"
}
@test "nobody who does not read holds the program up for long" {
	on_tty --name web sh -c 'sleep 1; seq 200000; echo the last word; sleep 100'
	"$BAILEY" attach --read-only web < /dev/null > /dev/null 2> told 3>&- &
	local viewer=$!
	end_later "$viewer"
	sleep 0.3
	kill -STOP "$viewer"
	eventually 20 log_has web "the last word"
	kill -CONT "$viewer"
	local status=0
	wait "$viewer" || status=$?
	is "$status" 125
	has "$(cat told)" "does not show its terminal here any more"
	is "$(names)" web
}
@test "viewers that are killed, a program that ignores TERM and HUP and keeps the terminal" {
	need tmux
	on_tty --name deaf sh -c 'trap "" TERM HUP INT; echo deaf; (sleep 1000; :) & while :; do sleep 1; done'
	screen one 80 24 "$BAILEY" attach deaf
	soon_sees one deaf
	local pid
	for pid in $(pids_of attach); do
		kill -KILL "$pid"
	done
	is "$(names)" deaf
	screen two 80 24 "$BAILEY" attach deaf
	soon_sees two deaf
	gives 0 "$BAILEY" stop --time 1 deaf
	soon_sees two "status 137"
	nothing_runs
	# kill -9 of the manager: whoever is attached is told, nothing runs on.
	on_tty --name web sleep 54321
	screen three 80 24 "$BAILEY" attach web
	eventually 5 somebody_is 54321
	sleep 0.2
	kill -KILL "$(field web launcher_pid)"
	eventually 2 nobody_is 54321
	soon_sees three "its manager was killed"
	nothing_runs
}
@test "a restart keeps those who are attached" {
	need tmux
	on_tty --name web --restart always sh -c 'echo begin; read x; echo over $x; exit 1'
	screen one 80 24 "$BAILEY" attach web
	soon_sees one begin
	types one a Enter
	soon_sees one "over a"
	again() { [ "$(shown one | grep -c begin)" = 2 ]; }
	eventually 10 again
	types one b Enter
	soon_sees one "over b"
	gives 0 "$BAILEY" stop web
	soon_sees one "status"
}
