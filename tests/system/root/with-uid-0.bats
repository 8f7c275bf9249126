#!/usr/bin/env bats
# Started by root with uid 0 inside: of "root" and "mapped" it is nobody's outside, of "host-root" the host's, with what is left of it.
# Each promise is looked at from inside, and the same look without the sandbox finds what is promised away.

load rig

setup_file() {
	is_root || return 0
	rig_copy
	mkdir "$COPY/open"
	echo "root:3000000:65536" > "$COPY/ranges"
	echo "someone:3000000:65536" > "$COPY/no-ranges"
	echo secret > "$COPY/open/roots"
	chmod 600 "$COPY/open/roots"
}
teardown_file() {
	is_root || return 0
	rm -rf "$COPY"
}
setup() {
	rig_need_root
	cd "$COPY" || return 1
}

# in_ranges FILE COMMAND...: the machine's own /etc/subuid stays as it is; the command sees this one.
in_ranges() {
	local file=$1
	shift
	unshare --mount --propagation private sh -c \
		'touch /etc/subuid /etc/subgid && mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec "$@"' "$file" "$@"
}
# as WHO ARGS...
as() {
	local who=$1
	shift
	in_ranges "$COPY/ranges" "$BAILEY" run -p "$COPY/profiles/shell.conf" --set "identity.user=$who" "$@"
}
fields() { sed -n "s/^\($1\):[[:space:]]*//p" /proc/self/status; }

# What a uid 0 that is the host's can do to the machine by its number alone. Nothing is changed: access(2) is asked.
powers='for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/power/state \
		/sys/kernel/mm/ksm/run /etc/shadow; do
	[ -w $f ] && echo "writes $f"
done; true'

