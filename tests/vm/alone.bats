#!/usr/bin/env bats
# An ordinary user without a manager of systemd, as after su or in a job of cron.

setup() {
	: "${BAILEY:=$BATS_TEST_DIRNAME/../../build/bailey}"
	WORK=$(mktemp -d "$HOME/work.XXXXXX")
	cd "$WORK" || return 1
	printf 'inherit = [ "shell" ];\nresources = { memory = "64M"; };\n' > p.conf
}
teardown() { cd / && rm -rf "$WORK"; }

@test "a memory cap stops the launch, which says why and what to do" {
	run "$BAILEY" run -p ./p.conf echo started
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"p.conf:2: error: resources.memory: cannot be held here: "*"no manager of systemd"* ]]
	[[ $output == *"loginctl enable-linger"* ]]
}
@test "with consent it runs, and says what it is without" {
	run "$BAILEY" run -v --allow-degraded=resources.memory,resources.swap -p ./p.conf echo started
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"resources.memory is degraded"*started* ]]
}
@test "another user's manager is of no use" {
	run env XDG_RUNTIME_DIR=/run/user/0 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket "$BAILEY" run -p ./p.conf echo started
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output != *started* ]]
}
