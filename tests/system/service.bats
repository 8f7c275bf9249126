#!/usr/bin/env bats
# Under a service manager: readiness (sd_notify), the profile's own command, the unit files.
load lib
load running

prepare() {
	need userns python3
	own_runtime
}

# told SOCKET OPTIONS...: what a manager with that socket is told by bailey, whose process it is, and bailey's status.
told() {
	python3 - "$BAILEY" "$@" << 'END'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[2]
s.bind(name.replace("@", "\0", 1))
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.settimeout(5)
p = subprocess.Popen([sys.argv[1], "run", *sys.argv[3:]], env={**os.environ, "NOTIFY_SOCKET": name})
while True:
    try:
        text, control, _, _ = s.recvmsg(1000, 1000)
    except socket.timeout:
        break
    pid = int.from_bytes(control[0][2][:4], "little")
    print(text.decode(), pid == p.pid, flush=True)
    if text == b"READY=1":
        s.settimeout(10)
    if text == b"STOPPING=1":
        break
print(p.wait())
END
}

@test "the manager is told when the program was executed, and when it ends" {
	is "$(told "$WORK/notify" -p shell sh -c 'exit 3')" $'READY=1 True\nSTOPPING=1 True\n3'
	is "$(told "@bailey-test-$$" -p shell true)" $'READY=1 True\nSTOPPING=1 True\n0'
}
@test "nothing is told of a program that cannot be started" {
	is "$(told "$WORK/notify" -p shell --fd 77 true 2> /dev/null)" 125
}
@test "a program that is given the socket tells for itself; others do not see the variable" {
	# What the program writes may come before or after what the manager is told.
	is "$(told "$WORK/one" -p shell sh -c 'echo "${NOTIFY_SOCKET-none}"' | sort)" $'0\nREADY=1 True\nSTOPPING=1 True\nnone'
	is "$(told "$WORK/three" -p shell --set 'environment.keep=NOTIFY_SOCKET' sh -c 'echo "$NOTIFY_SOCKET"')" "$WORK/three"$'\n0'
}
@test "a profile names its command; else it is the first of its programs" {
	local p
	p=$(profile own << 'END'
inherit = [ "shell" ];
process = { command = [ "sh", "-c", "echo \"$0 $1\"", "two words", "$HOME" ]; };
END
	)
	sed -i '1d' "$p"
	is "$("$BAILEY" run -p "$p")" 'two words $HOME'
	is "$("$BAILEY" run -p "$p" echo other)" other
	is "$("$BAILEY" -p "$p")" 'two words $HOME'
	has "$("$BAILEY" explain "$p")" "command"
	p=$(printf 'inherit = [ "shell" ];\nprograms = [ "true", "false" ];\n' | profile first)
	sed -i '1d' "$p"
	gives 0 "$BAILEY" run -p "$p"
	p=$(echo 'inherit = [ "shell" ];' | profile none)
	sed -i '1d' "$p"
	gives 2 "$BAILEY" run -p "$p"
	has "$output" "which program?" "process.command"
	gives 2 "$BAILEY" run
	has "$output" "which program?"
	p=$(printf 'inherit = [ "shell" ];\nprocess = { command = [ "no-such-program" ]; };\n' | profile absent)
	sed -i '1d' "$p"
	gives 127 "$BAILEY" run -p "$p"
}
@test "systemd finds nothing wrong with the units" {
	need systemd-analyze make gcc pkg-config
	gives 0 make -s -C "$TREE" BUILD="$(basename "$(dirname "$BAILEY")")" install DESTDIR="$WORK/image" PREFIX=/usr
	mkdir units
	sed "s|/usr/bin/bailey|$BAILEY|" "image/usr/lib/systemd/user/bailey@.service" > units/bailey@.service
	cp units/bailey@.service units/bailey@shell.service
	attempt systemd-analyze verify --man=no units/bailey@shell.service
	is "$output" ""
}
