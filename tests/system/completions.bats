#!/usr/bin/env bats
# What the shells offer, asked of the real shells.
load lib

prepare() {
	export PATH="${BAILEY%/*}:$PATH" XDG_CONFIG_HOME="$WORK/config"
	mkdir -p "$WORK/config/bailey/profiles" "$WORK/empty"
	chmod 700 "$WORK/config" "$WORK/config/bailey" "$WORK/config/bailey/profiles"
	cat > "$WORK/config/bailey/profiles/quux.conf" <<-'END'
		description = "only here";
		inherit = [ "common/base" ];
		options = ( { name = "sesame"; description = "opens"; process = { nice = 1; }; } );
	END
	chmod 644 "$WORK/config/bailey/profiles/quux.conf"
	mkdir "$WORK/plan-b"
	touch "$WORK/plan-c"
}

words() { "$BAILEY" schema --words complete -- "$@" | cut -f 1; }
in_bash() { bash "$SYSTEM/complete.bash" "$@" | LC_ALL=C sort; }
in_zsh() {
	rm -rf "$WORK/zsh"
	mkdir "$WORK/zsh"
	zsh -f "$SYSTEM/complete.zsh" "$WORK/zsh" "$1"
}
in_fish() {
	HOME=$WORK/empty fish -c "source '$TREE/completions/bailey.fish'; complete -C '$1'" | cut -f 1 | LC_ALL=C sort -u
}

@test "every verb and every option of the table is offered" {
	local verb option
	for verb in run check explain profiles schema; do
		has "$(words '')" "$verb"
		for option in $("$BAILEY" "$verb" --help | grep -oE '^ +(-.,)? *--[a-z-]+' | grep -oE '\-\-[a-z-]+'); do
			words "$verb" -- | grep -qxF -- "$option"
			words "$verb" --x | is "$(cat)" ""
		done
	done
}

@test "words of each kind" {
	is "$(words --pro)" --profile
	is "$(words --profile quu)" "$(printf 'quux\n:files')"
	is "$(words --profile=quu)" "$(printf -- '--profile=quux\n:files')"
	is "$(words -p quu)" "$(printf 'quux\n:files')"
	is "$(words -vp quu)" "$(printf 'quux\n:files')"
	is "$(words -p quux --with '')" sesame
	is "$(words --profile=quux --with '')" sesame
	is "$(words --with sesa)" sesame
	is "$(words --with here)" here
	is "$(words --net '')" "$(printf 'none\nhost\nuser\nbridge\njoin')"
	is "$(words --set network.mo)" network.mode=
	is "$(words --set network.mode=h)" network.mode=host
	is "$(words --set identity.user=m)" identity.user=mapped
	is "$(words --set=network.mode=h)" --set=network.mode=host
	is "$(words --set syscalls.compat=)" "$(printf 'syscalls.compat=true\nsyscalls.compat=false')"
	is "$(words --set capabilities.keep=net_ad)" capabilities.keep=net_admin
	is "$(words --set syscalls.allow=@def)" syscalls.allow=@default
	is "$(words --set filesystem.hide=/)" :files
	is "$(words --ro '')" :files
	is "$(words --fd '')" ""
	is "$(words explain quu)" "$(printf 'quux\n:files')"
	is "$(words check ./quu)" :files
	is "$(words schema filesystem.b)" filesystem.binds
	is "$(words schema --words val)" values:
	is "$(words help sch)" schema
	is "$(words run chec)" :commands
	is "$(words chec)" "$(printf 'check\n:commands')"
	is "$(words -- -)" :commands
}

@test "every setting is offered with every word that it takes" {
	local setting word
	"$BAILEY" schema --words settings | cut -f 1 > settings
	[ "$(wc -l < settings)" -gt 40 ]
	for setting in filesystem.home network.mode process.terminal; do
		for word in $("$BAILEY" schema --json "$setting" | sed -n 's/.*"word": "\(.*\)",/\1/p'); do
			words --set "$setting=" | grep -qxF "$setting=$word"
		done
	done
}

