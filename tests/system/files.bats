#!/usr/bin/env bats
# The file tree inside: what is granted is there, in the way it is granted, and nothing else.
load lib

prepare() { need userns; }

@test "only what is granted is there" {
	gives 0 "$BAILEY" run -p shell sh -c 'ls /'
	lacks " ${output//$'\n'/ } " " root " " boot " " srv " " mnt " " media " " sys "
	gives 0 sh -c 'ls /'
	has "$output" root boot
}
@test "--ro: read, not changed; --rw: changed on the host" {
	mkdir r w
	echo old > r/f
	gives 0 "$BAILEY" run -p shell --ro r --rw w sh -c "cat $WORK/r/f; echo x > $WORK/w/f; echo x > $WORK/r/f || echo refused; rm $WORK/r/f || echo refused"
	has "$output" old refused
	is "$(cat r/f)" old
	is "$(cat w/f)" x
}
@test "read-only goes down into what is mounted below" {
	mkdir -p tree/sub
	# The mount needs a privilege, which a user namespace gives; bailey then runs without it.
	gives 0 unshare -Umc --keep-caps sh -c "mount -t tmpfs none tree/sub && echo below > tree/sub/f &&
		exec setpriv --ambient-caps -all --inh-caps -all --bounding-set -all '$BAILEY' run -p shell --ro tree sh -c 'cat $WORK/tree/sub/f; touch $WORK/tree/sub/new || true'"
	has "$output" below "Read-only file system"
	# Read-write reaches down as well, so the file system below is the one that refused.
	gives 0 unshare -Umc --keep-caps sh -c "mount -t tmpfs none tree/sub &&
		exec setpriv --ambient-caps -all --inh-caps -all --bounding-set -all '$BAILEY' run -p shell --rw tree touch $WORK/tree/sub/new"
}
@test "the deepest path wins, whatever the order" {
	mkdir -p a/b/c
	local conf
	conf=$(profile depth << END
filesystem = { read_only = [ "$WORK/a/b" ]; read_write = [ "$WORK/a/b/c", "$WORK/a" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c "touch $WORK/a/1; touch $WORK/a/b/2 || echo refused; touch $WORK/a/b/c/3"
	has "$output" refused
	[ -e a/1 ] && [ ! -e a/b/2 ] && [ -e a/b/c/3 ]
}
@test "hide: a directory is empty or absent, a file cannot be read" {
	mkdir -p a/hidden
	echo secret > a/hidden/f
	echo secret > a/file
	echo open > a/open
	local conf
	conf=$(profile hide << END
filesystem = { read_write = [ "$WORK/a" ]; hide = [ "$WORK/a/hidden", "$WORK/a/file", "-$WORK/a/none" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c "cat $WORK/a/open; cat $WORK/a/hidden/f $WORK/a/file; ls $WORK/a/hidden; true"
	lacks "$output" secret
	has "$output" open
}
@test "hide cannot be walked around by renaming what is above, inside or outside" {
	mkdir -p a/b/hidden
	echo secret > a/b/hidden/f
	local conf
	conf=$(profile hide << END
filesystem = { read_write = [ "$WORK/a" ]; hide = [ "$WORK/a/b/hidden" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c "mv $WORK/a/b $WORK/a/c 2> /dev/null; cat $WORK/a/c/hidden/f $WORK/a/b/hidden/f; true"
	lacks "$output" secret
	# The host renames while the sandbox runs.
	"$BAILEY" run -p "$conf" sh -c "echo up; read line; cat $WORK/a/*/hidden/f $WORK/a/*/*/f; true" < <(
		eventually 10 test -s log
		mv a/b/hidden a/b/was
		mkdir a/b/hidden
		echo go
	) > log 2>&1
	has "$(cat log)" up
	lacks "$(cat log)" secret
}
@test "create: made on the host with mode 0700, parents too, and granted" {
	local conf
	conf=$(profile create << END
filesystem = { create = [ "$WORK/new/deep" ]; read_write = [ "$WORK/new/deep" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c "echo x > $WORK/new/deep/f"
	is "$(cat new/deep/f)" x
	is "$(stat -c %a new/deep)" 700
	chmod 755 new/deep
	gives 0 "$BAILEY" run -p "$conf" true
	is "$(stat -c %a new/deep)" 755
}
@test "an absent path is an error with its line, or nothing with a '-'" {
	local conf
	conf=$(profile absent << END
filesystem = { read_only = [ "$WORK/none" ]; };
END
	)
	run "$BAILEY" run -p "$conf" true
	[ "$status" -eq 2 ] || [ "$status" -eq 125 ]
	has "$output" "absent.conf:2" "$WORK/none"
	conf=$(profile optional << END
filesystem = { read_only = [ "-$WORK/none" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" true
}
@test "binds: another name, a mode, without execution" {
	mkdir from
	cp /bin/true from/program
	local conf
	conf=$(profile binds << END
filesystem = { binds = (
  { from = "$WORK/from"; to = "/work/rw"; mode = "read_write"; },
  { from = "$WORK/from"; to = "/work/ro"; },
  { from = "$WORK/from"; to = "/work/noexec"; exec = false; },
  { from = "$WORK/none"; to = "/work/none"; optional = true; }
); };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c 'touch /work/rw/made; touch /work/ro/x; /work/ro/program && echo ran; /work/noexec/program || echo "did not run"; ls /work'
	has "$output" "Read-only file system" ran "did not run" noexec
	lacks "$output" none
	[ -e from/made ] && [ ! -e from/x ]
}
@test "one file, bound" {
	echo content > file
	gives 0 "$BAILEY" run -p shell --rw file sh -c "cat $WORK/file; echo changed > $WORK/file; ls $WORK"
	is "$output" $'content\nfile'
	is "$(cat file)" changed
}
@test "tmpfs: size, mode, without execution" {
	local conf
	conf=$(profile tmpfs << 'END'
filesystem = { tmpfs = ( { path = "/scratch"; size = "1M"; mode = "0750"; exec = false; } ); };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c 'stat -c %a /scratch; head -c 2000000 /dev/zero > /scratch/big; stat -c %s /scratch/big
		rm /scratch/big; cp /bin/true /scratch/; /scratch/true || echo "did not run"'
	is "${lines[0]}" 750
	has "$output" "No space left" 1048576 "did not run"
}
@test "/tmp is the sandbox's own, mode 1777" {
	echo host > "/tmp/bailey-test-$$"
	run "$BAILEY" run -p shell sh -c "stat -c %a /tmp; ls -A /tmp; echo x > /tmp/inside-$$"
	rm "/tmp/bailey-test-$$"
	is "$output" 1777
	[ ! -e "/tmp/inside-$$" ]
}
@test "a private home is gone at the end, a persistent one is kept for its profile" {
	gives 0 "$BAILEY" run -p shell sh -c 'echo x > ~/f; ls ~'
	is "$output" f
	[ ! -e ~/f ]
	gives 0 "$BAILEY" run -p shell ls ~
	is "$output" ""
	export XDG_DATA_HOME=$WORK/data XDG_STATE_HOME=$WORK/state
	gives 0 "$BAILEY" run -p shell --set filesystem.home=persistent sh -c 'echo kept > ~/f'
	gives 0 "$BAILEY" run -p shell --set filesystem.home=persistent sh -c 'cat ~/f'
	is "$output" kept
	gives 1 "$BAILEY" run -p default --set filesystem.home=persistent cat "$HOME/f"
	[ ! -e ~/f ]
}
@test "the host's home: without what would let the program out" {
	mkdir -p ~/.config/autostart ~/.config/systemd/user ~/.local/bin ~/.ssh ~/.config/bailey/profiles ~/.config/plain
	echo '# rc' > ~/.bashrc
	echo mine > ~/document
	gives 0 "$BAILEY" run -p shell --set filesystem.home=host sh -c '
		cat ~/document; echo changed > ~/document; echo x > ~/.config/plain/f
		for f in ~/.bashrc ~/.profile ~/.config/autostart/x ~/.config/systemd/user/x ~/.local/bin/x ~/.config/bailey/profiles/shell.conf ~/.cache/bailey/filters/x; do
			mkdir -p "$(dirname "$f")"; echo evil >> "$f"; done 2> /dev/null
		mv ~/.config ~/.was 2> /dev/null; mkdir -p ~/.config/autostart ~/.config/bailey/profiles 2> /dev/null
		echo evil > ~/.config/autostart/y; echo evil > ~/.config/bailey/profiles/y.conf; true'
	has "$output" mine
	is "$(cat ~/document)" changed
	is "$(cat ~/.bashrc)" "# rc"
	run grep -rls evil ~/.bashrc ~/.profile ~/.config ~/.local/bin ~/.cache/bailey
	is "$output" ""
	is "$(cat ~/.config/plain/f)" x
	[ -d ~/.config/autostart ]
	rm -rf ~/.config/autostart ~/.config/systemd ~/.config/plain ~/.config/bailey ~/document
}
@test "variables and globs in paths" {
	mkdir many
	touch many/a.txt many/b.txt many/c.bin
	local conf
	conf=$(profile globs << 'END'
filesystem = { read_only = [ "${CWD}/many/*.txt" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c "ls $WORK/many"
	is "$output" $'a.txt\nb.txt'
}
@test "a socket of the host in a granted directory" {
	python3 -c 'import socket
s = socket.socket(socket.AF_UNIX); s.bind("sock"); s.listen(); print("up", flush=True)
while True: s.accept()[0].sendall(b"hello")' > up &
	end_later $!
	eventually 5 test -s up
	gives 0 "$BAILEY" run -p shell --ro . python3 -c "import socket
s = socket.socket(socket.AF_UNIX); s.connect('$WORK/sock'); print(s.recv(9).decode())"
	is "$output" hello
}
@test "devices: the usual ones work" {
	gives 0 "$BAILEY" run -p shell sh -c 'echo x > /dev/null; head -c 4 /dev/zero | od -An -tx1; head -c 9 /dev/urandom | wc -c; echo x > /dev/full || echo full; ls -d /dev/pts /dev/shm; echo x > /dev/shm/f && cat /dev/shm/f; readlink /dev/stdin'
	has "$output" "00 00 00 00" 9 full /dev/pts /dev/shm /proc/self/fd/0
}
@test "devices.nodes: a node of the host" {
	[ -c /dev/kmsg ] || skip "this machine has no /dev/kmsg"
	gives 0 "$BAILEY" run -p shell sh -c '[ ! -e /dev/kmsg ]'
	gives 0 "$BAILEY" run -p shell --set devices.nodes=/dev/kmsg sh -c '[ -c /dev/kmsg ]'
}
@test "devices: a switch gives its nodes and no others; a class this machine does not have gives none" {
	local here=()
	mapfile -t here < <(cd /dev && ls -d fuse kvm net snd dri 2> /dev/null)
	[ -c /dev/fuse ] || skip "this machine has no /dev/fuse"
	gives 0 "$BAILEY" run -p shell sh -c 'cd /dev && ls -d fuse kvm net snd dri video* input 2> /dev/null | wc -l'
	is "$output" 0
	gives 0 "$BAILEY" run -p shell --set devices.fuse=true sh -c 'cd /dev && ls -d fuse kvm net snd dri video* input 2> /dev/null; [ -c fuse ]'
	is "$output" fuse
	gives 0 "$BAILEY" run -p shell --set devices.fuse=true --set devices.fuse=false sh -c '[ ! -e /dev/fuse ]'
	local all=() class
	for class in gpu compute audio camera input security_key usb kvm serial printers tun fuse; do
		all+=(--set "devices.$class=true")
	done
	gives 0 "$BAILEY" run -p shell "${all[@]}" sh -c 'cd /dev && ls -d fuse kvm net snd dri 2> /dev/null; true'
	is "$output" "$(printf '%s\n' "${here[@]}")"
}
@test "devices: nodes keep the host's permissions" {
	[ -c /dev/kvm ] && [ ! -r /dev/kvm ] || skip "this user may open /dev/kvm, or there is none"
	gives 0 "$BAILEY" run -p shell --set devices.kvm=true sh -c '[ -c /dev/kvm ] && [ ! -r /dev/kvm ]'
}
@test "devices: what is no switch is an error with the accepted values" {
	gives 2 "$BAILEY" run -p shell --set devices.camera=on true
	has "$output" devices.camera
	gives 2 "$BAILEY" run -p shell --set devices.camara=true true
	has "$output" 'did you mean "devices.camera"'
}
@test "devices.shm_size: what /dev/shm may hold" {
	gives 0 "$BAILEY" run -p shell --set devices.shm_size=1M sh -c 'head -c 3000000 /dev/zero > /dev/shm/big; stat -c %s /dev/shm/big; stat -c %a /dev/shm'
	has "$output" "No space left" 1048576 1777
	gives 0 "$BAILEY" run -p shell sh -c 'head -c 3000000 /dev/zero > /dev/shm/big && stat -c %s /dev/shm/big'
	is "$output" 3000000
}
@test "shared memory and message queues of its own" {
	gives 0 "$BAILEY" run -p shell python3 -c 'from multiprocessing import shared_memory
m = shared_memory.SharedMemory(create=True, size=100); m.buf[0] = 1; m.close(); m.unlink(); print("works")'
	is "$output" works
}
@test "/dev/mqueue: message queues of its own, shown as files" {
	cat > queue.py << 'END'
import ctypes, os, sys
rt = ctypes.CDLL("librt.so.1", use_errno=True)
name = sys.argv[2].encode()
flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if sys.argv[1] == "make" else 0)
if sys.argv[1] == "remove":
    sys.exit(rt.mq_unlink(name) != 0)
queue = rt.mq_open(name, flags, 0o600, None)
if queue < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print("open", *os.listdir("/dev/mqueue") if len(sys.argv) > 3 else "")
END
	local name=/bailey-test-$$
	python3 queue.py make "$name" || skip "this machine makes no message queues"
	attempt "$BAILEY" run -p shell --ro queue.py sh -c "python3 $WORK/queue.py open $name; ls -A /dev/mqueue; python3 $WORK/queue.py make $name show"
	local seen=$output
	gives 0 python3 queue.py open "$name"
	gives 0 python3 queue.py remove "$name"
	is "$seen" "No such file or directory
open ${name#/}"
}
@test "/dev/pts: pseudo terminals of its own, and none of the host's" {
	# shellcheck disable=SC2016 # for the shell inside
	local ask='ls /dev/pts; python3 -c "import os
a, b = os.openpty(); print(os.ttyname(b)); os.write(a, b\"through\n\"); print(os.read(b, 20))"; stat -c "%a %F" /dev/ptmx -L'
	gives 0 "$BAILEY" run -p shell sh -c "$ask"
	is "$output" $'ptmx\n/dev/pts/0\nb\'through\\n\'\n666 character special file'
	# With a terminal of the host open, that one is not among them.
	gives 0 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" run -p shell ls /dev/pts < /dev/null
	is "${output//$'\r'/}" ptmx
	gives 0 python3 "$SYSTEM/on-a-terminal.py" ls /dev/pts < /dev/null
	[ "${output//$'\r'/}" != ptmx ]
}
@test "devices: explain shows the class, its nodes and the line; inside they have the host's type, number, mode and owner" {
	[ -c /dev/fuse ] || skip "this machine has no /dev/fuse"
	local conf
	conf=$(profile classes << 'END'
devices = { fuse = true;
            nodes = [ "/dev/fuse", "-/dev/loop-control" ]; };
END
	)
	gives 0 "$BAILEY" explain "$conf"
	has "$output" /dev/fuse device "classes.conf:"
	gives 0 "$BAILEY" run -p "$conf" stat -c '%F %t,%T %a' /dev/fuse /dev/null
	local inside=$output
	gives 0 stat -c '%F %t,%T %a' /dev/fuse /dev/null
	is "$inside" "$output"
	# A node made in a directory that is granted is none: only what devices names works as a device.
	gives 0 "$BAILEY" run -p shell --rw . sh -c 'mknod n c 1 3 2>&1; true'
	has "$output" "Operation not permitted"
	gives 2 "$BAILEY" run -p shell --ro /dev/fuse sh -c 'exec 3<> /dev/fuse'
	gives 0 "$BAILEY" run -p shell --ro /dev/fuse stat -c %F /dev/fuse
}
