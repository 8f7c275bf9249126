#!/usr/bin/env bats
# desktop.display: what of the session's displays is inside, and what another window has to fear from a program inside.

load lib
load display

KEY_OUTSIDE=38 KEY_INSIDE=56 # keycodes of a and b

prepare() {
	export XDG_RUNTIME_DIR=$WORK/run COLUMNS=400
	mkdir -m 700 "$XDG_RUNTIME_DIR" "$WORK/shared"
}

# x_server: an X server with a cookie, as a session has it, and cookies of others beside it.
x_server() {
	export XAUTHORITY=$WORK/cookies
	start_x 10000
	xauth -q add "$(uname -n)/unix:9999" MIT-MAGIC-COOKIE-1 "$(mcookie)"
	xauth -q add "192.0.2.9:0" MIT-MAGIC-COOKIE-1 "$(mcookie)"
}

# display_profile WORD...: a profile with that list of displays; standard input adds to it.
display_profile() {
	local words
	words=$(printf '"%s", ' "$@")
	{
		echo "desktop = { display = [ ${words%, } ]; };"
		echo "filesystem = { read_write = [ \"$WORK/shared\" ]; };"
		echo 'syscalls = { allow = [ "@desktop" ]; };'
		cat
	} | profile display
}

# watch_keys PROFILE: in the sandbox writes down every key it can see, and types one itself once it watches.
watch_keys() {
	cat > "$WORK/shared/watch.sh" <<- 'END'
		cd "$1" || exit 1
		xinput test-xi2 --root > events &
		until grep -q EVENT events; do xdotool mousemove_relative 3 3; sleep 0.1; done
		touch ready
		until [ -e go ]; do sleep 0.05; done
		xdotool key b
		until grep -q "detail: $2" events; do sleep 0.05; done
		touch done
		sleep 60
	END
	"$BAILEY" run -p "$1" sh "$WORK/shared/watch.sh" "$WORK/shared" "$KEY_INSIDE" < /dev/null > "$WORK/watch.log" 2>&1 3>&- &
	WATCHER=$!
	end_later $WATCHER
	eventually 20 test -e "$WORK/shared/ready"
}

# type_outside: a key into a window outside of the sandbox.
type_outside() {
	xev -geometry 100x100+0+0 -name outside < /dev/null > "$WORK/xev.log" 2>&1 3>&- &
	end_later $!
	eventually 10 xdotool search --name outside > /dev/null
	xdotool search --name outside windowfocus key a
	eventually 10 grep -q "keycode $KEY_OUTSIDE" "$WORK/xev.log"
}

# end_of PID: the launcher is ended, as a user would.
end_of() {
	kill -TERM "$1"
	wait "$1" || true
}

@test "on the session's X server the keys typed into a window outside are seen inside, and explain says so" {
	local p
	need xdotool xinput xev
	x_server
	p=$(display_profile x11 < /dev/null)
	watch_keys "$p"
	type_outside
	touch "$WORK/shared/go"
	eventually 10 test -e "$WORK/shared/done"
	grep -q "detail: $KEY_OUTSIDE" "$WORK/shared/events"
	end_of "$WATCHER"
	gives 0 "$BAILEY" explain "$p"
	has "$(tr -s ' \n' ' ' <<< "$output")" 'an X11 program can read the keyboard, the clipboard and the screen of all others'
}

@test "on an X server of its own a program sees its own keys, none of those typed outside" {
	local p
	need xdotool xinput xev Xephyr
	x_server
	p=$(display_profile x11-isolated < /dev/null)
	watch_keys "$p"
	type_outside
	touch "$WORK/shared/go"
	eventually 10 test -e "$WORK/shared/done"
	gives 1 grep "detail: $KEY_OUTSIDE" "$WORK/shared/events"
	# The directory of the sockets is still the user's alone.
	is "$(stat -c %a "$XDG_RUNTIME_DIR"/bailey/*)" 700
	end_of "$WATCHER"
	gives 0 "$BAILEY" explain "$p"
	lacks "$(tr -s ' \n' ' ' <<< "$output")" 'an X11 program can read the keyboard'
}

servers() { pgrep -u "$(id -u)" -x 'Xephyr|Xvfb|Xwayland' | sort; }

