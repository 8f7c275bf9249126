# shellcheck shell=sh
# What the golden tests begin with: `here` is their directory. Sets `bailey`, and `tmp`, a directory that goes at the end, with the
# facts and the directories of the arguments in it. Copies belong to whoever runs this and are writable for nobody else, as profiles
# have to be.
begin() {
	bailey=${BAILEY:-$here/../../build/bailey}
	case $bailey in /*) ;; *) bailey=$PWD/$bailey ;; esac
	tmp=$(mktemp -d) || exit 1
	trap 'rm -rf "$tmp"' EXIT INT TERM
	cp -R "$here/facts" "$@" "$tmp/" && mkdir "$tmp/home" && cd "$tmp" || exit 1
	chmod -R go-w .
}
