#!/bin/sh
# What the tests of path safety compare with: a tree of plain binds, made by path with mount(8) and entered with chroot(1).
#
#   sh plain-bind.sh EMPTY-DIRECTORY [SOURCE=TARGET...] -- COMMAND [ARGS...]
#
# A target that starts with "ro:" is mounted read-only, a source "empty" is an empty tmpfs. Mounts are made in the order given.
set -eu
if [ "${PLAIN_INSIDE:-}" != yes ]; then
	PLAIN_INSIDE=yes exec unshare -Urm --propagation private sh "$0" "$@"
fi
unset PLAIN_INSIDE
new=$1
shift
mount -t tmpfs none "$new"
for name in bin lib lib32 lib64 libx32 sbin; do
	[ ! -L "/$name" ] || cp -P "/$name" "$new/$name"
done
for name in usr etc dev proc; do
	mkdir "$new/$name"
	mount --rbind "/$name" "$new/$name"
done
while [ "$1" != -- ]; do
	source=${1%%=*} target=${1#*=} mode=rw
	shift
	case $target in
	ro:*) mode=ro target=${target#ro:} ;;
	esac
	if [ "$source" = empty ]; then
		mount -t tmpfs none "$new$target"
		continue
	fi
	if [ -d "$source" ]; then
		mkdir -p "$new$target"
	elif [ ! -e "$new$target" ]; then
		mkdir -p "$(dirname "$new$target")"
		: > "$new$target"
	fi
	mount --rbind "$source" "$new$target"
	[ "$mode" = rw ] || mount -o remount,bind,ro "$new$target"
done
shift
PATH=$PATH:/usr/sbin exec chroot "$new" "$@"
