#!/usr/bin/env bats
# bailey desktop --system: for all users, by root. /usr/local is an empty file system of the test's own.
load rig

setup_file() { rig_begin; }

setup() { rig_need_root; }

# as_all SCRIPT: in a mount namespace with an empty /usr/local and a program with an entry.
as_all() {
	local work
	work=$(mktemp -d)
	chmod 755 "$work"
	mkdir -p "$work/share/applications" "$work/bin"
	printf '#!/bin/sh\n' > "$work/bin/evince"
	chmod 755 "$work/bin/evince"
	printf '[Desktop Entry]\nType=Application\nName=Viewer\nExec=evince %%U\nMimeType=application/pdf;\n' > "$work/share/applications/viewer.desktop"
	# shellcheck disable=SC2016 # the inner shell's
	run unshare --mount env -u XDG_DATA_HOME -u XDG_CONFIG_HOME XDG_DATA_DIRS="/usr/local/share:$work/share" PATH="$work/bin:$PATH" WORK="$work" \
		sh -euc 'mount -t tmpfs none /usr/local; umask 077; '"$1"
	rm -rf "$work"
	[ "$status" -eq 0 ] || {
		echo "$output"
		return 1
	}
}

@test "entries and commands for all users, readable for them, and gone again" {
	as_all '
		"$BAILEY" desktop enable --system --command viewer.desktop evince
		apps=/usr/local/share/applications
		grep -q "^Exec=$BAILEY run --notify --profile=evince -- $WORK/bin/evince %U\$" $apps/viewer.desktop
		stat -c "%a %U" /usr/local/share $apps $apps/viewer.desktop $apps/mimeinfo.cache /usr/local/bin/evince | uniq -c
		su -s /bin/sh "$USER_NAME" -c "cat $apps/viewer.desktop /usr/local/bin/evince" > /dev/null
		su -s /bin/sh "$USER_NAME" -c "cd /; $BAILEY desktop status --system"
		# No user can hold the lock that root waits for.
		! su -s /bin/sh "$USER_NAME" -c "flock -n /usr/local/share/bailey/desktop/lock true" 2> /dev/null || exit 9
		! su -s /bin/sh "$USER_NAME" -c "cd /; PATH=$PATH XDG_DATA_DIRS=$XDG_DATA_DIRS $BAILEY desktop enable viewer.desktop" || exit 9
		! su -s /bin/sh "$USER_NAME" -c "cd /; $BAILEY desktop disable --system --all" || exit 9
		[ ! -e /root/.local/share/applications/viewer.desktop ]
		"$BAILEY" desktop disable --system --all
		find /usr/local -mindepth 1'
	[[ $output == *"2 755 root"*"2 644 root"*"1 755 root"* ]]
	[[ $output =~ viewer\ +evince\ +ok ]]
	[[ $output == *"it is under bailey already, for all users"* ]]
	[[ $output == *"only root changes them for all users"* ]]
	[[ ${lines[-1]} == *"is as before" ]]
}

@test "what every session starts by itself is under bailey too, and then the package's file again" {
	as_all '
		mount -t tmpfs none /etc/xdg
		mkdir -m 755 /etc/xdg/autostart
		printf "[Desktop Entry]\nType=Application\nName=Viewer\nExec=evince --tray\n" > /etc/xdg/autostart/viewer-tray.desktop
		printf "[Desktop Entry]\nType=Application\nName=Other\nExec=sleep 9\n" > /etc/xdg/autostart/other.desktop
		chmod 644 /etc/xdg/autostart/*
		touch -d 2001-01-01 /etc/xdg/autostart/*
		state() { (cd /etc/xdg && find . -printf "%p %i %m %U %s %T@\n" -type f -exec sha256sum {} +) | grep -v "^./autostart [0-9]\|^\. " | sort; }
		state > $WORK/before
		"$BAILEY" desktop enable --system evince
		grep -q "^Exec=$BAILEY run --notify --profile=evince -- $WORK/bin/evince --tray\$" /etc/xdg/autostart/viewer-tray.desktop
		stat -c "%a %U" /etc/xdg/autostart/viewer-tray.desktop
		# Nothing else than the entry itself ends in .desktop, and is started.
		[ "$(ls /etc/xdg/autostart/*.desktop | wc -l)" = 2 ]
		cmp /etc/xdg/autostart/other.desktop - <<-"END"
			[Desktop Entry]
			Type=Application
			Name=Other
			Exec=sleep 9
		END
		su -s /bin/sh "$USER_NAME" -c "cd /; $BAILEY desktop status --system"
		# A package that brings a new file over ours is told, and its file left.
		cp -p /etc/xdg/autostart/viewer-tray.desktop $WORK/ours
		echo "X-New=1" >> /etc/xdg/autostart/viewer-tray.desktop
		! "$BAILEY" desktop disable --system --all || exit 9
		grep -q X-New /etc/xdg/autostart/viewer-tray.desktop
		cp -p $WORK/ours /etc/xdg/autostart/viewer-tray.desktop
		"$BAILEY" desktop disable --system --all
		state | diff $WORK/before -'
	[[ $output == *"644 root"* ]]
	[[ $output =~ viewer-tray\ +evince\ +ok ]]
	[[ $output == *"was changed since bailey wrote it, and is left alone"* ]]
}

@test "profiles of root's own are not taken for all users" {
	as_all '
		export XDG_CONFIG_HOME=$WORK/config
		mkdir -p $XDG_CONFIG_HOME/bailey/profiles
		echo "programs = [ \"evince\" ]; inherit = [ \"common/base\" ];" > $XDG_CONFIG_HOME/bailey/profiles/aaa.conf
		"$BAILEY" desktop enable --system viewer
		grep -q profile=evince /usr/local/share/applications/viewer.desktop
		"$BAILEY" desktop disable --system viewer'
}
