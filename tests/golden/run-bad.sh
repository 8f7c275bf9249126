#!/bin/sh
# Profiles with mistakes: `bailey check` of each profile in bad/ against the messages recorded beside it (NAME.err). Prints TAP.
# BAILEY names the program (build/bailey when not set); UPDATE=1 records anew.
#
# NAME.policy, when there is one, is the machine's policy for that check: it is laid over /etc in a mount namespace, so the real
# one neither shows nor changes. Machine facts come from facts/debian12.json.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
# shellcheck source=tests/golden/lib.sh
. "$here/lib.sh"
umask 022
begin "$here/bad"

count=0 failed=0
result() {
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
	fi
}

check() {
	env -i PATH="$PATH" HOME="$tmp/home" timeout 20 "$bailey" check --facts facts/debian12.json "$@"
}

# with_policy FILE COMMAND...: an /etc that holds nothing but the policy.
with_policy() {
	if [ "$(id -u)" -eq 0 ]; then set -- -m "$@"; else set -- -Urm "$@"; fi
	flags=$1
	shift
	# shellcheck disable=SC2016 # the inner shell expands these
	unshare "$flags" sh -c '
		policy=$(cat "$1") && shift &&
		mount -t tmpfs tmpfs /etc && mkdir /etc/bailey && printf "%s\n" "$policy" > /etc/bailey/bailey.conf && exec "$@"' sh "$@"
}

if unshare "$([ "$(id -u)" -eq 0 ] && echo -m || echo -Urm)" mount -t tmpfs tmpfs /etc 2> /dev/null; then namespaces=yes; else namespaces=no; fi

for profile in bad/*.conf; do
	name=$(basename "$profile" .conf)
	policy=bad/$name.policy
	if [ -e "$policy" ] && [ "$namespaces" = no ]; then
		count=$((count + 1))
		echo "ok $count - $name # SKIP a policy can only be tried with namespaces"
		continue
	fi
	if [ -e "$policy" ]; then
		with_policy "$policy" env -i PATH="$PATH" HOME="$tmp/home" "$bailey" check --facts facts/debian12.json "$profile" > out 2> err
	else
		check "$profile" > out 2> err
	fi
	status=$?
	[ "$status" -eq 2 ]
	result $? "$name: status 2 (got $status)"
	grep -E '^bad/|^/etc/|^command line|^  hint' err > got
	want=$here/bad/$name.err
	[ -z "${UPDATE:-}" ] || cp got "$want"
	diff -u "$want" got > changes 2>&1
	result $? "$name: all messages"
	sed 's/^/# /' changes
done

# Ten mistakes are ten messages on ten lines.
if [ "$namespaces" = yes ]; then
	lines=$(sed -n 's/^bad\/ten\.conf:\([0-9]*\): error: .*/\1/p' "$here/bad/ten.err" | sort -u | wc -l)
	[ "$lines" -eq 10 ]
	result $? "ten: ten lines (got $lines)"
fi

# Files that are no profiles at all: one clear message, no crash, no hang.
hostile() {
	check "$1" > out 2> err
	status=$?
	[ "$status" -eq 2 ] && grep -q "^$1.*: error: .*$2" err
	result $? "$3 (status $status)"
	[ "$status" -eq 2 ] || sed 's/^/# /' err
}
mkdir hostile
head -c 20000 /dev/zero | tr '\0' '(' > hostile/brackets.conf
printf 'description = "a\0b";\n' > hostile/nul.conf
printf '\357\273\277description = "a";\n' > hostile/bom.conf
head -c 104857600 /dev/zero > hostile/huge.conf
head -c 1000000 "$bailey" > hostile/binary.conf
mkdir hostile/directory.conf
mkfifo hostile/fifo.conf
printf '@include "/dev/zero"\n' > hostile/include.conf
printf 'description = "a";\n' > hostile/shared.conf
chmod 666 hostile/shared.conf
hostile hostile/brackets.conf 'nest deeper' "20000 brackets"
hostile hostile/nul.conf 'NUL byte' "a NUL byte"
hostile hostile/bom.conf 'byte order mark' "a byte order mark"
hostile hostile/huge.conf 'larger than' "100 MB"
hostile hostile/binary.conf 'NUL byte' "a program"
hostile hostile/directory.conf 'directory' "a directory"
hostile hostile/fifo.conf 'not a regular file' "a FIFO"
hostile hostile/include.conf 'no @include' "an @include of an endless file"
hostile hostile/shared.conf 'can write' "a file that all can write"

echo "1..$count"
[ "$failed" -eq 0 ]
