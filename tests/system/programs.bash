# shellcheck shell=bash
# What the tests of the shipped profiles share: load it after lib; opens wants display too.

# shellcheck disable=SC2034 # for the tests
INPUTS=$TREE/tests/programs

# home_with_secret: what a profile must not show, a place for what is fetched, and programs of all kinds.
home_with_secret() {
	need userns
	PATH=$PATH:/usr/sbin:/usr/games
	mkdir -p ~/.ssh ~/Downloads
	echo "the secret key" > ~/.ssh/id_test
}
# A suite that needs more has its own.
prepare() { home_with_secret; }

# works PROGRAM [ARGS...]: with the profile that the program's name gives it, and no word of a failure of bailey.
works() { gives 0 timeout 90 "$BAILEY" run "$@"; }

# type_of FILE PART: what file(1) calls it.
type_of() { has "$(file -b "$1")" "$2"; }

# serve DIRECTORY: a web server of the host; its address is in $URL.
serve() {
	python3 -c 'import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_address[1], flush=True)
server.serve_forever()' "$1" > "$WORK/port" 2> /dev/null &
	end_later $!
	eventually 5 test -s "$WORK/port"
	URL=http://127.0.0.1:$(cat "$WORK/port")
}

# free_port [udp]: one that nobody listens on at this moment.
free_port() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if sys.argv[1:] == ["udp"] else socket.SOCK_STREAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])' "$@"
}

# opens TITLE PROGRAM [ARGS...]: a window with that in its title appears (within $PATIENCE seconds, 40 when not set), and is gone when bailey is ended.
opens() {
	local title=$1 pid
	shift
	"$BAILEY" run "$@" > window.log 2>&1 3>&- &
	pid=$!
	end_later "$pid"
	eventually "${PATIENCE:-40}" has_window "$title" || {
		tail -n 5 window.log
		xwininfo -root -tree | grep '"'
		return 1
	}
	kill -TERM "$pid"
	# One that asks first whether to leave is ended by force: the launcher's end is the sandbox's.
	eventually 5 test ! -e "/proc/$pid/exe" || kill -KILL "$pid"
	wait "$pid" 2> /dev/null || true
	eventually 5 has_no_window "$title"
}
has_no_window() { ! has_window "$1"; }

# on_screen COMMAND...: on a terminal of its own, with the profile that the program's name gives it; keys WORD... types there, shows
# TEXT looks at what is on it. It is wide: programs cut long paths off.
on_screen() {
	printf -v SCREEN_COMMAND ' %q' "$BAILEY" run "$@"
	tmux -S "$WORK/screen" -f /dev/null new-session -d -x 250 -y 30 "$SCREEN_COMMAND; echo bailey gave \$?; exec sleep 1000" 3>&-
	end_later "$(tmux -S "$WORK/screen" display-message -p '#{pid}')"
}
keys() { tmux -S "$WORK/screen" send-keys "$@"; }
on_it() { tmux -S "$WORK/screen" capture-pane -p; }
shows() { on_it | grep -qF -- "$1"; }
# soon_shows SECONDS TEXT: says what is there instead when it is not.
soon_shows() {
	eventually "$1" shows "$2" || {
		on_it
		return 1
	}
}
