#!/usr/bin/env bats
# What a program tries against the file tree from inside: namespaces and overlays of its own, descriptors of others, what it keeps.
load lib

prepare() {
	need userns
	mkdir -p proj/a proj/ro proj/mine empty
	echo secret > proj/a/hidden
	echo old > proj/ro/f
}

# plain [SOURCE=TARGET...] -- COMMAND...
plain() { sh "$SYSTEM/plain-bind.sh" "$WORK/empty" "$@"; }

@test "with user namespaces of its own: no mount comes off, becomes writable, or is looked under" {
	local conf
	conf=$(profile nested << END
namespaces = { user = "nested"; };
syscalls   = { allow = [ "@default", "@sandbox" ]; };
filesystem = { read_write = [ "$WORK/proj" ]; read_only = [ "$WORK/proj/ro" ]; hide = [ "$WORK/proj/a/hidden" ]; tmpfs = ( { path = "$WORK/proj/mine"; } ); };
END
	)
	echo below > proj/mine/below
	cat > attack.sh << 'END'
cd /
p=$1
look() { cat "$1/a/hidden" "$1/mine/below"; echo evil >> "$1/ro/f" && echo written; }
as_root() { unshare -Urm sh -c "p=$p; $1"; look "$p"; }
mkdir /tmp/t /tmp/u /tmp/w /tmp/m
declare_look='look() { cat "$1/a/hidden" "$1/mine/below"; echo evil >> "$1/ro/f" && echo written; };'
as_root "$declare_look umount \$p/ro; umount -l \$p/ro; umount -l \$p/mine; umount -l \$p; look \$p"
as_root "$declare_look mount -o remount,bind,rw \$p/ro; look \$p"
as_root "$declare_look mount --bind \$p /tmp/t; look /tmp/t"
as_root "$declare_look mount --rbind \$p /tmp/t && umount -l /tmp/t/ro; umount -l /tmp/t/mine; look /tmp/t"
as_root "$declare_look mount -t overlay o -o lowerdir=\$p,upperdir=/tmp/u,workdir=/tmp/w,userxattr /tmp/m; look /tmp/m"
as_root "$declare_look mount -t overlay o -o lowerdir=/tmp/u:\$p/a:\$p /tmp/m; look /tmp/m; cat /tmp/m/hidden"
as_root "$declare_look mount -t overlay o -o lowerdir=/tmp/u,upperdir=\$p,workdir=/tmp/w,userxattr /tmp/m; look /tmp/m"
as_root 'mkdir /tmp/q; mount -t proc p /tmp/q; unshare -pf --mount-proc sh -c "cat /proc/1/root$p/a/hidden"'
as_root 'mount -t sysfs s /tmp/t && ls /tmp/t; mount -t cgroup2 s /tmp/t && ls /tmp/t; mount -t devtmpfs d /tmp/t && ls /tmp/t'
echo done
END
	gives 0 "$BAILEY" run -p "$conf" --ro attack.sh sh "$WORK/attack.sh" "$WORK/proj"
	has "$output" "done"
	lacks "$output" $'\nsecret' $'\nbelow' written
	is "$(cat proj/ro/f)" old
	# Where one's own namespace made the mounts, they come off.
	gives 0 plain "$WORK/proj=$WORK/proj" "$WORK/proj/ro=ro:$WORK/proj/ro" "empty=$WORK/proj/mine" -- \
		sh -c "umount $WORK/proj/mine; mount -o remount,bind,rw $WORK/proj/ro; cat $WORK/proj/mine/below; echo evil >> $WORK/proj/ro/f"
	is "$output" below
	has "$(cat proj/ro/f)" evil
}
@test "what a program leaves in its kept home does not lead the next launch out" {
	export XDG_DATA_HOME=$WORK/data
	mkdir -p ~/.config/app
	echo host > ~/.config/app/f
	# shellcheck disable=SC2016 # for the shell inside
	gives 0 "$BAILEY" run -p shell --set filesystem.home=persistent sh -c 'ln -s / ~/.config; ln -s /etc ~/.mozilla; ln -s ../../../../.. ~/up; mkfifo ~/.bashrc; printf "#!/bin/sh\necho planted\n" > ~/true; chmod 755 ~/true'
	gives 2 "$BAILEY" run -p shell --set filesystem.home=persistent --ro ~/.config/app true
	has "$output" "has no place in the kept home: a symlink is in its way"
	[ ! -e /app ]
	gives 0 "$BAILEY" run -p shell --set filesystem.home=persistent sh -c 'cat ~/.config/etc/passwd ~/up/etc/passwd > /dev/null; ls ~/.config/ ~/up/'
	lacks " ${output//$'\n'/ } " " root " " boot " " srv "
	# Programs are looked for in the host's PATH and tree, not among what was left.
	cd ~
	PATH=$HOME:$PATH gives 0 "$BAILEY" run -p shell --set filesystem.home=persistent true
	lacks "$output" planted
	gives 127 "$BAILEY" run -p shell --set filesystem.home=persistent ./true
	rm -r ~/.config
}
@test "two sandboxes cannot keep changes in one directory, by whatever name" {
	mkdir up one two
	ln -s up other
	overlay() { profile "$1" << END; }
filesystem = { overlay = ( { path = "$WORK/$2"; upper = "$WORK/$3"; } ); };
END
	local first second
	first=$(overlay first one up)
	second=$(overlay second two other)
	"$BAILEY" run -p "$first" sh -c 'echo up; exec sleep 60' > log 2>&1 &
	end_later $!
	eventually 5 test -s log
	gives 125 "$BAILEY" run -p "$second" true
	has "$output" "second.conf:2: error: cannot keep changes in" "one at a time"
	gives 2 "$BAILEY" run -p "$first" --rw up true
	has "$output" "lies in" "which the program may change"
}
@test "overlay: attributes that the program sets mean nothing to the next launch" {
	mkdir -p lower/dir other
	echo secret > lower/hidden
	echo plain > lower/dir/f
	local conf
	conf=$(profile attributes << END
filesystem = { overlay = ( { path = "$WORK/lower"; upper = "$WORK/up"; } ); hide = [ "$WORK/lower/hidden" ]; };
END
	)
	cat > attack.py << 'END'
import os, sys
top = sys.argv[1]
for path in (top, top + "/dir", top + "/new"):
    if path.endswith("new"):
        os.mkdir(path)
    for name, value in (("redirect", b"/hidden"), ("metacopy", b""), ("origin", b"x"), ("opaque", b"n"), ("whiteout", b"y")):
        try:
            os.setxattr(path, "user.overlay." + name, value)
        except OSError:
            pass
END
	gives 0 "$BAILEY" run -p "$conf" --ro attack.py python3 "$WORK/attack.py" "$WORK/lower"
	gives 0 "$BAILEY" run -p "$conf" sh -c "cat $WORK/lower/hidden $WORK/lower/new/* $WORK/lower/new; cat $WORK/lower/dir/f; ls $WORK/lower"
	lacks "$output" $'\nsecret' hidden$'\n'
	has "$output" plain
	[ -e lower/hidden ]
}
@test "a descriptor that is passed over a granted socket is one that somebody outside gave" {
	# Sockets in a granted directory are a way to whoever listens there; bailey itself hands none out.
	cat > give.py << 'END'
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX); s.bind("proj/sock"); s.listen(); print("up", flush=True)
c = s.accept()[0]
c.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [os.open("proj/ro/f", os.O_RDONLY)]))])
END
	cat > proj/take.py << END
