#!/bin/sh
# Every shipped profile on three machines that are not this one: `bailey explain` with the facts in facts/, compared with what was
# recorded in shipped/MACHINE/. Prints TAP. BAILEY names the program (build/bailey when not set); UPDATE=1 records anew.
#
# Where a setting stands is left out, so that a comment in a common part does not change them all; and so is how many calls a
# group has.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
# shellcheck source=tests/golden/lib.sh
. "$here/lib.sh"
umask 077
begin "$here/../../profiles"
mkdir got || exit 1

count=0 failed=0
for machine in debian12 debian13 workstation; do
	for profile in profiles/*.conf; do
		name=$(basename "$profile" .conf)
		count=$((count + 1))
		env -i PATH=/usr/bin:/bin HOME="$tmp/home" COLUMNS=100 "$bailey" explain --facts "facts/$machine.json" "$profile" 2>&1 |
			sed -E -e '/^  (profile|tried with) /d' -e 's/ +([a-z0-9-]+\.conf:[0-9]+|built in)$//' -e 's/\([0-9]+ allowed\)/(N allowed)/' > got/text
		expected=$here/shipped/$machine/$name.txt
		if [ -n "${UPDATE:-}" ]; then
			mkdir -p "$here/shipped/$machine"
			cp got/text "$expected" && chmod 644 "$expected"
		fi
		if diff -u "$expected" got/text > differences 2>&1; then
			echo "ok $count - $name on $machine"
		else
			failed=$((failed + 1))
			echo "not ok $count - $name on $machine"
			sed 's/^/# /' differences
		fi
	done
done
echo "1..$count"
[ "$failed" -eq 0 ]
