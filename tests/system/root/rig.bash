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

# In setup: what a test cannot do without, or it is skipped with the reason.
rig_need_root() { is_root || skip "needs root: this is uid $(id -u)"; }
rig_need_pasta() { command -v pasta > /dev/null || skip "needs pasta: the package passt is not installed"; }
rig_need_nft() { command -v nft > /dev/null || skip "needs nft: the package nftables is not installed"; }
rig_need_net() {
	rig_need_root
	[ -x "$BUILD/bailey-net" ] || skip "needs bailey-net: it was built without libnl-route-3"
	rig_need_nft
}

# A directory of the test's own, which is the present one, as $WORK.
rig_work() {
	rig_need_root
	WORK=$(mktemp -d)
	cd "$WORK" || return 1
}
rig_work_remove() {
	cd /
	[ -z "${WORK:-}" ] || rm -rf "$WORK"
}

# soon COMMAND...: true as soon as the command is, within 40 s: an emulated machine takes long.
soon() {
	local end=$((SECONDS + 40))
	until "$@" 2> /dev/null; do
		[ $SECONDS -lt $end ] || {
			echo "not in time: $*"
			return 1
		}
		sleep 0.05
	done
}

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

# rig_user_with TOOL...: a user with bailey in the home, and these of tests/lib in $COPY/tests. Call rig_own after more was added.
rig_user_with() {
	local tool
	rig_user
	rig_copy_home
	mkdir "$COPY/tests"
	for tool; do
		cp "$TREE/tests/lib/$tool.py" "$COPY/tests/"
	done
}

# Removes what the functions above have made.
rig_remove() {
	[ -z "${COPY:-}" ] || rm -rf "$COPY"
	[ -z "${USER_NAME:-}" ] || userdel -r "$USER_NAME" > /dev/null 2>&1 || true
}

# What most suites begin with, and what all end with that say nothing else.
rig_begin() {
	is_root || return 0
	rig_copy
	rig_user
}
teardown_file() {
	is_root || return 0
	rig_remove
}
teardown() { rig_work_remove; }

# For suites on a host of the tests' own: $B is bailey, $ASK and $ANSWER are clients and servers for in there.
rig_host() {
	rig_need_net
	export B=$BUILD/bailey ASK="python3 /mnt/profiles/ask.py" ANSWER="python3 /mnt/profiles/answer.py" PING="python3 /mnt/profiles/ping.py"
}

# Two ports of one server outside, over both families: "for t in $RIG_FOUR; do ... \$ASK \$t; done".
export RIG_FOUR='"198.51.100.7 80" "198.51.100.7 8080" "2001:db8:7::7 80" "2001:db8:7::7 8080"'
# four_are FROM + - + -: of $lines, beginning at that one, who was reached and who was refused at once.
four_are() {
	local at=$1 said
	shift
	for said in "outside 203.0.113.10" "other 203.0.113.10" "outside6 2001:db8::10" "other6 2001:db8::10"; do
		[ "$1" = + ] || said="no: Connection refused"
		# shellcheck disable=SC2154 # bats' own
		[ "${lines[at]}" = "$said" ] || {
			echo "line $at is \"${lines[at]}\", not \"$said\""
			return 1
		}
		at=$((at + 1))
		shift
	done
}

# on_host SCRIPT: as bridge-host runs it.
on_host() {
	timeout 120 "$TREE/tests/lib/net-host" "$TREE/tests/lib/bridge-host" "$1"
}