@test "without the sandbox root can all of what is looked for" {
	run sh -c "$powers"
	[[ $output == *"writes /proc/sys/kernel/core_pattern"* && $output == *"writes /etc/shadow"* && $output == *"writes /sys/"* ]]
}
@test "root and mapped: uid 0 is one of the ids set aside, for files outside too" {
	for who in root mapped; do
		run as $who sh -c 'id -u; id -g; id -G; head -n 1 /proc/self/uid_map | tr -s " "'
		[ "$status" -eq 0 ]
		[ "${lines[0]} ${lines[1]} ${lines[2]}" = "0 0 0" ]
		[[ ${lines[3]} == " 0 3000000 "* ]]
		run as $who sh -c "$powers"
		[ "$output" = "" ]
		run as $who --ro "$COPY/open" cat "$COPY/open/roots"
		[ "$status" -eq 1 ]
		[[ $output == *"Permission denied"* ]]
		mkdir -m 777 "$COPY/shared"
		as $who --rw "$COPY/shared" sh -c "echo x > '$COPY/shared/made'; chmod u+s '$COPY/shared/made'"
		[ "$(stat -c %u:%g "$COPY/shared/made")" = 3000000:3000000 ]
		rm -r "$COPY/shared"
	done
}
@test "mapped: gives files to ids inside, steps down, and never to the host's" {
	run as mapped sh -c 'touch /tmp/f && chown 33:34 /tmp/f && stat -c %u:%g /tmp/f && setpriv --reuid 33 --regid 33 --clear-groups id -u'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 33:34 ]
	[ "${lines[1]}" = 33 ]
	mkdir -m 777 "$COPY/shared"
	as mapped --rw "$COPY/shared" sh -c "touch '$COPY/shared/made'; chown 33:34 '$COPY/shared/made'"
	[ "$(stat -c %u:%g "$COPY/shared/made")" = 3000033:3000034 ]
	rm -r "$COPY/shared"
}
@test "root and mapped: no process of the launch is root's, nor has privileges outside" {
	for who in root mapped; do
		in_ranges "$COPY/ranges" "$BAILEY" run -p "$COPY/profiles/shell.conf" --set identity.user=$who sleep 20 &
		subshell=$!
		for _ in {1..100}; do
			pgrep -U 3000000 -x sleep > /dev/null && break
			sleep 0.05
		done
		launcher=$(pgrep -P $subshell)
		uids=$(sed -n 's/^[UG]id:\t//p' "/proc/$launcher/status" | tr '\t\n' '  ')
		groups=$(sed -n 's/^Groups:[[:space:]]*//p' "/proc/$launcher/status")
		caps=$(sed -n 's/^CapPrm:\t//p' "/proc/$launcher/status")
		kill "$launcher"
		wait $subshell || true
		[ "$uids" = "3000000 3000000 3000000 3000000 3000000 3000000 3000000 3000000 " ]
		[ "${groups% }" = 3000000 ]
		[ "$caps" = 0000000000000000 ]
	done
}
@test "root and mapped: without a line in /etc/subuid one error for each file says what to add" {
	for who in root mapped; do
		run in_ranges "$COPY/no-ranges" "$BAILEY" run -p "$COPY/profiles/shell.conf" --set identity.user=$who true
		[ "$status" -eq 2 ]
		[[ $output == *"/etc/subuid has no line for the user \"root\""* ]]
		[[ $output == *"add the line root:3065536:65536 to /etc/subgid"* ]]
	done
}
@test "self: root has to say who the program is" {
	run "$BAILEY" run -p "$COPY/profiles/shell.conf" true
	[ "$status" -eq 2 ]
	[[ $output == *"\"self\" would be root"* && $output == *"host-root"* ]]
}
@test "host-root: owns what root owns, where that is granted, and nothing of the machine" {
	run as host-root --ro "$COPY/open" cat "$COPY/open/roots"
	[ "$output" = secret ]
	run as host-root --ro "$COPY/open" sh -c "echo changed > '$COPY/open/roots'; $powers"
	[[ $output != *writes* ]]
	[ "$(cat "$COPY/open/roots")" = secret ]
	run as host-root --ro /sys sh -c "$powers; mount -o remount,rw /proc; mount -o remount,rw /sys; $powers"
	[[ $output != *writes* ]]
	mkdir "$COPY/granted"
	as host-root --rw "$COPY/granted" touch "$COPY/granted/made"
	[ "$(stat -c %u "$COPY/granted/made")" = 0 ]
	rm -r "$COPY/granted"
}
@test "host-root: no capabilities but those asked for, none over the host's namespaces, no other group of root's" {
	[ "$(fields CapEff)" != 0000000000000000 ]
	run as host-root sh -c "sed -n 's/^Cap...:[[:space:]]*//p' /proc/self/status | sort -u; id -G; cat /proc/sys/user/max_user_namespaces"
	[ "${lines[0]}" = 0000000000000000 ]
	[ "${lines[1]}" = 0 ]
	[ "${lines[2]}" = 0 ]
	run as host-root --set capabilities.keep=chown --set capabilities.keep=net_admin sh -c \
		"sed -n 's/^Cap[PEB][rfn][mfd]:[[:space:]]*//p' /proc/self/status | sort -u; touch /tmp/f; chown 33 /tmp/f; stat -c %u /tmp/f"
	[ "${lines[0]}" = 0000000000001001 ]
	[ "${lines[1]}" = 33 ]
	[ "$(readlink /proc/self/ns/user)" != "$(as host-root readlink /proc/self/ns/user)" ]
	in_ranges "$COPY/ranges" "$BAILEY" run -p "$COPY/profiles/shell.conf" --set identity.user=host-root sleep 21 &
	subshell=$!
	for _ in {1..100}; do
		pgrep -f '^sleep 21$' > /dev/null && break
		sleep 0.05
	done
	launcher=$(pgrep -P $subshell)
	caps=$(sed -n 's/^Cap[PE][rf][mf]:\t//p' "/proc/$launcher/status" | sort -u)
	kill "$launcher"
	wait $subshell || true
	[ "$caps" = 0000000000000000 ]
}
@test "host-root: sees and ends no process outside" {
	sleep 30 &
	other=$!
	run as host-root sh -c "kill -0 $other; kill $other; ls /proc | grep -c '^[0-9]'; kill -0 -1"
	kill -0 "$other"
	kill "$other"
	[[ $output == *"No such process"* ]]
}
@test "host-root: no nested namespaces, no writable /sys, and only for root" {
	run as host-root --set namespaces.user=nested true
	[ "$status" -eq 2 ]
	[[ $output == *"does not go with identity.user"* ]]
	run as host-root --rw /sys true
	[ "$status" -eq 2 ]
	[[ $output == *"may only read what is in /sys"* ]]
	run setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all env HOME=/nonexistent "$BAILEY" run -p "$COPY/profiles/shell.conf" \
		--set identity.user=host-root true
	[ "$status" -eq 2 ]
	[[ $output == *"only root can start"* ]]
}
