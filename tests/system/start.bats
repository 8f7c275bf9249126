#!/usr/bin/env bats
# Started from everywhere: without a terminal, with streams closed, from an empty environment, in a directory that is not there.
load lib

prepare() { need userns; }

@test "in a pipeline" {
	is "$(echo through | "$BAILEY" run -p shell cat | tr a-z A-Z)" THROUGH
}
@test "a reader that stops early" {
	gives 0 bash -c "set -o pipefail; '$BAILEY' run -p shell sh -c 'while echo y; do :; done' | head -n 1"$'\n''[ "${PIPESTATUS[1]}" = 0 ]'
	is "${lines[0]}" y
}
@test "a large stream through both ends" {
	head -c 20000000 /dev/urandom > data
	"$BAILEY" run -p shell cat < data | cmp - data
}
@test "standard input at its end" { gives 0 "$BAILEY" run -p shell cat < /dev/null; }
@test "standard input closed" {
	gives 0 sh -c "'$BAILEY' run -p shell sh -c 'echo works' <&-"
	is "$output" works
}
@test "standard output closed" {
	"$BAILEY" run -p shell sh -c 'exit 5' >&- && return 1
	is "$?" 5
}
@test "all three closed: the program finds none of bailey's descriptors there" {
	gives 6 sh -c "'$BAILEY' run -p shell --rw '$WORK' sh -c 'ls -l /proc/self/fd > $WORK/fds 2>&1; exit 6' <&- >&- 2>&-"
	lacks "$(cat fds)" socket seccomp pidfd
}
@test "an empty environment" {
	gives 0 env -i "$BAILEY" run -p shell /bin/sh -c 'echo works; cd; pwd'
	is "${lines[0]}" works
	is "${lines[1]}" "$(getent passwd "$(id -u)" | cut -d: -f6)"
}
@test "HOME unset: the password entry says where it is" {
	gives 0 env -u HOME "$BAILEY" run -p shell sh -c 'echo "$HOME"'
	is "$output" "$(getent passwd "$(id -u)" | cut -d: -f6)"
}
@test "HOME relative or empty: works or one clear message" {
	local home
	for home in "" relative ../up; do
		run env HOME="$home" "$BAILEY" run -p shell true
		[ "$status" -eq 0 ] || [ "$status" -eq 2 ] || [ "$status" -eq 125 ]
		[ "$status" -eq 0 ] || has "$output" HOME
		[ ${#lines[@]} -le 3 ]
	done
}
@test "PATH unset" { gives 0 env -u PATH "$BAILEY" run -p shell /bin/true; }
@test "a working directory that is not visible inside: the home instead" {
	gives 0 "$BAILEY" run -p shell pwd
	is "$output" "$HOME"
}
@test "a working directory that is visible inside is kept" {
	gives 0 "$BAILEY" run -p shell --rw . pwd
	is "$output" "$WORK"
	cd /usr/share
	gives 0 "$BAILEY" run -p shell pwd
	is "$output" /usr/share
}
@test "a working directory that was deleted" {
	mkdir gone
	cd gone
	rmdir ../gone
	gives 0 "$BAILEY" run -p shell pwd
	is "$output" "$HOME"
}
@test "a working directory that may not be searched" {
	mkdir shut
	cd shut
	chmod 0 ../shut
	run "$BAILEY" run -p shell pwd
	chmod 700 "$WORK/shut"
	is "$status" 0
	is "$output" "$HOME"
}
@test "without XDG_RUNTIME_DIR" { gives 0 env -u XDG_RUNTIME_DIR "$BAILEY" run -p shell true; }
@test "XDG_RUNTIME_DIR that does not exist" { gives 0 env XDG_RUNTIME_DIR=/run/user/no-such "$BAILEY" run -p shell true; }
@test "XDG_RUNTIME_DIR is an empty directory of its own inside" {
	mkdir -m 700 runtime
	touch runtime/bus
	gives 0 env XDG_RUNTIME_DIR="$WORK/runtime" "$BAILEY" run -p shell sh -c 'ls -A "$XDG_RUNTIME_DIR"; stat -c %a "$XDG_RUNTIME_DIR"'
	is "$output" 700
}
@test "paths with spaces, quotes, umlauts, dollars and stars" {
	local name
	for name in "two words" "it's" 'ü – ß' '$HOME' 'a*b' '[x]' '~' 'back\slash' '-dash' 'new
line'; do
		mkdir -- "./$name"
		echo "in $name" > "./$name/file"
		cd -- "./$name"
		gives 0 "$BAILEY" run -p shell --ro "$WORK/$name" cat "$WORK/$name/file"
		is "$output" "in $name"
		gives 0 "$BAILEY" run -p shell --rw . sh -c 'pwd; echo more >> file'
		is "$output" "$WORK/$name"
		is "$(tail -n 1 file)" more
		cd ..
	done
}
@test "a path that is granted by a symlink shows what it leads to" {
	mkdir real
	echo here > real/file
	ln -s real link
	gives 0 "$BAILEY" run -p shell --ro link cat "$WORK/link/file"
	is "$output" here
}
@test "a cache that cannot be written is no obstacle" {
	mkdir shut
	chmod 500 shut
	gives 0 env XDG_CACHE_HOME="$WORK/shut" "$BAILEY" run -p shell true
	gives 0 env XDG_CACHE_HOME="$WORK/shut/none" "$BAILEY" run -p shell true
}
@test "a relative or empty XDG_CACHE_HOME is not used" {
	gives 0 env XDG_CACHE_HOME=relative "$BAILEY" run -p shell true
	[ ! -e relative ]
	gives 0 env XDG_CACHE_HOME= "$BAILEY" run -p shell true
}
@test "many at once" {
	local i pids=()
	for i in $(seq 20); do
		"$BAILEY" run -p shell sh -c "exit $i" &
		pids+=($!)
	done
	for i in $(seq 20); do
		local status=0
		wait "${pids[i - 1]}" || status=$?
		is "$status" "$i"
	done
}
@test "the umask and the limits of the caller reach the program" {
	gives 0 sh -c "umask 027; ulimit -n 77; ulimit -c 0; '$BAILEY' run -p shell sh -c 'umask; ulimit -n; ulimit -c'"
	is "$output" $'0027\n77\n0'
}
@test "blocked signals of the caller do not stick to the program, ignored ones do, as without a sandbox" {
	local show='sed -n "s/^SigBlk:[[:space:]]*//p; s/^SigIgn:[[:space:]]*//p" /proc/self/status'
	# Whoever started the tests may ignore some as well.
	local ignored
	for ignored in "" "trap '' HUP USR1;"; do
		gives 0 sh -c "$ignored sh -c '$show'"
		local outside=$output
		gives 0 sh -c "$ignored '$BAILEY' run -p shell sh -c '$show'"
		is "$output" "$outside"
	done
	gives 0 python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
os.execv(sys.argv[1], sys.argv[1:])' "$BAILEY" run -p shell sed -n 's/^SigBlk:.//p' /proc/self/status
	has "$output" "0000"
}
@test "a kind of namespaces that the machine allows none of is named, with what to do" {
	local kind
	for kind in user mnt net pid; do
		attempt unshare -U --map-current-user --keep-caps sh -c 'echo 0 > "/proc/sys/user/max_$0_namespaces"
			exec setpriv --inh-caps=-all --ambient-caps=-all "$BAILEY" run -p shell echo started' "$kind"
		is "$status" 125
		has "$output" "cannot make the namespaces: No space left on device" "user.max_${kind}_namespaces is 0; as root: sysctl -w"
		lacks "$output" started
	done
}
@test "a kernel that lacks a call: the launch ends with the step and the kernel that is needed" {
	local number
	for number in 435 437 428 442; do # clone3, openat2, open_tree, mount_setattr, the same on all machines
		gives 125 python3 "$TREE/tests/lib/without.py" "$number" "$BAILEY" run -p shell echo started
		has "$output" "Function not implemented" "older than Linux 5.12"
		lacks "$output" started
	done
	gives 0 python3 "$TREE/tests/lib/without.py" 9999 "$BAILEY" run -p shell echo started
}
