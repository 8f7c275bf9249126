#!/usr/bin/env bats
# What "make install" puts on a machine with systemd: bailey-netd and its socket, networks, programs as services; and what ends with a login.
# As root. The tests are in the order of an administrator's day, from the installation to the removal.

setup_file() {
	export TREE=/bailey WORK=/run/services-test SOCKET=/run/bailey-netd.sock LEASES=/run/bailey-net/lan/leases
	export ASK="python3 /bailey/tests/lib/ask.py"
	mkdir -p "$WORK" /etc/bailey/profiles
	make_in_vm install
	cat > /etc/bailey/networks.conf << 'END'
networks = (
  { name = "lan"; bridge = "br-lan"; subnet4 = "10.9.0.0/24"; subnet6 = "fd00:9::/64"; users = [ "tester" ]; },
  { name = "quiet"; subnet4 = "10.8.0.0/24"; }
);
END
	cat > "$WORK/lan.conf" << END
inherit = [ "default" ];
network = { mode = "bridge"; bridge = "lan"; };
filesystem = { read_only = [ "$TREE/tests/lib" ]; };
syscalls = { allow = [ "@network" ]; };
END
	sed 's/"lan"/"quiet"/' "$WORK/lan.conf" > "$WORK/quiet.conf"
	systemctl daemon-reload
	systemctl start bailey-net@lan.service
	cd /
	python3 "$TREE/tests/lib/answer.py" 10.9.0.1 9000 host > /dev/null 2>&1 3>&- &
	echo $! > "$WORK/server"
}
teardown_file() {
	kill "$(cat "$WORK/server")" || true
	rm -rf "$WORK"
}
# What a test that failed has left would keep the machine's output open.
teardown() {
	[ ! -e "$WORK/background" ] || xargs kill < "$WORK/background" 2> /dev/null || true
	rm -f "$WORK/background"
}
# The programs are built already, elsewhere: the machine has no compiler.
make_in_vm() {
	make -s -C "$TREE" -o all -o man BUILD=build SCOPE=bailey-scope UNPACK=bailey-unpack NET="bailey-net bailey-netd" "$@" 2> "$WORK/make" || {
		cat "$WORK/make"
		return 1
	}
}
as_user() {
	(cd / && exec setpriv --reuid tester --regid tester --init-groups env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/tester \
		USER=tester LANG=C.UTF-8 "$@")
}
# says COMMAND...: its output is in $output, and shown when the test fails.
says() {
	run "$@"
	echo "$* (status $status): $output"
}
soon() {
	local end=$((SECONDS + ${LIMIT:-40}))
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || {
			echo "not in time: $*"
			return 1
		}
		sleep 0.1
	done
}
is() { [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }; }
property() { systemctl show --property="$2" --value "$1"; }
leases() { is "$(grep -c . "$LEASES")" "$1"; }
plug() { as_user python3 "$TREE/tests/lib/netd.py" "$SOCKET" "$@"; }
serves() { says plug plug < /dev/null && [[ $output == "has ve"* ]]; }
running() { pgrep -f "^sleep $1"; }
ended() { ! running "$1"; }

# sleeps SECONDS: in a sandbox of the user's in the network, in the background; $sandbox is its launcher
sleeps() {
	as_user bailey run -p "$WORK/lan.conf" sleep "$1" > "$WORK/said" 2>&1 3>&- &
	soon running "$1"
	sandbox=$(pgrep -of "^bailey run .* sleep $1")
	echo "$sandbox" >> "$WORK/background"
	soon leases 1
}

