#!/usr/bin/env bats
# Several homes of one program: what is the identity's own, and what stays the user's.
load lib

prepare() {
	rm -rf ~/.local/share/bailey ~/.app ~/.config/app
	mkdir -p ~/.app ~/.config/app ~/Downloads
	echo host | tee ~/.app/settings > ~/.config/app/settings
	cat > app.conf << 'END'
inherit = [ "common/base" ];
filesystem = { create = [ "~/.app" ]; read_write = [ "~/.app", "-${CONFIG}/app", "-${DOWNLOADS}" ]; };
END
}
finish() { rm -rf ~/.local/share/bailey ~/.app ~/.config/app; }

as() {
	local who=$1
	shift
	"$BAILEY" run --identity "$who" -p "$WORK/app.conf" "$@"
}

@test "an identity does not see the user's settings, nor change them" {
	gives 0 "$BAILEY" run -p ./app.conf sh -c 'cat ~/.app/settings ~/.config/app/settings'
	is "$output" "host
host"
	gives 0 as work sh -c 'ls -A ~/.app; test ! -e ~/.config/app; mkdir -p ~/.config/app; echo work | tee ~/.app/settings > ~/.config/app/settings'
	is "$output" ""
	is "$(cat ~/.app/settings ~/.config/app/settings)" "host
host"
}

@test "what an identity made is there next time, and not for another one" {
	gives 0 as work sh -c 'echo mine > ~/.app/settings; echo too > ~/note; echo x > ~/Downloads/for-all'
	gives 0 as work sh -c 'cat ~/.app/settings ~/note'
	is "$output" "mine
too"
	gives 0 as other sh -c 'ls -A ~/.app ~/note 2> /dev/null; cat ~/Downloads/for-all; find / -name identities 2> /dev/null; true'
	lacks "$output" mine too settings identities
	has "$output" x
	rm ~/Downloads/for-all
}

@test "a link that an identity left behind does not lead the next start anywhere" {
	mkdir -p ~/.ssh
	echo secret > ~/.ssh/id_test
	gives 0 as work sh -c 'rm -r ~/.app; ln -s "$0" ~/.app' "$HOME/.ssh"
	gives 2 as work sh -c 'cat ~/.app/id_test'
	has "$output" "symbolic link"
	is "$(cat ~/.ssh/id_test)" secret
}

@test "names: no way out of the directory of identities" {
	for name in ../x . .. a/b "" -x .hidden "a b" $'a\nb' "$(printf 'x%.0s' {1..65})"; do
		gives 2 "$BAILEY" run "--identity=$name" -p ./app.conf true
		has "$output" "no name for an identity"
	done
	[ ! -e ~/.local/share/bailey ]
	gives 0 as 'a.b-C_9' true
	[ -d ~/.local/share/bailey/identities/app/a.b-C_9 ]
}

@test "settings outside of the home are refused, not shared" {
	gives 2 env XDG_CONFIG_HOME=/var/tmp/elsewhere "$BAILEY" run --identity w firefox-esr
	has "$output" "lies outside of the home directory"
}

@test "without a kept home there is no identity" {
	gives 2 "$BAILEY" run --set filesystem.identity=work -p ./app.conf true
	has "$output" "--identity NAME says both"
}

@test "profiles --identities lists them, explain shows where they lie" {
	gives 0 "$BAILEY" profiles --identities
	is "$output" ""
	gives 0 as work true
	gives 0 "$BAILEY" profiles --identities
	is "$output" "app  work  $HOME/.local/share/bailey/identities/app/work"
	gives 0 "$BAILEY" profiles --identities --json
	has "$output" '"identity": "work"'
	gives 0 env COLUMNS=400 "$BAILEY" explain --identity work ./app.conf
	has "$output" "/.app, which is" "/.local/share/bailey/identities/app/work/.app"
}

# Where the settings lie depends on its version.
settings_of() { (cd ~/.local/share/bailey/identities/firefox/"$1" && find . -name prefs.js); }

@test "firefox: two identities, two profiles on disk, the user's own untouched" {
	command -v firefox-esr > /dev/null || skip "needs firefox-esr: not installed"
	rm -rf ~/.mozilla ~/.config/mozilla
	for who in work home; do
		timeout 90 "$BAILEY" run --identity $who firefox-esr --headless --screenshot ~/shot.png "data:text/html,x" > "$who.log" 2>&1 ||
			cat "$who.log"
		[ -n "$(settings_of $who)" ]
	done
	[ ! -e ~/.mozilla ] && [ ! -e ~/.config/mozilla ]
	[ "$(settings_of work)" != "$(settings_of home)" ]
}
