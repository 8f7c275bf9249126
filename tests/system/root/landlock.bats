#!/usr/bin/env bats
# A mount that went wrong: root makes one inside a running sandbox that no plan has. Landlock still keeps the program to the plan;
# without it the mount is all there is.

load rig

setup_file() { rig_begin; }
setup() {
	rig_need_root
	local abi
	abi=$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')
	if [ "$abi" -lt 3 ]; then
		[[ ,${BAILEY_MUST_RUN:-}, != *,landlock,* ]]
		skip "needs Landlock's ABI 3: the kernel says $abi"
	fi
	WORK=$(mktemp -d)
	cd "$WORK" || return 1
	chmod 755 .
	mkdir granted
	echo text > granted/file
	chown -R "$USER_NAME": granted
	cat > user.conf << END
inherit = [ "common/base" ];
identity = { user = "$USER_NAME"; };
filesystem = { binds = ( { from = "$WORK/granted"; to = "/work"; } ); };
END
}
teardown() {
	cd /
	[ -z "${LAUNCHER:-}" ] || kill -KILL "$LAUNCHER" 2> /dev/null || true
	rig_work_remove
}

# with_mistake MOUNT-ARGUMENTS BAILEY-ARGUMENTS... -- SCRIPT: a sandbox in whose mount namespace root mounts that before the script
# goes on; what it says is in $output.
with_mistake() {
	local mistake=$1 arguments=() pid
	shift
	while [ "$1" != -- ]; do
		arguments+=("$1")
		shift
	done
	mkfifo go
	exec 8<> go
	"$BAILEY" run -p ./user.conf "${arguments[@]}" sh -c "echo \"ready\"; read -r line; $2" < go > said 2>&1 &
	LAUNCHER=$!
	for _ in $(seq 200); do
		grep -q ready said && break
		sleep 0.05
	done
	pid=$(cat "/proc/$LAUNCHER/task/$LAUNCHER/children")
	# shellcheck disable=SC2086 # arguments
	nsenter -t "${pid%% *}" -m -- mount $mistake
	echo >&8
	wait "$LAUNCHER" || true
	exec 8>&-
	rm go
	output=$(sed 1d said)
}

@test "a grant whose mount lost its read-only flag stays read-only" {
	local attempt='echo changed > file; rm -f file; mkdir new; ls; cat file'
	with_mistake "-o remount,bind,rw /work" -- "cd /work; $attempt"
	echo "$output"
	[[ $output == *"Permission denied"* && $output == *text ]]
	[ "$(ls granted)" = file ]
	[ "$(cat granted/file)" = text ]
	with_mistake "-o remount,bind,rw /work" --set landlock.use=off -- "cd /work; $attempt"
	echo "$output"
	[ "$(ls granted)" = new ]
}
@test "a file system that is mounted where nothing was granted is not written to" {
	with_mistake "-t tmpfs -o mode=1777 none /work" -- "touch /work/made && echo made"
	echo "$output"
	[[ $output == *"Permission denied"* ]]
	with_mistake "-t tmpfs -o mode=1777 none /work" --set landlock.use=off -- "touch /work/made && echo made"
	[ "$output" = made ]
}
