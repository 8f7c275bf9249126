#!/usr/bin/env bats
# A root file system of its own and overlays: what is seen, what changes, what stays as it was.
load lib

# A small root of busybox in $WORK/r, with absolute symlinks as distributions have them.
prepare() {
	need userns busybox
	local tool
	if ldd "$(command -v busybox)" > /dev/null 2>&1; then
		skip "the busybox here needs libraries; a static one (Debian: busybox-static) is wanted"
	fi
	mkdir -p r/usr/bin r/etc r/dev r/proc r/tmp r/root r/usr/lib64 r/home
	cp "$(command -v busybox)" r/usr/bin/busybox
	ln -s /usr/bin r/bin
	ln -s /usr/lib64 r/lib64
	for tool in sh ls cat id touch mount stat dd rm mkdir mv readlink sleep echo wc true; do
		ln -s /bin/busybox "r/usr/bin/$tool"
	done
	echo 'root:x:0:0:the root of r:/root:/bin/sh' > r/etc/passwd
	echo 00000000000000000000000000000000 > r/etc/machine-id
	echo of-the-host > outside
}

# Everything that tells one tree from another: types, modes, owners, sizes, times, links, contents.
fingerprint() {
	(cd "$1" && find . -printf '%p %y %m %U %G %s %T@ %C@ %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum
}
mounts() { wc -l < /proc/self/mountinfo; }

@test "--root: a shell in another system's tree, which stays as it is to the byte" {
	local before mounted
	before=$(fingerprint r) mounted=$(mounts)
	# shellcheck disable=SC2016 # for the inner shell
	gives 0 "$BAILEY" run --root r sh -c 'cat /etc/passwd; id -u; touch /new /usr/bin/new && ls -d /new /usr/bin/new
		echo x >> /etc/passwd; rm -r /home/* /usr/lib64 2> /dev/null; mv /etc/passwd /etc/moved; mkdir /opt; ls /etc; cat /etc/machine-id; echo $PATH'
	has "$output" "the root of r" "$(id -u)" /new /usr/bin/new moved /usr/local/sbin:
	lacks "$output" 00000000000000000000000000000000
	is "$(fingerprint r)" "$before"
	is "$(mounts)" "$mounted"
	# The comparison can tell: the same without an overlay.
	touch r/etc/passwd
	[ "$(fingerprint r)" != "$before" ]
}
@test "nothing of the host's tree is there, and the program is looked for in the root" {
	gives 1 "$BAILEY" run --root r cat "$WORK/outside"
	lacks "$output" of-the-host
	gives 0 "$BAILEY" run --root r sh -c 'ls /'
	lacks "$output" boot srv var
	# A program of the host only, by name and by path.
	gives 127 "$BAILEY" run --root r python3
	has "$output" "there is no python3 in $WORK/r" "command line (--root)"
	gives 127 "$BAILEY" run --root r /usr/bin/env
	gives 126 "$BAILEY" run --root r /etc/passwd
	has "$output" "not executable"
}
@test "read_only: nothing can be changed; writable: the directory itself is" {
	local before
	before=$(fingerprint r)
	gives 1 "$BAILEY" run --root r --set filesystem.root_mode=read_only sh -c 'ls /etc; touch /etc/x'
	has "$output" passwd "Read-only file system"
	is "$(fingerprint r)" "$before"
	gives 0 "$BAILEY" run --root r --set filesystem.root_mode=writable sh -c 'echo kept > /etc/x'
	is "$(cat r/etc/x)" kept
}
@test "root_upper keeps changes, files removed and added, for one sandbox at a time" {
	local before args
	before=$(fingerprint r)
	args=(run --root r --set "filesystem.root_upper=$WORK/up")
	gives 0 "$BAILEY" "${args[@]}" sh -c 'echo more > /etc/more; rm /etc/passwd /bin/wc; ln -s busybox /bin/env'
	is "$(cat up/etc/more)" more
	gives 0 "$BAILEY" "${args[@]}" env sh -c 'ls /etc'
	has "$output" more
	lacks "$output" passwd
	gives 127 "$BAILEY" "${args[@]}" wc
	"$BAILEY" "${args[@]}" sh -c 'echo up; exec sleep 60' > log 2>&1 &
	end_later $!
	eventually 5 test -s log
	gives 125 "$BAILEY" "${args[@]}" true
	has "$output" "cannot keep changes in" "one at a time"
	is "$(fingerprint r)" "$before"
}
@test "symlinks of the root do not lead a look-up or a grant to the host" {
	local mode conf
	mkdir home
	printf '#!/bin/sh\necho ran\n' > home/tool
	chmod 755 home/tool
	rm -r r/root
	ln -s "$WORK/home" r/root
	ln -s "../../../../../../../..$WORK/home" r/relative
	ln -s ../../../../../../../../etc r/up
	for mode in overlay read_only; do
		conf=$(cat > "links-$mode.conf" << END && echo "$WORK/links-$mode.conf"
filesystem = { root = "$WORK/r"; root_mode = "$mode"; home = "private"; binds = ( { from = "$WORK/outside"; to = "/root/granted"; } ); };
END
		)
		gives 127 "$BAILEY" run -p "$conf" /root/tool
		gives 127 "$BAILEY" run -p "$conf" /relative/tool
		lacks "$output" ran
		# The grant is there by the name that the symlink has inside; nothing was made on the host.
		gives 0 "$BAILEY" run -p "$conf" sh -c "cat /root/granted; ls /up/passwd /root/tool || true"
		has "$output" of-the-host "No such file"
		is "$(ls home)" tool
	done
	gives 0 sh -c "ls $WORK/r/up/passwd && cat $WORK/r/root/tool"
	# The whole of /etc turned into a link out of the tree is a loop inside.
	rm -r r/etc
	ln -s ../../../../../../../../etc r/etc
	gives 1 "$BAILEY" run --root r cat /etc/passwd
	gives 2 "$BAILEY" run --root r --set filesystem.root_mode=read_only --ro /etc/passwd true
	has "$output" "Too many levels of symbolic links"
}
@test "a root without /proc, /dev and mount points gets them; one with a symlink in their place is refused" {
	rmdir r/proc r/dev r/tmp
	local before
	before=$(fingerprint r)
	gives 0 "$BAILEY" run --root r sh -c 'ls -d /proc/self /dev/null /tmp'
	gives 0 "$BAILEY" run --root r --set filesystem.root_mode=read_only sh -c 'ls -d /proc/self /dev/null /tmp'
	gives 0 "$BAILEY" run --root r --ro outside cat "$WORK/outside"
	is "$output" of-the-host
	is "$(fingerprint r)" "$before"
	ln -s /etc r/dev
	gives 2 "$BAILEY" run --root r true
	has "$output" "/dev has to be put into $WORK/r, but is a symbolic link there" "(--root)"
}
@test "a root without a shell, an absent one, a file, one that may not be read" {
	rm r/usr/bin/sh
	gives 127 "$BAILEY" run --root r sh
	has "$output" "there is no sh in $WORK/r"
	gives 2 "$BAILEY" run --root none true
	has "$output" "$WORK/none" "no such file or directory"
	lacks "$output" "bin/true"
	gives 125 "$BAILEY" run --root outside true
	has "$output" "it is no tar archive"
	gives 2 "$BAILEY" run --root /dev/null true
	has "$output" "is no directory and no file"
	chmod 0 r
	local conf=$WORK/closed.conf
	printf '%s\n' '# a root' "filesystem = { root = \"$WORK/r\"; };" > "$conf"
	gives 2 "$BAILEY" run -p "$conf" /bin/ls
	has "$output" "closed.conf:2" "Permission denied"
}
@test "root_size: a full upper is ENOSPC inside and nothing outside" {
	local before
	before=$(fingerprint r)
	gives 1 "$BAILEY" run --root r --set filesystem.root_size=1M dd if=/dev/zero of=/etc/big bs=64k count=100
	has "$output" "No space left"
	gives 0 "$BAILEY" run --root r --set filesystem.root_size=8M dd if=/dev/zero of=/etc/big bs=64k count=100
	is "$(fingerprint r)" "$before"
	gives 2 "$BAILEY" run --root r --set filesystem.root_size=1M --set "filesystem.root_upper=$WORK/up" true
	has "$output" "bounds discarded changes only"
}
@test "tmpfs: a bound on the number of files" {
	local conf
	conf=$(profile inodes << 'END'
filesystem = { tmpfs = ( { path = "/scratch"; inodes = 10; } ); };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11; do touch /scratch/$i; done; ls /scratch | wc -l'
	has "$output" "No space left"
	is "${lines[-1]}" 9
}
@test "kill -9 of the launcher: no process, no mount, no file is left, and the root is as it was" {
	local before mounted seconds round
	before=$(fingerprint r) mounted=$(mounts)
	for round in 1 2 3 4 5; do
		seconds=$(unique_seconds)
		"$BAILEY" run --root r sh -c "echo changed > /etc/passwd; echo up; exec sleep $seconds" > log 2>&1 &
		eventually 5 grep -q up log
		somebody_is "$seconds"
		kill -KILL $!
		eventually 5 nobody_is "$seconds"
	done
	# In the middle of the launch, too.
	for round in 1 2 3 4 5 6 7 8 9 10; do
		seconds=$(unique_seconds)
		"$BAILEY" run --root r sleep "$seconds" &
		sleep "0.00$round"
		kill -KILL $!
		eventually 5 nobody_is "$seconds"
	done
	is "$(fingerprint r)" "$before"
	is "$(mounts)" "$mounted"
	is "$(ls "$WORK")" $'log\noutside\nr'
}
@test "twenty at a time over one root" {
	local pids=() pid before
	before=$(fingerprint r)
	for _ in $(seq 20); do
		"$BAILEY" run --root r sh -c 'echo x > /etc/mine && [ "$(ls /etc | wc -l)" = 3 ]' &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	is "$(fingerprint r)" "$before"
}
@test "names with the characters of mount options" {
	mv r 'r,a:b\c=d'
	gives 0 "$BAILEY" run --root 'r,a:b\c=d' --set 'filesystem.root_upper=~/up,lowerdir=x:y' touch /etc/new
	[ -e ~/up,lowerdir=x:y/etc/new ]
	chmod -R u+rwX ~/up,lowerdir=x:y*
	rm -r ~/up,lowerdir=x:y*
}
@test "overlay: a directory of the host, changed inside only; kept where the profile says" {
	local conf before
	mkdir -p d/sub d/hidden
	echo old > d/f
	echo secret > d/hidden/f
	before=$(fingerprint d)
	conf=$(profile over << END
filesystem = { overlay = ( { path = "$WORK/d"; size = "1M"; } ); hide = [ "$WORK/d/hidden" ];
               binds = ( { from = "$WORK/outside"; to = "$WORK/d/not/there"; } ); };
END
	)
	cd d
	gives 0 "$BAILEY" run -p "$conf" sh -c 'pwd; cat f; echo new > f; cat f not/there; rm -r sub; ls; head -c 2000000 /dev/zero > big; true'
	has "$output" "$WORK/d" old new of-the-host "No space left"
	lacks "$output" hidden
	cd ..
	is "$(fingerprint d)" "$before"
	conf=$(profile kept << END
filesystem = { overlay = ( { path = "$WORK/d"; upper = "$WORK/up"; } ); };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c "echo new > $WORK/d/f"
	gives 0 "$BAILEY" run -p "$conf" cat "$WORK/d/f"
	is "$output" new
	is "$(cat up/f)" new
	is "$(fingerprint d)" "$before"
}
@test "overlay: thirty directories that keep changes; of too many it is said, with the line" {
	local conf i
	many() {
		echo 'filesystem = { overlay = ('
		for i in $(seq "$1"); do
			mkdir -p "d/$i" "u/$i"
			echo "{ path = \"$WORK/d/$i\"; upper = \"$WORK/u/$i\"; }$([ "$i" = "$1" ] || echo ,)"
		done
		echo '); };'
	}
	conf=$(many 30 | profile many)
	gives 0 "$BAILEY" run -p "$conf" sh -c "echo new > $WORK/d/30/f"
	is "$(cat u/30/f)" new
	conf=$(many 70 | profile many)
	gives 125 "$BAILEY" run -p "$conf" true
	has "$output" "cannot keep changes of so many directories, from $WORK/u/"
}
@test "overlay: over the whole home nothing reaches the host, and bailey's own files are not there" {
	local conf
	mkdir -p ~/.config/bailey/profiles
	echo '# rc' > ~/.bashrc
	conf=$(profile home << END
filesystem = { overlay = ( { path = "~"; } ); };
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c 'cat ~/.bashrc; echo evil >> ~/.bashrc; mkdir -p ~/.config/bailey/profiles ~/.config/autostart; echo evil > ~/.config/bailey/profiles/x.conf; ls ~/.config/bailey/profiles'
	is "$output" $'# rc\nx.conf'
	is "$(cat ~/.bashrc)" "# rc"
	is "$(ls ~/.config/bailey/profiles)" ""
	rm -r ~/.config/bailey ~/.bashrc
	[ ! -e ~/.config/autostart ]
	gives 2 "$BAILEY" run --root r --set 'filesystem.root_upper=~/.config' true
	has "$output" "cannot keep changes, because of" "bailey's own profiles"
}
@test "overlay: over a directory of root, with something put into it" {
	local conf
	conf=$(profile system << END
filesystem = { overlay = ( { path = "/usr/share/doc"; } ); binds = ( { from = "$WORK/outside"; to = "/usr/share/doc/of/mine"; } ); };
END
	)
	gives 0 "$BAILEY" run -p "$conf" cat /usr/share/doc/of/mine
	is "$output" of-the-host
	[ ! -e /usr/share/doc/of ]
}
@test "overlay: what overlayfs cannot do is said with the line" {
	local conf
	mkdir -p d/below
	conf=$(profile below << END
filesystem = { overlay = ( { path = "$WORK/d"; } ); };
END
	)
	gives 0 "$BAILEY" run -p "$conf" true
	gives 125 unshare -Umc --keep-caps sh -c "mount -t tmpfs none d/below &&
		exec setpriv --ambient-caps -all --inh-caps -all --bounding-set -all '$BAILEY' run -p '$conf' true"
	has "$output" "below.conf:2" "cannot lay changes over $WORK/d" "mounted below it"
}
@test "a symlink that the program put into what is kept is not followed" {
	local args=(run --root r --set "filesystem.root_upper=$WORK/up")
	mkdir victim
	gives 0 "$BAILEY" "${args[@]}" sh -c "rm -rf /opt; ln -s $WORK/victim /opt; ln -s $WORK/victim /srv"
	printf '%s\n' "filesystem = { root = \"$WORK/r\"; root_mode = \"overlay\"; root_upper = \"$WORK/up\";" \
		"  binds = ( { from = \"$WORK/outside\"; to = \"/opt/deep/f\"; } ); };" > put.conf
	gives 0 "$BAILEY" run -p "$WORK/put.conf" cat /opt/deep/f
	is "$output" of-the-host
	is "$(ls victim)" ""
}
@test "a Debian root, made by mmdebstrap, starts a shell and is the same afterwards" {
	need mmdebstrap
	local before said
	said=$(mmdebstrap --variant=apt --mode=unshare bookworm debian.tar 2>&1) || {
		case ,${BAILEY_MUST_RUN:-}, in
		*,debian,*)
			echo "$said"
			return 1
			;;
		esac
		skip "mmdebstrap cannot make one here: ${said##*$'\n'}"
	}
	mkdir debian
	tar -xf debian.tar -C debian --exclude='./dev/*'
	before=$(fingerprint debian)
	gives 0 "$BAILEY" run --root debian bash -c '. /etc/os-release; echo "$ID"; dpkg --version; echo changed > /etc/os-release; rm -r /usr/share/doc; touch /x; ls -d /x'
	has "$output" debian "package management program" /x
	is "$(fingerprint debian)" "$before"
	gives 0 "$BAILEY" run --root debian --set filesystem.root_mode=read_only bash -c 'ls -ld /lib64 /bin; cat /etc/debian_version'
	# As several users: its package managers install packages, dpkg from a file, and apt, which reads lists and unpacks as _apt, from a
	# repository that is granted to it.
	need subuid dpkg-deb
	mkdir -p hello-x/DEBIAN hello-x/opt/hello dep-x/DEBIAN dep-x/opt/dep repo
	echo hi > hello-x/opt/hello/file
	echo needed > dep-x/opt/dep/file
	printf '%s\n' 'Package: hello-x' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <n@example>' 'Depends: dep-x' 'Description: x' > hello-x/DEBIAN/control
	printf '%s\n' 'Package: dep-x' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <n@example>' 'Description: x' > dep-x/DEBIAN/control
	printf '%s\n' '#!/bin/sh' 'chown daemon:mail /opt/hello/file' > hello-x/DEBIAN/postinst
	chmod 755 hello-x/DEBIAN/postinst
	local package
	for package in hello-x dep-x; do
		dpkg-deb --root-owner-group -b $package repo/$package.deb > /dev/null
		{
			dpkg-deb -f repo/$package.deb
			printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' $package.deb "$(stat -c %s repo/$package.deb)" "$(sha256sum < repo/$package.deb | cut -d' ' -f1)"
		} >> repo/Packages
	done
	gives 0 "$BAILEY" run --root debian --set identity.user=mapped --ro repo bash -c "dpkg -i $WORK/repo/dep-x.deb && cat /opt/dep/file && dpkg -s dep-x"
	has "$output" $'\nneeded\n' "Status: install ok installed"
	is "$(fingerprint debian)" "$before"
	# The archive itself, whose files have their owners then; only these ids can read all of the tree.
	gives 0 "$BAILEY" run --root debian.tar --set identity.user=mapped stat -c '%U %G %a' /var/cache/apt/archives/partial /var/mail
	has "$output" "_apt root 700" "root mail 2775"
	local tree
	tree=$(echo ~/.cache/bailey/roots/*/tree)
	as_root() { unshare --map-auto --map-root-user bash -c "$(declare -f fingerprint); fingerprint $tree"; }
	before=$(as_root)
	gives 0 "$BAILEY" run --root debian.tar --set identity.user=mapped --ro repo bash -ec "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
		echo 'deb [trusted=yes] file:$WORK/repo ./' > /etc/apt/sources.list
		apt-get -q update; apt-get -q install -y hello-x; cat /opt/hello/file /opt/dep/file; stat -c '%U %G' /opt/hello/file
		dpkg -s hello-x; apt-get -q install -y --reinstall $WORK/repo/dep-x.deb; apt-get -q purge -y hello-x; ls /opt
		setpriv --reuid _apt --regid nogroup --clear-groups id -un"
	has "$output" $'\nhi\nneeded\ndaemon mail\n' "Status: install ok installed" "1 reinstalled" "Removing hello-x" $'\n_apt'
	is "$(as_root)" "$before"
	# The comparison can tell.
	unshare --map-auto --map-root-user touch "$tree/etc/passwd"
	[ "$(as_root)" != "$before" ]
	unshare --map-auto --map-root-user rm -rf ~/.cache/bailey/roots
}
