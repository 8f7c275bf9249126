#!/usr/bin/env bats
# bailey desktop: which files it writes, and that everything comes back. Nothing here starts a sandbox.
load lib

prepare() {
	export XDG_CONFIG_HOME=$WORK/config XDG_DATA_HOME=$WORK/data XDG_DATA_DIRS=$WORK/local:$WORK/sys XDG_CONFIG_DIRS=$WORK/xdg
	export PATH=$WORK/programs:$PATH
	APPS=$WORK/data/applications SYS=$WORK/sys/applications SELF=$(readlink -f "$BAILEY")
	umask 022
	mkdir -p "$SYS/sub" sys/dbus-1/services local/applications xdg/autostart programs opt/x config/bailey/profiles data
	chmod -R go-w config
	printf 'description = "a program"; programs = [ "quux", "quux-edit" ]; inherit = [ "common/base" ];\n' > config/bailey/profiles/quux.conf
	local name
	for name in quux quux-edit other "spaced prog"; do
		printf '#!/bin/sh\necho "%s $*"\n' "$name" > "programs/$name"
		chmod 755 "programs/$name"
	done
	ln -s ../../programs/quux opt/x/quux-by-path
	entry quux 'Exec=quux %U'
}

# entry NAME LINE...: an entry of the system's.
entry() {
	local name=$1
	shift
	printf '%s\n' '[Desktop Entry]' 'Type=Application' 'Name=Quux' 'Name[de]=Das Quux' 'Icon=quux' 'MimeType=text/x-quux;x-scheme-handler/quux;' \
		"$@" > "$SYS/$name.desktop"
}
# exec_of NAME: the Exec lines of bailey's entry.
exec_of() { sed -n 's/^Exec=//p' "$APPS/$1.desktop"; }
run_line() { echo "$SELF run --notify --profile=quux ${2:+$2 }-- $1"; }
# state: everything that could have been changed, with contents, modes, times and targets.
state() {
	(cd "$WORK" && find data config xdg sys "$HOME/.local/bin" 2> /dev/null | LC_ALL=C sort | while read -r file; do
		stat -c '%n %F %a %i' "$file"
		if [ -L "$file" ]; then readlink "$file"; elif [ -f "$file" ]; then stat -c %y "$file"; sha256sum < "$file"; fi
	done)
}
json() { python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }

# changes EXEC WANTED [SETTINGS]: what an Exec becomes.
changes() {
	entry tricky "Exec=$1"
	gives 0 "$BAILEY" desktop enable tricky
	is "$(exec_of tricky)" "$(run_line "$2" "${3:-}")"
	gives 0 "$BAILEY" desktop disable tricky
}

@test "an entry runs under bailey, and all its other lines stay" {
	local before
	before=$(state)
	gives 0 "$BAILEY" desktop enable quux
	has "$output" "quux.desktop runs under the profile quux"
	is "$(exec_of quux)" "$(run_line "$WORK/programs/quux %U")"
	is "$(grep -vE '^(Exec|TryExec|X-Bailey-)' "$APPS/quux.desktop")" "$(grep -v '^Exec' "$SYS/quux.desktop")"
	has "$(cat "$APPS/quux.desktop")" X-Bailey-Profile=quux "X-Bailey-Source=$SYS/quux.desktop" "TryExec=$WORK/programs/quux"
	gives 0 "$BAILEY" desktop status
	has "$output" quux " ok "
	gives 0 "$BAILEY" desktop disable quux
	is "$(state)" "$before"
	gives 0 "$BAILEY" desktop status
	has "$output" "Nothing is enabled."
}

