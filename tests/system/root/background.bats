#!/usr/bin/env bats
# Programs in the background that root has started, as root inside and as another user.

load rig

setup_file() { rig_begin; }

setup() {
	rig_work
	export XDG_STATE_HOME=$WORK/state
	mkdir "$XDG_STATE_HOME"
	NAME=test-$$-$BATS_TEST_NUMBER
	cat > as-user.conf << END
inherit = [ "common/base" ];
identity = { user = "$USER_NAME"; };
END
}
teardown() {
	cd /
	"$BAILEY" stop --time 0 "$NAME" > /dev/null 2>&1 || true
	rig_work_remove
}

# within SECONDS COMMAND...: true as soon as the command is.
within() {
	local _
	for _ in $(seq $(($1 * 20))); do
		! "${@:2}" || return 0
		sleep 0.05
	done
	echo "not in time: ${*:2}"
	return 1
}
gone() { ! "$BAILEY" list --json | grep -q "\"name\": \"$NAME\""; }
logged() { "$BAILEY" logs "$NAME" | grep -q "$1"; }
nobody_sleeps() { ! pgrep -f "^sleep $1\$" > /dev/null; }
# member NAME: a number from the list
member() { "$BAILEY" list --json | grep -A 20 "\"name\": \"$NAME\"" | sed -n "s/.*\"$1\": \([0-9]*\),.*/\1/p" | head -n 1; }

@test "as another user: uid, log, restarts, stop" {
	[ "$("$BAILEY" run -p ./as-user.conf --detach --name "$NAME" --restart always sh -c 'id -un; sleep 0.3')" = "$NAME" ]
	twice() { [ "$("$BAILEY" logs "$NAME" | grep -cx "$USER_NAME")" -ge 2 ]; }
	within 10 twice
	[ "$(stat -c '%a %u' "$XDG_STATE_HOME/bailey/logs/$NAME/log")" = "600 0" ]
	"$BAILEY" stop "$NAME"
	within 5 gone
	[ ! -e "/run/bailey/$NAME" ]
}
@test "as another user: the manager is killed, and nothing runs on" {
	"$BAILEY" run -p ./as-user.conf --detach --name "$NAME" sleep "98$$" > /dev/null
	[ -n "$(member sandbox_pid)" ]
	kill -KILL "$(member launcher_pid)"
	within 2 nobody_sleeps "98$$"
	gone
	[ ! -e "/run/bailey/$NAME" ]
}
@test "as another user: the launcher is killed, and nothing runs on" {
	"$BAILEY" run -p ./as-user.conf --detach --name "$NAME" sleep "99$$" > /dev/null
	local launcher
	launcher=$(awk '/^PPid/ { print $2 }' "/proc/$(member sandbox_pid)/status")
	[ "$launcher" != "$(member launcher_pid)" ]
	kill -KILL "$launcher"
	within 2 nobody_sleeps "99$$"
	within 5 gone
	"$BAILEY" logs --json "$NAME" | grep -q "ended by signal 9"
	[ ! -e "/run/bailey/$NAME" ]
}
@test "with a terminal, and as root" {
	"$BAILEY" run -p ./as-user.conf --detach --tty --name "$NAME" sh -c 'tty; id -un; sleep 100' > /dev/null
	within 5 logged "^$USER_NAME"
	within 5 logged /dev/pts/0
	timeout 2 "$BAILEY" attach --read-only "$NAME" < /dev/null > seen || true
	grep -q "$USER_NAME" seen
	"$BAILEY" stop --time 1 "$NAME"
	within 5 gone
	"$BAILEY" run -p shell --set identity.user=host-root --detach --name "$NAME" sh -c 'id -u; sleep 100' > /dev/null
	within 5 logged '^0$'
	"$BAILEY" stop --time 1 "$NAME"
	within 5 gone
}
