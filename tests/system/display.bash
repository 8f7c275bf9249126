# shellcheck shell=bash
# For tests with windows: an X server, and programs found by their command lines. `load display` after `load lib`.

# An X server that is killed would leave its socket and its lock in /tmp.
finish() {
	if [ -n "${X_SERVER:-}" ]; then
		kill -TERM "$X_SERVER" 2> /dev/null || true
		eventually 5 test ! -d "/proc/$X_SERVER"
	fi
}

# processes_with PROGRAM PART...: processes that run a file of that name, and whose command line has all parts.
processes_with() {
	local process line part program=$1
	shift
	for process in /proc/[0-9]*; do
		line=$(tr '\0' ' ' 2> /dev/null < "$process/cmdline") || continue
		[[ $(readlink "$process/exe") == */"$program" ]] || continue
		for part in "$@"; do
			[[ $line == *"$part"* ]] || continue 2
		done
		echo "${process#/proc/}"
	done 2> /dev/null
}
are_there() { [ -n "$(processes_with "$@")" ]; }
are_gone() { ! are_there "$@"; }
# display: an X server with a cookie, as an X session has it.
display() {
	export XAUTHORITY=$HOME/.Xauthority
	start_x 100
}
# start_x LOWEST: on one of the displays from there on, with a cookie in $XAUTHORITY; process $X_SERVER.
start_x() {
	need Xvfb xauth mcookie xwininfo
	local number i
	rm -f "$XAUTHORITY"
	for _ in 1 2 3; do # the number may be somebody's
		number=$(($1 + $$ % 1000 + RANDOM % 1000))
		export DISPLAY=:$number
		xauth -q add "$(uname -n)/unix:$number" MIT-MAGIC-COOKIE-1 "$(mcookie)" 2> /dev/null
		# Without -noreset the server starts anew whenever its last client leaves, and refuses who comes meanwhile.
		Xvfb "$DISPLAY" -screen 0 1024x768x24 -auth "$XAUTHORITY" -nolisten tcp -noreset < /dev/null > "$WORK/xvfb.log" 2>&1 3>&- &
		X_SERVER=$!
		end_later "$X_SERVER"
		disown "$X_SERVER"
		for ((i = 0; i < 100; i++)); do
			! xwininfo -root > /dev/null 2>&1 || return 0
			[ -d "/proc/$X_SERVER" ] || break
			sleep 0.1
		done
		cat "$WORK/xvfb.log"
		kill "$X_SERVER" 2> /dev/null || true
	done
	return 1
}

# session_bus [SERVICE...]: a bus of the session, which starts no service (portals, keyrings) but those of the machine that are named,
# with a glob.
session_bus() {
	need dbus-daemon xdg-dbus-proxy
	local service
	export XDG_RUNTIME_DIR=$WORK/run
	mkdir -m 700 "$XDG_RUNTIME_DIR" services
	for service in "$@"; do
		# shellcheck disable=SC2086 # a glob
		cp /usr/share/dbus-1/services/$service.service services/
	done
	start_session_bus
}

# start_session_bus: at $XDG_RUNTIME_DIR/bus, process $BUS, with the services of $WORK/services alone.
start_session_bus() {
	cat > "$WORK/bus.conf" <<- END
		<busconfig>
		  <type>session</type>
		  <listen>unix:path=$XDG_RUNTIME_DIR/bus</listen>
		  <auth>EXTERNAL</auth>
		  <servicedir>$WORK/services</servicedir>
		  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
		</busconfig>
	END
	dbus-daemon --config-file="$WORK/bus.conf" --nofork --nopidfile 3>&- < /dev/null > "$WORK/bus.log" 2>&1 &
	BUS=$!
	end_later "$BUS"
	eventually 10 test -S "$XDG_RUNTIME_DIR/bus"
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
}

has_window() { xwininfo -root -tree 2> /dev/null | grep -qF -- "$1"; }
