#!/usr/bin/env bats
# desktop.dbus: what of the session's buses gets through, with a real dbus-daemon and services that write down who called them.

load lib
load display

prepare() {
	need dbus-daemon dbus-send xdg-dbus-proxy python3
	export XDG_RUNTIME_DIR=$WORK/run COLUMNS=400
	: > "$WORK/calls"
	mkdir -m 700 "$XDG_RUNTIME_DIR" "$WORK/services"
	# As a terminal or a shell of a desktop has it: whoever calls the name starts the program.
	cat > "$WORK/services/org.example.Factory.service" <<- END
		[D-BUS Service]
		Name=org.example.Factory
		Exec=/bin/sh -c "echo started > $WORK/started"
	END
	start_bus
}

# start_bus: the session's bus, and services on it.
start_bus() {
	start_session_bus
	python3 "$SYSTEM/bus-service.py" "$XDG_RUNTIME_DIR/bus" "$WORK/calls" \
		org.example.Good org.example.Other org.freedesktop.systemd1 3>&- < /dev/null > "$WORK/service.log" 2>&1 &
	end_later $!
	eventually 10 grep -qx ready "$WORK/calls"
}

# bus_profile: a profile that may call org.example.Good, with what standard input adds to it.
bus_profile() {
	{
		echo 'desktop = { dbus = { session = { talk = [ "org.example.Good" ]; }; }; };'
		cat
	} | profile bus
}

# call NAME METHOD [ARGS...]: as a program of the desktop would.
call() {
	local name=$1 method=$2
	shift 2
	echo dbus-send --session --print-reply --reply-timeout=5000 "--dest=$name" /org/example "$method" "$@"
}

called() { grep -qxF -- "$1" "$WORK/calls"; }
uncalled() { ! called "$1"; }

@test "a name that is allowed answers; one that is not does not, and never hears of it" {
	local p
	p=$(bus_profile < /dev/null)
	gives 0 "$BAILEY" run -p "$p" sh -c "$(call org.example.Good org.example.Ping)"
	has "$output" 'method return'
	called org.example.Ping
	gives 1 "$BAILEY" run -p "$p" sh -c "$(call org.example.Other org.example.Secret)"
	has "$output" 'org.freedesktop.DBus.Error'
	uncalled org.example.Secret
	# Without the sandbox the same call arrives.
	gives 0 sh -c "$(call org.example.Other org.example.Secret)"
	called org.example.Secret
}

@test "the user's systemd cannot be told to start a program, nor a service that starts one be woken" {
	local p start
	p=$(bus_profile < /dev/null)
	start=$(call org.freedesktop.systemd1 org.freedesktop.systemd1.Manager.StartTransientUnit string:x.service string:fail)
	gives 1 "$BAILEY" run -p "$p" sh -c "$start"
	uncalled org.freedesktop.systemd1.Manager.StartTransientUnit
	gives 1 "$BAILEY" run -p "$p" sh -c "$(call org.example.Factory org.example.Factory.Open)"
	gives 1 "$BAILEY" run -p "$p" sh -c \
		'dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.StartServiceByName string:org.example.Factory uint32:0'
	gives 1 "$BAILEY" run -p "$p" sh -c \
		'dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.UpdateActivationEnvironment dict:string:string:PATH,/x'
	[ ! -e "$WORK/started" ]
	gives 0 sh -c "$start"
	called org.freedesktop.systemd1.Manager.StartTransientUnit
	attempt sh -c "$(call org.example.Factory org.example.Factory.Open)"
	eventually 10 test -e "$WORK/started"
}

@test "an input method is reached with the option for it, and nothing else by that" {
	local p=$WORK/typing.conf name
	python3 "$SYSTEM/bus-service.py" "$XDG_RUNTIME_DIR/bus" "$WORK/methods" org.freedesktop.portal.IBus org.fcitx.Fcitx5 3>&- < /dev/null \
		> "$WORK/methods.log" 2>&1 &
	end_later $!
	eventually 10 grep -qx ready "$WORK/methods"
	echo 'inherit = [ "common/desktop" ];' > "$p"
	chmod 644 "$p"
	for name in org.freedesktop.portal.IBus org.fcitx.Fcitx5; do
		gives 1 "$BAILEY" run -p "$p" sh -c "$(call $name org.example.Type)"
		gives 1 "$BAILEY" run -p "$p" --with notifications sh -c "$(call $name org.example.Type)"
		gives 1 grep -x org.example.Type "$WORK/methods"
		gives 0 "$BAILEY" run -p "$p" --with input-method sh -c "$(call $name org.example.Type)"
		grep -qx org.example.Type "$WORK/methods"
		: > "$WORK/methods"
	done
	gives 0 "$BAILEY" run -p "$p" --with input-method sh -c 'echo "$IBUS_USE_PORTAL"'
	is "$output" 1
	gives 1 "$BAILEY" run -p "$p" --with input-method sh -c "$(call org.example.Good org.example.Ping)"
}

