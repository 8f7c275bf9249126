#!/usr/bin/env bats
# bailey desktop as a session uses it: programs started by gtk-launch, gio, xdg-open and the session bus, with a real bus and a real X
# server. Where they run is looked at from outside.
load lib
load display

prepare() {
	need userns pgrep dbus-daemon dbus-send gio gtk-launch python3
	display
	export XDG_CONFIG_HOME=$WORK/config XDG_DATA_HOME=$WORK/data XDG_DATA_DIRS=$WORK/sys:/usr/local/share:/usr/share XDG_RUNTIME_DIR=$WORK/run
	export PATH=$WORK/programs:$PATH
	APPS=$WORK/data/applications SYS=$WORK/sys/applications
	umask 022
	mkdir -m 700 run
	mkdir -p "$SYS" sys/dbus-1/services programs config/bailey/profiles data out
	cat > config/bailey/profiles/quux.conf <<-END
		programs = [ "quux" ];
		inherit  = [ "common/desktop" ];
		filesystem = { read_only = [ "$WORK/programs" ]; read_write = [ "$WORK/out" ]; arguments = "read_only"; };
	END
	chmod -R go-w config
	SECONDS_OF=$(unique_seconds)
	cat > programs/quux <<-END
		#!/bin/sh
		{
			echo "A=\$A"
			echo "startup \${DESKTOP_STARTUP_ID:-none} token \${XDG_ACTIVATION_TOKEN:-none}"
			for word in "\$@"; do
				echo "word \$word"
				case \$word in /*) cat "\$word" ;; file:///*) cat "\${word#file://}" ;; esac
			done
			echo end
		} > "$WORK/out/said"
		exec sleep $SECONDS_OF
	END
	chmod 755 programs/quux
	entry quux 'Exec=env A=b quux --x %U' 'MimeType=text/x-quux;x-scheme-handler/quux;'
	dbus-daemon --session --nofork --nopidfile --address="unix:path=$WORK/run/bus" 3>&- < /dev/null > bus.log 2>&1 &
	end_later $!
	eventually 10 test -S run/bus
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$WORK/run/bus
}

entry() {
	local name=$1
	shift
	printf '%s\n' '[Desktop Entry]' 'Type=Application' 'Name=Quux' 'Icon=quux' "$@" > "$SYS/$name.desktop"
}

sleeper() { pgrep -u "$(id -u)" -x -f "sleep $SECONDS_OF"; }
asleep() { sleeper > /dev/null; }
none_asleep() { ! asleep; }
said() { [ "$(tail -n 1 out/said 2> /dev/null)" = end ] && asleep; }

# runs_inside, runs_outside: the program that was just started, and then it is ended.
spaces_of() {
	local space
	for space in user mnt pid ipc net uts; do
		readlink "/proc/$1/ns/$space"
	done
}
where() {
	local pid
	eventually 20 said || {
		cat out/said bus.log
		return 1
	}
	pid=$(sleeper)
	spaces_of "$pid" > theirs
	spaces_of self > ours
	WHERE=$(comm -12 <(LC_ALL=C sort theirs) <(LC_ALL=C sort ours) | wc -l) SAID=$(cat out/said)
	rm out/said
	kill "$pid"
	eventually 10 none_asleep
}
runs_inside() { where && is "$WHERE shared" "0 shared"; }
runs_outside() { where && is "$WHERE shared" "6 shared"; }

@test "gtk-launch: outside before, inside while enabled, outside after" {
	echo content > out/file
	gtk-launch quux out/file 3> /dev/null
	runs_outside
	has "$SAID" A=b "word --x" content
	gives 0 "$BAILEY" desktop enable quux
	gtk-launch quux out/file 3> /dev/null
	runs_inside
	has "$SAID" A=b "word --x" content
	gives 0 "$BAILEY" desktop disable quux
	gtk-launch quux 3> /dev/null
	runs_outside
	[ ! -e data/applications ]
}

@test "what ends the waiting cursor and lets the first window to the front reaches the program inside" {
	entry quux 'Exec=quux' 'StartupNotify=true'
	XDG_ACTIVATION_TOKEN=once gtk-launch quux 3> /dev/null
	runs_outside
	has "$SAID" "startup gtk-launch-" "token once"
	gives 0 "$BAILEY" desktop enable quux
	XDG_ACTIVATION_TOKEN=again gtk-launch quux 3> /dev/null
	runs_inside
	has "$SAID" "startup gtk-launch-" "token again"
	gives 0 "$BAILEY" desktop disable quux
	XDG_ACTIVATION_TOKEN=once gives 0 "$BAILEY" run -p quux sh -c 'echo "$XDG_ACTIVATION_TOKEN"'
	is "$output" once
	# Nothing of it comes by a profile without windows.
	XDG_ACTIVATION_TOKEN=once gives 0 "$BAILEY" run -p shell sh -c 'echo "${XDG_ACTIVATION_TOKEN:-none}"'
	is "$output" none
}

@test "a file that is opened by its type, in a directory that is not granted" {
	need update-mime-database update-desktop-database
	mkdir -p sys/mime/packages documents
	cat > sys/mime/packages/quux.xml <<-'END'
		<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
		<mime-type type="text/x-quux"><glob pattern="*.quux"/></mime-type></mime-info>
	END
	update-mime-database sys/mime
	update-desktop-database "$SYS"
	echo "a document" > "documents/a b.quux"
	gio open "documents/a b.quux" 3> /dev/null
	runs_outside
	gives 0 "$BAILEY" desktop enable quux
	gio open "documents/a b.quux" 3> /dev/null
	runs_inside
	has "$SAID" "word "
	# A link of a scheme, and the default that the user chose.
	gio mime x-scheme-handler/quux quux.desktop > /dev/null
	cp config/mimeapps.list chosen
	gio open quux:hello 3> /dev/null
	runs_inside
	has "$SAID" "word quux:hello"
	if command -v xdg-open > /dev/null; then
		XDG_CURRENT_DESKTOP=GNOME xdg-open quux:again 3> /dev/null
		runs_inside
		has "$SAID" "word quux:again"
	fi
	gives 0 "$BAILEY" desktop disable quux
	cmp config/mimeapps.list chosen
	gio open quux:hello 3> /dev/null
	runs_outside
}

@test "an entry that the bus activates, and the bus by itself" {
	entry org.quux.Quux 'Exec=quux --entry' 'DBusActivatable=true'
	printf '[D-BUS Service]\nName=org.quux.Quux\nExec=%s --service\n' "$WORK/programs/quux" > sys/dbus-1/services/org.quux.Quux.service
	ask_bus() { dbus-send --session --dest="$1" "$2" "$3" > /dev/null; }
	reload() { dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ReloadConfig > /dev/null; }
	reload
	# It waits for an answer, which this service never gives.
	gtk-launch org.quux.Quux > /dev/null 2>&1 3> /dev/null &
	local launcher=$!
	eventually 20 said
	kill "$launcher" # it would ask again
	runs_outside
	has "$SAID" "word --service"
	gives 0 "$BAILEY" desktop enable org.quux.Quux
	reload
	# gtk-launch would ping the name, which starts the service too.
	gio launch "$APPS/org.quux.Quux.desktop" 3> /dev/null
	runs_inside
	has "$SAID" "word --entry"
	ask_bus org.quux.Quux /org/quux/Quux org.freedesktop.Application.Activate
	runs_inside
	has "$SAID" "word --service"
	gives 0 "$BAILEY" desktop disable org.quux.Quux
	reload
	ask_bus org.quux.Quux /org/quux/Quux org.freedesktop.Application.Activate
	runs_outside
	[ ! -e data/dbus-1 ]
}

@test "the actions of an entry" {
	need /usr/bin/python3
	/usr/bin/python3 -c 'import gi' 2> /dev/null || skip "needs Python's gi, the only way to start an action here"
	entry quux 'Exec=quux' 'Actions=new;' '' '[Desktop Action new]' 'Name=New' 'Exec=quux --new'
	act() { /usr/bin/python3 -c 'from gi.repository import Gio
Gio.DesktopAppInfo.new("quux.desktop").launch_action("new", None)' 3> /dev/null; }
	act
	runs_outside
	gives 0 "$BAILEY" desktop enable quux
	act
	runs_inside
	has "$SAID" "word --new"
}

@test "a failure to start is shown as a notification, a program that ran is not" {
	need /usr/bin/notify-send
	gives 0 "$BAILEY" desktop enable quux
	# The system's own in the place of which another one stands, for the test alone.
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >> %s/shown\n' "$WORK" > notify-send
	chmod 755 notify-send
	as_seen() {
		# Two steps: mount(8) asks for uid 0, and bailey is to see the user's own.
		unshare --user --map-root-user --mount sh -c 'mount --bind notify-send /usr/bin/notify-send && exec "$@"' sh \
			unshare --user --map-user="$(id -u)" --map-group="$(id -g)" "$@"
	}
	gives 3 as_seen "$BAILEY" run --notify -p quux sh -c 'exit 3'
	[ ! -e shown ]
	echo 'process = { nise = 1; };' >> config/bailey/profiles/quux.conf
	as_seen gtk-launch quux 2> /dev/null 3> /dev/null
	eventually 10 grep -q nise shown
	has "$(cat shown)" "quux was not started" "quux.conf:4" "unknown setting"
	[ ! -e out/said ]
	# On a terminal the message is there already, and without the option nobody asked for more.
	rm shown
	gives 2 as_seen python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" run --notify -p quux quux
	has "$output" process.nise
	gives 2 as_seen "$BAILEY" run -p quux quux
	[ ! -e shown ]
	gives 127 as_seen "$BAILEY" run --notify -p shell no-such-program
	has "$(cat shown)" "no-such-program was not started"
}

@test "a document viewer with a window, started from the menu" {
	need evince gs
	gs -q -sDEVICE=pdfwrite -o "$WORK/paper.pdf" "$TREE/tests/programs/page.ps"
	gives 0 "$BAILEY" desktop enable evince
	has "$output" org.gnome.Evince.desktop
	gtk-launch org.gnome.Evince "$WORK/paper.pdf" 3> /dev/null
	eventually 40 has_window paper.pdf
	local pid
	pid=$(processes_with evince paper.pdf | head -n 1)
	[ -n "$pid" ]
	is "$(comm -12 <(spaces_of "$pid" | LC_ALL=C sort) <(spaces_of self | LC_ALL=C sort) | wc -l)" 0
	kill "$pid"
	eventually 10 are_gone evince paper.pdf
	gives 0 "$BAILEY" desktop disable --all
	[ ! -e data/applications ]
}
