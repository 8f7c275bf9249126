#!/usr/bin/env bats
# identity.user as an ordinary user: uid 0 inside is the user outside, with and without further ids.
load lib

prepare() { need userns; }

as() {
	local who=$1
	shift
	"$BAILEY" run -p shell --set "identity.user=$who" "$@"
}
# The hexadecimal set of a line of /proc/self/status: capabilities_of CapEff.
status_lines='sed -n "s/^\(Cap[A-Z][a-z]*\|NoNewPrivs\):[[:space:]]*/\1 /p" /proc/self/status'
# chown dac_override fowner fsetid kill setgid setuid sys_chroot setfcap
package_manager=00000000800400fb

@test "root: uid 0 and gid 0 inside, mapped to the user alone, without any capability" {
	gives 0 as root sh -c 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; cat /proc/self/setgroups'
	is "$output" "0
0
 0 $(id -u) 1
 0 $(id -g) 1
deny"
	gives 0 as root sh -c "$status_lines"
	is "$(sort -u <<< "$output")" "CapAmb 0000000000000000
CapBnd 0000000000000000
CapEff 0000000000000000
CapInh 0000000000000000
CapPrm 0000000000000000
NoNewPrivs 1"
}
@test "root: files made inside belong to the user outside, and nobody else's can be made" {
	gives 0 as root --rw . sh -c 'touch made; chown 0:0 made; stat -c "%u %g" made; ! chown 33 made 2> why; cat why; whoami; echo $USER $HOME'
	has "$output" "0 0" "Invalid argument" root "root $HOME"
	is "$(stat -c '%u %g' made)" "$(id -u) $(id -g)"
}
@test "root: what belongs to the host's root stays closed, and cannot be changed" {
	gives 0 as root sh -c 'cat /etc/shadow 2>&1; echo x 2>&1 > /etc/hosts; stat -c %u /etc/passwd; echo x 2> /dev/null > /proc/sys/kernel/hostname || echo closed'
	has "$output" "Permission denied" "Read-only file system" 65534 closed
}
@test "root: inner user namespaces are as configured, and uid 0 cannot permit them to itself" {
	gives 0 as root sh -c '! unshare -U true; ! echo 100 > /proc/sys/user/max_user_namespaces; cat /proc/sys/user/max_user_namespaces'
	has "$output" denied 0
	gives 1 as root --set syscalls.allow=@sandbox unshare -U true
	gives 0 as root --set syscalls.allow=@sandbox --set namespaces.user=nested unshare -U -r id -u
	is "$output" 0
}
@test "root: capabilities.keep is all that it keeps" {
	gives 0 as root --set capabilities.keep=net_bind_service sh -c "$status_lines"
	is "$(grep -v NoNew <<< "$output" | cut -d' ' -f2 | sort -u)" 0000000000000400
}
@test "mapped: the maps are as planned, groups are given up" {
	need subuid
	local range
	range=$(sed -n "s/^$(id -un)://p" /etc/subuid | head -n 1)
	gives 0 as mapped sh -c 'id -u; id -G; cat /proc/self/uid_map | tr -s " "'
	is "$output" "0
0
 0 $(id -u) 1
 1 ${range%:*} ${range#*:}"
	gives 0 "$BAILEY" explain --set identity.user=mapped shell
	has "$(tr -s ' \n' ' ' <<< "$output")" "uids 0 is $(id -u), 1 to ${range#*:} are ${range%:*} to $((${range%:*} + ${range#*:} - 1))"
}
@test "mapped: files get other owners, which the host sees as the user's subordinate ids" {
	need subuid
	local first
	first=$(sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" /etc/subuid | head -n 1)
	gives 0 as mapped --rw . sh -c 'mkdir d; touch d/f d/n; chown 33:33 d/f; chown 65534 d/n; stat -c "%u %g" d/f d/n; echo more >> d/f; chmod 4755 d/f'
	is "$output" "33 33
65534 0"
	is "$(stat -c '%u' d)" "$(id -u)"
	is "$(stat -c '%u' d/f)" $((first + 32))
	gives 0 as mapped --rw . rm -r d
	[ ! -e d ]
}
@test "mapped: the capabilities of a package manager and no more, in the bounding set too" {
	need subuid
	gives 0 as mapped sh -c "$status_lines"
	is "$output" "CapInh 0000000000000000
CapPrm $package_manager
CapEff $package_manager
CapBnd $package_manager
CapAmb 0000000000000000
NoNewPrivs 1"
	gives 0 as mapped setpriv --reuid 33 --regid 33 --clear-groups sh -c "id -u; $status_lines; ! setpriv --reuid 0 true"
	has "$output" "33" "CapEff 0000000000000000" "CapPrm 0000000000000000"
	gives 0 as mapped sh -c '! mount -t tmpfs x /mnt; ! hostname x; ! unshare -U true; ! mknod n b 8 0'
}
@test "mapped: pid 1 and the launcher stay out of reach of uid 0 inside" {
	need subuid
	gives 0 as mapped sh -c 'kill -KILL 1; ! cat /proc/1/environ; ! ls -l /proc/1/fd; echo on'
	has "$output" on "ermission denied"
}
@test "mapped: inner namespaces can map uid 0 under nested" {
	need subuid
	gives 0 as mapped --set syscalls.allow=@sandbox --set namespaces.user=nested unshare -U -r id -u
	is "$output" 0
}
@test "mapped: a program that fails is reported with what it said, and nothing is left" {
	need subuid
	local mark
	mkdir -p ~/.local/bin
	ln -sfn ~/.local/bin bin # where no program may write
	printf '#!/bin/sh\necho "$0 of $#: no such luck" >&2\nexit 1\n' > bin/newuidmap
	chmod 755 bin/newuidmap
	mark=$(unique_seconds)
	gives 125 env PATH="$WORK/bin:$PATH" "$BAILEY" run -p shell --set identity.user=mapped sleep "$mark"
	has "$output" "newuidmap of 7: no such luck" "cannot map the user's ids"
	nobody_is "$mark"
	printf '#!/bin/sh\nexit 3\n' > bin/newuidmap
	gives 125 env PATH="$WORK/bin:$PATH" "$BAILEY" run -p shell --set identity.user=mapped true
	has "$output" "without a word (status 3)"
	# One that says that it did what it did not do: the sandbox finds out.
	printf '#!/bin/sh\nexit 0\n' > bin/newuidmap
	gives 125 env PATH="$WORK/bin:$PATH" "$BAILEY" run -p shell --set identity.user=mapped true
}
# None that runs: one that is dead may wait for the reaper of this machine.
no_bailey() { ! pgrep -u "$(id -u)" --runstates D,R,S,T -x bailey > /dev/null; }
@test "mapped: kill -9 of the launcher while the maps are written leaves nothing" {
	need subuid
	local mark launcher before
	mark=$(unique_seconds)
	mkdir -p ~/.local/bin
	ln -sfn ~/.local/bin bin # where no program may write
	printf '#!/bin/sh\nexec sleep %s\n' "$mark" > bin/newuidmap
	chmod 755 bin/newuidmap
	env PATH="$WORK/bin:$PATH" "$BAILEY" run -p shell --set identity.user=mapped true $((RANDOM)) &
	launcher=$!
	end_later "$launcher"
	eventually 20 somebody_is "$mark"
	before=$(pgrep -P "$launcher" | wc -l)
	is "$before" 2 # the sandbox, which waits, and the program
	kill -KILL "$launcher"
	wait "$launcher" || true
	eventually 10 nobody_is "$mark"
	eventually 10 no_bailey
}
@test "mapped: without the programs there is one clear error" {
	gives 2 env PATH=/nowhere "$BAILEY" run -p shell --set identity.user=mapped /bin/true
	has "$output" "needs the program newuidmap" "install the package uidmap"
}
@test "the user's other groups show as nogroup and are told by explain" {
	[ "$(id -G)" = "$(id -g)" ] && skip "this user has no other group: tests/system/root has a test for it"
	gives 0 "$BAILEY" explain shell
	has "$output" "Inside, the user's other groups"
}
@test "mapped: dpkg installs a package whose files belong to several users; root cannot give them away, self is refused" {
	need subuid dpkg-deb
	mkdir -p p/DEBIAN p/usr/share/thing
	printf 'Package: thing\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a thing\n' > p/DEBIAN/control
	echo data > p/usr/share/thing/data
	# The archive is made where its owners exist.
	gives 0 as mapped --rw . sh -c 'chown -R 0:0 p; chown 33:34 p/usr/share/thing/data; dpkg-deb -b p thing.deb; chown -R 0:0 p'
	install_as() {
		rm -rf root
		mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates
		touch root/var/lib/dpkg/status
		as "$1" --rw . --set environment.set=PATH=/usr/sbin:/usr/bin:/sbin:/bin dpkg --root="$WORK/root" --log=/dev/null -i thing.deb
	}
	gives 2 install_as self
	has "$output" superuser
	attempt install_as root
	[ "$status" -ne 0 ]
	has "$output" "Invalid argument"
	gives 0 install_as mapped
	gives 0 as mapped --rw . stat -c '%u %g' root/usr/share/thing/data
	is "$output" "33 34"
	[ "$(stat -c %u root/usr/share/thing/data)" -ge 65536 ]
	gives 0 as mapped --rw . rm -rf root p
}
@test "mapped: the launch waits for its maps; ten at once do not mix them up" {
	need subuid
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		as mapped sh -c "chown $i:$i ~ && stat -c '%u %g' ~" > "out$i" 2>&1 &
	done
	wait
	for i in 1 2 3 4 5 6 7 8 9 10; do
		is "$(cat "out$i")" "$i $i"
	done
}
