# shellcheck shell=bash
# What the system tests share. `load lib` at the top of a .bats file; run a file with: tests/user.sh bats tests/system/X.bats
#
# Each test has $WORK, an empty directory below the home (mode 0700), and $BAILEY, the program under test.

SYSTEM=${BATS_TEST_DIRNAME%/root}
SYSTEM=${SYSTEM%/library}
TREE=$(cd "$SYSTEM/../.." && pwd)
: "${BAILEY:=$TREE/build/bailey}"
export BAILEY
# Nothing of the caller's session may decide a test; the tests that need one of these set it.
unset XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_STATE_HOME DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY
unset NO_COLOR COLUMNS

# The tests write to the home.
if [ "${BAILEY_TEST_HOME:-}" != "$HOME" ]; then
	echo "run it as an ordinary user with a home of its own: tests/user.sh bats $BATS_TEST_FILENAME" >&2
	exit 1
fi

setup() {
	WORK=$(mktemp -d "$HOME/work.XXXXXX")
	export WORK
	CLEAN_UP=()
	cd "$WORK" || return 1
	if declare -F prepare > /dev/null; then
		prepare
	fi
}

teardown() {
	local pid
	if declare -F finish > /dev/null; then
		finish
	fi
	for pid in "${CLEAN_UP[@]}"; do
		kill -KILL "$pid" 2> /dev/null || true
	done
	cd / || true
	chmod -R u+rwX "$WORK" 2> /dev/null || true
	rm -rf "$WORK"
}

# end_later PID: that process ends with the test, whatever happens.
end_later() { CLEAN_UP+=("$1"); }

# is GOT WANTED
is() {
	[ "$1" = "$2" ] || {
		printf ' got: %s\nwant: %s\n' "$1" "$2"
		return 1
	}
}

# has TEXT PART...
has() {
	local text=$1 part
	shift
	for part in "$@"; do
		[[ $text == *"$part"* ]] || {
			printf 'no "%s" in:\n%s\n' "$part" "$text"
			return 1
		}
	done
}

# lacks TEXT PART...
lacks() {
	local text=$1 part
	shift
	for part in "$@"; do
		[[ $text != *"$part"* ]] || {
			printf 'there is a "%s" in:\n%s\n' "$part" "$text"
			return 1
		}
	done
}

# attempt COMMAND...: as bats' own run, which warns about a status of 127: sets $status, $output, $lines.
attempt() {
	status=0
	output=$("$@" 2>&1) || status=$?
	# shellcheck disable=SC2034 # for the tests
	mapfile -t lines <<< "$output"
}

# gives STATUS COMMAND...: runs it; its output (both streams) is in $output. Not for commands with a redirection of their own.
gives() {
	local want=$1
	shift
	attempt "$@"
	[ "$status" -eq "$want" ] || {
		printf 'status %s instead of %s from: %s\n%s\n' "$status" "$want" "$*" "$output"
		return 1
	}
}

# eventually SECONDS COMMAND...: true as soon as the command is.
eventually() {
	local end
	end=$(($(date +%s%N) / 1000000 + ${1%.*} * 1000 + 1))
	shift
	until "$@"; do
		[ $(($(date +%s%N) / 1000000)) -lt "$end" ] || {
			echo "not in time: $*"
			return 1
		}
		sleep 0.02
	done
}

# profile NAME: standard input becomes $WORK/NAME.conf, which inherits common/base; prints the path.
profile() {
	{
		echo 'inherit = [ "common/base" ];'
		cat
	} > "$WORK/$1.conf"
	chmod 644 "$WORK/$1.conf"
	echo "$WORK/$1.conf"
}

# inside CHECK [ARGS...]: a check of inside-checks.sh in the sandbox of the profile `shell`, with $BAILEY_ARGS.
inside() {
	# shellcheck disable=SC2086 # a list of words
	"$BAILEY" run -p shell ${BAILEY_ARGS:-} sh -s -- "$@" < "$SYSTEM/inside-checks.sh"
}

# outside CHECK [ARGS...]: the same without a sandbox.
outside() { sh -s -- "$@" < "$SYSTEM/inside-checks.sh"; }

# holds_only_inside CHECK [ARGS...]: the proof of an isolation, and that the check can tell the difference.
holds_only_inside() {
	gives 0 inside "$@" || return 1
	gives 1 outside "$@"
}

# pids_of MARK: processes of this user with that word in their command line.
pids_of() {
	local process
	for process in /proc/[0-9]*; do
		if [ "$process" != "/proc/$$" ] && [ "$process" != "/proc/$BASHPID" ] &&
			tr '\0' '\n' 2> /dev/null < "$process/cmdline" | grep -qxF -- "$1"; then
			echo "${process#/proc/}"
		fi
	done 2> /dev/null
}
nobody_is() { [ -z "$(pids_of "$1")" ]; }
somebody_is() { [ -n "$(pids_of "$1")" ]; }

# A number no other test uses, to find a `sleep` by.
unique_seconds() { echo $((100000 + $$ % 100000 + RANDOM * 10))."$RANDOM"; }

# need THING...: skips the test, with what was tried and what refused it, where this machine cannot do THING; a failure instead
# when BAILEY_MUST_RUN (a list with commas) names it. THING: userns, landlock (all that bailey uses of it), tiocsti, i386, subuid, or the name of a program.
need() {
	local thing said
	for thing in "$@"; do
		case $thing in
		userns) said=$(unshare -U true 2>&1) ;;
		landlock)
			said=$(python3 -c 'import ctypes
abi = ctypes.CDLL(None).syscall(444, None, 0, 1)
print("the ABI of Landlock is", abi)
exit(0 if abi >= 6 else 1)' 2>&1)
			;;
		subuid)
			said=$(grep -m 1 "^$(id -un):" /etc/subuid && grep -m 1 "^$(id -un):" /etc/subgid && command -v newuidmap) || {
				said="$(id -un) has no line in /etc/subuid and /etc/subgid, or there is no newuidmap"
				false
			}
			;;
		tiocsti)
			said=$(python3 "$SYSTEM/on-a-terminal.py" python3 -c 'import fcntl, termios
fcntl.ioctl(0, termios.TIOCSTI, b"x")' 2>&1)
			;;
		i386)
			said=$(echo 'int main(void){return 0;}' | gcc -m32 -static -x c -o "$WORK/need32" - 2>&1 && "$WORK/need32" 2>&1)
			;;
		*) said=$(command -v "$thing" 2>&1) || {
			said="no program $thing in PATH"
			false
		} ;;
		esac || {
			case ,${BAILEY_MUST_RUN:-}, in
			*,"$thing",* | *,all,*)
				echo "$thing has to work here, but: $said"
				return 1
				;;
			esac
			skip "needs $thing: ${said//$'\n'/ }"
		}
	done
}
