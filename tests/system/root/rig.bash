# shellcheck shell=bash
# What the suites of a start by root share: `load rig`, then in setup_file rig_user and one of rig_copy, rig_copy_home.

# The tree, and where it was built.
TREE=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
: "${BUILD:=build}"
case $BUILD in
/*) ;;
*) BUILD=$TREE/$BUILD ;;
esac
export TREE BUILD

is_root() { [ "$(id -u)" -eq 0 ]; }

# Makes $USER_NAME. tests/user.sh removes what a killed run leaves, by this form of name.
rig_user() {
	export USER_NAME=bailey-test-$$
	useradd -m -s /bin/sh "$USER_NAME"
}

# What was built and the profiles, below $COPY; $BAILEY is the program there.
rig_fill() {
	mkdir -p "$COPY/build"
	cp "$BUILD"/bailey "$BUILD"/bailey-* "$COPY/build" 2> /dev/null || true # directories of other builds beside them
	[ -x "$COPY/build/bailey-filter" ]
	cp -R "$TREE/profiles" "$COPY/"
	chmod -R go-w "$COPY"
	export COPY BAILEY=$COPY/build/bailey
}

# In a directory of root's that every user can reach, wherever this tree lies.
rig_copy() {
	COPY=$(mktemp -d)
	chmod 755 "$COPY"
	rig_fill
}

# In the user's home, and the user's. Call rig_own again after something was added.
rig_copy_home() {
	COPY=$(getent passwd "$USER_NAME" | cut -d: -f6)/bailey
	rig_fill
	rig_own
}
rig_own() {
	chmod -R go-w "$COPY"
	chown -R "$USER_NAME": "$COPY"
}

# Removes what the functions above have made.
rig_remove() {
	[ -z "${COPY:-}" ] || rm -rf "$COPY"
	[ -z "${USER_NAME:-}" ] || userdel -r "$USER_NAME" > /dev/null 2>&1 || true
}

# For suites on a host of the tests' own: $B is bailey, $ASK and $ANSWER are clients and servers for in there.
rig_host() {
	is_root || skip "needs root: this is uid $(id -u)"
	[ -x "$BUILD/bailey-net" ] || skip "needs bailey-net: it was built without libnl-route-3"
	command -v nft > /dev/null || skip "needs nft: the package nftables is not installed"
	export B=$BUILD/bailey ASK="python3 /mnt/profiles/ask.py" ANSWER="python3 /mnt/profiles/answer.py"
}

# on_host SCRIPT: as bridge-host runs it.
on_host() {
	timeout 120 "$TREE/tests/lib/net-host" "$TREE/tests/lib/bridge-host" "$1"
}
