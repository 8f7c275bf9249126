#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
# The same for what root starts as another user, in control groups where the machine has them, with the helpers that keep root's rights.
load ../../system/root/rig

setup_file() {
	is_root || return 0
	rig_user
	rig_copy
	cat > "$COPY/left.conf" <<- END
		inherit = [ "shell" ];
		identity = { user = "$USER_NAME"; };
	END
}
teardown_file() {
	is_root || return 0
	rig_remove
}
left() { TMPDIR=$BATS_TEST_TMPDIR timeout 500 python3 "$TREE/tests/lib/left.py" "$1" "$BAILEY" /run/bailey "${@:2}" 2>&1; }

@test "root: killed at each step: no process survives, and the next command removes what is left" {
	is_root || skip "needs root: this is uid $(id -u)"
	run left steps -p "$COPY/left.conf" --tasks 50 --allow-degraded all
	echo "# $output" >&3
	[ "$status" -eq 0 ]
}
@test "root: launcher, first process, program or helper killed at a random moment" {
	is_root || skip "needs root: this is uid $(id -u)"
	run left random -p "$COPY/left.conf" --tasks 50 --allow-degraded all
	echo "# $output" >&3
	[ "$status" -eq 0 ]
}
