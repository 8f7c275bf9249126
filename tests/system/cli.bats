#!/usr/bin/env bats
# The verbs besides run: words, statuses, streams. Nothing here starts a sandbox.
load lib

prepare() {
	export XDG_CONFIG_HOME="$WORK/config"
	MINE=$WORK/config/bailey/profiles
	mkdir -p "$MINE/common"
	chmod -R 700 "$WORK/config"
	umask 022
}

json() { python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }

@test "no words at all: a short usage on standard error, status 2" {
	run bash -c '"$BAILEY" 2>/dev/null'
	is "$status:$output" 2:
	gives 2 "$BAILEY"
	has "$output" "Usage: bailey" "bailey --help"
}

@test "--help, -h and help name every verb and end with 0" {
	local ask verb
	for ask in --help -h help; do
		gives 0 "$BAILEY" "$ask"
		has "$output" Usage Examples "Exit status"
		for verb in run check explain profiles schema; do
			has "$output" "  $verb "
		done
		lacks "$output" "  learn "
	done
	for verb in run check explain profiles schema; do
		gives 0 "$BAILEY" "$verb" --help
		has "$output" "Usage: bailey $verb" "--help"
		is "$output" "$("$BAILEY" help "$verb")"
		is "$output" "$("$BAILEY" "$verb" -h)"
	done
	gives 2 "$BAILEY" help learn
	has "$output" "there is no verb learn"
}

