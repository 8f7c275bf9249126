# shellcheck shell=sh disable=SC2012 # names below /proc are numbers
# Isolation, seen from where this runs: sh -s -- CHECK [ARGS...] < inside-checks.sh
# 0: the isolation holds; 1: it does not; 2: the check could not be made. The tests run each one in a sandbox, where it has to
# say 0, and outside, where it has to say 1.

no() {
	echo "$*"
	exit 1
}
status_field() { sed -n "s/^$1:[[:space:]]*//p" "${2:-/proc/self/status}"; }

check=$1
shift
case $check in
home_empty) [ -z "$(ls ~)" ] || no "the home shows: $(ls ~)" ;;
ssh_absent) [ ! -e ~/.ssh ] || no "$HOME/.ssh is there" ;;
path_absent) [ ! -e "$1" ] || no "$1 is there" ;;
path_present_empty) [ -z "$(ls -A "$1")" ] || no "$1 shows: $(ls -A "$1")" ;;
process_invisible) # THE TWO HALVES OF A MARK: the whole would stand in the command line of the checks themselves
	set -- "$1.$2"
	for process in /proc/[0-9]*; do
		[ "$process" != "/proc/$$" ] || continue
		! tr '\0' '\n' < "$process/cmdline" 2> /dev/null | grep -qxF -- "$1" || no "$process is visible"
	done
	;;
few_processes) [ "$(ls -d /proc/[0-9]* | wc -l)" -le 5 ] || no "$(ls -d /proc/[0-9]* | wc -l) processes are visible" ;;
no_capabilities)
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(status_field $set)" = 0000000000000000 ] || no "$set is $(status_field $set)"
	done
	;;
no_new_privs) [ "$(status_field NoNewPrivs)" = 1 ] || no "NoNewPrivs is $(status_field NoNewPrivs)" ;;
filtered) [ "$(status_field Seccomp)" = 2 ] || no "Seccomp is $(status_field Seccomp)" ;;
first_process_filtered)
	# It waits for the program to be executed before it confines itself: a moment later than the program's first instructions.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(status_field Seccomp /proc/1/status)" = 2 ] && break
		sleep 0.1
	done
	[ "$(status_field Seccomp /proc/1/status)" = 2 ] || no "pid 1: Seccomp is $(status_field Seccomp /proc/1/status)"
	[ "$(status_field NoNewPrivs /proc/1/status)" = 1 ] || no "pid 1 may gain privileges"
	[ "$(status_field CapEff /proc/1/status)" = 0000000000000000 ] || no "pid 1 has $(status_field CapEff /proc/1/status)"
	[ "$(status_field CapBnd /proc/1/status)" = 0000000000000000 ] || no "pid 1 is bound by $(status_field CapBnd /proc/1/status)"
	;;
loopback_only) # NET_NAMESPACE_OF_THE_HOST
	[ "$(readlink /proc/self/ns/net)" != "$1" ] || no "this is the host's network namespace"
	others=$(sed -n '3,$s/^ *\([^:]*\):.*/\1/p' /proc/net/dev | grep -vx lo)
	[ -z "$others" ] || no "there are $others"
	;;
namespace_differs) # KIND HOST'S
	[ "$(readlink "/proc/self/ns/$1")" != "$2" ] || no "this is the host's $1 namespace"
	;;
user_namespace_refused) ! unshare -U true 2> /dev/null || no "unshare -U works" ;;
clone_user_namespace_refused)
	python3 -c 'import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0: os._exit(0)
if pid > 0: os.waitpid(pid, 0)
sys.exit(1 if pid > 0 else 0)' || no "clone(CLONE_NEWUSER) works"
	;;
usr_read_only)
	reason=$(LC_ALL=C touch /usr/bailey-was-here 2>&1) && no "a file was made in /usr"
	case $reason in
	*"Read-only file system"*) ;;
	*) no "$reason" ;;
	esac
	;;
hostname_differs) [ "$(uname -n)" != "$1" ] || no "the host name is $1" ;;
machine_id_differs)
	[ -s /etc/machine-id ] || exit 2
	[ "$(cat /etc/machine-id)" != "$1" ] || no "the machine-id is the host's"
	;;
descriptors_0_to_2)
	open=$(ls /proc/self/fd | tr '\n' ' ')
	[ "$open" = "0 1 2 3 " ] || no "open: $open" # 3 is the directory that ls reads
	;;
variable_absent) # NAME
	! env | grep -q "^$1=" || no "$1 is passed on"
	;;
shared_memory_invisible) # ID
	! awk -v id="$1" '$2 == id { found = 1 } END { exit !found }' /proc/sysvipc/shm || no "segment $1 is visible"
	;;
injection_refused) # standard input is a terminal
	# The kernel looks at the low half of the request only, so a filter must not look at more.
	python3 -c 'import ctypes, errno, fcntl, os, sys, termios
for request in (termios.TIOCSTI, 0x541c):
    try:
        fcntl.ioctl(int(sys.argv[1]), request, b"x")
    except OSError as e:
        if e.errno != errno.EPERM: sys.exit(1)
    else:
        sys.exit(1)
if os.uname().machine == "x86_64":
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(16, int(sys.argv[1]), ctypes.c_ulong(termios.TIOCSTI | 1 << 32), b"x") >= 0 or ctypes.get_errno() != errno.EPERM:
        sys.exit(1)' "${1:-0}" || no "TIOCSTI works"
	;;
keyring_refused)
	python3 -c 'import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
for call in ((250, 0, -3, 0), (248, b"user", b"bailey-test", b"x", 1, -2)):
    if libc.syscall(*call) >= 0: sys.exit(1)' || no "keyrings work"
	;;
devices_few)
	for device in /dev/*; do
		case $device in
		/dev/null | /dev/zero | /dev/full | /dev/random | /dev/urandom | /dev/tty | /dev/console | /dev/pts | /dev/ptmx) ;;
		/dev/shm | /dev/mqueue | /dev/fd | /dev/stdin | /dev/stdout | /dev/stderr | /dev/core) ;;
		*) no "$device is there" ;;
		esac
	done
	;;
kernel_settings_closed)
	for file in /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger; do
		! (: > "$file") 2> /dev/null || no "$file can be written"
	done
	;;
securebits_locked)
	python3 -c 'import ctypes, sys
sys.exit(0 if ctypes.CDLL(None).prctl(27) & 0xf == 0xf else 1)' || no "the securebits are not set and locked"
	;;
*)
	echo "inside-checks: no check $check"
	exit 2
	;;
esac
exit 0
