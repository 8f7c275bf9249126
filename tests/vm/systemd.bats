#!/usr/bin/env bats
# Limits by a scope of systemd's, as an ordinary user whose manager runs. $BAILEY_VM says what is delegated to that.

setup_file() {
	TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export TREE BAILEY=${BAILEY:-$TREE/build/bailey}
}
setup() {
	WORK=$(mktemp -d "$HOME/work.XXXXXX")
	cd "$WORK" || return 1
	STOPPED=
	profile 'memory = "64M"; tasks = 20;'
}
teardown() {
	[ -z "$STOPPED" ] || kill -CONT "$STOPPED"
	cd / && rm -rf "$WORK"
}

profile() { printf 'inherit = [ "shell" ];\nresources = { %s };\n' "$1" > p.conf; }
units() { systemctl --user --no-legend --plain list-units --all 'bailey-p-*'; }
groups() { find /sys/fs/cgroup/user.slice -name 'bailey-p-*'; }
gone() {
	for _ in $(seq 60); do
		[ -n "$(units)$(groups)" ] || return 0
		sleep 0.05
	done
	units
	groups
	return 1
}
# begin COMMAND...: in the background, until it has said "ready"
begin() {
	"$BAILEY" run -p ./p.conf sh -c 'echo ready; "$@"' sh "$@" > said 2>&1 3>&- &
	launcher=$!
	for _ in $(seq 200); do
		! grep -q ready said || return 0
		sleep 0.05
	done
	cat said
	return 1
}

