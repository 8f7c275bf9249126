#!/usr/bin/env bats
# The second wall: what Landlock keeps when something else does not, each beside the same attempt with landlock.use = "off"; and
# that it stands in nobody's way.
load lib

prepare() { need userns landlock; }

shell() { "$BAILEY" run -p shell "$@"; }
without() { shell --set landlock.use=off "$@"; }

# ---- descriptors that lead out ----

@test "a redirected file is opened again for what it was passed on for, not for writing" {
	local again='cat /proc/self/fd/0; echo overwritten > /proc/self/fd/0'
	echo given > file
	attempt shell sh -c "$again" < file
	is "${lines[0]}" given
	has "$output" "Permission denied"
	is "$(cat file)" given
	# Truncation is a change too.
	attempt shell python3 -c 'import os; os.truncate("/proc/self/fd/0", 0)' < file
	has "$output" "Permission denied"
	is "$(cat file)" given
	attempt without sh -c "$again" < file
	is "$(cat file)" overwritten
}
@test "what is passed on for writing can be opened again for writing, and for reading only when it is open for that too" {
	shell sh -c 'echo one; echo two > /dev/stdout; echo three >> /proc/self/fd/1' > file
	is "$(cat file)" $'two\nthree'
	shell sh -c 'echo more > /dev/stderr' 2> file
	is "$(cat file)" more
	shell sh -c 'echo nothing > /dev/stderr' 2> /dev/null
	attempt sh -c "'$BAILEY' run -p shell cat /dev/stdout > file"
	has "$output" "Permission denied"
	echo both > file
	shell --fd 7 sh -c 'read -r x < /dev/fd/7; echo "$x" again > /dev/fd/7' 7<> file
	is "$(cat file)" "both again"
}
@test "standard input can be opened by its name, whatever it is" {
	echo file > file
	is "$(shell cat /dev/stdin < file)" file
	is "$(echo pipe | shell cat /dev/stdin)" pipe
	is "$(shell cat /dev/stdin <<< "here string")" "here string"
	is "$(shell cat /dev/stdin <<- 'END'
		here document
	END
	)" "here document"
	is "$(shell wc -c /dev/stdin < /dev/null)" "0 /dev/stdin"
	mkfifo fifo
	{ echo fifo && exec sleep 100; } > fifo &
	end_later $!
	is "$(shell head -n 1 /dev/stdin < fifo)" fifo
	gives 0 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" run -p shell sh -c 'echo on the terminal > /dev/stderr; stty -F /dev/stdin size > /dev/null && echo sized'
	has "$output" "on the terminal" sized
}

# A directory of the host that comes in through a socket: bailey refuses it on the command line, but not what a service sends.
DIRECTORY='import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
_, fds, _, _ = socket.recv_fds(s, 10, 1)
try: print(os.read(os.open("secret", os.O_RDONLY, dir_fd=fds[0]), 20).decode().strip())
except OSError as e: print("read", e.strerror)
try: print(len(os.listdir(os.open(".", os.O_RDONLY, dir_fd=fds[0]))), "names")
except OSError as e: print("list", e.strerror)
try: os.close(os.open("planted", os.O_WRONLY | os.O_CREAT, dir_fd=fds[0])); print("planted")
except OSError as e: print("plant", e.strerror)
try: os.unlink("victim", dir_fd=fds[0]); print("removed")
except OSError as e: print("remove", e.strerror)
try: os.mkdir("made", dir_fd=fds[0]); print("made")
except OSError as e: print("make", e.strerror)'
@test "a directory of the host that a service hands out leads nowhere" {
	mkdir granted outside
	echo hidden > outside/secret
	touch outside/victim
	python3 -c 'import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("granted/socket")
s.listen()
fd = os.open("outside", os.O_RDONLY | os.O_DIRECTORY)
while True: socket.send_fds(s.accept()[0], [b"x"], [fd])' &
	end_later $!
	eventually 5 test -S granted/socket
	gives 0 shell --rw "$WORK/granted" python3 -c "$DIRECTORY" "$WORK/granted/socket"
	is "$output" $'read Permission denied\nlist Permission denied\nplant Permission denied\nremove Permission denied\nmake Permission denied'
	is "$(ls outside)" $'secret\nvictim'
	gives 0 without --rw "$WORK/granted" python3 -c "$DIRECTORY" "$WORK/granted/socket"
	is "$output" $'hidden\n2 names\nplanted\nremoved\nmade'
}

