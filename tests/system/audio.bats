#!/usr/bin/env bats
# desktop.audio: the sockets of the sound servers, and what goes with them.

load lib

prepare() {
	need python3
	export XDG_RUNTIME_DIR=$WORK/run COLUMNS=400
	mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR/pulse"
}

# serve PATH...: sockets that take connections and hold them.
serve() {
	python3 -c 'import signal, socket, sys
held = [socket.socket(socket.AF_UNIX) for _ in sys.argv[1:]]
for one, path in zip(held, sys.argv[1:]):
    one.bind(path)
    one.listen()
signal.pause()' "$@" < /dev/null > serve.log 2>&1 3>&- &
	end_later $!
	eventually 10 test -S "${!#}"
}

connects='import os, socket, sys; socket.socket(socket.AF_UNIX).connect(os.path.expandvars(sys.argv[1]))'

audio_profile() { profile audio <<< 'desktop = { audio = "all"; };'; }

@test "both sockets and the cookie are inside, nothing else of their directories; explain names the microphone" {
	local p
	serve "$XDG_RUNTIME_DIR/pulse/native" "$XDG_RUNTIME_DIR/pulse/other" "$XDG_RUNTIME_DIR/pipewire-0"
	export PULSE_COOKIE=$WORK/cookie
	echo secret > "$PULSE_COOKIE"
	p=$(audio_profile)
	gives 0 "$BAILEY" run -p "$p" /usr/bin/python3 -c "$connects" '$XDG_RUNTIME_DIR/pulse/native'
	gives 0 "$BAILEY" run -p "$p" /usr/bin/python3 -c "$connects" '$XDG_RUNTIME_DIR/$PIPEWIRE_REMOTE'
	gives 2 "$BAILEY" run -p "$p" sh -c 'ls "$XDG_RUNTIME_DIR/pulse"; echo "$PULSE_SERVER"; cat "$PULSE_COOKIE"; echo x 2>&1 > "$PULSE_COOKIE"'
	has "$output" "cookie
native
unix:$XDG_RUNTIME_DIR/pulse/native
secret" 'Read-only file system'
	lacks "$output" other
	is "$(cat "$WORK/cookie")" secret
	gives 0 "$BAILEY" explain "$p"
	has "$(tr -s ' \n' ' ' <<< "$output")" 'the microphone is heard' 'PipeWire also hands out the cameras'
}

@test "a server elsewhere is found by PULSE_SERVER, but none of another machine" {
	local p
	serve "$WORK/pulse"
	p=$(audio_profile)
	PULSE_SERVER="{0123456789abcdef}unix:$WORK/pulse tcp:192.0.2.1" gives 0 "$BAILEY" run -p "$p" sh -c 'echo "$PULSE_SERVER"'
	is "$output" "unix:$XDG_RUNTIME_DIR/pulse/native"
	PULSE_SERVER=tcp:192.0.2.1 gives 0 "$BAILEY" run -p "$p" sh -c 'echo "${PULSE_SERVER:-none}"'
	is "$output" none
}

@test "without the setting, or a server, there is no sound; explain tells" {
	local p
	p=$(audio_profile)
	gives 0 "$BAILEY" explain "$p"
	has "$output" 'none: neither PipeWire nor PulseAudio serves the session'
	gives 0 "$BAILEY" run -p "$p" true
	serve "$XDG_RUNTIME_DIR/pulse/native" "$XDG_RUNTIME_DIR/pipewire-0"
	p=$(profile silent < /dev/null)
	gives 0 "$BAILEY" run -p "$p" sh -c 'ls "$XDG_RUNTIME_DIR"; echo "${PULSE_SERVER:-none}"'
	is "$output" none
	p=$(profile option <<< 'inherit = [ "common/audio" ];' | tail -n 1)
	sed -i 1d "$p"
	sed -i 's/"common.audio"/"common\/base", "common\/audio"/' "$p"
	gives 0 "$BAILEY" run -p "$p" ls "$WORK/run"
	is "$output" "pipewire-0
pulse"
	gives 0 "$BAILEY" run -p "$p" --with no-sound ls "$WORK/run"
	is "$output" ""
}
