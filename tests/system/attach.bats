#!/usr/bin/env bats
# bailey attach: the terminal of a program in the background, left and come back to.
load lib

prepare() {
	need userns python3
	export XDG_RUNTIME_DIR=$WORK/runtime XDG_STATE_HOME=$WORK/state
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	mkdir "$XDG_STATE_HOME"
	SERVER=bailey-$$-$BATS_TEST_NUMBER
	echo 'set -g status off' > "$WORK/tmux.conf"
}
finish() {
	tmux -L "$SERVER" kill-server 2> /dev/null || true
	"$BAILEY" stop --all --time 0 > /dev/null 2>&1 || true
}

on_tty() { gives 0 "$BAILEY" run -p shell --detach --tty "$@"; }
names() { "$BAILEY" list --json | python3 -c 'import json,sys
print(*[s["name"] for s in json.load(sys.stdin)["sandboxes"]])'; }
# field NAME MEMBER
field() { "$BAILEY" list --json | python3 -c 'import json,sys
for s in json.load(sys.stdin)["sandboxes"]:
    if s["name"] == sys.argv[1]: print(s[sys.argv[2]])' "$1" "$2"; }
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
sees_no() { ! sees "$@"; }

# A program that says what it reads, and the size of its terminal when that changes.
talker() {
	cat << 'END'
import fcntl, os, select, signal, struct, sys, termios
def size(*_):
    print("size", *struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))[:2], flush=True)
signal.signal(signal.SIGWINCH, size)
print("hello from", os.ttyname(0), flush=True)
size()
for line in sys.stdin:
    print("read", line.strip(), flush=True)
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
	eventually 10 sees one "hello from /dev/pts/0"
	eventually 10 sees one "size 30 90"
	types one first Enter
	eventually 10 sees one "read first"
	types one C-p C-q
	eventually 10 sees one "detached; back to it: bailey attach web"
	eventually 10 sees one "status 0"
	is "$(names)" web
	screen two 80 24 "$BAILEY" attach web
	eventually 10 sees two "read first"
	eventually 10 sees two "size 24 80"
	# The terminal is gone, with whoever is attached.
	tmux -L "$SERVER" kill-session -t two
	sleep 0.2
	is "$(names)" web
	screen three 80 24 "$BAILEY" attach web
	eventually 10 sees three "read first"
	types three finish Enter
	eventually 10 sees three "read finish"
	eventually 10 sees three "status 7"
	nothing_runs
	log_has web "read first"
}
@test "vim draws its screen again for whoever attaches" {
	need tmux vim
	seq -f 'line %g of the text' 200 > text
	on_tty --name edit --ro text vim -u NONE -R "$WORK/text"
	screen one 80 24 "$BAILEY" attach edit
	eventually 10 sees one "line 1 of the text"
	types one 100Gzt
	eventually 10 sees one "line 100 of the text"
	types one C-p C-q
	eventually 10 sees one "status 0"
	sees_no one "line 100 of the text"
	# The same size: nothing but attaching makes it draw.
	screen two 80 24 "$BAILEY" attach edit
	eventually 10 sees two "line 100 of the text"
	eventually 10 sees two "line 122 of the text"
	screen three 60 40 "$BAILEY" attach edit
	eventually 10 sees three "line 138 of the text"
	types three :q Enter
	eventually 10 sees three "status 0"
	eventually 10 sees two "status 0"
}
@test "several at once see the same; one that looks on types nothing and changes no size" {
	need tmux
	talker > talk.py
	on_tty --name web --ro talk.py python3 "$WORK/talk.py"
	screen one 90 30 "$BAILEY" attach web
	eventually 10 sees one "size 30 90"
	screen two 50 20 "$BAILEY" attach --read-only web
	eventually 10 sees two "size 30 90"
	types two typed Enter
	types one both Enter
	eventually 10 sees one "read both"
	eventually 10 sees two "read both"
	sees_no one typed
	sees_no one "size 20 50"
	types two C-p C-q
	eventually 10 sees two "status 0"
	# Without a terminal too: for a pipe.
	timeout 5 "$BAILEY" attach --read-only web < /dev/null > piped || true
	grep -q "read both" piped
	types one finish Enter
	eventually 10 sees one "status 7"
}
@test "the keys that leave it are passed on when they turn out to be something else" {
	need tmux
	on_tty --name web sh -c 'stty raw -echo; echo ready; exec od -An -tx1 -v -w1'
	screen one 80 24 "$BAILEY" attach web
	eventually 10 sees one ready
	types one C-p x
	eventually 10 sees one 78
	sees one 10
	# Alone, after a while.
	types one C-p
	twice() { [ "$(shown one | grep -c 10)" = 2 ]; }
	eventually 10 twice
	types one C-p C-p C-q
	eventually 10 sees one "status 0"
	screen two 80 24 "$BAILEY" attach --detach-keys ctrl-a,d web
	eventually 10 sees two ready
	types two C-p C-q
	eventually 10 sees two 11
	types two C-a d
	eventually 10 sees two "status 0"
	gives 2 "$BAILEY" attach --detach-keys ctrl web
	gives 2 "$BAILEY" attach --detach-keys '' web
}
@test "--detachable: like the foreground, with a way out" {
	need tmux
	talker > talk.py
	screen one 80 24 "$BAILEY" run -p shell --detachable --name web --ro talk.py python3 "$WORK/talk.py"
	eventually 10 sees one "size 24 80"
	types one C-p C-q
	eventually 10 sees one "detached"
	is "$(names)" web
	"$BAILEY" stop web
	screen two 80 24 "$BAILEY" run -p shell --detachable --name web --ro talk.py python3 "$WORK/talk.py"
	eventually 10 sees two "hello from"
	types two C-c
	eventually 10 sees two "status 130"
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
	local _
	for _ in 1 2 3 4 5 6 7 8; do
		"$BAILEY" attach --read-only web > /dev/null < /dev/null 2>&1 3>&- &
		end_later $!
	done
	full() { timeout 1 "$BAILEY" attach --read-only web < /dev/null 2>&1 | grep -q "too many terminals are attached"; }
	eventually 10 full
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
	eventually 10 sees one deaf
	local pid
	for pid in $(pids_of attach); do
		kill -KILL "$pid"
	done
	is "$(names)" deaf
	screen two 80 24 "$BAILEY" attach deaf
	eventually 10 sees two deaf
	gives 0 "$BAILEY" stop --time 1 deaf
	eventually 10 sees two "status 137"
	nothing_runs
	# kill -9 of the manager: whoever is attached is told, nothing runs on.
	on_tty --name web sleep 54321
	screen three 80 24 "$BAILEY" attach web
	eventually 5 somebody_is 54321
	sleep 0.2
	kill -KILL "$(field web launcher_pid)"
	eventually 2 nobody_is 54321
	eventually 10 sees three "its manager was killed"
	nothing_runs
}
@test "a restart keeps those who are attached" {
	need tmux
	on_tty --name web --restart always sh -c 'echo begin; read x; echo over $x; exit 1'
	screen one 80 24 "$BAILEY" attach web
	eventually 10 sees one begin
	types one a Enter
	eventually 10 sees one "over a"
	again() { [ "$(shown one | grep -c begin)" = 2 ]; }
	eventually 10 again
	types one b Enter
	eventually 10 sees one "over b"
	gives 0 "$BAILEY" stop web
	eventually 10 sees one "status"
}