@test "--version" {
	gives 0 "$BAILEY" --version
	[[ $output =~ ^bailey\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "words that will be verbs are kept free; run and -- make them programs" {
	local verb
	local there
	there=" $("$BAILEY" schema --words verbs | cut -f 1 | tr "\n" " ")"
	for verb in tree top enter stop pause resume wait rename events logs attach cp learn why audit desktop import export doctor; do
		[[ $there != *" $verb "* ]] || continue
		gives 2 "$BAILEY" "$verb"
		has "$output" "the verb $verb is not there yet" "bailey run $verb"
	done
	mkdir bin
	printf '#!/bin/sh\n' > bin/doctor
	chmod 755 bin/doctor
	PATH=$WORK/bin:$PATH gives 0 "$BAILEY" run -n --ro bin doctor
	has "$output" doctor
	PATH=$WORK/bin:$PATH gives 0 "$BAILEY" -n --ro bin -- doctor
}

@test "wrong options: status 2 and what was meant" {
	gives 2 "$BAILEY" --profil x ls
	has "$output" "unknown option --profil" "did you mean --profile?"
	gives 2 "$BAILEY" check --jsn
	has "$output" "did you mean --json?"
	gives 2 "$BAILEY" run -p
	has "$output" "-p needs a value"
	gives 2 "$BAILEY" run --net none
	has "$output" "which program?"
	gives 2 "$BAILEY" --set network.mode -- true
	has "$output" "SETTING=VALUE"
	gives 2 "$BAILEY" -n --set network.mod=host true
	has "$output" "command line (--set)" "network.mod" "network.mode"
	gives 2 "$BAILEY" -n --net some true
	has "$output" "command line (--net)" "network.mode"
	gives 2 "$BAILEY" -n --with nonsense true
	has "$output" nonsense
	gives 127 "$BAILEY" chekc
	has "$output" "did you mean the verb check?"
	gives 127 "$BAILEY" run chekc
	lacks "$output" "the verb"
	gives 2 "$BAILEY" explain
	gives 2 "$BAILEY" explain a b
	gives 2 "$BAILEY" profiles a
}

@test "output that cannot be written is an error" {
	local verb
	for verb in "schema" "profiles" "profiles --json" "explain shell" "check shell" "--help" "run -n true"; do
		run bash -c "\"\$BAILEY\" $verb > /dev/full"
		is "$verb: $status" "$verb: 125"
		has "$output" "cannot write to standard output: No space left on device"
	done
	run bash -c '"$BAILEY" schema >&-'
	is "$status" 125
	run bash -c '(trap "" PIPE; sleep 0.2; "$BAILEY" schema) | true; echo ${PIPESTATUS[0]}'
	has "$output" "cannot write to standard output: Broken pipe" 125
	run bash -c '(sleep 0.2; exec "$BAILEY" schema) | true; echo ${PIPESTATUS[0]}'
	is "$output" 141
}

@test "standard output or error closed: nothing is written into other files" {
	run bash -c '"$BAILEY" check shell >&- 2>&-'
	is "$status" 125
	run bash -c '"$BAILEY" check ./absent.conf 2>&-'
	is "$status" 2
	run bash -c '"$BAILEY" check - <&-'
	is "$status" 2
}

@test "colours: on a terminal only, and not with NO_COLOR" {
	local esc=$'\033'
	gives 2 "$BAILEY" check ./absent.conf
	lacks "$output" "$esc"
	TERM=xterm gives 2 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" check ./absent.conf
	has "$output" "${esc}["
	NO_COLOR=1 TERM=xterm gives 2 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" check ./absent.conf
	lacks "$output" "${esc}["
	TERM=dumb gives 2 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" check ./absent.conf
	lacks "$output" "${esc}["
}

@test "check: all mistakes, by file and line" {
	cat > bad.conf <<-'END'
		inherit = [ "common/base" ];
		filesystem = {
		  hoem = "private";
		  home = "attic";
		};
		process = { nice = 40; };
	END
	gives 2 "$BAILEY" check ./bad.conf
	has "$output" "bad.conf:3: error: filesystem.hoem: " "bad.conf:4: error: filesystem.home: " "bad.conf:6: error: process.nice: " \
		"1 profile checked: 3 errors in 1 of them"
	gives 0 "$BAILEY" check shell firefox
	is "$output" "2 profiles checked: no errors"
	gives 2 "$BAILEY" check shell ./bad.conf
	has "$output" "2 profiles checked: 3 errors in 1 of them"
}

@test "check: the options of a profile too" {
	cat > "$MINE/opt.conf" <<-'END'
		inherit = [ "common/base" ];
		options = (
		  { name = "a"; description = "a"; filesystem = { read_only = [ "/no/such/path" ]; }; }
		);
	END
	gives 2 "$BAILEY" check opt
	has "$output" "opt.conf:3: error: " "/no/such/path"
}

@test "check: a mistake in a part is told once, and counted for each profile in JSON" {
	echo 'process = { nice = 99; };' > "$MINE/common/part.conf"
	echo 'inherit = [ "common/base", "common/part" ];' | tee "$MINE/one.conf" > "$MINE/two.conf"
	gives 2 "$BAILEY" check one two
	is "$(grep -c 'part.conf:1: error: process.nice' <<< "$output")" 1
	has "$output" "2 profiles checked: 1 error in 2 of them"
	gives 2 "$BAILEY" check --json one two
	is "$(json '[(p["name"], p["errors"], p["diagnostics"][0]["line"], p["diagnostics"][0]["setting"]) for p in d["profiles"]]' <<< "$output")" \
		"[('one', 1, 1, 'process.nice'), ('two', 1, 1, 'process.nice')]"
	gives 2 "$BAILEY" check --all
	has "$output" "part.conf:1"
}

@test "check: standard input" {
	echo 'inherit = [ "common/base" ]; options = ( { name = "x"; description = "x"; process = { nice = 1; }; } );' > good.conf
	run bash -c '"$BAILEY" check - < good.conf'
	is "$status:$output" "0:1 profile checked: no errors"
	run bash -c 'cat good.conf | "$BAILEY" check -'
	is "$status:$output" "0:1 profile checked: no errors"
	run bash -c 'echo "process = { nise = 1; };" | "$BAILEY" check -'
	is "$status" 2
	has "$output" "standard input:1: error: process.nise"
}

@test "check: a name that is not there" {
	gives 2 "$BAILEY" check firefix
	has "$output" "firefix" "firefox"
	gives 2 "$BAILEY" check --facts /no/such/file shell
	has "$output" "cannot read /no/such/file: No such file or directory"
}

@test "check: all shipped profiles are good" {
	gives 0 "$BAILEY" check --all
	has "$output" "profiles checked: no errors"
	gives 0 "$BAILEY" check
}

@test "explain: a profile, a file, a program" {
	gives 0 "$BAILEY" explain firefox
	has "$output" "Mozilla Firefox" "base.conf:"
	gives 0 "$BAILEY" explain firefox-esr
	has "$output" "Mozilla Firefox"
	gives 0 "$BAILEY" explain ls
	has "$output" "any program without a profile"
	gives 2 "$BAILEY" explain no-such-thing
	has "$output" no-such-thing
	gives 0 "$BAILEY" explain --json shell
	is "$(json 'd["bailey"]' <<< "$output")" 1
}

@test "explain: options, settings and differences" {
	gives 0 "$BAILEY" explain --set process.nice=7 shell
	has "$output" "command line (--set)"
	gives 0 "$BAILEY" explain --diff shell shell
	has "$output" "the same"
	gives 0 "$BAILEY" explain --set process.nice=7 --diff shell shell
	has "$output" "+ " 7
	gives 2 "$BAILEY" explain --diff no-such-thing shell
}

@test "run --dry-run shows the plan and starts nothing" {
	gives 0 "$BAILEY" run -n -p shell --rw . touch "$WORK/made"
	has "$output" "$(basename "$WORK")" "command line (--rw)"
	[ ! -e made ]
	gives 0 "$BAILEY" run -n --json -p shell true
	is "$(json 'd["process"]["argv"]' <<< "$output")" "['true']"
}

@test "--ro and --rw: every character of a path means itself" {
	local name
	for name in 'a b' 'a*' 'a?' '[a]' 'a$HOME' '${HOME}' 'a\b' '~' '-a' 'ä ü' "a'b\"c"; do
		mkdir -- "./$name"
		gives 0 "$BAILEY" run -n --json -p shell --ro "./$name" true
		is "$(json "[m['source'] for m in d['files']['mounts'] if '$(basename "$WORK")' in m.get('source', '')][0]" <<< "$output")" "$WORK/$name"
	done
	mkdir -p x/y
	cd x/y
	gives 0 "$BAILEY" run -n --json -p shell --rw .. true
	has "$output" "\"$WORK/x\""
	gives 2 "$BAILEY" run -n -p shell --rw ../nothing true
	has "$output" "--rw ../nothing: No such file or directory"
	gives 2 "$BAILEY" run -n -p shell --ro '' true
}

@test "profiles: what there is, what stands in front of what" {
	echo 'description = "my own shell"; inherit = [ "common/base" ];' > "$MINE/shell.conf"
	echo 'process = { nice = 3; };' > "$MINE/firefox.local.conf"
	gives 0 "$BAILEY" profiles
	has "$output" "my own shell" "instead of" "changed by" firefox.local.conf
	lacks "$output" "common/base"
	gives 0 "$BAILEY" profiles --all
	has "$output" "common/base"
	gives 0 "$BAILEY" profiles --json
	is "$(json '[(p["path"], len(p["instead_of"])) for p in d["profiles"] if p["name"] == "shell"]' <<< "$output")" \
		"[('$MINE/shell.conf', 1)]"
	is "$(json '[p["changed_by"] for p in d["profiles"] if p["name"] == "firefox"]' <<< "$output")" \
		"[['$MINE/firefox.local.conf']]"
}

@test "profiles: with which version each was tried, which a profile that inherits it was not" {
	echo 'programs = [ "xyz" ]; inherit = [ "mpv" ];' > "$MINE/heir.conf"
	gives 0 "$BAILEY" profiles
	has "$output" "tried with $(sed -n 's/^tried *= "\(.*\)";/\1/p' "$TREE/profiles/mpv.conf")"
	gives 0 "$BAILEY" profiles --json
	is "$(json '["tried" in p for p in d["profiles"] if p["name"] in ("mpv", "heir")]' <<< "$output")" "[False, True]"
	gives 0 "$BAILEY" explain mpv
	has "$output" "tried with"
	gives 0 "$BAILEY" explain heir
	lacks "$output" "tried with"
}

@test "schema: every setting, as text, JSON and manual" {
	local setting
	gives 0 "$BAILEY" schema --json
	is "$(json 'sorted(s["path"] for s in d["settings"] if not (s["help"] and s["example"] and s["type"]))' <<< "$output")" "[]"
	# What a text or number is about has a word of its own, for every row.
	is "$(json 'sorted(s["path"] for s in d["settings"] if "kind" in s and not s["kind"])' <<< "$output")" "[]"
	json '"\n".join(s["path"] for s in d["settings"])' <<< "$output" > paths
	is "$("$BAILEY" schema --words settings | cut -f 1)" "$(cat paths)"
	"$BAILEY" schema > text
	"$BAILEY" schema --mdoc > mdoc
	while read -r setting; do
		grep -qxF "$setting" text
		grep -qxF ".It Va \"$setting\"" mdoc
	done < paths
	gives 0 "$BAILEY" schema network
	has "$output" network.mode
	lacks "$output" filesystem
	gives 2 "$BAILEY" schema network.mod
	has "$output" "did you mean network.mode?"
	gives 2 "$BAILEY" schema --words nonsense
	has "$output" "no word list nonsense"
	gives 2 "$BAILEY" schema --words values:nonsense
	gives 2 "$BAILEY" schema --words set
	is "$("$BAILEY" schema --words values:network.mode | cut -f 1)" "$(printf 'none\nhost\nuser\nbridge\njoin')"
	has "$("$BAILEY" schema --words options:shell)" "here"
	has "$("$BAILEY" schema --words flags:check)" "--all"
	has "$("$BAILEY" schema --words profiles)" "firefox"
	has "$("$BAILEY" schema --words verbs)" "explain"
}

@test "a moved installation finds its own files" {
	mkdir -p moved/bin moved/share/bailey moved/libexec/bailey
	cp "$BAILEY" moved/bin/bailey
	cp -r "$TREE/profiles" moved/share/bailey/profiles
	gives 0 moved/bin/bailey profiles --json
	is "$(json '[p["path"] for p in d["profiles"] if p["name"] == "shell"]' <<< "$output")" "['$WORK/moved/share/bailey/profiles/shell.conf']"
}

@test "what a profile says cannot drive the terminal" {
	printf 'description = "a\033]0;title\007b\tc\nd"; inherit = [ "common/base" ];\n' > "$MINE/evil.conf"
	local verb
	for verb in "profiles" "schema --words profiles" "explain evil" "check evil"; do
		# shellcheck disable=SC2086 # words
		run "$BAILEY" $verb
		lacks "$output" $'\033' $'\007'
	done
	is "$("$BAILEY" schema --words profiles | grep -c '^evil')" 1
	printf 'descr\033iption = 1;\n' > "$MINE/evil.conf"
	gives 2 "$BAILEY" check evil
	lacks "$output" $'\033'
	gives 2 "$BAILEY" check $'./\033[31m'
	lacks "$output" $'\033'
}