# rig_on_net_host SECONDS SCRIPT: on a host of the tests' own (tests/lib/net-host), as $USER_NAME with what rig_copy_home has made.  There $B is
# bailey, $P the directory, $ASK and $ANSWER are the programs of tests/lib (to be copied to $COPY/tests), and `await` waits for something.
rig_on_net_host() {
	local home=${COPY%/*}
	rm -rf "$home/run"
	mkdir "$home/run"
	chmod 700 "$home/run"
	chown "$USER_NAME": "$home/run"
	# shellcheck disable=SC2016 # for the shell inside
	timeout "$1" "$TREE/tests/lib/net-host" setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" --clear-groups --inh-caps=-all \
		env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME="$home" XDG_RUNTIME_DIR="$home/run" B="$COPY/build/bailey" P="$COPY" \
		ASK="python3 $COPY/tests/ask.py" ANSWER="python3 $COPY/tests/answer.py" bash -c '
			cd "$HOME"
			await() { local end=$((SECONDS + $1)); shift; until "$@" > /dev/null 2>&1; do [ "$SECONDS" -lt "$end" ] || return 1; sleep 0.05; done; }
			eval "$1"' bash "$2"
}

# What suites about a user's hub share: profiles a, b, c of the network "user", and quiet of the network "quiet".
rig_hub() {
	rig_user_with ask answer flow ping
	local n
	for n in a b quiet; do
		cat > "$COPY/$n.conf" << END
inherit = [ "default" ];
identity = { hostname = "$n"; };
network = { mode = "bridge"; bridge = "user"; dns = [ "203.0.113.1" ]; };
filesystem = { read_only = [ "$COPY/tests" ]; };
syscalls = { allow = [ "@network" ]; };
END
	done
	sed -i 's/bridge = "user"/bridge = "quiet"/' "$COPY/quiet.conf"
	rig_own
}
rig_hub_setup() {
	rig_need_net
	rig_need_pasta
}

# A script on that host, for RIG_SECONDS at most (100); $hub is the hub's directory, `left` says what there is of it: nothing after its end.
rig_on_hub() {
	rm -rf "${COPY%/*}/.config"
	# shellcheck disable=SC2016 # for the shell inside
	rig_on_net_host "${RIG_SECONDS:-100}" '
		hub=$XDG_RUNTIME_DIR/bailey/.hub
		# Zombies are the business of whoever is pid 1 here.
		processes() { ps -U "$(id -u)" -o stat=,args= | grep -v "^Z" | grep -E "pasta|bailey"  | grep -Ev "bash -c|grep"; }
		gone() { [ ! -e "$hub" ] && [ -z "$(processes)" ]; }
		left() { await 10 gone || { echo left:; find "$hub"; processes; }; }
		'"$1"
}

# In a script: the network lan is up and for the user nobody-else, who has 3 interfaces at most; $NETD serves it. "as" runs as that user ("behind": behind &),
# "other" as one for whom there is no network. "u.conf" is a profile of that user's.
# shellcheck disable=SC2016,SC2034 # for the shells of the suites
NETD_BEGIN='sed -i "s/masquerade = true;/masquerade = true; users = [ \"nobody-else\" ]; user_interfaces = 3; user_pool4 = \"10.9.0.100-10.9.0.199\";/" /etc/bailey/networks.conf
	S=/run/bailey-netd.sock; $B net up lan; $B-netd --socket $S 2> /mnt/said & NETD=$!; await 10 test -S $S
	mkdir -m 700 /mnt/home; chown 64321 /mnt/home; cp '"'$TREE'"'/tests/lib/netd.py $P/
	as() { HOME=/mnt/home setpriv --reuid 64321 --regid 64321 --clear-groups "$@"; }
	behind() { export HOME=/mnt/home; exec setpriv --reuid 64321 --regid 64321 --clear-groups "$@"; }
	other() { HOME=/mnt/home setpriv --reuid 64322 --regid 64322 --clear-groups "$@"; }
	ask() { as python3 $P/netd.py $S "$@"; }
	serves() { ask plug < /dev/null; }
	sed "/identity/d; s/inherit/identity = { hostname = \"u\"; };\ninherit/" $P/a.conf > $P/u.conf
	finish() { { kill -TERM $NETD; wait $NETD; echo "netd $?"; } 2> /dev/null; $B net down lan; left; }
	'
