#!/usr/bin/env bats
# The status of `bailey run` is the program's; what goes wrong before it runs has statuses of its own.
load lib

prepare() { need userns; }

@test "the program's own status" {
	local n
	for n in 0 1 2 42 124 125 126 127 255; do
		gives "$n" "$BAILEY" run -p shell sh -c "exit $n"
	done
}
@test "a program killed by a signal: bailey dies of the same" {
	local signal
	for signal in TERM KILL SEGV HUP INT USR1 PIPE ABRT; do
		python3 - "$signal" "$BAILEY" run -p shell sh -c "ulimit -c 0; kill -$signal \$\$" << 'END'
import signal, subprocess, sys
want = getattr(signal, "SIG" + sys.argv[1])
got = subprocess.run(sys.argv[2:]).returncode
sys.exit(0 if got == -want else f"{sys.argv[1]}: wanted death by {int(want)}, got {got}")
END
	done
}
@test "the shell sees 128+N" { gives 143 sh -c "'$BAILEY' run -p shell sh -c 'kill -TERM \$\$'; exit \$?"; }
@test "127 when there is no such program" {
	gives 127 "$BAILEY" run -p shell no-such-program-anywhere
	has "$output" no-such-program-anywhere
	gives 127 "$BAILEY" run -p shell /usr/bin/no-such-program-anywhere
}
@test "126 when the program is on the host but not visible inside" {
	cp /bin/true mine
	gives 126 "$BAILEY" run -p shell "$WORK/mine"
	has "$output" mine
	gives 0 "$BAILEY" run -p shell --ro "$WORK/mine" "$WORK/mine"
}
@test "126 when it is not executable" {
	echo data > data
	gives 126 "$BAILEY" run -p shell --ro data "$WORK/data"
	has "$output" data
	gives 126 "$BAILEY" run -p shell /usr
	chmod +x data
	echo '#!/no/such/interpreter' > data
	attempt "$BAILEY" run -p shell --ro data "$WORK/data"
	[ "$status" -eq 126 ] || [ "$status" -eq 127 ]
}
@test "125 when the sandbox cannot be set up" {
	# A create below a file cannot be made; the message names the line.
	echo > file
	local conf
	conf=$(profile create << END
filesystem = { create = [ "$WORK/file/below" ]; };
END
	)
	gives 125 "$BAILEY" run -p "$conf" true
	has "$output" "create.conf:2"
}
@test "125 when user namespaces are not to be had, with the reason" {
	need userns
	# A user namespace that may have none below it stands for such a machine.
	gives 125 unshare -Uc --keep-caps sh -c "echo 0 > /proc/sys/user/max_user_namespaces &&
		exec setpriv --ambient-caps -all --inh-caps -all '$BAILEY' run -p shell true"
	has "$output" max_user_namespaces
}
@test "2 for a mistake on the command line or in a profile" {
	gives 2 "$BAILEY" run --no-such-option true
	gives 2 "$BAILEY" run -p no-such-profile true
	gives 2 "$BAILEY" run
	gives 2 "$BAILEY"
	gives 2 "$BAILEY" run -p shell --set no.such=1 true
	gives 2 "$BAILEY" run -p shell --status-fd 77 true
	echo 'nonsense = 1;' > bad.conf
	gives 2 "$BAILEY" run -p ./bad.conf true
	has "$output" "bad.conf:1"
}
@test "124 after the timeout, soon" {
	local start=$SECONDS
	gives 124 "$BAILEY" run -p shell --set process.timeout=1s sleep 60
	[ $((SECONDS - start)) -le 4 ]
}
@test "a program that ignores TERM is killed after the timeout" {
	local start=$SECONDS
	gives 124 "$BAILEY" run -p shell --set process.timeout=1s sh -c 'trap "" TERM; while :; do sleep 1; done'
	[ $((SECONDS - start)) -le 9 ]
}
@test "no timeout strikes a program that ends in time" {
	gives 3 "$BAILEY" run -p shell --set process.timeout=10s sh -c 'exit 3'
}
@test "what the program leaves running ends with it" {
	local mark
	mark=$(unique_seconds)
	gives 0 "$BAILEY" run -p shell sh -c "sleep $mark & exit 0"
	nobody_is "$mark"
}
@test "process.wait = all waits for the last" {
	gives 0 "$BAILEY" run -p shell --set process.wait=all sh -c '(sleep 1; echo last) & exit 0'
	is "$output" last
}
@test "orphans are reaped: no zombies gather" {
	gives 0 "$BAILEY" run -p shell sh -c 'for i in 1 2 3 4 5; do sh -c "sleep 0 & exit 0"; done; sleep 0.3
		cat /proc/[0-9]*/stat | awk "{ print \$3 }" | grep -c Z; true'
	is "$output" 0
}
@test "standard output and standard error stay apart, bailey adds nothing" {
	"$BAILEY" run -p shell sh -c 'echo out; echo err >&2' > out 2> err
	is "$(cat out)" out
	is "$(cat err)" err
}
@test "arguments arrive as they are" {
	gives 0 "$BAILEY" run -p shell -- printf '<%s>' '' 'a b' '$HOME' '*' '--set' "ü'\"" -p
	is "$output" "<><a b><\$HOME><*><--set><ü'\"><-p>"
	gives 0 "$BAILEY" run -p shell printf '<%s>' --json -- -v
	is "$output" "<--json><--><-v>"
}
@test "run is the verb when none is named" {
	gives 7 "$BAILEY" -p shell sh -c 'exit 7'
	gives 8 "$BAILEY" sh -c 'exit 8'
}