# ---- signals and sockets ----

@test "a process outside of the program's domain gets no signal: pid 1" {
	gives 1 shell --set process.enter=false sh -c 'kill -TERM 1'
	has "$output" "not permitted"
	# Where commands may enter, pid 1 is in the domain; as pid 1 it takes none either.
	gives 5 shell sh -c 'kill -TERM 1; kill -KILL 1; kill -STOP 1; exit 5'
	gives 0 without sh -c 'kill -TERM 1'
}
@test "signals among the program's own processes work" {
	gives 0 shell bash -c 'sleep 100 & kill -STOP $!; kill -CONT $!; kill $!; wait $!; [ $? -eq 143 ] && (sleep 100 & kill -KILL $!; ! wait $!)'
	gives 0 shell python3 -c 'import os, signal, subprocess
p = subprocess.Popen(["sleep", "100"], start_new_session=True)
os.killpg(p.pid, signal.SIGTERM)
print(p.wait())'
	is "$output" -15
	gives 7 shell bash -c 'trap "exit 7" TERM; (kill -TERM $$); sleep 5'
}

# abstract NAME: a socket of that name that says "up" in a file.
abstract() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind("\0" + sys.argv[1])
s.listen()
print("up", flush=True)
while True: s.accept()[0].close()' "$1" > up &
	end_later $!
	eventually 5 test -s up
}
CONNECT='import socket, sys; socket.socket(socket.AF_UNIX).connect("\0" + sys.argv[1])'

@test "on the host's network, abstract sockets of the host are out of reach" {
	abstract "bailey-test-$$"
	local net="--set network.mode=host"
	# shellcheck disable=SC2086 # two words
	{
		gives 1 shell $net python3 -c "$CONNECT" "bailey-test-$$"
		has "$output" "Operation not permitted"
		gives 1 shell $net --set network.abstract_sockets=own python3 -c "$CONNECT" "bailey-test-$$"
		gives 0 shell $net --set network.abstract_sockets=host python3 -c "$CONNECT" "bailey-test-$$"
		gives 0 without $net python3 -c "$CONNECT" "bailey-test-$$"
		# And so are datagrams.
		gives 0 shell $net python3 -c 'import socket
a, b = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
a.bind("\0bailey-inner-test"); a.listen(); b.connect("\0bailey-inner-test"); print("its own work")'
		is "$output" "its own work"
		gives 2 without $net --set network.abstract_sockets=own true
		has "$output" 'landlock.use is "off"'
	}
}
@test "under namespaces.user = nested signals and sockets are ruled, and mounting works" {
	local nested="--set namespaces.user=nested --set syscalls.allow=@sandbox"
	abstract "bailey-test-$$"
	# shellcheck disable=SC2086 # words
	{
		gives 1 shell $nested --set network.mode=host python3 -c "$CONNECT" "bailey-test-$$"
		gives 1 shell $nested --set process.enter=false sh -c 'kill -TERM 1'
		gives 0 shell $nested unshare -U -r -m sh -c 'mount -t tmpfs none /tmp && touch /tmp/x && ls /tmp'
		is "$output" x
	}
}

# ---- TCP ----

# Tries each way to the port, one line each.
WAYS='import socket, sys
def way(name, f):
    try: f(); print(name, "works")
    except OSError as e: print(name, e.strerror)
