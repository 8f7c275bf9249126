#!/bin/sh
# Plans for machines that are not this one: `bailey explain` of each profile in plans/ with the facts in facts/, compared with
# what was recorded beside it. Prints TAP. BAILEY names the program (build/bailey when not set); UPDATE=1 records anew.
#
# A line "# facts: A B" in a profile names the machines; without it that is debian12. NAME.FACTS.txt holds the exit status, the
# text and the messages, NAME.FACTS.json the plan.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
# shellcheck source=tests/golden/lib.sh
. "$here/lib.sh"
umask 077
begin "$here/plans"

explain() {
	env -i PATH="$PATH" HOME="$tmp/home" COLUMNS=100 "$bailey" explain "$@"
}

# The groups of system calls are tested elsewhere; here only one profile shows all the calls, so that a call that joins a group
# does not change every plan.
less_calls() {
	if [ "$1" = syscalls ]; then cat; else sed -E '/^[[:space:]]*"allow [a-z0-9_]+",?$/d; s/\([0-9]+ allowed\)/(N allowed)/'; fi
}

count=0 failed=0
# compare EXPECTED GOT DESCRIPTION
compare() {
	count=$((count + 1))
	if [ -n "${UPDATE:-}" ]; then
		cp "$2" "$1" && chmod 644 "$1"
	fi
	if diff -u "$1" "$2" > "$tmp/diff" 2>&1; then
		echo "ok $count - $3"
	else
		failed=$((failed + 1))
		echo "not ok $count - $3"
		sed 's/^/# /' "$tmp/diff"
	fi
}

for profile in plans/*.conf; do
	name=$(basename "$profile" .conf)
	machines=$(sed -n 's/^# facts: //p' "$profile")
	for machine in ${machines:-debian12}; do
		explain --facts "facts/$machine.json" "$profile" > out 2> err
		status=$?
		{ echo "status $status"; cat out err; } | less_calls "$name" > got
		compare "$here/plans/$name.$machine.txt" got "$name on $machine, as text"
		[ "$status" -eq 0 ] || continue
		explain --facts "facts/$machine.json" --json "$profile" 2>&1 | less_calls "$name" > got
		compare "$here/plans/$name.$machine.json" got "$name on $machine, as JSON"
	done
done

explain --facts facts/debian12.json --diff plans/nothing.conf plans/process.conf > got 2>&1
compare "$here/plans/difference.txt" got "process and nothing, the difference"
explain --facts facts/debian12.json --json --diff plans/nothing.conf plans/process.conf > got 2>&1
compare "$here/plans/difference.json" got "the difference as JSON"

echo "1..$count"
[ "$failed" -eq 0 ]
