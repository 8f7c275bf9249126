#!/usr/bin/env bats
# bailey doctor: what it says is what a launch does.
load lib

prepare() { export COLUMNS=400; }

MACHINES=$TREE/tests/golden/facts
json() { python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }
# state NAME: of one check, from the JSON in $output.
state_of() { json "[c['state'] for c in d['checks'] if c['name'] == '$1'][0]" <<< "$output"; }

@test "it says that sandboxes start exactly where one starts" {
	local started=0
	"$BAILEY" run -p shell true || started=$?
	attempt "$BAILEY" doctor
	if [ "$started" -eq 0 ]; then
		is "$status" 0
		has "$output" "ok      user namespaces" "ok      sandbox" "Sandboxes start here."
	else
		is "$status" 125
		has "$output" missing "No sandbox starts here"
	fi
}

@test "every check has a state, words, and something to do when it is not well" {
	gives 0 "$BAILEY" doctor --json
	is "$(json 'd["bailey"], d["starts"]' <<< "$output")" "1 True"
	is "$(json 'all(c["text"] and c["state"] in ("ok", "limited", "missing") for c in d["checks"])' <<< "$output")" True
	is "$(json 'len({c["name"] for c in d["checks"]}) == len(d["checks"]) > 10' <<< "$output")" True
	is "$(state_of bailey-filter)" ok
}

@test "each ability that is missing stops the launch that needs it, and the others do not" {
	need userns
	local name settings
	gives 0 "$BAILEY" doctor --json
	local said=$output
	while IFS='|' read -r name settings; do
		output=$said
		local state
		state=$(state_of "$name")
		# shellcheck disable=SC2086 # words
		attempt "$BAILEY" run -p shell $settings true
		if [ "$state" = ok ]; then
			[ "$status" -eq 0 ] || [ "$status" -eq 125 ] # a device can be there and refuse
		else
			is "$name: $status" "$name: 2"
		fi
	done <<-'END'
		Landlock|--set landlock.use=required
		several ids|--set identity.user=mapped
		network|--net user
	END
}

@test "AppArmor's restriction is named, with what lifts it" {
	gives 125 "$BAILEY" doctor --facts "$MACHINES/ubuntu-apparmor.json"
	has "$output" "missing user namespaces" kernel.apparmor_restrict_unprivileged_userns "AppArmor profile" "No sandbox starts here"
	gives 125 "$BAILEY" doctor --json --facts "$MACHINES/no-userns.json"
	is "$(json 'd["starts"]' <<< "$output")" False
	is "$(state_of "user namespaces")" missing
}

@test "controllers that systemd does not delegate: which ones, and the lines that do" {
	gives 0 "$BAILEY" doctor --facts "$MACHINES/debian12.json"
	has "$output" "limited limits" resources.cpus "Delegate=cpu cpuset io memory pids" "/etc/systemd/system/user@.service.d/delegate.conf" \
		"missing network" passt "limited Landlock"
	lacks "$output" resources.optional
}

@test "an installation that is not whole" {
	mkdir -p moved/bin moved/share/bailey
	cp "$BAILEY" moved/bin/bailey
	cp -r "$TREE/profiles" moved/share/bailey/profiles
	gives 125 moved/bin/bailey doctor
	has "$output" "missing bailey-filter" "moved/libexec/bailey/bailey-filter: No such file or directory"
}

@test "wrong words" {
	gives 2 "$BAILEY" doctor firefox
	has "$output" "bailey explain"
	gives 2 "$BAILEY" doctor --facts /no/such/file
}
