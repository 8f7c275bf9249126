#!/usr/bin/env bats
# Runs whose changes go elsewhere: what the host keeps, what is shown, what is applied and what never is.
load lib

prepare() {
	need userns
	mkdir -p p/d/e p/gone
	echo a > p/a
	echo b > p/b
	echo x > p/d/e/x
	ln -s a p/l
	chmod 600 p/b
	export STATE=$HOME/.local/state/bailey/changes
	rm -rf "$HOME/.local"
}
finish() {
	chmod -R u+rwX "$HOME/.local" 2> /dev/null || true
	rm -rf "$HOME/.local" "$HOME/.testrc"
}

fingerprint() { (cd "$1" && find . -printf '%p %y %m %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum; }
# run with changes: eph OPTION SCRIPT, in p, which is granted.
eph() { (cd p && "$BAILEY" run -p shell --rw . "$1" sh -c "$2"); }
# The name of the only kept run.
kept() { ls "$STATE"; }
mounts() { wc -l < /proc/self/mountinfo; }

@test "--ephemeral: the program sees its changes, the host none, and they are counted and gone" {
	local before mounted
	before=$(fingerprint p) mounted=$(mounts)
	gives 0 eph --ephemeral 'echo more >> a; rm b; mkdir n; echo new > n/f; mv l k; chmod 700 d; cat a n/f; ls'
	has "$output" more new k "2 changed, 3 new, 2 removed; thrown away"
	is "$(fingerprint p)" "$before"
	is "$(mounts)" "$mounted"
	is "$(ls -A "$STATE")" ""
	# Without it the same changes the host.
	(cd p && "$BAILEY" run -p shell --rw . sh -c 'echo more >> a')
	[ "$(fingerprint p)" != "$before" ]
}
@test "a run that changes nothing says so; a file that was opened and written with the same is no change" {
	gives 0 eph --ephemeral 'cat a > /tmp/a; cat /tmp/a > a; touch a; ls > /dev/null'
	has "$output" "nothing was changed"
	gives 3 eph --ephemeral 'exit 3'
	gives 0 "$BAILEY" run -q -p shell --ephemeral true
	is "$output" ""
}
@test "--keep: listed, shown, compared, applied in part, applied, and then nothing is left" {
	gives 0 eph --keep 'echo more >> a; rm -r b gone; mkdir n; echo new > n/f; ln -sf b l; chmod 700 d; rm -r d/e; mkdir d/e; echo y > d/e/y'
	has "$output" "kept: bailey changes sh-"
	local name
	name=$(kept)
	gives 0 "$BAILEY" changes
	has "$output" "$name" "kept, " "3 changed, 3 new, 3 removed" "sh -c echo"
	gives 0 "$BAILEY" changes "$name"
	has "$output" "M ${WORK/#$HOME/\~}/p/a" "/p/d/ (mode 0700, was 0755)" "D ${WORK/#$HOME/\~}/p/d/e/x" "/p/l -> b" "D ${WORK/#$HOME/\~}/p/gone/"
	# Not the directory that is the same again.
	lacks "$output" $'/p/d/e/\n'
	gives 0 "$BAILEY" changes "${name%?}" --diff p/a
	has "$output" "+more"
	lacks "$output" "+new"
	gives 0 sh -c '"$BAILEY" changes '"$name"' --json | python3 -c "import json,sys; print(sorted(x[\"change\"] for x in json.load(sys.stdin)))"'
	is "$output" "['changed', 'changed', 'changed', 'new', 'new', 'new', 'removed', 'removed', 'removed']"
	is "$(cat p/a)" a
	gives 0 "$BAILEY" changes "$name" --apply --yes p/n/f p/gone
	is "$(cat p/n/f)" new
	[ ! -e p/gone ]
	is "$(cat p/a)" a
	gives 0 "$BAILEY" changes "$name" --apply --yes
	is "$(cat p/a | tr '\n' ' ')" "a more "
	is "$(stat -c %a p/d)" 700
	is "$(ls p/d/e)" y
	is "$(readlink p/l)" b
	[ ! -e p/b ]
	gives 0 "$BAILEY" changes
	has "$output" "No run has kept changes."
	is "$(find p -name '.bailey*')" ""
}
@test "--apply asks on the terminal: yes, no, keep; --yes does not ask; without a terminal it says so first" {
	need expect
	# Its answers come from $ANSWERS, one for each question.
	printf '#!/bin/sh\necho more >> a\n' > script
	chmod 755 script
	cat > ask.exp << 'END'
set timeout 20
spawn sh -c {cd p && exec "$BAILEY" run -p shell --rw . --ro ../script --apply ../script}
foreach answer $env(ANSWERS) {
	expect "Apply these changes?"
	send "$answer\n"
}
expect eof
exit [lindex [wait] 3]
END
	ANSWERS=n gives 0 expect ask.exp
	has "$output" "M ${WORK/#$HOME/\~}/p/a" "thrown away"
	is "$(cat p/a)" a
	ANSWERS=k gives 0 expect ask.exp
	is "$(cat p/a)" a
	gives 0 "$BAILEY" changes "$(kept)" --discard
	ANSWERS="d y" gives 0 expect ask.exp
	has "$output" "+more" "applied: 1"
	is "$(cat p/a | tr '\n' ' ')" "a more "
	gives 2 setsid -w "$BAILEY" run -p shell --rw p --apply true
	has "$output" "no terminal to ask on"
	(cd p && gives 0 setsid -w "$BAILEY" run -p shell --rw . --apply --yes sh -c 'echo again >> a')
	is "$(cat p/a | tr '\n' ' ')" "a more again "
	is "$(ls -A "$STATE")" ""
}
@test "what was typed for the program is no answer, and the list is shown plainly" {
	need expect
	# shellcheck disable=SC2016 # for the shell inside
	printf '#!/bin/sh\necho evil > a\nprintf "press y a few times\\n"\nsleep 0.5\nprintf "\\033[8m"\n' > script
	chmod 755 script
	cat > ask.exp << 'END'
set timeout 20
spawn sh -c {cd p && exec "$BAILEY" run -p shell --rw . --ro ../script --apply ../script}
expect "press y"
send "y\ny\ny\n"
expect "Apply these changes?"
set timeout 1
expect eof { exit 9 }
set timeout 20
send "n\n"
expect eof
exit [lindex [wait] 3]
END
	TERM=xterm gives 0 expect ask.exp
	has "$output" "thrown away" $'\e[0m'
	is "$(cat p/a)" a
}
@test "what the host changed meanwhile is not overwritten, nor what it made or removed; --force does it" {
	gives 0 eph --keep 'for f in a b d/e/x l new; do echo inside > $f; done; rm -r gone'
	local name
	name=$(kept)
	echo host > p/a
	echo host > p/new
	rm p/b
	echo host > p/gone/file
	gives 0 "$BAILEY" changes "$name"
	has "$output" "/p/a (conflict: changed on the host" "/p/b (conflict: removed on the host" "/p/new (conflict:" "/p/gone/ (conflict:"
	gives 125 "$BAILEY" changes "$name" --apply --yes
	has "$output" "4 in conflict with the host"
	is "$(cat p/a p/new p/gone/file p/d/e/x)" $'host\nhost\nhost\ninside'
	[ ! -e p/b ]
	gives 0 "$BAILEY" changes "$name" --apply --yes --force
	is "$(cat p/a p/new p/b)" $'inside\ninside\ninside'
	[ ! -e p/gone ]
}
@test "another directory in the place of the granted one is not written to" {
	gives 0 eph --keep 'echo inside > new'
	mv p q
	mkdir p
	gives 125 "$BAILEY" changes "$(kept)" --apply --yes
	has "$output" "another directory than when the run began"
	rm -r p
	ln -s q p
	gives 125 "$BAILEY" changes "$(kept)" --apply --yes --force
	[ ! -e q/new ]
}
@test "types that are never applied, bits that are left out, names that a terminal would obey" {
	gives 0 eph --keep 'mkfifo fifo; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")"
		echo s > suid; chmod 6755 suid; printf x > "$(printf "e\033[31m\nq")"'
	gives 0 "$BAILEY" changes "$(kept)"
	has "$output" "fifo (not applied: a FIFO)" "sock (not applied: a socket)" 'e\x1b[31m\x0aq' "set-user-ID"
	lacks "$output" $'\033'
	gives 125 "$BAILEY" changes "$(kept)" --apply --yes
	is "$(stat -c %a p/suid)" 755
	[ ! -e p/fifo ] && [ ! -e p/sock ]
	[ -e "p/$(printf 'e\033[31m\nq')" ]
	printf 'a\033[31mb\001\n' > p/a
	gives 0 "$BAILEY" changes "$(kept)" --discard
	gives 0 eph --keep 'printf "\033]0;title\007\302\233x\n" >> a'
	gives 0 "$BAILEY" changes "$(kept)" --diff
	has "$output" '+\x1b]0;title\x07\xc2\x9bx'
	lacks "$output" $'\033' $'\302\233'
}
@test "a change of content does not hide one of the mode" {
	chmod 600 p/a
	gives 0 eph --keep 'echo more >> a && chmod 666 a'
	gives 0 "$BAILEY" changes "$(kept)"
	has "$output" "/p/a (mode 0666, was 0600)"
	gives 0 "$BAILEY" changes "$(kept)" --discard
}
@test "symlinks are applied as symlinks, and none is followed: neither the program's nor one that appears on the host" {
	echo safe > outside
	gives 0 eph --keep 'ln -s ../outside s; rm -r d; ln -s .. d; mkdir -p w/x; echo evil > w/x/outside'
	# The host's directory on the way becomes a link out of the tree, as another sandbox might make it.
	mkdir elsewhere
	mkdir p/w && rmdir p/w && ln -s ../elsewhere p/w
	gives 125 "$BAILEY" changes "$(kept)" --apply --yes
	is "$(readlink p/s)" ../outside
	is "$(readlink p/d)" ..
	is "$(cat outside)" safe
	is "$(ls elsewhere)" ""
	gives 0 "$BAILEY" changes "$(kept)" --apply --yes --force
	is "$(cat p/w/x/outside)" evil
	is "$(ls elsewhere)" ""
}
@test "a hostile upper directory: whiteouts, opaque directories, links and attributes planted in it change nothing outside" {
	mkdir -p victim/deep
	echo safe > victim/deep/file
	gives 0 eph --keep 'mkdir m; echo x > m/x'
	local upper
	upper=$(echo "$STATE"/*/1/upper)
	# More than the program itself could do: it has no way to the upper directory.
	ln -s "$WORK/victim" "$upper/link"
	mkdir -p "$upper/d"
	ln -s "$WORK/victim/deep" "$upper/d/e"
	python3 - "$upper" << 'END'
import os, sys
up = sys.argv[1]
os.mkdir(up + "/redirect")
for path, name, value in [("redirect", "user.overlay.redirect", "/../../victim"), ("redirect", "user.overlay.opaque", "y"),
                          (".", "user.overlay.opaque", "y"), ("m/x", "user.overlay.metacopy", ""),
                          ("m/x", "user.overlay.redirect", "/../victim/deep/file")]:
    os.setxattr(os.path.join(up, path), name, value.encode())
END
	gives 0 "$BAILEY" changes "$(kept)"
	has "$output" "/p/link -> " "/p/d/e -> "
	gives 0 "$BAILEY" changes "$(kept)" --apply --yes
	is "$(cat victim/deep/file)" safe
	is "$(find victim | wc -l)" 3
	is "$(cat p/m/x)" x
	is "$(readlink p/link)" "$WORK/victim"
	is "$(readlink p/d/e)" "$WORK/victim/deep"
}
@test "names that are protected or hidden are shown, and never applied, whatever stands in their place" {
	local conf
	mkdir -p "$HOME/.config/autostart"
	conf=$(profile home << 'END'
filesystem = { home = "host"; hide = [ "~/.secretdir", "-~/.absent" ]; };
END
	)
	mkdir -p "$HOME/.secretdir"
	echo s > "$HOME/.secretdir/s"
	cp "$HOME/.bashrc" bashrc 2> /dev/null || touch bashrc "$HOME/.bashrc"
	# shellcheck disable=SC2016 # for the inner shell
	gives 0 "$BAILEY" run -p "$conf" --keep sh -c 'cd; ls .secretdir; echo evil >> .bashrc; echo > .testrc; mkdir -p .config/autostart
		echo evil > .config/autostart/x.desktop; ln -s /tmp .config/systemd; mkdir -p .local/state/bailey/changes .secretdir .config/bailey
		echo evil > .config/bailey/evil.conf; echo > .secretdir/evil; mv .config/autostart .config/other; true'
	lacks "$output" $'\ns\n'
	gives 0 "$BAILEY" changes "$(kept)"
	has "$output" ".bashrc (not applied: shells run it)" "/autostart/ (not applied" ".config/systemd -> /tmp (not applied" \
		".secretdir/evil (not applied: the profile hides it" ".config/bailey/evil.conf (not applied: bailey's own"
	gives 125 "$BAILEY" changes "$(kept)" --apply --yes --force
	[ -e "$HOME/.testrc" ]
	cmp "$HOME/.bashrc" bashrc
	is "$(cat "$HOME/.secretdir/s")" s
	[ -d "$HOME/.config/autostart" ] && [ ! -e "$HOME/.config/autostart/x.desktop" ]
	[ ! -e "$HOME/.config/systemd" ] && [ ! -e "$HOME/.secretdir/evil" ] && [ ! -e "$HOME/.config/bailey/evil.conf" ]
	rm -rf "$HOME/.config/autostart" "$HOME/.config/other" "$HOME/.secretdir"
}
@test "a directory above a hidden name, removed inside, stays on the host with it" {
	local conf
	mkdir p/d/hidden
	echo s > p/d/hidden/s
	conf=$(profile hides << END
filesystem = { read_write = [ "$WORK/p" ]; hide = [ "$WORK/p/d/hidden" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" --keep rm -r "$WORK/p/d"
	gives 0 "$BAILEY" changes "$(kept)"
	has "$output" "/p/d/ (not applied: something in it is hidden"
	gives 125 "$BAILEY" changes "$(kept)" --apply --yes --force
	is "$(cat p/d/hidden/s)" s
}
@test "a file that is granted by itself, a directory that is only made, a kept home" {
	local conf
	echo one > single
	chmod 640 single
	conf=$(profile more << END
filesystem = { home = "persistent"; create = [ "$WORK/made/deep" ]; read_write = [ "$WORK/made/deep", "$WORK/single" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" --keep sh -c "echo two >> $WORK/single; echo new > $WORK/made/deep/f; echo h > ~/h; cat ~/h"
	has "$output" h "1 changed, 2 new"
	is "$(cat single)" one
	[ ! -e made ] && [ ! -e "$HOME/.local/share/bailey" ]
	gives 0 "$BAILEY" changes "$(kept)" --apply --yes
	is "$(cat single)" $'one\ntwo'
	is "$(stat -c %a single)" 640
	is "$(cat made/deep/f)" new
	gives 0 "$BAILEY" run -p "$conf" sh -c 'cat ~/h'
	is "$output" h
}
@test "a bailey that is killed leaves the changes behind, and says so; an old left-over goes by itself" {
	local pid run
	(cd p && exec "$BAILEY" run -p shell --rw . --ephemeral sh -c 'echo more >> a; echo up; exec sleep 60') > log 2>&1 &
	pid=$!
	end_later $pid
	eventually 5 grep -q up log
	gives 0 "$BAILEY" changes
	has "$output" "running"
	gives 125 "$BAILEY" changes "$(kept)" --apply --yes
	has "$output" "still runs"
	gives 125 "$BAILEY" changes "$(kept)" --discard
	kill -KILL $pid
	wait $pid || true
	is "$(cat p/a)" a
	eventually 5 sh -c '"$BAILEY" changes | grep -q "left over"'
	gives 0 eph --ephemeral true
	has "$output" "changes of 1 runs that were killed are left over"
	run=$STATE/$(kept)/run
	python3 - "$run" << 'END'
import re, sys
text = open(sys.argv[1], "rb").read()
open(sys.argv[1], "wb").write(re.sub(rb"began=\d+", b"began=1000000000", text))
END
	gives 0 eph --ephemeral true
	has "$output" "thrown away"
	is "$(ls -A "$STATE")" ""
}
@test "applying that is killed in the middle leaves whole files, and goes on where it stopped" {
	local name i n
	gives 0 eph --keep 'i=0; while [ $i -lt 400 ]; do head -c 20000 /dev/zero | tr "\0" x > f$i; i=$((i + 1)); done'
	name=$(kept)
	for i in 1 2 3 4 5; do
		"$BAILEY" changes "$name" --apply --yes > /dev/null 2>&1 &
		n=$!
		sleep "0.0$i"
		kill -KILL $n 2> /dev/null || true
		wait $n || true
		[ -z "$(find p -name 'f*' -size -20000c)" ]
	done
	[ ! -d "$STATE/$name" ] || gives 0 "$BAILEY" changes "$name" --apply --yes
	is "$(find p -name 'f*' -size 20000c | wc -l)" 400
	is "$(ls -A "$STATE")" ""
}
@test "no space where changes go: one clear message, and nothing is left" {
	mkdir small
	local left
	# shellcheck disable=SC2016 # for the inner shell
	gives 0 unshare -c -m --keep-caps sh -c 'export XDG_STATE_HOME=$WORK/small
		for inodes in 2 4 6 8 9 10 11; do
			mount -t tmpfs -o size=1M,nr_inodes=$inodes none small || exit 1
			"$BAILEY" run -p shell --rw p --ephemeral sh -c "echo ran"; echo "status $?"
			find small -type f; find small -name "sh-*"
			umount small
		done'
	is "$(grep -c 'status 125' <<< "$output")" 7
	is "$(grep -c 'error:' <<< "$output")" 7
	is "$(grep -cE '^small' <<< "$output")" 0
	lacks "$output" ran
	has "$output" "No space left on device" "full or read-only"
	left=$(fingerprint p)
	# shellcheck disable=SC2016 # for the inner shell
	gives 0 unshare -c -m --keep-caps sh -c 'export XDG_STATE_HOME=$WORK/small
		mount -t tmpfs -o size=200K none small
		"$BAILEY" run -p shell --rw p --ephemeral sh -c "cd $WORK/p; head -c 1000000 /dev/zero > big" || echo "status $?"; find small -name "sh-*"'
	has "$output" "No space left on device" "thrown away"
	is "$(fingerprint p)" "$left"
}
@test "a home where nothing can be made: the reason, and the way out" {
	mkdir -m 500 closed
	gives 125 env HOME="$WORK/closed" "$BAILEY" run -p default --rw "$WORK" --keep true
	has "$output" "cannot keep changes in $WORK/closed/.local/state/bailey/changes: Permission denied" XDG_STATE_HOME
	gives 0 env HOME="$WORK/closed" XDG_STATE_HOME="$WORK/state" "$BAILEY" run -p default --rw "$WORK" --keep true
}
@test "a program's trees of any depth and any mode are thrown away" {
	gives 0 eph --ephemeral 'python3 -c "
import os
for i in range(2500):
    os.mkdir(\"dddd\"); os.chdir(\"dddd\")
open(\"x\", \"w\").write(\"deep\")
os.chmod(\".\", 0)"
		mkdir -p shut/in; chmod 0 shut/in shut'
	has "$output" "thrown away"
	is "$(ls -A "$STATE")" ""
}
@test "what cannot go elsewhere is refused with its line" {
	local conf
	conf=$(profile upper << END
filesystem = {
  overlay = ( { path = "$WORK/p"; upper = "$WORK/up"; } );
};
END
	)
	gives 2 "$BAILEY" run -p "$conf" --ephemeral true
	has "$output" "upper.conf:3" "cannot go elsewhere as well" "--ephemeral"
	gives 2 "$BAILEY" run --ephemeral --keep --apply true
	gives 2 "$BAILEY" run --yes true
	conf=$(profile mapped <<< 'identity = { user = "mapped"; };')
	gives 2 "$BAILEY" run -p "$conf" --ephemeral true
	has "$output" "other uids"
}
@test "changes --upper shows what an overlay kept" {
	local conf
	conf=$(profile upper << END
filesystem = { overlay = ( { path = "$WORK/p"; upper = "$WORK/up"; } ); };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c "echo more >> $WORK/p/a; rm $WORK/p/b"
	gives 0 "$BAILEY" changes --upper up p
	has "$output" "M ${WORK/#$HOME/\~}/p/a" "D ${WORK/#$HOME/\~}/p/b" "1 changed, 0 new, 1 removed"
	gives 2 "$BAILEY" changes --upper up p --apply
}