@test "$BAILEY_VM: the plan names systemd's scope, and the program is in it" {
	"$BAILEY" explain --json ./p.conf | grep -q '"driver": "systemd"'
	begin sleep 60
	units | grep -q 'bailey-p-.*scope *loaded *active *running *sandbox bailey-p-'
	local scope
	scope=$(units | cut -d ' ' -f 1)
	local group=/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/$scope
	[ "$(cat "$group/${scope%.scope}/memory.max" "$group/${scope%.scope}/pids.max" | xargs)" = "67108864 20" ]
	[ "$(wc -l < "$group/${scope%.scope}/payload/cgroup.procs")" -ge 2 ]
	kill "$launcher"
	wait "$launcher" || true
	gone
}
@test "$BAILEY_VM: a scope that systemd forgot is removed by bailey list when it is empty and nobody's" {
	local slice=/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
	# As systemd leaves it when one of the two processes had ended, and the other not yet.
	mkdir -p "$slice/bailey-p-4194305-0123abcd.scope/keeper"
	# Of these the launcher is there, the name is another, and somebody is in it.
	mkdir "$slice/bailey-p-$$-0123abcd.scope" "$slice/bailey-p-4194305-0123abcd.other"
	systemd-run --user --scope --quiet --unit bailey-p-4194306-0123abcd sleep 60 3>&- &
	for _ in $(seq 200); do
		! grep -q . "$slice/bailey-p-4194306-0123abcd.scope/cgroup.procs" 2> /dev/null || break
		sleep 0.05
	done
	"$BAILEY" list > /dev/null
	ls "$slice" > listed
	rmdir "$slice/bailey-p-$$-0123abcd.scope" "$slice/bailey-p-4194305-0123abcd.other"
	systemctl --user stop bailey-p-4194306-0123abcd.scope
	cat listed
	run grep -x 'bailey-p-4194305-0123abcd.scope' listed
	[ "$status" -eq 1 ]
	grep -qx "bailey-p-$$-0123abcd.scope" listed
	grep -qx 'bailey-p-4194306-0123abcd.scope' listed
	grep -qx 'bailey-p-4194305-0123abcd.other' listed
	gone
}
@test "$BAILEY_VM: list, stats and limit know it" {
	begin sleep 60
	for _ in $(seq 40); do
		"$BAILEY" list --json | grep -q '"state": "running"' && break
		sleep 0.05
	done
	local name group
	name=$("$BAILEY" list --json | sed -n 's/.*"name": "\(p[^"]*\)".*/\1/p' | head -n 1)
	group=$(find /sys/fs/cgroup/user.slice -type d -path '*.scope/bailey-p-*' -prune)
	"$BAILEY" stats "$name"
	"$BAILEY" stats --json "$name" | grep -q '"counted_by": "cgroup"'
	"$BAILEY" limit "$name" memory=48M
	[ "$(cat "$group/memory.max")" = $((48 << 20)) ]
	kill "$launcher"
	wait "$launcher" || true
	gone
	[ -z "$("$BAILEY" list | grep sleep)" ]
}
@test "$BAILEY_VM: inside, the group is the root of all that is seen" {
	run "$BAILEY" run -p ./p.conf cat /proc/self/cgroup
	echo "$output"
	[ "$output" = 0::/ ]
	gone
}
@test "$BAILEY_VM: by the manager's own socket, without a word of the session in the environment" {
	run env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS "$BAILEY" run -p ./p.conf cat /proc/self/cgroup
	echo "$output"
	[ "$output" = 0::/ ]
	gone
}
@test "$BAILEY_VM: by the session's bus, where the manager's socket is not to be seen" {
	mkdir run
	run env XDG_RUNTIME_DIR="$WORK/run" DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$BAILEY" run -p ./p.conf cat /proc/self/cgroup
	echo "$output"
	[ "$output" = 0::/ ]
	gone
}
@test "$BAILEY_VM: kill -9 of the launcher ends all, and systemd forgets the scope" {
	begin sleep 4712
	kill -KILL "$launcher"
	wait "$launcher" || true
	sleep 0.1
	[ -z "$(pgrep -f '^sleep 4712')" ]
	gone
}
@test "$BAILEY_VM: systemctl stop ends the sandbox, and the launcher tells how the program ended" {
	begin sleep 60
	systemctl --user stop "$(units | cut -d ' ' -f 1)"
	local status=0
	wait "$launcher" || status=$?
	echo "status $status"
	[ "$status" -ne 0 ]
	gone
}
@test "$BAILEY_VM: cpus and disks, which the defaults do not delegate" {
	profile 'cpus = "0";'
	run "$BAILEY" run -p ./p.conf grep Cpus_allowed_list /proc/self/status
	echo "$output"
	if [ "$BAILEY_VM" = full ]; then
		[ "$output" = "Cpus_allowed_list:	0" ]
	else
		[ "$status" -eq 2 ]
		[[ $output == *"p.conf:2"*"resources.cpus"*"does not delegate"*"cpuset"* ]]
		[[ $output == *"Delegate=cpu cpuset io memory pids"*"/etc/systemd/system/user@.service.d/delegate.conf"*"daemon-reload"* ]]
		run "$BAILEY" run -v --allow-degraded=resources.cpus -p ./p.conf grep Cpus_allowed_list /proc/self/status
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *"resources.cpus is degraded"*"Cpus_allowed_list:	0"* ]]
		run "$BAILEY" run --strict --allow-degraded=resources.cpus -p ./p.conf true
		[ "$status" -eq 2 ]
	fi
	gone
}
@test "$BAILEY_VM: a manager that does not answer stops the launch, and nothing is left" {
	STOPPED=$(pgrep -u "$(id -u)" -x systemd)
	kill -STOP "$STOPPED"
	local begin=$SECONDS
	run timeout 80 "$BAILEY" run -p ./p.conf echo started
	kill -CONT "$STOPPED"
	STOPPED=
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"p.conf:2"*"systemd"* ]]
	[[ $output != *started* ]]
	[ $((SECONDS - begin)) -lt 50 ]
	gone
}
@test "$BAILEY_VM: without the helper, or with one that does nothing, nothing starts" {
	mkdir -p copy/build
	cp "$TREE"/build/bailey "$TREE"/build/bailey-filter copy/build
	cp -R "$TREE/profiles" copy/profiles
	run copy/build/bailey run -p ./p.conf echo started
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"p.conf:2"*bailey-scope*libsystemd* ]]
	cp /bin/true copy/build/bailey-scope
	run copy/build/bailey run -p ./p.conf echo started
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"systemd made no control group of its own"* ]]
	[[ $output != *started* ]]
}
@test "$BAILEY_VM: ten at once leave nothing" {
	for i in $(seq 10); do
		"$BAILEY" run -p ./p.conf true > "out.$i" 2>&1 3>&- || echo "$i: $?" >> failed &
	done
	wait
	[ ! -e failed ] || { cat failed out.*; false; }
	gone
}
# The template unit, of this tree, with a profile of the user.
# The manager has another home than the tests.
service() {
	PROFILES=$(getent passwd "$(id -un)" | cut -d : -f 6)/.config/bailey/profiles
	UNITS=$XDG_RUNTIME_DIR/systemd/user
	mkdir -p "$UNITS" "$PROFILES"
	sed "s|@BINDIR@/bailey|$BAILEY|" "$TREE/etc/systemd/bailey@.service.in" > "$UNITS/bailey@.service"
	printf 'inherit = [ "shell" ];\nprocess = { command = [ "sh", "-c", "%s" ]; };\n' "$1" > "$PROFILES/served.conf"
	systemctl --user daemon-reload
}
property() { systemctl --user show --property="$1" --value bailey@served; }
@test "$BAILEY_VM: a profile is a service: started when the program runs, stopped with it, the status told" {
	service 'trap \"exit 0\" TERM; echo serving; while :; do sleep 0.1; done'
	systemctl --user start bailey@served
	[ "$(property ActiveState)/$(property SubState)" = active/running ]
	"$BAILEY" list | grep -q "^served  *served "
	[ "$("$BAILEY" list --json | grep -c "\"launcher_pid\": $(property MainPID),")" = 1 ]
	systemctl --user stop bailey@served
	[ "$(property ActiveState)/$(property Result)" = inactive/success ]
	[ "$("$BAILEY" list | wc -l)" = 1 ]
	service 'exit 3'
	systemctl --user start bailey@served || true
	for _ in $(seq 100); do
		[ "$(property ActiveState)" != failed ] || break
		sleep 0.05
	done
	[ "$(property Result)/$(property ExecMainStatus)" = exit-code/3 ]
	echo 'nonsense = 1;' > "$PROFILES/served.conf"
	[ "$(systemctl --user start bailey@served 2> /dev/null || echo refused)" = refused ]
	[ "$(property ExecMainStatus)" = 2 ]
	systemctl --user reset-failed bailey@served
	rm "$UNITS/bailey@.service" "$PROFILES/served.conf"
	systemctl --user daemon-reload
}