@test "an X server of its own ends with the sandbox and with a killed launcher; neither leaves anything" {
	local p pid before
	need Xephyr
	x_server
	before=$(servers)
	p=$(display_profile x11-isolated < /dev/null)
	gives 0 "$BAILEY" run -p "$p" xwininfo -root
	is "$(servers)" "$before"
	[ ! -e /tmp/.X11-unix/X1077 ] && [ ! -e /tmp/.X1077-lock ]
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" ""
	"$BAILEY" run -p "$p" sh -c 'touch "$0/up"; exec sleep 60' "$WORK/shared" < /dev/null > killed.log 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 test -e "$WORK/shared/up"
	kill -KILL $pid
	wait $pid || true
	same_servers() { [ "$(servers)" = "$before" ]; }
	eventually 5 same_servers
	gives 0 "$BAILEY" run --name next -p "$p" true
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" ""
}

@test "when the X server of its own dies nothing else is within reach" {
	local p pid before server
	need Xephyr
	x_server
	before=$(servers)
	p=$(display_profile x11-isolated < /dev/null)
	"$BAILEY" run -p "$p" sh -c 'xwininfo -root > /dev/null && touch "$0/up"; until [ -e "$0/go" ]; do sleep 0.05; done
xwininfo -root > /dev/null 2>&1; echo $? > "$0/status"; sleep 60' "$WORK/shared" < /dev/null > death.log 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 test -e "$WORK/shared/up"
	server=$(comm -13 <(echo "$before") <(servers))
	[ -n "$server" ]
	kill -KILL "$server"
	eventually 5 grep -q 'its X server has ended: the sandbox has no display any more' death.log
	touch "$WORK/shared/go"
	eventually 5 test -s "$WORK/shared/status"
	is "$(cat "$WORK/shared/status")" 1
	end_of $pid
}

@test "two X servers of their own do not know of each other; on the host's network neither has an abstract socket" {
	local p pid
	need Xvfb xwininfo xdotool xev
	p=$(display_profile x11-isolated <<< 'network = { mode = "host"; };')
	"$BAILEY" run -p "$p" sh -c 'xev -name first > /dev/null & until xdotool search --name first > /dev/null; do sleep 0.05; done
touch "$0/up"; sleep 60' "$WORK/shared" < /dev/null > first.log 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 test -e "$WORK/shared/up"
	gives 1 grep -F '@/tmp/.X11-unix/X1077' /proc/net/unix
	gives 0 "$BAILEY" run -p "$p" xwininfo -root -tree
	lacks "$output" first
	end_of $pid
}

@test "where there is no display an X server of its own is on a screen that nobody sees" {
	local p
	need Xvfb xwininfo
	p=$(display_profile x11-isolated < /dev/null)
	gives 0 "$BAILEY" run -p "$p" xwininfo -root
	has "$output" '1280x800'
	gives 0 "$BAILEY" explain "$p"
	has "$output" 'on a screen that nobody sees'
}

@test "of X11 one socket is inside, with a cookie for that display alone" {
	local p
	x_server
	p=$(display_profile x11 < /dev/null)
	gives 0 "$BAILEY" run -p "$p" xwininfo -root
	gives 0 "$BAILEY" run -p "$p" xauth list
	echo "$output"
	is "$(grep -c MIT-MAGIC <<< "$output")" 1
	has "$output" "$DISPLAY  MIT-MAGIC-COOKIE-1  "
	gives 0 "$BAILEY" run -p "$p" sh -c 'ls /tmp/.X11-unix; ls "$HOME"; echo "$DISPLAY"'
	is "${lines[0]}" "X${DISPLAY#:}"
	is "${lines[-1]}" "$DISPLAY"
	# A cookie is no part of the plan, which people show each other.
	gives 0 "$BAILEY" explain --json "$p"
	lacks "$output" "$(xauth list | awk '{ print $3; exit }')"
	# A file that is no list of cookies gives none; then the server has to know the user.
	head -c 4000 /dev/urandom > "$WORK/noise"
	XAUTHORITY=$WORK/noise gives 1 "$BAILEY" run -p "$p" xwininfo -root
	XAUTHORITY=$WORK/absent gives 1 "$BAILEY" run -p "$p" xwininfo -root
}

