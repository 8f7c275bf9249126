#!/usr/bin/env bats
# Started by root: the program is not root. Makes one user, and removes it.

load rig

setup_file() { rig_begin; }

setup() {
	rig_work
	cat > user.conf << END
inherit = [ "common/base" ];
identity = { user = "$USER_NAME"; };
END
}

@test "identity.user: the program runs as that user for good, groups too" {
	run "$BAILEY" run -p ./user.conf sh -c 'id -u; id -g; id -G; grep -c 0000000000000000 /proc/self/status; cat /proc/self/uid_map'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$(id -u "$USER_NAME")" ]
	[ "${lines[1]}" = "$(id -g "$USER_NAME")" ]
	[ "${lines[2]}" = "$(id -G "$USER_NAME")" ]
}
@test "identity.user: files of root stay closed" {
	mkdir -m 755 open
	echo secret > open/secret
	chmod 600 open/secret
	chmod 755 "$WORK"
	run "$BAILEY" run -p ./user.conf --ro open cat "$WORK/open/secret"
	[ "$status" -eq 1 ]
	[[ $output == *"Permission denied"* ]]
	run cat open/secret
	[ "$output" = secret ]
}
@test "identity.user: an unknown user is an error with its line" {
	sed -i "s/$USER_NAME/no-such-user/" user.conf
	run "$BAILEY" run -p ./user.conf true
	[ "$status" -eq 2 ]
	[[ $output == *"user.conf:2"* ]]
}
@test "without identity.user the program has no power over the host" {
	run "$BAILEY" run -p shell sh -c 'sed -n "s/^Cap...:.//p" /proc/self/status | sort -u; echo x > /proc/sys/kernel/hostname; echo x > /proc/sysrq-trigger; cat /etc/shadow'
	if [ "$status" -eq 2 ] || [ "$status" -eq 125 ]; then
		# Refusing to run as root at all is the other safe answer; the message has to name the setting.
		[[ $output == *"identity.user"* ]]
	else
		[ "${lines[0]}" = 0000000000000000 ]
		[[ $output != *"root:"* ]]
	fi
	[ "$(cat /proc/sys/kernel/hostname)" != x ]
}
@test "a program of somebody else's is no part of what root starts" {
	local bin
	bin=$(getent passwd "$USER_NAME" | cut -d: -f6)/bin
	mkdir "$bin"
	printf '#!/bin/sh\nid -u > %s/ran\nexit 1\n' "$WORK" > "$bin/pasta"
	chmod 755 "$bin/pasta"
	chmod 777 "$WORK"
	chown -R "$USER_NAME": "$bin"
	for who in "$USER_NAME" host-root; do
		run env PATH="$bin:$PATH" "$BAILEY" run -p default --set "identity.user=$who" --net user true
		[ ! -e ran ]
		run env PATH="$bin" "$BAILEY" run -p default --set "identity.user=$who" --net user /bin/true
		[ "$status" -eq 2 ]
		[[ $output == *"somebody else than root could change $bin/pasta"* ]]
	done
	# The same outside: a shell of root's would have started it.
	PATH="$bin:$PATH" sh -c pasta || true
	[ "$(cat ran)" = 0 ]
	rm -r "$bin"
}
@test "a home that is another's is not root's, whatever HOME says" {
	local home
	home=$(getent passwd "$USER_NAME" | cut -d: -f6)
	mkdir -p "$home/.local/share/bailey/identities/shell"
	mkdir "$WORK/etc"
	ln -s "$WORK/etc" "$home/.local/share/bailey/identities/shell/work"
	chown -R -h "$USER_NAME": "$home/.local"
	# Outside, HOME is what it says.
	[ "$(HOME=$home sh -c 'cd && pwd')" = "$home" ]
	# shellcheck disable=SC2016 # for the shell inside
	run env HOME="$home" "$BAILEY" run --dry-run -p shell --set identity.user=host-root --identity work sh -c 'echo evil > ~/cron'
	[ "$status" -eq 0 ]
	[[ $output != *"$WORK/etc"* ]]
	[[ $output != *"$home"* ]]
	rm -r "$home/.local"
}
