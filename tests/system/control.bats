#!/usr/bin/env bats
# The control socket of a running sandbox, which other bailey commands use.
load lib
load running

prepare() {
	need userns python3
	own_runtime
	SOCKET=$XDG_RUNTIME_DIR/bailey/web/control
}

# ask KIND: prints kind, value and number of the answer, or "closed".
ASK='import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
os.chdir(os.path.dirname(sys.argv[1]))
s.connect("control")
s.send(struct.pack("=IiQ", int(sys.argv[2]), 0, 0))
print("asked", file=sys.stderr, flush=True)
m = s.recv(9999)
print(*struct.unpack("=IiQ", m[:16]), flush=True) if m else print("closed", flush=True)'
ask() { python3 -c "$ASK" "$SOCKET" "$1"; }
launch() {
	"$BAILEY" run -p shell --name web "$@" < /dev/null 2>&1 3>&- &
	launcher=$!
	end_later "$launcher"
	eventually 10 test -S "$SOCKET"
}

@test "a command that waits gets the exit status, and the signal" {
	launch sleep 100
	ask 1 > waits 2> asked 3>&- &
	local waiting=$!
	end_later "$waiting"
	eventually 10 grep -q asked asked
	kill "$launcher"
	wait "$launcher" || true
	wait "$waiting"
	is "$(cat waits)" "1 143 15"
}
@test "what a launcher does not know it refuses" {
	launch sleep 100
	has "$(ask 4000000 2>&1)" "0 38 "
	# It goes on, whatever it was sent.
	python3 -c 'import os, socket, sys
os.chdir(os.path.dirname(sys.argv[1]))
s = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for i in range(60)]
for x in s[:40]:
    x.connect("control")
    try: x.send(os.urandom(1 + len(s) * 300))
    except OSError: pass
del s' "$SOCKET"
	eventually 8 sh -c 'python3 -c "$1" "$2" 77 | grep -q "^0 38"' - "$ASK" "$SOCKET"
	gives 0 "$BAILEY" list
	has "$output" "web"
}
@test "the socket is the user's, is not seen inside, and goes with the sandbox" {
	launch sleep 100
	is "$(stat -c '%a %u' "$SOCKET")" "600 $(id -u)"
	attempt "$BAILEY" run -p shell --rw "$XDG_RUNTIME_DIR" test -e "$SOCKET"
	is "$status" 1
	kill "$launcher"
	wait "$launcher" || true
	[ ! -e "$XDG_RUNTIME_DIR/bailey/web" ]
}