# compositor: a Wayland compositor without a screen.
compositor() {
	need weston
	WAYLAND_DISPLAY='' weston --backend=headless-backend.so --socket=wayland-test --idle-time=0 < /dev/null > "$WORK/weston.log" 2>&1 3>&- &
	end_later $!
	disown $!
	eventually 10 test -S "$XDG_RUNTIME_DIR/wayland-test"
	export WAYLAND_DISPLAY=wayland-test
}

connects='import os, socket; socket.socket(socket.AF_UNIX).connect(os.environ["XDG_RUNTIME_DIR"] + "/" + os.environ["WAYLAND_DISPLAY"])'

@test "of a Wayland session the compositor's socket is inside, and the X server only for who asks for both" {
	local p
	x_server
	compositor
	p=$(display_profile wayland x11 < /dev/null)
	gives 0 "$BAILEY" run -p "$p" /usr/bin/python3 -c "$connects"
	gives 0 "$BAILEY" run -p "$p" sh -c 'ls "$XDG_RUNTIME_DIR" /tmp; echo "${DISPLAY:-no X11}"'
	has "$output" wayland-test 'no X11'
	lacks "$output" .X11 xauthority
	p=$(display_profile both < /dev/null)
	gives 0 "$BAILEY" run -p "$p" /usr/bin/python3 -c "$connects"
	gives 0 "$BAILEY" run -p "$p" xwininfo -root
	# What the list names first and is not there is passed over.
	p=$(display_profile wayland x11 < /dev/null)
	WAYLAND_DISPLAY=gone gives 0 "$BAILEY" run -p "$p" sh -c 'echo "$DISPLAY ${WAYLAND_DISPLAY:-no Wayland}"'
	is "$output" "$DISPLAY no Wayland"
}

@test "in a window of a Wayland session there is an X server of its own too" {
	local p
	need Xwayland xwininfo
	compositor
	p=$(display_profile x11-isolated < /dev/null)
	gives 0 "$BAILEY" explain "$p"
	has "$output" Xwayland
	gives 0 "$BAILEY" run -p "$p" xwininfo -root
	gives 0 "$BAILEY" run -p "$p" sh -c 'ls "$XDG_RUNTIME_DIR"; echo "${WAYLAND_DISPLAY:-no Wayland}"'
	is "$output" "xauthority
no Wayland"
}

@test "a display that ssh forwards is there with the host's network, with its cookie, and not without" {
	local p number
	need socat
	x_server
	number=${DISPLAY#:}
	# As sshd listens for it; its displays begin with 10.
	socat "TCP-LISTEN:$((6000 + number)),bind=127.0.0.1,fork" "UNIX-CONNECT:/tmp/.X11-unix/X$number" < /dev/null > socat.log 2>&1 3>&- &
	end_later $!
	export DISPLAY=localhost:$number.0
	eventually 10 xwininfo -root > /dev/null
	p=$(profile forwarded <<< 'desktop = { display = [ "x11" ]; };
syscalls = { allow = [ "@desktop", "@network" ]; };
network = { mode = "host"; };')
	gives 0 "$BAILEY" run -p "$p" xwininfo -root
	gives 0 "$BAILEY" run -p "$p" sh -c 'echo "$DISPLAY"; ls /tmp'
	is "$output" "localhost:$number.0"
	gives 1 "$BAILEY" run -p "$p" --set network.mode=none xwininfo -root
}

@test "without a display the program starts without one, and explain tells why; a word that is none is refused" {
	local p
	p=$(display_profile wayland x11 < /dev/null)
	gives 0 "$BAILEY" run -p "$p" sh -c 'echo "${DISPLAY:-none} ${WAYLAND_DISPLAY:-none}"'
	is "$output" 'none none'
	gives 0 "$BAILEY" explain "$p"
	has "$output" "none: there is no socket $XDG_RUNTIME_DIR/wayland-0; DISPLAY is not set"
	DISPLAY=localhost:10.0 gives 0 "$BAILEY" explain "$p"
	has "$output" 'DISPLAY (localhost:10.0) is no display of this machine'
	p=$(display_profile beamer < /dev/null)
	gives 2 "$BAILEY" check "$p"
	has "$output" 'display.conf:2: error: desktop.display' '"beamer" is not "wayland", "x11", "both"'
}