import os, socket
s = socket.socket(socket.AF_UNIX); s.connect("$WORK/proj/sock")
fd = socket.recv_fds(s, 1, 1)[1][0]
print(os.read(fd, 10).decode().strip())
try:
    os.open("..", os.O_RDONLY, dir_fd=fd)
except NotADirectoryError:
    print("no way up")
END
	python3 give.py > up &
	end_later $!
	eventually 5 test -s up
	gives 0 "$BAILEY" run -p shell --rw proj python3 "$WORK/proj/take.py"
	is "$output" $'old\nno way up'
}
@test "abstract sockets and the host's processes are out of reach of a program that holds the whole tree" {
	local conf
	conf=$(profile tree << 'END'
filesystem = { read_only = [ "/" ]; };
END
	)
	# shellcheck disable=SC2016 # for the shells inside
	local look='for p in /proc/[0-9]*/root /proc/[0-9]*/cwd; do ls -d "$p/boot" "$p/srv" "$p/root"; done 2> /dev/null; cat /proc/net/unix | grep -c @; true'
	python3 -c 'import socket
s = socket.socket(socket.AF_UNIX); s.bind("\0bailey-attack-'$$'"); s.listen(); print("up", flush=True); s.accept()' > up &
	end_later $!
	eventually 5 test -s up
	gives 0 "$BAILEY" run -p "$conf" sh -c "$look"
	is "${lines[-1]}" 0
	gives 0 sh -c "$look"
	[ "${lines[-1]}" -gt 0 ]
}