@test "systemd finds no mistake in the units, and would find one" {
	local units=/usr/local/lib/systemd/system
	sed 's/^NoNewPrivileges/NoNewPrivilege/' "$units/bailey-netd.service" > "$WORK/bailey-wrong.service"
	says systemd-analyze verify --man=no "$units/bailey-netd.socket" "$units/bailey-netd.service" "$units/bailey-net@lan.service" \
		"$units/bailey@served.service" "$WORK/bailey-wrong.service"
	is "$(grep bailey <<< "$output" | grep -v bailey-wrong)" ""
	[[ $output == *bailey-wrong*"NoNewPrivilege"* ]]
}
@test "a user's sandbox is connected by the service, which starts when it is asked" {
	systemctl start bailey-netd.socket
	is "$(property bailey-netd.service ActiveState)" inactive
	says as_user bailey run -p "$WORK/lan.conf" $ASK 10.9.0.1 9000
	[ "$status" -eq 0 ]
	[[ $output == "host 10.9.0."* ]]
	is "$(property bailey-netd.service ActiveState)" active
	soon leases 0
	says as_user bailey run -p "$WORK/quiet.conf" true
	[ "$status" -eq 2 ]
	[[ $output == *"only root can connect a program to a bridge"* ]]
}
@test "the service has one capability, no new privileges, a filter, the machine's user namespace, and files that it cannot change" {
	local pid
	pid=$(property bailey-netd.service MainPID)
	is "$(cat "/proc/$pid/comm")" bailey-netd
	is "$(sed -n 's/^Cap\(Prm\|Eff\|Bnd\):.0*//p' "/proc/$pid/status" | xargs)" "1000 1000 1000"
	is "$(sed -n 's/^\(NoNewPrivs\|Seccomp\):.//p' "/proc/$pid/status" | xargs)" "1 2"
	is "$(readlink "/proc/$pid/ns/user")" "$(readlink /proc/1/ns/user)"
	is "$(readlink "/proc/$pid/ns/net")" "$(readlink /proc/1/ns/net)"
	[ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/1/ns/mnt)" ]
	says nsenter --target "$pid" --mount sh -c 'for f in /etc/x /usr/x /var/x /proc/sys/kernel/hostname; do (: >> $f) && echo "wrote $f"; done
		ls /home/tester /root /dev/vda; : > /run/services-test/written && echo run'
	is "$(grep -c "Read-only file system" <<< "$output")" 4
	[[ $output != *wrote* && $output != */bailey* && $output == *"cannot access '/dev/vda'"* && $output == *run ]]
}
@test "who is not let in, what is not the caller's and the seventeenth of sixteen are refused; the next is served" {
	says plug plug quiet < /dev/null
	[[ $output == "refused: the network \"quiet\" is not for this user: "* ]]
	says setpriv --reuid nobody --regid nogroup --clear-groups python3 "$TREE/tests/lib/netd.py" "$SOCKET" plug < /dev/null
	[[ $output == "refused: the network \"lan\" is not for this user: "* ]]
	says plug host
	[[ $output == "refused: the network namespace is the host's own: "* ]]
	says plug many 17 < <(sleep 0.5)
	[[ $output == "16 16"*"refused: this user has 16 interfaces"* ]]
	soon leases 0
	serves
}
@test "a restart of the service takes interfaces away; after its death the next one takes care of what is left" {
	sleeps 4721
	systemctl restart bailey-netd.service
	soon leases 0
	is "$(ip -o link | grep -c ': v[ei]')" 0
	serves
	kill "$sandbox"
	soon ended 4721
	sleeps 4722
	systemctl kill --signal=KILL bailey-netd.service
	dead() { is "$(property bailey-netd.service MainPID)" 0; }
	soon dead
	kill "$sandbox"
	soon ended 4722
	serves
	soon leases 0
	is "$(ip -o link | grep -c ': v[ei]')" 0
	date +%s > "$WORK/last"
}
@test "a profile is a service of the machine's: started when its program runs, logged, killed and stopped with all that it has" {
	local unit=bailey@served.service first
	cat > /etc/bailey/profiles/served.conf << 'END'
inherit = [ "shell" ];
identity = { user = "tester"; };
resources = { memory = "64M"; };
process = { command = [ "sh", "-c", "trap 'exit 0' TERM; echo it serves; sleep 4731 & wait" ]; };
END
	systemctl start "$unit"
	is "$(property "$unit" ActiveState)/$(property "$unit" SubState)" active/running
	first=$(property "$unit" MainPID)
	is "$(cat "/proc/$first/comm")" bailey
	says systemctl status --no-pager "$unit"
	[[ $output == *"Main PID: $first (bailey)"* ]]
	soon running 4731
	is "$(stat -c %U "/proc/$(running 4731)")" tester
	says bailey list
	[[ $output == *served* ]]
	journal() { journalctl --no-pager --output=cat --identifier=bailey@served | grep -x 'it serves'; }
	soon journal
	systemctl restart "$unit"
	is "$(property "$unit" ActiveState)" active
	[ "$(property "$unit" MainPID)" != "$first" ]
	soon running 4731
	is "$(running 4731 | wc -l)" 1
	systemctl kill "$unit"
	soon ended 4731
	stopped() { is "$(property "$unit" ActiveState)/$(property "$unit" Result)" "$1"; }
	soon stopped inactive/success
	systemctl start "$unit"
	soon running 4731
	kill -KILL "$(property "$unit" MainPID)"
	soon ended 4731
	soon stopped failed/signal
	systemctl reset-failed "$unit"
	says bailey list
	[[ $output != *served* ]]
	is "$(find /sys/fs/cgroup -name '*served*')" ""
}
@test "with a login session end the sandboxes that were started in it, with the user's manager those that it has started" {
	printf 'inherit = [ "shell" ];\nresources = { memory = "64M"; };\n' > "$WORK/user.conf"
	# shellcheck disable=SC2016 # for the shell of the session
	systemd-run --quiet --unit=bailey-login --property=PAMName=login --property=User=tester --working-directory=/home/tester \
		sh -c 'bailey run --detach -p "$1" sleep 4742; exec bailey run -p "$1" sleep 4741' sh "$WORK/user.conf"
	soon running 4741
	soon running 4742
	systemd-run --quiet --user --machine=tester@.host --unit=bailey-held --working-directory=/home/tester bailey run -p "$WORK/user.conf" sleep 4743
	soon running 4743
	local session
	session=$(grep -o 'session-[^./]*\.scope' "/proc/$(pgrep -of '^bailey run -p .* sleep 4741')/cgroup")
	session=${session#session-}
	loginctl terminate-session "${session%.scope}"
	soon ended 4741
	soon ended 4742
	running 4743
	loginctl terminate-user tester
	soon ended 4743
	none() { [ -z "$(pgrep -u tester bailey)" ]; }
	soon none
}
@test "AppArmor starts with what the installation has put there, and bailey runs under its profile" {
	local version
	version=$(apparmor_parser --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
	cp "$TREE/etc/apparmor.d/bailey" "$WORK/bailey"
	if [ "$version" -lt 4 ]; then
		[ ! -e /etc/apparmor.d/bailey ]
		# For this reason.
		says apparmor_parser --skip-kernel-load --skip-cache "$WORK/bailey"
		[ "$status" -ne 0 ]
		sed -i -e '/^abi /d' -e '/^  userns,$/d' "$WORK/bailey"
	else
		[ -e /etc/apparmor.d/bailey ]
	fi
	systemctl start apparmor.service
	is "$(property apparmor.service ActiveState)/$(property apparmor.service Result)" active/success
	apparmor_parser --replace --skip-cache "$WORK/bailey"
	says as_user bailey run -p shell sh -c 'cat /proc/self/attr/current'
	[ "$status" -eq 0 ]
	apparmor_parser --remove "$WORK/bailey"
	[[ $output == bailey* ]]
}
@test "the service leaves when nobody is connected for a while, and the socket starts it again" {
	[ -e "$WORK/last" ]
	idle() { is "$(property bailey-netd.service ActiveState)" inactive; }
	LIMIT=60 soon idle
	# Not at once, and not because something went wrong.
	[ $(($(date +%s) - $(cat "$WORK/last"))) -ge 25 ]
	is "$(property bailey-netd.service Result)" success
	serves
	is "$(property bailey-netd.service ActiveState)" active
}
@test "disabled and removed, nothing is left" {
	soon leases 0
	systemctl disable --quiet --now bailey-netd.socket bailey-netd.service bailey-net@lan.service
	[ ! -e "$SOCKET" ]
	[ ! -e /run/bailey-net ]
	is "$(ip -o link | grep -c br-lan)" 0
	make_in_vm uninstall
	systemctl daemon-reload
	is "$(property bailey-netd.service LoadState)" not-found
	is "$(find /usr/local /etc/systemd/system /etc/apparmor.d -name '*bailey*' ! -name 'bailey-tests*')" ""
}
