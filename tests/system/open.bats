#!/usr/bin/env bats
# desktop.open: addresses that a program has opened outside, and what is not opened.

load lib

prepare() {
	export XDG_RUNTIME_DIR=$WORK/run COLUMNS=400
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	mkdir -p "$HOME/.local/bin"
	# The user's own: it says what it was given, in which namespace it runs, and takes its time.
	cat > "$HOME/.local/bin/xdg-open" <<- END
		#!/bin/sh
		{ echo "\$#"; echo "\$1"; echo "\${DESKTOP_STARTUP_ID:-}\${XDG_ACTIVATION_TOKEN:-}"
			readlink /proc/self/ns/pid; } > "$WORK/opening.\$\$"
		mv "$WORK/opening.\$\$" "$WORK/opened.\$(date +%s%N)"
		echo \$\$ > "$WORK/handler"
		exec sleep 30
	END
	chmod 755 "$HOME/.local/bin/xdg-open"
	export PATH=$HOME/.local/bin:$PATH
	P=$(profile open <<< 'desktop = { open = [ "https", "mailto" ]; };')
}

finish() {
	rm -f "$HOME/.local/bin/xdg-open"
	[ ! -e "$WORK/handler" ] || kill "$(cat "$WORK/handler")" 2> /dev/null || true
}

opened() { find "$WORK" -name 'opened.*' | wc -l; }
opened_are() { [ "$(opened)" = "$1" ]; }

@test "an address of an allowed scheme is opened outside, as one argument whatever is in it" {
	local uri='https://example.org/$(touch$IFS'"$WORK"'/x);x&y?z=%22#'"'"
	# What came with the launch was for that program's window, and is used up.
	DESKTOP_STARTUP_ID=launch XDG_ACTIVATION_TOKEN=launch gives 0 "$BAILEY" run -p "$P" sh -c '"$BROWSER" "$1"' sh "$uri"
	eventually 10 opened_are 1
	is "$(head -n 2 "$WORK"/opened.*)" "1
$uri"
	is "$(sed -n 3p "$WORK"/opened.*)" ""
	is "$(tail -n 1 "$WORK"/opened.*)" "$(readlink /proc/self/ns/pid)"
	[ ! -e "$WORK/x" ]
	# It is the user's own program: the end of the sandbox is not its end.
	eventually 5 test -e "$WORK/handler"
	kill -0 "$(cat "$WORK/handler")"
}

@test "other schemes, files and letters with files are not opened" {
	local uri
	for uri in http://example.org/ /etc/passwd file:///etc/passwd 'mailto:a@b?attach=/etc/passwd' 'https://example.org/a b' $'https://x/\n' \
		javascript:x; do
		gives 4 "$BAILEY" run -p "$P" sh -c '"$BROWSER" "$1"' sh "$uri"
		has "$output" 'is not opened: '
	done
	gives 1 "$BAILEY" run -p "$P" sh -c '"$BROWSER" --version'
	is "$(opened)" 0
	# Without the setting nobody listens.
	gives 0 "$BAILEY" run -p "$(profile none < /dev/null)" sh -c 'echo "${BROWSER:-none}"; ls /run 2> /dev/null || true'
	is "$output" none
}

@test "a few at once are opened, no more; who says nothing keeps nobody waiting for long" {
	gives 0 "$BAILEY" run -p "$P" /usr/bin/python3 -c '
import socket
path = "/run/bailey-open/socket"
def say(data):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    s.settimeout(20)
    s.send(data)
    return s.recv(300)
silent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
silent.connect(path)
print(say(b"https://example.org/" + b"x" * 5000))
print(say(b"https://example.org/\0--help"))
for i in range(8):
    print(say(b"https://example.org/%d" % i))
'
	has "$output" 'it is too long' 'a character that addresses do not have'
	is "$(grep -c 'too many addresses' <<< "$output")" 4
	eventually 10 opened_are 4
}

@test "what xdg-open is inside, and that nothing is left of the one that answers" {
	local pid helper
	if [ -f /usr/bin/xdg-open ]; then
		gives 0 "$BAILEY" run -p "$P" cmp /usr/bin/xdg-open /run/bailey-open/xdg-open
	fi
	"$BAILEY" run -p "$P" sh -c 'sleep 30' < /dev/null > out 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 sh -c "pgrep -P $pid -x bailey-open > found"
	helper=$(cat found)
	kill -KILL $pid
	wait $pid || true
	eventually 5 sh -c "! kill -0 $helper 2> /dev/null"
	gives 0 "$BAILEY" run --name next -p "$P" true
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" ""
}

@test "explain says what is opened and by whom; without xdg-open the program starts without; schemes are checked" {
	gives 0 "$BAILEY" explain "$P"
	has "$output" "https, mailto, outside, by $HOME/.local/bin/xdg-open" 'carries data out'
	mkdir "$WORK/empty"
	PATH=$WORK/empty gives 0 "$BAILEY" explain "$P"
	has "$output" 'xdg-open is not in PATH (package xdg-utils)'
	PATH=$WORK/empty gives 0 "$BAILEY" run -p "$P" /usr/bin/true
	P=$(profile bad <<< 'desktop = { open = [ "https:", "file", "HTTP" ]; };')
	gives 2 "$BAILEY" check "$P"
	is "$(grep -c 'bad.conf:2: error: desktop.open' <<< "$output")" 3
}
