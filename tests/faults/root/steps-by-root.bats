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
# Its files lie where those whom root becomes see them; mounts of others of this machine are none of its own.
left() {
	mkdir -p "$COPY/tmp"
	chmod 711 "$COPY/tmp"
	TMPDIR=$COPY/tmp timeout 500 unshare --mount --propagation private python3 "$TREE/tests/lib/left.py" "$1" "$BAILEY" /run/bailey "${@:2}" 2>&1
}

@test "root: killed at each step: no process survives, and the next command removes what is left" {
	rig_need_root
	run left steps -p "$COPY/left.conf" --tasks 50 --allow-degraded all
	echo "# $output" >&3
	[ "$status" -eq 0 ]
}
@test "root: launcher, first process, program or helper killed at a random moment" {
	rig_need_root
	run left random -p "$COPY/left.conf" --tasks 50 --allow-degraded all
	echo "# $output" >&3
	[ "$status" -eq 0 ]
}
