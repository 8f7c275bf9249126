#!/usr/bin/env bats
# Path safety: what the program inside, another sandbox or the host does to names while sandboxes start and run never shows or
# opens more than the profile says. Each test does the same to a tree of plain binds, which has to let the attack through: so the
# attack is a real one, and the test can fail.
load lib

prepare() {
	need userns
	mkdir proj empty secret
	echo secret > secret/f
}

# plain [SOURCE=TARGET...] -- COMMAND...
plain() { sh "$SYSTEM/plain-bind.sh" "$WORK/empty" "$@"; }

# while_swapping A B COMMAND...: while another process exchanges the two names all the time.
while_swapping() {
	local a=$1 b=$2 status=0
	shift 2
	python3 "$SYSTEM/swap.py" "$a" "$b" > swapping &
	local pid=$!
	end_later "$pid"
	eventually 5 test -s swapping
	"$@" || status=$?
	kill -KILL "$pid"
	wait "$pid" 2> /dev/null || true
	return "$status"
}

@test "symlink: one that the program puts in the place of a granted name does not lead the next launch out" {
	local conf
	conf=$(profile link << END
filesystem = { read_write = [ "$WORK/proj" ]; binds = ( { from = "$WORK/proj/data"; to = "/data"; optional = true; } ); };
END
	)
	local plant="ln -s $WORK/secret $WORK/proj/data; ls -l $WORK/proj"
	gives 0 "$BAILEY" run -p "$conf" sh -c "$plant"
	gives 2 "$BAILEY" run -p "$conf" cat /data/f
	has "$output" "link.conf:2: error:" "a symbolic link that the program may change"
	lacks "$output" $'\nsecret'
	gives 0 plain "$WORK/proj/data=/data" -- cat /data/f
	is "$output" secret
	# A relative one, and one half-way.
	ln -sfn ../secret proj/data
	gives 2 "$BAILEY" run -p "$conf" cat /data/f
	conf=$(profile way << END
filesystem = { read_write = [ "$WORK/proj" ]; read_only = [ "-$WORK/proj/data/f" ]; };
END
	)
	gives 2 "$BAILEY" run -p "$conf" cat "$WORK/proj/data/f"
	has "$output" "way.conf:2"
	gives 0 plain "$WORK/proj/data/f=$WORK/proj/data/f" -- cat "$WORK/proj/data/f"
	is "$output" secret
}
@test "symlink: no writable grant becomes one of / through it" {
	ln -s / proj/up
	ln -s ../../../../../../../.. proj/far
	local name conf
	for name in up far; do
		conf=$(profile all << END
filesystem = { read_write = [ "$WORK/proj/$name" ]; };
END
		)
		gives 2 "$BAILEY" run -p "$conf" sh -c "echo x > $WORK/proj/$name$WORK/secret/f"
		has "$output" "all.conf:2: error: filesystem.read_write" "is /: that would let the program change"
		gives 2 "$BAILEY" run -p shell --rw "proj/$name" true
	done
	is "$(cat secret/f)" secret
	gives 0 plain "$WORK/proj/up=/all" -- sh -c "echo changed > /all$WORK/secret/f"
	is "$(cat secret/f)" changed
}
@test "hard link: no second name for a file that is protected, or granted read-only" {
	mkdir ro
	echo old > ro/f
	echo '# rc' > ~/.bashrc
	# shellcheck disable=SC2016 # for the shells inside
	local attack='ln "$1/ro/f" "$1/proj/f"; ln ~/.bashrc "$1/proj/rc"; for f in f rc; do echo evil >> "$1/proj/$f"; done; true'
	local conf
	conf=$(profile links << END
filesystem = { home = "host"; read_only = [ "$WORK/ro" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c "$attack" sh "$WORK"
	has "$output" "Invalid cross-device link"
	is "$(cat ro/f ~/.bashrc)" $'old\n# rc'
	rm -f proj/*
	gives 0 plain "$HOME=$HOME" -- sh -c "$attack" sh "$WORK"
	is "$(cat ro/f ~/.bashrc)" $'old\nevil\n# rc\nevil'
	rm ~/.bashrc
}
@test "hard link: one that appears in a writable directory is that file and no more" {
	mkdir other
	echo mine > other/f
	local conf
	conf=$(profile both << END
filesystem = { read_write = [ "$WORK/proj", "$WORK/other" ]; hide = [ "$WORK/other/hidden" ]; };
END
	)
	echo secret > other/hidden
	# From one grant into the other there is none, so a name can only ever show what its grant shows.
	gives 0 "$BAILEY" run -p "$conf" sh -c "ln $WORK/other/f $WORK/proj/f; ln $WORK/other/hidden $WORK/other/shown; ls -A $WORK/proj; cat $WORK/other/shown; true"
	lacks "$output" $'\nsecret'
	[ ! -e proj/f ] && [ ! -e other/shown ]
	gives 0 plain "$WORK=$WORK" -- sh -c "ln $WORK/other/f $WORK/proj/f; ln $WORK/other/hidden $WORK/other/shown; cat $WORK/other/shown"
	is "$output" secret
}
@test "FIFO: one in the place of a file that bailey reads or executes does not hold the launch up" {
	mkfifo proj/fifo
	chmod 755 proj/fifo
	gives 126 timeout 10 "$BAILEY" run -p shell --rw proj "$WORK/proj/fifo"
	gives 2 timeout 10 "$BAILEY" run -p ./proj/fifo true
	mkdir -p ~/.config
	mkfifo ~/.config/user-dirs.dirs
	local conf
	conf=$(profile downloads << 'END'
filesystem = { read_only = [ "-${DOWNLOADS}" ]; };
END
	)
	gives 0 timeout 10 "$BAILEY" run -p "$conf" true
	# A granted file that has become one is one inside: nothing opens it.
	gives 0 timeout 10 "$BAILEY" run -p shell --rw proj/fifo sh -c "test -p $WORK/proj/fifo"
	gives 124 timeout 1 sh -c '. "$HOME/.config/user-dirs.dirs"'
	rm ~/.config/user-dirs.dirs
}
@test "renamed directory: what is hidden below it stays hidden, whoever renames" {
	mkdir -p proj/a/b
	cp -r secret proj/a/b/hidden
	local conf
	conf=$(profile hide << END
filesystem = { read_write = [ "$WORK/proj" ]; hide = [ "$WORK/proj/a/b/hidden" ]; };
END
	)
	local look="cat $WORK/proj/*/*/hidden/f $WORK/proj/*/hidden/f $WORK/proj/*/*/was/f; true"
	gives 0 "$BAILEY" run -p "$conf" sh -c "mv $WORK/proj/a/b $WORK/proj/c; mv $WORK/proj/a $WORK/proj/d; $look"
	lacks "$output" $'\nsecret'
	# The host puts another directory there while the sandbox runs: what is mounted over a name is then mounted over nothing.
	# shellcheck disable=SC2016 # for the shells inside
	local wait_and_look='echo up; read line; '"$look"
	replace() {
		eventually 10 grep -q up log
		cp -r secret proj/a/b/other
		mv proj/a/b/hidden proj/a/b/was
		mv proj/a/b/other proj/a/b/hidden
		mv proj/a/b proj/a/c
		echo go
	}
	: > log
	"$BAILEY" run -p "$conf" sh -c "$wait_and_look" < <(replace) > log 2>&1
	lacks "$(cat log)" secret
	mv proj/a/c proj/a/b
	rm -r proj/a/b/was
	: > log
	plain "$WORK/proj=$WORK/proj" "empty=$WORK/proj/a/b/hidden" -- sh -c "$wait_and_look" < <(replace) > log 2>&1
	has "$(cat log)" secret
}
@test "renamed directory: a protected name cannot be made anew by moving the one above it away" {
	rm -rf ~/.config # other suites' programs have used it
	mkdir -p ~/.config/autostart ~/.config/plain
	echo '# mine' > ~/.config/autostart/mine
	# shellcheck disable=SC2016 # for the shells inside
	local attack='mv ~/.config ~/.was; mkdir -p ~/.config/autostart ~/.config/bailey/profiles; for d in autostart bailey/profiles; do echo evil > ~/.config/$d/evil; done; true'
	gives 0 "$BAILEY" run -p shell --set filesystem.home=host sh -c "$attack"
	gives 0 "$BAILEY" run -p shell --rw ~/.config sh -c "$attack"
	is "$(find ~/.config -type f)" "$HOME/.config/autostart/mine"
	[ ! -e ~/.was ]
	gives 0 plain "$HOME=$HOME" "$HOME/.config/autostart=ro:$HOME/.config/autostart" -- sh -c "$attack"
	is "$(find ~/.config -type f | wc -l)" 2
	rm -rf ~/.config ~/.was
}
@test "200 launches while the source of a bind changes: never more than its own" {
	mkdir proj/data
	echo mine > proj/data/f
	ln -s ../secret proj/link
	local conf
	conf=$(profile source << END
filesystem = { read_write = [ "$WORK/proj" ]; binds = ( { from = "$WORK/proj/data"; to = "/data"; } ); };
END
	)
	launches() {
		for _ in $(seq 200); do
			"$BAILEY" run -p "$conf" cat /data/f || true
		done > seen 2> said
	}
	while_swapping proj/data proj/link launches
	is "$(sort -u seen)" mine
	is "$(grep -c . seen)" "$((200 - $(grep -c '^[^ ].*source.conf:2: error: ' said)))"
	binds() {
		for _ in $(seq 40); do
			plain "$WORK/proj/data=/data" -- cat /data/f || true
		done > seen 2> said
	}
	while_swapping proj/data proj/link binds
	has "$(sort -u seen)" secret
}
@test "200 launches while the target of a bind changes: it lands in its place or nowhere" {
	mkdir proj/point src victim
	echo mine > src/f
	echo victim > victim/f
	ln -s "$WORK/victim" proj/link
	local conf
	conf=$(profile target << END
filesystem = { read_write = [ "$WORK/proj", "$WORK/victim" ]; binds = ( { from = "$WORK/src"; to = "$WORK/proj/point"; } ); };
END
	)
	launches() {
		for _ in $(seq 200); do
			"$BAILEY" run -p "$conf" sh -c "cat $WORK/victim/f; find $WORK/victim $WORK/src ! -path '*/f'" || true
		done > seen 2> said
	}
	while_swapping proj/point proj/link launches
	is "$(grep -v -e '^victim$' -e "^$WORK/victim$" -e "No such file" seen | sort -u)" ""
	is "$(cat victim/f)" victim
	is "$(ls victim src)" $'src:\nf\n\nvictim:\nf'
	binds() {
		for _ in $(seq 40); do
			unshare -Urm --propagation private sh -c "mount --rbind $WORK/src $WORK/proj/point; cat $WORK/victim/f" || true
		done > seen 2> said
	}
	while_swapping proj/point proj/link binds
	grep -q mine seen
}
@test "200 launches while a directory above the source changes: never what lies elsewhere" {
	mkdir -p proj/a/data elsewhere
	echo mine > proj/a/data/f
	mv secret elsewhere/data
	ln -s ../elsewhere proj/b
	local conf
	conf=$(profile above << END
filesystem = { read_write = [ "$WORK/proj" ]; read_only = [ "$WORK/proj/a/data" ]; binds = ( { from = "$WORK/proj/a/data/f"; to = "/f"; } ); };
END
	)
	launches() {
		for _ in $(seq 200); do
			"$BAILEY" run -p "$conf" cat /f "$WORK/proj/a/data/f" || true
		done > seen 2> said
	}
	while_swapping proj/a proj/b launches
	is "$(sort -u seen)" mine
	binds() {
		for _ in $(seq 40); do
			plain "$WORK/proj/a/data/f=/f" -- cat /f || true
		done > seen 2> said
	}
	while_swapping proj/a proj/b binds
	has "$(sort -u seen)" secret
}
@test "..: neither in a profile, nor in a link, nor inside does it lead out" {
	echo mine > proj/f
	local conf
	conf=$(profile dots << END
filesystem = { read_only = [ "$WORK/proj/../secret" ]; };
END
	)
	gives 2 "$BAILEY" run -p "$conf" true
	has "$output" 'dots.conf:2: error: filesystem.read_only: ".." in the path'
	ln -s .. proj/up
	gives 0 "$BAILEY" run -p shell --rw proj sh -c "cd $WORK/proj && cat ../secret/f up/secret/f $WORK/proj/../secret/f /../../../$WORK/secret/f; cat f"
	is "${lines[-1]}" mine
	lacks "$output" $'\nsecret'
	# What is passed on as a working directory is inside as well: chroot(2) alone leaves the caller's.
	cd secret
	gives 0 "$BAILEY" run -p shell --ro ../proj sh -c 'pwd; cat f ../secret/f; true'
	lacks "$output" $'\nsecret'
	gives 0 plain "$WORK/proj=$WORK/proj" -- python3 -c "import os
os.mkdir('/tmp-x'); fd = os.open('/', os.O_RDONLY); os.chroot('/tmp-x'); os.fchdir(fd)
for i in range(20): os.chdir('..')
os.chroot('.'); print(open('$WORK/secret/f').read().strip())"
	is "$output" secret
}
@test "magic links: no grant goes through one" {
	ln -s /proc/self/cwd proj/cwd
	ln -s /proc/self/fd/0 proj/in
	local path conf
	for path in /proc/self/cwd /proc/self/root /proc/1/root /proc/self/fd/0 /dev/fd/0 /proc/self/exe "$WORK/proj/cwd" "$WORK/proj/in"; do
		conf=$(profile magic << END
filesystem = { read_only = [ "$path" ]; };
END
		)
		attempt "$BAILEY" run -p "$conf" true < secret/f
		is "$status" 2
		has "$output" "magic.conf:2: error: filesystem.read_only" "/proc cannot be shown"
	done
	cd secret
	gives 0 plain "$WORK/proj/cwd=/x" -- cat /x/f
	is "$output" secret
}
@test "magic links: those of the processes inside lead nowhere outside" {
	# shellcheck disable=SC2016 # for the shells inside
	local look='for p in /proc/[0-9]*; do for way in root cwd exe fd/0 fd/1 fd/2 fd/3 fd/4 fd/5 fd/6 fd/7; do
		cat "$p/$way/$1/secret/f" "$p/$way/secret/f" "$p/$way/f" "$p/$way/../secret/f"; done; done 2> /dev/null; ls /proc/*/map_files > /dev/null 2>&1; true'
	exec 7< .
	gives 0 "$BAILEY" run -p shell sh -c "$look" sh "$WORK"
	is "$output" ""
	gives 0 plain "$WORK/proj=$WORK/proj" -- sh -c "$look" sh "$WORK"
	exec 7<&-
	has "$output" secret
}
@test "the launcher's own program stays as it is: by its name, by /proc, as a script's interpreter" {
	mkdir -p tree
	cp -r "$TREE/profiles" tree/
	mkdir tree/build
	cp "${BAILEY%/*}"/bailey* tree/build/
	local own=$WORK/tree/build/bailey before
	before=$(sha256sum < "$own")
	# shellcheck disable=SC2016 # for the shells inside
	local attack='for f in "$1" /proc/1/exe /proc/self/exe; do echo evil >> "$f"; mv "$f" "$1.was"; cp /bin/true "$f"; done 2> /dev/null; true'
	gives 0 "$own" run -p shell --rw tree sh -c "$attack" sh "$own"
	is "$(sha256sum < "$own")" "$before"
	printf '#!/proc/self/exe --version\n' > proj/script
	chmod 755 proj/script
	gives 126 "$own" run -p shell --rw proj "$WORK/proj/script"
	has "$output" "first line must not lead through /proc/self"
	printf '#!%s/proj/script\n' "$WORK" > proj/second
	chmod 755 proj/second
	gives 126 "$own" run -p shell --rw proj "$WORK/proj/second"
	printf '#!/bin/sh\necho fine\n' > proj/script
	gives 0 "$own" run -p shell --rw proj "$WORK/proj/second"
	is "$output" fine
	gives 0 plain "$WORK/tree=$WORK/tree" -- sh -c "$attack" sh "$own"
	[ "$(sha256sum < "$own")" != "$before" ]
}
@test "descriptors and working directory of the caller do not come along" {
	# shellcheck disable=SC2016 # for the shells inside
	local look='for n in 3 5 9 20; do cat "/proc/self/fd/$n/f"; done; cat f; true'
	cd secret
	exec 5< . 9< f 20< ..
	gives 0 "$BAILEY" run -p shell sh -c "$look"
	lacks "$output" $'\nsecret'
	gives 0 "$BAILEY" run -p shell sh -c 'ls -l /proc/self/fd /proc/self/cwd'
	lacks "$output" "$WORK"
	# A directory is refused where it cannot be closed.
	attempt "$BAILEY" run -p shell true < .
	is "$status" 125
	has "$output" "descriptor 0 would let the program out"
	gives 0 plain -- sh -c "$look"
	has "$output" secret
	exec 5<&- 9<&- 20<&-
}
@test "bailey's configuration is read-only or absent inside, and cannot be made" {
	# shellcheck disable=SC2016 # for the shells inside
	local attack='mkdir -p ~/.config/bailey/profiles; echo evil > ~/.config/bailey/profiles/shell.conf; echo evil > ~/.config/bailey/profiles/shell.local.conf
		ln -s ~/proj ~/.config/bailey; rm -rf ~/.config/bailey; mv ~/.config/bailey ~/.config/b; echo fine > ~/.config/plain/f; true'
	mkdir -p ~/.config/plain
	gives 0 "$BAILEY" run -p shell --rw ~/.config sh -c "$attack"
	[ ! -e ~/.config/bailey ] && [ ! -L ~/.config/bailey ]
	is "$(cat ~/.config/plain/f)" fine
	mkdir -p ~/.config/bailey/profiles
	echo 'inherit = [ "common/base" ];' > ~/.config/bailey/profiles/mine.conf
	gives 0 "$BAILEY" run -p shell --rw ~/.config sh -c "$attack"
	is "$(find ~/.config/bailey -type f)" ~/.config/bailey/profiles/mine.conf
	# The host replaces them while the sandbox runs.
	replace() {
		eventually 10 grep -q up log
		mv ~/.config/bailey ~/.config/was
		cp -r ~/.config/was ~/.config/bailey
		echo go
	}
	: > log
	"$BAILEY" run -p shell --rw ~/.config sh -c "echo up; read line; $attack" < <(replace) > log 2>&1
	is "$(find ~/.config/bailey -type f)" ~/.config/bailey/profiles/mine.conf
	rm -r ~/.config/was
	: > log
	plain "$HOME/.config=$HOME/.config" "$HOME/.config/bailey=ro:$HOME/.config/bailey" -- sh -c "echo up; read line; $attack" < <(replace) > log 2>&1
	[ ! -e ~/.config/bailey/profiles/mine.conf ]
	rm -r ~/.config
}
@test "hide holds over changes that are kept from earlier runs" {
	mkdir -p proj/dir
	echo secret > proj/file
	echo secret > proj/dir/f
	local before after
	before=$(profile before << END
filesystem = { overlay = ( { path = "$WORK/proj"; upper = "$WORK/up"; } ); };
END
	)
	after=$(profile after << END
filesystem = { overlay = ( { path = "$WORK/proj"; upper = "$WORK/up"; } );
               hide = [ "$WORK/proj/file", "$WORK/proj/dir" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$before" touch "$WORK/proj/file" "$WORK/proj/dir/g"
	gives 2 "$BAILEY" run -p "$after" cat "$WORK/proj/file" "$WORK/proj/dir/f"
	has "$output" "after.conf:3: error: filesystem.hide: $WORK/proj/file cannot be hidden: $WORK/up/file keeps it" "$WORK/up/dir keeps it"
	mv up/file up/dir .
	gives 1 "$BAILEY" run -p "$after" cat "$WORK/proj/file" "$WORK/proj/dir/f"
	lacks "$output" $'\nsecret'
	gives 0 "$BAILEY" run -p "$after" ls -A "$WORK/proj"
	is "$output" ""
}
@test "symlink: one that leads to what is protected grants nothing of it, in whatever directory it lies" {
	mkdir -p ~/.config/autostart runtime
	echo '# rc' > ~/.bashrc
	ln -s ~/.bashrc proj/picture
	ln -s ~/.config/autostart proj/folder
	ln -s "$WORK/runtime/bus" proj/socket
	: > runtime/bus
	local name conf
	for name in picture folder; do
		gives 2 "$BAILEY" run -p shell --rw "proj/$name" true
		has "$output" "which is protected"
		conf=$(profile leads << END
filesystem = { read_write = [ "$WORK/proj/$name" ]; };
END
		)
		gives 2 "$BAILEY" run -p "$conf" true
		has "$output" "leads.conf:2: error: filesystem.read_write" "leads to $HOME/." "which is protected"
		# To read is no harm, and who names it gets it.
		gives 0 "$BAILEY" run -p shell --ro "proj/$name" true
	done
	gives 0 "$BAILEY" run -p shell --rw ~/.bashrc sh -c 'echo "# mine" >> ~/.bashrc'
	is "$(cat ~/.bashrc)" $'# rc\n# mine'
	XDG_RUNTIME_DIR=$WORK/runtime gives 2 "$BAILEY" run -p shell --ro proj/socket true
	has "$output" "what listens there starts programs"
	gives 0 plain "$WORK/proj/folder=/folder" -- sh -c 'echo evil > /folder/evil'
	[ -e ~/.config/autostart/evil ]
	rm -r ~/.config ~/.bashrc
}
@test "a file that the caller opened for reading is not opened for writing by way of /proc" {
	"$BAILEY" explain shell | grep -q "^  files  *what is not in the tree above cannot be opened" || skip "this kernel has no Landlock, which keeps this"
	local attack='echo leak > /proc/self/fd/0; cat'
	attempt "$BAILEY" run -p shell sh -c "$attack" < secret/f
	has "$output" "Permission denied"
	is "$(cat secret/f)" secret
	attempt plain -- sh -c "$attack" < secret/f
	is "$(cat secret/f)" leak
}
