#!/bin/sh
# Runs a command of the tests as an ordinary user, in a tree which that user owns.
#
#   tests/user.sh COMMAND [ARGS...]
#
# Started by an ordinary user, the command runs at the top of this tree, with an empty home below the build directory, because
# the tests write to the home.  Started by root, a user is made for it
# (useradd), the tree is copied into that user's home, the command runs there with a fresh environment and no privilege, and
# user, home and whatever the user left running are removed at the end.  BUILD is the build directory; the command finds the
# programs in $BAILEY and $BAILEY_FILTER.
set -eu

tree=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-build}
case $build in
/*) ;;
*) build=$tree/$build ;;
esac
[ $# -gt 0 ] || {
	echo "usage: tests/user.sh COMMAND [ARGS...]" >&2
	exit 2
}
[ -x "$build/bailey" ] || {
	echo "tests/user.sh: there is no $build/bailey: run make first" >&2
	exit 2
}

# clean HOME USER PATH BUILD-DIRECTORY COMMAND...: with nothing of the caller's environment but what steers the tests:
# locale, terminal, colours and directories of the caller's decide no test.
# A shell's job in the background would not get ^C, nor would the programs that the tests start.
clean() (
	its_home=$1 its_user=$2 its_path=$3 its_build=$4
	shift 4
	env --default-signal=INT,QUIT -i PATH="$its_path" HOME="$its_home" USER="$its_user" LOGNAME="$its_user" SHELL=/bin/sh LANG=C.UTF-8 TERM=xterm \
		BUILD="$its_build" BAILEY="$its_build/bailey" BAILEY_FILTER="$its_build/bailey-filter" BAILEY_TEST_HOME="$its_home" BAILEY_MUST_RUN="${BAILEY_MUST_RUN:-}" \
		${BAILEY_VM:+BAILEY_VM="$BAILEY_VM"} ${BAILEY_POOL:+BAILEY_POOL="$BAILEY_POOL"} \
		${BAILEY_ROUNDS:+BAILEY_ROUNDS="$BAILEY_ROUNDS"} ${BAILEY_CLAIMS:+BAILEY_CLAIMS="$BAILEY_CLAIMS"} \
		${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} "$@"
)

if [ "$(id -u)" -ne 0 ]; then
	cd "$tree"
	HOME=$(mktemp -d "$build/home.XXXXXX")
	trap 'chmod -R u+rwX "$HOME"; rm -rf "$HOME"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	status=0
	# The session is a part of the machine: control groups are asked of its systemd.
	clean "$HOME" "$(id -un)" "$PATH" "$build" env ${XDG_RUNTIME_DIR:+XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR"} \
		${DBUS_SESSION_BUS_ADDRESS:+DBUS_SESSION_BUS_ADDRESS="$DBUS_SESSION_BUS_ADDRESS"} "$@" || status=$?
	exit "$status"
fi

# Ends what the user left running, by process, then removes the user and the home.
remove_user() {
	for round in 1 2 3; do
		alive=
		for process in /proc/[0-9]*; do
			[ "$(stat -c %u "$process" 2>/dev/null)" = "$2" ] || continue
			kill -KILL "${process#/proc/}" 2>/dev/null || true
			alive=yes
		done
		[ -n "$alive" ] || break
		sleep "0.$round"
	done
	userdel -r "$1" >/dev/null 2>&1 || userdel -rf "$1" >/dev/null 2>&1 || true
}

# A run that was killed leaves its user behind; the name tells which process it belonged to.
getent passwd | sed -n 's/^\(bailey-test-\([0-9]*\)\):[^:]*:\([0-9]*\):.*/\1 \2 \3/p' | while read -r name pid uid; do
	[ -d "/proc/$pid" ] || remove_user "$name" "$uid"
done

user=bailey-test-$$
useradd -m -s /bin/sh "$user"
uid=$(id -u "$user") gid=$(id -g "$user")
home=$(getent passwd "$user" | cut -d: -f6)
finish() {
	trap - EXIT INT TERM HUP
	remove_user "$user" "$uid"
}
trap finish EXIT
trap 'finish; exit 130' INT
trap 'finish; exit 143' TERM HUP

copy=$home/bailey
mkdir "$copy" "$copy/build"
(cd "$tree" && tar -cf - --exclude=./.git --exclude=./.cache --exclude='./build' --exclude='./build-*' .) | tar -xf - -C "$copy"
(cd "$build" && tar -cf - .) | tar -xf - -C "$copy/build"
chmod -R go-w "$copy"
chown -R "$uid:$gid" "$copy"

cd "$copy"
status=0
clean "$home" "$user" /usr/local/bin:/usr/bin:/bin "$copy/build" setpriv --reuid "$uid" --regid "$gid" --init-groups --inh-caps=-all "$@" ||
	status=$?
finish
exit "$status"
