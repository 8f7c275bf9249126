#!/usr/bin/env bats
# make install and uninstall below a DESTDIR; the installed program runs from a PREFIX.
load lib

make_install() { make -s -C "$TREE" BUILD="$(basename "$(dirname "$BAILEY")")" "$@"; }

prepare() { need make gcc pkg-config; }

@test "install puts everything in its place, nothing setuid, nothing writable by others" {
	gives 0 make_install install DESTDIR="$WORK/image" PREFIX=/usr
	local file
	for file in bin/bailey libexec/bailey/bailey-filter share/bailey/profiles/default.conf share/bailey/profiles/common/base.conf \
		share/man/man1/bailey.1 share/man/man5/bailey.conf.5 share/man/man7/bailey-profiles.7 \
		share/bash-completion/completions/bailey share/zsh/site-functions/_bailey share/fish/vendor_completions.d/bailey.fish lib/systemd/system/bailey-netd.socket \
		lib/systemd/system/bailey-netd.service lib/systemd/system/bailey-net@.service \
		lib/systemd/system/bailey@.service lib/systemd/user/bailey@.service; do
		[ -f "image/usr/$file" ] || {
			echo "absent: $file"
			find image -type f
			return 1
		}
	done
	has "$(cat image/usr/lib/systemd/system/*.service)" "ExecStart=/usr/libexec/bailey/bailey-netd" "ExecStart=/usr/bin/bailey net up %i"
	is "$(find image -perm /6000)" ""
	is "$(find image -not -type l -perm /022)" ""
	is "$(find image -type f -perm /111 | LC_ALL=C sort)" $'image/usr/bin/bailey\nimage/usr/libexec/bailey/bailey-filter\nimage/usr/libexec/bailey/bailey-net\nimage/usr/libexec/bailey/bailey-netd\nimage/usr/libexec/bailey/bailey-open\nimage/usr/libexec/bailey/bailey-resolver\nimage/usr/libexec/bailey/bailey-scope\nimage/usr/libexec/bailey/bailey-tls\nimage/usr/libexec/bailey/bailey-unpack'
	command -v getcap > /dev/null || return 0
	is "$(getcap -r image)" ""
}
@test "nothing of a test build is in what is installed" {
	gives 0 make_install install DESTDIR="$WORK/image" PREFIX=/usr
	gives 1 grep -ra BAILEY_FAULT image
}
@test "uninstall leaves nothing" {
	gives 0 make_install install DESTDIR="$WORK/image" PREFIX=/usr
	touch image/usr/share/bailey/profiles/own.conf
	gives 0 make_install uninstall DESTDIR="$WORK/image" PREFIX=/usr
	is "$(find image -type f)" image/usr/share/bailey/profiles/own.conf
	rm image/usr/share/bailey/profiles/own.conf
	gives 0 make_install uninstall DESTDIR="$WORK/image" PREFIX=/usr
	is "$(find image -type f)" ""
	[ ! -e image/usr/share/bailey ] && [ ! -e image/usr/libexec/bailey ]
}
@test "the AppArmor profile goes where AppArmor knows its rule, for the program as it is installed" {
	gives 0 make_install install DESTDIR="$WORK/image" PREFIX=/usr
	[ ! -e image/etc/apparmor.d ]
	mkdir -p image/etc/apparmor.d/abi
	touch image/etc/apparmor.d/abi/4.0
	gives 0 make_install install DESTDIR="$WORK/image" PREFIX=/opt/bailey
	grep -qx 'profile bailey /opt/bailey/bin/bailey flags=(unconfined) {' image/etc/apparmor.d/bailey
	grep -qx '  userns,' image/etc/apparmor.d/bailey
	gives 0 make_install uninstall DESTDIR="$WORK/image" PREFIX=/opt/bailey
	is "$(ls -A image/etc/apparmor.d)" abi
}

@test "the AppArmor profile can be read by AppArmor's own parser" {
	local parser=/usr/sbin/apparmor_parser version
	need "$parser"
	version=$("$parser" --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
	cp "$TREE/etc/apparmor.d/bailey" profile
	# Older ones know neither the rule nor the file that says which rules there are.
	[ "$version" -ge 4 ] || sed -i -e '/^abi /d' -e '/^  userns,$/d' profile
	gives 0 "$parser" --skip-kernel-load --skip-cache --config-file=/dev/null profile
	# It can tell a profile from none.
	sed -i 's/^profile bailey/profile/' profile
	echo '}' >> profile
	attempt "$parser" --skip-kernel-load --skip-cache --config-file=/dev/null profile
	[ "$status" -ne 0 ]
}

@test "the installed program runs from where it was put, with the profiles beside it" {
	need userns
	gives 0 make_install install PREFIX="$WORK/prefix"
	run "$WORK/prefix/bin/bailey" profiles
	# Installed profiles have to be root's, and nobody but root can install that way: a user's own prefix says so, or works.
	if [ "$status" -eq 0 ] && "$WORK/prefix/bin/bailey" check shell 2> why; then
		gives 3 "$WORK/prefix/bin/bailey" run -p shell sh -c 'exit 3'
		run "$WORK/prefix/bin/bailey" profiles
		has "$output" "${WORK/#$HOME/\~}/prefix/share/bailey/profiles"
	else
		has "$(cat why)" "$WORK/prefix/share/bailey/profiles"
	fi
}
