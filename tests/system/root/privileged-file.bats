#!/usr/bin/env bats
# A program file that gives privileges is refused: bailey trusts its environment and the files of its caller.

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root: this is uid $(id -u)"
	TREE=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	: "${BUILD:=build}"
	case $BUILD in
	/*) BAILEY=$BUILD/bailey ;;
	*) BAILEY=$TREE/$BUILD/bailey ;;
	esac
	WORK=$(mktemp -d)
	chmod 755 "$WORK"
	cp "$BAILEY" "$WORK/bailey"
}
teardown() { [ -z "${WORK:-}" ] || rm -rf "$WORK"; }

as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

@test "set-user-ID, set-group-ID and file capabilities" {
	run as_nobody "$WORK/bailey" --version
	[ "$status" -eq 0 ]
	chmod 4755 "$WORK/bailey"
	run as_nobody "$WORK/bailey" --version
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"privileges by its file"* ]]
	chmod 2755 "$WORK/bailey"
	run as_nobody "$WORK/bailey" --version
	[ "$status" -eq 125 ]
	chmod 755 "$WORK/bailey"
	command -v setcap > /dev/null || skip "needs setcap"
	setcap cap_net_admin=ep "$WORK/bailey"
	run as_nobody "$WORK/bailey" --version
	[ "$status" -eq 125 ]
}