@test "only what may be owned, called and seen is" {
	local p own=org.freedesktop.DBus.RequestName
	p=$(
		profile rules <<- 'END'
			desktop = { dbus = { session = {
			  own  = [ "org.example.Mine.*" ];
			  call = [ "org.example.Good=org.example.One@/org/example" ];
			}; }; };
		END
	)
	gives 0 "$BAILEY" run -p "$p" sh -c "$(call org.freedesktop.DBus $own string:org.example.Mine.player uint32:0)"
	gives 1 "$BAILEY" run -p "$p" sh -c "$(call org.freedesktop.DBus $own string:org.example.Taken uint32:0)"
	gives 0 "$BAILEY" run -p "$p" sh -c "$(call org.example.Good org.example.One)"
	gives 1 "$BAILEY" run -p "$p" sh -c "$(call org.example.Good org.example.Two)"
	called org.example.One
	uncalled org.example.Two
	gives 0 "$BAILEY" run -p "$p" dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames
	lacks "$output" org.example.Other org.freedesktop.systemd1
}

@test "the filtered socket is the only one inside, also where the directory around the bus is granted" {
	local p
	p=$(bus_profile <<< 'filesystem = { read_only = [ "${RUNTIME}" ]; };')
	gives 0 "$BAILEY" run -p "$p" sh -c 'for f in "$XDG_RUNTIME_DIR"/*; do [ ! -S "$f" ] || echo "$f"; done; echo "$DBUS_SESSION_BUS_ADDRESS"'
	is "$output" "$XDG_RUNTIME_DIR/bus
unix:path=$XDG_RUNTIME_DIR/bus"
	gives 1 "$BAILEY" run -p "$p" sh -c "$(call org.example.Other org.example.Secret)"
	uncalled org.example.Secret
	# Without rules there is no bus at all.
	p=$(profile none < /dev/null)
	gives 0 "$BAILEY" run -p "$p" sh -c 'ls "$XDG_RUNTIME_DIR"; echo "${DBUS_SESSION_BUS_ADDRESS:-no address}"'
	is "$output" 'no address'
}

# proxy_of LAUNCHER: the pid of the proxy that it started.
proxy_of() { pgrep -P "$1" -x xdg-dbus-proxy; }

@test "the proxy's death ends the bus inside and opens nothing; it dies with the sandbox and with a killed launcher" {
	local p pid proxy
	p=$(bus_profile < /dev/null)
	mkfifo in
	exec 7<> in
	"$BAILEY" run --name one -p "$p" sh -c "$(call org.example.Good org.example.Before) && read x
$(call org.example.Good org.example.After); echo \"status \$?\"; read x" < in > out 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 called org.example.Before
	proxy=$(proxy_of $pid)
	[ -n "$proxy" ]
	kill -KILL "$proxy"
	eventually 10 grep -q 'xdg-dbus-proxy has ended: the sandbox has no D-Bus any more' out
	echo go >&7
	eventually 10 grep -qx 'status 1' out
	uncalled org.example.After
	kill -TERM "$pid"
	wait "$pid" || true

	"$BAILEY" run --name two -p "$p" cat < in > out 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 proxy_of $pid > /dev/null
	proxy=$(proxy_of $pid)
	kill -KILL "$pid"
	wait "$pid" || true
	eventually 10 sh -c "! kill -0 $proxy 2> /dev/null"
	exec 7>&-
	# What the killed one left, the next one removes.
	gives 0 "$BAILEY" run --name three -p "$p" true
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" ""
}

