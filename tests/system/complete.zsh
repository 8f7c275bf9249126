# What an interactive zsh offers for a line: the words handed to compadd that match, one a line.
# Usage: zsh -f complete.zsh DIRECTORY LINE    DIRECTORY is empty and writable
zmodload zsh/zpty zsh/datetime
work=$1 here=${0:A:h}
cat > $work/rc <<RC
PS1= PS2=
fpath=($here:h:h/completions \$fpath)
autoload -Uz compinit
compinit -u -d $work/dump
LISTMAX=10000
compadd() {
	# Calls that only fill arrays for _describe are not offers.
	if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
		local -a hits
		builtin compadd -A hits "\$@"
		((\$#hits)) && print -rl -- \$hits >> $work/offers
	fi
	builtin compadd "\$@"
}
probe() { zle list-choices; print done > $work/end }
zle -N probe
bindkey '^X' probe
print ready > $work/ready
RC
# Waits until a file is there, 20 seconds at most; what the shell writes is taken away so that it does not block.
await() {
	local text
	float end=$((EPOCHREALTIME + 20))
	until [[ -e $1 ]]; do
		zpty -rt shell text
		((EPOCHREALTIME < end)) || { print -u2 "$1 did not come"; exit 1 }
		sleep 0.02
	done
}
: > $work/offers
zpty shell zsh -f -i
zpty -w shell "source $work/rc"
await $work/ready
zpty -wn shell "$2"$'\C-x'
await $work/end
zpty -d shell
sort -u $work/offers
