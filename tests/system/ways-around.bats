#!/usr/bin/env bats
# What a program tries that knows bailey: walking around what is kept from it, changing the rules of its next start, outliving
# its timeout.
load lib

prepare() { need userns; }

@test "a read-only directory cannot be renamed away together with the one above it" {
	mkdir -p .git/hooks
	echo 'old' > .git/hooks/x
	gives 0 "$BAILEY" run -p agent sh -c 'mv .git away && mkdir -p .git/hooks && echo new > .git/hooks/x; echo more > .git/index'
	is "$(cat .git/hooks/x)" old
	# What is not kept from it is written as ever.
	is "$(cat .git/index)" more
}
@test "what is hidden is hidden under another name of the directory above, protected or not" {
	mkdir -p ~/.ssh
	echo secret > ~/.ssh/id_test
	profile other << 'END' > name
filesystem = { binds = ( { from = "~"; to = "/srv/home"; mode = "read_write"; } ); };
END
	gives 0 "$BAILEY" run -p "$(cat name)" sh -c 'ls -A /srv/home; cat /srv/home/.ssh/id_test; true'
	lacks "$output" secret
	has "$output" "${WORK##*/}"
}
@test "the host's processes are not shown with its root directory" {
	profile root << 'END' > name
filesystem = { binds = ( { from = "/"; to = "/srv/host"; } ); };
END
	gives 0 "$BAILEY" run -p "$(cat name)" sh -c 'ls /srv/host; ls /srv/host/proc/1; true'
	has "$output" usr "/srv/host/proc/1"
	lacks "$output" cmdline
}
@test "a program with ~/.config cannot say which directory the next one gets as downloads" {
	mkdir -p ~/.config
	echo '# mine' > ~/.config/user-dirs.dirs
	# shellcheck disable=SC2016 # for the shell inside
	gives 0 "$BAILEY" run -p default --rw ~/.config sh -c 'echo "XDG_DOWNLOAD_DIR=\"$HOME/.ssh\"" > ~/.config/user-dirs.dirs; true'
	is "$(cat ~/.config/user-dirs.dirs)" '# mine'
	rm ~/.config/user-dirs.dirs
}
@test "bailey's own directories are kept from it where they lie without XDG variables too" {
	mkdir -p ~/.config
	gives 0 env XDG_CONFIG_HOME="$WORK/config" "$BAILEY" run -p default --rw ~ sh -c 'mkdir -p ~/.config/bailey/profiles && echo > ~/.config/bailey/profiles/sh.conf; true'
	[ ! -e ~/.config/bailey/profiles/sh.conf ]
}
@test "a variable that cannot be made a plain path is refused, not ignored" {
	echo 'filesystem = { home = "host"; read_only = [ "/usr", "-/bin", "-/lib", "-/lib64" ]; };' > plain.conf
	gives 2 env XDG_CONFIG_HOME="$HOME/x/../.config" "$BAILEY" run -p ./plain.conf true
	has "$output" XDG_
}
@test "a symlink half-way to a start-up file cannot be turned" {
	mkdir turn
	echo old > rc
	ln -s ../rc turn/link
	ln -sfn "${WORK##*/}/turn/link" ~/.zlogin
	# shellcheck disable=SC2016 # for the shell inside
	gives 0 "$BAILEY" run -p default --rw turn sh -c 'rm -f "$1/link"; echo new > "$1/link"; true' sh "$WORK/turn"
	is "$(cat ~/.zlogin)" old
	rm ~/.zlogin
}
@test "a program that stops the terminal's output does not outlive its timeout" {
	gives 124 timeout -s KILL 30 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" run -p shell --set process.timeout=300ms python3 -c '
import signal, termios, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
termios.tcflow(0, termios.TCOOFF)
time.sleep(1000)' < /dev/null
}
@test "a descriptor that bailey opened is not one that the caller passed" {
	profile passing << 'END' > name
process = { descriptors = [ 3 ]; };
END
	gives 125 python3 "$SYSTEM/on-a-terminal.py" sh -c 'exec "$@" 3>&-' sh "$BAILEY" run -p "$(cat name)" true < /dev/null
	has "$output" "descriptor 3"
}
@test "a profile cannot be rewritten by the program that it grants its directory" {
	cat > here.conf <<- 'END'
		inherit    = [ "common/base" ];
		filesystem = { read_write = [ "${CWD}" ]; };
	END
	chmod go-w here.conf
	cp here.conf before
	# shellcheck disable=SC2016 # for the shell inside
	gives 0 "$BAILEY" run -p ./here.conf sh -c 'echo x >> here.conf; mv here.conf gone; rm -f here.conf; echo new > beside; true'
	cmp here.conf before
	is "$(cat beside)" new
}
@test "nor the profiles and the programs of bailey's own tree" {
	local sum
	sum=$(cksum < "${BAILEY%/*}/bailey-unpack")
	gives 0 "$BAILEY" run -p shell --rw "$TREE" sh -c "
		echo x >> $TREE/profiles/shell.conf; mv $TREE/profiles $TREE/p; mv ${BAILEY%/*} $TREE/b
		echo x >> ${BAILEY%/*}/bailey-filter; echo x >> ${BAILEY%/*}/bailey-unpack; mv $TREE/profiles/shell.conf ${BAILEY%/*}/bailey-unpack; echo mine > $TREE/new; true"
	lacks "$(cat "$TREE/profiles/shell.conf")" "
x"
	is "$(cksum < "${BAILEY%/*}/bailey-unpack")" "$sum"
	is "$(cat "$TREE/new")" mine
	rm "$TREE/new"
	gives 0 "$BAILEY" run -p shell true
}
@test "writing is not granted to the whole machine" {
	cd /
	gives 2 "$BAILEY" run -p archive tar --version
	has "$output" "archive.conf" "the current directory (/)"
}
@test "a program that may write to a directory of PATH does not become a part of the next launch" {
	mkdir -p npm/bin
	# shellcheck disable=SC2016 # for the shell inside
	gives 0 "$BAILEY" run -p default --rw npm sh -c 'cd "$1/bin" && for p in pasta newuidmap newgidmap; do
		printf "#!/bin/sh\ntouch %s/ran\nexit 1\n" "$1" > $p && chmod 755 $p && ln $p ../$p; done' sh "$WORK/npm"
	mkdir -p ~/.local/bin
	ln -sf "$WORK/npm/pasta" "$WORK/npm/newuidmap" "$WORK/npm/newgidmap" ~/.local/bin
	for first in "$WORK/npm/bin" "$HOME/.local/bin"; do
		# Outside such a directory is what it is.
		is "$(PATH=$first:$PATH command -v pasta)" "$first/pasta"
		attempt env PATH="$first:$PATH" "$BAILEY" run -p default --net user --dry-run --json true
		lacks "$output" "\"$WORK/npm/pasta" "\"$first/pasta"
		attempt env PATH="$first:$PATH" "$BAILEY" run -p shell --set identity.user=mapped --dry-run --json true
		lacks "$output" "\"$WORK/npm/newuidmap" "\"$first/newuidmap"
		attempt env PATH="$first:$PATH" "$BAILEY" run -p default --net user true
		attempt env PATH="$first:$PATH" "$BAILEY" run -p shell --set identity.user=mapped true
		[ ! -e npm/ran ]
	done
	gives 2 env PATH="$WORK/npm/bin" "$BAILEY" run -p default --net user /bin/true
	has "$output" "could have put $WORK/npm/bin/pasta there" "install the package"
	rm ~/.local/bin/pasta ~/.local/bin/newuidmap ~/.local/bin/newgidmap
}