@test "without a bus the program starts without one, unless it needs it; explain tells" {
	local p needs
	p=$(bus_profile < /dev/null)
	needs=$(profile needs <<< 'desktop = { dbus = { required = true; session = { talk = [ "org.example.Good" ]; }; }; };')
	gives 0 "$BAILEY" run -p "$needs" sh -c "$(call org.example.Good org.example.Ping)"

	# A socket that nobody serves any more.
	kill "$BUS"
	eventually 10 sh -c "! kill -0 $BUS 2> /dev/null"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$WORK/stale"
	DBUS_SESSION_BUS_ADDRESS=unix:path=$WORK/stale gives 125 "$BAILEY" run -p "$needs" true
	has "$output" 'needs.conf:2: ' "cannot connect to the session bus at $WORK/stale: Connection refused"
	DBUS_SESSION_BUS_ADDRESS=unix:path=$WORK/stale gives 0 "$BAILEY" run -p "$p" true

	export DBUS_SESSION_BUS_ADDRESS=unix:path=$WORK/gone
	gives 2 "$BAILEY" run -p "$needs" true
	has "$output" 'needs.conf:2: error: desktop.dbus.required' "there is no $WORK/gone"
	gives 0 "$BAILEY" run -p "$p" sh -c 'echo "$DBUS_SESSION_BUS_ADDRESS"'
	is "$output" disabled:
	gives 0 "$BAILEY" explain "$p"
	has "$output" "none: there is no $WORK/gone"
	# An address that would have a program started is none.
	DBUS_SESSION_BUS_ADDRESS=unixexec:path=/bin/sh gives 2 "$BAILEY" run -p "$needs" true
	has "$output" 'its address is no local socket'
}

@test "without xdg-dbus-proxy the message names the package; one that a program could have put into PATH is not used" {
	local needs
	needs=$(profile needs <<< 'desktop = { dbus = { required = true; session = { talk = [ "org.example.Good" ]; }; }; };')
	mkdir "$WORK/bin" "$WORK/empty"
	ln -s "$(command -v true)" "$WORK/empty/true"
	PATH=$WORK/empty gives 2 "$BAILEY" run -p "$needs" /usr/bin/true
	has "$output" 'xdg-dbus-proxy is not in PATH' 'install the package xdg-dbus-proxy'
	printf '#!/bin/sh\ntouch "%s/planted"\n' "$WORK" > "$WORK/bin/xdg-dbus-proxy"
	chmod 755 "$WORK/bin/xdg-dbus-proxy"
	PATH=$WORK/bin gives 2 "$BAILEY" run -p "$needs" /usr/bin/true
	has "$output" "could have put $WORK/bin/xdg-dbus-proxy there"
	[ ! -e "$WORK/planted" ]
}

@test "rules for a bus that is granted as a whole are a contradiction" {
	local p
	p=$(bus_profile <<< 'filesystem = { read_only = [ "-${RUNTIME}/bus" ]; };')
	gives 2 "$BAILEY" run -p "$p" true
	has "$output" 'bus.conf:3: error: filesystem.read_only' 'desktop.dbus has it served in another way' 'bus.conf:2'
}

@test "rules that mean nothing, or everything, are refused with their line" {
	local p
	p=$(profile bad <<< 'desktop = { dbus = { session = {
  talk = [ "*", ":1.5", "nodots", "org..x", "org.5x", "org.x*" ];
  call = [ "org.example.A", "org.example.A=", "org.example.A=Method", "org.example.A=*@here", "org.example.A=*@/a//b" ];
}; }; };')
	gives 2 "$BAILEY" check "$p"
	is "$(grep -c 'bad.conf:3: error: desktop.dbus.session.talk' <<< "$output")" 6
	is "$(grep -c 'bad.conf:4: error: desktop.dbus.session.call' <<< "$output")" 5
	has "$output" 'that would be every service of the bus'
}

@test "explain lists the rules, and says which services act outside" {
	local p
	p=$(bus_profile <<< 'options = ( { name = "unit"; description = "x"; desktop = { dbus = { session = { talk = [ "org.freedesktop.systemd1" ]; }; }; }; } );')
	gives 0 "$BAILEY" explain "$p"
	has "$output" 'session bus' 'talk org.example.Good'
	lacks "$output" 'starts programs outside'
	gives 0 "$BAILEY" explain --with unit "$p"
	has "$output" 'org.freedesktop.systemd1, which the program may call on the session bus, starts programs outside of the sandbox'
}