@test "after the program the line is the program's" {
	is "$("$BAILEY" schema --words complete -- -p quux git -)" "$(printf ':delegate\t2')"
	is "$("$BAILEY" schema --words complete -- run -- git '')" "$(printf ':delegate\t2')"
}

@test "bash" {
	need bash
	is "$(in_bash 'bailey --prof' bailey --prof)" --profile
	is "$(in_bash 'bailey explain quu' bailey explain quu)" quux
	is "$(in_bash 'bailey --profile=quu' bailey --profile = quu)" quux
	is "$(in_bash 'bailey --profile=' bailey --profile = | grep -x quux)" quux
	is "$(in_bash 'bailey --set network.mo' bailey --set network.mo)" network.mode=
	is "$(in_bash 'bailey --set network.mode=h' bailey --set network.mode = h)" host
	is "$(in_bash 'bailey --set=network.mode=h' bailey --set = network.mode = h)" host
	is "$(in_bash 'bailey -p quux --with ' bailey -p quux --with '')" sesame
	is "$(in_bash 'bailey --ro plan' bailey --ro plan)" "$(printf 'plan-b\nplan-c')"
	is "$(in_bash 'bailey --ro=plan-b' bailey --ro = plan-b)" plan-b
	is "$(in_bash 'bailey cat plan' bailey cat plan)" "$(printf 'plan-b\nplan-c')"
	has "$(in_bash 'bailey chec' bailey chec)" check
}

@test "bash, with a key pressed" {
	need bash expect
	run expect -c "
		set timeout 20
		spawn bash --norc --noprofile -i
		send \"PS1=; source '$TREE/completions/bailey.bash'; bind 'set bell-style none'; echo RE''ADY\r\"
		expect READY
		send \"bailey --set network.mo\t\"
		expect timeout { exit 1 } \"network.mode=\"
		send \"h\t\"
		expect timeout { exit 2 } \"host \"
		send \"\025bailey explain quu\t\"
		expect timeout { exit 3 } \"quux \"
		exit 0"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "zsh" {
	need zsh
	is "$(in_zsh 'bailey --prof')" --profile
	has "$(in_zsh 'bailey explain q')" quux
	is "$(in_zsh 'bailey --profile=quu')" --profile=quux
	is "$(in_zsh 'bailey --set network.mo')" network.mode=
	is "$(in_zsh 'bailey --set network.mode=h')" network.mode=host
	is "$(in_zsh 'bailey --set=network.mode=h')" --set=network.mode=host
	is "$(in_zsh 'bailey -p quux --with ')" sesame
	has "$(in_zsh "bailey --ro $WORK/plan")" plan-b plan-c
	has "$(in_zsh "bailey --ro=$WORK/plan")" plan-b plan-c
	has "$(in_zsh "bailey -p quux cat $WORK/plan")" plan-b plan-c
	has "$(in_zsh 'bailey chec')" check
}

@test "fish" {
	need fish
	is "$(in_fish 'bailey --prof')" --profile
	is "$(in_fish 'bailey explain quu')" quux
	is "$(in_fish 'bailey --profile=quu')" --profile=quux
	is "$(in_fish 'bailey --set network.mo')" network.mode=
	is "$(in_fish 'bailey --set network.mode=h')" network.mode=host
	is "$(in_fish 'bailey --set=network.mode=h')" --set=network.mode=host
	is "$(in_fish 'bailey -p quux --with ')" sesame
	is "$(in_fish 'bailey --ro plan')" "$(printf 'plan-b/\nplan-c')"
	is "$(in_fish 'bailey --ro=plan')" "$(printf -- '--ro=plan-b/\n--ro=plan-c')"
	has "$(in_fish 'bailey -p quux cat plan')" plan-b plan-c
	has "$(in_fish 'bailey chec')" check
}