to = ("127.0.0.1", int(sys.argv[1]))
way("connect", lambda: socket.create_connection(to, 5))
way("fast open", lambda: socket.socket().sendto(b"x", 0x20000000, to))
way("fast open, sendmsg", lambda: socket.socket().sendmsg([b"x"], [], 0x20000000, to))
way("mptcp", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).connect(to))
way("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(to))
way("bind", lambda: socket.socket().bind(("127.0.0.1", 0)))'

@test "network.tcp_connect and tcp_bind: these ports and no detour to others" {
	python3 -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*[s.getsockname()[1] for s in sockets], flush=True)
import time; time.sleep(1000)' > ports &
	end_later $!
	eventually 5 test -s ports
	read -r good bad < ports
	local conf
	conf=$(profile tcp <<- END
		network = { mode = "host"; tcp_connect = [ $good, 1 ]; tcp_bind = [ "none" ]; };
		syscalls = { allow = [ "@default", "@network" ]; };
	END
	)
	gives 0 "$BAILEY" run -p "$conf" python3 -c "$WAYS" "$good"
	has "$output" "connect works" "bind Permission denied" "udp works"
	gives 0 "$BAILEY" run -p "$conf" python3 -c "$WAYS" "$bad"
	has "$output" "connect Permission denied" "fast open Operation not permitted" "fast open, sendmsg Operation not permitted" \
		"mptcp Operation not permitted" "udp works" "bind Permission denied"
	# What the detours are without the limits: so the lines above can fail.
	gives 0 shell --set network.mode=host --set syscalls.allow=@network python3 -c "$WAYS" "$bad"
	lacks "$output" "Permission denied" "not permitted"
	has "$output" "connect works" "fast open works" "bind works"
	conf=$(profile bind <<< 'network = { tcp_bind = [ 8765 ]; };')
	gives 0 "$BAILEY" run -p "$conf" python3 -c 'import socket
socket.socket().bind(("127.0.0.1", 8765))
try: socket.socket().bind(("127.0.0.1", 8766))
except PermissionError: print("one port")'
	is "$output" "one port"
}

# ---- in nobody's way ----