@test "command lines: quotes, escapes, field codes, absolute paths, env" {
	changes 'quux' "$WORK/programs/quux"
	changes 'quux --new %f "a b" %%' "$WORK/programs/quux --new %f \"a b\" %%"
	changes '"quux"   --two  %F' "$WORK/programs/quux   --two  %F"
	changes "'quux' %u" "$WORK/programs/quux %u"
	changes '"qu"ux\s%u' "$WORK/programs/quux\\s%u"
	changes "$WORK/programs/quux -- \"\\\\\$HOME\" %i %c %k" "$WORK/programs/quux -- \"\\\\\$HOME\" %i %c %k"
	changes "$WORK/opt/x/quux-by-path %U" "$WORK/opt/x/quux-by-path %U"
	changes 'env A=b quux %U' "$WORK/programs/quux %U" "--set=environment.set=A=b"
	changes '/usr/bin/env -u DISPLAY --unset=X "A=b c" quux' "$WORK/programs/quux" \
		'--set=environment.unset=DISPLAY --set=environment.unset=X "--set=environment.set=A=b c"'
}

@test "what env sets reaches the plan letter by letter" {
	entry tricky 'Exec=env "P=~/*\\\\$[x]" Q=50%% quux'
	gives 0 "$BAILEY" desktop enable tricky
	# String escapes, field codes, then the quotes of a shell.
	value=$(python3 -c 'import re, sys
print(re.sub(r"\\(.)", lambda m: {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}[m[1]], sys.argv[1]).replace("%%", "%"))' "$(exec_of tricky)")
	eval "words=($value)"
	"${words[0]}" run -n --json --ro "$WORK/programs" "${words[@]:2}" > plan
	is "$(json '"\n".join(v["name"] + "=" + v["value"] for v in d["environment"] if v["name"] in "PQ")' < plan)" $'P=~/*\\$[x]\nQ=50%'
}

@test "what cannot be understood is refused, with the file and the reason, and nothing is written" {
	local before line
	for line in 'Exec="quux' 'Exec=quux\x' 'Exec=env -S quux' 'Exec=env A=b' 'Exec=env A=%u quux' 'Exec=' 'X=y'; do
		entry tricky "$line"
		before=$(state)
		gives 125 "$BAILEY" desktop enable tricky
		has "$output" "$SYS/tricky.desktop: "
		is "$(state)" "$before"
	done
	printf 'no entry\n' > "$SYS/tricky.desktop"
	gives 125 "$BAILEY" desktop enable tricky
	has "$output" "no [Desktop Entry] in it"
	entry tricky "Exec=not-there %u"
	gives 125 "$BAILEY" desktop enable --profile quux tricky
	has "$output" "its program not-there is not there"
	gives 125 "$BAILEY" desktop enable nonsense
	has "$output" "no menu entry of that name"
	gives 2 "$BAILEY" desktop enable
	gives 2 "$BAILEY" desktop enable --all quux
	gives 2 "$BAILEY" desktop frob
	gives 2 "$BAILEY" desktop enable --profile nonsense quux
	is "$(ls -A "$WORK/data")" ""
}

@test "a program without a profile is refused unless one is given" {
	entry other 'Exec=other %u'
	gives 125 "$BAILEY" desktop enable other
	has "$output" "there is no profile for other" "--profile NAME"
	gives 0 "$BAILEY" desktop enable --profile quux other
	is "$(exec_of other)" "$(run_line "$WORK/programs/other %u")"
	cp config/bailey/profiles/quux.conf "$WORK/my profile.conf"
	gives 0 "$BAILEY" desktop enable --profile "./my profile.conf" other
	is "$(exec_of other)" "$SELF run --notify \"--profile=$WORK/my profile.conf\" -- $WORK/programs/other %u"
	gives 0 "$BAILEY" desktop disable --all
}

@test "another profile's name for the same file does not take the entry over" {
	printf 'programs = [ "alternative" ]; inherit = [ "common/base" ];\n' > config/bailey/profiles/aaa.conf
	ln -s quux programs/alternative
	ln -s quux programs/quux-link
	gives 0 "$BAILEY" desktop enable quux
	is "$(exec_of quux)" "$(run_line "$WORK/programs/quux %U")"
	entry tricky "Exec=$WORK/programs/quux-link"
	gives 0 "$BAILEY" desktop enable tricky
	is "$(exec_of tricky)" "$(run_line "$WORK/programs/quux-link")"
	gives 0 "$BAILEY" desktop disable --all
}

@test "a script of another program is not its interpreter" {
	entry script "Exec=quux $WORK/programs/other %U"
	gives 0 "$BAILEY" desktop enable quux
	gives 0 "$BAILEY" desktop enable --all
	[ -e "$APPS/quux.desktop" ]
	[ ! -e "$APPS/script.desktop" ]
	gives 125 "$BAILEY" desktop enable script
	has "$output" "there is no profile for quux"
	gives 0 "$BAILEY" desktop enable --profile quux script
	is "$(exec_of script)" "$(run_line "$WORK/programs/quux $WORK/programs/other %U")"
	gives 0 "$BAILEY" desktop disable --all
}

@test "every command of the entry: actions, other groups, translated ones; activation by the bus is switched off" {
	entry org.quux.Quux 'TryExec=quux' 'DBusActivatable=true' 'Exec=quux %U' 'Exec[de]=quux --deutsch' 'Actions=new;edit;' '' \
		'[Desktop Action new]' 'Name=New' 'Exec=quux --new' '' '[Desktop Action edit]' 'Name=Edit' "Exec=$WORK/programs/other --edit %u" '' \
		'[X-Shortcut Group]' '  Exec = quux --short'
	printf '[D-BUS Service]\nName=org.quux.Quux\nExec=%s --gapplication-service 100%%\nSystemdService=quux.service\n' "$WORK/programs/quux" \
		> sys/dbus-1/services/org.quux.Quux.service
	printf '[D-BUS Service]\nName=org.other\nExec=%s\n' "$WORK/programs/other" > sys/dbus-1/services/org.other.service
	local before
	before=$(state)
	gives 0 "$BAILEY" desktop enable org.quux.Quux.desktop
	has "$output" "next login"
	grep -q '^DBusActivatable=false$' "$APPS/org.quux.Quux.desktop"
	is "$(grep -c '^TryExec=' "$APPS/org.quux.Quux.desktop")" 1
	is "$(grep -cE "^(Exec|Exec\[de\]|  Exec )= ?$SELF run " "$APPS/org.quux.Quux.desktop")" 5
	has "$(cat "$APPS/org.quux.Quux.desktop")" "profile=quux -- $WORK/programs/other --edit %u"
	is "$(grep '^Exec=' data/dbus-1/services/org.quux.Quux.service)" "Exec=$(run_line "$WORK/programs/quux --gapplication-service 100%")"
	lacks "$(cat data/dbus-1/services/org.quux.Quux.service)" Systemd
	[ ! -e data/dbus-1/services/org.other.service ]
	gives 0 "$BAILEY" desktop disable org.quux.Quux
	is "$(state)" "$before"
}

@test "what the user had comes back as it was: a file, a symlink, an entry of the user's alone" {
	local before
	mkdir -p "$APPS"
	printf '[Desktop Entry]\r\nType=Application\r\nName=Mine\r\nExec=quux --mine\r\n' > "$APPS/quux.desktop"
	chmod 640 "$APPS/quux.desktop"
	touch -d '2001-02-03 04:05:06.789' "$APPS/quux.desktop"
	printf '[Desktop Entry]\nType=Application\nName=Game\nExec=quux --game' > "$WORK/data/game"
	ln -s ../game "$APPS/game.desktop"
	before=$(state)
	gives 0 "$BAILEY" desktop enable quux
	is "$(exec_of quux)" "$(run_line "$WORK/programs/quux --mine")"$'\r'
	is "$(exec_of game)" "$(run_line "$WORK/programs/quux --game")"
	[ -L "$APPS/game.desktop.before-bailey" ]
	is "$(sed -n 's/^Exec=//p' data/game)" "quux --game"
	gives 0 "$BAILEY" desktop enable quux
	gives 0 "$BAILEY" desktop disable quux
	is "$(state)" "$before"
}

@test "types of files are listed for bailey's entries, and the list that was there comes back" {
	local before
	gives 0 "$BAILEY" desktop enable quux
	is "$(cat "$APPS/mimeinfo.cache")" $'[MIME Cache]\ntext/x-quux=quux.desktop;\nx-scheme-handler/quux=quux.desktop;'
	if command -v update-desktop-database > /dev/null; then
		cp "$APPS/mimeinfo.cache" list
		update-desktop-database "$APPS"
		cmp <(LC_ALL=C sort "$APPS/mimeinfo.cache") <(LC_ALL=C sort list)
	fi
	gives 0 "$BAILEY" desktop disable --all
	mkdir -p "$APPS"
	printf '[Desktop Entry]\nType=Application\nName=Mine\nExec=other\nMimeType=text/plain;text/x-quux\n' > "$APPS/mine.desktop"
	printf '[MIME Cache]\n# as it was\ntext/plain=mine.desktop;\n' > "$APPS/mimeinfo.cache"
	before=$(state)
	gives 0 "$BAILEY" desktop enable quux
	grep -qx 'text/x-quux=mine.desktop;quux.desktop;' "$APPS/mimeinfo.cache"
	grep -qx 'text/plain=mine.desktop;' "$APPS/mimeinfo.cache"
	gives 0 "$BAILEY" desktop disable quux
	is "$(state)" "$before"
	# Whoever installs an entry meanwhile makes the list anew.
	gives 0 "$BAILEY" desktop enable quux
	echo text/x-new=mine.desktop >> "$APPS/mimeinfo.cache"
	gives 0 "$BAILEY" desktop disable quux
	is "$(cat "$APPS/mimeinfo.cache")" $'[MIME Cache]\ntext/plain=mine.desktop;\ntext/x-quux=mine.desktop;'
	is "$(ls -A "$APPS")" $'mimeinfo.cache\nmine.desktop'
}

@test "a file that was changed since is left alone" {
	local before
	gives 0 "$BAILEY" desktop enable quux
	echo '# mine' >> "$APPS/quux.desktop"
	before=$(state)
	gives 1 "$BAILEY" desktop status
	has "$output" " changed " "move it away"
	for verb in enable disable refresh; do
		gives 125 "$BAILEY" desktop "$verb" quux
		has "$output" "was changed since bailey wrote it"
		is "$(state)" "$before"
	done
	mv "$APPS/quux.desktop" mine
	gives 1 "$BAILEY" desktop status
	has "$output" " missing "
	gives 0 "$BAILEY" desktop refresh
	gives 0 "$BAILEY" desktop status
	gives 0 "$BAILEY" desktop disable quux
	[ ! -e data/bailey ]
}

@test "bailey was ended in the middle: what it left is finished or taken back" {
	local before list=data/bailey/desktop/manifest.json
	mkdir -p "$APPS"
	printf '[Desktop Entry]\nType=Application\nName=Mine\nExec=quux --mine\n' > "$APPS/quux.desktop"
	before=$(state)
	# The list is written, nothing else is.
	gives 0 "$BAILEY" desktop enable quux
	cp "$list" list
	mv -f "$APPS/quux.desktop.before-bailey" "$APPS/quux.desktop"
	gives 0 "$BAILEY" desktop enable quux
	is "$(exec_of quux)" "$(run_line "$WORK/programs/quux --mine")"
	mv "$APPS/quux.desktop.before-bailey" "$APPS/quux.desktop"
	gives 0 "$BAILEY" desktop disable quux
	is "$(state)" "$before"
	# The user's file is out of the way, bailey's is not there yet.
	mkdir -p data/bailey/desktop
	cp list "$list"
	mv "$APPS/quux.desktop" "$APPS/quux.desktop.before-bailey"
	gives 1 "$BAILEY" desktop status
	has "$output" missing
	gives 0 "$BAILEY" desktop refresh
	is "$(exec_of quux)" "$(run_line "$WORK/programs/quux --mine")"
	rm "$APPS/quux.desktop"
	gives 0 "$BAILEY" desktop disable quux
	is "$(cat "$APPS/quux.desktop")" "$(printf '[Desktop Entry]\nType=Application\nName=Mine\nExec=quux --mine')"
	[ ! -e "$APPS/quux.desktop.before-bailey" ]
}

@test "two commands at once: one after the other" {
	local n before
	for n in 1 2 3 4 5 6; do entry "e$n" "Exec=quux --$n"; done
	before=$(state)
	for n in 1 2 3 4 5 6; do
		"$BAILEY" desktop enable "e$n.desktop" > /dev/null 3>&- &
	done
	wait
	is "$("$BAILEY" desktop status --json | json 'len([f for f in d["files"] if f["state"] == "ok"])')" 6
	for n in 1 2 3 4 5 6; do
		"$BAILEY" desktop disable "e$n" > /dev/null 3>&- &
	done
	wait
	is "$(state)" "$before"
}

@test "after an upgrade: status tells, refresh follows, and what is gone goes" {
	entry old 'Exec=quux --old'
	gives 0 "$BAILEY" desktop enable quux old
	entry quux 'Exec=quux --version-2 %U' 'Comment=new'
	rm "$SYS/old.desktop"
	gives 1 "$BAILEY" desktop status
	has "$output" "out of date" orphaned "bailey desktop refresh"
	is "$("$BAILEY" desktop status --json 2> /dev/null | json '[(f["id"], f["state"]) for f in d["files"]]')" "[('old', 'orphaned'), ('quux', 'out of date')]"
	gives 0 "$BAILEY" desktop refresh
	is "$(exec_of quux)" "$(run_line "$WORK/programs/quux --version-2 %U")"
	grep -qx Comment=new "$APPS/quux.desktop"
	[ ! -e "$APPS/old.desktop" ]
	gives 0 "$BAILEY" desktop status
	gives 0 "$BAILEY" desktop disable --all
	[ ! -e "$APPS" ]
}

@test "commands: a wrapper, which the menu and bailey itself pass over" {
	mkdir -p "$HOME/.local"
	PATH=$HOME/.local/bin:$PATH
	gives 0 "$BAILEY" desktop enable --command quux
	has "$(cat "$HOME/.local/bin/quux")" "exec $SELF run --profile=quux -- $WORK/programs/quux \"\$@\""
	[ -x "$HOME/.local/bin/quux-edit" ]
	gives 0 "$BAILEY" desktop status
	gives 0 "$BAILEY" desktop refresh
	is "$(exec_of quux)" "$(run_line "$WORK/programs/quux %U")"
	is "$(env -u XDG_DATA_HOME "$BAILEY" run -n --json --ro "$WORK/programs" quux | json 'd["process"]["program"]')" "$WORK/programs/quux"
	gives 0 "$BAILEY" desktop disable --all
	[ ! -e "$HOME/.local/bin" ]
	mkdir "$HOME/.local/bin"
	echo mine > "$HOME/.local/bin/quux"
	gives 125 "$BAILEY" desktop enable --command quux
	is "$(cat "$HOME/.local/bin/quux")" mine
	gives 0 "$BAILEY" desktop disable --all
	rm -r "$HOME/.local"
}

@test "entries in subdirectories, hidden ones, autostart, and the first of several places" {
	mv "$SYS/quux.desktop" "$SYS/sub/quux.desktop"
	entry hidden 'Exec=quux' 'Hidden=true'
	cp "$SYS/hidden.desktop" local/applications/
	printf '[Desktop Entry]\nType=Application\nName=Quux\nExec=quux --tray\n' > xdg/autostart/quux.desktop
	entry twice 'Exec=quux --behind'
	sed 's/behind/before/' "$SYS/twice.desktop" > local/applications/twice.desktop
	local before
	before=$(state)
	gives 0 "$BAILEY" desktop enable --all
	is "$(exec_of sub/quux)" "$(run_line "$WORK/programs/quux %U")"
	is "$(sed -n 's/^Exec=//p' config/autostart/quux.desktop)" "$(run_line "$WORK/programs/quux --tray")"
	is "$(exec_of twice)" "$(run_line "$WORK/programs/quux --before")"
	[ ! -e "$APPS/hidden.desktop" ]
	has "$("$BAILEY" desktop list)" sub-quux
	is "$("$BAILEY" desktop list --json | json 'sorted((e["kind"], e["id"], e["enabled"]) for e in d["entries"])')" \
		"[('application', 'sub-quux', True), ('application', 'twice', True), ('autostart', 'quux', True)]"
	gives 0 "$BAILEY" desktop disable sub-quux
	gives 0 "$BAILEY" desktop disable --all
	is "$(state)" "$before"
}

@test "symlinks are not followed, foreign files not overwritten, a damaged list is told" {
	mkdir elsewhere
	ln -s "$WORK/elsewhere" data/applications
	gives 125 "$BAILEY" desktop enable quux
	is "$(ls -A elsewhere)" ""
	rm data/applications
	mkdir "$APPS"
	printf '[Desktop Entry]\nType=Application\nName=M\nExec=quux\n' > "$APPS/quux.desktop"
	echo taken > "$APPS/quux.desktop.before-bailey"
	gives 125 "$BAILEY" desktop enable quux
	has "$output" "File exists"
	is "$(cat "$APPS/quux.desktop.before-bailey")" taken
	grep -qx Exec=quux "$APPS/quux.desktop"
	rm "$APPS"/quux*
	gives 0 "$BAILEY" desktop enable quux
	cp "$APPS/quux.desktop" kept
	echo '{' > data/bailey/desktop/manifest.json
	gives 125 "$BAILEY" desktop disable --all
	has "$output" "manifest.json, line"
	cmp "$APPS/quux.desktop" kept
	rm data/bailey/desktop/manifest.json
	gives 125 "$BAILEY" desktop enable quux
	has "$output" "bailey's mark"
	for name in ../../x a/../../x /x; do
		printf '{"bailey":1,"files":[{"kind":"application","name":"%s","profile":"quux","program":"x","source":"x","sum":"x"}],"made":[]}' "$name" \
			> data/bailey/desktop/manifest.json
		gives 125 "$BAILEY" desktop disable --all
		has "$output" "no record of a file"
	done
}

@test "variables that are unset, empty or relative" {
	entry quux 'Exec=quux'
	env -u XDG_DATA_HOME -u XDG_CONFIG_HOME -u XDG_DATA_DIRS -u XDG_CONFIG_DIRS "$BAILEY" desktop list > /dev/null
	XDG_DATA_HOME=relative gives 0 "$BAILEY" desktop enable quux
	[ -e "$HOME/.local/share/applications/quux.desktop" ]
	XDG_DATA_HOME='' gives 0 "$BAILEY" desktop disable quux
	[ ! -e "$HOME/.local/share/applications" ]
	XDG_DATA_HOME=$WORK/new/share gives 0 "$BAILEY" desktop enable quux
	XDG_DATA_HOME=$WORK/new/share gives 0 "$BAILEY" desktop disable quux
	[ ! -e new ]
	XDG_DATA_DIRS=":relative:$WORK/sys" gives 0 "$BAILEY" desktop enable quux
	gives 2 "$BAILEY" desktop enable --system quux
	has "$output" "only root"
}

@test "every entry of this machine passes desktop-file-validate as it did before" {
	need desktop-file-validate
	local file bad=0 count=0
	printf 'programs = [ "sh" ]; inherit = [ "common/base" ];\n' > config/bailey/profiles/any.conf
	export XDG_DATA_DIRS=/usr/share
	"$BAILEY" desktop list --all --json | json '"\n".join(e["id"] for e in d["entries"] if e["kind"] == "application" and not e["problem"] and e["program"])' > ids
	while read -r id; do
		"$BAILEY" desktop enable --profile any "$id.desktop" > /dev/null
	done < ids
	for file in "$APPS"/*.desktop; do
		count=$((count + 1))
		if desktop-file-validate --no-hints "/usr/share/applications/${file##*/}" 2> /dev/null > /dev/null; then
			desktop-file-validate --no-hints "$file" || bad=$((bad + 1))
		fi
		is "$(grep -c '^ *Exec' "$file")" "$(grep -cF "$SELF run --notify" "$file")"
	done
	is "$bad" 0
	echo "# $count entries of this machine" >&3
	gives 0 "$BAILEY" desktop disable --all
	[ ! -e "$APPS" ]
}