# portal_installed: as far as a session's bus knows, a portal could be started.
portal_installed() {
	mkdir -p "$HOME/.local/share/dbus-1/services"
	: > "$HOME/.local/share/dbus-1/services/org.freedesktop.portal.Desktop.service"
}

finish() { rm -rf "$HOME/.local/share/dbus-1"; }

@test "who may talk to the portal is known to it, and to toolkits, as a sandbox with a name" {
	local p pid proxy
	p=$(profile reader <<< 'desktop = { dbus = { session = { talk = [ "org.freedesktop.portal.Desktop" ]; }; }; };')
	if [ ! -e /usr/share/dbus-1/services/org.freedesktop.portal.Desktop.service ]; then
		gives 0 "$BAILEY" run -p "$p" sh -c 'ls -A / | grep flatpak; echo "${GTK_USE_PORTAL:-no portal}"'
		is "$output" 'no portal'
	fi
	portal_installed
	gives 2 "$BAILEY" run -p "$p" sh -c 'grep name= /.flatpak-info; echo "$GTK_USE_PORTAL"; echo x > /.flatpak-info'
	has "$output" 'name=io.bailey.Sandbox.reader
1' 'Read-only file system'
	gives 0 "$BAILEY" explain "$p"
	has "$output" 'io.bailey.Sandbox.reader'
	# The portal looks into the root directory of the connection's other end, which is the proxy.
	mkfifo in
	exec 7<> in
	"$BAILEY" run -p "$p" cat < in > out 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 proxy_of $pid > /dev/null
	proxy=$(proxy_of $pid)
	eventually 10 grep -qx 'name=io.bailey.Sandbox.reader' "/proc/$proxy/root/.flatpak-info"
	# Nothing else of the user is in there.
	[ ! -e "/proc/$proxy/root/home" ] && [ ! -e "/proc/$proxy/root/tmp" ] && [ ! -e "/proc/$proxy/root/proc/self" ]
	is "$(sed -n 's/^NoNewPrivs:\t//p; s/^CapEff:\t//p' "/proc/$proxy/status" | tr '\n' ' ')" '0000000000000000 1 '
	exec 7>&-
	kill -TERM $pid
	wait $pid || true
	p=$(bus_profile < /dev/null)
	gives 1 "$BAILEY" run -p "$p" test -e /.flatpak-info
}

@test "of the documents that the user chose those for this sandbox are inside" {
	local p doc=$XDG_RUNTIME_DIR/doc
	portal_installed
	mkdir -p "$doc/by-app/io.bailey.Sandbox.reader/1a2b" "$doc/by-app/io.bailey.Sandbox.other/3c4d" "$doc/5e6f"
	echo chosen > "$doc/by-app/io.bailey.Sandbox.reader/1a2b/letter"
	p=$(profile reader <<< 'desktop = { dbus = { session = { talk = [ "org.freedesktop.portal.*" ]; }; }; };')
	gives 0 "$BAILEY" run -p "$p" sh -c 'cd "$XDG_RUNTIME_DIR/doc" && ls && cat 1a2b/letter && echo more >> 1a2b/letter'
	is "$output" '1a2b
chosen'
	is "$(tail -n 1 "$doc/by-app/io.bailey.Sandbox.reader/1a2b/letter")" more
}

PORTAL=/usr/libexec/xdg-desktop-portal

@test "the real portal takes the program for a sandbox, and knows whether it has a network" {
	local p ask='dbus-send --session --print-reply --dest=org.freedesktop.portal.Desktop /org/freedesktop/portal/desktop
org.freedesktop.portal.ProxyResolver.Lookup string:https://example.org/'
	need "$PORTAL"
	"$PORTAL" < /dev/null > portal.log 2>&1 3>&- &
	end_later $!
	disown $!
	p=$(profile reader <<< 'desktop = { dbus = { session = { talk = [ "org.freedesktop.portal.Desktop" ]; }; }; };')
	# shellcheck disable=SC2086 # a list of words
	eventually 10 $ask > /dev/null
	# shellcheck disable=SC2086
	gives 1 "$BAILEY" run -p "$p" $ask
	has "$output" 'not available inside the sandbox'
	# shellcheck disable=SC2086
	gives 0 "$BAILEY" run -p "$p" --net host $ask
	has "$output" 'direct://'
}
