#!/usr/bin/env bats
# What programs with windows get besides a display: themes, and by named options what is plugged in or serves the whole machine (the
# printing service, smart cards, security keys, cameras), with sockets and nodes as the machine would have them, in a mount namespace of
# the test's own.
load lib

prepare() {
	need userns python3
	export XDG_RUNTIME_DIR=$WORK/run
	mkdir -m 700 "$XDG_RUNTIME_DIR" "$WORK/dev"
	cat > machine.sh <<- 'END'
		set -e
		mount -t tmpfs none /run
		mkdir -p /run/cups /run/pcscd
		mount -t tmpfs -o mode=755 none dev
		mkdir dev/pts dev/shm
		for node in null zero full random urandom tty; do
			: > "dev/$node"
			mount --bind "/dev/$node" "dev/$node"
		done
		mkdir dev/dri
		for node in hidraw0 video0 dri/renderD128; do
			: > "dev/$node"
			mount --bind /dev/zero "dev/$node"
		done
		mount --rbind /dev/pts dev/pts
		mount --rbind dev /dev
		rm -f served
		python3 serve.py &
		trap "kill $!" EXIT
		until [ -e served ]; do sleep 0.05; done
		"$@"
	END
	cat > serve.py <<- 'END'
		import os, socket, threading
		def serve(path):
		    listener = socket.socket(socket.AF_UNIX)
		    listener.bind(path)
		    os.chmod(path, 0o666)
		    listener.listen()
		    def answer():
		        while True:
		            listener.accept()[0].sendall(b"served")
		    threading.Thread(target=answer).start()
		serve("/run/cups/cups.sock")
		serve("/run/pcscd/pcscd.comm")
		open("served", "w").close()
	END
	PROFILE=$WORK/options.conf
	printf '%s\n' 'inherit = [ "common/browser" ];' 'network = { mode = "none"; };' > "$PROFILE"
	chmod 644 "$PROFILE"
}

# here COMMAND...: on such a machine.
here() { unshare -Umc --keep-caps sh machine.sh "$@"; }

# asks PATH: the program text that says what is served there.
asks() { printf 'import socket; s = socket.socket(socket.AF_UNIX); s.connect("%s"); print(s.recv(9).decode())' "$1"; }

# only_with OPTION COMMAND...: the command fails inside, as it does with another option, and does not with that one.
only_with() {
	local option=$1
	shift
	gives 0 here "$@"
	gives 1 here "$BAILEY" run -p "$PROFILE" "$@"
	gives 1 here "$BAILEY" run -p "$PROFILE" --with downloads "$@"
	gives 0 here "$BAILEY" run -p "$PROFILE" --with "$option" "$@"
}

@test "printing: the machine's CUPS service, with the option alone" {
	only_with printing /usr/bin/python3 -c "$(asks /run/cups/cups.sock)"
	is "$output" served
	# It is that service and nothing else beside it, and its socket cannot be replaced.
	gives 1 here "$BAILEY" run -p "$PROFILE" --with printing /usr/bin/python3 -c "$(asks /run/pcscd/pcscd.comm)"
	gives 1 here "$BAILEY" run -p "$PROFILE" --with printing rm -f /run/cups/cups.sock
	has "$output" 'Read-only file system'
	CUPS_SERVER=/run/cups/cups.sock gives 0 here "$BAILEY" run -p "$PROFILE" --with printing sh -c 'echo "$CUPS_SERVER"'
	is "$output" /run/cups/cups.sock
}

@test "smart-card: the machine's pcscd, with the option alone" {
	only_with smart-card /usr/bin/python3 -c "$(asks /run/pcscd/pcscd.comm)"
	is "$output" served
	gives 1 here "$BAILEY" run -p "$PROFILE" --with smart-card /usr/bin/python3 -c "$(asks /run/cups/cups.sock)"
}

@test "security-key: the nodes that security keys have, with the option alone, and no camera" {
	only_with security-key sh -c 'head -c 3 /dev/hidraw0 > /dev/null 2>&1 || exit 1'
	gives 0 here "$BAILEY" run -p "$PROFILE" --with security-key sh -c '[ -c /dev/hidraw0 ] && [ ! -e /dev/video0 ]'
}

@test "webcam: the cameras, with the option alone, and no security key" {
	only_with webcam sh -c 'head -c 3 /dev/video0 > /dev/null 2>&1 || exit 1'
	gives 0 here "$BAILEY" run -p "$PROFILE" --with webcam sh -c '[ -c /dev/video0 ] && [ ! -e /dev/hidraw0 ]'
	gives 0 here "$BAILEY" explain --with webcam "$PROFILE"
	has "$output" /dev/video0
}

@test "the graphics card is there with the switch alone" {
	local p
	p=$(profile plain < /dev/null)
	gives 1 here "$BAILEY" run -p "$p" test -e /dev/dri
	gives 0 here "$BAILEY" run -p "$p" --set devices.gpu=true sh -c 'head -c 3 /dev/dri/renderD128 > /dev/null && [ ! -e /dev/video0 ]'
	gives 0 here "$BAILEY" run -p "$PROFILE" test -c /dev/dri/renderD128
	gives 1 here "$BAILEY" run -p "$PROFILE" --set devices.gpu=false test -e /dev/dri
}

@test "how programs are to look is read inside, by those with a window, and changed by none" {
	local name names=(.themes/t/index.theme .icons/i/cursors/left_ptr .config/gtk-3.0/settings.ini .config/kdeglobals .fonts/a.ttf .config/fontconfig/fonts.conf)
	export HOME=$WORK/home
	mkdir "$HOME"
	unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
	for name in "${names[@]}"; do
		mkdir -p "$HOME/${name%/*}"
		echo "$name" > "$HOME/$name"
		gives 0 "$BAILEY" run -p "$PROFILE" cat "$HOME/$name"
		is "$output" "$name"
		gives 2 "$BAILEY" run -p "$PROFILE" sh -c 'echo changed > "$1"' sh "$HOME/$name"
		has "$output" 'Read-only file system'
		is "$(cat "$HOME/$name")" "$name"
		gives 1 "$BAILEY" run -p shell cat "$HOME/$name"
	done
}

@test "where nothing of it is plugged in or runs, each option starts the program nevertheless" {
	local option
	for option in printing smart-card security-key webcam; do
		gives 0 "$BAILEY" run -p "$PROFILE" --with "$option" true
	done
}
