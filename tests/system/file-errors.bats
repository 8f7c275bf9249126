#!/usr/bin/env bats
# File trees that cannot be built as the profile says: a message with the profile's line, and nothing is left mounted or on disk.
load lib

prepare() {
	need userns
	mkdir src dir
	echo x > src/f
}

# fails STATUS CONF TEXT...: the launch of a profile fails with the messages, nothing of the host is changed by it.
fails() {
	local want=$1 conf=$2 before after
	shift 2
	before=$(everything)
	gives "$want" "$BAILEY" run -p "$conf" /usr/bin/true || return 1
	after=$(everything)
	has "$output" "${conf##*/}:" "$@" || return 1
	is "$after" "$before"
}
everything() {
	cat /proc/self/mountinfo
	find "$WORK" -printf '%p %y %m %s %T@\n' 2> /dev/null | sort
	find "$HOME" -mindepth 1 -maxdepth 1 ! -name '.cache' | sort
	find /tmp /var/tmp /dev/shm -maxdepth 1 -user "$(id -u)" -not -path "${BATS_RUN_TMPDIR:-/nowhere}*" 2> /dev/null | sort
}

@test "an unreadable source" {
	[ "$(id -u)" != 0 ] || skip "root reads everything"
	local conf
	mkdir shut
	echo x > shut/f
	chmod 0 shut
	conf=$(profile below << END
filesystem = { read_only = [ "$WORK/shut/f" ]; };
END
	)
	fails 2 "$conf" "below.conf:2: error: filesystem.read_only" "cannot be looked up: Permission denied" "may not search a directory"
	chmod 311 shut
	conf=$(profile apart << END
filesystem = { read_only = [ "$WORK/shut" ]; hide = [ "$WORK/shut/f" ]; };
END
	)
	fails 2 "$conf" "apart.conf:2: error" "$WORK/shut has to be taken apart" "cannot be listed: Permission denied"
	# What can be named and not read is there, and is as unreadable inside.
	conf=$(profile itself << END
filesystem = { read_only = [ "$WORK/shut" ]; };
END
	)
	gives 2 "$BAILEY" run -p "$conf" ls "$WORK/shut"
	has "$output" "Permission denied"
	gives 2 ls "$WORK/shut"
}
@test "an absent source" {
	local conf
	conf=$(profile absent << END
filesystem = { binds = ( { from = "$WORK/none"; to = "/x"; } ); };
END
	)
	fails 2 "$conf" "absent.conf:2: error: filesystem.binds" "no such file or directory" "optional = true"
}
@test "a target without parents: they are made inside, and nothing on the host" {
	local conf before
	conf=$(profile parents << END
filesystem = { read_only = [ "$WORK/dir" ]; binds = ( { from = "$WORK/src/f"; to = "$WORK/dir/a/b/f"; }, { from = "$WORK/src/f"; to = "/no/such/f"; } ); };
END
	)
	before=$(everything)
	gives 0 "$BAILEY" run -p "$conf" cat "$WORK/dir/a/b/f" /no/such/f
	is "$(everything)" "$before"
	conf=$(profile file << END
filesystem = { read_only = [ "$WORK/src" ]; binds = ( { from = "$WORK/dir"; to = "$WORK/src/f/deep"; } ); };
END
	)
	fails 2 "$conf" "file.conf:2: error: filesystem.binds" "lies below $WORK/src/f, which is no directory"
}
@test "a file on a directory, a directory on a file" {
	local conf
	mkdir dir/sub
	conf=$(profile file << END
filesystem = { read_write = [ "$WORK/dir" ];
               binds = ( { from = "$WORK/src/f"; to = "$WORK/dir/sub"; } ); };
END
	)
	fails 2 "$conf" "file.conf:3: error: filesystem.binds" "is a file, but $WORK/dir/sub is a directory" "file.conf:2"
	conf=$(profile directory << END
filesystem = { read_write = [ "$WORK/src" ];
               binds = ( { from = "$WORK/dir"; to = "$WORK/src/f"; } ); };
END
	)
	fails 2 "$conf" "directory.conf:3: error: filesystem.binds" "is a directory, but $WORK/src/f is a file" "directory.conf:2"
}
@test "a full disk under the upper directory" {
	local conf
	mkdir full
	conf=$(profile full << END
filesystem = {
  overlay = ( { path = "$WORK/dir"; upper = "$WORK/full/up"; } );
};
END
	)
	# on_full COMMAND: with a small file system at full/, filled to the last byte and name.
	on_full() {
		unshare -Umc --keep-caps sh -c "mount -t tmpfs -o size=64k,nr_inodes=${INODES:-4} none full && ${MAKE:-true} && { cat /dev/zero > full/fill; } 2> /dev/null
			cp /proc/self/mountinfo before; exec 3< before; rm before
			setpriv --ambient-caps -all --inh-caps -all --bounding-set -all $1; echo status \$?; cat /proc/self/mountinfo > after; cmp after /dev/fd/3 && rm after; ls full"
	}
	INODES=2 gives 0 on_full "'$BAILEY' run -p '$conf' /usr/bin/true"
	has "$output" "full.conf:3: error: cannot create" "No space left on device" "status 125"
	is "${lines[-1]}" fill
	# The directories are there, and no byte is free: the launch works, what the program writes does not.
	MAKE="mkdir full/up full/up.work" INODES=20 gives 0 on_full "'$BAILEY' run -p '$conf' sh -c 'head -c 10000 /dev/zero > $WORK/dir/f; stat -c %s $WORK/dir/f'"
	has "$output" "No space left on device" $'\n0\n' "status 0"
	is "$(ls -A dir)" ""
}
@test "a root without /proc or /dev, without a shell, with a file in their place" {
	need busybox
	local conf
	mkdir -p root/bin
	cp "$(command -v busybox)" root/bin/
	conf=$(profile plain << END
filesystem = { root = "$WORK/root"; root_mode = "read_only"; };
END
	)
	sed -i '1s/.*/# no parts/' "$conf"
	ldd root/bin/busybox > /dev/null 2>&1 || gives 0 "$BAILEY" run -p "$conf" /bin/busybox ls -d /proc/self /dev/null
	before=$(everything)
	gives 127 "$BAILEY" run -p "$conf" sh
	has "$output" "plain.conf:2: error: filesystem.root: there is no sh in $WORK/root"
	is "$(everything)" "$before"
	sed -i 's/read_only/overlay/' "$conf"
	echo x > root/proc
	before=$(everything)
	gives 2 "$BAILEY" run -p "$conf" /bin/busybox true
	has "$output" "plain.conf:2: error: filesystem.root: /proc has to be put into $WORK/root, but is no directory there"
	is "$(everything)" "$before"
}
@test "a profile that grants /" {
	local conf setting
	for setting in 'read_write = [ "/" ]' 'binds = ( { from = "/"; to = "/host"; mode = "read_write"; } )' 'hide = [ "/" ]' \
		'tmpfs = ( { path = "/"; } )' 'root = "/"' 'home = "host"; read_write = [ "//" ]'; do
		conf=$(profile all << END
filesystem = { $setting; };
END
		)
		fails 2 "$conf" "all.conf:2: error: filesystem."
	done
	conf=$(profile over << 'END'
filesystem = { overlay = ( { path = "/"; } ); };
END
	)
	fails 125 "$conf" "over.conf:2: error: cannot lay changes over /" "mounted below it"
	# To look at everything is allowed, without the host's processes and bailey's own files.
	conf=$(profile look << 'END'
filesystem = { read_only = [ "/" ]; };
END
	)
	mkdir -p ~/.config/bailey
	echo mine > ~/.config/bailey/x
	gives 1 "$BAILEY" run -p "$conf" sh -c 'ls -d /etc /proc/1; cat ~/.config/bailey/x; touch /x "$HOME/x"'
	has "$output" /etc /proc/1 "Read-only file system"
	lacks "$output" mine
	rm -r ~/.config
}
@test "a working directory that was removed, one with no name inside, one that is too deep" {
	mkdir gone
	cd gone
	rmdir ../gone
	gives 0 "$BAILEY" run -p shell pwd
	is "$output" "$HOME"
	gives 2 "$BAILEY" run -p agent true
	has "$output" "needs the current directory, but that was deleted"
	cd "$WORK"
	local long
	long=$(printf 'x%.0s' {1..250})
	for _ in {1..17}; do
		mkdir "$long" && cd -P "$long"
	done 2> /dev/null
	gives 0 "$BAILEY" run -p shell pwd
	is "$output" "$HOME"
	gives 2 "$BAILEY" run -p shell --rw . true
	cd "$WORK"
}
@test "names with line ends, blanks and escape sequences are names like any other" {
	local name=$'a\nb \033[31m"c\\'
	mkdir "$name"
	echo old > "$name/f"
	gives 0 "$BAILEY" run -p shell --rw "$name" sh -c 'cat "$1/f"; echo new > "$1/f"' sh "$WORK/$name"
	is "$output" old
	is "$(cat "$name/f")" new
	gives 0 "$BAILEY" run -p shell --rw "$name" --dry-run true
	lacks "$output" $'\033'
	# In a directory that is rebuilt they are listed and bound one by one.
	local conf
	conf=$(profile rebuilt << END
filesystem = { read_write = [ "$WORK" ]; hide = [ "$WORK/src" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c 'cat "$1/f"; ls -A "$2" | wc -l' sh "$WORK/$name" "$WORK"
	is "${lines[0]}" new
}
