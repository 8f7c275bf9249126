#!/usr/bin/env bats
# Subordinate ids and groups of a user that root prepares for the test: too few, none, and groups that stay in force.
# What root itself gets with uid 0 inside: with-uid-0.bats.

load rig

setup_file() {
	is_root || return 0
	export GROUP_NAME=bailey-group-$$
	rig_user
	groupadd "$GROUP_NAME"
	usermod -a -G "$GROUP_NAME" "$USER_NAME"
	rig_copy_home
}
teardown_file() {
	is_root || return 0
	rig_remove
	groupdel "$GROUP_NAME" || true
}
setup() { rig_need_root; }

as_user() {
	setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" --init-groups --inh-caps=-all env -i PATH=/usr/bin:/bin \
		HOME="${COPY%/*}" sh -c 'cd "$HOME" && exec "$@"' sh "$COPY/build/bailey" "$@"
}
# One range, as the file says it: without_range subuid.
range_of() { sed -n "s/^$USER_NAME:\([0-9]*\):\([0-9]*\)$/\1 \2/p" "/etc/$1"; }

@test "mapped: a user without a range gets one error for each file, with the line to add" {
	read -r ufirst ucount <<< "$(range_of subuid)"
	read -r gfirst gcount <<< "$(range_of subgid)"
	usermod --del-subuids "$ufirst-$((ufirst + ucount - 1))" --del-subgids "$gfirst-$((gfirst + gcount - 1))" "$USER_NAME"
	run as_user run -p shell --set identity.user=mapped true
	[ "$status" -eq 2 ]
	[[ $output == *"/etc/subuid has no line for the user \"$USER_NAME\""* ]]
	[[ $output == *"/etc/subgid has no line for the user \"$USER_NAME\""* ]]
	line=$(sed -n "s/.*let root add the line \([^ ]*\) to \/etc\/subuid .*/\1/p" <<< "$output" | head -n 1)
	[[ $line =~ ^$USER_NAME:[0-9]+:65536$ ]]
	# The advice is right: with what it says the launch works.
	advice=$(sed -n 's/.*(usermod --add-sub[ug]ids \([0-9]*-[0-9]*\) .*/\1/p' <<< "$output" | sort -u)
	usermod --add-subuids "$(head -n 1 <<< "$advice")" --add-subgids "$(tail -n 1 <<< "$advice")" "$USER_NAME"
	run as_user run -p shell --set identity.user=mapped sh -c 'touch /tmp/f; chown 33:33 /tmp/f; stat -c "%u %g" /tmp/f'
	[ "$status" -eq 0 ]
	[ "$output" = "33 33" ]
}
@test "mapped: a range that is too small is said" {
	read -r first count <<< "$(range_of subuid)"
	usermod --del-subuids "$((first + 1000))-$((first + count - 1))" "$USER_NAME"
	run as_user run -p shell --set identity.user=mapped true
	usermod --add-subuids "$((first + 1000))-$((first + count - 1))" "$USER_NAME"
	[ "$status" -eq 2 ]
	[[ $output == *"/etc/subuid gives the user \"$USER_NAME\" only 1000 ids: inside, ids up to 65534 (nobody) are needed"* ]]
}
@test "groups of the user: self and root keep them as nogroup and explain says so, mapped gives them up" {
	run as_user explain shell
	[[ $output == *"other groups"*"($GROUP_NAME)"* ]]
	install -m 640 -g "$GROUP_NAME" /dev/null "${COPY%/*}/for-group"
	echo hidden > "${COPY%/*}/for-group"
	chown root "${COPY%/*}/for-group"
	for who in self root; do
		run as_user run -p shell --ro "${COPY%/*}/for-group" --set identity.user=$who cat "${COPY%/*}/for-group"
		[ "$output" = hidden ]
		run as_user run -p shell --set identity.user=$who id -G
		[[ $output == *" 65534" ]]
	done
	run as_user run -p shell --ro "${COPY%/*}/for-group" --set identity.user=mapped cat "${COPY%/*}/for-group"
	[ "$status" -eq 1 ]
	[[ $output == *"Permission denied"* ]]
	run as_user run -p shell --set identity.user=mapped id -G
	[ "$output" = 0 ]
}
