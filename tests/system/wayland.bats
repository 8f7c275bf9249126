#!/usr/bin/env bats
# desktop.wayland_context: a compositor that knows of sandboxes is told of one, whatever it then answers.

load lib

WAYLAND=$BATS_TEST_DIRNAME/wayland.py

prepare() {
	need python3
	export XDG_RUNTIME_DIR=$WORK/run COLUMNS=400 WAYLAND_DISPLAY=wayland-fake
	mkdir -m 700 "$XDG_RUNTIME_DIR" "$WORK/shared"
	cp "$WAYLAND" "$WORK/shared/wayland.py"
}

# compositor [MODE]: one of our own, which writes to $WORK/contexts who has asked for what. Sets COMPOSITOR.
compositor() {
	python3 "$WAYLAND" serve "$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY" "$WORK/contexts" "$@" < /dev/null > "$WORK/compositor.log" 2>&1 3>&- &
	COMPOSITOR=$!
	end_later $COMPOSITOR
	disown $COMPOSITOR
	eventually 10 connects 2> /dev/null
}

connects() { python3 -c 'import os, socket; socket.socket(socket.AF_UNIX).connect(os.environ["XDG_RUNTIME_DIR"] + "/" + os.environ["WAYLAND_DISPLAY"])'; }

# context_profile [WORD]: a profile with the Wayland display in line 2, and that word for desktop.wayland_context in line 3.
context_profile() {
	local words=''
	[ $# -eq 0 ] || words="wayland_context = \"$1\";"
	profile context << END
desktop = { display = [ "wayland" ];
$words };
filesystem = { read_write = [ "$WORK/shared" ]; };
syscalls = { allow = [ "@desktop" ]; };
END
}

# shown_inside PROFILE: what is listed to a client in the sandbox.
shown_inside() { gives 0 "$BAILEY" run -p "$1" python3 "$WORK/shared/wayland.py" list; }

@test "a compositor that knows of sandboxes withholds from the program inside what it shows outside" {
	local p
	compositor
	p=$(context_profile)
	gives 0 python3 "$WAYLAND" list
	has "$output" zwlr_screencopy_manager_v1 wp_security_context_manager_v1
	shown_inside "$p"
	is "$output" wl_compositor
	# It is told by whom, and when it is over.
	is "$(grep -c "^context" "$WORK/contexts")" 1
	grep -Eqx 'context io\.bailey io\.bailey\.Sandbox\.context [^ ]+' "$WORK/contexts"
	eventually 5 grep -qx closed "$WORK/contexts"
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" ""
	# The compositor's own socket is not there under any other name; and what is asked for is what happens.
	gives 0 "$BAILEY" run -p "$p" ls "$XDG_RUNTIME_DIR"
	is "$output" wayland-fake
	gives 0 "$BAILEY" run -v -p "$p" true
	has "$output" 'security contexts of the Wayland compositor (1)'
	p=$(context_profile none)
	shown_inside "$p"
	has "$output" zwlr_screencopy_manager_v1
	p=$(context_profile required)
	shown_inside "$p"
	is "$output" wl_compositor
}

@test "of two sandboxes each has a context; it ends with the sandbox, and with a killed launcher" {
	local p first second
	compositor
	p=$(context_profile)
	for name in first second; do
		"$BAILEY" run --name "$name" -p "$p" sh -c 'touch "$0"; exec sleep 60' "$WORK/shared/$name" < /dev/null > "$name.log" 2>&1 3>&- &
		end_later $!
		[ $name = second ] || first=$!
		second=$!
		eventually 10 test -e "$WORK/shared/$name"
	done
	grep -Eqx 'context .* first' "$WORK/contexts"
	grep -Eqx 'context .* second' "$WORK/contexts"
	gives 1 grep -x closed "$WORK/contexts"
	closed() { [ "$(grep -cx closed "$WORK/contexts")" = "$1" ]; }
	kill -TERM "$first"
	wait "$first" || true
	eventually 5 closed 1
	reached() { "$BAILEY" enter second true; }
	eventually 5 reached
	gives 0 "$BAILEY" enter second python3 "$WORK/shared/wayland.py" list
	is "$output" wl_compositor
	kill -KILL "$second"
	wait "$second" || true
	eventually 5 closed 2
	gives 0 "$BAILEY" run --name next -p "$p" true
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" ""
}

@test "where the directory around the compositor's socket is granted it is not reached by another way" {
	local p
	compositor
	p=$(context_profile)
	sed -i "s|read_write = \[|& \"$XDG_RUNTIME_DIR\",|" "$p"
	shown_inside "$p"
	is "$output" wl_compositor
	# Neither by taking what is above it away, nor by a name made anew.
	gives 0 "$BAILEY" run -p "$p" sh -c 'cd "$XDG_RUNTIME_DIR"
rm -f wayland-fake; mv wayland-fake other; ln wayland-fake linked; cp -l wayland-fake copied; mv . ../moved; umount -l wayland-fake; true'
	[ -S "$XDG_RUNTIME_DIR/wayland-fake" ]
	gives 0 "$BAILEY" run -p "$p" sh -c 'cd "$XDG_RUNTIME_DIR"; for name in *; do [ ! -S "$name" ] || WAYLAND_DISPLAY=$name python3 "$0" list; done' \
		"$WORK/shared/wayland.py"
	is "$output" wl_compositor
	# Who grants the socket itself has not asked for a sandbox's, or has forgotten that.
	p=$(context_profile)
	sed -i "s|read_write = \[|& \"$XDG_RUNTIME_DIR/wayland-fake\",|" "$p"
	gives 2 "$BAILEY" check "$p"
	has "$output" 'context.conf:4: error: filesystem.read_write' "is the host's own"
	gives 0 "$BAILEY" check "$(context_profile none)"
}

@test "a sandbox in the background keeps its context until it is stopped" {
	local p
	compositor
	p=$(context_profile required)
	gives 0 "$BAILEY" run --detach --name behind -p "$p" sleep 60
	reached() { "$BAILEY" enter behind true; }
	eventually 5 reached
	gives 0 "$BAILEY" enter behind python3 "$WORK/shared/wayland.py" list
	is "$output" wl_compositor
	gives 1 grep -x closed "$WORK/contexts"
	gives 0 "$BAILEY" stop behind
	eventually 5 grep -qx closed "$WORK/contexts"
}

@test "a program cannot keep its context open longer than it lives" {
	local p pid
	compositor
	p=$(context_profile)
	"$BAILEY" run -p "$p" sh -c 'python3 -c "import os; print(sorted(os.listdir(\"/proc/self/fd\")))"; touch "$0"; trap "" TERM HUP INT; while :; do sleep 1; done' \
		"$WORK/shared/up" < /dev/null > "$WORK/out" 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 test -e "$WORK/shared/up"
	# Nothing of the conversation is open inside: the fourth is the directory that is being read.
	is "$(cat "$WORK/out")" "['0', '1', '2', '3']"
	kill -KILL $pid
	wait $pid || true
	eventually 5 grep -qx closed "$WORK/contexts"
}

@test "when the compositor dies the program has no other way, and nothing waits" {
	local p pid
	compositor
	p=$(context_profile)
	"$BAILEY" run -p "$p" sh -c 'touch "$0/up"; until [ -e "$0/go" ]; do sleep 0.05; done; python3 "$0/wayland.py" list > "$0/out" 2>&1; echo $? > "$0/status"' \
		"$WORK/shared" < /dev/null > death.log 2>&1 3>&- &
	pid=$!
	end_later $pid
	eventually 10 test -e "$WORK/shared/up"
	kill -KILL "$COMPOSITOR"
	touch "$WORK/shared/go"
	eventually 5 test -s "$WORK/shared/status"
	is "$(cat "$WORK/shared/status")" 1
	has "$(cat "$WORK/shared/out")" ConnectionRefusedError
	wait $pid
}

@test "with a compositor that knows of no sandboxes there is the plain socket, or no start when a context is required" {
	local p
	compositor plain
	p=$(context_profile)
	shown_inside "$p"
	is "$output" "wl_compositor
zwlr_screencopy_manager_v1"
	gives 0 "$BAILEY" run -v -p "$p" true
	has "$output" 'security contexts of the Wayland compositor (0)'
	gives 0 "$BAILEY" explain "$p"
	has "$output" "wayland: the compositor at $XDG_RUNTIME_DIR/wayland-fake, as a sandbox if it knows of such"
	p=$(context_profile required)
	gives 125 "$BAILEY" run -p "$p" true
	has "$output" "context.conf:3: error: the Wayland compositor at $XDG_RUNTIME_DIR/wayland-fake does not know of sandboxes"
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" ""
	gives 0 "$BAILEY" explain "$p"
	has "$output" 'which has to take it as a sandbox'
	p=$(context_profile none)
	gives 0 "$BAILEY" explain "$p"
	has "$output" 'is not told that the program is in a sandbox'
	[ ! -e "$WORK/contexts" ] || is "$(cat "$WORK/contexts")" ""
}

@test "a socket that a compositor has left is as dead inside; where a context is required nothing starts" {
	local p
	compositor
	kill -KILL "$COMPOSITOR"
	gone() { ! connects 2> /dev/null; }
	eventually 5 gone
	p=$(context_profile)
	gives 1 "$BAILEY" run -p "$p" python3 "$WORK/shared/wayland.py" list
	has "$output" ConnectionRefusedError
	p=$(context_profile required)
	gives 125 "$BAILEY" run -p "$p" true
	has "$output" "context.conf:3: error: no Wayland compositor listens at $XDG_RUNTIME_DIR/wayland-fake"
}

# refused MODE WORDS: with that compositor nothing starts, and that is why.
refused() {
	export WAYLAND_DISPLAY=wayland-$1
	gives 125 timeout 30 "$BAILEY" run --name "$1" -p "$WORK/context.conf" touch "$WORK/shared/started"
	has "$output" 'context.conf:2: error: cannot ask the Wayland compositor for a security context' "$2"
	[ ! -e "$WORK/shared/started" ]
	[ ! -e "$XDG_RUNTIME_DIR/bailey/$1" ]
	# Who does not ask needs no answer.
	gives 0 "$BAILEY" run -p "$WORK/context.conf" --set desktop.wayland_context=none true
}

# compositors MODE...: one of each, at a socket of that name, and the profile.
compositors() {
	local mode
	for mode in "$@"; do
		WAYLAND_DISPLAY=wayland-$mode
		compositor "$mode"
	done
	context_profile > profile.name
}

@test "a compositor that answers with garbage, without end, with an error or dies lets nothing start" {
	compositors garbage endless old dies
	refused garbage 'is no compositor'
	refused endless 'is no compositor'
	refused old "says: no??[31mnested contexts"
	refused dies 'ended the connection'
}

@test "a compositor that does not answer, or not to the end, does not hold the launch for long" {
	local mode pids=()
	compositors silent half stalls
	for mode in silent half stalls; do
		refused $mode 'does not answer' > "$mode.log" 2>&1 3>&- &
		pids+=($!)
	done
	for mode in "${pids[@]}"; do
		wait "$mode" || {
			cat ./*.log
			return 1
		}
	done
}

@test "the wait for a compositor can be interrupted" {
	local p pid
	compositor silent
	p=$(context_profile)
	env --default-signal=TERM "$BAILEY" run -p "$p" true < /dev/null > "$WORK/log" 2>&1 3>&- &
	pid=$!
	end_later $pid
	taken() { [ -n "$(ls "$XDG_RUNTIME_DIR/bailey" 2> /dev/null)" ]; }
	eventually 5 taken
	sleep 0.3
	kill -TERM $pid
	local begun=$SECONDS status=0
	wait $pid || status=$?
	is $status 143
	[ $((SECONDS - begun)) -lt 4 ]
	is "$(ls "$XDG_RUNTIME_DIR/bailey")" ""
}