@test "what can be done with files is the same with and without" {
	mkdir rw ro
	echo text > ro/file
	cp /bin/true ro/program
	ln -s ro/file link
	cat > work.py <<- 'END'
		import ctypes, mmap, os, socket, sys
		rw, ro = sys.argv[1:]
		libc = ctypes.CDLL(None, use_errno=True)
		def way(name, f):
		    try:
		        r = f()
		        print(name, r if r is not None else "works")
		    except OSError as e: print(name, e.strerror)
		def write(path, mode="w"):
		    with open(path, mode) as f: f.write("x")
		for top in (rw, os.environ["HOME"], "/tmp", "/dev/shm"):
		    at = lambda *names: os.path.join(top, *names)
		    way("mkdir", lambda: os.makedirs(at("a/b/c")))
		    way("mkdir", lambda: os.mkdir(at("d")))
		    way("write", lambda: write(at("a/f")))
		    way("append", lambda: write(at("a/f"), "a"))
		    way("rename over", lambda: (write(at("a/new")), os.replace(at("a/new"), at("a/f")))[1])
		    way("rename up", lambda: os.rename(at("a/f"), at("d/f")))
		    way("link", lambda: os.link(at("d/f"), at("a/b/g")))
		    way("move directory", lambda: os.rename(at("a/b"), at("d/b")))
		    way("truncate", lambda: os.truncate(at("d/f"), 0))
		    way("symlink", lambda: os.symlink("f", at("d/s")))
		    way("fifo", lambda: os.mkfifo(at("d/p")))
		    way("socket", lambda: socket.socket(socket.AF_UNIX).bind(at("d/q")))
		    way("whiteout", lambda: os.mknod(at("d/w"), 0o020000, 0))
		    def nameless():
		        fd = os.open(top, os.O_TMPFILE | os.O_RDWR)
		        os.write(fd, b"x")
		        name = b"/proc/self/fd/%d" % fd
		        if libc.linkat(-100, name, -100, at("d/t").encode(), 0x400) != 0:
		            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
		    way("nameless", nameless)
		    def exchange():
		        if libc.renameat2(-100, at("d/f").encode(), -100, at("a").encode(), 2) != 0:
		            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
		    way("exchange", exchange)
		    def program():
		        with open("/bin/true", "rb") as f, open(at("program"), "wb") as g: g.write(f.read())
		        os.chmod(at("program"), 0o755)
		        return os.spawnv(os.P_WAIT, at("program"), ["program"])
		    way("execute", program)
		    way("remove", lambda: (os.unlink(at("d/s")), os.rmdir(at("d/b/c")))[1])
		way("read", lambda: open(ro + "/file").read())
		way("list", lambda: sorted(os.listdir(ro)))
		way("execute", lambda: os.spawnv(os.P_WAIT, ro + "/program", ["program"]))
		way("write read-only", lambda: write(ro + "/file"))
		way("make read-only", lambda: write(ro + "/new"))
		way("unlink read-only", lambda: os.unlink(ro + "/file"))
		way("move out", lambda: os.rename(ro + "/file", rw + "/file"))
		way("null", lambda: write("/dev/null"))
		way("zero", lambda: open("/dev/zero", "rb").read(1))
		way("proc", lambda: write("/proc/self/comm"))
		way("score", lambda: open("/proc/self/oom_score_adj", "w").write("500"))
		way("pty", lambda: os.close(os.openpty()[0]))
		def memory():
		    fd = os.memfd_create("m")
		    os.write(fd, b"x")
		    again = os.open("/proc/self/fd/%d" % fd, os.O_RDWR)
		    return mmap.mmap(again, 1)[0]
		way("memory", memory)
		way("etc", lambda: write("/etc/x"))
		way("usr", lambda: write("/usr/x"))
		way("root", lambda: write("/x"))
		way("dev", lambda: write("/dev/x"))
	END
	for how in auto off; do
		rm -rf rw/*
		gives 0 shell --set "landlock.use=$how" --rw "$WORK/rw" --ro "$WORK/ro" --ro "$WORK/work.py" python3 "$WORK/work.py" "$WORK/rw" "$WORK/ro"
		is "$status" 0
		echo "$output" > "$how"
	done
	diff auto off
	has "$(cat auto)" "rename up works" "link works" "nameless works" "exchange works" "execute 0" "usr Read-only file system"
}
@test "an overlay, a root of its own and a rebuilt directory can be changed as without" {
	mkdir -p lower/a lower/b granted/keep granted/open
	echo text > lower/a/file
	local conf
	conf=$(profile layers <<- END
		filesystem = {
		  overlay    = ( { path = "$WORK/lower"; } );
		  read_write = [ "$WORK/granted" ];
		  hide       = [ "$WORK/granted/keep" ];
		};
	END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -ec "cd '$WORK/lower'; mv a/file b/moved; echo more >> b/moved; rm -r a; ls; cat b/moved
		cd '$WORK/granted/open'; mkdir x y; echo z > x/z; mv x/z y/; ls"
	is "$output" $'b\ntext\nmore\nx\ny'
	is "$(cat granted/open/y/z lower/a/file)" $'z\ntext'
	need busybox
	mkdir -p root/bin root/tmp
	cp "$(command -v busybox)" root/bin/busybox
	ln -s busybox root/bin/sh
	gives 0 "$BAILEY" run --root "$WORK/root" /bin/sh -c 'busybox mkdir /x /y && echo new > /x/f && busybox mv /x/f /y/f && busybox cat /y/f && echo > /dev/null && echo done'
	is "$output" $'new\ndone'
	is "$(ls root)" $'bin\ntmp'
}
@test "a place where nothing may be executed, and the others where it may" {
	mkdir no yes
	cp /bin/true no/program
	cp /bin/true yes/program
	local conf
	conf=$(profile noexec <<- END
		filesystem = { binds = ( { from = "$WORK/no"; exec = false; }, { from = "$WORK/yes"; } ); };
	END
	)
	gives 126 "$BAILEY" run -p "$conf" sh -c "'$WORK/yes/program' && '$WORK/no/program'"
	gives 0 "$BAILEY" run -p "$conf" sh -c "'$WORK/yes/program' && cp /bin/true ~ && ~/true && cp /bin/true /tmp && /tmp/true"
}

# ---- what is asked for and what there is ----

@test "landlock.use = required starts here; explain names the ABI and what is ruled" {
	gives 0 shell --set landlock.use=required true
	gives 0 "$BAILEY" explain shell
	has "$output" "Landlock, a second wall (ABI " "none can be made" "signals"
	gives 0 "$BAILEY" explain shell --set landlock.use=off
	has "$output" "there is none"
	gives 0 "$BAILEY" explain shell --set namespaces.user=nested
	has "$output" "rules for files: the program may make user" "namespaces"
}
@test "a chain of sandboxes in sandboxes" {
	local conf
	conf=$(profile nested <<- END
		namespaces = { user = "nested"; };
		syscalls = { allow = [ "@default", "@sandbox" ]; };
		filesystem = { read_only = [ "$TREE" ]; };
	END
	)
	gives 0 "$BAILEY" run -p "$conf" --ro "$conf" "$BAILEY" run -p "$conf" "$BAILEY" run -p shell --set process.enter=false sh -c 'touch ~/x && ls ~; kill -TERM 1'  || is "$status" 1
	has "$output" x "not permitted"
}
