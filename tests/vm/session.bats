#!/usr/bin/env bats
# One start in its surroundings: $BAILEY_VM says which (tests/vm/inside).

setup() {
	: "${BAILEY:=/bailey/build/bailey}"
}

@test "$BAILEY_VM: the surroundings are what they are called" {
	local own
	own=$(cat /proc/self/cgroup)
	case $BAILEY_VM in
	stock | full)
		# Of a login session, or of the user's manager.
		[[ $own == */session-*.scope || $own == */user@1000.service/* ]] || { echo "$own"; false; }
		[ -S "$XDG_RUNTIME_DIR/systemd/private" ]
		busctl --user call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager GetUnit s basic.target
		;;
	alone)
		[ -z "${XDG_RUNTIME_DIR:-}" ]
		[ ! -S /run/user/1000/systemd/private ]
		;;
	root) [ "$(id -u)" -eq 0 ] && [ -S /run/systemd/private ] ;;
	*)
		echo "nobody says which surroundings these are to be"
		false
		;;
	esac
}
@test "$BAILEY_VM: a sandbox starts and gives back its status" {
	local status=0 options=()
	[ "$BAILEY_VM" != root ] || options=(--set identity.user=tester)
	(cd / && "$BAILEY" run -p shell "${options[@]}" sh -c 'exit 7') || status=$?
	[ "$status" -eq 7 ]
}
